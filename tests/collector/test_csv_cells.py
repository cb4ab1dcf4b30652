"""CSV for people holds no formulas; CSV for programs holds what was recorded; numbers are numbers in both."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from console_floor import inspection, measurement, sealed

from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.csv_cells import as_text

FORMULAS = ("=cmd|'/c calc'!A1", "+1+cmd", "-2+3", "@SUM(1)", "=1", "--5", "-", "+", "1e5")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    runout = measurement("runout", "-0.015", nominal=None, lsl="-0.020", usl=None)
    bodies = [inspection(serial, lot="L1", measurements=(runout,)) for serial in FORMULAS]
    store.write(sealed(bodies))
    store.close()
    settings_file(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [("export", "--format", "csv"), ("trace", "--lot", "L1", "--csv")])
def test_a57_cells_that_a_spreadsheet_would_obey_are_text_and_numbers_stay_numbers(
    plant: Path, words: Sequence[str]
) -> None:
    rows = list(csv.DictReader(io.StringIO(ask(plant, *words)[1])))
    assert [row["serial"] for row in rows] == [f"'{serial}" for serial in FORMULAS[:-1]] + ["1e5"]
    assert {row["value"] for row in rows} == {"-0.015"}
    assert {row["lsl"] for row in rows} == {"-0.020"}
    if words[0] == "export":
        assert ask(plant, *words)[2].startswith(f"{len(FORMULAS)} rows of ")
    raw = list(csv.DictReader(io.StringIO(ask(plant, *words, "--raw")[1])))
    assert [row["serial"] for row in raw] == list(FORMULAS)
    assert {row["value"] for row in raw} == {"-0.015"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-1.5", "-1.5"),
        ("+1.5E-3", "+1.5E-3"),
        ("-1.5.2", "'-1.5.2"),
        ("SN-1", "SN-1"),
        ("", ""),
        (5, 5),
        (None, None),
    ],
)
def test_a57_what_counts_as_a_number(cell: object, text: object) -> None:
    assert as_text(cell) == text
