"""Grafana's part of a query, its macros and variables filled in; and what agents and collectors say of themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from grafana_plant import us

from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.status_lines import agent_lines, collector_lines
from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeviceStatus, SpoolStatus


def escaped(text: str) -> str:
    """As Grafana's `:regex` writes it: a backslash before each of these signs."""
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", lambda found: "\\" + found[0], text)


def filled(query: str, variables: Mapping[str, str], since: datetime, until: datetime) -> str:
    """The query as Grafana would send it."""
    made = query.replace("$timeFilter", f"time >= {us(since)}u AND time <= {us(until)}u").replace("$__interval", "10m")
    assert re.findall(r"\$(?!\{\w+:regex\}|/)", made) == [], "Grafana fills this in as it was typed"
    return re.sub(
        r"\$\{(\w+):regex\}", lambda found: escaped(variables[found[1]]) if found[1] in variables else "(.*)", made
    )


def say_status(store: InfluxStore, now: datetime) -> None:
    """What an agent and a collector said of themselves in the last half hour."""
    for minutes in range(30, -1, -5):
        at = us(now - timedelta(minutes=minutes))
        spool = SpoolStatus(
            epoch="abcdefgh",
            last_seq=122,
            waiting=minutes,
            oldest=utc_text(at - 5_000_000),
            bytes=9000,
            receipt_p99_ms=9.5,
        )
        agent = AgentStatus(
            online=True,
            agent="pc1",
            time=utc_text(at),
            version="0.1.0",
            spool=spool,
            devices={"bore": DeviceStatus(up=True, readings=9), "scale": DeviceStatus(up=False, detail="no answer")},
            clock=ClockTrust.SYNCED,
            alarms=("scale: no answer in 2 s",),
        )
        collector = CollectorStatus(
            online=True, collector="collector-1", time=utc_text(at), store="up", records=120 - minutes, set_aside=1
        )
        store.note([*agent_lines(agent, at), *collector_lines(collector, at)])
