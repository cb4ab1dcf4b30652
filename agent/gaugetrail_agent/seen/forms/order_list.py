"""The orders that may be worked at: which part each is of, what is left, when it is due."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import OrdersCounted


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order; its code is what a scan would send."""

    code: str
    title: str
    part: str
    revision: str | None
    left: int
    quantity: int
    due: str
    """Empty: on no day."""


@dataclass(frozen=True, slots=True)
class OrdersForm:
    """The earliest due first. `count`: how many there are, of which these are the first."""

    orders: tuple[OrderRow, ...]
    count: int
    parts: tuple[str, ...]
    """Those to choose from; empty where there is but one."""
    kind: str = "orders"


def orders_form(dialog: Dialog) -> OrdersForm | None:
    """Of the list that is open."""
    if not isinstance(dialog.data, OrdersCounted):
        return None
    rows = tuple(map(_row, dialog.data.orders))
    parts = tuple(dict.fromkeys(one.part for one in rows))
    return OrdersForm(rows, dialog.data.count, parts if len(parts) > 1 else ())


def _row(work: OrderAtWork) -> OrderRow:
    order = work.order
    left = max(0, order.quantity - work.count.done)
    return OrderRow(order.id, order.title, order.part, order.part_revision, left, order.quantity, order.due or "")
