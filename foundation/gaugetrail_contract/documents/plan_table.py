"""A control plan out of a table: the columns of AIAG's control plan form, and our own beside them.

Promise: each row is one characteristic; every fault is named with its row and column; a table with a fault gives no
plan. What the form holds for a whole block of rows (process number, operation) stands in the block's first row, as
merged cells do, and holds until the next. A table of several operations is a plan for each, named after it. A
specification is read into limits (`specification`); beside it limits may stand in columns of their own, and then they
count. What is said once for the whole plan (id, revision, part …) is found above the table or given beside it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gaugetrail_contract.documents.lists import csv_text
from gaugetrail_contract.documents.plan import Characteristic, PlanFile
from gaugetrail_contract.documents.plan_faults import plan_faults
from gaugetrail_contract.documents.specification import BadCell, frequency_of, sample_of, tolerance_of
from gaugetrail_contract.documents.tables import (
    Column,
    FoundRows,
    Sheet,
    SheetRow,
    TableMapping,
    at_most,
    made_of,
    plain_heading,
    rows_of,
)
from gaugetrail_contract.settings import ConfigError, Problem

COLUMNS = (
    Column("process", ("part/process number", "process number", "process no")),
    Column(
        "operation",
        (
            "process name/operation description",
            "operation",
            "operation description",
        ),
    ),
    Column("number", ("no", "number", "characteristic no", "char no")),
    Column("product", ("product", "product characteristic", "characteristic", "name")),
    Column("process_characteristic", ("process", "process characteristic")),
    Column("class", ("special char. class", "special char class", "special characteristic class", "class", "special")),
    Column(
        "specification",
        (
            "product/process specification/tolerance",
            "specification/tolerance",
            "specification",
            "tolerance",
        ),
    ),
    Column(
        "gauge_kind",
        ("evaluation/measurement technique", "gauge kind", "gauge_kind"),
    ),
    Column("sample_size", ("size", "sample size", "sample_size")),
    Column("frequency", ("freq", "frequency", "sample frequency", "sample freq")),
    Column("method", ("control method", "method")),
    Column("reaction", ("reaction plan", "reaction")),
    Column("owner", ("owner", "responsibility", "owner/responsibility", "responsible")),
    Column("name", ("our name", "record name")),
    Column("title", ("title",)),
    Column("balloon", ("balloon",)),
    Column("kind", ("kind",)),
    Column("unit", ("unit",)),
    Column("nominal", ("nominal",), number=True),
    Column("lsl", ("lsl", "lower limit"), number=True),
    Column("usl", ("usl", "upper limit"), number=True),
    Column("lsl_kind", ("lsl_kind",)),
    Column("usl_kind", ("usl_kind",)),
    Column("requirement", ("requirement", "source")),
    Column("plausible_low", ("plausible_low",), number=True),
    Column("plausible_high", ("plausible_high",), number=True),
    Column("decimals", ("decimals",)),
    Column("formula", ("formula",)),
    Column("resolution", ("resolution",), number=True),
    Column("instruction", ("instruction", "work instruction")),
)
CARRIED = ("process", "operation")
"""Merged over a block of rows in the form."""
HEAD = {
    "control plan number": "id",
    "control plan no": "id",
    "control plan revision": "revision",
    "revision": "revision",
    "part number": "part",
    "part number/latest change level": "part",
    "part revision": "part_revision",
    "latest change level": "part_revision",
    "part name/description": "title",
    "part name": "title",
    "approved by": "approved_by",
    "approved on": "approved_on",
}
"""What stands above the form's table, and whose value stands behind a colon or in the next cell."""
SAME = tuple(key for key in Characteristic.model_fields if key not in ("class_", "sample_size", "at"))
"""Columns that are a characteristic's keys as they are."""


def plans_in(
    sheet: Sheet, mapping: TableMapping | None = None, head: Mapping[str, str] | None = None
) -> list[PlanFile]:
    """Every plan of a table, or none: raises `ConfigError` with every fault. `head`: what holds for the whole plan."""
    found, problems = rows_of(sheet, COLUMNS, mapping)
    if not problems and not {"product", "name"} & found.headings.keys():
        problems = [Problem(sheet.file, "", "lacks the column Product: what is measured", sheet.number(0))]
    if not problems and not found.rows:
        problems = [Problem(sheet.file, "", "has headings and no rows below them")]
    if problems:
        raise ConfigError(problems)
    rows = tuple(_carried(found.rows))
    told = {**_above(found.above), **(head or {})}
    found = replace(found, rows=rows)
    problems = list(found.faults)
    characteristics = []
    for row in rows:
        made, faults = _characteristic(found, row)
        problems += faults
        characteristics.append((row, made))
    problems += _twice(found, rows)
    plans, faults = _plans(found, characteristics, told)
    problems += faults
    if problems:
        raise ConfigError(at_most(problems, sheet.file))
    return plans


def _carried(rows: Sequence[SheetRow]) -> Iterator[SheetRow]:
    before: dict[str, str] = {}
    for row in rows:
        if "process" in row.cells and "operation" not in row.cells:
            before.pop("operation", None)  # a new block without a name has none
        before |= {key: row.cells[key] for key in CARRIED if key in row.cells}
        yield SheetRow(row.number, {**before, **row.cells})


def _above(above: Sequence[SheetRow]) -> dict[str, str]:
    told: dict[str, str] = {}
    for row in above:
        cells = [row.cells[key] for key in sorted(row.cells, key=int)]
        for place, cell in enumerate(cells):
            label, colon, rest = cell.partition(":")
            key = HEAD.get(plain_heading(label))
            behind = cells[place + 1] if place + 1 < len(cells) else ""
            value = rest.strip() if colon and rest.strip() else behind
            if key is not None and value and plain_heading(value.partition(":")[0]) not in HEAD:
                told.setdefault(key, value)
    return told


def _characteristic(found: FoundRows, row: SheetRow) -> tuple[Characteristic | None, list[Problem]]:
    data: dict[str, Any] = {key: row.cells[key] for key in SAME if key in row.cells}
    if "class" in row.cells:
        data["class"] = row.cells["class"]
    named = row.cells.get("name") or row.cells.get("product") or row.cells.get("process_characteristic")
    problems = []
    if named is None:
        key = "product" if "product" in found.headings else "name"
        problems.append(found.problem(row.number, key, "is empty: what is measured?"))
    data["name"] = named or f"row {row.number}"
    for key in ("specification", "frequency", "sample_size"):
        if key in row.cells:
            try:
                data |= _said(key, row.cells[key], data)
            except BadCell as error:
                problems.append(found.problem(row.number, key, f"{row.cells[key]!r} {error}"))
                data.setdefault("capture", "typed")
    if "kind" not in data and not {"lsl", "usl", "nominal", "formula"} & data.keys() and not problems:
        data["kind"] = "attribute"
    made, faults = made_of(Characteristic, data, _with_own_headings(found), row.number)
    return made, [*problems, *faults]


def _said(key: str, text: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a cell says in the characteristic's keys; limits that stand in columns of their own count."""
    match key:
        case "specification":
            tolerance = tolerance_of(text)
            if tolerance is None:
                return {} if "title" in data else {"title": f"{data['name']}: {text}"}
            found = {name: getattr(tolerance, name) for name in ("nominal", "lsl", "usl", "unit")}
            return {name: value for name, value in found.items() if value is not None and name not in data}
        case "frequency":
            often = frequency_of(text)
            found = {"every_units": often.every_units, "every_mins": often.every_mins, "at": often.at}
            return {name: value for name, value in found.items() if value}
        case _:
            size = sample_of(text)
            return {"every_units": 1} if size is None else {"sample_size": size}


def _with_own_headings(found: FoundRows) -> FoundRows:
    """Where a characteristic's key came out of another column."""
    headings = dict(found.headings)
    for column, keys in (
        ("specification", ("lsl", "usl", "nominal", "unit")),
        ("product", ("name",)),
        ("frequency", ("every_units", "every_mins", "at")),
    ):
        if column in headings:
            headings = {**dict.fromkeys(keys, headings[column]), **headings}
    return replace(found, headings=headings)


def _twice(found: FoundRows, rows: Sequence[SheetRow]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        name = row.cells.get("name") or row.cells.get("product") or ""
        first = seen.setdefault((row.cells.get("operation", ""), name), row.number)
        if name and first != row.number:
            key = "name" if "name" in row.cells else "product"
            yield found.problem(row.number, key, f"{name} stands twice in its operation: row {first} has it already")


def _plans(
    found: FoundRows, characteristics: Sequence[tuple[SheetRow, Characteristic | None]], head: Mapping[str, str]
) -> tuple[list[PlanFile], list[Problem]]:
    """A plan for each operation, in the table's order."""
    blocks: dict[str, list[tuple[SheetRow, Characteristic]]] = {}
    for row, made in characteristics:
        block = blocks.setdefault(row.cells.get("operation", ""), [])
        if made is not None:
            block.append((row, made))
    plans, problems = [], []
    for operation, block in blocks.items():
        if not block:
            continue  # each of its rows has a fault of its own
        first = block[0][0]
        data: dict[str, Any] = {**head, "characteristic": [made for _, made in block]}
        if operation:
            data["operation"] = operation
        if "process" in first.cells:
            data["process"] = first.cells["process"]
        if len(blocks) > 1 and "id" in data:
            data["id"] = f"{data['id']}-{operation or 'rest'}"
        names = {made.name for _, made in block}
        if len(names) < len(block):
            continue  # told with both rows
        made_plan, faults = made_of(PlanFile, data, replace(found, headings={}), first.number)
        problems += [replace(one, line=None, message=f"{one.message}; give it beside the table") for one in faults]
        if made_plan is not None:
            plans.append(made_plan)
            problems += _of_the_whole(found, made_plan, block)
    by_text = {str(one): one for one in problems}  # what the head lacks, it lacks once
    return plans, list(by_text.values())


def _of_the_whole(
    found: FoundRows, plan: PlanFile, block: Sequence[tuple[SheetRow, Characteristic]]
) -> Iterator[Problem]:
    """What only the whole plan can tell, at the row that it is about."""
    headings = _with_own_headings(found)
    for fault in plan_faults(plan):
        steps = fault.steps
        row = block[steps[1]][0].number if len(steps) > 1 and isinstance(steps[1], int) else None
        yield headings.problem(row, str(steps[-1]), fault.says)


# --- back into a table

AS_TABLE = {"name": "product"}
"""Under which of our columns a characteristic's key is written."""


def plan_table(plan: PlanFile) -> str:
    """The plan as CSV: one row a characteristic, with every column that says something of one."""
    rows = [_row(plan, one) for one in plan.characteristic]
    used = [column for column in COLUMNS if any(column.key in row for row in rows)]
    return csv_text(used, rows)


def _row(plan: PlanFile, one: Characteristic) -> dict[str, str]:
    data = one.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    row = {AS_TABLE.get(key, key): str(value) for key, value in data.items() if not isinstance(value, list)}
    row |= {key: value for key in CARRIED if (value := getattr(plan, key)) is not None}
    row["kind"] = str(one.kind)
    if often := frequency_words(one):
        row["frequency"] = often
    return row


def frequency_words(one: Characteristic) -> str:
    """How often it is measured, as a table says it; empty where the plan doesn't."""
    often = [f"1/{one.every_units}"] if one.every_units else []
    often += [f"every {one.every_mins:g} min"] if one.every_mins else []
    return "; ".join(often or [_OCCASION_WORDS[at] for at in one.at])


_OCCASION_WORDS = {
    "first_piece": "first piece",
    "last_piece": "last piece",
    "setup": "setup",
    "shift": "per shift",
    "lot": "per lot",
    "tool_change": "tool change",
    "material_change": "material change",
    "repair": "repair",
}
