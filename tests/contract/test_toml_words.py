"""A settings file or plan that is no TOML: the line, and what to write instead; no traceback, no long wait."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.problems import ConfigError
from gaugetrail_contract.toml_words import TomlFault, read_toml


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('id = "CP-1\nrevision = "A"', 1, "the closing quote is missing"),
        ("id = 'CP-1\nrevision = 'A'", 1, "the closing quote is missing"),
        ('a = 1\nid = "CP-1', 2, "the closing quote is missing"),
        ('a = 1\ntitle = """a\nb\nc\nd = 1', 2, "the closing quote is missing"),
        ("a = 1\nid = CP-1", 2, "put text in quotes"),
        ("part = PR 74", 1, "put text in quotes"),
        ("approved_on = 2026-13-45x", 1, "put text in quotes"),
        ('folder = "C:\\data\\new"', 1, "put the text in '…'"),
        ('folder = "C:\\users"', 1, "put the text in '…'"),
        ("lsl = 7,5", 1, "a point, not a comma"),
        ("serial = 007", 1, "doesn't begin with 0: put it in quotes"),
        ("lsl = 7.5 mm", 1, "take away what stands behind the value"),
        ('id = "CP-1";', 1, "take away what stands behind the value"),
        ('id = "CP-1" revision = "A"', 1, "begin a new line there"),
        ('id "CP-1"', 1, "the = between key and value is missing"),
        ('id: "CP-1"', 1, "not with a colon"),
        ("id =\nrevision = 1", 1, "the value behind the = is missing"),
        ("id = “CP-1”", 1, "write straight ones"),
        ("active = True", 1, "in small letters"),
        ("active = yes # always", 1, "in small letters"),
        ("a = 1\na = 2\nb = 3", 2, "stands twice"),
        ("[mqtt]\n[mqtt]", 2, "this table stands twice"),
        ("limits = [1, 2\nb = 3", 1, "the closing ] is missing"),
        ("a = 1\nlimits = [1,\n2,\n", 2, "the closing ] is missing"),
        ("limits = [1 2]", 1, "a comma between two values"),
        ("a = {b = 1", 1, "the closing } is missing"),
        ("[mqtt\nhost = 1", 1, "the closing ] of the table's name is missing"),
        ("[[station]\nname = 1", 1, "the closing ] of the table's name is missing"),
        ("= 1", 1, "a line is key = value, or [table]"),
        ("\ufeffid = 1", 1, "UTF-8 without one"),
        ('id = "a\x01"', 1, "control character"),
    ],
)
def test_a_fault_is_told_in_words_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(TomlFault) as caught:
        read_toml(text)
    assert words in caught.value.words
    assert line == caught.value.line
    assert caught.value.words.startswith("is not TOML: ")


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000 + "]" * 5000, "a = " + "{a = " * 5000, "b = 1\na = " + "[" * 400_000],
)
def test_deep_nesting_is_a_sentence(text: str) -> None:
    with pytest.raises(TomlFault, match="nested too deeply") as caught:
        read_toml(text)
    assert caught.value.line == text.count("\n", 0, text.index("a =")) + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n" + "a." * 60 + "b = 1", "more than 50 parts"),
        ("x = 1\n[" + '"a" . ' * 60 + "b]", "more than 50 parts"),
        ("x = 1\ny = {" + "a." * 400_000 + "b = 1}", "more than 50 parts"),
    ],
)
def test_a_name_of_too_many_parts_is_refused_before_it_is_read(text: str, words: str) -> None:
    """Twenty thousand parts took half a minute."""
    with pytest.raises(TomlFault, match=words) as caught:
        read_toml(text)
    assert caught.value.line == 2


def test_what_only_looks_like_many_parts_is_read() -> None:
    dots = ".".join("ab"[number % 2] for number in range(40))
    assert read_toml(f'q = "{"x." * 500}"\n{dots} = 1\n')["q"] == "x." * 500


@pytest.mark.parametrize("unit", ["a", '"', "a.", ".", "'", " ", "a. ", '"a', "[", "=", "\n", "[a.b]\n", "é", "-"])
def test_no_million_signs_take_long(unit: str) -> None:
    """A bound with room: each is settled within seconds, whatever it is made of."""
    began = time.process_time()
    assert fault_in(unit * (900_000 // len(unit))) != ""
    assert time.process_time() - began < 20


def fault_in(text: str) -> str | None:
    """What is wrong with it, on a line that it has; null where nothing is."""
    try:
        read_toml(text)
    except TomlFault as fault:
        return fault.words if 1 <= fault.line <= text.count("\n") + 1 else ""
    return None


def test_more_than_a_million_signs_are_no_settings_file() -> None:
    with pytest.raises(TomlFault, match="no settings file"):
        read_toml("a = 1\n" * 200_000)


@given(st.text(alphabet="ab=\"'[]{}.,#\\ \n1é", max_size=60))
def test_any_text_is_read_or_refused_with_a_line_of_it(text: str) -> None:
    assert fault_in(text) != ""


CHILD = """
import atexit
import sys
from pathlib import Path

atexit.register(lambda: print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]))
from gaugetrail_contract.documents import files, lists
from gaugetrail_contract.problems import ConfigError
try:
    getattr(files if sys.argv[1] == 'load_plan' else lists, sys.argv[1])(Path(sys.argv[2]))
except ConfigError as error:
    print(error.problems[0].message)
    sys.exit(1)
"""


def in_a_child(reader: str, path: Path) -> tuple[int, str, float]:
    """Exit code, what was said, and the most memory it had (MB), of one reading by itself."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, reader, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    *said, kilobytes = done.stdout.splitlines()
    return done.returncode, "\n".join(said), int(kilobytes) / 1024


@pytest.mark.parametrize("reader", ["load_gauges", "load_people", "load_plan"])
def test_a55_a_line_of_a_gigabyte_is_refused_without_being_read(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "list.csv"
    with path.open("wb") as file:
        file.write(b"id,calibration_due,status\nG-1,")
        file.truncate(1_000_000_000)
    code, said, megabytes = in_a_child(reader, path)
    assert code == 1
    assert "larger than" in said
    assert megabytes < 250, "the readers themselves take some 60 MB"


def test_a55_more_rows_than_any_plant_has_gauges_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gauges.csv"
    rows = "".join(f"G-{number},,\n" for number in range(100_001))
    path.write_text("id,calibration_due,status\n" + rows)
    code, said, _ = in_a_child("load_gauges", path)
    assert (code, said) == (1, "has more than 100,000 rows")


def test_a55_a_plan_of_nested_brackets_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('id = "CP-1"\nx = ' + "[" * 300_000)
    with pytest.raises(ConfigError) as caught:
        load_plan(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (2, "brackets are nested too deeply")
