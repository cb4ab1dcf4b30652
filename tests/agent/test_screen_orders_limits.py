"""What the screen shows of orders and control limits, on paper."""

from __future__ import annotations

from dataclasses import replace

from station_floor import BORE, Floor, setup
from test_control_points import IMR, XBAR, in_force
from test_order_choice import OrderFloor, made_to_order

from gaugetrail_agent.seen.buttons import buttons
from gaugetrail_agent.seen.made import Made, ShiftCount
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import CountOrders
from gaugetrail_agent.station.words.happening import OrdersCounted

NOTHING = Made(ShiftCount("06:00"))


def seen(floor: Floor) -> Snapshot:
    return snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), NOTHING))


def sent(floor: Floor) -> list[str]:
    return [one.sends for one in buttons(floor.setup, floor.state)]


def test_an_order_is_chosen_by_touch_alone() -> None:
    """The list is the station's; one that is chosen shows how much of it is done."""
    floor = OrderFloor(made_to_order(), done=2)
    assert "%ORDERS" in sent(floor)
    assert "%NOORDER" not in sent(floor)
    (listed,) = (one for one in floor.scan("%ORDERS") if isinstance(one, CountOrders))
    floor.say(OrdersCounted(listed.orders, listed.count))  # the runner says how much of each is done
    assert "A-1" in sent(floor)
    assert seen(floor).order is None
    floor.scan("A-1")
    assert seen(floor).order == ("A-1", 2, 3)
    assert "%NOORDER" in sent(floor)


def test_a_station_without_orders_offers_none() -> None:
    floor = Floor(setup(BORE))
    floor.scan("OP-12")
    assert "%ORDERS" not in sent(floor)


def with_limits(text: str) -> Setup:
    return replace(setup(BORE), limits=in_force(text))


def test_control_limits_of_single_values_stand_beside_the_specification() -> None:
    floor = Floor(with_limits(IMR))
    floor.scan("OP-12")
    floor.scan("SN000001")
    wanted = seen(floor).wanted
    assert wanted is not None
    assert (wanted.lcl, wanted.ucl) == ("73.97", "74.03")


def test_limits_of_means_are_not_shown_as_those_of_each_value() -> None:
    floor = Floor(with_limits(XBAR))
    floor.scan("OP-12")
    floor.scan("SN000001")
    wanted = seen(floor).wanted
    assert wanted is not None
    assert (wanted.lcl, wanted.ucl) == (None, None)
