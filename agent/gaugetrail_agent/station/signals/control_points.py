"""What control charts say of a record's values, and what is remembered for the next record. Pure.

Promise: each measured value is judged once, in the order of the records, by the limits in force; the record says which
these were, by document, revision and digest, and which rules spoke. A count that can't be a point (three defectives
of two) is told and judged by nothing. What the rules look back at is text that the spool
keeps in the record's own transaction, so that it is what the records say, also after a kill. A subgroup is that many
values of units one after the other, named by the time of its first; its last value completes the point. A sample of
an attribute is units one after the other likewise, and their counts are added up. A unit that is
measured again is no new point. Under another edition patterns begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import SIGNAL
from gaugetrail_contract.documents.limits import OF_COUNTS
from gaugetrail_contract.record import InspectionBody, Measurement
from gaugetrail_contract.record.parts import ControlLimits, Signal, Subgroup
from gaugetrail_statistics.charts.judging import judge
from gaugetrail_statistics.charts.limits_version import Judged, Remembered, remembered
from gaugetrail_statistics.refusing import Refused

MOST_SIGNALS = 20
"""A measurement holds no more."""
MOST_POINTS = 100
"""A signal names no more; of a longer pattern the last."""


@dataclass(frozen=True, slots=True)
class PointMemory:
    """The last points, and the values of a subgroup that isn't whole yet, with its name."""

    past: Remembered
    waiting: tuple[float, ...] = ()
    """Of counts, their sum alone."""
    group: str = ""
    units: int = 0
    """How many units stand in it."""

    def text(self) -> str:
        """As the spool keeps it."""
        kept = {"past": self.past.plain(), "waiting": self.waiting, "group": self.group, "units": self.units}
        return json.dumps(kept)

    @classmethod
    def read(cls, text: str | None, version: str) -> PointMemory:
        """What `text` wrote under that version; nothing remembered for anything else."""
        try:
            plain = json.loads(text or "{}")
            past = remembered(plain["past"])
            waiting = tuple(map(float, plain["waiting"]))
            found = cls(past, waiting, str(plain["group"]), int(plain.get("units", len(waiting))))
        except (ValueError, TypeError, KeyError, Refused):
            return cls(Remembered(version))
        return found if past.version == version else cls(Remembered(version))


@dataclass(frozen=True, slots=True)
class JudgedRecord:
    """The body with what its charts say; what the spool remembers with it, and what people are told."""

    body: InspectionBody
    remember: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, Notice] = field(default_factory=dict)


def points_key(station: str, document: str) -> str:
    """Where the spool remembers a station's last points under a limits document."""
    return f"last points/{station}/{document}"


def judged_record(
    limits: tuple[LimitsHere, ...], body: InspectionBody, recall: Callable[[str], str | None]
) -> JudgedRecord:
    """Judge what was measured of a unit. `recall` gives what the spool remembers."""
    if not limits or body.attempt > 1:
        return JudgedRecord(body)
    remember: dict[str, str] = {}
    signals: dict[str, Notice] = {}
    measurements = []
    for one in body.measurements:
        own = next((each for each in limits if each.judges(body, one)), None)
        if own is not None:
            key = points_key(body.station, own.edition.id)
            before = PointMemory.read(remember.get(key) or recall(key), own.version.version)
            try:
                one, after = _judged(own, one, before)
            except Refused as refused:
                signals |= _no_point(one, refused)
            else:
                remember[key] = after.text()
                signals |= _told(own, one)
        measurements.append(one)
    return JudgedRecord(msgspec.structs.replace(body, measurements=tuple(measurements)), remember, signals)


def _judged(own: LimitsHere, one: Measurement, before: PointMemory) -> tuple[Measurement, PointMemory]:
    """The value with its limits, and with the rules that spoke where it completes a point. Raises `Refused`."""
    size = own.units(one)
    here = before if size > 1 else PointMemory(before.past)
    group, units = here.group if here.units else one.time, here.units + 1
    place = None if size == 1 else Subgroup(id=group, position=units, size=size)
    waiting = _with(own, here.waiting, one)
    limited = msgspec.structs.replace(one, control=_control(own), subgroup=place)
    if units < size:
        return limited, replace(here, waiting=waiting, group=group, units=units)
    judged, past = judge(own.version, waiting, here.past, own.document.subgroup_size)
    return msgspec.structs.replace(limited, signals=_signals(own, judged)), PointMemory(past)


def _with(own: LimitsHere, waiting: tuple[float, ...], one: Measurement) -> tuple[float, ...]:
    """The point's values with this one; counts are added up."""
    added = own.adds(one)
    assert added is not None, "these limits judge it"
    return (sum(waiting, added),) if own.document.type in OF_COUNTS else (*waiting, added)


def _control(own: LimitsHere) -> ControlLimits:
    shown, edition = own.shown, own.edition
    return ControlLimits(
        lcl=shown.lcl,
        cl=shown.center,
        ucl=shown.ucl,
        version=edition.revision,
        document=edition.id,
        sha256=edition.sha256,
    )


def _signals(own: LimitsHere, judged: Judged) -> tuple[Signal, ...]:
    found = (
        Signal(rule=one.rule, limits=own.edition.revision, chart=chart, points=one.points[-MOST_POINTS:])
        for chart, signals in judged.signals.items()
        for one in signals
    )
    return tuple(found)[:MOST_SIGNALS]


def _told(own: LimitsHere, one: Measurement) -> dict[str, Notice]:
    """What people are told of it, nothing where no rule spoke."""
    if not one.signals:
        return {}
    rules = ", ".join(dict.fromkeys(f"{signal.rule} {signal.chart}" for signal in one.signals))
    limits = f"{own.edition.id} {own.edition.revision}"
    value = one.value or one.result or ""
    says = said("notice.signal", characteristic=one.characteristic, value=value, rules=rules, limits=limits)
    return {f"{SIGNAL}{one.characteristic}": Notice("red", says)}


def _no_point(one: Measurement, refused: Refused) -> dict[str, Notice]:
    says = said("notice.no_point", characteristic=one.characteristic, value=one.value or "", why=str(refused))
    return {f"{SIGNAL}{one.characteristic}": Notice("amber", says)}
