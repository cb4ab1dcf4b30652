"""`gaugetrail-agent spool`: look into the durable queue, even while the agent runs."""

from __future__ import annotations

import json
import sqlite3
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.inquiries.asking import CantAsk, desk_for
from gaugetrail_agent.spool import SpoolBroken, statistics, visit
from gaugetrail_agent.spool.restoring import restore as put_back
from gaugetrail_contract.counts import counted
from gaugetrail_contract.files import trouble_of
from gaugetrail_service.cli import BAD_CONFIG, answer, fail, say

app = typer.Typer(no_args_is_help=True, help="Look into the durable queue, even beside the agent.")

CARRY_OUT_SECS = 10.0

Number = Annotated[int, typer.Argument(metavar="SEQ", min=1, help="the record's number in its epoch")]
Epoch = Annotated[str | None, typer.Option(help="the record's epoch; the current one if left out")]


class State(StrEnum):
    """Where a record of the spool stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    SET_ASIDE = "set-aside"
    DAMAGED = "damaged"


@app.callback()
def spool() -> None:
    """Look into the durable queue, even beside the agent."""


@app.command("stats")
def stats(config: ConfigFile, as_json: AsJson = False) -> None:
    """How many records are sealed, confirmed and waiting. And the time from commit to receipt."""
    path = _path(config)
    try:
        figures = statistics(path)
    except SpoolBroken as error:
        raise fail(str(error)) from error
    if as_json:
        answer(figures)
        return
    for key, value in figures.items():
        say(f"{key:<12} {value}")


@app.command("ls")
def ls(
    config: ConfigFile,
    state: Annotated[State, typer.Option(help="which records")] = State.WAITING,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="how many, the oldest first")] = 50,
    as_json: AsJson = False,
) -> None:
    """List records by their state. Waiting for their receipt, kept after it, set aside by the collector, or spoilt."""
    try:
        found, count = visit.entries(_path(config), state, limit)
    except SpoolBroken as error:
        raise fail(str(error)) from error
    if as_json:
        answer([entry.as_json() for entry in found])
        return
    for entry in found:
        words = entry.head()
        what = words.get("serial") or words.get("lot") or words.get("type") or words.get("target") or ""
        line = (
            f"{entry.epoch or '?'}/{entry.seq or '?'}  {words.get('time', ''):<27} {words.get('kind', ''):<10} {what}"
        )
        say(line + (f"  {entry.reason}" if entry.reason else ""))
    say(f"{count} {state}" + (f", the oldest {len(found)} shown" if count > len(found) else ""))


@app.command("show")
def show(seq: Number, config: ConfigFile, epoch: Epoch = None, as_json: AsJson = False) -> None:
    """Show one record and whether its seal holds."""
    entry = _entry(config, seq, epoch)
    if as_json:
        whole = entry.head() or None
        raw = None if whole else entry.data.hex()
        seal = {"sha256": entry.sha256, "seal_holds": entry.holds}
        answer({"state": entry.state, "reason": entry.reason, **seal, "record": whole, "raw": raw})
        return
    say(f"state   {entry.state}" + (f": {entry.reason}" if entry.reason else ""))
    say(f"seal    {entry.sha256 or 'none'}" + ("" if entry.holds else "  DOES NOT HOLD"))
    words = entry.head()
    if not words:
        say(f"raw     {entry.data.hex()}")
    for line in json.dumps(words, indent=2, ensure_ascii=False).splitlines() if words else ():
        say(line)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="where to; one wire line a record")],
    config: ConfigFile,
    state: Annotated[State | None, typer.Option(help="only these; all that are sealed if left out")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy records to a file, as they would be sent. For support, or to carry them to a collector by hand."""
    if state is State.DAMAGED:
        raise typer.BadParameter("damaged records have no seal that holds; look at them with: spool show")
    wanted = visit.STATES if state is None else (str(state),)
    try:
        written, left_out = visit.export(_path(config), file, wanted)
    except (SpoolBroken, OSError) as error:
        raise fail(f"nothing is exported: {trouble_of(error)}") from error
    if as_json:
        answer({"written": written, "left_out": left_out})
        return
    say(f"{counted(written, 'record')} written to {file}")
    if left_out:
        what = f"{counted(left_out, 'record')} left out for a seal that doesn't hold"
        say(f"{what}; the agent sets such a record aside when it meets it")


@app.command("retry")
def retry(seq: Number, config: ConfigFile, epoch: Epoch = None, as_json: AsJson = False) -> None:
    """Send a record again that was set aside. Mend its cause first."""
    path = _path(config)
    entry = _entry(config, seq, epoch)
    if entry.state != "set-aside":
        raise fail(
            {
                "waiting": f"record {seq} is not set aside: it waits and is sent anyway",
                "confirmed": f"record {seq} is not set aside: the collector has confirmed it",
            }.get(entry.state, f"record {seq} is spoilt and can't be sent: {entry.reason}")
        )
    try:
        visit.request(path, entry)
        running = visit.is_held(path)
        end = time.monotonic() + (CARRY_OUT_SECS if running else 0)
        while (waits := _entry(config, seq, epoch).state != "set-aside") is False and time.monotonic() < end:
            time.sleep(0.1)
    except (SpoolBroken, sqlite3.Error) as error:
        raise fail(f"record {seq} can't be asked for: {error}") from error
    if as_json:
        answer({"seq": seq, "epoch": entry.epoch, "waits": waits, "agent_running": running})
    elif waits:
        say(f"record {seq} waits again and is sent")
    elif running:
        say(f"record {seq} is asked for; the agent is busy and does it as soon as it can")
    else:
        say(f"record {seq} is asked for; the agent is not running and sends it again when it is started")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the spool.db of a backup")],
    config: ConfigFile,
    even_so: Annotated[bool, typer.Option(help="although records wait in the present spool; it is kept")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the spool's place, with the agent stopped. It goes on in a new epoch that says so."""
    from gaugetrail_agent import config as configuration  # whole, here only: it takes longer than a look into the spool

    loaded = configuration.load(config)
    path = loaded.data_dir / "spool.db"
    try:
        now_us = time.time_ns() // 1000
        waiting, kept = put_back(path, file, loaded.settings.agent.id, now_us, even_so=even_so)
    except (SpoolBroken, OSError, sqlite3.Error) as error:
        raise fail(f"nothing is restored: {trouble_of(error)}") from error
    if as_json:
        answer({"waiting": waiting, "kept": None if kept is None else str(kept)})
        return
    say(f"{path} is restored; waiting in it, to be sent when the agent is started: {counted(waiting, 'record')}")
    if kept is not None:
        say(f"the spool that was there is kept in {kept}")


def _path(config: Path) -> Path:
    """The spool's file. Settings that are at fault elsewhere don't keep anybody from looking at what waits."""
    try:
        path = desk_for(config).data_dir / "spool.db"
    except CantAsk as error:
        raise fail(str(error), BAD_CONFIG) from error
    if not path.exists():
        raise fail(f"there is no spool yet at {path}; the agent makes it when it starts")
    return path


def _entry(config: Path, seq: int, epoch: str | None) -> visit.SpoolEntry:
    try:
        return visit.one(_path(config), seq, epoch)
    except SpoolBroken as error:
        raise fail(str(error)) from error
