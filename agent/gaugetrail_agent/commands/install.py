"""`gaugetrail-agent install` and `uninstall`: the agent as a service of a Debian-like line PC."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.install import udev
from gaugetrail_agent.install.service import agent_service, name_of_this_pc
from gaugetrail_agent.links.ports import list_ports
from gaugetrail_agent.spool import SpoolBroken, statistics
from gaugetrail_contract.topics import check_agent
from gaugetrail_service.cli import fail, say
from gaugetrail_service.install import service as laying
from gaugetrail_service.install.steps import NotDone, under

Root = Annotated[Path, typer.Option(help="top of the system that it is laid on; another than / is only written to")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]


def install(
    agent: Annotated[str | None, typer.Option("--id", help="the agent's name; default: this PC's")] = None,
    site: Annotated[str, typer.Option(help="ISA-95 site, for new settings")] = "plant1",
    line: Annotated[str, typer.Option(help="ISA-95 line, for new settings")] = "line1",
    gauge: Annotated[
        list[str] | None,
        typer.Option("--udev", metavar="NAME=PORT", help="give the gauge at that port the name /dev/gauges/NAME"),
    ] = None,
    program: Annotated[str | None, typer.Option(help="the command that the unit starts; default: this one")] = None,
    root: Root = Path("/"),
    dry_run: DryRun = False,
) -> None:
    """Lay the agent on this PC as a service. User, folders, settings, systemd unit; run again it changes nothing.

    Settings that are there are kept. PORT of --udev is a port of this PC, usb:VID:PID[:SERIAL] or socket:PATH.
    """
    try:
        name = name_of_this_pc() if agent is None else check_agent(agent)
        service = agent_service(name, site, line, _rules(gauge, root))
        laying.install(service, program or str(Path(sys.argv[0]).absolute()), root, say, dry_run=dry_run)
    except (NotDone, ValueError) as error:
        raise fail(f"not installed: {error}") from error


def uninstall(root: Root = Path("/"), dry_run: DryRun = False) -> None:
    """Take the service off this PC. Unit and udev rules; data, settings and user stay, and it says where they lie."""
    service = agent_service(name_of_this_pc(), "", "")
    try:
        laying.uninstall(service, root, say, dry_run=dry_run)
    except NotDone as error:
        raise fail(f"not uninstalled: {error}") from error
    _tell_unsent(under(root, service.data) / "spool.db")


def _rules(given: list[str] | None, root: Path) -> udev.Rules | None:
    if not given:
        return None
    try:
        known = udev.Rules.read(under(root, udev.PATH).read_text("utf-8"))
    except FileNotFoundError:
        known = udev.Rules({})
    return known.with_gauges(given, list_ports())


def _tell_unsent(spool: Path) -> None:
    """Records that no collector has confirmed are worth more than the place that they take."""
    if not spool.exists():
        return
    try:
        waiting = statistics(spool)["waiting"]
    except SpoolBroken as error:
        say(f"note: whether records wait in {spool} can't be told: {error}")
        return
    if waiting:
        say(f"NOTE: {waiting} records wait in {spool} and are in no store yet; keep it, or install again to send them")
