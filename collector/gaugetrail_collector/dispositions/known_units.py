"""What state a unit or a lot is in, by all that the store has of it, and which units of a lot aren't done.

A voided inspection says nothing, and a unit that was re-attributed is of its new lot. A lot is looked at unit by unit,
since what was decided of a unit needn't name its lot: a thousand units take some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.tracing.effective import EffectiveRecord, effective
from gaugetrail_collector.tracing.trace import Known, Question, amendments, ask
from gaugetrail_contract.record import Inspection
from gaugetrail_contract.record.parts import UnitState, Verdict
from gaugetrail_contract.unit_states.folding import StateNow, UnitStory, story_of
from gaugetrail_contract.unit_states.said import About, StateWordSaid, states_said

AT_ONCE = 500
DONE = frozenset({UnitState.PASS, UnitState.RELEASED, UnitState.CONCESSION, UnitState.SCRAP})
"""States of units that don't hold up their lot."""


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit or lot with what was said of it; `last` is its last inspection, null where none is known."""

    about: About
    story: UnitStory
    last: Inspection | None
    known: bool

    def at(self, now_us: int) -> StateNow:
        """Its state at that moment."""
        return self.story.at(now_us)

    @property
    def name(self) -> str:
        """`SN1`, `lot L7`."""
        kind, identifier = self.about
        return identifier if kind == "serial" else f"{kind} {identifier}"


@dataclass(frozen=True, slots=True)
class LotUnits:
    """The units of a lot, and places where it was inspected as a whole and hasn't passed last."""

    units: tuple[KnownUnit, ...]
    not_passed: tuple[str, ...]

    def open_at(self, now_us: int) -> list[KnownUnit]:
        """The units that hold it up."""
        return [one for one in self.units if one.at(now_us).state not in DONE]


def known_unit(store: Store, about: About) -> KnownUnit:
    """All that the store has of it. Raises `StoreDown`."""
    words: list[StateWordSaid] = []
    last, seen = None, False
    for known, now in _standing(store, about):
        seen = True
        if now is not None and not now.void:
            last = now.record
        if known.record is not None and (now is None or not now.void):
            words += [word for found, word in states_said(known.record) if found == about]
    return KnownUnit(about, story_of(words), last, seen)


def lot_units(store: Store, lot: str) -> LotUnits:
    """The units that are of the lot now. Raises `StoreDown`."""
    serials: dict[str, None] = {}
    places: dict[str, Verdict] = {}
    for _, now in _standing(store, ("lot", lot)):
        if now is None or now.void or now.record.lot != lot:
            continue
        if now.record.serial is not None:
            serials[now.record.serial] = None
        else:
            places[now.record.operation or now.record.station] = now.record.verdict
    units = tuple(known_unit(store, ("serial", serial)) for serial in serials)
    return LotUnits(units, tuple(place for place, verdict in places.items() if verdict is not Verdict.PASS))


def _standing(store: Store, about: About) -> Iterator[tuple[Known, EffectiveRecord | None]]:
    """Its records, oldest first, each inspection with what holds of it."""
    answer = ask(store, Question((Asked(*about),)), moved=True)
    while part := list(islice(answer, AT_ONCE)):
        amended = amendments(store, part)
        yield from ((one, effective(one, amended)) for one in part)
