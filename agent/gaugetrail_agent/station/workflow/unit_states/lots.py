"""When a lot may go: every characteristic of its plans was measured and passed in it, no unit of it has failed, lacks
something or stands still, wherever it was measured. What nobody can tell is said. Pure.

The records of this PC and the store's answer are taken together; of each unit the newest inspection at each place
counts. A unit that is scrap is no part of the lot any more, and one that was let go is as good as passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.looking_back import FoundRecords
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import LookedBack
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.known_units import LET_GO, said_elsewhere
from gaugetrail_contract.questions.history import LotFound
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.record.parts import UnitState

MOST_SHOWN = 8
STANDING = frozenset({UnitState.HOLD, UnitState.REWORK})


@dataclass(frozen=True, slots=True)
class _Inspected:
    """The newest inspection of a unit at a place."""

    serial: str | None
    place: str
    verdict: str
    plan: str
    time: str
    passed: frozenset[str]


def open_of_lot(setup: Setup, state: StationState, lot: str, event: LookedBack) -> Sentence | None:
    """What is open of the lot; null: it may go, as far as anybody can tell (`unknown_of_lot`)."""
    answered, unknown = _elsewhere(event)
    newest = _newest(event.found, answered)
    if not newest:
        nobody = unknown is None or event.elsewhere is None
        return said("lot.nothing", lot=lot) if nobody else said("lot.unknown", lot=lot, why=unknown or "")
    if unknown is not None and not event.found.whole:
        return said("lot.not_whole", lot=lot)
    if unknown is not None and any(_refuses(setup, one.plan) for one in newest):
        return said("lot.unknown", lot=lot, why=unknown)
    states = {one.serial: _state(state, one.serial, event.at_us) for one in newest if one.serial is not None}
    return _open(setup, lot, newest, states)


def unknown_of_lot(event: LookedBack) -> str | None:
    """Why nobody could tell what other stations measured of it, in a sentence; null: the store has."""
    return _elsewhere(event)[1]


def _elsewhere(event: LookedBack) -> tuple[LotFound, str | None]:
    found = event.elsewhere
    if not isinstance(found, LotFound):
        return LotFound(), "there is no store to ask"
    return found, found.open


def _open(
    setup: Setup, lot: str, newest: Iterable[_Inspected], states: Mapping[str, UnitState | None]
) -> Sentence | None:
    parts = [one for one in newest if _state_of(one, states) is not UnitState.SCRAP]
    bad = [one for one in parts if one.verdict != Verdict.PASS and _state_of(one, states) not in LET_GO]
    if bad:
        return said("lot.units", lot=lot, units=_list([f"{one.serial or lot} {one.verdict}" for one in bad]))
    standing = dict.fromkeys(one.serial or lot for one in parts if _state_of(one, states) in STANDING)
    if standing:
        return said("lot.standing", lot=lot, units=_list(list(standing)))
    lacking = list(dict.fromkeys(_lacking(setup, parts)))
    return said("lot.lacking", lot=lot, names=_list(lacking)) if lacking else None


def _state_of(one: _Inspected, states: Mapping[str, UnitState | None]) -> UnitState | None:
    return None if one.serial is None else states.get(one.serial)


def _state(state: StationState, serial: str, now_us: int) -> UnitState | None:
    """By the later word, this station's or another's."""
    here, elsewhere = state.memory.held.of("serial", serial), said_elsewhere(state, "serial", serial, now_us)
    words = [(here.at, here.state)] if here is not None else []
    words += [(elsewhere.since, elsewhere.state)] if elsewhere is not None else []
    return UnitState(max(words)[1]) if words else None


def _newest(found: FoundRecords, elsewhere: LotFound) -> tuple[_Inspected, ...]:
    here = [_Inspected(one.serial, one.place, str(one.verdict), one.plan, one.time, one.passed) for one in found.units]
    there = [
        _Inspected(one.serial, one.place, one.verdict, one.plan, one.time, frozenset(one.passed))
        for one in elsewhere.visits
    ]
    newest = {(one.serial, one.place): one for one in sorted((*there, *here), key=lambda one: one.time)}
    return tuple(newest.values())


def _refuses(setup: Setup, plan: str) -> bool:
    known = next((one for one in setup.texts if one.ref.id == plan), setup.plan)
    return known.file.on_unknown == "refuse"


def _lacking(setup: Setup, parts: Iterable[_Inspected]) -> Iterator[str]:
    """What of each plan that is known here, and that the lot was measured by, has passed in none of its units. Of
    another station's plan the verdict says that all of it was there.
    """
    measured = list(parts)
    for plan in setup.texts:
        mine = [one for one in measured if one.plan == plan.ref.id]
        passed = {name for one in mine for name in one.passed}
        if mine:
            yield from (one.name for one in plan.characteristics if one.name not in passed)


def _list(names: list[str]) -> str:
    return ", ".join(names[:MOST_SHOWN]) + (f" … ({len(names)})" if len(names) > MOST_SHOWN else "")
