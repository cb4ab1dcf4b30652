"""Registers and lists from tables: each fault with its row and column, nothing half read, and back again."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.documents.gauges import Gauge, GaugeRegister
from gaugetrail_contract.documents.lists import (
    csv_sheet,
    gauge_table,
    gauges_in,
    load_gauges,
    load_people,
    people_in,
    people_table,
)
from gaugetrail_contract.documents.tables import MOST_FAULTS, Sheet, TableMapping
from gaugetrail_contract.settings import ConfigError

ROLES = "'operator', 'setter', 'inspector', 'quality engineer', 'approver', 'administrator' or 'auditor'"
PEOPLE = """\
badge,name,roles,language,operation,characteristic,issued,expires,evidence
OP-12,Ada,operator;setter,de,OP20,,2026-01-15,2027-01-14,TR-42
OP-12,,,,,weld,2026-02-01,,eyes
OP-13,Bob,,,OP30,,2026-01-15,,
QE-3,Eve,quality engineer,,,,,,
"""


def faults(call: object, text: str, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        call(csv_sheet("t.csv", text), **more)  # type: ignore[operator]
    return [str(problem) for problem in caught.value.problems]


def test_a_list_of_before_says_who_there_is_and_everybody_on_it_measures() -> None:
    people = people_in(csv_sheet("p.csv", "id,name,qualification,phone\nOP-12,Ada,bore 2026,4711\nOP-13,Bob,,\n"))
    assert people.qualifications == "not_kept"
    assert [(one.badge, one.name, one.qualification, one.roles) for one in people.person] == [
        ("OP-12", "Ada", "bore 2026", ("operator",)),
        ("OP-13", "Bob", None, ("operator",)),
    ]


def test_a_row_for_each_qualification_makes_one_person_and_everybody_needs_one() -> None:
    people = people_in(csv_sheet("p.csv", PEOPLE))
    assert people.qualifications == "required"
    ada, bob, eve = people.person
    assert (ada.name, ada.roles, ada.language) == ("Ada", ("operator", "setter"), "de")
    assert [(one.subject, one.issued, one.expires, one.evidence) for one in ada.qualified] == [
        ("OP20", "2026-01-15", "2027-01-14", "TR-42"),
        ("weld", "2026-02-01", None, "eyes"),
    ]
    assert (len(bob.qualified), bob.roles, eve.qualified, eve.roles) == (1, ("operator",), (), ("quality engineer",))


def test_a_line_has_its_own_people_and_those_of_every_line() -> None:
    people = people_in(csv_sheet("p.csv", "id,name,qualification,line\nA,,,line1;line2\nB,,,line2\nC,,,\n"))
    of = {line: [one.badge for one in people.of_line(line).person] for line in ("line1", "line2", "line3", None)}
    assert of == {"line1": ["A", "C"], "line2": ["A", "B", "C"], "line3": ["C"], None: ["C"]}
    assert people.of_line("line1").lines == frozenset()
    assert people_in(csv_sheet("p.csv", people_table(people))) == people
    (fault,) = faults(people_in, "id,name,qualification,line\nA,,,li/ne\n")
    assert "t.csv:2" in fault
    assert "line" in fault


def test_what_is_written_reads_the_same() -> None:
    people = people_in(csv_sheet("p.csv", PEOPLE))
    assert people_in(csv_sheet("p.csv", people_table(people))) == people
    old = people_in(csv_sheet("p.csv", "id,name,qualification\nOP-12,Ada,\n"))
    assert people_in(csv_sheet("p.csv", people_table(old))) == old


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cn"))).filter(
    lambda text: ";" not in text
)
GAUGES = st.builds(
    Gauge,
    id=PRINTABLE.map(lambda text: f"G-{text}"[:100]),
    kind=st.one_of(st.none(), st.just("bore gauge")),
    resolution=st.one_of(st.none(), st.just("0.001")),
    calibration_due=st.one_of(st.none(), st.dates().map(lambda day: day.isoformat())),
    status=st.sampled_from(["active", "blocked"]),
    characteristics=st.lists(st.sampled_from(["bore", "weight"]), unique=True).map(tuple),
    description=PRINTABLE.map(lambda text: text[:100]),
)


@given(st.lists(GAUGES, max_size=5, unique_by=lambda one: one.id))
def test_any_register_reads_the_same_after_it_was_a_table(gauges: list[Gauge]) -> None:
    gauges = [one for one in gauges if unicodedata.is_normalized("NFC", one.id)]
    register = GaugeRegister(gauge=tuple(gauges))
    assert gauges_in(csv_sheet("g.csv", gauge_table(register))) == register


def test_every_fault_is_named_with_row_and_column_and_nothing_is_read() -> None:
    table = (
        "id;calibration due;Status;Resolution;grace_days;range from;range to\n"
        "G-1;2026-13-01;active;0.01;;;\n"
        ";2026-12-01;active;;;;\n"
        "G-3;2026-12-01;lost;;;;\n"
        "G-4;2026-12-01;;0,01;;;\n"
        "G-5;2026-12-01;;fine;;;\n"
        "G-1;2026-12-01;;;;;\n"
        "\n"
        "G-6;;;;5;;\n"
        "G-7;;;;many;;\n"
        "G-8;;;;;9;3\n"
    )
    assert faults(gauges_in, table) == [
        "t.csv:2: calibration due: '2026-13-01' is no day of the calendar",
        "t.csv:3: id: is required and has no default",
        "t.csv:4: Status: 'lost': is none of the known choices (allowed: 'active' or 'blocked')",
        't.csv:5: Resolution: 0,01 has a comma: write 0.01, or say decimal = "," in the mapping file',
        "t.csv:6: Resolution: 'fine': must be a number in digits, such as \"74.050\"",
        "t.csv:7: id: G-1 stands twice: row 2 has it already",
        "t.csv:9: grace_days: G-6: grace_days = 5 needs who allows it (grace_approved_by)",
        "t.csv:10: grace_days: 'many': must be a whole number",
        "t.csv:11: range from: G-8: range_from 9 lies above range_to 3",
    ]


def test_the_faults_of_a_people_table() -> None:
    table = PEOPLE + (
        "OP-12,Adam,,,OP40,,2026-01-01,,\n"
        "OP-14,Joe,boss,,OP40,,2026-01-01,,\n"
        "OP-15,Jim,,,,,2026-01-01,,\n"
        "OP-16,Jan,,,OP40,weld,2026-01-01,,\n"
        "OP-17,Jo,,,OP40,,2026-02-01,2026-01-01,\n"
        "OP-18,Jo,,english,OP40,,,,\n"
    )
    assert faults(people_in, table) == [
        "t.csv:6: name: 'Adam' contradicts row 2, which is the same person's; write it once",
        f"t.csv:7: roles: is none of the known choices (allowed: {ROLES})",
        "t.csv:8: a qualification is for an operation or for a characteristic: name one of the two",
        "t.csv:9: operation: 'OP40': a qualification is for an operation or for a characteristic: name one of the two",
        "t.csv:10: expires: it expires on 2026-01-01, before it was issued on 2026-02-01",
        "t.csv:11: issued: is required and has no default",
        "t.csv:11: language: 'english' is no language's code, such as en, de or pt-BR",
    ]
    assert faults(people_in, "id,name,qualification\nA,,\nA,,\nB\x07,,\n") == [
        "t.csv:3: id: A stands twice: row 2 has it already",
        "t.csv:4: id: can't be used: it holds the control character U+0007 at position 2",
    ]


def test_headings_are_found_below_a_block_of_names_and_under_a_plants_own_words() -> None:
    sheet = Sheet(
        "r.xlsx",
        [
            ["Gauge register", "", ""],
            ["", "", ""],
            ["Prüfmittel  Nr.", "Fällig am", "Zustand:", "Auflösung", "remark"],
            ["G-1", "2027-01-31", "", "0,001", "new"],
            ["", " ", "", "", ""],
            ["G-2", "", "blocked", "", ""],
        ],
    )
    mapping = TableMapping(
        columns={"id": "prüfmittel nr", "calibration_due": "fällig am", "status": "Zustand", "resolution": "Auflösung"},
        decimal=",",
        fixed={"unit": "mm"},
    )
    one, two = gauges_in(sheet, mapping).gauge
    assert (one.id, one.calibration_due, one.resolution, one.unit) == ("G-1", "2027-01-31", "0.001", "mm")
    assert (two.id, two.calibration_due, two.status) == ("G-2", None, "blocked")


@pytest.mark.parametrize(
    ("table", "mapping", "words"),
    [
        ("id,status\nG-1,\n", TableMapping(), "t.csv:1: lacks the column calibration_due (there are: id, status)"),
        ("", TableMapping(), "t.csv:1: lacks the column id, calibration_due, status (there are: no headings)"),
        (
            "id,due,status\n",
            TableMapping(columns={"unit": "Einheit"}),
            "t.csv:1: lacks the column Einheit (there are: ",
        ),
        ("id,due,Due,status\nG-1,,,\n", TableMapping(), "t.csv:1: due: stands twice"),
        (
            "id,due,status\nG-1,,\n",
            TableMapping(columns={"resolutoin": "x"}),
            "the mapping names the column 'resolutoin', which there isn't; did you mean resolution? (allowed: id,",
        ),
        (
            "id,due,status\nG-1,,\n",
            TableMapping(fixed={"status": "active"}),
            "t.csv:1: status: is in the table, and the mapping has a fixed value for it: keep one",
        ),
        ("id,due\nG-1\n", TableMapping(), "t.csv:2: has another number of fields than the 2 of the head line"),
        ('id,due,status\n"G-1,,\n', TableMapping(), "t.csv:2: is not CSV: unexpected end of data"),
    ],
)
def test_a_table_that_can_not_be_understood_says_what_is_missing(table: str, mapping: TableMapping, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gauges_in(csv_sheet("t.csv", table), mapping)
    assert words in str(caught.value.problems[0])


def test_a_fixed_value_stands_for_a_required_column() -> None:
    mapping = TableMapping(fixed={"status": "active"})
    (one,) = gauges_in(csv_sheet("t.csv", "id,due\nG-1,\n"), mapping).gauge
    assert one.status == "active"


def test_a_table_of_faults_is_told_as_far_as_anybody_reads() -> None:
    table = "id,calibration_due,status\n" + "".join(f"G-{n},soon,\n" for n in range(MOST_FAULTS + 50))
    told = faults(gauges_in, table)
    assert (len(told), told[-1]) == (MOST_FAULTS + 1, "t.csv: and 50 more faults")


def test_a_toml_document_is_read_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text('[[gauge]]\nid = "G-1"\nkind = "scale"\ncalibration_due = "2027-01-01"\n')
    assert load_gauges(tmp_path / "g.toml")["G-1"].kind == "scale"
    (tmp_path / "p.toml").write_text(
        '[[person]]\nbadge = "OP-1"\n[[person.qualified]]\noperation = "OP20"\nissued = "2026-02-30"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_people(tmp_path / "p.toml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (5, "person[1].qualified[1].issued")
    (tmp_path / "p.toml").write_text((tmp_path / "p.toml").read_text().replace("02-30", "02-28"))
    people = load_people(tmp_path / "p.toml")
    assert (people.qualifications, people.person[0].qualified[0].operation) == ("required", "OP20")
