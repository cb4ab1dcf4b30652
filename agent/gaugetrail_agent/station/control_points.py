"""What control charts say of a record's values, and what is remembered for the next record. Pure.

Promise: each measured value is judged once, in the order of the records, by the limits in force; the record says which
these were, by document, revision and digest, and which rules spoke. What the rules look back at is text that the spool
keeps in the record's own transaction, so that it is what the records say, also after a kill. A subgroup is that many
values of units one after the other, named by the time of its first; its last value completes the point. A unit that is
measured again is no new point. Under another edition patterns begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.limits_here import LimitsHere
from gaugetrail_agent.station.words import SIGNAL, Notice
from gaugetrail_contract.record import InspectionBody, Measurement
from gaugetrail_contract.record.parts import ControlLimits, Signal, Subgroup
from gaugetrail_statistics.charts.judging import Judged, Remembered, judge, remembered
from gaugetrail_statistics.refusing import Refused

MOST_SIGNALS = 20
"""A measurement holds no more."""


@dataclass(frozen=True, slots=True)
class PointMemory:
    """The last points, and the values of a subgroup that isn't whole yet, with its name."""

    past: Remembered
    waiting: tuple[float, ...] = ()
    group: str = ""

    def text(self) -> str:
        """As the spool keeps it."""
        return json.dumps({"past": self.past.plain(), "waiting": self.waiting, "group": self.group})

    @classmethod
    def read(cls, text: str | None, version: str) -> PointMemory:
        """What `text` wrote under that version; nothing remembered for anything else."""
        try:
            plain = json.loads(text or "{}")
            past = remembered(plain["past"])
            found = cls(past, tuple(map(float, plain["waiting"])), str(plain["group"]))
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
            one, after = _judged(own, one, before)
            remember[key] = after.text()
            signals |= _told(own, one)
        measurements.append(one)
    return JudgedRecord(msgspec.structs.replace(body, measurements=tuple(measurements)), remember, signals)


def _judged(own: LimitsHere, one: Measurement, before: PointMemory) -> tuple[Measurement, PointMemory]:
    """The value with its limits, and with the rules that spoke where it completes a point."""
    size, waiting = own.version.subgroup_size, (*before.waiting, float(one.value or ""))
    group = before.group if before.waiting else one.time
    place = None if size == 1 else Subgroup(id=group, position=len(waiting), size=size)
    one = msgspec.structs.replace(one, control=_control(own), subgroup=place)
    if len(waiting) < size:
        return one, replace(before, waiting=waiting, group=group)
    judged, past = judge(own.version, waiting, before.past)
    return msgspec.structs.replace(one, signals=_signals(own, judged)), PointMemory(past)


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
        Signal(rule=one.rule, limits=own.edition.revision, chart=chart, points=one.points)
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
    says = said("notice.signal", characteristic=one.characteristic, value=one.value or "", rules=rules, limits=limits)
    return {f"{SIGNAL}{one.characteristic}": Notice("red", says)}
