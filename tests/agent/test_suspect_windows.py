"""What a gauge has measured elsewhere since its last good check is asked of the store and held, or asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from spool_bodies import events, spool
from station_floor import Floor
from station_lives import ShiftLife, ticked, told
from test_gauge_checks import checked, floor_at, master
from test_reactions import HEAD, reacting

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.keeping.asking_store import StoreAsked
from gaugetrail_agent.station.looking_back import FoundRecords, FoundUnit
from gaugetrail_agent.station.memory import StationMemory, read_memory
from gaugetrail_agent.station.signals.reactions_called import SignalSeen, opened
from gaugetrail_agent.station.words.effect import LookBack
from gaugetrail_agent.station.words.happening import HeldKnown, LookedBack
from gaugetrail_contract.clock import FixedClock, utc_text, utc_us
from gaugetrail_contract.events.nonconformity import SuspectWindow
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.history import LotFound, UnitsFound
from gaugetrail_contract.record import EventBody, Verdict


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened_:
        yield opened_


def doubting() -> tuple[Floor, LookBack]:
    """A gauge passed its check, measured two units, and failed the next."""
    floor = floor_at()
    master(floor, "74.0", 1)
    (search,) = [one for one in master(floor, "75", 2) if isinstance(one, LookBack)]
    return floor, search


HERE = FoundRecords((FoundUnit("SN1", None, "pc1/e1/3", Verdict.PASS, "CP-1"),))
NOBODY = UnitsFound(open="no collector has answered within 300 ms", answered=False)


def looked(floor: Floor, search: LookBack, elsewhere: UnitsFound | None, here: FoundRecords = HERE) -> list[EventBody]:
    return told(floor.say(LookedBack(search.wanted, here, **floor.tick(), elsewhere=elsewhere)))


def held(said: list[EventBody]) -> list[str]:
    """Units and lots that these events hold."""
    holds = [one for one in said if one.type == "unit.state"]
    return [name for one in holds for name in (one.subject.id, *one.payload["serials"])]  # type: ignore[misc]


def window_of(said: list[EventBody]) -> SuspectWindow:
    (window,) = (SuspectWindow.read(one.payload) for one in said if one.type == "suspect.window")
    assert window is not None
    return window


def again(floor: Floor, secs: float = 11) -> list[LookBack]:
    return [one for one in ticked(floor, secs) if isinstance(one, LookBack)]


def test_what_other_stations_measured_with_it_is_held_with_ones_own_in_one_step() -> None:
    floor, search = doubting()
    said = looked(floor, search, UnitsFound(("SN1", "SN2"), ("L7",)))
    assert held(said) == ["SN1", "SN2", "L7"]
    window = window_of(said)
    assert (window.units, window.complete, window.open_) == (3, True, None)
    assert [one.id for one in floor.state.memory.held.known] == ["SN1"], "the others' are on the list of their line"
    assert floor.state.memory.gauge_checks.windows == ()
    assert again(floor) == []


def test_a_thousand_units_of_others_are_several_events() -> None:
    floor, search = doubting()
    said = looked(floor, search, UnitsFound(tuple(f"SN{number:09}" for number in range(1200))))
    assert len([one for one in said if one.type == "unit.state"]) > 2
    assert len(set(held(said))) == 1201


def test_where_nobody_answers_ones_own_are_held_and_the_rest_is_asked_for_again_until_it_is_known() -> None:
    floor, search = doubting()
    said = looked(floor, search, NOBODY)
    assert held(said) == ["SN1"]
    window = window_of(said)
    assert (window.units, window.complete) == (1, False)
    since = floor.state.memory.gauge_checks.of("G-17", "bore").good_at
    lacks = f"what other PCs measured with G-17 since {since} is asked for again: {NOBODY.open}"
    assert window.open_ == lacks
    assert again(floor, 0) == []
    assert floor.state.notices["suspect window G-17"].sign == "amber"
    (second,) = again(floor)
    assert (second.wanted.here, second.wanted.until) == (False, None)
    assert looked(floor, second, NOBODY, FoundRecords()) == [], "nothing new is nothing to tell"
    (third,) = again(floor)
    said = looked(floor, third, UnitsFound(("SN1", "SN2")), FoundRecords())
    assert held(said) == ["SN2"]
    assert (window_of(said).units, window_of(said).complete) == (2, True)
    ticked(floor)
    assert "suspect window G-17" not in floor.state.notices
    assert again(floor) == []


def test_what_nobody_can_name_is_said_once_and_not_asked_again() -> None:
    floor, search = doubting()
    said = looked(floor, search, UnitsFound(("SN2",), (), "3 inspections have no serial"))
    assert window_of(said).open_ == "3 inspections have no serial"
    assert floor.state.memory.gauge_checks.windows == ()


@pytest.mark.parametrize("how", ["a check that passes", "a word"])
def test_what_is_measured_once_the_gauge_is_fit_again_is_in_doubt_no_more(how: str) -> None:
    floor, search = doubting()
    looked(floor, search, NOBODY)
    if how == "a word":
        floor.scan("%UNBLOCK:the master was dirty")
        floor.scan("OP-31")
        fit = floor.now
    else:
        master(floor, "74.001", 3)
        fit = floor.now
    ticked(floor, 0)
    (asked_again,) = again(floor)
    assert asked_again.wanted.until == utc_text(fit)


@pytest.mark.parametrize(
    ("state", "after", "is_held"),
    [("hold", -1, False), ("scrap", -1, False), ("released", -1, True), ("released", 5, False), ("rework", 5, False)],
)
def test_what_was_decided_of_a_unit_after_the_gauge_failed_stays_decided(state: str, after: int, is_held: bool) -> None:
    floor, search = doubting()
    looked(floor, search, NOBODY, FoundRecords())
    until = floor.state.memory.gauge_checks.windows[0].until
    since = utc_text(utc_us(until) + after * 1_000_000)
    word = ListedState(kind="unit", id="SN2", state=state, since=since, record="c/e/1")
    floor.say(HeldKnown(HeldNow.of([word], floor.now)))
    again(floor, 0)
    (second,) = again(floor)
    assert held(looked(floor, second, UnitsFound(("SN2",)), FoundRecords())) == (["SN2"] if is_held else [])


def test_one_gauge_that_fails_again_before_anybody_has_answered_is_one_window() -> None:
    floor, search = doubting()
    looked(floor, search, NOBODY)
    (more,) = [one for one in master(floor, "76", 3) if isinstance(one, LookBack)]
    (window,) = floor.state.memory.gauge_checks.windows
    assert (more.wanted.here, window.units, window.failed_record) == (True, 1, "pc1/e1/3")


# --- one gauge at two stations


def gauge_word(floor: Floor, state: str, after_secs: int = 1) -> None:
    since = utc_text(floor.now + after_secs * 1_000_000)
    word = ListedState(kind="gauge", id="G-17", state=state, since=since, record="pc2/e1/7")
    floor.say(HeldKnown(HeldNow.of([word], floor.now)))


@pytest.mark.parametrize(("state", "after", "blocked"), [("fit", 1, False), ("fit", -5, True), ("blocked", 1, True)])
def test_a_gauge_found_fit_elsewhere_since_measures_here_again(state: str, after: int, blocked: bool) -> None:
    floor, _ = doubting()
    gauge_word(floor, state, after)
    ticked(floor)
    ticked(floor)
    assert ("G-17" in floor.state.memory.gauge_checks.blocked) is blocked
    assert ("master check G-17" in floor.state.notices) is blocked
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert (floor.state.sealing is None) is blocked, "the check before has passed, and its time isn't over"


@pytest.mark.parametrize("how", ["a check that passes", "a word"])
def test_a_gauge_blocked_elsewhere_is_found_fit_here(how: str) -> None:
    floor = floor_at()
    gauge_word(floor, "blocked", -1)
    if how == "a word":
        floor.scan("%UNBLOCK:cleaned")
        (said,) = told(floor.scan("OP-31"))
    else:
        (said,) = told(master(floor, "74.0", 3))
    assert (said.type, said.subject.id, said.payload["state"]) == ("gauge.state", "G-17", "fit")


def test_a_missed_check_whose_reaction_says_so_holds_what_its_gauge_has_measured() -> None:
    text = """
[[on]]
signal = ["check_missed"]
[[on.step]]
who = "operator"
what = { en = "Stop." }
hold = "since_last_good_check"
"""
    at = reacting(HEAD + text)
    seen = SignalSeen(("check_missed",), "2026-11-28T08:00:00.000000Z", "bore", "PR-74", gauge="G-17")
    memory = opened(at, StationMemory(), at.plan, seen)
    assert [(one.gauge, one.characteristic, one.ends) for one in memory.gauge_checks.windows] == [
        ("G-17", "bore", seen.at)
    ]


def test_what_is_open_is_asked_for_by_the_next_life_until_the_store_has_said_it(one: Spool) -> None:
    at, clock = checked(), FixedClock()
    asked_for = list[tuple[str, str | None, int, int | None]]()
    answers = [NOBODY, NOBODY, UnitsFound(("SN000001", "SN000009"))]

    async def units_since(*what: Any) -> UnitsFound:
        asked_for.append(what)
        return answers[len(asked_for) - 1]

    async def lot(_: str) -> LotFound:
        raise AssertionError("nobody asks for a lot here")

    def life() -> ShiftLife:
        new = ShiftLife(at, one, clock)
        new.runner._doors = replace(new.runner._doors, store=StoreAsked(units_since, lot))
        return new

    first = life()
    first.live("OP-12", "%CHECK", first.gauge("bore", "74.0"), "SN000001", first.gauge("bore", "74.01"))
    clock.advance(60)
    second = life()
    second.live("OP-12", "%CHECK", second.gauge("bore", "75"))
    good_us = utc_us(second.runner.state.memory.gauge_checks.of("G-17", "bore").good_at or "")
    assert asked_for == [("G-17", "bore", good_us, None)]
    assert read_memory(one.recall("station memory/OP20")).gauge_checks.windows[0].open is not None
    life().live("OP-12")
    fourth = life().live("OP-12")
    assert asked_for == [("G-17", "bore", good_us, None)] * 3
    windows = [SuspectWindow.read(e.payload) for e in events(one) if e.type == "suspect.window"]
    assert [(one.units, one.complete) for one in windows if one is not None] == [(1, False), (2, True)]
    assert fourth.runner.state.memory.gauge_checks.windows == ()
