"""What the workflow does of itself where a PLC offers the parts: first pieces, samples, rework, masters, one commit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from spool_bodies import events, inspections, spool
from station_floor import FORCE, Floor, block, setup
from station_lives import recorded, ticked
from test_gauge_checks import FORCED, checked
from test_order_choice import orders
from test_station_runner import Running

from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.keeping.sealing import answer_to
from gaugetrail_agent.station.memory import Moment, memory_key
from gaugetrail_agent.station.memory.held import HeldUnits, KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import BatchCame, Woke
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Reason
from gaugetrail_contract.record.parts import UnitState


def pressing(characteristic: dict[str, Any] | None = None, **plan: object) -> Setup:
    """An automatic station whose plan says this, too."""
    at = setup(FORCE.model_copy(update=characteristic or {}), mode="automatic")
    return replace(at, plan=replace(at.plan, file=at.plan.file.model_copy(update=plan)))


def at_work(at: Setup) -> Floor:
    floor = Floor(at)
    floor.say(Woke(Moment(floor.now, floor.now * 1000, "boot")))
    return floor


def pressed(floor: Floor, serial: str, force: str = "15") -> Floor:
    """A part from its block to its record, at the floor's own time."""
    at, came = floor.tick(), block(serial, force)
    times = tuple(at["at_us"] + number for number in range(len(came.readings)))
    floor.say(replace(came, times_us=times, mono_ns=at["mono_ns"]))
    recorded(floor)
    return floor


def test_parts_are_first_pieces_until_one_has_passed() -> None:
    floor = at_work(pressing(first_piece="operator"))
    parts = (("1", "30"), ("2", "15"), ("3", "15"))
    reasons = [pressed(floor, serial, force).sealed().reason for serial, force in parts]
    assert reasons == [Reason.FIRST, Reason.FIRST, Reason.RUNNING]


def test_every_part_is_measured_and_samples_follow_one_another_without_a_gap() -> None:
    """A block is measured whole, so a frequency leaves nothing out."""
    floor = at_work(pressing({"every_units": 5, "sample_size": 2}, sampling="by_frequency"))
    places = []
    for serial in "12345":
        (one,) = pressed(floor, serial).sealed().measurements
        assert one.value == "15"
        places.append((one.subgroup.position, one.subgroup.size) if one.subgroup else None)
    assert places == [(1, 2), (2, 2), (1, 2), (2, 2), (1, 2)]


def test_a_check_by_time_goes_by_the_part_that_was_measured_last() -> None:
    floor = at_work(pressing({"every_mins": 10, "sample_size": 1}, sampling="by_frequency"))
    pressed(floor, "1")
    ticked(floor, 60)
    assert floor.state.notices == {}
    ticked(floor, 600)
    assert floor.state.notices["check force"].says.id == "notice.check_due"
    pressed(floor, "2")
    ticked(floor, 1)
    assert floor.state.notices == {}


def test_what_is_in_rework_here_is_measured_as_that() -> None:
    floor = at_work(pressing())
    word = KnownState("serial", "1", "rework", "burr", "2026-01-01T00:00:00.000000Z")
    floor.state = replace(
        floor.state, memory=msgspec.structs.replace(floor.state.memory, held=HeldUnits().told([word]))
    )
    body = pressed(floor, "1").sealed()
    assert (body.reason, body.again_reason, body.unit_state) == (Reason.REWORK, "burr", UnitState.REWORK)
    assert floor.state.memory.held.known == ()


# --- orders that the PLC names


def ordering(wanted: str = "required") -> Setup:
    at = setup(FORCE, mode="automatic")
    return replace(at, orders=orders(), orders_wanted=wanted, order_channel="order", operation="OP20")


def ordered(serial: str, order: str | None) -> BatchCame:
    """A good part's block; null: it has no value for the order."""
    came = block(serial, "15")
    if order is None:
        return came
    named = replace(came.readings[1], channel="order", text=order)
    return replace(came, readings=(*came.readings, named), times_us=(*came.times_us, came.times_us[-1] + 1))


def test_a_part_under_an_order_that_its_plc_names_is_recorded_under_it() -> None:
    floor = at_work(ordering())
    floor.say(ordered("1", "A-1"))
    body = floor.sealed()
    assert (body.order, body.part, body.revision, body.customer) == ("A-1", "PR-74", "C", "Contoso")


@pytest.mark.parametrize(
    ("order", "why"),
    [("", "order.first"), ("A-0", "order.unknown"), ("A-5", "order.other_operation"), ("A-3", "unit.other_part")],
)
def test_a_part_whose_order_is_none_of_this_station_is_rejected(order: str, why: str) -> None:
    floor = at_work(ordering())
    (sealing,) = [one for one in floor.say(ordered("1", order)) if isinstance(one, SealIt)]
    assert (sealing.body.KIND, answer_to(sealing)) == ("event", ResultCode.REJECTED)
    assert floor.refused[-1].why.id == why


def test_where_orders_are_offered_a_part_may_be_of_none() -> None:
    floor = at_work(ordering("offered"))
    floor.say(ordered("1", ""))
    assert floor.sealed().order is None
    assert floor.state.order is None


def test_a_block_without_the_value_of_the_order_is_rejected() -> None:
    floor = at_work(ordering("offered"))
    (sealing,) = [one for one in floor.say(ordered("1", None)) if isinstance(one, SealIt)]
    assert sealing.body.payload["reason"] == "the order can't be used: the block has no channel order"


# --- with a real spool


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_a_plc_waits_for_one_commit_also_where_much_is_remembered(one: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its part changes is committed with its record, and by nothing before it."""
    kept: list[str] = []
    remember = one.remember_all
    monkeypatch.setattr(one, "remember_all", lambda values: kept.extend(values) or remember(values))
    at = Running(pressing(first_piece="operator"), one)
    at.shift(at.offer(7, "1", "15"), at.offer(8, "2", "15"))
    assert [code for _, _, code, *_ in at.told] == [ResultCode.STORED_PASS, ResultCode.STORED_PASS]
    assert [record.reason for record in inspections(one)] == [Reason.FIRST, Reason.RUNNING]
    assert memory_key("OP20") not in kept
    again = Running(pressing(first_piece="operator"), one)
    again.shift(again.offer(9, "3", "15"))
    assert inspections(one)[-1].reason is Reason.RUNNING


def test_a_masters_answer_is_on_the_disk_with_its_check(one: Spool) -> None:
    at = Running(checked(FORCED, setup(FORCE, mode="automatic")), one)
    at.shift(at.offer(7, "M-15", "15.0"), at.offer(8, "1", "15.0"), at.offer(9, "M-15", "16.0"))
    assert [(trigger, code, remembered) for _, trigger, code, _, remembered in at.told] == [
        (7, ResultCode.MASTER_PASS, "6"),
        (8, ResultCode.STORED_PASS, "1"),
        (9, ResultCode.MASTER_FAIL, "7"),
    ]
    kinds = [event.type for event in events(one)]
    assert kinds[:2] == ["gauge.checked", "gauge.checked"]
    assert set(kinds[2:]) == {"gauge.state", "suspect.window", "unit.state"}
    (measured,) = inspections(one)[-1].measurements
    assert measured.gauge_check == f"pc1/{one.epoch}/1"


def test_a_master_that_the_spool_does_not_take_is_not_ready_and_was_no_check(
    one: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Running(checked(FORCED, setup(FORCE, mode="automatic")), one)

    def full(*_: object) -> Future[object]:
        refused: Future[object] = Future()
        refused.set_exception(SpoolFull("as many records wait as may"))
        return refused

    with monkeypatch.context() as patched:
        patched.setattr(one, "append", full)
        at.shift(at.offer(7, "M-15", "16.0"))
    assert [code for _, _, code, *_ in at.told] == [ResultCode.NOT_READY]
    assert at.runner.state.memory.gauge_checks.blocked == {}
    at.shift(at.offer(7, "M-15", "16.0"))
    assert [code for _, _, code, *_ in at.told] == [ResultCode.NOT_READY, ResultCode.MASTER_FAIL]
    assert list(at.runner.state.memory.gauge_checks.blocked) == ["G-19"]


def test_parts_count_for_the_order_that_their_plc_names_also_after_a_restart(one: Spool) -> None:
    def life(*parts: tuple[str, str]) -> Running:
        at = Running(ordering(), one)
        blocks = [ordered(serial, order) for serial, order in parts]
        first = len(inspections(one)) + 1
        at.shift(
            *(
                lambda number=number, came=came: at.runner.offered("press", Batch(came.readings, number))
                for number, came in enumerate(blocks, first)
            )
        )
        return at

    at = life(("1", "A-1"), ("2", "A-1"), ("3", "A-2"))
    assert at.runner.state.order is not None
    assert (at.runner.state.order.order.id, at.runner.state.order.count.done) == ("A-2", 1)
    again = life(("4", "A-1"))
    assert again.runner.state.order is not None
    assert (again.runner.state.order.order.id, again.runner.state.order.count.done) == ("A-1", 3)
    assert again.runner.state.order.is_full
