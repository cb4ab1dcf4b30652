"""`gaugetrail-collector`: collects records into the store, answers what became of a part, proves the store whole.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.
"""

from __future__ import annotations

import typer

from gaugetrail_collector.commands import (
    anchors,
    archive,
    backup,
    console,
    copy,
    doctor,
    export,
    install,
    keys,
    run,
    set_aside,
    status,
    store,
    trace,
    verify,
)
from gaugetrail_service import cli

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Collects records into the store, answers what became of a part, proves the store whole.",
)
app.command("run")(run.run)
app.command("check")(run.check)
app.command("status")(status.status)
app.command("doctor")(doctor.doctor)
app.command("trace")(trace.trace)
app.command("verify")(verify.verify)
app.command("export")(export.export)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("install")(install.install)
app.command("uninstall")(install.uninstall)
app.add_typer(archive.app, name="archive")
app.add_typer(set_aside.app, name="set-aside")
app.add_typer(store.app, name="store")
store.app.command("copy")(copy.copy)
app.add_typer(keys.app, name="keys")
app.add_typer(console.app, name="console")
app.add_typer(anchors.app, name="anchors")


def main() -> None:
    """Entry of the command."""
    cli.run(app)
