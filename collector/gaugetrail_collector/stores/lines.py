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
from collections.abc import Iterable, Iterator

from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.record import Amendment, Inspection, Measurement, Record, Verdict, identifiers
from gaugetrail_contract.seal import Opened

BUCKETS = 4096

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})

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


def fields(pairs: Iterable[tuple[str, Field]]) -> str:
    """`a="text",n=5i,value=1.5`: what is null is left out; a float is always written as one."""
    parts = []
    for key, value in pairs:
        if value is None:
            continue
        if isinstance(value, str):
            parts.append(f'{key}="{value.translate(_STRING)}"')
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
            ("reason", str(record.reason)),
            ("verdict", str(record.verdict)),
        )
    if isinstance(record, Amendment):
        return "event", (*place, ("type", f"amendment.{record.action}"), ("subject_kind", "record"))
    return "event", (*place, ("type", record.type), ("subject_kind", record.subject.kind))


def time_ns(us: int, slot: int) -> int:
    """The point's time: the microsecond, and the agent's slot within it."""
    return us * 1000 + slot


def lines_of(opened: Opened) -> list[str]:
    """Every line of a record: its own point, its measurements, its trace points."""
    record = opened.record
    at = time_ns(record.time_us, record.slot)
    name, tags = record_tags(record)
    own = line(tag_set(name, tags), _own_fields(opened), at)
    if isinstance(record, Inspection):
        measured = [_measurement_line(record, one) for one in record.measurements]
        defects = [made for one in record.measurements if one.verdict is Verdict.FAIL for made in _defects(record, one)]
        return [own, *measured, *defects, *_trace_lines(record, at)]
    return [own, *_trace_lines(record, at)]


def _own_fields(opened: Opened) -> list[tuple[str, Field]]:
    record = opened.record
    common: list[tuple[str, Field]] = [
        ("seq", record.seq),
        ("epoch", record.epoch),
        ("clock", str(record.clock)),
        ("sha256", opened.sealed.sha256),
        ("record", opened.sealed.data.decode("utf-8")),
    ]
    if isinstance(record, Inspection):
        failed = sum(one.verdict is Verdict.FAIL for one in record.measurements)
        return [
            ("serial", record.serial),
            ("lot", record.lot),
            ("order", record.order),
            ("operator", record.operator),
            ("revision", record.revision),
            ("attempt", record.attempt),
            ("duration_ms", record.duration_ms),
            ("failed", failed),
            ("ok", int(record.verdict is Verdict.PASS)),
            ("measured", len(record.measurements)),
            *common,
        ]
    if isinstance(record, Amendment):
        return [
            ("subject", record.target),
            ("reason", record.reason),
            ("approved_by", record.approved_by),
            ("approved", int(record.approved_by is not None)),
            *common,
        ]
    return [("subject", record.subject.id), *common]


def _measurement_line(record: Inspection, one: Measurement) -> str:
    tags = (
        ("site", record.site),
        ("line", record.line),
        ("station", record.station),
        ("part", record.part),
        ("characteristic", one.characteristic),
        ("gauge", one.gauge),
        ("verdict", str(one.verdict)),
    )
    text = one.value if one.value is not None else one.text if one.text is not None else one.result
    pairs: list[tuple[str, Field]] = [
        ("value", number(one.value)),
        ("text", text),
        ("unit", one.unit),
        ("nominal", number(one.nominal)),
        ("lsl", number(one.lsl)),
        ("usl", number(one.usl)),
        ("defects", ",".join(one.defects) or None),
        ("capture", str(one.capture)),
        ("status", one.status),
        ("calibration", one.calibration),
        ("calibration_due", one.calibration_due),
        ("serial", record.serial),
        ("agent", record.agent),
        ("epoch", record.epoch),
        ("seq", record.seq),
    ]
    return line(tag_set("measurement", tags), pairs, time_ns(utc_us(one.time), record.slot))


def _defects(record: Inspection, one: Measurement) -> Iterator[str]:
    """A point for each reason why a value failed: the plan's defect codes, else `low` or `high`, else `nok`."""
    codes: Iterable[str] = dict.fromkeys(one.defects)
    if not one.defects:
        value, lower = number(one.value), number(one.lsl)
        codes = ("nok",) if value is None else ("low",) if lower is not None and value < lower else ("high",)
    for code in codes:
        tags = (
            ("site", record.site),
            ("line", record.line),
            ("station", record.station),
            ("part", record.part),
            ("characteristic", one.characteristic),
            ("code", code),
        )
        yield line(
            tag_set("defect", tags), (("n", 1), ("serial", record.serial)), time_ns(utc_us(one.time), record.slot)
        )


def _trace_lines(record: Record, at: int) -> list[str]:
    """One point for each bucket and kind; those that share one are listed in `also`."""
    filed: dict[tuple[str, str], list[str]] = {}
    for kind, identifier in identifiers(record):
        filed.setdefault((kind, bucket(identifier)), []).append(identifier)
    name, tags = record_tags(record)
    lead: list[tuple[str, Field]] = [("point", name), *((key, value) for key, value in tags)]
    made = []
    for (kind, zb), ids in filed.items():
        also = json.dumps(ids[1:], ensure_ascii=False) if len(ids) > 1 else None
        head = tag_set("trace", (("zb", zb), ("id_kind", kind)))
        made.append(
            line(head, [("id", ids[0]), ("also", also), ("seq", record.seq), ("epoch", record.epoch), *lead], at)
        )
    return made
