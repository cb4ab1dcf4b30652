"""Who is at the station: each coming and going is an event, and a log-in outlives the agent for its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from spool_bodies import all_events, inspections, spool
from station_floor import BORE, Floor, on_list, setup
from workflow_lives import Life

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.log_in import LogIn
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Tick, Woke
from gaugetrail_contract.clock import FixedClock

LASTS = 3600.0
HERE = replace(setup(BORE), log_off_secs=LASTS)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def told(floor: Floor) -> list[tuple[str, object, object]]:
    return [
        (body.type.removeprefix("person.logged_"), body.payload["badge"], _how(body.payload)) for body in floor.people
    ]


def _how(payload: object) -> object:
    assert isinstance(payload, dict)
    return payload.get("why") or payload.get("before")


def later(floor: Floor, secs: float, boot: str = "") -> Moment:
    """A moment after the last thing that happened."""
    return Moment(floor.now + round(secs * 1e6), floor.now * 1000 + round(secs * 1e9), boot)


def test_each_coming_and_going_is_an_event_with_why() -> None:
    floor = Floor(HERE)
    for text in ("OP-1", "OP-1", "OP-2", "%logoff", "OP-3"):
        floor.scan(text)
    assert told(floor) == [
        ("on", "OP-1", None),
        ("off", "OP-1", "another_badge"),
        ("on", "OP-2", "OP-1"),
        ("off", "OP-2", "word"),
        ("on", "OP-3", None),
    ]
    assert [body.by for body in floor.people] == ["OP-1", None, "OP-2", "OP-2", "OP-3"]


def test_whoever_does_nothing_for_so_long_is_logged_off() -> None:
    floor = Floor(HERE)
    floor.scan("OP-1")
    floor.say(Tick(later(floor, LASTS - 1)))
    assert floor.state.operator == "OP-1"
    floor.say(Tick(later(floor, LASTS)))
    assert (floor.state.operator, floor.message) == (None, "OP-1 is logged off: nothing was done for a while")
    assert told(floor)[-1] == ("off", "OP-1", "time")
    assert floor.state.memory.log_in == LogIn()


def test_a_clock_that_is_set_logs_nobody_off() -> None:
    """G12: it is the monotonic clock that counts."""
    floor = Floor(HERE)
    floor.scan("OP-1")
    year = later(floor, 1)
    floor.say(Tick(Moment(year.at_us + 365 * 86_400 * 10**6, year.mono_ns, year.boot)))
    assert floor.state.operator == "OP-1"


def test_a_scan_and_a_value_that_is_taken_are_something_done() -> None:
    floor = Floor(replace(setup(BORE, replace_named("bore_2")), log_off_secs=10))
    floor.scan("OP-1")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%CANCEL")
    assert floor.state.acted == Moment(floor.now, floor.now * 1000, "")
    done = floor.state.acted
    floor.gauge("bore", "74.0", "mm")
    assert floor.state.acted == done, "a value that nobody wants is no work"


def replace_named(name: str) -> object:
    return BORE.model_copy(update={"name": name})


def test_nobody_is_logged_off_while_a_unit_is_in_hand() -> None:
    floor = Floor(HERE)
    floor.scan("OP-1")
    floor.scan("SN000001")
    floor.say(Tick(later(floor, 10 * LASTS)))
    assert floor.state.operator == "OP-1"


def test_what_is_done_is_remembered_once_a_minute_and_no_oftener() -> None:
    floor = Floor(HERE)
    floor.scan("OP-1")
    first = floor.state.memory.log_in
    floor.scan("hello")
    floor.say(Tick(later(floor, 1)))
    assert floor.state.memory.log_in is first
    floor.now += 58 * 10**6  # a scan and a tick are a second each
    floor.scan("hello")
    floor.say(Tick(later(floor, 1)))
    assert floor.state.memory.log_in == LogIn("OP-1", Moment(floor.now, floor.now * 1000, ""))


def test_time_does_nothing_where_nobody_is() -> None:
    floor = Floor(HERE)
    before = floor.state
    for event in (Tick(later(floor, 10 * LASTS)), Woke(later(floor, 10 * LASTS))):
        assert floor.say(event) == ()
        assert floor.state == before
    assert floor.people == []


def test_who_has_logged_on_by_the_time_that_it_wakes_stays() -> None:
    floor = Floor(HERE)
    floor.scan("OP-1")
    floor.say(Woke(later(floor, 10 * LASTS)))
    assert (floor.state.operator, told(floor)) == ("OP-1", [("on", "OP-1", None)])


def woken(badge: str | None, ago_secs: float, at: Setup = HERE) -> Floor:
    floor = Floor(at)
    done = Moment(floor.now, floor.now * 1000, "b")
    floor.state = replace(floor.state, memory=type(floor.state.memory)(log_in=LogIn(badge, done)))
    floor.say(Woke(later(floor, ago_secs, "b")))
    return floor


def test_a_log_in_comes_back_after_a_restart_within_its_time_and_is_no_second_event() -> None:
    floor = woken("OP-1", LASTS - 1)
    assert (floor.state.operator, floor.people, floor.message) == ("OP-1", [], "OP-1 is still at the station")
    assert floor.state.memory.log_in.badge == "OP-1"


def test_a_log_in_that_lasted_too_long_ends_with_an_event() -> None:
    floor = woken("OP-1", LASTS)
    assert (floor.state.operator, told(floor)) == (None, [("off", "OP-1", "time")])
    assert floor.state.memory.log_in == LogIn()


def test_whoever_may_not_work_here_any_more_is_not_logged_on_by_a_restart() -> None:
    floor = woken("OP-1", 1, replace(HERE, people=on_list("OP-2")))
    assert (floor.state.operator, told(floor)) == (None, [("off", "OP-1", "not_allowed")])


def test_a_log_in_survives_a_kill_and_the_unit_is_theirs(one: Spool) -> None:
    Life(one, HERE).live("OP-12")
    again = Life(one, HERE)
    again.live("SN000001", lambda: again.gauge("bore", "74.0"))
    assert [record.operator for record in inspections(one)] == ["OP-12"]
    clock = FixedClock()
    clock.advance(2 * LASTS)
    assert Life(one, HERE, clock).live().runner.state.operator is None
    assert [(event.type, event.payload.get("why")) for event in all_events(one)] == [
        ("person.logged_on", None),
        ("person.logged_off", "time"),
    ]


def test_whose_list_lets_them_work_no_longer_is_logged_off_with_why(one: Spool) -> None:
    life = Life(one, replace(HERE, people=on_list("OP-12")))
    newer = replace(HERE, people=on_list("OP-2"))
    life.live("OP-12", lambda: life.runner.renew(newer, lambda: None))
    assert life.runner.state.operator is None
    assert [event.payload.get("why") for event in all_events(one) if event.type == "person.logged_off"] == [
        "not_allowed"
    ]
