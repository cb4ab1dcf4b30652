"""Tables out of files: what Excel writes, and what nobody should; a fault is one sentence, soon, in little memory."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from workbook import members, packed, sheet_xml, workbook

from gaugetrail_collector.documents.from_tables.sheets import read_table
from gaugetrail_contract.settings import ConfigError


def fault(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read_table(path, sheet)
    (problem,) = caught.value.problems
    return str(problem).removeprefix(f"{path}: ")


def test_cells_are_what_excel_shows_with_rows_as_people_count_them(tmp_path: Path) -> None:
    rows = [
        ["", "Plan"],
        [],
        ["a b", 1, 1.5, 74.05, 0.1 + 0.2, 1e-7, 5e6, "day:46353", "two\nlines", "00012345"],
    ]
    table = read_table(workbook(tmp_path / "p.xlsx", rows))
    assert table.rows[0][:2] == ["", "Plan"]
    assert not any(table.rows[1])
    assert table.rows[2] == [
        *("a b", "1", "1.5", "74.05", "0.3", "0.0000001", "5000000", "2026-11-27", "two lines", "00012345"),
    ]
    assert [table.number(index) for index in range(3)] == [1, 2, 3]


def test_the_sheet_that_is_named_is_read_and_one_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    sheets = {"Cover": sheet_xml([["hello"]]), "Plan": sheet_xml([["bore"]])}
    path = packed(tmp_path / "p.xlsx", members(sheets))
    assert read_table(path).rows == [["hello"]]
    assert read_table(path, "Plan").rows == [["bore"]]
    assert fault(path, "Plna") == "has no sheet 'Plna' (there are: Cover, Plan)"


def test_a_cell_that_holds_an_error_is_named_and_never_empty(tmp_path: Path) -> None:
    """A limit that is an error would else be no limit at all."""
    path = workbook(tmp_path / "p.xlsx", [["Product", "USL"], ["bore", "#REF!"], ["depth", 1], ["width", "#N/A"]])
    with pytest.raises(ConfigError) as caught:
        read_table(path)
    assert [str(problem).removeprefix(str(path)) for problem in caught.value.problems] == [
        ":2: cell B2: holds the error #REF!: put the formula right, or write the value",
        ":4: cell B4: holds the error #N/A: put the formula right, or write the value",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04junk", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"a,b\n"]
)
def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.xlsx").write_bytes(content)
    assert fault(tmp_path / "p.xlsx") == (
        "is no Excel workbook (.xlsx), or is damaged or under a password: open it in Excel and save it anew"
    )


def test_other_files_and_missing_ones_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "p.ods").write_bytes(b"x")
    assert fault(tmp_path / "p.ods") == "is neither .csv nor .xlsx: save it as one of them"
    assert fault(tmp_path / "none.xlsx") == "can't be read: No such file or directory"
    parts = members({"Plan": sheet_xml([["a"]])})
    del parts["xl/workbook.xml"]
    assert fault(packed(tmp_path / "p.xlsx", parts)) == "has no sheet: is it an Excel workbook?"


# --- A55: bombs

CHILD = """
import resource, sys
from pathlib import Path
from gaugetrail_collector.documents.from_tables.sheets import read_table
from gaugetrail_contract.problems import ConfigError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_table(Path(sys.argv[1]))
except ConfigError as error:
    print(len(error.problems), error.problems[0].message)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(max(grown, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024)
"""


def bomb(path: Path, kind: str) -> Path:
    parts = members({"Plan": sheet_xml([["bore"]])})
    sheet = "xl/worksheets/sheet1.xml"
    if kind == "declared":
        parts["xl/media/image1.bin"] = "0" * 40_000_000
    elif kind == "sparse":
        parts[sheet] = sheet_xml([["bore"]], '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    elif kind == "entities":
        lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        start, rest = parts[sheet].split("?>", 1)
        parts[sheet] = f'{start}?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>{rest.replace("bore", "&l9;")}'
    packed(path, parts)
    if kind == "lying":
        lie(path)
    return path


def lie(path: Path) -> None:
    """A sheet of 40 MB whose directory says that it has 1,000 bytes."""
    parts = members({"Plan": sheet_xml([["bore"]])})
    long = "<!--" + "x" * 40_000_000 + "-->"
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace("<sheetData>", f"{long}<sheetData>")
    packed(path, parts)
    with zipfile.ZipFile(path) as whole:
        size = whole.getinfo("xl/worksheets/sheet1.xml").file_size
    content = path.read_bytes().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["declared", "sparse", "entities", "lying"])
def test_a55_a_bomb_is_one_sentence_soon_and_in_little_memory(tmp_path: Path, kind: str) -> None:
    path = bomb(tmp_path / "p.xlsx", kind)
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert time.monotonic() - begun < 30, "two seconds by themselves; more beside other tests"
    said, megabytes = done.stdout.splitlines()
    assert said.startswith("1 "), "one fault"
    assert int(megabytes) < 100
    assert done.stderr == ""
