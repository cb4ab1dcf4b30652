"""From status documents to points for charts: pure, beside `lines`, which does it for records.

- `agent`: tag agent; fields online, waiting, oldest_secs, spool_bytes, spool_full, set_aside, devices_up, devices_down,
  alarms, clock_text, version_text, receipt_p99_ms
- `device`: tags agent, device; fields up, readings, garbled, faults
- `alarm`: tag agent; field text; one point for each alarm that stands
- `collector`: tag collector; fields store_up, records, points, resent, set_aside, forks, gaps, tag_values, tag_budget

What is said here is for charts and may be lost; records never go this way.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_collector.stores.lines import line, tag_set
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.status import AgentStatus, CollectorStatus


def agent_lines(status: AgentStatus, now_us: int) -> list[str]:
    """An agent's document as points at its own time, or at `now_us` where it is the last will and has none."""
    at = (utc_us(status.time) if status.time else now_us) * 1000
    up = sum(device.up for device in status.devices.values())
    fields: list[tuple[str, str | int | float | None]] = [("online", int(status.online))]
    if status.spool is not None:
        oldest = 0.0 if status.spool.oldest is None else (at // 1000 - utc_us(status.spool.oldest)) / 1e6
        fields += [
            ("waiting", status.spool.waiting),
            ("oldest_secs", max(0.0, oldest)),
            ("spool_bytes", status.spool.bytes),
            ("spool_full", int(status.spool.full)),
            ("set_aside", status.spool.set_aside),
            ("receipt_p99_ms", status.spool.receipt_p99_ms),
            ("devices_up", up),
            ("devices_down", len(status.devices) - up),
            ("alarms", len(status.alarms)),
            ("clock_text", None if status.clock is None else str(status.clock)),
            ("version_text", status.version),
        ]
    agent = (("agent", status.agent),)
    return [line(tag_set("agent", agent), fields, at), *_devices(status, at), *_alarms(status, at)]


def _devices(status: AgentStatus, at: int) -> Iterator[str]:
    for name, device in status.devices.items():
        head = tag_set("device", (("agent", status.agent), ("device", name)))
        fields = (
            ("up", int(device.up)),
            ("readings", device.readings),
            ("garbled", device.garbled),
            ("faults", device.faults),
        )
        yield line(head, fields, at)


def _alarms(status: AgentStatus, at: int) -> Iterator[str]:
    for number, text in enumerate(status.alarms):
        # Alarms of one moment differ in time by a nanosecond, or they would overwrite each other.
        yield line(tag_set("alarm", (("agent", status.agent),)), (("text", text),), at + number)


def collector_lines(status: CollectorStatus, now_us: int) -> list[str]:
    """A collector's document as a point."""
    at = (utc_us(status.time) if status.time else now_us) * 1000
    fields = (
        ("online", int(status.online)),
        ("store_up", int(status.store == "up")),
        ("records", status.records),
        ("points", status.points),
        ("resent", status.resent),
        ("set_aside", status.set_aside),
        ("forks", status.forks),
        ("gaps", status.gaps),
        ("tag_values", status.tag_values),
        ("tag_budget", status.tag_budget),
    )
    return [line(tag_set("collector", (("collector", status.collector),)), fields, at)]
