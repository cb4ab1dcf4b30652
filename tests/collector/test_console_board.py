"""The line as the board shows it: what was just stored, what agents say, and who is gone."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from console_floor import T0, amendment, inspection, measurement, own_status, sealed

from gaugetrail_collector.console.board import LAST_LOOKS, Board
from gaugetrail_collector.console.shown import ago, environment, limit_bar, local
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_contract import topics
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.status import AgentStatus, SpoolStatus, agent_offline


def board() -> tuple[Board, Neighbours]:
    neighbours = Neighbours(lambda: T0)
    made = Board(lambda: T0, neighbours, own_status)
    neighbours.on_change = made.heard
    return made, neighbours


def say(neighbours: Neighbours, **changes: object) -> None:
    spool = SpoolStatus(epoch="abcdefgh", last_seq=9, waiting=4, bytes=100)
    fields: dict[str, object] = {"online": True, "agent": "pc1", "spool": spool, "stations": {"OP20": "wait_unit"}}
    document = AgentStatus.model_validate(fields | changes)
    neighbours.hear(topics.status("pc1"), document.model_dump_json(exclude_none=True).encode())


def test_stored_inspections_show_newest_first_with_the_yield_of_first_looks() -> None:
    """A re-measured part that passes at last does not improve the first-pass yield."""
    made, _ = board()
    bodies = [
        inspection("SN1"),
        inspection("SN2", verdict="fail", measurements=(measurement(verdict="fail"),)),
        inspection("SN2", attempt=2),
        amendment("pc1/abcdefgh/1"),
        inspection("SN3"),
    ]
    made.take_stored([one.record for one in sealed(bodies)])
    (station,) = made.view().stations
    assert [look.unit for look in station.looks] == ["SN3", "SN2", "SN2", "SN1"]
    assert station.looks[2].failed == ("bore",)
    assert station.first_pass_yield == 2 / 3
    assert station.place == "plant1 / line1"


def test_a_resent_record_shows_once_and_the_board_stays_bounded() -> None:
    made, _ = board()
    records = [one.record for one in sealed(inspection(f"SN{n}") for n in range(LAST_LOOKS + 20))]
    made.take_stored(records)
    made.take_stored(records[-5:])
    (station,) = made.view().stations
    assert len(station.looks) == LAST_LOOKS
    assert len({look.id for look in station.looks}) == LAST_LOOKS
    assert all(newer.time_us > older.time_us for newer, older in pairwise(station.looks))


def test_an_agent_that_dies_is_an_alarm_and_what_it_held_stays_to_be_seen() -> None:
    """Its last will knows nothing but its name; how much waits on its PC is what everybody asks then."""
    made, neighbours = board()
    say(neighbours)
    assert made.view().alarms == ()
    before = made.version
    neighbours.hear(topics.status("pc1"), agent_offline("pc1"))
    view = made.view()
    assert made.version > before, "the live page hears of it"
    assert [who for who, _ in view.alarms] == ["pc1"]
    assert view.waiting == 4
    assert [(one.station, one.online) for one in view.stations] == [("OP20", False)]


def test_a_station_shows_who_works_there_and_by_which_plan() -> None:
    """Of an agent of 0.1, which doesn't say so, the tile shows what it did before."""
    made, neighbours = board()
    say(neighbours)
    (station,) = made.view().stations
    assert (station.state, station.person, station.plan) == ("wait_unit", None, None)
    say(neighbours, station_details={"OP20": {"person": "OP-12", "plan": "CP-1001", "revision": "C"}})
    view = made.view()
    (station,) = view.stations
    assert (station.state, station.person, station.plan) == ("wait_unit", "OP-12", "CP-1001 C")
    page = environment().get_template("_line.html").render(now=T0, view=view, collector="c1")
    assert "OP-12 · CP-1001 C" in page
    assert "allowed although refused" not in page
    say(neighbours, station_details={"OP20": {"overrides": 3}})
    page = environment().get_template("_line.html").render(now=T0, view=made.view(), collector="c1")
    assert "allowed although refused: 3, since its agent started" in page


def test_alarms_of_agents_come_in_their_own_words() -> None:
    made, neighbours = board()
    say(neighbours, alarms=("bore: no answer in 2 s",))
    assert made.view().alarms == (("pc1", "bore: no answer in 2 s"),)


def test_a_value_stands_where_it_lies_against_its_limits() -> None:
    inside, low, high = (limit_bar(measurement(value=text)) for text in ("74.000", "73.000", "80"))
    assert inside is not None
    assert (inside.lower, inside.value, inside.upper) == (25, 50, 75)
    assert low is not None
    assert high is not None
    assert low.value == 2, "far out is at the edge, not off the page"
    assert high.value == 98
    one_sided = msgspec.structs.replace(measurement(), lsl=None)
    bar = limit_bar(one_sided)
    assert bar is not None
    assert bar.lower is None
    assert bar.value < bar.upper  # type: ignore[operator]
    assert limit_bar(msgspec.structs.replace(measurement(), lsl=None, usl=None)) is None


def test_times_are_those_of_the_stations_wall() -> None:
    (one,) = sealed([inspection("SN1")])
    assert local(one.record).endswith(" +01:00")
    assert ago(T0, T0 + 90_000_000) == "1 min"
    assert ago(T0, T0 - 5) == "0 s", "a clock that is behind is no future"


def test_a_template_can_not_print_anything_unescaped() -> None:
    page = environment().from_string("{{ text }}").render(text="<b>\x1b\u202e</b>")
    assert page == "&lt;b&gt;\\x1b\\u202e&lt;/b&gt;"
    assert {str(verdict) for verdict in Verdict} == {"pass", "fail", "incomplete", "void"}
