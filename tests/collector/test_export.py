"""Records for other programs: the sealed bytes as lines, rows with exact digits, columns with types."""

from __future__ import annotations

import csv
import io
import sqlite3
import sys
import tracemalloc
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from pyarrow import parquet
from samples import T0, inspection
from small_plant import SECOND, chained, correction, fill, happening, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite import read as sqlite_read
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing import trace
from gaugetrail_collector.tracing.record_rows import COLUMNS
from gaugetrail_contract.record import Inspection
from gaugetrail_contract.seal import Opened, open_line

LINES = chained([*units(40, 3), happening("gauge.checked", "gauge", "G-1"), inspection('say "x", <b>\\', 0)])
RECORDS: list[Opened] = [
    *LINES,
    *chained([correction(LINES[2], action="void")], "office", "qrstuvwx", T0 + 900 * SECOND, slot=9),
]


def place(folder: Path) -> Path:
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, RECORDS)
    store.close()
    path = folder / "collector.toml"
    path.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    return path


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place(tmp_path_factory.mktemp("export"))


def export(config: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["export", "-c", str(config), *words], catch_exceptions=False)


def test_json_lines_are_the_sealed_bytes_and_every_seal_holds(config: Path) -> None:
    done = export(config)
    assert done.exit_code == 0
    found = [open_line(line) for line in done.stdout_bytes.splitlines()]
    assert found == RECORDS
    assert f"{len(RECORDS)} records" in done.stderr


def test_filters_are_those_of_trace(config: Path) -> None:
    lines = export(config, "--lot", "L2", "--gauge", "G-1", "--since", "2026-01-01").stdout_bytes.splitlines()
    expected = [
        one
        for one in RECORDS
        if isinstance(one.record, Inspection)
        and one.record.lot == "L2"
        and "G-1" in {each.gauge for each in one.record.measurements}
    ]
    assert [open_line(line) for line in lines] == expected != []
    assert export(config, "--until", "2020-01-01").stdout == ""


def test_csv_has_a_row_for_each_measurement_and_says_what_was_amended(config: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(export(config, "--format", "csv").stdout)))
    assert tuple(rows[0]) == COLUMNS
    measured = [each for one in RECORDS if isinstance(one.record, Inspection) for each in one.record.measurements]
    assert [row["value"] for row in rows if row["characteristic"]] == [each.value for each in measured]
    assert {row["amended_by"] for row in rows if row["record"] == "pc1/abcdefgh/3"} == {"void office/qrstuvwx/1"}
    assert rows[-1]["serial"] == 'say "x", <b>\\', "an inspection without measurements has a row, its serial untouched"


def test_parquet_keeps_the_digits_and_adds_numbers_and_times(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "year.parquet"
    assert export(config, "--format", "parquet", "--out", str(out)).exit_code == 0
    table = parquet.read_table(out)
    rows = list(csv.DictReader(io.StringIO(export(config, "--format", "csv").stdout)))
    assert table.column("value").to_pylist() == [row["value"] or None for row in rows]
    numbers = [float(row["value"]) if row["value"] else None for row in rows]
    assert table.column("value_number").to_pylist() == numbers
    assert str(table.schema.field("time").type) == "timestamp[us, tz=UTC]"
    margins = [Decimal(value) for value in table.column("margin").to_pylist() if value]
    assert len(margins) == 80


def test_parquet_without_pyarrow_says_how_to_have_it(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = export(config, "--format", "parquet", "--out", str(tmp_path / "x.parquet"))
    assert done.exit_code == 1
    assert "gaugetrail[collector,parquet]" in done.stderr
    assert list(tmp_path.iterdir()) == [], "no half file is left"


def test_a_record_that_does_not_hold_is_left_out_and_named(tmp_path: Path) -> None:
    config = place(tmp_path)
    with closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'SN3-00007', 'SN3-0000X') WHERE seq = 7")
    done = export(config, "--out", str(tmp_path / "all.jsonl"))
    assert done.exit_code == 1
    assert "left out: pc1/abcdefgh/7: the seal doesn't hold" in done.stderr
    lines = (tmp_path / "all.jsonl").read_bytes().splitlines()
    assert len([open_line(line) for line in lines]) == len(RECORDS) - 1


def test_a_file_that_cannot_be_written_is_one_sentence(config: Path, tmp_path: Path) -> None:
    done = export(config, "--out", str(tmp_path / "no such folder" / "x.csv"), "--format", "csv")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "can't be written: No such file or directory" in done.stderr


def test_an_export_takes_no_more_memory_for_more_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "PAGE", 200)
    monkeypatch.setattr(sqlite_read, "PAGE", 200)
    peaks = []
    for count in (600, 2400):
        folder = tmp_path / str(count)
        folder.mkdir()
        config = place(folder)
        store = SqliteStore(folder / "store.db")
        store.open()
        fill(store, chained(units(count, 9), "pc9", "uvwxyzab", slot=8))
        store.close()
        tracemalloc.start()
        assert export(config, "--out", str(folder / "all.jsonl")).exit_code == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
