"""A control plan out of AIAG's columns: each row a characteristic, every fault with its place, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.lists import csv_sheet
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.documents.plan_table import plan_table, plans_in
from gaugetrail_contract.documents.tables import Sheet, TableMapping
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.settings import ConfigError

HEAD = {"id": "CP-1", "revision": "A", "part": "PR-74", "approved_by": "QE-3", "approved_on": "2026-11-01"}
TOLERANCES = "74.000 ± 0.050 mm, 74 +0.05/-0.02, 73.95 - 74.05, max 0.8 or min 5"
FREQUENCIES = "100%, each, 1/50, every 50 pieces, every 2 h, per shift, per lot, first piece"
FORM = [
    ["Control plan", "", "", "", "", "", "", "", "", "", "", ""],
    ["Control Plan Number: CP-1001", "", "Part Number", "PR-74", "", "Revision: C", "", "", "", "", "", ""],
    ["Approved by", "QE-3", "Approved on", "2026-11-01", "", "", "", "", "", "", "", ""],
    ["Part/Process Number", "Process Name/ Operation Description", "Characteristics", "", "", "Special Char. Class.",
     "Product/Process Specification/ Tolerance", "Evaluation/ Measurement Technique", "Sample", "", "Control Method",
     "Reaction Plan"],
    ["", "", "No.", "Product", "Process", "", "", "", "Size", "Freq.", "", ""],
    ["10", "OP10", "1", "bore", "", "CC", "74.000 ± 0.050 mm", "bore gauge", "5", "every 2 h", "X-bar R", "RP-1"],
    ["", "", "2", "", "feed", "", "max 0.8 mm", "", "", "per shift", "", "RP-2"],
    ["20", "OP20", "3", "surface", "", "", "no scratches", "visual", "100%", "100%", "", "RP-3"],
]  # fmt: skip


def faults(table: str, **head: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plans_in(csv_sheet("p.csv", table), None, {**HEAD, **head})
    return [str(problem) for problem in caught.value.problems]


def test_the_forms_columns_make_a_plan_for_each_operation_with_what_stands_above_them() -> None:
    one, two = plans_in(Sheet("p.xlsx", FORM))
    assert (one.id, one.revision, one.part, one.approved_by, one.approved_on) == (
        *("CP-1001-OP10", "C", "PR-74", "QE-3", "2026-11-01"),
    )
    assert (one.process, one.operation, two.process, two.operation, two.id) == (
        *("10", "OP10", "20", "OP20", "CP-1001-OP20"),
    )
    bore, feed = one.characteristic
    assert (bore.name, bore.number, bore.class_, bore.nominal, bore.lsl, bore.usl, bore.unit) == (
        *("bore", "1", "CC", "74.000", "73.950", "74.050", "mm"),
    )
    assert (bore.gauge_kind, bore.sample_size, bore.every_mins, bore.method, bore.reaction) == (
        *("bore gauge", 5, 120, "X-bar R", "RP-1"),
    )
    assert (feed.name, feed.usl, feed.lsl, feed.at, feed.kind) == ("feed", "0.8", None, ("shift",), "variable")
    (surface,) = two.characteristic
    assert (surface.kind, surface.title, surface.every_units) == ("attribute", "surface: no scratches", 1)


def test_limits_in_columns_of_their_own_count_before_the_specification() -> None:
    table = "Product,Specification,LSL,Unit,kind\nbore,74.00 ± 0.05 mm,73.99,um,\nnote,,,,text\n"
    (plan,) = plans_in(csv_sheet("p.csv", table), None, HEAD)
    bore, note = plan.characteristic
    assert (bore.lsl, bore.usl, bore.unit, note.kind) == ("73.99", "74.05", "um", "text")
    assert plan.id == "CP-1", "one operation, so the id stays"


def test_every_fault_of_a_row_and_of_the_whole_is_named_and_no_plan_is_made() -> None:
    table = (
        "Product,Specification,LSL,USL,Freq,Size,Formula,Decimals\n"
        "bore,74.000 ± O.05,,,,,,\n"
        "bore 2,,75,74,,,,\n"
        ",max 1,,,,,,\n"
        "depth,max 1,,,sometimes,,,\n"
        "width,max 1,,,,half,,\n"
        "depth,max 2,,,,,,\n"
        'mass,,,"1,5",,,,\n'
        "sum,,,,,,depth + nothing,2\n"
        "count,max 1,,,1/3,5,,\n"
    )
    assert faults(table) == [
        f"p.csv:2: Specification: '74.000 ± O.05' is no tolerance; write it like {TOLERANCES}",
        "p.csv:3: LSL: bore 2: lsl 75, usl 74 are not in order",
        "p.csv:4: Product: is empty: what is measured?",
        f"p.csv:5: Freq: 'sometimes' is no frequency; write {FREQUENCIES}",
        "p.csv:6: Size: 'half' is no sample size; write a whole number, or 100%",
        "p.csv:7: Product: depth stands twice in its operation: row 5 has it already",
        'p.csv:8: USL: 1,5 has a comma: write 1.5, or say decimal = "," in the mapping file',
        "p.csv:10: count: 5 of every 3 units can't be measured",
    ]


def test_a_formula_is_held_against_its_plan_at_its_row() -> None:
    table = "Product,Specification,Formula,Decimals\ndepth,max 1,,\nsum,,depth + nothing,2\n"
    assert faults(table) == ["p.csv:3: Formula: sum is made of 'nothing', which is no characteristic of this plan"]


def test_what_the_whole_plan_lacks_is_told_once() -> None:
    with pytest.raises(ConfigError) as caught:
        plans_in(csv_sheet("p.csv", "Operation,Product,Spec\nOP10,bore,\nOP20,weight,\n"), None, {"id": "CP-1"})
    assert [str(problem) for problem in caught.value.problems] == [
        f"p.csv: {key}: is required and has no default; give it beside the table"
        for key in ("revision", "part", "approved_by", "approved_on")
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("LSL,USL\n1,2\n", "lacks the column Product: what is measured"),
        ("Product,LSL\n", "has headings and no rows below them"),
        ("", "lacks the column Product"),
    ],
)
def test_what_is_no_plan_at_all(table: str, words: str) -> None:
    assert words in faults(table)[0]


def test_a_plants_own_words_and_commas_are_read_by_its_mapping() -> None:
    mapping = TableMapping(
        columns={"product": "Merkmal", "lsl": "UGW", "usl": "OGW"},
        decimal=",",
        fixed={"unit": "mm", "operation": "OP20"},
    )
    (plan,) = plans_in(csv_sheet("p.csv", "Merkmal;UGW;OGW\nBohrung;73,950;74,050\n"), mapping, HEAD)
    (bore,) = plan.characteristic
    assert (bore.name, bore.lsl, bore.usl, bore.unit, plan.operation) == ("Bohrung", "73.950", "74.050", "mm", "OP20")


def test_a_plan_as_toml_and_as_a_table_reads_back_as_the_same(tmp_path: Path) -> None:
    one, two = plans_in(Sheet("p.xlsx", FORM))
    for plan in (one, two):
        path = tmp_path / f"{plan.id}.toml"
        path.write_text(toml_text(plan))
        assert load_plan(path)[0].file == plan
        head = {key: str(getattr(plan, key)) for key in HEAD}
        (again,) = plans_in(csv_sheet("p.csv", plan_table(plan)), None, head)
        assert again == plan


def test_the_shipped_plans_survive_their_table() -> None:
    """All that a table says: devices are a station's, and stay behind."""
    shipped = Path(__file__).parents[2] / "config" / "plans"
    for path in sorted(shipped.glob("*.toml")):
        plan: PlanFile = load_plan(path)[0].file
        head = {key: str(getattr(plan, key)) for key in HEAD}
        (again,) = plans_in(csv_sheet("p.csv", plan_table(plan)), None, head)
        for one, other in zip(plan.characteristic, again.characteristic, strict=True):
            assert (other.name, other.kind, other.nominal, other.lsl, other.usl, other.unit) == (
                *(one.name, one.kind, one.nominal, one.lsl, one.usl, one.unit),
            )
