"""Reading back: what is missing in the store is found, announced and asked for again, and nothing else is."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import AGENT, EPOCH, chain
from places import Place, SqlitePlace

from gaugetrail_collector.evidence.readback import LONGEST, Reconciler
from gaugetrail_collector.intake.spans import spans_of
from gaugetrail_collector.stores import Fate, Store, StoreDown, StoreReplaced
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.commands import Again
from gaugetrail_contract.seal import ChainName

NAME = ChainName(AGENT, EPOCH)
CHAIN = chain(40)


class Desk:
    """A reconciler whose commands are kept, with a clock in the test's hand."""

    def __init__(self, store: Store, aside: tuple[int, ...] = ()) -> None:
        self.asked: list[tuple[str, Again]] = []
        self.reconciler = Reconciler(lambda agent, again: self.asked.append((agent, again)), lambda *_: aside, 30)
        self.store = store
        self.now = 0.0

    def keep(self, *seqs: int) -> None:
        """These records are stored through this collector."""
        records = [CHAIN[seq - 1] for seq in seqs]
        self.store.write(records)
        self.reconciler.stored(spans_of(records))

    def look(self, seconds: float = 0.0, *, whole: bool = False, known: int = 0) -> list[tuple[int, int]]:
        """Look round after some seconds: the ranges asked for by it."""
        self.now += seconds
        before = len(self.asked)
        if whole:
            self.reconciler.whole_look(self.store, self.now, {NAME: known} if known else {})
        else:
            self.reconciler.look(self.store, self.now)
        return [span for _, again in self.asked[before:] for span in again.ranges]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    store = SqlitePlace(tmp_path).store()
    return Desk(store)


def test_a_store_that_is_another_than_before_is_asked_about_at_once(desk: Desk) -> None:
    """Without a grace, since nothing is on its way; once, since the next whole look is of the same store."""
    desk.keep(*range(1, 6))
    assert desk.look(whole=True) == []
    assert isinstance(desk.store, SqliteStore)
    desk.store.close()
    for file in desk.store.path.parent.glob("*.db*"):
        file.unlink()
    desk.store.open()
    desk.reconciler.doubt_all()
    assert desk.look(1, whole=True) == [(1, 5)]
    desk.keep(*range(1, 6))
    assert desk.look(1, whole=True) == []
    assert desk.look(1, whole=True, known=7) == []


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_file_that_is_replaced_under_an_open_store_is_noticed_before_anything_is_called_stored(
    tmp_path: Path, suffix: str
) -> None:
    """SQLite writes on into files that have no name any more, and says that it has committed."""
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    store.write(CHAIN[:3])
    store.path.with_name(store.path.name + suffix).unlink()
    with pytest.raises(StoreReplaced, match="was deleted or replaced while it was open"):
        store.write(CHAIN[3:5])
    with pytest.raises(StoreDown):
        store.count()
    store.open()
    # Without its name alone, the log's last reader still wrote what it holds into the file.
    assert {outcome.fate for outcome in store.write(CHAIN)} <= {Fate.STORED, Fate.THERE}
    assert store.numbers(*NAME) == [(1, 40)]
    store.close()
    store.open()
    assert store.numbers(*NAME) == [(1, 40)]
    store.close()


def test_every_store_tells_which_numbers_it_has(place: Place) -> None:
    store = place.store()
    assert store.numbers(*NAME) == []
    store.write([CHAIN[seq - 1] for seq in (1, 2, 3, 7, 8, 12)])
    assert store.numbers(*NAME) == [(1, 3), (7, 8), (12, 12)]
    seventh = CHAIN[6].record
    assert store.numbers(*NAME, after_seq=seventh.seq, after_us=seventh.time_us) == [(8, 8), (12, 12)]
    assert store.numbers(AGENT, "zzzzzzzz") == []


def test_what_came_in_order_is_not_even_looked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.keep(*range(1, 21))
    monkeypatch.setattr(desk.store, "numbers", lambda *_: pytest.fail("the store was asked"))
    assert desk.look() == []
    assert desk.look(60) == []


def test_a_gap_is_asked_for_after_its_grace_and_ends_when_it_is_filled(desk: Desk) -> None:
    desk.keep(1, 2, 5, 6)
    assert desk.look() == []
    assert desk.look(29) == []
    assert desk.reconciler.gaps() == []
    assert desk.look(1) == [(3, 4)]
    ((agent, again),) = desk.asked
    assert (agent, again.epoch, again.branch) == NAME
    (gap,) = desk.reconciler.gaps()
    assert "3 to 4 missing in the store" in str(gap)
    desk.keep(3, 4)
    desk.look(3600)
    assert desk.reconciler.gaps() == []
    assert len(desk.asked) == 1


def test_a_backlog_that_comes_behind_live_records_is_no_gap(desk: Desk) -> None:
    """Live first: the numbers between are on their way, and as long as they come nobody asks for them."""
    desk.keep(1, 40)
    desk.look()
    for seq in range(2, 40):
        desk.keep(seq)
        assert desk.look(20) == []
    assert desk.reconciler.gaps() == []


def test_what_stays_missing_is_asked_for_ever_more_rarely(desk: Desk) -> None:
    desk.keep(1, 3)
    desk.look()
    times = []
    for _ in range(3000):
        if desk.look(10):
            times.append(desk.now)
    waits = [round(later - earlier) for earlier, later in itertools.pairwise(times)]
    assert waits[:4] == [30, 60, 120, 240]
    assert max(waits) == LONGEST
    (gap,) = desk.reconciler.gaps()
    assert gap.asked == len(times)


def test_numbers_stored_by_another_collector_are_no_gap(desk: Desk) -> None:
    desk.keep(1, 4)
    desk.store.write([CHAIN[1], CHAIN[2]])
    assert desk.look() == []
    assert desk.look(60) == []


def test_what_is_set_aside_is_accounted_for(tmp_path: Path) -> None:
    desk = Desk(SqlitePlace(tmp_path).store(), aside=(2, 3))
    desk.keep(1, 4, 6)
    desk.look()
    assert desk.look(60) == [(5, 5)]


def test_what_the_database_dropped_is_found_by_the_whole_look(desk: Desk, tmp_path: Path) -> None:
    """Acknowledged, receipted, and gone: a dropped series, a backup brought back."""
    desk.keep(*range(1, 31))
    assert desk.look() == []
    with closing(sqlite3.connect(next(tmp_path.glob("*.db")))) as db, db:
        db.execute("DELETE FROM record WHERE seq BETWEEN 1 AND 9 OR seq BETWEEN 25 AND 30")
    assert desk.look(60) == []
    assert desk.look(60, whole=True) == []
    assert desk.look(30) == [(1, 9), (25, 30)]


def test_a_wiped_store_is_known_by_what_the_agent_says(desk: Desk) -> None:
    """Nothing in it and nothing seen since the start: the agent's status says that all up to 17 was confirmed."""
    assert desk.look(whole=True, known=17) == []
    assert desk.look(60, whole=True, known=17) == [(1, 17)]


def test_older_than_the_retention_is_nothing_missing(desk: Desk) -> None:
    desk.store.write(CHAIN[19:30])
    desk.store.write(CHAIN[31:35])
    since = CHAIN[18].record.time_us
    desk.reconciler.whole_look(desk.store, 0, {}, since)
    desk.reconciler.whole_look(desk.store, 60, {}, since)
    assert [span for _, again in desk.asked for span in again.ranges] == [(31, 31)]


@given(st.permutations(range(1, 13)), st.sets(st.integers(1, 12), max_size=4))
def test_whatever_order_records_come_in_just_the_lost_are_asked_for(order: list[int], lost: set[int]) -> None:
    store = FakeNumbers()
    asked: set[int] = set()

    def ask(_: str, again: Again) -> None:
        asked.update(seq for first, last in again.ranges for seq in range(first, last + 1))

    reconciler = Reconciler(ask, lambda *_: (), 30)
    came = [seq for seq in order if seq not in lost]
    for number, seq in enumerate(came):
        store.there.add(seq)
        reconciler.stored(spans_of([CHAIN[seq - 1]]))
        reconciler.look(store, number)  # type: ignore[arg-type]
    reconciler.whole_look(store, 20, {})  # type: ignore[arg-type]
    reconciler.look(store, 100)  # type: ignore[arg-type]
    assert asked == {seq for seq in lost if seq < max(came, default=0)}


class FakeNumbers:
    """A store as far as numbers go."""

    def __init__(self) -> None:
        self.there: set[int] = set()

    def chains(self) -> list[ChainName]:
        return [NAME] if self.there else []

    def numbers(self, _: str, __: str, ___: str, *, after_seq: int = 0, after_us: int = 0) -> list[tuple[int, int]]:
        return [(seq, seq) for seq in sorted(self.there) if seq > after_seq]
