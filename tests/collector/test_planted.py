"""Attacks A47, A48 and A61 on a collector's files: what somebody planted in one never runs, and it is left as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest
from small_plant import chained, units

from gaugetrail_collector.evidence.own_chain import locked
from gaugetrail_collector.intake.aside.set_aside import ADD_CLOSED, ADD_TOLD, INDEX, UNCLOSED, UNTOLD, Entry, SetAside
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.let_go import LetGo
from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.sqlite.store import SqliteStore


class Opened(Protocol):
    def open(self) -> None: ...
    def close(self) -> None: ...


def keys(path: Path) -> Keys:
    return Keys(path, "first-use", lambda: 1)


LISTS: list[tuple[Callable[[Path], Opened], str]] = [(SetAside, "entry"), (keys, "agent_key"), (LetGo, "let_go")]


def run(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(script)


def eat(table: str) -> str:
    return f"CREATE TRIGGER eat AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END"


@pytest.mark.parametrize(("made", "table"), LISTS)
def test_a48_a_list_with_a_trigger_is_not_opened_until_the_command_has_taken_it_out(
    tmp_path: Path, made: Callable[[Path], Opened], table: str
) -> None:
    path = tmp_path / "list.db"
    for _ in range(2):  # what this version made it opens again
        one = made(path)
        one.open()
        one.close()
    run(path, eat(table))
    before = path.read_bytes()
    with pytest.raises(sqlite3.Error) as told:
        made(path).open()
    assert str(told.value) == (
        f"{path} is left as it is: it holds the trigger eat on {table}, which is none of ours; take that out: "
        f"sqlite3 {path} 'DROP TRIGGER \"eat\"'"
    )
    assert path.read_bytes() == before
    run(path, 'DROP TRIGGER "eat"')
    made(path).open()


@pytest.mark.parametrize(("made", "table"), LISTS)
def test_a61_a_list_of_a_newer_version_is_refused_and_nothing_touched(
    tmp_path: Path, made: Callable[[Path], Opened], table: str
) -> None:
    path = tmp_path / "list.db"
    run(path, f"CREATE TABLE {table}(x); PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(sqlite3.Error, match=r"written by a newer Gaugetrail \(format 2\); install that one"):
        made(path).open()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("made", "_"), LISTS)
def test_a47_a_link_in_a_lists_place_is_refused_and_its_target_untouched(
    tmp_path: Path, made: Callable[[Path], Opened], _: str
) -> None:
    target, path = tmp_path / "theirs", tmp_path / "list.db"
    target.write_bytes(b"")
    path.symlink_to(target)
    with pytest.raises(OSError, match="it is a link to"):
        made(path).open()
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    "earlier",
    [
        (f"{UNTOLD})",),
        (f"{UNTOLD})", ADD_TOLD),
        (f"{UNCLOSED})",),
        (f"{UNCLOSED})", *ADD_CLOSED, INDEX),
        (f"{UNTOLD})", ADD_TOLD, *ADD_CLOSED),
    ],
)
def test_a_list_of_any_earlier_version_opens_twice(tmp_path: Path, earlier: tuple[str, ...]) -> None:
    run(tmp_path / "list.db", ";".join(earlier))
    for count in (1, 2):
        one = SetAside(tmp_path / "list.db")
        one.open()
        one.put([Entry("t", bytes([count]), "bad", 1)])
        assert one.count() == count
        one.close()


STRANGE = [
    (eat("record"), "it holds the trigger eat on record, which is none of ours; take that out: sqlite3 "),
    (eat("about"), "it holds the trigger eat on about, which is none of ours; take that out: sqlite3 "),
    ("DROP INDEX record_time", "its index record_time is missing; put it back from a backup"),
    ("ALTER TABLE record ADD COLUMN more", "its table record is not as this program makes it; put it back from a"),
    ("CREATE TABLE more(x)", "it holds the table more, which is none of ours; put it back from a backup"),
]


@pytest.mark.parametrize(("script", "said"), STRANGE)
def test_a48_a_store_that_is_not_as_made_is_refused_and_left_as_it_is(tmp_path: Path, script: str, said: str) -> None:
    path = tmp_path / "store.db"
    for _ in range(2):
        store = SqliteStore(path)
        store.open()
        store.identity()
        store.write(chained(units(3, 1)))
        store.close()
    run(path, script)
    before = path.read_bytes()
    with pytest.raises(StoreRefuses) as told:
        SqliteStore(path).open()
    assert f"{path} is left as it is: {said}" in str(told.value)
    assert path.read_bytes() == before


def test_a61_a_store_of_a_newer_version_is_not_even_given_another_journal(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    run(path, "CREATE TABLE morrow(x); PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreRefuses, match="written by a newer Gaugetrail"):
        SqliteStore(path).open()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_another_program_is_no_store(tmp_path: Path) -> None:
    run(tmp_path / "store.db", "CREATE TABLE bookmarks(url)")
    with pytest.raises(StoreRefuses, match="it holds the table bookmarks, which is none of ours"):
        SqliteStore(tmp_path / "store.db").open()


def test_a47_a_link_in_the_place_of_the_writers_lock_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    (tmp_path / "documents.lock").symlink_to(tmp_path / "theirs")
    with pytest.raises(sqlite3.OperationalError, match="it is a link to"), locked(tmp_path / "documents.lock"):
        pass
    assert (tmp_path / "theirs").read_bytes() == b""
