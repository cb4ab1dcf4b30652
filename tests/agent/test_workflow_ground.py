"""What every room of the workflow stands on: what is remembered survives, dialogs are answered or left, notes and calls
are records before anybody is told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, spool
from station_floor import Floor, setup
from workflow_lives import Life

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.memory import Moment, StationMemory, memory_key, memory_text, read_memory
from gaugetrail_agent.station.memory.calls import Call, Calls
from gaugetrail_agent.station.memory.in_hand import InHand
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import Woke
from gaugetrail_agent.station.words.state import SIGNAL
from gaugetrail_agent.station.workflow.commands import command_in
from gaugetrail_agent.station.workflow.dialogs import ANSWERS
from gaugetrail_agent.station.workflow.gauge_checks.due import NOTICE
from gaugetrail_agent.station.workflow.sampling.clock import CHECK
from gaugetrail_agent.station.workflow.speaking_up import call
from gaugetrail_contract.record.parts import EarlierValue

HOUR_NS = 3600 * 10**9


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_a_note_is_a_record_of_the_unit_in_hand_with_who_said_it(one: Spool) -> None:
    Life(one).live("OP-12", "%note: the lamp flickers", "SN000001", "%NOTE:burr at the edge")
    told = [event for event in events(one) if event.type == "station.note"]
    assert [(e.by, e.payload) for e in told] == [
        ("OP-12", {"text": "the lamp flickers"}),
        ("OP-12", {"text": "burr at the edge", "serial": "SN000001"}),
    ]


def test_a_note_that_stands_alone_asks_for_its_text_and_can_be_left() -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    floor.scan("%NOTE")
    shown = display(floor.setup, floor.state)
    assert (shown.waits, shown.asks.id) == ("wait_answer", "note.which")
    (told,) = floor.scan("the fixture was loose")
    assert isinstance(told, TellEvent)
    assert told.body.payload["text"] == "the fixture was loose"
    assert floor.state.dialog is None
    floor.scan("%NOTE")
    assert floor.scan("%CANCEL") == ()
    assert (floor.state.dialog, floor.message) == (None, "left as it was")


def test_nothing_is_measured_while_something_is_asked() -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.scan("%CALL")
    floor.gauge("bore", "74.0", "mm")
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    assert floor.message == "who is called?"


def test_a_call_stands_over_a_restart_until_somebody_is_there(one: Spool) -> None:
    Life(one).live("OP-12", "%CALL:quality")
    again = Life(one).live("OP-12")
    assert {about: one.says.id for about, one in again.runner.state.notices.items()} == {"call": "notice.called"}
    assert again.live("%CALL:HERE").runner.state.notices == {}
    assert [event.type for event in events(one)] == ["station.called", "station.call_answered"]
    assert Life(one).live("OP-12").runner.state.notices == {}


def test_what_the_spool_refuses_has_not_happened(one: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(SpoolFull("the disk is full"))
        return refused

    life = Life(one)
    # A full disk can't be had here without a file system of its own; the drills have one.
    life.live("OP-12", lambda: monkeypatch.setattr(one, "append", full), "%CALL:quality")
    assert life.runner.state.memory.calls == Calls()
    assert [d for d in life.shown if d.state.says is not None and d.state.says.id == "call.called"] == []
    assert life.runner.state.says is not None
    assert life.runner.state.says.id == "value.not_kept"
    monkeypatch.undo()
    life.live("%CALL:quality")
    assert [event.type for event in events(one)] == ["station.called"]


def test_what_cannot_be_read_begins_anew_and_is_told(one: Spool, caplog: pytest.LogCaptureFixture) -> None:
    one.remember(memory_key("OP20"), '{"calls": 7}').result(10)
    assert Life(one).live("OP-12").runner.state.memory.calls == Calls()
    assert [vars(record).get("memory") for record in caplog.records if "begins anew" in record.message] == [
        '{"calls": 7}'
    ]


def test_values_before_and_what_is_wanted_come_back_with_the_unit(one: Spool) -> None:
    """The journal can't say them: it is the record that would be sealed."""
    life = Life(one)
    life.live("OP-12", "SN000001", lambda: life.runner.measured("bore", Reading(Status.OK, b"", value="74", unit="mm")))
    remembered = read_memory(one.recall(memory_key("OP20")))
    assert remembered.in_hand == InHand()
    earlier = {"weight": (EarlierValue(value="9", why="slipped", fate="replaced"),)}
    one.remember(
        memory_key("OP20"), memory_text(StationMemory(in_hand=InHand(("bore", "weight"), earlier=earlier)))
    ).result(10)
    again = Life(one).live("OP-12", "%GO")
    unit = again.runner.state.unit
    assert unit is not None
    assert (unit.wanted, unit.earlier) == (frozenset({"bore", "weight"}), earlier)


@given(calls=st.lists(st.builds(Call, st.text(), st.text(), st.integers(0, 2**53)), max_size=5))
def test_what_is_remembered_is_read_back(calls: list[Call]) -> None:
    memory = StationMemory(calls=Calls(tuple(calls)))
    assert read_memory(memory_text(memory)) == memory
    assert read_memory(None) == StationMemory()


def test_time_goes_by_the_monotonic_clock_and_over_a_boot_never_backwards() -> None:
    """G12: a clock that is set by a year makes nothing due, and nothing undue."""
    then = Moment(1_790_000_000_000_000, 5 * HOUR_NS, "boot 1")
    set_back = Moment(then.at_us - 365 * 86_400 * 10**6, 6 * HOUR_NS, "boot 1")
    assert then.secs_until(set_back) == 3600
    booted = Moment(then.at_us + 60 * 10**6, 1, "boot 2")
    assert then.secs_until(booted) == 60
    assert booted.secs_until(Moment(then.at_us, 5, "boot 3")) == 0


def test_each_question_has_somebody_who_takes_its_answer_and_each_word_is_found() -> None:
    assert set(ANSWERS) >= {"note", "call"}
    found = command_in("%call : quality ")
    assert found is not None
    assert found == (call, "quality")
    assert command_in("CALL") is None


def test_the_station_that_wakes_with_nothing_open_is_as_it_was() -> None:
    floor = Floor(setup())
    before = floor.state
    assert floor.say(Woke(Moment(1, 1, "b"))) == ()
    assert floor.state == before


def test_no_room_clears_what_another_tells() -> None:
    """Who tells of several things by a name with a head clears all with that head: no head begins another."""
    heads = [
        "gauge ",
        "device ",
        CHECK,
        SIGNAL,
        NOTICE,
        "call",
        "interlock",
        "broker",
        "disk",
        "spool",
        "clock",
        "copy",
    ]
    assert [(one, other) for one in heads for other in heads if one != other and one.startswith(other)] == []
