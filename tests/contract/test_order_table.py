"""Orders out of a table: each row an order, every fault with its place, and nothing of a table that has one."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugetrail_contract.documents.lists import csv_sheet
from gaugetrail_contract.documents.order import OrderDocument, Requirement
from gaugetrail_contract.documents.order_table import MOST_ORDERS, OF_ORDER, order_table, orders_in
from gaugetrail_contract.documents.tables import Sheet, TableMapping
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_contract.toml_words import read_toml

HEADINGS = ["Order", "Line", "Part Number", "Revision", "Operation", "Quantity", "Customer", "Due", "Lot"]
ROW = ["4711-10", "L1", "PR-74", "C", "OP20", "500", "Contoso", "2026-12-18", "L-48"]


def sheet(*rows: list[str], headings: list[str] = HEADINGS) -> Sheet:
    return Sheet("orders.csv", [["Export of Monday"], headings, *rows])


def faults(*rows: list[str], headings: list[str] = HEADINGS, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        orders_in(sheet(*rows, headings=headings), **more)
    return [str(one) for one in caught.value.problems]


def test_each_row_is_an_order_whatever_stands_above_the_headings() -> None:
    first, second = orders_in(sheet(ROW, ["4711-20", "", "PR-75", "", "", "7", "", "", ""]))
    assert first == OrderDocument(
        id="4711-10",
        line="L1",
        part="PR-74",
        part_revision="C",
        operation="OP20",
        quantity=500,
        customer="Contoso",
        due="2026-12-18",
        lot="L-48",
    )
    assert second == OrderDocument(id="4711-20", part="PR-75", quantity=7)


def test_every_fault_is_told_at_once_with_its_row_and_column() -> None:
    told = faults(
        ROW,
        ["4711-20", "L/1", "PR-74", "C", "OP20", "0", "", "2026-02-30", ""],
        ["4711-30", "L1", "", "C", "OP20", "1,000", "", "18.12.2026", ""],
        ["4711-10", "L1", "PR-74", "C", "OP20", "500", "", "", ""],
        ["", "L1", "PR-74", "C", "OP20", "5", "", "", ""],
        ["a\u0007b", "L1", "PR-74", "C", "OP20", "5", "", "", ""],
    )
    wanted = [
        "orders.csv:4: Line: 'L/1' can't be a name",
        "orders.csv:4: Quantity: '0': must be greater than or equal to 1",
        "orders.csv:4: Due: '2026-02-30' is no day of the calendar",
        "orders.csv:5: Part Number: is required",
        "orders.csv:5: Quantity: '1,000': must be a whole number",
        "orders.csv:5: Due: '18.12.2026': must be a day such as 2026-11-23",
        "orders.csv:6: Order: 4711-10 stands twice: row 3 has it already",
        "orders.csv:7: Order: is required",
        "orders.csv:8: Order: can't be used: it holds the control character U+0007",
    ]
    for one in wanted:
        assert any(line.startswith(one) for line in told), (one, told)
    assert len(told) == len(wanted)


def test_a_table_without_a_needed_column_or_without_a_row_is_told() -> None:
    assert "lacks the column quantity" in faults(ROW[:5], headings=HEADINGS[:5])[0]
    assert "holds no order below its headings" in faults()[0]
    many = [[f"O-{number}", *ROW[1:]] for number in range(MOST_ORDERS + 1)]
    assert "has 2,001 orders; 2,000 are the most of one table" in faults(*many)[0]


def test_an_order_with_several_requirements_has_a_row_for_each() -> None:
    headings = [*HEADINGS, "Requirement", "Source", "Characteristic"]
    first = [*ROW, "every value", "PO 7", "bore_diameter"]
    again = ["4711-10", *[""] * 8, "a certificate", "EN 10204", ""]
    (order,) = orders_in(sheet(first, again, headings=headings))
    assert order.requirement == (
        Requirement(what="every value", source="PO 7", characteristic="bore_diameter"),
        Requirement(what="a certificate", source="EN 10204"),
    )
    assert order == OrderDocument.model_validate(read_toml(toml_text(order)))
    other = ["4711-10", "L2", *[""] * 7, "a certificate", "", ""]
    told = faults(first, other, headings=headings)
    assert "orders.csv:4: Line: 'L2' contradicts row 3, which is the same order's" in told
    assert "orders.csv:4: Source: is required and has no default" in told


def test_what_holds_for_all_is_said_once_and_not_beside_a_column() -> None:
    rows = [one for at, one in enumerate(ROW) if at != 1]
    headings = [one for one in HEADINGS if one != "Line"]
    (order,) = orders_in(sheet(rows, headings=headings), fixed={"line": "L7"})
    assert order.line == "L7"
    assert "keep one" in faults(ROW, fixed={"line": "L7"})[0]
    mapping = TableMapping(columns={"id": "Auftrag", "quantity": "Menge"}, fixed={"part": "PR-1"})
    (order,) = orders_in(Sheet("e.csv", [["Auftrag", "Menge"], ["9", "3"]]), mapping)
    assert (order.id, order.part, order.quantity) == ("9", "PR-1", 3)


def test_a_routing_of_several_steps_is_one_cell() -> None:
    (order,) = orders_in(Sheet("o.csv", [["Order", "Part", "Qty", "Routing"], ["9", "P", "3", "OP10; OP20"]]))
    assert order.routing == ("OP10", "OP20")


@given(st.lists(st.lists(st.text(max_size=12), max_size=9), max_size=6))
def test_any_cells_give_orders_or_faults_and_nothing_else(rows: list[list[str]]) -> None:
    with contextlib.suppress(ConfigError):
        found = orders_in(sheet(*rows))
        assert len({one.id for one in found}) == len(found) > 0


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1, max_size=9)
WHOLE = CELL.filter(lambda text: text == text.strip() and refuse_identifier(text) is None)
REQUIREMENTS = st.builds(Requirement, what=WHOLE, source=WHOLE, characteristic=st.none() | WHOLE)
ORDERS = st.builds(
    OrderDocument,
    id=WHOLE,
    revision=st.none() | WHOLE,
    title=st.just("") | WHOLE,
    line=st.none() | st.just("L1"),
    part=WHOLE,
    part_revision=st.none() | WHOLE,
    routing=st.just(()) | st.just(("OP10", "OP20")),
    quantity=st.integers(1, 1_000_000),
    customer=st.none() | WHOLE,
    due=st.none() | st.just("2026-12-18"),
    lot=st.none() | WHOLE,
    requirement=st.lists(REQUIREMENTS, max_size=3).map(tuple),
)


@settings(max_examples=30)
@given(st.lists(ORDERS, min_size=1, max_size=4, unique_by=lambda one: one.id))
def test_orders_written_as_a_table_read_back_as_the_same(orders: list[OrderDocument]) -> None:
    """Whatever signs they hold, with each key that an order has."""
    assert orders_in(csv_sheet("orders.csv", order_table(orders))) == orders
    assert set(OrderDocument.model_fields) - {"requirement"} == set(OF_ORDER)


def test_an_order_that_a_table_can_not_hold_is_named_and_not_written_otherwise() -> None:
    steps = OrderDocument(id="A", part="P", quantity=1, routing=("OP10;OP11", "OP20"))
    spaced = OrderDocument(id="B", part="P ", quantity=1)
    with pytest.raises(ConfigError) as caught:
        order_table([OrderDocument(id="C", part="P", quantity=1), steps, spaced])
    assert [one.key for one in caught.value.problems] == ["A", "B"]
    assert "document show --text prints this one" in caught.value.problems[0].message
