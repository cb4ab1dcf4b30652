"""Orders out of a table and back: a row for each order, as an ERP or a spreadsheet gives them.

Promise: a table is understood whole, or every fault is named with its row and column and no order comes of it. An order
with several requirements has a row for each; what the rows say of the order itself says the first, and the others say
the same or nothing. A table written of orders reads back as the same; one that a table can't hold is named. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gaugetrail_contract.documents.lists import csv_sheet, csv_text
from gaugetrail_contract.documents.order import OrderDocument, Requirement
from gaugetrail_contract.documents.tables import (
    Column,
    FoundRows,
    Sheet,
    SheetRow,
    TableMapping,
    at_most,
    build,
    made_of,
    rows_of,
)
from gaugetrail_contract.settings import ConfigError, Problem
from gaugetrail_contract.text import refuse_identifier

ORDER_COLUMNS = (
    Column("id", ("order", "order number", "order no", "id"), required=True),
    Column("revision", ("order revision", "document revision")),
    Column("title", ("title", "description")),
    Column("line", ("line",)),
    Column("part", ("part", "part number", "part no", "material"), required=True),
    Column("part_revision", ("part revision", "part_revision", "revision")),
    Column("operation", ("operation",)),
    Column("routing", ("routing",), many=True),
    Column("quantity", ("quantity", "qty"), required=True),
    Column("customer", ("customer",)),
    Column("due", ("due", "due date")),
    Column("lot", ("lot", "batch")),
    Column("what", ("requirement",)),
    Column("source", ("requirement source", "source")),
    Column("characteristic", ("requirement characteristic", "characteristic")),
)
OF_REQUIREMENT = ("what", "source", "characteristic")
OF_ORDER = tuple(one.key for one in ORDER_COLUMNS if one.key not in OF_REQUIREMENT)
MOST_ORDERS = 2_000
"""Of one table."""


def orders_in(
    sheet: Sheet, mapping: TableMapping | None = None, fixed: Mapping[str, str] | None = None
) -> list[OrderDocument]:
    """The orders of a table. `fixed`: what holds for all of them. Raises `ConfigError` with every fault."""
    mapping = mapping or TableMapping()
    mapping = mapping.model_copy(update={"fixed": {**mapping.fixed, **(fixed or {})}})
    found, problems = rows_of(sheet, ORDER_COLUMNS, mapping)
    if not problems:
        orders, problems = _orders(found)
        if not found.rows:
            problems = [Problem(sheet.file, "", "holds no order below its headings", sheet.number(0))]
        elif len(orders) > MOST_ORDERS:
            problems = [
                Problem(sheet.file, "", f"has {len(orders):,} orders; {MOST_ORDERS:,} are the most of one table")
            ]
        if not problems:
            return orders
    raise ConfigError(at_most(problems, sheet.file))


def _orders(found: FoundRows) -> tuple[list[OrderDocument], list[Problem]]:
    problems = list(_unusable(found))
    first: dict[str, SheetRow] = {}
    of: dict[str, list[Requirement]] = {}
    for row in found.rows:
        order = row.cells.get("id", "")
        before = first.setdefault(order, row)
        problems += _contradictions(found, before, row)
        data: dict[str, Any] = {key: row.cells[key] for key in OF_REQUIREMENT if key in row.cells}
        if data:
            made, faults = made_of(Requirement, data, found, row.number)
            problems += faults
            of.setdefault(order, []).extend(() if made is None else (made,))
        elif before is not row and order:
            problems.append(
                found.problem(row.number, "id", f"{order} stands twice: row {before.number} has it already")
            )
    alone = FoundRows(found.file, tuple(first.values()), found.headings, faults=found.faults)
    built = build(OrderDocument, alone, ORDER_COLUMNS, only=OF_ORDER)
    orders = [one.model_copy(update={"requirement": tuple(of.get(one.id, ()))}) for _, one in built.items]
    return orders, [*problems, *built.problems]


def _unusable(found: FoundRows) -> Iterator[Problem]:
    """Before pydantic's own words: why it can't be an order's number."""
    for row in found.rows:
        reason = refuse_identifier(row.cells["id"]) if "id" in row.cells else None
        if reason is not None:
            yield found.problem(row.number, "id", f"can't be used: {reason}")


def _contradictions(found: FoundRows, before: SheetRow, row: SheetRow) -> Iterator[Problem]:
    if row is before or "id" not in row.cells:
        return
    for key in OF_ORDER[1:]:
        text = row.cells.get(key)
        if text is not None and text != before.cells.get(key):
            yield found.problem(row.number, key, f"{text!r} contradicts row {before.number}, which is the same order's")


# --- into a table


def order_table(orders: Sequence[OrderDocument]) -> str:
    """The orders as CSV, with every column that we know. Raises `ConfigError` with each that a table can't hold."""
    tables = [csv_text(ORDER_COLUMNS, list(_rows_of(one))) for one in orders]
    lost = [one.id for one, table in zip(orders, tables, strict=True) if not _reads_back(one, table)]
    if lost:
        what = (
            "would not read back from a table as it is (a space at the end of a text, say, or a ; in a step of "
            "routing): export the others; document show --text prints this one"
        )
        raise ConfigError(at_most([Problem("order", name, what) for name in lost], "order"))
    return csv_text(ORDER_COLUMNS, [row for one in orders for row in _rows_of(one)])


def _rows_of(order: OrderDocument) -> Iterator[dict[str, Any]]:
    """Further requirements stand below, with nothing but the order's number."""
    said = order.model_dump(mode="json", exclude={"requirement"})
    asked = [one.model_dump(mode="json") for one in order.requirement] or [{}]
    for row, one in enumerate(asked):
        yield {**(said if row == 0 else {"id": order.id}), **one}


def _reads_back(order: OrderDocument, table: str) -> bool:
    try:
        return orders_in(csv_sheet(order.id, table)) == [order]
    except ConfigError:
        return False
