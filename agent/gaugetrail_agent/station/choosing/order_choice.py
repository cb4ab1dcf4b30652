"""Which order a scan is, which plan it asks for, and which units are of it. Pure.

Promise: a station works at an order of its line that is in force, or it is refused with what is wrong and what to do. A
unit under an order has the order's part and revision, whatever its code leaves out, and its plan; one whose code says
another part, revision or order is refused. An order whose quantity is reached is told, or refused by setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.plan_choice import plan_for
from gaugetrail_agent.station.choosing.unit_code import elements_of
from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import KeepOrder, TakeOrder
from gaugetrail_agent.station.words.happening import OrderTaken, Scanned
from gaugetrail_agent.station.words.notice import Light
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.text import refuse_identifier, visible

NO_ORDER = "%NOORDER"
"""Scanned or typed: no order is worked at any more."""
ORDER_ELEMENTS = ("W", "K", "400")
"""What names an order in a structured code: MH10.8.2's work order and customer's order, GS1's customer's order."""
NO_PLAN_HERE = frozenset({"plan.no_plan", "plan.other_revision", "unit.other_part"})
OF_A_UNIT = ("S", "21")
"""A code that holds a serial is a unit's, whatever order it names."""


def order_code(setup: Setup, event: Scanned) -> str | None:
    """The order that a code names; null where it is none of an order, or orders are nothing to this station."""
    if setup.orders is None:
        return None
    if setup.order_code is not None:
        match = setup.order_code.fullmatch(event.text)
        return None if match is None else match.groupdict().get("order") or event.text
    found = dict(elements_of(setup, event))
    if any(found.get(name) for name in OF_A_UNIT):
        return None
    return next((found[name] for name in ORDER_ELEMENTS if found.get(name)), None)


def order_named(setup: Setup, name: str) -> OrderAtWork | Sentence:
    """The order of that name, with a plan of this station for its part; or why nobody may work at it here."""
    if (reason := refuse_identifier(name)) is not None:
        return said("order.unusable", order=visible(name)[:60], reason=reason)
    if setup.orders is None or setup.orders.read is None or name not in setup.orders.orders:
        return said("order.unknown", order=name, line=setup.line)
    edition = setup.orders.orders[name]
    if isinstance(edition, Sentence):
        return edition
    order = setup.orders.read(edition)
    if isinstance(order, Sentence):
        return order
    if not order.includes(setup.operation):
        operations = ", ".join(order.operations)
        return said("order.other_operation", order=name, operations=operations, operation=setup.operation or "")
    plan = plan_for(setup, _part_of(order))
    if isinstance(plan, Sentence) and plan.id in NO_PLAN_HERE:
        return plan
    return OrderAtWork(order, edition)  # what else keeps its units from being taken is said of each of them


def scanned_order(setup: Setup, state: StationState, event: Scanned, name: str) -> Step:
    """Somebody who is logged on has scanned an order, and no unit is in hand."""
    found = order_named(setup, name)
    if isinstance(found, Sentence):
        return say(state, "red", found)
    return state, (TakeOrder(found, event),)


def order_taken(setup: Setup, state: StationState, event: OrderTaken) -> Step:
    """It is known how much of it is done."""
    work = event.work
    if work.is_full and setup.on_full_order == "refuse":
        return say(state, "red", _full(work))
    light: Light = "amber" if work.is_full else "off"
    return replace(state, order=work, light=light, says=_told(work)), (KeepOrder(work.order.id),)


def no_order(state: StationState) -> Step:
    """The station works at none any more."""
    return replace(state, order=None, light="off", says=said("order.none")), (KeepOrder(None),)


def under_order(
    setup: Setup, state: StationState, ids: Mapping[str, str]
) -> tuple[OrderAtWork | None, Mapping[str, str]] | Sentence:
    """The order that a unit is of, as it stands, and what is known of the unit with it; or why it isn't taken."""
    if setup.orders is None:
        return None, ids
    if state.order is None:
        return said("order.first") if setup.orders_wanted == "required" else (None, ids)
    now = order_named(setup, state.order.order.id)
    if isinstance(now, Sentence):
        return now
    now = replace(now, count=state.order.count)
    if now.is_full and setup.on_full_order == "refuse":
        return _full(now)
    return _why_not_of(now.order, ids) or (now, {**_of_order(now.order), **ids})


def named_order(
    setup: Setup, state: StationState, ids: Mapping[str, str]
) -> tuple[OrderAtWork | None, Mapping[str, str]] | Sentence:
    """The same of a part whose PLC names its order. How much is done is known of the order that was named before."""
    if setup.orders is None:
        return None, ids
    if "order" not in ids:
        return said("order.first") if setup.orders_wanted == "required" else (None, ids)
    now = order_named(setup, ids["order"])
    if isinstance(now, Sentence):
        return now
    if state.order is not None and state.order.order.id == now.order.id:
        now = replace(now, count=state.order.count)
    return _why_not_of(now.order, ids) or (now, {**_of_order(now.order), **ids})


def _why_not_of(order: OrderDocument, ids: Mapping[str, str]) -> Sentence | None:
    """Why a unit is none of the order, as far as its code says."""
    own, part, revision = ids.get("order", order.id), ids.get("part", order.part), ids.get("revision")
    if own != order.id:
        return said("order.other_order", own=own, order=order.id)
    if part != order.part:
        return said("order.other_part", part=part, order=order.id, ordered=order.part)
    if revision is not None and order.part_revision not in (None, revision):
        ordered = order.part_revision or ""
        return said("order.other_revision", part=part, revision=revision, order=order.id, ordered=ordered)
    return None


def more_than_ordered(work: OrderAtWork) -> Sentence | None:
    """What is said of a unit beyond the quantity."""
    if not work.is_full:
        return None
    return said("order.more", order=work.order.id, quantity=str(work.order.quantity))


def as_told(work: OrderAtWork | None) -> dict[str, object] | None:
    """The order for terminals and whoever reads the station's display."""
    if work is None:
        return None
    order = work.order
    return {
        "id": order.id,
        "edition": work.edition.edition,
        "part": order.part,
        "part_revision": order.part_revision,
        "done": work.count.done,
        "quantity": order.quantity,
        "due": order.due,
        "customer": order.customer,
    }


def _of_order(order: OrderDocument) -> dict[str, str]:
    ids = {"order": order.id, **_part_of(order)}
    return ids if order.lot is None else {**ids, "lot": order.lot}


def _part_of(order: OrderDocument) -> dict[str, str]:
    ids = {"part": order.part}
    return ids if order.part_revision is None else {**ids, "revision": order.part_revision}


def _told(work: OrderAtWork) -> Sentence:
    order, part = work.order, _part(work.order)
    if work.is_full:
        done, quantity = str(work.count.done), str(order.quantity)
        return said("order.taken_full", order=order.id, done=done, quantity=quantity)
    says = said("order.taken", order=order.id, part=part, done=str(work.count.done), quantity=str(order.quantity))
    return says if order.due is None else said("order.due", order=says, day=order.due)


def _full(work: OrderAtWork) -> Sentence:
    return said("order.full", order=work.order.id, done=str(work.count.done), quantity=str(work.order.quantity))


def _part(order: OrderDocument) -> str:
    return order.part if order.part_revision is None else f"{order.part} {order.part_revision}"
