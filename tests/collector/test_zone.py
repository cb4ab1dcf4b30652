"""`--zone`: times as they were on the clocks of a place, in `trace` and `export`; what is sealed stays as it is."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from asking_commands import ask, settings_file
from samples import T0
from small_plant import SECOND, chained, correction, fill, happening, units

from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.time_words import in_zone, moment_us, window_of
from gaugetrail_contract.clock import utc_text

SUMMER, WINTER = "2026-07-01T06:00:00.250000Z", "2026-12-01T06:00:00.250000Z"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three inspections, an event about the gauge, an amendment."""
    folder = tmp_path_factory.mktemp("zone")
    settings_file(folder)
    store = SqliteStore(folder / "store.db")
    store.open()
    made = chained([*units(3, 1), happening("gauge.checked", "gauge", "G-2", result="failed")])
    fill(store, [*made, *chained([correction(made[1])], "office", "qrstuvwx", T0 + 900 * SECOND, slot=9)])
    store.close()
    return folder


def test_a_time_stands_as_on_the_clocks_of_the_zone_summer_and_winter() -> None:
    assert in_zone(SUMMER, BERLIN) == "2026-07-01T08:00:00.250000+02:00"
    assert in_zone(WINTER, BERLIN) == "2026-12-01T07:00:00.250000+01:00"
    assert in_zone(WINTER, BERLIN, "seconds") == "2026-12-01T07:00:00+01:00"
    assert (in_zone(WINTER, UTC), in_zone(WINTER, UTC, "seconds")) == (WINTER, "2026-12-01T06:00:00Z")


def test_a_time_that_says_no_offset_is_of_the_zone() -> None:
    """As the person reads it on the wall; one that says its offset is what it says."""
    assert utc_text(moment_us("2026-07-01T08:00", 0, BERLIN)) == "2026-07-01T06:00:00.000000Z"
    assert utc_text(moment_us("2026-07-01T08:00Z", 0, BERLIN)) == "2026-07-01T08:00:00.000000Z"
    window = window_of("2026-12-01", "2026-12-02", None, 0, BERLIN)
    assert utc_text(window.since_us or 0) == "2026-11-30T23:00:00.000000Z"
    assert utc_text(window.until_us or 0) == "2026-12-01T23:00:00.000000Z"


def test_the_whole_answer_to_a_person_is_in_the_zone(plant: Path) -> None:
    """Headings, events and amendments: no line in another time."""
    code, here, _ = ask(plant, "trace", "--since", "2000-01-01", "--zone", "Europe/Berlin")
    _, utc, _ = ask(plant, "trace", "--since", "2000-01-01")
    times = [line.split("  ")[0] for line in utc.splitlines() if line[:4].isdigit()]
    assert (code, len(times)) == (0, 5)
    assert [line.split("  ")[0] for line in here.splitlines() if line[:4].isdigit()] == [
        in_zone(time, BERLIN) for time in times
    ]


def test_a_gauges_table_is_in_the_zone(plant: Path) -> None:
    _, shown, _ = ask(plant, "trace", "--gauge", "G-2", "--zone", "America/Chicago")
    _, utc, _ = ask(plant, "trace", "--gauge", "G-2")
    rows = [line.split()[0] for line in shown.splitlines() if "SN1-0000" in line]
    assert rows
    assert all(row.endswith(("-06:00", "-05:00")) for row in rows)
    ends = [line.split()[0] for line in utc.splitlines() if "SN1-0000" in line]
    assert [datetime.fromisoformat(row) for row in rows] == [datetime.fromisoformat(end) for end in ends]
    assert sum("gauge.checked" in line and line[:4].isdigit() for line in shown.splitlines()) == 1
    assert "Z  event" not in shown


def test_csv_of_trace_and_export_are_in_the_zone_and_the_same(plant: Path) -> None:
    _, traced, _ = ask(plant, "trace", "--since", "2000-01-01", "--csv", "--zone", "Asia/Kolkata")
    _, exported, _ = ask(plant, "export", "--format", "csv", "--zone", "Asia/Kolkata")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert list(csv.DictReader(io.StringIO(traced))) == rows
    _, plain, _ = ask(plant, "export", "--format", "csv")
    for row, as_utc in zip(rows, csv.DictReader(io.StringIO(plain)), strict=True):
        for name in ("time", "measured_time"):
            assert row[name].endswith("+05:30")
            assert as_utc[name].endswith("Z")
            assert datetime.fromisoformat(row[name]) == datetime.fromisoformat(as_utc[name])


def test_parquet_tells_its_reader_the_zone(plant: Path) -> None:
    from pyarrow import parquet

    for zone in ("UTC", "Europe/Berlin"):
        out = plant / f"{zone.replace('/', '-')}.parquet"
        assert ask(plant, "export", "--format", "parquet", "--out", str(out), "--zone", zone)[0] == 0
        assert parquet.read_table(out).schema.field("time").type.tz == zone


def test_what_is_sealed_knows_no_zone(plant: Path) -> None:
    """Lines and JSON are the record's own words, in UTC, whatever is asked."""
    assert ask(plant, "export", "--zone", "Europe/Berlin")[1] == ask(plant, "export")[1]
    (unit,) = json.loads(ask(plant, "trace", "SN1-00001", "--json", "--zone", "Europe/Berlin")[1])["inspections"]
    assert unit["time"].endswith("Z")


@pytest.mark.parametrize("command", ["trace", "export"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *[("Europe/Berlni", "; did you mean Europe/Berlin?"), ("europe/berln", "; did you mean Europe/Berlin?")],
        *[("../etc/passwd", ""), ("", ""), ("nonsense at all", "")],
    ],
)
def test_a_zone_that_is_none_is_told_the_one_that_was_meant(plant: Path, command: str, name: str, meant: str) -> None:
    code, out, said = ask(plant, command, "--since", "2000-01-01", "--zone", name)
    assert (code, out) == (2, "")
    assert said == f"{name!r} is no time zone{meant}; write it as Europe/Berlin or America/Chicago\n"
