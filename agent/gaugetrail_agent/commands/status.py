"""`status`: how the running agent is, what is not well and what to do about it. Asks at the agent's own desk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gaugetrail_agent.commands import AsJson, ConfigWord
from gaugetrail_agent.inquiries.asking import CantAsk, asked, desk_for
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_contract.findings import Finding, in_lines
from gaugetrail_service.cli import answer, fail, say

Report = Mapping[str, Any]
"""The agent's answer as it came; each of its parts may be missing in one of another version."""


def status(
    config: ConfigWord,
    follow: Annotated[bool, typer.Option(help="go on until Ctrl-C")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="with --follow: seconds between two looks")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """How the running agent is, and what to do where it isn't well. Exit code 1 when it isn't."""
    try:
        shown = _look(Path(config))
        _show(shown, as_json)
        while follow:
            time.sleep(every)
            before, shown = shown, _look(Path(config))
            if lines(shown) != lines(before):
                _show(shown, as_json)
    except CantAsk as error:
        raise fail(str(error)) from error
    except KeyboardInterrupt:
        pass
    if not shown.get("well"):
        raise typer.Exit(1)


def _look(config: Path) -> Report:
    with asked(desk_for(config), config, {"ask": "status"}) as answers:
        for found in answers:
            return found
    raise CantAsk("the agent hung up without an answer; look at its log")


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        answer(report)
        return
    for line in lines(report):
        say(line)
    say("")


def lines(report: Report) -> list[str]:
    """For people: a line for each thing, then what is not well, each with its cure."""
    found = [Finding(*(one[key] for key in ("about", "what", "cure", "wrong"))) for one in report.get("findings", ())]
    return [*_parts(report), *in_lines(found, "well")]


def _parts(report: Report) -> Iterator[str]:
    if "agent" not in report:
        return
    agent, spool, broker, disk, clock = (report.get(key) or {} for key in ("agent", "spool", "broker", "disk", "clock"))
    since = f"process {agent.get('process')}, since {_short(agent.get('started'))}"
    yield f"agent     {agent.get('id')} {agent.get('version')}, {since}"
    for name, one in report.get("devices", {}).items():
        yield _device(name, one)
    for name, one in report.get("stations", {}).items():
        yield _station(name, one)
    connected = "connected" if broker.get("connected") else "NOT CONNECTED"
    yield f"broker    {connected}, {broker.get('address')}; {broker.get('receipts', 0)} receipts"
    oldest = f", the oldest of {_short(spool['oldest'])}" if spool.get("oldest") else ""
    yield f"spool     {spool.get('waiting', 0)} wait{oldest}; {spool.get('bytes', 0) / 1e6:.1f} MB"
    yield f"disk      {disk.get('free_bytes', 0) / 1e9:.2f} of {disk.get('total_bytes', 0) / 1e9:.2f} GB free"
    yield f"clock     {clock.get('trust')}, {_short(clock.get('time'))}"
    for one in report.get("calibration", ()):
        yield f"gauge     {one['gauge']} ({one['device']}): {one['state']}, due {one['due'] or 'unknown'}"
    for one in report.get("certificates", ()):
        yield f"cert      {one['setting']}: ends {_short(one['ends_on'])} {one['fault']}".rstrip()


def _device(name: str, one: Report) -> str:
    last = f"last reading {_short(one['last_reading'])}" if one.get("last_reading") else "no reading yet"
    counts = f"{one['readings']} readings" + (f", {one['garbled']} garbled" if one["garbled"] else "")
    refused = f"; refused {_short(one['refused']['time'])}: {one['refused']['why']}" if one.get("refused") else ""
    chunks = one.get("last_bytes") or []
    wire = f"; {_way(chunks[-1])} {visible_bytes(bytes.fromhex(chunks[-1]['hex']))}" if chunks else "; no bytes yet"
    return f"device    {name:<12} {'open' if one['open'] else 'NOT OPEN'}, {last}, {counts}{refused}{wire}"


def _way(chunk: Report) -> str:
    return "<-" if chunk["way"] == "in" else "->"


def _station(name: str, one: Report) -> str:
    who = one.get("person") or "nobody logged in"
    unit = f", unit {one['unit']}" if one.get("unit") else ""
    says = f"; {one['message']}" if one.get("message") else ""
    overrides = f"; {counted(one['overrides'], 'override')} since start" if one.get("overrides") else ""
    return f"station   {name:<12} {one['plan']} {one['revision']}, {who}{unit}: {one['prompt']}{says}{overrides}"


def _short(moment: object) -> str:
    """`2026-11-23T08:00:00.123456Z` without what nobody reads."""
    return "-" if moment is None else str(moment)[:19].replace("T", " ")
