"""A period in one file: proven without the database, and whatever is done to the file is found."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from places import make_place
from samples import T0
from small_plant import SECOND, chained, fill, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.evidence.archive import NotWhole, write_archive
from gaugetrail_collector.evidence.archive_proof import NoArchive, verify_archive
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.seal import open_line

ONE = chained(units(60, 1), slot=1)
TWO = chained(units(30, 2), "pc2", "ijklmnop", slot=2)
PERIOD = Window(T0 + 10 * SECOND, T0 + 40 * SECOND)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("influx1", marks=pytest.mark.influxdb), "influx2", "influx3"]
)
def archived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A period of two chains, archived from a store of each kind."""
    made = make_place(request.param, request)
    store = made.store()
    fill(store, [*ONE, *TWO])
    path = tmp_path_factory.mktemp("archive") / "period.zip"
    write_archive(store, PERIOD, path)
    made.close()
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def repacked(path: Path, files: dict[str, bytes]) -> Path:
    target = path.with_name(f"other-{random.randrange(10**9)}.zip")
    with zipfile.ZipFile(target, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return target


def test_an_archive_holds_its_period_and_proves_itself(archived: Path) -> None:
    proof = verify_archive(archived)
    assert (proof.ok, proof.faults) == (True, [])
    found = [(one.agent, one.first, one.last, one.prev, one.head) for one in proof.manifest.chains]
    assert found == [
        ("pc1", 10, 39, ONE[8].sealed.sha256, ONE[38].sealed.sha256),
        ("pc2", 10, 30, TWO[8].sealed.sha256, TWO[29].sealed.sha256),
    ]
    lines = contents(archived)["chains/0001.jsonl"].splitlines()
    assert [open_line(line) for line in lines] == ONE[9:39], "the sealed bytes, as wire lines"


def lines_of(files: dict[str, bytes]) -> list[bytes]:
    return files["chains/0001.jsonl"].splitlines(keepends=True)


def change(at: int, make: Callable[[list[bytes], int], list[bytes]]) -> Callable[[dict[str, bytes]], None]:
    def tamper(files: dict[str, bytes]) -> None:
        files["chains/0001.jsonl"] = b"".join(make(lines_of(files), at))

    return tamper


def drop(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.pop(name) and None


def rewrite_manifest(**changes: object) -> Callable[[dict[str, bytes]], None]:
    def tamper(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"])
        manifest["chains"][0] |= changes
        files["manifest.json"] = json.dumps(manifest).encode()

    return tamper


TAMPERED = {
    "a digit changed": change(4, lambda lines, at: [*lines[:at], lines[at].replace(b"74.", b"75."), *lines[at + 1 :]]),
    "a record removed": change(4, lambda lines, at: lines[:at] + lines[at + 1 :]),
    "the last removed": change(29, lambda lines, at: lines[:at]),
    "the first removed": change(0, lambda lines, at: lines[1:]),
    "two exchanged": change(4, lambda lines, at: [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]),
    "one twice": change(4, lambda lines, at: [*lines[: at + 1], *lines[at:]]),
    "a blank line": change(4, lambda lines, at: [*lines[:at], b"\n", *lines[at:]]),
    "a line that never ends": change(4, lambda lines, at: [*lines[:at], b"{" * 200_000, *lines[at:]]),
    "the file gone": drop("chains/0001.jsonl"),
    "a file more": lambda files: files.update({"readme.txt": b"hello"}),
    "another head": rewrite_manifest(head="ab" * 32),
    "another prev": rewrite_manifest(prev="ab" * 32),
    "another agent": rewrite_manifest(agent="pc9"),
    "another count": rewrite_manifest(records=29),
    "another end": rewrite_manifest(last=38),
    "a gap declared": rewrite_manifest(missing=[[20, 21]]),
    "another digest": rewrite_manifest(sha256="ab" * 32),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_done_to_an_archive_is_found(archived: Path, what: str) -> None:
    files = contents(archived)
    TAMPERED[what](files)
    proof = verify_archive(repacked(archived, files))
    assert not proof.ok
    assert proof.faults


def test_the_period_of_the_manifest_is_proven_too(archived: Path) -> None:
    files = contents(archived)
    manifest = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps(manifest | {"since": "2027-01-01T00:00:00.000000Z"}).encode()
    assert "outside the period" in " ".join(verify_archive(repacked(archived, files)).faults)


def test_any_bit_turned_in_the_file_is_found_or_harmless(archived: Path) -> None:
    """Never a stack trace, and never another record than the one that was archived."""
    dice = random.Random(7)
    whole = archived.read_bytes()
    for _ in range(150):
        at = dice.randrange(len(whole))
        damaged = archived.with_name("damaged.zip")
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :])
        try:
            proof = verify_archive(damaged)
        except NoArchive:
            continue
        if proof.ok:
            assert contents_or_none(damaged) in (None, contents(archived))


def contents_or_none(path: Path) -> dict[str, bytes] | None:
    try:
        return contents(path)
    except (zipfile.BadZipFile, NotImplementedError):
        return None


@pytest.mark.parametrize("data", [b"", b"a letter to the editor", b"PK\x03\x04" + b"\0" * 40])
def test_a_file_that_is_no_archive_gets_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(data)
    done = CliRunner().invoke(cli.app, ["archive", "verify", str(path)], catch_exceptions=False)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "can't be read as an archive" in done.stderr


@pytest.mark.parametrize("manifest", [None, b"{}", b"not json", b'{"format":"gaugetrail-archive/2"}'])
def test_a_zip_of_something_else_gets_one_sentence(tmp_path: Path, manifest: bytes | None) -> None:
    path = tmp_path / "other.zip"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("x.txt", b"x")
        if manifest is not None:
            packed.writestr("manifest.json", manifest)
    path.write_bytes(buffer.getvalue())
    done = CliRunner().invoke(cli.app, ["archive", "verify", str(path)], catch_exceptions=False)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# --- the commands, and a store that is not whole


def place(folder: Path) -> tuple[Path, SqliteStore]:
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, ONE)
    store.close()
    config = folder / "collector.toml"
    config.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    return config, store


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["archive", *map(str, words)], catch_exceptions=False)


def test_the_archive_of_a_month_from_command_to_proof(tmp_path: Path) -> None:
    config, _ = place(tmp_path)
    path = tmp_path / "month.zip"
    made = run(path, "-c", config, "--since", "2026-09-01", "--until", "2026-10-01", "--json")
    assert made.exit_code == 0, made.stderr
    proven = run("verify", path, "--json")
    assert proven.exit_code == 0
    assert json.loads(made.stdout)["sha256"] == json.loads(proven.stdout)["sha256"]
    assert json.loads(proven.stdout)["records"] == 60
    assert run("verify", path).stdout.startswith("ok: 60 records of 1 chain, ")
    again = run(path, "-c", config)
    assert (again.exit_code, "never written over" in again.stderr) == (1, True)


def test_the_same_period_makes_the_same_file(tmp_path: Path) -> None:
    _, store = place(tmp_path)
    store.open()
    for name in ("a.zip", "b.zip"):
        write_archive(store, ALL_TIME, tmp_path / name)
    store.close()
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_record_that_was_altered_is_never_archived(tmp_path: Path) -> None:
    config, store = place(tmp_path)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'SN1-00007', 'SN1-0000X') WHERE seq = 7")
    done = run(tmp_path / "x.zip", "-c", config)
    assert done.exit_code == 1
    assert "nothing was written: pc1/abcdefgh/7 can't be archived: the seal doesn't hold" in done.stderr
    assert not list(tmp_path.glob("*.zip*"))
    assert not list(tmp_path.glob(".*.part"))


def test_what_was_missing_already_is_declared(tmp_path: Path) -> None:
    _, store = place(tmp_path)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("DELETE FROM record WHERE seq IN (7, 8, 20)")
    store.open()
    write_archive(store, ALL_TIME, tmp_path / "gaps.zip")
    store.close()
    proof = verify_archive(tmp_path / "gaps.zip")
    assert proof.ok
    assert proof.manifest.chains[0].missing == ((7, 8), (20, 20))
    assert "missing in the store when it was made: 7 to 8" in "\n".join(proof.lines())


def test_nothing_is_left_of_an_archive_that_could_not_be_finished(tmp_path: Path) -> None:
    _, store = place(tmp_path)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE record SET sha256 = 'x' WHERE seq = 50")
    store.open()
    with pytest.raises(NotWhole):
        write_archive(store, ALL_TIME, tmp_path / "x.zip")
    store.close()
    assert [path.name for path in tmp_path.glob("*.zip*")] == []
