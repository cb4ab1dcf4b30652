"""States of units, lots and gauges: one state from any heap of words, held to the table of who may say what."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from samples import T0, chain, inspection

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.people import ROLES
from gaugetrail_contract.events.nonconformity import (
    MOST_SERIALS,
    GaugeStateSaid,
    StateWord,
    SuspectWindow,
    UnitStateSaid,
    pieces_of,
)
from gaugetrail_contract.record import EventBody, Subject, identifiers
from gaugetrail_contract.record.model import MAX_RECORD_BYTES
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.seal import open_sealed
from gaugetrail_contract.text import MAX_IDENTIFIER
from gaugetrail_contract.unit_states.changes import CHANGES, Deciders, refusal, table_rows, who_may
from gaugetrail_contract.unit_states.folding import DECIDED, FORGIVING, UnitStory, story_of
from gaugetrail_contract.unit_states.gauge_fitness import blocked_by
from gaugetrail_contract.unit_states.said import GaugeWordSaid, StateWordSaid, gauge_said, states_said

PASS, FAIL, HOLD, REWORK = UnitState.PASS, UnitState.FAIL, UnitState.HOLD, UnitState.REWORK
SCRAP, CONCESSION, RELEASED = UnitState.SCRAP, UnitState.CONCESSION, UnitState.RELEASED
ENGINEER = "quality engineer"


def word(state: UnitState, at: int, role: str | None = None, **changes: object) -> StateWordSaid:
    order = (T0 + at, "a", "e1", at)
    return replace(StateWordSaid(state, order, f"a/e1/{at}", "OP10", role=role), **changes)  # type: ignore[arg-type]


def measured(state: UnitState, at: int, place: str = "OP10") -> StateWordSaid:
    return word(state, at, place=place, measured=True)


def state_of(*words: StateWordSaid) -> UnitState:
    return story_of(words).now.state


def event(payload: UnitStateSaid | GaugeStateSaid, subject: str, kind: str = "unit", **changes: object) -> EventBody:
    body: dict[str, object] = {"site": "s", "line": "l", "station": "OP20", "type": payload.TYPE}
    return EventBody(subject=Subject(kind=kind, id=subject), payload=payload.written(), **body, **changes)  # type: ignore[arg-type]


# --- the table


def test_the_words_of_the_event_are_those_of_the_record() -> None:
    assert {*get_args(StateWord)} == {*UnitState} - {UnitState.NOT_INSPECTED}


def test_whatever_the_state_there_is_a_way_on_and_every_role_exists() -> None:
    assert set(CHANGES) == set(UnitState)
    assert {who for row in CHANGES.values() for one in row.values() for who in one.roles} <= set(ROLES)
    assert [after for row in CHANGES.values() for after in row if after is UnitState.NOT_INSPECTED] == []


def test_a_hold_is_anybodys_but_of_scrap() -> None:
    open_states = set(UnitState) - {SCRAP}
    assert all(refusal(before, HOLD, None) is None for before in open_states)
    assert refusal(SCRAP, HOLD, None) == (
        "scrap becomes hold only by the word of: approver, quality engineer; it was said by somebody without a role"
    )


@pytest.mark.parametrize("after", [REWORK, SCRAP, CONCESSION, RELEASED])
def test_what_decides_takes_a_role(after: UnitState) -> None:
    for before in UnitState:
        deciders = who_may(before, after)
        assert deciders is None or not (deciders.include(None) or deciders.include("operator"))


def test_a_fail_is_never_released_without_a_concession() -> None:
    assert refusal(FAIL, RELEASED, "approver") == (
        "what is fail can't become released: it may become pass, fail, hold, rework, scrap, concession"
    )


def test_the_printed_table_has_every_change_once() -> None:
    rows = list(table_rows())
    assert len(rows) == sum(map(len, CHANGES.values())) == len({row[:2] for row in rows})
    assert ("hold", "released", "approver, quality engineer") in rows
    assert ("pass", "hold", "anybody, a station by itself") in rows


# --- folding


def test_a_hold_outlasts_a_pass_and_ends_by_the_role() -> None:
    held = (measured(PASS, 1), word(HOLD, 2), measured(PASS, 3))
    assert state_of(*held) is HOLD
    assert state_of(*held, word(RELEASED, 4, "operator")) is HOLD
    assert state_of(*held, word(RELEASED, 4, ENGINEER)) is RELEASED


def test_a_fail_at_one_place_is_not_lifted_by_a_pass_at_another() -> None:
    assert state_of(measured(FAIL, 1, "OP10"), measured(PASS, 2, "OP20")) is FAIL
    assert state_of(measured(FAIL, 1, "OP10"), measured(PASS, 2, "OP20"), measured(PASS, 3, "OP10")) is PASS


def test_rework_ends_when_the_place_that_failed_it_passes_it() -> None:
    sent = (measured(FAIL, 1, "OP10"), word(REWORK, 2, "inspector"))
    assert state_of(*sent) is REWORK
    assert state_of(*sent, measured(PASS, 3, "OP20")) is REWORK
    assert state_of(*sent, measured(PASS, 3, "OP10")) is PASS
    assert state_of(*sent, measured(FAIL, 3, "OP10")) is FAIL


def test_a_concession_forgives_what_failed_and_not_what_fails_after() -> None:
    conceded = (measured(FAIL, 1), word(CONCESSION, 2, ENGINEER))
    assert state_of(*conceded, measured(PASS, 3, "OP20")) is CONCESSION
    assert state_of(*conceded, measured(FAIL, 3, "OP20")) is FAIL
    assert state_of(*conceded, measured(FAIL, 3, "OP20"), measured(PASS, 4, "OP20")) is PASS


def test_a_concession_that_has_ended_holds_again() -> None:
    story = story_of([measured(FAIL, 1), word(CONCESSION, 2, ENGINEER, until_us=T0 + 9)])
    assert (story.at(T0 + 8).state, story.at(T0 + 8).lapsed) == (CONCESSION, False)
    assert (story.at(T0 + 9).state, story.at(T0 + 9).lapsed) == (HOLD, True)
    later = story.told(measured(FAIL, 10))
    assert later.at(T0 + 11).state is HOLD
    assert later.told(word(RELEASED, 12, ENGINEER)).at(T0 + 13).state is RELEASED


def test_what_was_said_without_the_role_is_named() -> None:
    story = story_of([word(HOLD, 1), word(RELEASED, 2, "auditor")])
    assert [one.why for one in story.refused] == [
        "hold becomes released only by the word of: approver, quality engineer; it was said by auditor"
    ]
    assert story_of([word(SCRAP, 1, ENGINEER), word(HOLD, 2)]).now.state is SCRAP


ROLE = st.sampled_from([None, *ROLES])
SAID = st.builds(
    lambda state, at, role, until: word(state, at, role, until_us=until),
    st.sampled_from(sorted(set(UnitState) - {UnitState.NOT_INSPECTED})),
    st.integers(1, 40),
    ROLE,
    st.none() | st.integers(T0, T0 + 40),
)
MEASURED = st.builds(measured, st.sampled_from([PASS, FAIL]), st.integers(1, 40), st.sampled_from(["OP10", "OP20"]))
WORDS = st.lists(SAID | MEASURED, max_size=12, unique_by=lambda one: one.order)


@given(WORDS, st.randoms(use_true_random=False))
def test_words_in_any_order_and_twice_come_to_one_state(words: list[StateWordSaid], random: object) -> None:
    shuffled = [*words, *words]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert story_of(words) == story_of(shuffled)


@given(WORDS)
def test_each_word_changes_the_state_as_the_table_allows_or_is_named(words: list[StateWordSaid]) -> None:
    story = UnitStory()
    for one in sorted(words, key=lambda one: one.order):
        before, story, held = story.at(one.time_us).state, story.told(one), story
        if one.measured:
            assert story.refused == held.refused
            continue
        why = refusal(before, one.state, one.role)
        assert [named.why for named in story.refused[len(held.refused) :]] == ([] if why is None else [why])
        if why is not None:
            assert (story.decided, story.failed, story.passed) == (held.decided, held.failed, held.passed)
        elif one.state in DECIDED:
            assert story.now.state is one.state


@given(WORDS)
def test_nothing_measured_ever_lifts_a_hold_or_a_scrap(words: list[StateWordSaid]) -> None:
    story = UnitStory()
    for one in sorted(words, key=lambda one: one.order):
        before, story = story.at(one.time_us).state, story.told(one)
        if one.measured and before in (HOLD, SCRAP):
            assert story.at(one.time_us).state is before
        if one.measured and before not in FORGIVING | {HOLD, SCRAP} and one.state is FAIL:
            assert story.now.state is FAIL


# --- records


def test_an_inspection_says_its_verdict_of_its_unit() -> None:
    sealed = chain([inspection("SN1", verdict="fail", operation="OP20"), inspection("SN1", verdict="incomplete")])
    first, second = (list(states_said(open_sealed(one))) for one in sealed)
    assert [(about, said.state, said.place, said.measured) for about, said in first] == [
        (("serial", "SN1"), FAIL, "OP20", True)
    ]
    assert second == []


def test_a_state_of_many_is_said_of_each_and_found_under_each() -> None:
    said = UnitStateSaid(state="hold", why="G-0017 failed its check", gauge="G-0017", serials=("SN2", "SN3"))
    record = open_sealed(chain([event(said, "SN1")])[0])
    assert [about for about, _ in states_said(record)] == [("serial", "SN1"), ("serial", "SN2"), ("serial", "SN3")]
    assert identifiers(record) == [("serial", "SN1"), ("serial", "SN2"), ("serial", "SN3"), ("gauge", "G-0017")]


def test_a_lot_has_a_state_of_its_own() -> None:
    body = event(UnitStateSaid(state="released", why="all there"), "L7", "lot", by="QE-1", role=ENGINEER)
    ((about, said),) = states_said(open_sealed(chain([body])[0]))
    assert (about, said.state, said.by, said.role) == (("lot", "L7"), RELEASED, "QE-1", ENGINEER)


def test_an_end_that_is_no_day_of_the_calendar_has_come() -> None:
    said = UnitStateSaid(state="concession", why="w", until="2026-02-31T00:00:00.000000Z")
    ((_, found),) = states_said(open_sealed(chain([event(said, "SN1")])[0]))
    assert found.until_us == 0


def test_a_payload_of_another_form_says_nothing() -> None:
    body = replace_payload({"state": "fine", "why": "w"})
    assert list(states_said(open_sealed(chain([body])[0]))) == []


def replace_payload(payload: dict[str, object]) -> EventBody:
    good = event(UnitStateSaid(state="hold", why="w"), "SN1")
    return EventBody(
        site=good.site, line=good.line, station=good.station, type=good.type, subject=good.subject, payload=payload
    )


LONGEST = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=MAX_IDENTIFIER)


@given(st.lists(LONGEST, min_size=1, max_size=30), st.integers(1, 60))
def test_each_piece_fits_a_record_and_none_is_lost(serials: list[str], times: int) -> None:
    many = [f"{one[:190]}{number}" for number in range(times) for one in serials]
    pieces = list(pieces_of(many))
    assert [one for piece in pieces for one in piece] == list(dict.fromkeys(many))
    assert all(len(piece) <= MOST_SERIALS + 1 for piece in pieces)


def test_the_largest_piece_is_a_record() -> None:
    said = UnitStateSaid(state="hold", why="ü" * 2000, code="c" * 200)
    serials = [f"{number:04}" + '"€' * 98 for number in range(300)]
    events = list(said.pieces_for(serials))
    sealed = chain([event(payload, subject) for subject, payload in events])
    assert len(events) > 1
    assert [payload.piece for _, payload in events] == list(range(1, len(events) + 1))
    assert {payload.pieces for _, payload in events} == {len(events)}
    assert all(len(one.data) <= MAX_RECORD_BYTES for one in sealed)
    named = [about[1] for one in sealed for about, _ in states_said(open_sealed(one))]
    assert named == serials


def test_there_is_no_piece_beyond_the_last() -> None:
    with pytest.raises(ValidationError, match="no piece 3 of 2"):
        UnitStateSaid(state="hold", why="w", piece=3, pieces=2)


def test_a_window_says_what_is_open_or_that_nothing_is() -> None:
    now = utc_text(T0)
    with pytest.raises(ValidationError, match="says what is open"):
        SuspectWindow(why="w", until=now, units=3, complete=False)
    open_window = SuspectWindow(why="w", until=now, units=3, complete=False, open_="no collector answered")
    assert open_window.written()["open"] == "no collector answered"


# --- gauges


def gauge_word(state: str, at: int, **changes: object) -> GaugeWordSaid:
    return GaugeWordSaid(state, (T0 + at, "a", "e1", at), f"a/e1/{at}", "why", **changes)  # type: ignore[arg-type]


def test_a_block_is_lifted_by_a_check_that_passed_or_by_the_role() -> None:
    blocked = gauge_word("blocked", 1)
    assert blocked_by([blocked]) == blocked
    assert blocked_by([gauge_word("fit", 2, role="operator"), blocked]) == blocked
    assert blocked_by([gauge_word("fit", 2, check="a/e1/7"), blocked]) is None
    assert blocked_by([gauge_word("fit", 2, role="inspector"), blocked]) is None
    again = gauge_word("blocked", 3)
    assert blocked_by([gauge_word("fit", 2, check="a/e1/7"), again, blocked]) == again


def test_a_gauges_state_is_read_from_its_event_alone() -> None:
    said = GaugeStateSaid(state="blocked", why="0.012 beside the master", check="a/e1/7")
    found = gauge_said(open_sealed(chain([event(said, "G-0017", "gauge")])[0]))
    assert found is not None
    assert (found[0], found[1].state, found[1].check) == ("G-0017", "blocked", "a/e1/7")
    assert gauge_said(open_sealed(chain([event(said, "SN1", "unit")])[0])) is None
    assert gauge_said(open_sealed(chain([inspection()])[0])) is None


def test_deciders_are_named_in_order() -> None:
    assert str(Deciders(frozenset({"setter", "approver"}))) == "approver, setter"
