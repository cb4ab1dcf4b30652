"""`gaugetrail-agent`: reads gauges and PLCs on a line PC and makes sealed records of what they say.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.
"""

from __future__ import annotations

import typer

from gaugetrail_agent.commands import (
    backup,
    capture,
    decode,
    device,
    doctor,
    install,
    key,
    profiles,
    run,
    spool,
    status,
    tap,
)
from gaugetrail_service import cli

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads gauges and PLCs on a line PC and makes sealed records of what they say.",
)
app.command("run")(run.run)
app.command("check")(run.check)
app.command("terminal")(run.terminal)
app.command("key")(key.key)
app.command("status")(status.status)
app.command("tap")(tap.tap)
app.command("doctor")(doctor.doctor)
app.command("read")(device.read)
app.command("ports")(device.ports)
app.command("capture")(capture.capture)
app.command("decode")(decode.decode)
app.command("registers")(decode.registers_)
app.command("scan")(decode.scan)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("install")(install.install)
app.command("uninstall")(install.uninstall)
app.add_typer(profiles.app, name="profiles")
app.add_typer(spool.app, name="spool")


def main() -> None:
    """Entry of the command."""
    cli.run(app)
