"""The collector in one file and back: beside the running collector, from both kinds of store, counted and hashed."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from floor import Floor, Operator, until
from small_plant import chained, fill, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.documents.attachments import keep, state
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_service.backup.bundle import proven

RECORDS = chained(units(40, 3))
SETTINGS = 'id = "collector-1"\ndata_dir = "data"\n[mqtt]\nusername = "c"\npassword_file = "mqtt-password"\n'
SQLITE = '[store]\nkind = "sqlite"\npath = "store.db"\n'
KEY = "ab" * 32


def ask(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli.app, [*words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A collector with a key of its own, one of an agent, something set aside, and forty records."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "mqtt-password").write_text("secret\n")
    config = folder / "collector.toml"
    config.write_text(SETTINGS + SQLITE)
    ask("keys", "own", "--config", str(config))
    ask("keys", "add", "pc1", KEY, "--config", str(config))
    aside = SetAside(folder / "data" / "set-aside.db")
    aside.open()
    aside.put([Entry("t", b"raw bytes", "no JSON", 1)])
    aside.close()
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, RECORDS)
    store.close()
    return config


def exported(config: Path) -> str:
    return CliRunner().invoke(cli.app, ["export", "--config", str(config)], catch_exceptions=False).stdout


def backup(config: Path, *more: str) -> Path:
    file = config.parent.parent / "collector.zip"
    ask("backup", str(file), "--config", str(config), *more)
    return file


def restored(file: Path, config: Path, *more: str) -> dict[str, object]:
    return dict(json.loads(ask("restore", str(file), "--config", str(config), "--json", *more)))


def test_all_of_it_stands_on_another_server(config: Path, tmp_path: Path) -> None:
    file = backup(config)
    with proven(file, "collector") as (packed, contents):
        assert contents.counts == {"agent_keys": 1, "set_aside": 1, "records": 40}
        assert [hashlib.sha256(packed.read(one.name)).hexdigest() for one in contents.files] == [
            one.sha256 for one in contents.files
        ]
    assert file.stat().st_mode & 0o777 == 0o600
    there = tmp_path / "there" / "collector.toml"
    there.parent.mkdir()
    done = restored(file, there)
    assert (done["kept"], done["left_out"]) == ([], [])
    assert there.read_text() == config.read_text()
    assert (there.parent / "mqtt-password").read_text() == "secret\n"
    for words in (("export",), ("verify", "--json"), ("keys", "ls"), ("keys", "own"), ("set-aside", "ls", "--json")):
        assert ask(*words, "--config", str(config)) == ask(*words, "--config", str(there))


def test_what_is_attached_to_documents_goes_with_it(config: Path, tmp_path: Path) -> None:
    """Whole files under their digest; one that is still being written isn't taken."""
    drawing = tmp_path / "drawing.png"
    drawing.write_bytes(b"\x89PNG" * 1000)
    kept = keep(drawing, [config.parent / "data" / "attachments"])
    (config.parent / "data" / "attachments" / kept.sha256[:2] / ".half.part").write_bytes(b"x")
    file = backup(config)
    with proven(file, "collector") as (_, contents):
        assert contents.counts["attachments"] == 1
    there = tmp_path / "there" / "collector.toml"
    there.parent.mkdir()
    restored(file, there)
    assert state(there.parent / "data" / "attachments", kept.sha256) == "there"


def test_the_store_is_of_one_moment_while_it_is_written(config: Path, tmp_path: Path) -> None:
    """A writer in the middle of a transaction: what it has committed is in the backup, what it has not isn't."""
    with closing(sqlite3.connect(config.parent / "store.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM record")
        file = backup(config)
        writer.execute("ROLLBACK")
    there = tmp_path / "there" / "collector.toml"
    there.parent.mkdir()
    restored(file, there)
    assert exported(config) == exported(there)


def test_a_present_store_with_records_is_not_passed_over_in_silence(config: Path) -> None:
    file = backup(config)
    store = SqliteStore(config.parent / "store.db")
    store.open()
    fill(store, chained(units(2, 5), "pc2", "ijklmnop"))
    store.close()
    before = exported(config)
    assert "holds 42 records; say --even-so" in ask("restore", str(file), "--config", str(config), code=1)
    assert exported(config) == before
    done = restored(file, config, "--even-so")
    assert len(exported(config).splitlines()) == 40
    (kept,) = [Path(path) for path in done["kept"] if path.endswith("store.db")]  # type: ignore[attr-defined]
    shutil.copy(kept, config.parent / "store.db")
    assert exported(config) == before, "what stood in the way is whole"


@pytest.mark.parametrize("name", ["data/set-aside.db", "store.db"])
def test_a_running_collector_is_not_overwritten(config: Path, name: str) -> None:
    """It keeps its files open; another that took their place would swallow what it goes on to write."""
    file = backup(config)
    with closing(sqlite3.connect(config.parent / name, isolation_level=None)) as running:
        running.execute("PRAGMA journal_mode = WAL")
        running.execute("SELECT count(*) FROM sqlite_master").fetchone()
        assert "open; stop it first" in ask("restore", str(file), "--config", str(config), "--even-so", code=1)


def test_without_the_store_all_else_is_in_it(config: Path, tmp_path: Path) -> None:
    file = backup(config, "--without-store")
    there = tmp_path / "there" / "collector.toml"
    there.parent.mkdir()
    restored(file, there)
    assert not (there.parent / "store.db").exists()
    assert ask("keys", "own", "--config", str(config)) == ask("keys", "own", "--config", str(there))


@pytest.mark.parametrize(
    ("version", "place", "said"),
    [
        ("2", 'bucket = "b"\norg = "o"\n', "influx backup FOLDER --bucket b; say --without-store"),
        ("3", 'database = "d"\n', "archive, which archive restore brings back; say --without-store"),
    ],
)
def test_of_influxdb_2_and_3_it_says_whose_tool_it_is(config: Path, version: str, place: str, said: str) -> None:
    """Neither can be had here; the way that is not taken is named."""
    config.write_text(
        f'{SETTINGS}[store]\nkind = "influxdb"\nurl = "http://127.0.0.1:1"\nversion = "{version}"\n{place}'
    )
    assert said in ask("backup", str(config.parent / "b.zip"), "--config", str(config), code=1)
    assert not (config.parent / "b.zip").exists()
    backup(config, "--without-store")


def influx_settings(floor: Floor, database: str) -> str:
    url = f"http://127.0.0.1:{floor.influx_port}"
    store = f'[store]\nkind = "influxdb"\nurl = "{url}"\nversion = "1"\ndatabase = "{database}"\n'
    return (
        f'id = "collector"\ndata_dir = "collector-data"\n[mqtt]\nhost = "127.0.0.1"\nport = {floor.mqtt_port}\n{store}'
    )


@pytest.mark.processes
@pytest.mark.mosquitto
@pytest.mark.influxdb
def test_influxdb_goes_through_its_own_tool_while_everything_runs(floor: Floor) -> None:
    """The database is dropped behind the collector's back and put back; what came after the backup, agents bring."""
    floor.broker()
    floor.influxd()
    floor.write_agent()
    config = floor.folder / "collector.toml"
    config.write_text(influx_settings(floor, "gaugetrail"))
    rpc = ("--influx-rpc", f"127.0.0.1:{floor.influx_rpc}")
    floor.agent()
    floor.collector()
    operator = Operator(floor)
    operator.log_on()
    for number in range(5):
        operator.inspect(f"SN{number}")
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    code, out, err = floor.ask("gaugetrail-collector", "backup", "all.zip", "--config", str(config), *rpc, "--json")
    assert (code, json.loads(out)["store"]) == (0, {"kind": "influxdb", "database": "gaugetrail"}), err
    assert json.loads(out)["counts"]["records"] >= 5
    operator.inspect("SN9")
    operator.close()
    until(lambda: floor.waiting() == 0, "it has its receipt")
    before = lines(floor)
    floor.stop("collector")
    code, _, err = floor.ask("gaugetrail-collector", "restore", "all.zip", "--config", str(config), *rpc)
    assert (code, "DROP DATABASE" in err) == (1, True), "a database that is there is refused, with the cure"
    floor.influx("DROP DATABASE gaugetrail")
    code, _, err = floor.ask("gaugetrail-collector", "restore", "all.zip", "--config", str(config), *rpc)
    assert code == 0, err
    assert lines(floor) < before
    assert len(before - lines(floor)) == 1
    config.write_text(config.read_text() + "[readback]\nlook_secs = 1\nwhole_secs = 1\ngrace_secs = 1\n")
    floor.collector()
    operator = Operator(floor)
    operator.inspect("SN10")
    operator.close()
    until(lambda: before < lines(floor), "what came after the backup is asked for again and is there")
    assert floor.verify()["ok"] is True


def lines(floor: Floor) -> set[str]:
    """Every record of the line, without the collector's own."""
    _, out, _ = floor.ask_here("gaugetrail-collector", "export", "--config", "collector.toml")
    return {line for line in out.splitlines() if '"agent":"pc1"' in line}
