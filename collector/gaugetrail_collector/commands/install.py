"""`gaugetrail-collector install` and `uninstall`: the collector as a service of a Debian-like server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector.install.service import collector_service, name_of_this_server
from gaugetrail_contract.text import refuse_name
from gaugetrail_service.cli import fail, say
from gaugetrail_service.install import service as laying
from gaugetrail_service.install.steps import NotDone

Root = Annotated[Path, typer.Option(help="top of the system that it is laid on; another than / is only written to")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]


def install(
    collector: Annotated[str | None, typer.Option("--id", help="the collector's name; default: this server's")] = None,
    program: Annotated[str | None, typer.Option(help="the command that the unit starts; default: this one")] = None,
    root: Root = Path("/"),
    dry_run: DryRun = False,
) -> None:
    """Lay the collector on this server as a service. User, folders, settings, systemd unit; run again it changes
    nothing. Settings that are there are kept.
    """
    name = name_of_this_server() if collector is None else collector
    if reason := refuse_name(name):
        raise fail(f"not installed: {name!r} can't be a collector's name: {reason}")
    try:
        service = collector_service(name)
        laying.install(service, program or str(Path(sys.argv[0]).absolute()), root, say, dry_run=dry_run)
    except NotDone as error:
        raise fail(f"not installed: {error}") from error


def uninstall(root: Root = Path("/"), dry_run: DryRun = False) -> None:
    """Take the service off this server. Its unit; data, settings and user stay, and it says where they lie."""
    try:
        laying.uninstall(collector_service(name_of_this_server()), root, say, dry_run=dry_run)
    except NotDone as error:
        raise fail(f"not uninstalled: {error}") from error
