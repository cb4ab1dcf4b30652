"""`status`: how collecting does, what is not well and what to do about it. The collector itself isn't asked."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.overview import Overview, findings, overview
from gaugetrail_contract.findings import Finding, in_lines
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_service.cli import answer, say
from gaugetrail_service.mqtt.neighbourhood import Neighbour

LISTEN_SECS = 1.0
"""Retained documents come at once; a second is long for all of a plant."""


def status(
    config: ConfigFile,
    listen: Annotated[float, typer.Option(min=0.1, help="seconds to listen at the broker")] = LISTEN_SECS,
    as_json: AsJson = False,
) -> None:
    """How agents, broker and store are, and what to do. Agents here and gone, gaps, what is set aside; exit code 1
    where something isn't well.
    """
    found = overview(configuration.load(config), listen)
    troubles = findings(found, time.time_ns() // 1000)
    if as_json:
        answer(as_document(found, troubles))
    else:
        for line in [*lines(found), *in_lines(troubles, "well")]:
            say(line)
    if any(one.wrong for one in troubles):
        raise typer.Exit(1)


def as_document(found: Overview, troubles: list[Finding]) -> dict[str, object]:
    """For programs."""
    own = found.own
    return {
        "well": not any(one.wrong for one in troubles),
        "findings": [one.as_json() for one in troubles],
        "store": found.store,
        "records": found.records,
        "set_aside": found.set_aside,
        "broker": {"address": found.where, "reached": not found.visit.refusal, "detail": found.visit.refusal},
        "gaps": None if own is None else own.gaps,
        "agents": {name: _told(one) for name, one in found.agents.items()},
        "agents_with_records": list(found.chains),
        "collectors": {name: _told(one) for name, one in found.collectors.items()},
    }


def _told(one: Neighbour) -> dict[str, object]:
    """What somebody says of himself, as far as this page shows it."""
    told = one.document
    shown: dict[str, object] = {"online": told.online, "time": told.time, "version": told.version}
    if isinstance(told, AgentStatus):
        waiting = None if told.spool is None else told.spool.waiting
        return shown | {"waiting": waiting, "stations": dict(told.stations), "alarms": list(told.alarms)}
    return shown | {"store": told.store, "records": told.records, "gaps": told.gaps}


def lines(found: Overview) -> list[str]:
    """For people: a line for each thing."""
    records = "" if found.records is None else f", {found.records} records"
    shown = [
        f"store      {found.store or 'DOES NOT ANSWER'}{records}",
        f"broker     {'NOT REACHED' if found.visit.refusal else 'reached'}, {found.where}",
        f"set aside  {found.set_aside}",
    ]
    if not found.visit.refusal:
        own = found.own
        shown.append(f"gaps       {'not known' if own is None else own.gaps}")
    shown += [f"collector  {name}: {_collector(one.document)}" for name, one in found.collectors.items()]
    shown += [f"agent      {name}: {_agent(one.document)}" for name, one in found.agents.items()]
    return shown


def _collector(told: AgentStatus | CollectorStatus) -> str:
    if not told.online or isinstance(told, AgentStatus):
        return "GONE"
    return f"here, {told.version}, store {told.store}, {told.records} records since {told.started}"


def _agent(told: AgentStatus | CollectorStatus) -> str:
    if not told.online or isinstance(told, CollectorStatus):
        return "GONE"
    waiting = "" if told.spool is None else f", {told.spool.waiting} records wait"
    alarms = f", {len(told.alarms)} alarms" if told.alarms else ""
    return f"here, {told.version}{waiting}{alarms}"
