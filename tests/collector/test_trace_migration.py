"""A SQLite store of an earlier format is brought up once, whole or not at all; a newer one is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from small_plant import chained, fill, happening, units

from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_collector.stores.question import Asked, contexts
from gaugetrail_collector.stores.sqlite import formats as sqlite_formats
from gaugetrail_collector.stores.sqlite.formats import FORMATS, VERSION
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.trace import Question, ask
from gaugetrail_contract.record import identifiers

RECORDS = chained([*units(30, 1), happening("gauge.checked", "gauge", "G-1")])
TERMS = [Asked("gauge", "G-1"), Asked("plan", "CP-1001 C"), Asked("station", "OP20"), Asked("part", "PR-74"), None]


def first_format(path: Path) -> None:
    """A store as the first version wrote it."""
    older_format(path, 1)


def older_format(path: Path, number: int) -> None:
    """A store as the version of that format wrote it, from the first on; its contexts are those that it filed."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(f"{' '.join(FORMATS[:number])} PRAGMA user_version = {number};")
        for one in RECORDS:
            record = one.record
            place = (record.agent, record.epoch, record.seq)
            values = (*place, one.sealed.sha256, record.time_us, record.kind, one.sealed.data)
            db.execute("INSERT INTO record VALUES(?, ?, ?, ?, ?, ?, ?)", values)
            for kind, identifier in identifiers(record):
                db.execute(
                    "INSERT INTO identifier VALUES(?, ?, ?, ?, ?, ?)", (identifier, kind, record.time_us, *place)
                )
            for kind, name in contexts(record) if number > 1 else ():
                db.execute("INSERT INTO context VALUES(?, ?, ?, ?, ?, ?)", (name, kind, record.time_us, *place))


def answers(store: SqliteStore) -> list[list[str]]:
    return [[one.id for one in ask(store, Question(() if term is None else (term,)))] for term in TERMS]


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("number", range(1, VERSION))
def test_a_store_of_an_older_format_answers_as_a_new_one(tmp_path: Path, number: int) -> None:
    older_format(tmp_path / "old.db", number)
    old, new = SqliteStore(tmp_path / "old.db"), SqliteStore(tmp_path / "new.db")
    for store in (old, new):
        store.open()
    fill(new, RECORDS)
    assert answers(old) == answers(new)
    assert all(answers(new))
    assert {chain.branch for chain in old.chains()} == {""}
    assert verify(old).ok
    old.close()
    assert version(tmp_path / "old.db") == VERSION
    old.open()
    assert answers(old) == answers(new), "the second time there is nothing to do"
    for store in (old, new):
        store.close()


def test_an_altered_record_does_not_stop_the_migration(tmp_path: Path) -> None:
    first_format(tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "old.db")) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'SN1', 'SN2') WHERE seq = 5")
    store = SqliteStore(tmp_path / "old.db")
    store.open()
    (chain,) = verify(store).chains
    store.close()
    assert [fault["seq"] for fault in chain.broken] == [5]


def test_a_migration_that_is_cut_off_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_format(tmp_path / "old.db")

    def cut_off(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(sqlite_formats, "_file_all_contexts", cut_off)
        with pytest.raises(StoreDown, match="disk I/O error"):
            SqliteStore(tmp_path / "old.db").open()
    assert version(tmp_path / "old.db") == 1
    store = SqliteStore(tmp_path / "old.db")
    store.open()
    assert all(answers(store))
    store.close()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    first_format(tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "old.db")) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreRefuses, match="written by a newer Gaugetrail"):
        SqliteStore(tmp_path / "old.db").open()
    assert version(tmp_path / "old.db") == VERSION + 1
