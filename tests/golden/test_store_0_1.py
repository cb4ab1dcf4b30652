"""A store written by 0.1 is read, traced, verified, exported, archived and copied without a difference."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from floor import Floor
from golden_0_1 import FILES, but_for_amended, but_for_the_lost, differences, lines, parsed, read, seals
from pyarrow import parquet
from shop_0_1 import Shop, empty_shop, influx_store

ANSWERS = [one for one in lines("answers.jsonl") if one["words"][:2] != ["store", "stats"]]


def named(answer: dict[str, Any]) -> str:
    return " ".join(answer["words"])[:60]


@pytest.mark.parametrize("then", ANSWERS, ids=named)
def test_each_command_answers_as_it_did(shop: Shop, then: dict[str, Any]) -> None:
    """trace of every kind of identifier, genealogy, gauges, verify, anchors, keys, what is set aside, export as CSV."""
    now = shop.ask(*then["words"])
    found = parsed(then["words"], now.stdout)
    if then["words"] in (["verify", "--json"], ["anchors", "check", "--json"]):
        assert isinstance(found, dict)
        assert found["ok"] is False, "nine are missing, and 0.1 didn't see it"
        assert now.exit_code == 1
        found = but_for_the_lost(found)
    else:
        assert then["exit"] == now.exit_code, now.stderr
    before = parsed(then["words"], then["out"])
    assert differences(before, but_for_amended(then["words"], before, found)) == []


def test_the_sealed_bytes_come_out_to_the_letter(shop: Shop) -> None:
    assert read("records.jsonl") == shop.records()


def test_columns_for_data_scientists_are_the_same(shop: Shop, tmp_path: Path) -> None:
    done = shop.ask("export", "--format", "parquet", "--out", str(tmp_path / "rows.parquet"))
    assert done.exit_code == 0, done.stderr
    rows = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert differences(lines("columns.jsonl"), json.loads(json.dumps(rows, default=str))) == []


def test_the_figures_on_the_store_are_the_same(shop: Shop) -> None:
    (then,) = [json.loads(one["out"]) for one in lines("answers.jsonl") if one["words"][:2] == ["store", "stats"]]
    now = json.loads(shop.ask("store", "stats", "--json").stdout)
    # Where the store lies and what it takes on the disk is this machine's; series and tags are only InfluxDB's.
    own = {key: now[key] for key in ("store", "disk_bytes", "series", "budget")}
    assert differences(then | own, now) == []


def test_an_archive_of_it_is_the_archive_that_0_1_made(shop: Shop, tmp_path: Path) -> None:
    done = shop.ask("archive", str(tmp_path / "now.zip"), "--json")
    assert done.exit_code == 0, done.stderr
    with zipfile.ZipFile(FILES / "archive.zip") as then, zipfile.ZipFile(tmp_path / "now.zip") as now:
        assert then.namelist() == now.namelist()
        for name in then.namelist():
            if name.startswith("chains/"):
                assert then.read(name) == now.read(name)
        manifests = [json.loads(one.read("manifest.json")) for one in (then, now)]
    assert differences(*manifests) == []


def test_an_archive_of_0_1_proves_itself(tmp_path: Path) -> None:
    done = empty_shop(tmp_path).ask("archive", "verify", str(FILES / "archive.zip"), "--json")
    assert done.exit_code == 0, done.stderr
    proof = json.loads(done.stdout)
    assert proof["ok"] is True
    assert len(seals(read("records.jsonl"))) == proof["records"]


def test_an_archive_of_0_1_is_read_back_whole(tmp_path: Path) -> None:
    shop = empty_shop(tmp_path)
    done = shop.ask("archive", "restore", str(FILES / "archive.zip"), "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["written"] == len(seals(read("records.jsonl")))
    assert read("records.jsonl") == shop.records()


def test_an_archive_of_0_1_with_one_letter_changed_is_found_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(FILES / "archive.zip") as then, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        for name in then.namelist():
            bad.writestr(name, then.read(name).replace(b'"SN0007"', b'"SN0008"', 1))
    assert empty_shop(tmp_path).ask("archive", "verify", str(tmp_path / "bad.zip")).exit_code == 1


def copy_whole(source: Shop, target: Shop) -> None:
    count = len(seals(read("records.jsonl")))
    for written in (count, 0):
        done = source.ask("store", "copy", "--to", str(target.config), "--json")
        assert done.exit_code == 0, done.stderr
        wanted = {"ok": True, "written": written, "there": count - written, "left_out": 0, "reasons": []}
        assert differences(wanted, json.loads(done.stdout)) == []
    assert read("records.jsonl") == target.records()
    (then,) = [json.loads(one["out"]) for one in ANSWERS if one["words"] == ["verify", "--json"]]
    assert differences(then, target.verify()) == []


def test_a_copy_into_a_file_is_whole(shop: Shop, tmp_path: Path) -> None:
    copy_whole(shop, empty_shop(tmp_path))


@pytest.mark.influxdb
def test_a_copy_into_influxdb_writes_the_points_that_0_1_wrote(
    shop_of: Callable[[str], Shop], influx: Floor, tmp_path: Path
) -> None:
    """Dashboards find what they always found: every tag and field of 0.1, with its value and type."""
    name, settings = influx_store(influx)
    copy_whole(shop_of("sqlite"), empty_shop(tmp_path, settings))
    by_0_1 = json.loads(shop_of("influxdb").config.read_text().rpartition("database = ")[2])
    for measurement in ("inspection", "measurement", "defect", "event", "trace"):
        then, now = (points(influx, one, measurement) for one in (by_0_1, name))
        assert then
        assert differences(then, now) == []
        assert field_types(influx, by_0_1, measurement).items() <= field_types(influx, name, measurement).items()


def asked(floor: Floor, database: str, query: str) -> list[dict[str, Any]]:
    """The series that InfluxDB answers with."""
    words = urllib.parse.urlencode({"db": database, "epoch": "ns", "q": query})
    with urllib.request.urlopen(f"http://127.0.0.1:{floor.influx_port}/query?{words}", timeout=60) as found:
        return list(json.load(found)["results"][0].get("series", ()))


def points(floor: Floor, database: str, measurement: str) -> dict[str, Any]:
    """Every point of a measurement by its tags and time."""
    return {
        json.dumps([series["tags"], values[0]]): dict(zip(series["columns"], values, strict=True))
        for series in asked(floor, database, f'SELECT * FROM "{measurement}" GROUP BY *')
        for values in series["values"]
    }


def field_types(floor: Floor, database: str, measurement: str) -> dict[str, str]:
    (series,) = asked(floor, database, f'SHOW FIELD KEYS FROM "{measurement}"')
    return dict(series["values"])


def test_trying_again_what_is_set_aside_loses_nothing(shop_of: Callable[[str], Shop]) -> None:
    """Whatever a later version can take by now is in its store afterwards; all else is where it was."""
    shop = shop_of("sqlite")
    before = [json.loads(line) for line in shop.ask("set-aside", "ls", "--json").stdout.splitlines()]
    assert before
    shop.ask("set-aside", "retry", "--json")
    left = {json.loads(line)["id"] for line in shop.ask("set-aside", "ls", "--json").stdout.splitlines()}
    stored = set(seals(shop.records()))
    assert [one for one in before if one["id"] not in left and one["sha256"] not in stored] == []
    assert set(seals(read("records.jsonl"))) <= stored
