"""From a record to line protocol: pure, by hand, because the client's `Point` takes four times as long (DESIGN 10).

A property test holds these lines against `Point`, so the escaping is the client's. Schema (DESIGN section 7):

- `inspection`: tags site line station part plan reason verdict agent; fields identifiers, seq, epoch, figures, sha256
  and the record's bytes; the record's time
- `measurement`: tags site line station part characteristic gauge verdict; fields value, text, unit, limits, serial,
  agent, epoch, seq; its own time
- `defect`: tags site line station part characteristic code; field n; one for each reason why a value failed
- `event`: tags site line station agent type subject_kind; fields subject, seq, epoch, sha256, record; the record's time
- `trace`: tags zb id_kind; fields id, also, and what leads to the record's point; the record's time

Amendments are events of type `amendment.<action>`. Times are nanoseconds: microseconds x 1000 + the agent's slot, which
the record carries, so points are derived from the record alone and writing them again writes the same points. Field
types never vary: a measured value is a float, also where it is whole. `zb` is crc32(identifier) % 4096. Identifiers of
one record that share bucket and kind share a point: `id` holds the first and `also` the others as a JSON list.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Iterable

from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.record import Amendment, Event, Inspection, Measurement, Record, Verdict, identifiers
from gaugetrail_contract.seal import Opened

BUCKETS = 4096

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\n", "\t": r"\t", "\r": r"\r"})

Field = str | int | float | None


def bucket(identifier: str) -> str:
    """The bounded tag that an identifier is filed under."""
    return str(zlib.crc32(identifier.encode("utf-8")) % BUCKETS)


@functools.lru_cache(maxsize=100_000)
def tag_set(measurement: str, tags: tuple[tuple[str, str | None], ...]) -> str:
    """`inspection,agent=a,line=l `: tags in order of their keys, those without a value left out."""
    parts = [measurement]
    for key, value in sorted(tags):
        if value:
            parts.append(f"{key}={tag_value(value)}")
    return ",".join(parts)


def tag_value(value: str) -> str:
    """A tag value as the client writes it; behind a last backslash stands a blank, or it would escape the comma."""
    escaped = value.translate(_TAG)
    return escaped + " " if escaped.endswith("\\") else escaped


def stored_tag(value: str) -> str:
    """A tag value as it stands in the store: a backslash at its end has become a blank, which is all it can become."""
    return value[:-1] + " " if value.endswith("\\") else value


def text_value(value: str) -> str:
    """A string field's value between its quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def fields(pairs: Iterable[tuple[str, Field]]) -> str:
    """`a="text",n=5i,value=1.5`: what is null is left out; a float is always written as one."""
    parts = []
    for key, value in pairs:
        if value is None:
            continue
        if isinstance(value, str):
            parts.append(f'{key}="{text_value(value)}"')
        elif isinstance(value, float):
            parts.append(f"{key}={value!r}")
        else:
            parts.append(f"{key}={value}i")
    return ",".join(parts)


def line(head: str, pairs: Iterable[tuple[str, Field]], time_ns: int) -> str:
    """One line of a tag set, fields and a time."""
    return f"{head} {fields(pairs)} {time_ns}"


def number(text: str | None) -> float | None:
    """A decimal string as the float that charts draw; the digits themselves stand beside it as text."""
    return None if text is None else float(text)


def record_tags(record: Record) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """The measurement and tags of the point that carries the record."""
    place = (("site", record.site), ("line", record.line), ("station", record.station), ("agent", record.agent))
    if isinstance(record, Inspection):
        return "inspection", (
            *place,
            ("part", record.part),
            ("plan", f"{record.plan.id} {record.plan.revision}"),
            ("reason", record.reason.value),
            ("verdict", record.verdict.value),
        )
    if isinstance(record, Amendment):
        return "event", (*place, ("type", f"amendment.{record.action}"), ("subject_kind", "record"))
    return "event", (*place, ("type", record.type), ("subject_kind", record.subject.kind))


def time_ns(us: int, slot: int) -> int:
    """The point's time: the microsecond, and the agent's slot within it."""
    return us * 1000 + slot


def lines_of(opened: Opened) -> list[str]:
    """Every line of a record: its own point, its measurements, why they failed, its trace points."""
    record = opened.record
    at = time_ns(opened.time_us, record.slot)
    name, tags = record_tags(record)
    if not isinstance(record, Inspection):
        return [line(tag_set(name, tags), _own_fields(opened), at), *_trace_lines(record, name, tags, at)]
    made = [line(tag_set(name, tags), _inspection_fields(opened, record), at)]
    place = (record.site, record.line, record.station, record.part)
    whose = fields((("serial", record.serial), ("agent", record.agent), ("epoch", record.epoch), ("seq", record.seq)))
    made += [measurement_line(place, whose, one, record.slot) for one in record.measurements]
    for one in record.measurements:
        made += defect_lines(place, record.serial, one, record.slot)
    made += _trace_lines(record, name, tags, at)
    return made


def _common(opened: Opened) -> list[tuple[str, Field]]:
    record = opened.record
    return [
        ("seq", record.seq),
        ("epoch", record.epoch),
        ("clock", record.clock),
        ("sha256", opened.sealed.sha256),
        ("record", opened.sealed.data.decode("utf-8")),
    ]


def _inspection_fields(opened: Opened, record: Inspection) -> list[tuple[str, Field]]:
    return [
        ("serial", record.serial),
        ("lot", record.lot),
        ("order", record.order),
        ("operator", record.operator),
        ("revision", record.revision),
        ("attempt", record.attempt),
        ("duration_ms", record.duration_ms),
        ("failed", sum([one.verdict is Verdict.FAIL for one in record.measurements])),
        ("ok", int(record.verdict is Verdict.PASS)),
        ("measured", len(record.measurements)),
        *_common(opened),
    ]


def _own_fields(opened: Opened) -> list[tuple[str, Field]]:
    record = opened.record
    if isinstance(record, Amendment):
        return [
            ("subject", record.target),
            ("reason", record.reason),
            ("approved_by", record.approved_by),
            ("approved", int(record.approved_by is not None)),
            *_common(opened),
        ]
    assert isinstance(record, Event)
    return [("subject", record.subject.id), *_common(opened)]


Place = tuple[str, str, str, str]
"""Site, line, station and part."""


@functools.lru_cache(maxsize=20_000)
def _as_planned(
    place: Place,
    characteristic: str,
    gauge: str | None,
    verdict: str,
    unit: str | None,
    nominal: str | None,
    lsl: str | None,
    usl: str | None,
    capture: str,
    status: str | None,
    calibration: str | None,
    due: str | None,
) -> tuple[str, str]:
    """What is the same for piece after piece of a characteristic: the tag set, and the fields beside the value."""
    site, line_name, station, part = place
    tags = (
        ("site", site),
        ("line", line_name),
        ("station", station),
        ("part", part),
        ("characteristic", characteristic),
        ("gauge", gauge),
        ("verdict", verdict),
    )
    pairs = (
        ("unit", unit),
        ("nominal", number(nominal)),
        ("lsl", number(lsl)),
        ("usl", number(usl)),
        ("capture", capture),
        ("status", status),
        ("calibration", calibration),
        ("calibration_due", due),
    )
    return tag_set("measurement", tags), fields(pairs)


def as_planned(place: Place, one: Measurement) -> tuple[str, str]:
    """The tag set of a measurement's line, and its fields beside the value."""
    return _as_planned(
        place,
        one.characteristic,
        one.gauge,
        one.verdict,
        one.unit,
        one.nominal,
        one.lsl,
        one.usl,
        one.capture,
        one.status,
        one.calibration,
        one.calibration_due,
    )


def measurement_line(place: Place, whose: str, one: Measurement, slot: int) -> str:
    """The line of a measurement; `whose` are the fields that say of which inspection."""
    head, planned = as_planned(place, one)
    at = time_ns(utc_us(one.time), slot)
    if one.value is not None and not one.defects:
        # Digits need no escaping.
        return f'{head} value={float(one.value)!r},text="{one.value}",{planned},{whose} {at}'
    text = one.value if one.value is not None else one.text if one.text is not None else one.result
    varying = fields((("value", number(one.value)), ("text", text), ("defects", ",".join(one.defects) or None)))
    return f"{head} {varying}{',' if varying else ''}{planned},{whose} {at}"


def defect_lines(place: Place, serial: str | None, one: Measurement, slot: int) -> list[str]:
    """A point for each reason why a value failed: the plan's defect codes, else `low` or `high`, else `nok`. None for
    one that didn't fail.
    """
    if one.verdict is not Verdict.FAIL:
        return []
    codes: Iterable[str] = dict.fromkeys(one.defects)
    if not one.defects:
        value, lower = number(one.value), number(one.lsl)
        codes = ("nok",) if value is None else ("low",) if lower is not None and value < lower else ("high",)
    tags = (*zip(("site", "line", "station", "part"), place, strict=True), ("characteristic", one.characteristic))
    at = time_ns(utc_us(one.time), slot)
    return [line(tag_set("defect", (*tags, ("code", code))), (("n", 1), ("serial", serial)), at) for code in codes]


@functools.lru_cache(maxsize=20_000)
def _lead(name: str, tags: tuple[tuple[str, str | None], ...]) -> str:
    """The fields of a trace point that lead to the record's own point."""
    return fields((("point", name), *tags))


def _trace_lines(record: Record, name: str, tags: tuple[tuple[str, str | None], ...], at: int) -> list[str]:
    tail = f'seq={record.seq}i,epoch="{record.epoch}",{_lead(name, tags)} {at}'
    return [f"{head},{tail}" for head in trace_heads(identifiers(record))]


def trace_heads(found: Iterable[tuple[str, str]]) -> list[str]:
    """The tag sets of the trace points of these `(id_kind, identifier)`, each with its ids: one point for each bucket
    and kind; those that share one are listed in `also`.
    """
    filed: dict[tuple[str, str], list[str]] = {}
    for kind, identifier in found:
        filed.setdefault((kind, bucket(identifier)), []).append(identifier)
    made = []
    for (kind, zb), ids in filed.items():
        also = f',also="{text_value(json.dumps(ids[1:], ensure_ascii=False))}"' if len(ids) > 1 else ""
        made.append(f'trace,id_kind={kind},zb={zb} id="{text_value(ids[0])}"{also}')
    return made
