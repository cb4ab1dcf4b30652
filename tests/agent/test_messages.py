"""What people at a station pass on: suggestions and their answers, and notes to whoever comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, spool
from station_floor import BORE, Floor, setup
from workflow_lives import Life

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.seen.buttons import buttons
from gaugetrail_agent.seen.made import Made, ShiftCount
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.memory.handover import MOST_NOTES
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import HeldKnown, Recorded
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.people import PeopleList, Person, Role
from gaugetrail_contract.events.passing_on import MOST_PASSED_ON
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.record import EventBody, Verdict
from gaugetrail_contract.text import refuse_identifier

NOON_US = 1_790_000_000_000_000


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def people(*roles: Role) -> PeopleList:
    listed = (Person(badge="OP-12", name="Ada", roles=roles), Person(badge="OP-13", name="Grace", roles=("operator",)))
    return PeopleList(qualifications="not_kept", person=listed)


def at_work(badge: str = "OP-12") -> Floor:
    floor = Floor(setup(BORE, people=people("operator")))
    floor.scan(badge)
    return floor


def seen(floor: Floor) -> Snapshot:
    return snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), Made(ShiftCount("06:00"))))


def told(floor: Floor, text: str) -> EventBody:
    """The one event of what was scanned."""
    (effect,) = floor.scan(text)
    assert isinstance(effect, TellEvent)
    assert effect.sure
    return effect.body


def said_to(floor: Floor) -> list[str]:
    """As a terminal says them."""
    found = display(floor.setup, floor.state).document(ENGLISH)["messages"]
    assert isinstance(found, list)
    return [one["text"] for one in found]


def answer(
    record: str = "collector:c/e/7", to: str = "OP-12", station: str = "OP20", text: str = "done"
) -> ListedState:
    return ListedState(
        kind="answer",
        id=f"pc1/e/{record[-1]}",
        state="answered",
        since=utc_text(NOON_US + int(record[-1])),
        why="more light",
        by="OP-13",
        record=record,
        station=station,
        to=to,
        text=text,
    )


def answered(floor: Floor, *answers: ListedState) -> None:
    """The line's list has come."""
    floor.say(HeldKnown(HeldNow.of(answers, NOON_US)))


# --- suggestions


def test_a_suggestion_says_what_was_worked_on() -> None:
    floor = at_work()
    body = told(floor, "%SUGGEST: more light")
    assert (body.type, body.by, body.subject.id) == ("suggestion.made", "OP-12", "OP20")
    assert body.payload == {"text": "more light", "part": "PR-74", "plan": "CP-1"}
    floor.scan("SN000001")
    body = told(floor, "%suggest:a stop for the ring")
    assert body.payload == {
        "text": "a stop for the ring",
        "part": "PR-74",
        "plan": "CP-1",
        "characteristic": "bore",
        "serial": "SN000001",
    }
    assert floor.state.unit is not None
    assert floor.message == "thank you; the quality office gets it, and the answer comes back here"


def test_of_several_plans_none_is_guessed() -> None:
    floor = at_work()
    floor.setup = replace(floor.setup, choice=(floor.setup.plan, floor.setup.plan))
    assert told(floor, "%SUGGEST:more light").payload == {"text": "more light"}


def test_a_suggestion_that_stands_alone_is_asked_for_and_can_be_left() -> None:
    floor = at_work()
    assert floor.scan("%SUGGEST") == ()
    assert display(floor.setup, floor.state).asks.id == "suggestion.which"
    assert told(floor, "more light").payload["text"] == "more light"
    assert floor.state.dialog is None
    floor.scan("%HANDOVER")
    assert display(floor.setup, floor.state).asks.id == "handover.which"
    assert floor.scan("%CANCEL") == ()
    assert (floor.state.dialog, floor.state.memory.handover.notes) == (None, ())


@pytest.mark.parametrize("word", ["%SUGGEST", "%HANDOVER"])
def test_what_can_stand_in_no_record_is_refused_with_why(word: str) -> None:
    floor = at_work()
    assert told(floor, f"{word}:{'x' * 500}").payload["text"] == "x" * 500
    assert floor.scan(f"{word}:{'x' * 501}") == ()
    assert "501 characters; 500 are allowed" in floor.message
    assert floor.scan(f"{word}:a\u0301") == ()
    assert "normal form C" in floor.message


def test_nobody_suggests_anything_before_they_are_logged_on() -> None:
    floor = Floor(setup(BORE))
    assert floor.scan("%SUGGEST:more light") == ()
    assert floor.state.says is not None
    assert floor.state.says.id == "badge.first"


# --- what comes back


def test_an_answer_is_shown_to_whoever_asked_where_they_asked_until_it_is_read() -> None:
    floor = at_work("OP-13")
    answered(floor, answer(), answer("collector:c/e/8", station="OP30"), answer("collector:c/e/9", to="OP-13"))
    assert [one.record for one in seen(floor).messages] == ["collector:c/e/9"]
    floor.scan("OP-12")
    (message,) = seen(floor).messages
    assert (message.kind, message.by, message.text, message.about) == ("answer", "Grace", "done", "more light")
    assert said_to(floor) == ['OP-13, 2026-09-21 14:13Z, to your suggestion "more light": done (read: %READ)']
    body = told(floor, "%READ")
    assert (body.type, body.by) == ("suggestion.answer_read", "OP-12")
    assert body.payload == {"suggestion": "pc1/e/7", "answer": "collector:c/e/7"}
    assert (seen(floor).messages, said_to(floor)) == ((), [])
    floor.scan("%LOGOFF")
    floor.scan("OP-12")
    assert seen(floor).messages == ()


def test_another_answer_to_the_same_suggestion_is_another_message() -> None:
    floor = at_work()
    answered(floor, answer())
    floor.scan("%READ")
    answered(floor, answer().model_copy(update={"record": "collector:c/e/9", "text": "it came today"}))
    assert [one.text for one in seen(floor).messages] == ["it came today"]


def test_what_was_read_is_remembered_no_longer_than_it_is_listed() -> None:
    floor = at_work()
    answered(floor, answer("c/e/1"), answer("c/e/2"))
    floor.scan("%READ")
    answered(floor, answer("c/e/2"), answer("c/e/3"))
    floor.scan("%READ")
    assert floor.state.memory.answers.records == ("c/e/2",)


def test_just_the_message_that_was_meant_is_read() -> None:
    floor = at_work()
    answered(floor, answer("c/e/1"), answer("c/e/2"))
    assert told(floor, "%READ:pc1/e/2").payload["answer"] == "c/e/2"
    assert [one.key for one in seen(floor).messages] == ["pc1/e/1"]
    assert floor.scan("%READ:pc1/e/2") == ()
    assert floor.message == "there is no message to read"


def test_reading_answers_no_question_and_leaves_a_verdict_alone() -> None:
    floor = at_work()
    answered(floor, answer("c/e/1"), answer("c/e/2"))
    floor.scan("%NOTE")
    assert told(floor, "%READ:pc1/e/1").type == "suggestion.answer_read"
    assert floor.state.dialog is not None
    floor.scan("%CANCEL")
    floor.scan("OP-99")
    before = floor.state.says, floor.state.light
    assert floor.state.light == "red"
    told(floor, "%READ:pc1/e/2")
    assert (floor.state.says, floor.state.light) == before


# --- notes


def test_a_note_is_shown_to_whoever_logs_on_next_until_it_is_read() -> None:
    floor = at_work()
    body = told(floor, "%HANDOVER:the left jaw sticks")
    assert (body.type, body.by, body.payload) == ("handover.noted", "OP-12", {"text": "the left jaw sticks"})
    noted_us = floor.now
    assert seen(floor).messages == ()
    floor.scan("OP-13")
    (message,) = seen(floor).messages
    assert (message.kind, message.by, message.text, message.at_us) == (
        "handover",
        "Ada",
        "the left jaw sticks",
        noted_us,
    )
    assert said_to(floor) == ["note of OP-12, 2026-09-21 14:13Z: the left jaw sticks (read: %READ)"]
    floor.scan("SN000001")
    floor.gauge("bore", "74.010", "mm")
    assert floor.sealed().serial == "SN000001"  # it keeps nobody from measuring
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.PASS))
    assert len(seen(floor).messages) == 1
    body = told(floor, f"%READ:{message.key}")
    assert (body.type, body.by) == ("handover.read", "OP-13")
    assert body.payload == {"text": "the left jaw sticks", "noted_by": "OP-12", "noted": utc_text(noted_us)}
    assert (seen(floor).messages, floor.state.memory.handover.notes) == ((), ())


def test_whoever_comes_back_first_reads_their_own_note() -> None:
    floor = at_work()
    floor.scan("%HANDOVER:the left jaw sticks")
    floor.scan("%LOGOFF")
    assert (seen(floor).messages, said_to(floor)) == ((), [])
    floor.scan("OP-12")
    assert [one.text for one in seen(floor).messages] == ["the left jaw sticks"]


def test_notes_are_kept_and_no_further_one_is_taken_before_they_are_read() -> None:
    floor = at_work()
    for number in range(MOST_NOTES):
        floor.scan(f"%HANDOVER:{number}")
    assert floor.scan("%HANDOVER:one more") == ()
    assert floor.message == "10 notes wait to be read already: let whoever comes next read them first"
    floor.scan("OP-13")
    assert [one.text for one in seen(floor).messages] == ["0", "1", "2", "3", "4"]
    assert told(floor, "%READ").payload["text"] == "0"
    assert [one.text for one in seen(floor).messages] == ["1", "2", "3", "4", "5"]


def test_notes_and_what_was_read_survive_a_kill(one: Spool) -> None:
    with_people = setup(BORE, people=people("operator"))
    held = HeldNow.of([answer("c/e/1")], NOON_US)

    def shown(life: Life) -> list[str]:
        return [one.key for one in life.shown[-1].messages]

    first = Life(one, with_people)
    first.live("OP-12", lambda: first.runner.held_known(held), "%HANDOVER:the left jaw sticks")
    assert shown(first) == ["pc1/e/1"]
    again = Life(one, with_people)
    again.runner.held_known(held)
    again.live()
    assert shown(again) == ["pc1/e/1"]  # still the same person: the note is for whoever comes
    again = Life(one, with_people)
    again.runner.held_known(held)
    again.live("%READ", "OP-13")
    assert len(shown(again)) == 1
    third = Life(one, with_people).live("%READ")
    assert shown(third) == []
    assert shown(Life(one, with_people).live("OP-12", lambda: third.runner.held_known(held))) == []
    assert [event.type for event in events(one) if not event.type.startswith("person.")] == [
        "handover.noted",
        "suggestion.answer_read",
        "handover.read",
    ]


@given(text=st.text(st.characters(codec="utf-8"), max_size=600))
def test_any_text_is_a_note_or_refused(text: str) -> None:
    floor = at_work()
    floor.scan(f"%HANDOVER:{text}")
    notes = [one.text for one in floor.state.memory.handover.notes]
    assert len(notes) == (floor.state.says is not None and floor.state.says.id == "handover.taken")
    assert all(one in text and refuse_identifier(one, MOST_PASSED_ON) is None for one in notes)


# --- the screen


def test_messages_stand_apart_from_what_is_wrong_and_not_over_a_pin() -> None:
    floor = at_work()
    answered(floor, answer())
    now = seen(floor)
    assert (now.notices, len(now.messages)) == ((), 1)
    assert (now.tone, now.answer) == ("", "")


def test_who_may_decide_has_a_tile_for_it() -> None:
    def tiles(*roles: Role, unit: bool = False) -> list[str]:
        floor = Floor(setup(BORE, people=people(*roles)))
        floor.scan("OP-12")
        if unit:
            floor.scan("SN000001")
        words = ("%HOLD", "%REWORK", "%SCRAP", "%RELEASE", "%CONCESSION")
        return [one.sends for one in buttons(floor.setup, floor.state) if one.sends in words]

    assert tiles("operator") == ["%HOLD"]
    assert tiles("operator", "setter") == ["%HOLD", "%REWORK"]
    assert tiles("inspector") == ["%HOLD", "%REWORK", "%SCRAP", "%RELEASE"]
    assert tiles("quality engineer") == ["%HOLD", "%REWORK", "%SCRAP", "%RELEASE", "%CONCESSION"]
    assert tiles("quality engineer", unit=True) == ["%HOLD", "%REWORK", "%SCRAP"]


def test_suggestions_notes_and_the_steps_back_are_tiles() -> None:
    floor = at_work()
    between = {one.sends for one in buttons(floor.setup, floor.state)}
    assert {"%SUGGEST", "%HANDOVER", "%NOTE", "%CALL", "%HOLD"} <= between
    floor.scan("SN000001")
    with_unit = {one.sends for one in buttons(floor.setup, floor.state)}
    assert {"%SUGGEST", "%NOTE", "%CALL", "%HOLD", "%CANCEL"} <= with_unit
