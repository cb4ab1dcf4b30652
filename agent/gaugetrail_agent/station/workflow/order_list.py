"""An order chosen from the list: %ORDERS shows those that may be worked at here with what is left of each, the earliest
due first. Pure, but for the texts of orders, which are looked up where they are kept.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.order_choice import order_named, scanned_order
from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import CountOrders
from gaugetrail_agent.station.words.happening import OrdersCounted, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say

ORDERS = "%ORDERS"
ABOUT_ORDERS = "orders"
MOST_SHOWN = 30
NO_DAY = "9999-12-31"


def orders(setup: Setup, state: StationState, event: Scanned, rest: str) -> Step:
    """The list."""
    if setup.orders is None:
        return say(state, "amber", said("orders.off"))
    if state.unit is not None:
        return say(state, "amber", said("sampling.between_units"))
    found = [one for name in setup.orders.orders if isinstance(one := order_named(setup, name), OrderAtWork)]
    if not found:
        return say(state, "amber", said("orders.none", line=setup.line))
    found.sort(key=lambda one: (one.order.due or NO_DAY, one.order.id))
    return state, (CountOrders(tuple(found[:MOST_SHOWN]), len(found)),)


def orders_counted(setup: Setup, state: StationState, event: OrdersCounted) -> Step:
    """It is known what is left of each."""
    choices = tuple(Choice(one.order.id, _told(one)) for one in event.orders)
    asks = said("orders.which") if event.count <= MOST_SHOWN else said("orders.which_of", shown=str(MOST_SHOWN))
    return replace(state, dialog=Dialog(ABOUT_ORDERS, asks, choices, data=event)), ()


def order_chosen(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """One of them, or any other that is scanned."""
    return scanned_order(setup, replace(state, dialog=None), event, event.text.strip())


def _told(work: OrderAtWork) -> Sentence:
    order = work.order
    part = order.part if order.part_revision is None else f"{order.part} {order.part_revision}"
    left, quantity = str(max(0, order.quantity - work.count.done)), str(order.quantity)
    if order.due is None:
        return said("orders.one", order=order.id, part=part, left=left, quantity=quantity)
    return said("orders.one_due", order=order.id, part=part, left=left, quantity=quantity, day=order.due)
