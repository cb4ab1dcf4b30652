"""A question belongs to whoever began it, or to the unit and the station; what is no answer to it; what may be said
beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from spool_bodies import all_events, spool
from station_floor import BORE, Floor, on_list, setup
from station_lives import asked, inspected, told
from test_gauge_checks import checked, master
from test_reactions import BAD, reacting
from workflow_lives import Life

from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch
from gaugetrail_agent.station.words.happening import LookedBack, NotKept
from gaugetrail_agent.station.workflow.unit_states.deciding import LOOKING

HERE = setup(BORE)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def begun(*texts: str, badge: str = "OP-12") -> Floor:
    floor = Floor(HERE)
    for text in (badge, *texts):
        floor.scan(text)
    return floor


# --- whose it is


@pytest.mark.parametrize("ends", ["OP-13", "%LOGOFF"])
@pytest.mark.parametrize("word", ["%NOTE", "%HOLD", "%REASON", "%CHANGED", "%SPLIT:L7"])
def test_what_somebody_began_for_themself_is_left_when_they_go_and_an_event_says_so(word: str, ends: str) -> None:
    floor = begun(word)
    question = asked(floor)
    (left,) = [body for body in told(floor.scan(ends)) if not body.type.startswith("person.")]
    why = "word" if ends == "%LOGOFF" else "another_badge"
    assert (left.type, left.by) == ("station.question_left", None)
    assert left.payload == {"badge": "OP-12", "asked": question, "why": why}
    assert floor.state.dialog is None


def test_what_the_station_wants_to_know_is_asked_of_whoever_comes() -> None:
    floor = Floor(reacting())
    floor.scan("OP-12")
    inspected(floor, "SN000001", BAD)
    question = asked(floor)
    assert told(floor.scan("OP-13")) == []
    assert floor.message == "OP-13 is at the station; what was asked before is still to be answered"
    assert asked(floor) == question
    (event,) = told(floor.scan("worn tool"))
    assert (event.type, event.by) == ("reaction.acknowledged", "OP-13")


def test_a_note_over_the_stations_question_goes_and_the_question_stays() -> None:
    floor = Floor(reacting())
    floor.scan("OP-12")
    inspected(floor, "SN000001", BAD)
    question = asked(floor)
    floor.scan("%NOTE")
    (left,) = told(floor.scan("OP-13"))
    assert left.payload["asked"] == "type or scan the note"
    assert asked(floor) == question


def test_a_lot_that_was_being_looked_for_is_released_by_nobody_who_has_gone() -> None:
    floor = begun("%NOTE", "OP-13")
    search = RecordSearch(LOOKING, lot="L-1")
    assert floor.say(LookedBack(search, FoundRecords(), **floor.tick())) == ()


# --- beside it


def test_a_note_and_a_call_may_be_said_while_a_unit_is_asked_about_and_the_question_stands() -> None:
    at = setup(BORE)
    file = type(at.plan.file).model_validate(at.plan.file.model_dump() | {"context": ({"kind": "cavity"},)})
    at = replace(at, plan=replace(at.plan, file=file))
    floor = Floor(at)
    floor.scan("OP-12")
    floor.scan("SN000001")
    question = asked(floor)
    for word, text in (("%NOTE", "the lamp flickers"), ("%CALL", "setter")):
        (event,) = told(floor.scan(f"{word}:{text}"))
        assert event.type.startswith("station.")
        assert asked(floor) == question
        floor.scan(word)
        assert asked(floor) != question
        (event,) = told(floor.scan(text))
        assert asked(floor) == question
        floor.scan(word)
        floor.scan("%CANCEL")
        assert asked(floor) == question
    assert question == "scan cavity"


def test_notes_in_notes_lose_nothing_of_what_was_asked_first() -> None:
    floor = begun("%HOLD")
    for word in ("%NOTE", "%CALL", "%NOTE", "%NOTE"):
        floor.scan(word)
    floor.scan("%CANCEL")
    assert floor.state.dialog is not None
    assert (floor.state.dialog.about, floor.state.dialog.under) == ("unit_state", None)


# --- what is no answer


@pytest.mark.parametrize("word", ["%NOTE", "%HOLD", "%AGAIN"])
@pytest.mark.parametrize("text", ["%HOLD:scratches", "%UNDO", "SN000002", "%OK"])
def test_a_word_or_the_next_unit_scanned_out_of_turn_is_no_reason(word: str, text: str) -> None:
    floor = begun()
    if word == "%AGAIN":
        at = setup(BORE, BORE.model_copy(update={"name": "bore_2"}))
        floor = Floor(at)
        floor.scan("OP-12")
        floor.scan("SN000001")
        floor.gauge("bore", "74.0", "mm")
    floor.scan(word)
    question = asked(floor)
    assert told(floor.scan(text)) == []
    assert asked(floor) == question
    assert floor.message in {
        "that is no answer: type or scan in words what is asked",
        "first answer what is asked, or leave it with %CANCEL",
    }


def test_a_badge_that_may_not_is_told_so_and_what_was_said_before_goes_with_a_new_question() -> None:
    floor = Floor(checked())
    floor.scan("OP-12")
    master(floor, "75")
    floor.scan("%UNBLOCK:the master was dirty")
    assert (floor.message, asked(floor).startswith("G-17 may measure again by the word of")) == ("", True)
    floor.scan("OP-12")
    assert floor.message == "OP-12 can't decide that, only: approver or inspector or quality engineer"
    assert told(floor.scan("something else")) == []
    assert floor.message != ""


# --- kept before it is shown


def refusing(one: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(SpoolFull("the disk is full"))
        return refused

    # A full disk can't be had here without a file system of its own; the drills have one.
    monkeypatch.setattr(one, "append", full)


def test_nobody_is_shown_as_logged_on_before_it_is_recorded(one: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(one, replace(HERE, people=on_list("OP-12", "OP-13")))
    life.live(lambda: refusing(one, monkeypatch), "OP-12")
    assert [shown.state.operator for shown in life.shown if shown.state.operator is not None] == []
    assert (life.runner.state.operator, life.runner.state.says.id) == (None, "value.not_kept")  # type: ignore[union-attr]


def test_whoever_goes_has_gone_although_the_spool_refuses_and_it_is_told_later(
    one: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what the next one measures would be theirs."""
    life = Life(one, replace(HERE, people=on_list("OP-12", "OP-13")))
    here = list[str | None]()

    def takes_again() -> None:
        here.extend((life.runner.state.operator, life.runner.state.memory.log_in.badge))
        monkeypatch.undo()

    life.live("OP-12", lambda: refusing(one, monkeypatch), "OP-13", takes_again, "OP-13")
    assert here == [None, None]
    assert [(event.type, event.payload["badge"]) for event in all_events(one)] == [
        ("person.logged_on", "OP-12"),
        ("person.logged_off", "OP-12"),
        ("person.logged_on", "OP-13"),
    ]


def test_a_question_of_one_who_has_gone_does_not_come_back_with_a_refusal() -> None:
    floor = begun("%NOTE")
    before = floor.state
    floor.scan("OP-13")
    floor.say(NotKept(None, "the disk is full", before.memory, before.dialog, "OP-12"))
    assert (floor.state.operator, floor.state.dialog) == (None, None)
