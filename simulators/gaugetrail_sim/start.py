"""Where `gaugetrail-sim` begins: it says which extra brings what is missing, where something is."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry of the command. A missing module of our own is a fault, and ends with its traceback."""
    try:
        from gaugetrail_sim import cli

        cli.main()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if not missing or missing.startswith("gaugetrail_"):
            raise
        print(
            f"gaugetrail-sim needs the Python package {missing}, which is not installed here; "
            "install what belongs to it with: pip install 'gaugetrail[sim]'",
            file=sys.stderr,
        )
        sys.exit(1)
