"""`gaugetrail-agent`: reads gauges and PLCs on a line PC and makes sealed records of what they say.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.
"""

from __future__ import annotations

import os
import sys

import typer

from gaugetrail_agent.commands import BAD_CONFIG, capture, decoding, device, key, profiles, service, spool
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.text import visible

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads gauges and PLCs on a line PC and makes sealed records of what they say.",
)
app.command("run")(service.run)
app.command("check")(service.check)
app.command("terminal")(service.terminal)
app.command("key")(key.key)
app.command("read")(device.read)
app.command("ports")(device.ports)
app.command("capture")(capture.capture)
app.command("decode")(decoding.decode)
app.command("registers")(decoding.registers_)
app.command("scan")(decoding.scan)
app.add_typer(profiles.app, name="profiles")
app.add_typer(spool.app, name="spool")


def main() -> None:
    """Entry of the command."""
    os.umask(0o077)  # the spool and what is printed of it are nobody else's
    try:
        app()
    except ConfigError as error:
        for line in str(error).splitlines():
            print(visible(line), file=sys.stderr)
        sys.exit(BAD_CONFIG)
