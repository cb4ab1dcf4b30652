"""A plant's own spreadsheet becomes documents, or every fault of it is named and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_document_commands import Office, users  # noqa: F401 - the fixture
from typer.testing import CliRunner
from workbook import Cell, workbook

from gaugetrail_collector.cli import app
from gaugetrail_collector.documents.from_tables.importing import table_of
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.lists import load_gauges, load_people

HEAD = ("id=CP-1001", "revision=C", "part=PR-74", "approved_by=QE-3", "approved_on=2026-11-01")
HEADINGS: list[Cell] = [
    *("Process Number", "Operation", "No.", "Product", "Special Char. Class", "Specification/Tolerance"),
    *("Evaluation/Measurement Technique", "Size", "Freq.", "Control Method", "Reaction Plan", "Resolution"),
]


def asked(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["document", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def imported(file: Path, kind: str, *more: str, head: tuple[str, ...] = ()) -> tuple[int, str, str]:
    sets = [word for one in head for word in ("--set", one)]
    return asked("import", str(file), "--kind", kind, "--to", str(file.parent / "out"), *sets, *more)


def plan_rows() -> list[list[Cell]]:
    """A control plan of 400 characteristics at 20 operations, as a form has it: process and operation once a block."""
    rows: list[list[Cell]] = [["Control plan of the piston line"], [], HEADINGS]
    for number in range(400):
        block = number % 20 == 0
        rows.append(
            [
                *(10 * (number // 20 + 1) if block else "", f"OP{number // 20 + 1}0" if block else "", number + 1),
                *(f"diameter {number + 1}", "CC" if number % 7 == 0 else "", f"{50 + number}.000 ± 0.050 mm"),
                *("bore gauge", 5, "every 2 h", "X-bar R", "RP-1", "0.001"),
            ]
        )
    return rows


def test_a_plan_of_400_rows_is_a_plan_for_each_operation_with_every_characteristic(tmp_path: Path) -> None:
    code, out, err = imported(workbook(tmp_path / "plan.xlsx", plan_rows()), "plan", head=HEAD)
    assert (code, err) == (0, "")
    paths = sorted((tmp_path / "out").iterdir())
    assert len(out.splitlines()) == len(paths) == 20
    plans = [load_plan(path)[0].file for path in paths]
    assert sum(len(plan.characteristic) for plan in plans) == 400
    last = next(plan for plan in plans if plan.operation == "OP200")
    one = last.characteristic[-1]
    assert (last.id, last.process, one.name, one.lsl, one.usl, one.unit) == (
        *("CP-1001-OP200", "200", "diameter 400", "448.950", "449.050", "mm"),
    )


def test_each_of_twelve_faults_in_400_rows_is_named_and_nothing_is_imported(tmp_path: Path) -> None:
    rows = plan_rows()
    planted: dict[tuple[int, int], tuple[Cell, str]] = {
        (10, 3): ("", "Product: is empty: what is measured?"),
        (33, 3): ("diameter 31", "Product: diameter 31 stands twice in its operation: row 34 has it already"),
        (60, 5): ("74,000 ± 0,050", "Specification/Tolerance: '74,000 ± 0,050' is no tolerance; write it like"),
        (77, 5): ("74.000 ± O.050 mm", "Specification/Tolerance: '74.000 ± O.050 mm' is no tolerance"),
        (101, 5): ("74.050 - 73.950", "Specification/Tolerance: diameter 98: lsl 74.050, usl 73.950 are not in order"),
        (150, 5): ("M8", "Specification/Tolerance: 'M8' is no tolerance"),
        (177, 7): ("few", "Size: 'few' is no sample size; write a whole number, or 100%"),
        (200, 7): (0, "Size: '0' is no sample size"),
        (222, 8): ("now and then", "Freq.: 'now and then' is no frequency; write 100%"),
        (270, 8): ("1/3", "diameter 267: 5 of every 3 units can't be measured"),
        (311, 11): ("fine", "Resolution: 'fine': must be a number in digits"),
        (399, 11): ("0,001", 'Resolution: 0,001 has a comma: write 0.001, or say decimal = "," in the mapping file'),
    }
    for (row, column), (value, _) in planted.items():
        rows[row - 1][column] = value
    # The row that stands twice is the later of the two.
    planted[34, 3] = ("", planted.pop((33, 3))[1].replace("row 34", "row 33"))
    code, out, err = imported(workbook(tmp_path / "plan.xlsx", rows), "plan", head=HEAD)
    assert (code, out) == (1, "")
    assert not (tmp_path / "out").exists()
    *told, last = err.splitlines()
    assert last == "12 faults; nothing is imported"
    wanted = sorted((row, f"{tmp_path}/plan.xlsx:{row}: {words}") for (row, _), (_, words) in planted.items())
    assert len(told) == len(wanted) == 12
    for line, (_, words) in zip(told, wanted, strict=True):
        assert line.startswith(words)


def test_gauges_and_people_are_taken_by_the_plants_own_headings(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["Prüfmittel", "Fällig", "Zustand", "Art", "Auflösung"],
        ["G-1", "day:46353", "", "Bohrungsmessgerät", "0,001"],
    ]
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'decimal = ","\n[columns]\nid = "Prüfmittel"\ncalibration_due = "Fällig"\nstatus = "Zustand"\nkind = "Art"\n'
        'resolution = "Auflösung"\n'
    )
    head = ("id=GR-1", "revision=5")
    code, out, err = imported(
        workbook(tmp_path / "g.xlsx", rows), "gauges", "--mapping", str(mapping), "--json", head=head
    )
    assert (code, err, json.loads(out)) == (0, "", {"written": [str(tmp_path / "out" / "GR-1-5.toml")]})
    (one,) = load_gauges(tmp_path / "out" / "GR-1-5.toml").values()
    assert (one.kind, one.resolution, one.calibration_due) == ("Bohrungsmessgerät", "0.001", "2026-11-27")
    (tmp_path / "p.csv").write_text("badge,name,operation,issued\nOP-1,Ada,OP10,2026-01-01\n")
    code, out, err = imported(tmp_path / "p.csv", "people")
    assert (code, err) == (0, "")
    path = tmp_path / "out" / "people.toml"
    command = f"gaugetrail-collector document new people {path} --by NAME --config FILE"
    assert out == f"{path}: read it, then {command}\n"
    assert load_people(tmp_path / "out" / "people.toml").person[0].qualified[0].operation == "OP10"


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("gauges", ["--set", "colour=red"], "--set: colour: is no key of it (allowed: id, revision)"),
        ("gauges", ["--set", "id"], "--set 'id': write it as key=value, such as id=CP-1001"),
        ("calendar", [], "calendar is no table: plan, gauges, people, order are"),
        ("gauges", ["--sheet", "Other"], "lacks the column id"),
    ],
)
def test_what_can_not_be_imported_is_said(tmp_path: Path, kind: str, more: list[str], words: str) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    code, out, err = imported(tmp_path / "t.csv", kind, *more)
    assert (code, out) == (1, "")
    assert words in err
    assert not (tmp_path / "out").exists()


def test_a_document_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,name,qualification\nOP-1,Ada,\n")
    assert imported(tmp_path / "p.csv", "people")[0] == 0
    code, _, err = imported(tmp_path / "p.csv", "people")
    assert code == 1
    assert "people.toml is there already; nothing is imported" in err


def test_what_holds_is_exported_as_a_table(tmp_path: Path, users: str) -> None:  # noqa: F811 - the fixture
    office = Office(tmp_path, users)
    office.good("init", by="ida")
    (tmp_path / "people.csv").write_text(
        "badge,name,roles,operation,issued\nida,Ida,approver,,\neva,Eva,,OP10,2026-01-01\n"
    )
    code, _, err = imported(tmp_path / "people.csv", "people", head=("id=PL-1", "revision=1"))
    assert code == 0, err
    for number, (kind, name) in enumerate(
        (("plan", "plan.toml"), ("people", "out/PL-1-1.toml"), ("people", "people.csv"))
    ):
        more = ["--id", f"D-{number}"] if name.endswith("csv") else []
        office.good("new", kind, str(tmp_path / name), *more, by="ida")
    assert office.good("export", "CP-1001").splitlines() == [
        "product,kind,unit,lsl,usl",
        "bore_diameter,variable,mm,73.950,74.050",
    ]
    for name in ("PL-1", "D-2"):
        assert office.good("export", name).splitlines() == [
            "id,name,qualification,roles,language,line,operation,characteristic,issued,expires,evidence",
            "ida,Ida,,approver,,,,,,,",
            "eva,Eva,,operator,,,OP10,,2026-01-01,,",
        ]


ORDERS_TABLE = """Order,Line,Part,Revision,Routing,Quantity,Customer,Due,Requirement,Source
4711-10,L1,PR-74,C,OP10;OP20,500,"Contoso, Ltd",2026-12-18,every value,PO 7
4711-10,,,,,,,,a certificate,EN 10204
4711-20,L2,PR-75,,,7,,,,
"""


def test_orders_are_exported_as_the_table_that_gives_the_same_texts_again(tmp_path: Path, users: str) -> None:  # noqa: F811
    office = Office(tmp_path, users)
    office.good("init", by="ida")
    (tmp_path / "orders.csv").write_text(ORDERS_TABLE)
    office.good("orders", str(tmp_path / "orders.csv"), by="eva")
    office.good("new", "plan", str(tmp_path / "plan.toml"), by="ida")
    (tmp_path / "again.csv").write_text(office.good("export", "4711-20", "4711-10", "4711-20"))
    assert imported(tmp_path / "again.csv", "order")[0] == 0
    for name in ("4711-10", "4711-20"):
        assert (tmp_path / "out" / f"{name}.toml").read_text() == office.good("show", name, "--text")
    assert "only orders stand in one table together" in office.bad("export", "4711-10", "CP-1001")
    assert "there is no document 4711-30" in office.bad("export", "4711-10", "4711-30")


def test_people_matrix_says_who_was_qualified_on_a_day_that_is_past(tmp_path: Path, users: str) -> None:  # noqa: F811
    office = Office(tmp_path, users)
    office.good("init", by="ida")
    config = ["--config", str(tmp_path / "c2.toml")]

    def matrix(*more: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["people", "matrix", *more, *config])
        return done.exit_code, done.stdout, done.stderr

    code, _, err = matrix()
    assert code == 1
    assert "no people document held on" in err
    rows = "ida,Ida,approver,,,,\neva,Eva,,OP10,2020-01-01,2020-12-31,TR-1\neva,,,OP20,2026-01-01,,\n"
    (tmp_path / "p.csv").write_text(f"badge,name,roles,operation,issued,expires,evidence\n{rows}")
    office.good("new", "people", str(tmp_path / "p.csv"), "--id", "PL-1", by="eva")
    office.good("submit", "PL-1", by="eva")
    office.good("approve", "PL-1", by="ida")
    code, out, err = matrix()
    first, *lines = out.splitlines()
    assert first.startswith("PL-1 1, edition 1, on 2")
    assert lines == [
        "  eva Eva: operation OP10 expired, from 2020-01-01 until 2020-12-31 (TR-1)",
        "  eva Eva: operation OP20 valid, from 2026-01-01 without end",
        "  ida Ida: no qualification",
    ]
    told = [json.loads(line) for line in matrix("--json")[1].splitlines()]
    assert [(one["badge"], [cell["validity"] for cell in one["qualifications"]]) for one in told] == [
        ("eva", ["expired", "valid"]),
        ("ida", []),
    ]
    assert matrix("--at", "2020-06-01")[2].strip().endswith("document ls --kind people lists them")
    assert matrix("--at", "June")[0] == 2


def test_a_register_that_was_taken_in_as_toml_is_exported_too() -> None:
    content = b'[[gauge]]\nid = "G-1"\nkind = "scale"\n'
    assert table_of(DocumentKind.GAUGES, content).splitlines()[1].startswith("G-1,,active,scale")
    assert (
        table_of(DocumentKind.GAUGES, b"id,calibration_due,status\nG-1,,blocked\n")
        .splitlines()[1]
        .startswith("G-1,,blocked")
    )
