"""The figures of a status document under the names that Prometheus shows, and what they say about readiness.

One source: the metrics page, `/ready` and the status topic are all made from the same document, so they can't disagree.
Each service hands its last document to these tables; nothing here opens a socket or knows a metrics library.

Names follow Prometheus: a prefix, the unit last, `_total` on what only grows (until a restart). Truth is 1 or 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from gaugetrail_contract.clock import ClockTrust, utc_us
from gaugetrail_contract.counts import counted
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeliveryStatus, SpoolStatus, VerdictsTold

Values = Iterable[tuple[tuple[str, ...], float]]
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Figure(Generic[D]):
    """One metric: `read` gives its label values and its value, once for each time series; nothing while unknown."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    read: Callable[[D], Values]
    labels: tuple[str, ...] = ()


def _one(value: float | None) -> Values:
    return () if value is None else (((), float(value)),)


def _secs(time: str | None) -> float | None:
    return None if time is None else utc_us(time) / 1e6


# --- the agent


def _agent_info(status: AgentStatus) -> Values:
    return (((status.agent, status.version or "", status.config_sha256 or ""), 1.0),)


def _spool(read: Callable[[SpoolStatus], float]) -> Callable[[AgentStatus], Values]:
    return lambda status: () if status.spool is None else _one(read(status.spool))


def _verdicts(read: Callable[[VerdictsTold], float]) -> Callable[[AgentStatus], Values]:
    return lambda status: () if status.verdicts is None else _one(read(status.verdicts))


def _delivery(read: Callable[[DeliveryStatus], float]) -> Callable[[AgentStatus], Values]:
    return lambda status: () if status.delivery is None else _one(read(status.delivery))


def _oldest(status: AgentStatus) -> Values:
    if status.spool is None:
        return ()
    time, oldest = _secs(status.time), _secs(status.spool.oldest)
    return _one(0.0 if time is None or oldest is None else max(0.0, time - oldest))


AGENT_FIGURES: tuple[Figure[AgentStatus], ...] = (
    Figure(
        "gaugetrail_agent_info",
        "gauge",
        "which agent this is: always 1",
        _agent_info,
        ("agent", "version", "config_sha256"),
    ),
    Figure("gaugetrail_agent_start_time_seconds", "gauge", "when it started", lambda s: _one(_secs(s.started))),
    Figure(
        "gaugetrail_agent_status_time_seconds",
        "gauge",
        "when these figures were taken, every 5 s and at each change",
        lambda s: _one(_secs(s.time)),
    ),
    Figure(
        "gaugetrail_agent_records_sealed_total",
        "counter",
        "number of the last sealed record of the spool's epoch",
        _spool(lambda spool: spool.last_seq),
    ),
    Figure(
        "gaugetrail_agent_records_waiting",
        "gauge",
        "sealed records without a receipt",
        _spool(lambda spool: spool.waiting),
    ),
    Figure(
        "gaugetrail_agent_oldest_waiting_seconds",
        "gauge",
        "age of the oldest record without a receipt; 0 when none waits",
        _oldest,
    ),
    Figure(
        "gaugetrail_agent_records_set_aside",
        "gauge",
        "records that the collector keeps but could not store",
        _spool(lambda spool: spool.set_aside),
    ),
    Figure(
        "gaugetrail_agent_spool_bytes",
        "gauge",
        "bytes of records in the spool, confirmed ones included",
        _spool(lambda spool: spool.bytes),
    ),
    Figure(
        "gaugetrail_agent_spool_full",
        "gauge",
        "1: disk or spool is full and stations refuse",
        _spool(lambda spool: spool.full),
    ),
    Figure(
        "gaugetrail_agent_broker_up",
        "gauge",
        "1: connected to the broker",
        _delivery(lambda delivery: delivery.connected),
    ),
    Figure(
        "gaugetrail_agent_broker_connects_total",
        "counter",
        "connections to the broker since start; quick growth: it throws us out",
        _delivery(lambda delivery: delivery.connects),
    ),
    Figure(
        "gaugetrail_agent_records_in_flight",
        "gauge",
        "records sent and not receipted yet",
        _delivery(lambda delivery: delivery.on_way),
    ),
    Figure(
        "gaugetrail_agent_records_resent_total",
        "counter",
        "records sent again because no receipt came in time",
        _delivery(lambda delivery: delivery.resent),
    ),
    Figure(
        "gaugetrail_agent_receipts_total",
        "counter",
        "receipts taken since start",
        _delivery(lambda delivery: delivery.receipts),
    ),
    Figure(
        "gaugetrail_agent_receipts_ignored_total",
        "counter",
        "receipts that don't fit what was sent",
        _delivery(lambda delivery: delivery.receipts_ignored),
    ),
    Figure(
        "gaugetrail_agent_receipts_seen_total",
        "counter",
        "receipts by collectors that aren't known here; they take nothing out of the spool",
        _delivery(lambda delivery: delivery.receipts_seen),
    ),
    Figure(
        "gaugetrail_agent_verdicts_total",
        "counter",
        "verdicts for displays that the broker has, since start; nothing where none are told",
        _verdicts(lambda verdicts: verdicts.told),
    ),
    Figure(
        "gaugetrail_agent_verdicts_lost_total",
        "counter",
        "verdicts for displays that nobody heard, since start; their records are not touched",
        _verdicts(lambda verdicts: verdicts.lost),
    ),
    Figure(
        "gaugetrail_agent_statuses_ignored_total",
        "counter",
        "collectors' statuses passed over: malformed, not signed as theirs are, or older than the last",
        _delivery(lambda delivery: delivery.statuses_ignored),
    ),
    Figure(
        "gaugetrail_agent_device_up",
        "gauge",
        "1: the device answers",
        lambda s: (((name,), float(device.up)) for name, device in s.devices.items()),
        ("device",),
    ),
    Figure(
        "gaugetrail_agent_device_readings_total",
        "counter",
        "readings with a value since start",
        lambda s: (((name,), float(device.readings)) for name, device in s.devices.items()),
        ("device",),
    ),
    Figure(
        "gaugetrail_agent_device_refused_total",
        "counter",
        "frames refused since start: garbled, cut, wrong checksum",
        lambda s: (((name,), float(device.garbled)) for name, device in s.devices.items()),
        ("device",),
    ),
    Figure(
        "gaugetrail_agent_device_faults_total",
        "counter",
        "faults of our own in the device's driver or link since start; the traceback is in the log",
        lambda s: (((name,), float(device.faults)) for name, device in s.devices.items()),
        ("device",),
    ),
    Figure(
        "gaugetrail_agent_device_last_reading_time_seconds",
        "gauge",
        "when the last value came",
        lambda s: (
            ((name,), time) for name, device in s.devices.items() if (time := _secs(device.last_reading)) is not None
        ),
        ("device",),
    ),
    Figure(
        "gaugetrail_agent_station_refuses",
        "gauge",
        "1: the station can't record now and says so to the operator or the PLC",
        lambda s: (((name,), float(state == "refused")) for name, state in s.stations.items()),
        ("station",),
    ),
    Figure(
        "gaugetrail_agent_station_overrides_total",
        "counter",
        "how often since start somebody let a person or a gauge measure that the station refuses",
        lambda s: (((name,), float(station.overrides)) for name, station in s.station_details.items()),
        ("station",),
    ),
    Figure(
        "gaugetrail_agent_clock_synced",
        "gauge",
        "1: a time source disciplines this PC's clock",
        lambda s: _one(None if s.clock is None else s.clock is ClockTrust.SYNCED),
    ),
    Figure(
        "gaugetrail_agent_log_lines_dropped_total",
        "counter",
        "lines of its log since start that nobody took: the log's reader stood still",
        lambda s: _one(s.log_dropped),
    ),
    Figure("gaugetrail_agent_alarms", "gauge", "alarms in the status document", lambda s: _one(len(s.alarms))),
)


# --- the collector


COLLECTOR_FIGURES: tuple[Figure[CollectorStatus], ...] = (
    Figure(
        "gaugetrail_collector_info",
        "gauge",
        "which collector this is: always 1",
        lambda s: (((s.collector, s.version or "", s.config_sha256 or ""), 1.0),),
        ("collector", "version", "config_sha256"),
    ),
    Figure("gaugetrail_collector_start_time_seconds", "gauge", "when it started", lambda s: _one(_secs(s.started))),
    Figure(
        "gaugetrail_collector_status_time_seconds",
        "gauge",
        "when these figures were taken, every 5 s and at each change",
        lambda s: _one(_secs(s.time)),
    ),
    Figure("gaugetrail_collector_store_up", "gauge", "1: the store takes records", lambda s: _one(s.store == "up")),
    Figure("gaugetrail_collector_broker_up", "gauge", "1: subscribed at the broker", lambda s: _one(s.broker == "up")),
    Figure(
        "gaugetrail_collector_messages_waiting",
        "gauge",
        "messages taken from the broker and not finished yet",
        lambda s: _one(s.messages_waiting),
    ),
    Figure("gaugetrail_collector_records_stored_total", "counter", "stored since start", lambda s: _one(s.records)),
    Figure(
        "gaugetrail_collector_points_stored_total",
        "counter",
        "measured values stored since start",
        lambda s: _one(s.points),
    ),
    Figure(
        "gaugetrail_collector_records_resent_total",
        "counter",
        "records that were in the store already",
        lambda s: _one(s.resent),
    ),
    Figure(
        "gaugetrail_collector_set_aside_total", "counter", "lines set aside since start", lambda s: _one(s.set_aside)
    ),
    Figure(
        "gaugetrail_collector_forks_total",
        "counter",
        "records whose identity is in the store with another seal, since start",
        lambda s: _one(s.forks),
    ),
    Figure(
        "gaugetrail_collector_unproven_total",
        "counter",
        "lines not signed as their agent's must be, since start; a part of those set aside",
        lambda s: _one(s.unproven),
    ),
    Figure(
        "gaugetrail_collector_records_late_total",
        "counter",
        "records that were old when they were stored, since start: an outage caught up",
        lambda s: _one(s.late),
    ),
    Figure(
        "gaugetrail_collector_gaps",
        "gauge",
        "ranges of numbers that are missing in the store and were asked for again",
        lambda s: _one(s.gaps),
    ),
    Figure(
        "gaugetrail_collector_anchored_time_seconds",
        "gauge",
        "when the heads of all chains were last sealed into an anchor",
        lambda s: _one(_secs(s.anchored)),
    ),
    Figure(
        "gaugetrail_collector_tag_values",
        "gauge",
        "values in use of the store's tag that is nearest to its bound",
        lambda s: _one(s.tag_values if s.tag_budget else None),
    ),
    Figure(
        "gaugetrail_collector_tag_bound",
        "gauge",
        "that tag's bound; a record that would pass it waits at its line PC",
        lambda s: _one(s.tag_budget or None),
    ),
    Figure(
        "gaugetrail_collector_log_lines_dropped_total",
        "counter",
        "lines of its log since start that nobody took: the log's reader stood still",
        lambda s: _one(s.log_dropped),
    ),
)


# --- readiness


@dataclass(frozen=True, slots=True)
class ReadyPart:
    """How one part of a service does: `ok`, `warning` (it works, look at it) or `failed`, with the reason."""

    state: Literal["ok", "warning", "failed"]
    reason: str = ""


OK = ReadyPart("ok")


def _failed_if(trouble: str) -> ReadyPart:
    return ReadyPart("failed", trouble) if trouble else OK


def _gauges(status: AgentStatus) -> ReadyPart:
    """A gauge whose values are refused stops its stations; one that is due soon, or taken all the same, is named."""
    refused = [gauge.detail for gauge in status.gauges.values() if gauge.refused_at]
    named = [f"{name}: {gauge.detail}" for name, gauge in status.gauges.items() if gauge.detail]
    return (
        ReadyPart("failed", "; ".join(refused)) if refused else ReadyPart("warning", "; ".join(named)) if named else OK
    )


def agent_parts(status: AgentStatus) -> dict[str, ReadyPart]:
    """What of the agent works. A wrong clock is a warning: records carry their trust and their order is by number."""
    silent = [f"{name}: {device.detail or 'down'}" for name, device in status.devices.items() if not device.up]
    refusing = [name for name, state in status.stations.items() if state == "refused"]
    spool = OK
    if status.spool is not None and (status.spool.full or refusing):
        spool = ReadyPart("failed", f"nothing can be recorded; refusing: {', '.join(refusing) or 'all stations'}")
    clock = OK
    if status.clock is not ClockTrust.SYNCED:
        clock = ReadyPart("warning", f"the clock is {status.clock or 'unknown'}; records say so")
    delivery = status.delivery
    return {
        "spool": spool if status.spool is not None else ReadyPart("failed", "no figures of the spool yet"),
        "broker": _failed_if("not started yet" if delivery is None else delivery.detail),
        "devices": _failed_if("; ".join(silent)),
        "gauges": _gauges(status),
        "clock": clock,
    }


def collector_parts(status: CollectorStatus) -> dict[str, ReadyPart]:
    """What of the collector works."""
    aside = OK
    if status.set_aside or status.forks:
        what = f"{counted(status.set_aside, 'line')} set aside since start, {status.forks} of them forks"
        aside = ReadyPart("warning", f"{what}: gaugetrail-collector set-aside ls")
    store, broker = status.store_detail or status.store, status.broker_detail or status.broker
    gaps = OK
    if status.gaps:
        gaps = ReadyPart(
            "warning", f"missing in the store, asked for again: {'; '.join(status.gap_details) or status.gaps}"
        )
    return {
        "store": OK if status.store == "up" else ReadyPart("failed", store),
        "broker": OK if status.broker == "up" else ReadyPart("failed", broker),
        "set_aside": aside,
        "gaps": gaps,
    }
