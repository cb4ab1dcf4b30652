"""What time alone changes on the screen: the sampling clock, and the shift of a calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from station_floor import BORE, WEIGHT
from test_sampling import AT_TOOL, EVERY_4, HOURLY, Shift, governed

from gaugetrail_agent.seen.due_signs import DueSign, due_signs
from gaugetrail_agent.seen.following import StationsSeen
from gaugetrail_agent.seen.made import MadeHere
from gaugetrail_agent.seen.snapshot import ShownMoment
from gaugetrail_agent.station.display import display
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.calendar import Calendar

CALENDAR = Calendar.model_validate(
    {
        "id": "CAL-1",
        "time_zone": "Europe/Berlin",
        "shift": [
            {"name": "early", "begins": "06:00", "ends": "14:00"},
            {"name": "late", "begins": "15:00", "ends": "23:00"},
        ],
    }
)


def signs(shift: Shift) -> tuple[DueSign, ...]:
    return due_signs(shift.setup, shift.state, shift.moment)


def us(text: str) -> int:
    """Of a wall clock in Berlin, in winter."""
    return int(datetime.fromisoformat(f"{text}+01:00").timestamp() * 1_000_000)


# --- checks


def test_what_has_never_been_checked_is_due() -> None:
    assert signs(Shift(governed(EVERY_4, HOURLY))) == (DueSign("bore", "amber"), DueSign("weight", "amber"))


def test_a_check_by_units_counts_down_and_one_by_time_too() -> None:
    shift = Shift(governed(EVERY_4.model_copy(update={"sample_size": 1}), HOURLY))
    shift.unit()
    assert signs(shift) == (DueSign("bore", "green", units=3), DueSign("weight", "green", mins=60))
    shift.wait(47.5)
    shift.unit()
    assert signs(shift) == (DueSign("bore", "green", units=2), DueSign("weight", "green", mins=13))


def test_whichever_comes_first_stands_first_and_it_turns_amber_then_red() -> None:
    both = BORE.model_copy(update={"title": "Bore", "every_mins": 60, "late_mins": 10, "every_units": 50})
    shift = Shift(governed(both))
    shift.unit()
    assert signs(shift) == (DueSign("Bore", "green", mins=60, units=49),)
    shift.wait(60)
    assert signs(shift) == (DueSign("Bore", "amber"),)
    shift.wait(11)
    assert signs(shift) == (DueSign("Bore", "red"),)
    shift.unit()
    assert signs(shift)[0].sign == "green"


def test_a_plan_that_measures_each_unit_whole_has_no_clock() -> None:
    assert signs(Shift(governed(HOURLY, sampling="all"))) == ()
    assert signs(Shift(governed(WEIGHT))) == ()


def test_a_check_that_only_an_occasion_asks_for_shows_no_time() -> None:
    shift = Shift(governed(AT_TOOL))
    assert signs(shift) == (DueSign("weight", "amber"),)
    shift.unit()
    assert signs(shift) == ()


def test_time_alone_draws_the_page_anew_when_something_of_it_is_other() -> None:
    """Each minute of a check that draws near, and the turn of a shift; else nothing is drawn."""
    shift = Shift(governed(HOURLY))
    shift.unit()
    clock = FixedClock(shift.now, shift.now * 1000, boot_id="boot 1")

    class Here:
        setup = shift.setup

    drawn: list[ShownMoment] = []
    seen = StationsSeen(("06:00",), {"OP20": Here()}, clock)
    seen.draw.append(lambda _, moment: drawn.append(moment))
    seen.show(display(shift.setup, shift.state))
    seen.time_passes()
    assert len(drawn) == 1
    clock.advance(61)
    seen.time_passes()
    seen.time_passes()
    assert len(drawn) == 2


# --- shifts


def test_a_calendar_says_when_the_shift_began_and_what_it_is_called() -> None:
    """Between two shifts the one before goes on; without a calendar the settings say it."""
    here = MadeHere(("06:00",), UTC, CALENDAR)
    assert here.at(us("2026-11-25T07:00")).shift.since == "early 06:00"
    assert here.at(us("2026-11-25T14:30")).shift.since == "early 06:00"
    assert here.at(us("2026-11-25T15:00")).shift.since == "late 15:00"
    assert replace(here, calendar=None, _since=None).at(us("2026-11-25T15:00")).shift.since == "06:00"


def test_where_nobody_works_by_the_calendar_what_is_made_counts_all_the_same() -> None:
    here = MadeHere(("06:00",), UTC, CALENDAR)
    sunday = us("2026-11-22T12:00")
    assert here.at(sunday).shift.since == "11:00"
    assert here.at(us("2026-11-23T06:00")).shift.since == "early 06:00"
