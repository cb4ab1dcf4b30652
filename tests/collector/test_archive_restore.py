"""An archive read back: every record as it was, in each kind of store; from a broken one nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from places import Place
from small_plant import chained, fill, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.evidence import archive_restore
from gaugetrail_collector.evidence.archive import write_archive
from gaugetrail_collector.evidence.archive_proof import NoArchive
from gaugetrail_collector.evidence.archive_restore import ArchiveRestored, prove, restore_archive
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.stores import Doubt, Fate, Outcome, Store
from gaugetrail_collector.stores.question import ALL_TIME
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.seal import Opened

ONE = chained(units(110, 1), slot=1)
TWO = chained(units(30, 2), "pc2", "ijklmnop", slot=2)


@pytest.fixture(autouse=True)
def a_hundred_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than the first chain has, so that it comes in two pieces."""
    monkeypatch.setattr(archive_restore, "AT_ONCE", 100)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chains; of the second, numbers 7 and 8 were already missing in the store."""
    folder = tmp_path_factory.mktemp("archive")
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, [*ONE, *TWO[:6], *TWO[8:]])
    write_archive(store, ALL_TIME, folder / "year.zip")
    store.close()
    return folder / "year.zip"


def put(archive: Path, store: Store) -> ArchiveRestored:
    return restore_archive(prove(archive), archive, store)


def held(store: Store) -> list[tuple[str, str, int, str, bytes]]:
    return [
        (row.agent, row.epoch, row.seq, row.sha256, row.data) for chain in store.chains() for row in store.rows(*chain)
    ]


def test_every_record_stands_in_the_store_as_it_was(archive: Path, place: Place) -> None:
    """In SQLite, a real InfluxDB 1, and the stub of 2 and 3; a second time nothing changes."""
    store = place.store()
    done = put(archive, store)
    assert (done.ok, done.written, done.there, done.left_out, done.reasons) == (True, 138, 0, 0, [])
    wanted = [(o.agent, o.epoch, o.seq, o.sealed.sha256, o.sealed.data) for o in [*ONE, *TWO[:6], *TWO[8:]]]
    assert held(store) == wanted
    again = put(archive, place.store())
    assert (again.ok, again.written, again.there) == (True, 0, 138)
    assert held(place.store()) == wanted


def test_one_that_was_stopped_in_the_middle_is_finished_by_the_next(archive: Path, place: Place) -> None:
    fill(place.store(), ONE[:40])
    done = put(archive, place.store())
    assert (done.ok, done.written, done.there) == (True, 98, 40)


def broken(archive: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    change(files)
    path = archive.with_name("broken.zip")
    with zipfile.ZipFile(path, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


LAST = "chains/0002.jsonl"
BROKEN: dict[str, Callable[[dict[str, bytes]], object]] = {
    "a digit of the last record": lambda files: files.update(
        {LAST: files[LAST].rpartition(b'"74.')[0] + b'"75.' + files[LAST].rpartition(b'"74.')[2]}
    ),
    "the last record gone": lambda files: files.update({LAST: files[LAST][: files[LAST][:-1].rindex(b"\n") + 1]}),
    "a chain gone": lambda files: files.pop(LAST),
    "a file more": lambda files: files.update({"x": b"x"}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_of_a_broken_archive_nothing_is_written(archive: Path, tmp_path: Path, what: str) -> None:
    """Not even the chains of it that are whole; the fault is named."""
    path = broken(archive, BROKEN[what])
    config = tmp_path / "collector.toml"
    config.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    done = run("restore", path, "-c", config)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "is broken, and nothing of it is written:\n  " in done.stderr
    assert not (tmp_path / "store.db").exists()


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["archive", *map(str, words)], catch_exceptions=False)


def test_the_command_says_what_it_did(archive: Path, tmp_path: Path) -> None:
    config = tmp_path / "collector.toml"
    config.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    done = run("restore", archive, "-c", config)
    assert (done.exit_code, done.stdout) == (0, "138 records written, 0 were there already, 0 left out\n")
    again = json.loads(run("restore", archive, "-c", config, "--json").stdout)
    assert again == {"ok": True, "records": 138, "written": 0, "there": 138, "left_out": 0, "reasons": []}
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    assert [chain.faults for chain in verify(store).chains] == [0, 0]
    store.close()


def test_a_record_that_the_store_has_otherwise_is_named_and_left(archive: Path, tmp_path: Path) -> None:
    """Another history under the same numbers: the archive's is left out, the store's stays."""
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    other = chained(units(3, 9), slot=1)
    fill(store, other)
    done = put(archive, store)
    assert (done.ok, done.written + done.left_out) == (False, 138)
    assert done.reasons[0].startswith("pc1/abcdefgh/1 is not written: fork")
    assert "--vouch" in " ".join(done.reasons[:2])
    first = [(o.agent, o.epoch, o.seq, o.sealed.sha256, o.sealed.data) for o in other]
    assert [one for one in held(store) if one[:2] == first[0][:2]] == first
    assert restore_archive(prove(archive), archive, store, vouch=True).ok
    assert held(store)[:3] == first
    assert store.count() == 141
    store.close()


class Forgetful(SqliteStore):
    """Says that it has stored number 5, and hasn't: a double, since no real store can be made to."""

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[Outcome]:
        kept = [opened for opened in batch if opened.seq != 5]
        told = iter(super().write(kept, vouched=vouched, doubt=doubt))
        return [Outcome(Fate.STORED) if opened.seq == 5 else next(told) for opened in batch]


def test_a_store_that_acknowledges_and_drops_is_found_out(archive: Path, tmp_path: Path) -> None:
    store = Forgetful(tmp_path / "store.db")
    store.open()
    done = put(archive, store)
    store.close()
    assert not done.ok
    assert done.reasons == [
        f"{chain} 5 to 5 are not in the store, although they were written"
        for chain in ("pc1 epoch abcdefgh:", "pc2 epoch ijklmnop:")
    ]


def test_one_that_changes_after_its_proof_is_named(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "year.zip"
    path.write_bytes(archive.read_bytes())
    proof = prove(path)
    path.write_bytes(broken(archive, BROKEN["a chain gone"]).read_bytes())
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    with pytest.raises(NoArchive, match="has changed since it was proven"):
        restore_archive(proof, path, store)
    store.close()
