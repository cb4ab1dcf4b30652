"""A register that is kept up says what one that is read anew would say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind


class CountedStore(SqliteStore):
    """Counts the records that were read for the register."""

    read = 0

    def rows(self, agent: str, epoch: str, branch: str = "", *, window: Window = ALL_TIME) -> Iterator[Row]:
        for row in super().rows(agent, epoch, branch, window=window):
            self.read += 1
            yield row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountedStore]:
    with closing(CountedStore(tmp_path / "store.db")) as made:
        made.open()
        yield made


def desk_of(store: SqliteStore, folder: Path) -> Desk:
    return Desk(store, "c1", folder / "documents.lock", FixedClock(), master=True)


def test_each_look_says_what_the_store_says_and_reads_only_what_came(store: CountedStore, tmp_path: Path) -> None:
    followed, desk = FollowedRegister(), desk_of(store, tmp_path)
    assert followed.now(store) == read_register(store), "of an empty store"
    desk.begin("ida", "")
    for number in range(30):
        desk.new(NewEdition(DocumentKind.PLAN, f"CP-{number:02}", b"one", "A"), "eva")
    assert followed.now(store) == read_register(store)
    desk.step(StepKind.SUBMIT, "CP-07", "eva")
    store.read = 0
    assert followed.now(store).lives["CP-07"].editions[0].stage == "in review"
    assert store.read == 2, "the last one known, and the one behind it"
    assert followed.now(store) == read_register(store)
    assert followed.now(store) is followed.now(store), "nothing came, nothing is made"


def test_a_store_that_was_put_back_or_replaced_is_read_again(store: CountedStore, tmp_path: Path) -> None:
    followed, desk = FollowedRegister(), desk_of(store, tmp_path)
    desk.begin("ida", "")
    desk.new(NewEdition(DocumentKind.PLAN, "CP-1", b"one", "A"), "eva")
    desk.step(StepKind.SUBMIT, "CP-1", "eva")
    assert followed.now(store).lives["CP-1"].editions[0].stage == "in review"
    with closing(sqlite3.connect(tmp_path / "store.db")) as db:
        db.execute("DELETE FROM record WHERE seq = 3 AND epoch LIKE 'documents%'")
        db.commit()
    assert followed.now(store).lives["CP-1"].editions[0].stage == "draft"
    (tmp_path / "other").mkdir()
    with closing(CountedStore(tmp_path / "other" / "store.db")) as other:
        other.open()
        assert followed.now(other).lives == {}
        desk_of(other, tmp_path / "other").begin("uwe", "")
        assert followed.now(other) == read_register(other)
