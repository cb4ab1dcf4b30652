"""Orders from a list, and lots that are split and merged step by step."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from station_floor import BORE, Floor, setup
from test_order_choice import orders
from tests.agent.test_plan_choice import P74B, P74C, P75, station

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.given.orders_here import OrderCount, OrdersHere
from gaugetrail_agent.station.words.effect import CountOrders, TakeOrder, TellEvent
from gaugetrail_agent.station.words.happening import OrdersCounted
from gaugetrail_contract.events.registry import payload_of


def at_bench() -> Floor:
    floor = Floor(setup(BORE))
    floor.scan("OP-12")
    return floor


def at_orders(here: OrdersHere | None = None) -> Floor:
    at = replace(station(P74B, P74C, P75), orders=here or orders(), orders_wanted="offered", operation="OP20")
    floor = Floor(replace(at, badge=re.compile(r"OP-\d+")))
    floor.scan("OP-12")
    return floor


def listed(floor: Floor, done: int = 0) -> None:
    (count,) = floor.scan("%ORDERS")
    assert isinstance(count, CountOrders)
    floor.say(OrdersCounted(tuple(replace(one, count=OrderCount(done)) for one in count.orders), count.count))


def test_the_list_has_the_orders_that_may_be_worked_at_here_the_earliest_due_first() -> None:
    floor = at_orders()
    listed(floor, done=2)
    choices = display(floor.setup, floor.state).document(ENGLISH)["choices"]
    assert isinstance(choices, list)
    assert [one["text"] for one in choices] == [
        "A-1: PR-74 C, 1 of 3 left, due 2026-12-18",
        "A-2: PR-74, 1 of 3 left",
        "A-3: PR-75, 0 of 1 left",
    ]
    (taken,) = floor.scan("A-3")
    assert isinstance(taken, TakeOrder)
    assert taken.work.order.id == "A-3"
    assert floor.state.dialog is None


def test_what_is_no_order_is_refused_as_a_scan_would_be() -> None:
    floor = at_orders()
    listed(floor)
    floor.scan("A-9")
    assert floor.refused[-1].why.id == "document.withdrawn"


def test_without_orders_there_is_no_list() -> None:
    floor = at_bench()
    floor.scan("%ORDERS")
    assert (floor.message, floor.state.dialog) == ("this station works without orders", None)
    floor = at_orders(OrdersHere({}, lambda _: pytest.fail("nothing is read")))
    floor.scan("%ORDERS")
    assert floor.message == "no order of l can be worked at here now"


def test_a_lot_becomes_several_in_one_event_that_names_them_all() -> None:
    floor = at_bench()
    floor.scan("%SPLIT")
    floor.scan("L7")
    floor.scan("%DONE")
    assert floor.message == "scan at least one lot that it becomes, or two that go into it"
    for lot in ("L7A", "L7B", "L7A", "L7"):
        floor.scan(lot)
    assert floor.message == "L7 has been scanned already"
    (told,) = floor.scan("%done")
    assert isinstance(told, TellEvent)
    assert (told.body.type, told.body.subject.id, told.body.by) == ("lot.split", "L7", "OP-12")
    payload = payload_of("lot.split", "lot", told.body.payload)
    assert payload is not None
    assert list(payload.named()) == [("lot", "L7A"), ("lot", "L7B")]


def test_lots_become_one_and_one_alone_is_no_merge() -> None:
    floor = at_bench()
    floor.scan("%MERGE:L9")
    floor.scan("L1")
    floor.scan("%DONE")
    assert floor.state.dialog is not None
    floor.scan("L2")
    (told,) = floor.scan("%DONE")
    assert isinstance(told, TellEvent)
    assert (told.body.subject.id, told.body.payload) == ("L9", {"from": ["L1", "L2"]})


def test_what_is_left_in_the_middle_leaves_all_as_it_was() -> None:
    floor = at_bench()
    floor.scan("%SPLIT:L7")
    floor.scan("L7A")
    assert floor.scan("%CANCEL") == ()
    assert floor.state.dialog is None


def test_lots_are_split_between_two_units() -> None:
    floor = at_bench()
    floor.scan("SN000001")
    floor.scan("%SPLIT:L7")
    assert floor.state.dialog is None
    assert floor.state.unit is not None
