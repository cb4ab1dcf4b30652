"""What a status document says of readiness: each part of a service with how it does and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.status import AgentStatus, CollectorStatus


@dataclass(frozen=True, slots=True)
class Part:
    """How one part of a service does: `ok`, `warning` (it works, look at it) or `failed`, with the reason."""

    state: Literal["ok", "warning", "failed"]
    reason: str = ""


OK = Part("ok")


def _failed_if(trouble: str) -> Part:
    return Part("failed", trouble) if trouble else OK


def agent_parts(status: AgentStatus) -> dict[str, Part]:
    """What of the agent works. A wrong clock is a warning: records carry their trust and their order is by number."""
    silent = [f"{name}: {device.detail or 'down'}" for name, device in status.devices.items() if not device.up]
    refusing = [name for name, state in status.stations.items() if state == "refused"]
    spool = OK
    if status.spool is not None and (status.spool.full or refusing):
        spool = Part("failed", f"nothing can be recorded; refusing: {', '.join(refusing) or 'all stations'}")
    clock = OK
    if status.clock is not ClockTrust.SYNCED:
        clock = Part("warning", f"the clock is {status.clock or 'unknown'}; records say so")
    delivery = status.delivery
    return {
        "spool": spool if status.spool is not None else Part("failed", "no figures of the spool yet"),
        "broker": _failed_if("not started yet" if delivery is None else delivery.detail),
        "devices": _failed_if("; ".join(silent)),
        "clock": clock,
    }


def collector_parts(status: CollectorStatus) -> dict[str, Part]:
    """What of the collector works."""
    aside = OK
    if status.set_aside or status.forks:
        what = f"{status.set_aside} lines set aside since start, {status.forks} of them forks"
        aside = Part("warning", f"{what}: gaugetrail-collector set-aside ls")
    store, broker = status.store_detail or status.store, status.broker_detail or status.broker
    gaps = OK
    if status.gaps:
        gaps = Part("warning", f"missing in the store, asked for again: {'; '.join(status.gap_details) or status.gaps}")
    return {
        "store": OK if status.store == "up" else Part("failed", store),
        "broker": OK if status.broker == "up" else Part("failed", broker),
        "set_aside": aside,
        "gaps": gaps,
    }
