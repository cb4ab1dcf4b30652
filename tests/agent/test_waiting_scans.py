"""Scans made while the record of the part before is on its way: taken in their turn, or refused with a sentence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from station_floor import LOOKS, Floor, measured_unit, setup

from gaugetrail_agent.station.words.happening import NextScan, NotRecorded, Recorded, TryAgain
from gaugetrail_contract.record import Verdict


def recorded(floor: Floor) -> None:
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))


def in_hand(floor: Floor) -> str | None:
    return None if floor.state.unit is None else floor.state.unit.serial


def test_the_next_unit_waits_with_a_sentence_and_is_in_hand_once_the_record_is_in_the_spool() -> None:
    floor = measured_unit()
    assert floor.scan("]C0SN000002\r") == ()
    assert (floor.state.light, floor.message) == ("off", "SN000002 waits until SN000001 is recorded")
    scanned_us = floor.now
    recorded(floor)
    assert in_hand(floor) == "SN000002"
    assert floor.state.unit is not None
    assert floor.state.unit.started_us == scanned_us, "by the moment of its scan"
    assert floor.state.last is not None
    assert (floor.state.last.serial, floor.state.then) == ("SN000001", ())


def test_several_wait_in_their_order_and_each_is_a_step_of_its_own() -> None:
    floor = measured_unit(at=setup())
    floor.setup = setup(LOOKS)
    for text in ("SN000002", "%OK"):
        floor.scan(text)
    recorded(floor)
    assert in_hand(floor) == "SN000002"
    assert [event.text for event in floor.state.then] == ["%OK"]
    floor.say(NextScan())
    assert floor.state.sealing is not None
    assert (floor.sealed().serial, floor.sealed().measurements[0].result) == ("SN000002", "ok")
    assert floor.say(NextScan()) == (), "nothing waits"


def test_a_scan_behind_the_one_that_seals_waits_on() -> None:
    floor = measured_unit()
    for text in ("SN000002", "%CANCEL", "SN000003"):
        floor.scan(text)
    recorded(floor)
    floor.say(NextScan())
    before = floor.state
    assert before.sealing is not None
    assert floor.say(NextScan()) == ()
    assert floor.state == before
    assert [event.text for event in floor.state.then] == ["SN000003"]


def test_the_unit_that_is_being_recorded_stays_what_it_is_when_it_is_scanned_again() -> None:
    floor = measured_unit()
    floor.scan("SN000001")
    assert (floor.state.then, floor.message) == ((), "SN000001 is being recorded already")
    of_a_lot = measured_unit(at=replace(setup(), unit=re.compile("(?P<lot>SN.*)")))
    of_a_lot.scan("SN000001")
    assert len(of_a_lot.state.then) == 1, "the next of the lot has the same code"


def test_no_read_and_too_many_are_answered() -> None:
    floor = measured_unit()
    floor.scan("ERROR")
    assert "the reader read nothing" in floor.message
    for number in range(2, 10):
        floor.scan(f"SN{number:06d}")
    assert floor.message == "SN000009 waits until SN000001 is recorded"
    floor.scan("SN000010")
    assert floor.message == "SN000010 is not taken: others wait until SN000001 is recorded; scan it after them"
    assert len(floor.state.then) == 8


@pytest.mark.parametrize("first", ["scan", "refusal"])
def test_while_the_spool_refuses_no_scan_is_taken_and_each_is_named_until_the_end(first: str) -> None:
    """It may last hours: a unit that opened by itself then would be somebody's, who has another part in hand."""
    floor = measured_unit()
    if first == "scan":
        floor.scan("SN000002")
    floor.say(NotRecorded("the disk is full"))
    if first == "refusal":
        floor.scan("SN000002")
    told = (
        "NOT RECORDED: the disk is full. Hold the part; trying again. "
        "Not taken: SN000002; scan it again once this part is recorded"
    )
    assert (floor.state.light, floor.message) == ("red", told)
    floor.say(TryAgain())
    floor.say(NotRecorded("the disk is full"))
    assert floor.message == told
    floor.scan("SN000003")
    floor.scan("SN000003")
    assert "Not taken: SN000002, SN000003; scan" in floor.message
    recorded(floor)
    assert floor.message == "SN000001 pass, recorded. Not taken meanwhile: SN000002, SN000003; scan it again"
    assert (in_hand(floor), floor.state.then, floor.state.light) == (None, (), "green")
