"""Runs the benchmarks: `run.py [NAME …] [--json]`. Each `bench_NAME.py` beside it has `run(say)`, which measures, says
what it sees in words, and returns its figures. They compare within one run, so the machine's mood cancels out.

Without names, all that aren't `LONG = True` run. With `--json` the last line is one object with all figures together.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


def load(path: Path) -> ModuleType:
    """The module in that file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Run them one after the other; never two at once."""
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    os.umask(0o077)  # as our commands do: a service refuses what others could read
    found = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    options.add_argument("--json", action="store_true", help="end with one JSON object")
    asked = options.parse_args()
    unknown = [name for name in asked.names if name not in found]
    if unknown:
        options.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(found)}")
    say: Callable[[str], None] = lambda text: print(text, flush=True)  # noqa: E731 (a name for the signature)
    figures: dict[str, object] = {}
    for name in asked.names or found:
        module = load(found[name])
        if name in asked.names or not getattr(module, "LONG", False):
            say(f"--- {name}: {(module.__doc__ or '').splitlines()[0]}")
            figures |= module.run(say)
    if asked.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
