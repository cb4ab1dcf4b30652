"""From a record to line protocol: pure, by hand, because the client's `Point` takes four times as long (DESIGN 10).

A property test holds these lines against `Point`, so the escaping is the client's. Schema (DESIGN section 7):

- `inspection`: tags site line station part plan reason verdict agent; fields identifiers, seq, epoch, figures, sha256
  and the record's bytes; the record's time
- `measurement`: tags site line station part characteristic gauge verdict; fields value, text, unit, limits, control
  limits, signals, subgroup, serial, agent, epoch, seq; its own time
- `defect`: tags site line station part characteristic code; field n; one for each reason why a value failed
- `event`: tags site line station agent type subject_kind; fields subject, seq, epoch, sha256, record; the record's time
- `trace`: tags zb id_kind; fields id, also, and what leads to the record's point; the record's time

Amendments are events of type `amendment.<action>`. Times are nanoseconds: microseconds x 1000 + the agent's slot, which
the record carries, so points are derived from the record alone and writing them again writes the same points. Field
types never vary: a measured value is a float, also where it is whole. `zb` is crc32(identifier) % 4096. Identifiers of
one record that share bucket and kind share a point: `id` holds the first and `also` the others as a JSON list.

Points of a record of a second history of its epoch have one more tag, `fork`, so that they stand beside those of the
first one where time and tags are the same, and a field `branch` with the history's name. The field is what counts:
where two histories turn out to be one, the tag stays as it was written.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from gaugetrail_contract.clock import proven_us
from gaugetrail_contract.record import Amendment, Event, Inspection, Measurement, Record, Verdict, identifiers, write
from gaugetrail_contract.record.parts import ControlLimits, Subgroup
from gaugetrail_contract.record.words import words
from gaugetrail_contract.seal import Opened

BUCKETS = 4096

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\n", "\t": r"\t", "\r": r"\r"})

OWN_TO_A_UNIT = frozenset(("serial", "component", "record"))
"""Identifiers that are another one each time: nothing is gained by remembering them."""

_FAIL, _PASS = Verdict.FAIL, Verdict.PASS

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


def own_head(record: Record) -> tuple[str, str]:
    """The tag set of the record's own point, and the fields of a trace point that lead to it."""
    if isinstance(record, Inspection):
        place = (record.site, record.line, record.station, record.agent)
        plan = record.plan
        return _inspection_head(*place, record.part, plan.id, plan.revision, record.reason, record.verdict)
    return _own_head("event", _event_tags(record))


@functools.lru_cache(maxsize=20_000)
def _inspection_head(
    site: str, line: str, station: str, agent: str, part: str, plan: str, revision: str, reason: str, verdict: str
) -> tuple[str, str]:
    place = (("site", site), ("line", line), ("station", station), ("agent", agent))
    about = (("part", part), ("plan", f"{plan} {revision}"), ("reason", reason), ("verdict", verdict))
    return _own_head("inspection", (*place, *about))


def _event_tags(record: Amendment | Event) -> tuple[tuple[str, str], ...]:
    kind, about = (
        (record.type, record.subject.kind) if isinstance(record, Event) else (f"amendment.{record.action}", "record")
    )
    place = (("site", record.site), ("line", record.line), ("station", record.station), ("agent", record.agent))
    return (*place, ("type", kind), ("subject_kind", about))


@functools.lru_cache(maxsize=20_000)
def _own_head(name: str, tags: tuple[tuple[str, str | None], ...]) -> tuple[str, str]:
    return tag_set(name, tags), fields((("point", name), *tags))


def time_ns(us: int, slot: int) -> int:
    """The point's time: the microsecond, and the agent's slot within it."""
    return us * 1000 + slot


def lines_of(opened: Opened) -> list[str]:
    """Every line of a record: its own point, its measurements, why they failed, its trace points."""
    made = _first_history(opened)
    return made if not opened.branch else [forked(one, opened.branch, opened.branch) for one in made]


def forked(text: str, tag: str, branch: str) -> str:
    """The line of a record as one of a second history's; without a tag it overwrites the point of the first one's."""
    name, _, rest = text.partition(",")
    body, _, at = rest.rpartition(" ")
    return f'{name},{f"fork={tag}," if tag else ""}{body},branch="{branch}" {at}'


def _first_history(opened: Opened) -> list[str]:
    record, sealed = opened.record, opened.sealed
    at = time_ns(proven_us(record.time), record.slot)
    head, lead = own_head(record)
    if isinstance(record, Inspection):
        own, more = _inspection_fields(record), _measured_lines(record)
    else:
        own, more = fields(_event_fields(record)), []
    # Epoch, clock and seal are of few letters, none of which needs escaping.
    chain = f'seq={record.seq}i,epoch="{record.epoch}"'
    seal = f'clock="{record.clock}",sha256="{sealed.sha256}"'
    made = [f"{head} {own},{chain},{seal},record={_quoted(sealed.data)} {at}", *more]
    return made + [f"{trace},{chain},{lead} {at}" for trace in trace_heads(identifiers(record))]


def _quoted(data: bytes) -> str:
    """A record's bytes between quotes. JSON's way to quote a text is line protocol's, but for the blanks that other
    writers may put between keys.
    """
    if b"\t" in data or b"\n" in data or b"\r" in data:
        return f'"{text_value(data.decode("utf-8"))}"'
    return write(data.decode("utf-8")).decode("utf-8")


def _inspection_fields(record: Inspection) -> str:
    serial = "" if record.serial is None else f'serial="{text_value(record.serial)}",'
    context = _context(_of_context(record))
    failed = sum([one.verdict is _FAIL for one in record.measurements])
    return (
        f"{serial}{context}{_seldom(record)},duration_ms={record.duration_ms}i,failed={failed}i"
        f",ok={int(record.verdict is _PASS)}i,measured={len(record.measurements)}i"
    )


_CONTEXT = (
    *("lot", "order", "operator", "revision", "attempt", "machine", "operation", "shift", "customer", "order_line"),
    *("verifier", "bypass", "unit_state"),
)
"""What is the same for a while; the order is that of the fields."""
_of_context = attrgetter(*_CONTEXT)


@functools.lru_cache(maxsize=20_000)
def _context(values: tuple[Field, ...]) -> str:
    return fields(zip(_CONTEXT, values, strict=True))


def _seldom(record: Inspection) -> str:
    """What few inspections have, behind a comma; as text, for a chart's table."""
    if not (record.override or record.again_reason or record.conditions or record.interruptions or record.instruction):
        return ""
    shown = record.instruction
    pairs: list[tuple[str, Field]] = [
        ("override", None if record.override is None else words(record.override)),
        ("again_reason", record.again_reason),
        ("conditions", words(record.conditions) or None),
        ("interruptions", len(record.interruptions) or None),
        ("instruction", None if shown is None else f"{shown.id} {shown.revision}"),
    ]
    return f",{fields(pairs)}"


def _event_fields(record: Amendment | Event) -> list[tuple[str, Field]]:
    said: list[tuple[str, Field]] = [
        ("by", record.by),
        ("role", record.role),
        ("reason_code", record.reason_code),
        ("reason", record.reason),
        ("approved_by", record.approved_by),
        ("subjects", words(record.subjects) or None),
        ("attachments", len(record.attachments) or None),
    ]
    if isinstance(record, Event):
        return [("subject", record.subject.id), *said]
    return [("subject", record.target), *said, ("approved", int(record.approved_by is not None))]


def _measured_lines(record: Inspection) -> list[str]:
    """The measurements' lines, and behind them those of their defects."""
    place = (record.site, record.line, record.station, record.part)
    serial = "" if record.serial is None else f'serial="{text_value(record.serial)}",'
    whose = f'{serial}agent="{text_value(record.agent)}",epoch="{record.epoch}",seq={record.seq}i'
    slot = record.slot
    made = []
    for one in record.measurements:
        head, planned = _as_planned(place, _planned(one))
        taken = _digits(one.value) if one.value is not None else _read_or_judged(one)
        place_in = "" if one.subgroup is None else _subgroup(one.subgroup)
        made.append(f"{head} {taken}{place_in}{planned},{whose} {proven_us(one.time) * 1000 + slot}")
    for one in record.measurements:
        if one.verdict is _FAIL:
            made += defect_lines(place, record.serial, one, record.slot)
    return made


Place = tuple[str, str, str, str]
"""Site, line, station and part."""
_PLACE = ("site", "line", "station", "part")

_TAGS = ("characteristic", "gauge", "verdict")
_NUMBERS = ("nominal", "lsl", "usl", "plausible_low", "plausible_high", "uncertainty")
_WORDS = (
    *("unit", "capture", "status", "calibration", "calibration_due", "class_", "requirement", "lsl_kind", "usl_kind"),
    *("gauge_check", "certificate", "skipped"),
)
_SELDOM = ("defects", "signals", "earlier", "typed_twice", "found")
_planned = attrgetter(*_TAGS, *_NUMBERS, *_WORDS, "control", *_SELDOM)


@functools.lru_cache(maxsize=20_000)
def _as_planned(place: Place, values: tuple[Any, ...]) -> tuple[str, str]:
    """What is the same for piece after piece of a characteristic: the tag set, and the fields beside the value."""
    named = dict(zip((*_TAGS, *_NUMBERS, *_WORDS, "control", *_SELDOM), values, strict=True))
    tags = (*zip(_PLACE, place, strict=True), *((name, named[name]) for name in _TAGS))
    pairs: list[tuple[str, Field]] = [(name.rstrip("_"), named[name]) for name in _WORDS]
    pairs += [(name, number(named[name])) for name in _NUMBERS]
    pairs += [
        ("defects", ",".join(named["defects"]) or None),
        ("signals", len(named["signals"]) or None),
        ("signal_rules", ", ".join(signal.rule for signal in named["signals"]) or None),
        ("earlier", len(named["earlier"]) or None),
        ("typed_twice", int(named["typed_twice"]) or None),
        ("found", words(named["found"]) or None),
    ]
    control: ControlLimits | None = named["control"]
    if control is not None:
        pairs += [("lcl", number(control.lcl)), ("cl", number(control.cl)), ("ucl", number(control.ucl))]
        pairs.append(("control_version", control.version))
    return tag_set("measurement", tags), fields(pairs)


def _subgroup(one: Subgroup) -> str:
    return f'subgroup="{text_value(one.id)}",subgroup_position={one.position}i,subgroup_size={one.size}i,'


def _read_or_judged(one: Measurement) -> str:
    """The field of a measurement without a number; behind it a comma, where there is one."""
    text = one.text if one.text is not None else one.result
    return "" if text is None else f'text="{text_value(text)}",'


@functools.lru_cache(maxsize=16_384)
def _digits(value: str) -> str:
    """A measured number. Digits need no escaping; gauges show the same ones again and again."""
    return f'value={float(value)!r},text="{value}",'


def defect_lines(place: Place, serial: str | None, one: Measurement, slot: int) -> list[str]:
    """A point for each reason why a value failed: the plan's defect codes, else `low` or `high`, else `nok`. Where they
    were counted, `n` is how many there were.
    """
    counts = dict.fromkeys(one.defects, 1)
    for code in dict.fromkeys(found.code for found in one.found):
        counts[code] = sum(found.count for found in one.found if found.code == code)
    if not counts:
        value, lower = number(one.value), number(one.lsl)
        code = "nok" if value is None else "low" if lower is not None and value < lower else "high"
        counts = {code: 1}
    tags = (*zip(_PLACE, place, strict=True), ("characteristic", one.characteristic))
    at = time_ns(proven_us(one.time), slot)
    heads = ((tag_set("defect", (*tags, ("code", code))), n) for code, n in counts.items())
    return [line(head, (("n", n), ("serial", serial)), at) for head, n in heads]


def trace_heads(found: Sequence[tuple[str, str]]) -> list[str]:
    """The tag sets of the trace points of these `(id_kind, identifier)`, each with its ids: one point for each bucket
    and kind; those that share one are listed in `also`.
    """
    kinds = {kind for kind, _ in found}
    if len(kinds) == len(found):
        return [
            _trace_head(kind, identifier) if kind in OWN_TO_A_UNIT else _lasting_head(kind, identifier)
            for kind, identifier in found
        ]
    filed: dict[tuple[str, str], list[str]] = {}
    for kind, identifier in found:
        filed.setdefault((kind, bucket(identifier)), []).append(identifier)
    return [_trace_head(kind, *ids) for (kind, _), ids in filed.items()]


def _trace_head(kind: str, first: str, *others: str) -> str:
    also = f',also="{text_value(json.dumps(others, ensure_ascii=False))}"' if others else ""
    return f'trace,id_kind={kind},zb={bucket(first)} id="{text_value(first)}"{also}'


_lasting_head = functools.lru_cache(maxsize=20_000)(_trace_head)
