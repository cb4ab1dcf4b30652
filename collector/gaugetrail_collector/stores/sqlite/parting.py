"""What a SQLite store has of second histories, while one batch is written (see `stores.parting`). Within a transaction.

An epoch that has one history, and meets no fork in the batch, costs one look along the primary key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from gaugetrail_collector.stores import Outcome
from gaugetrail_collector.stores.parting import Parting, Seals, Standstill, follower
from gaugetrail_collector.stores.sqlite.formats import file_record, insert_record, unfile_record
from gaugetrail_contract.seal import BadRecord, ChainName, Opened, Sealed, open_sealed


class SqliteHistories:
    """Asked and told by the one who writes the batch."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._branches: dict[tuple[str, str], set[str]] = {}
        self._parting = Parting(self._standing)

    def several(self, opened: Opened) -> bool:
        """Whether more must be known of a record than whether its number is free."""
        return bool(opened.branch or self._known(opened.agent, opened.epoch) or self._parting.begun(opened))

    def judge(self, opened: Opened) -> Outcome | None:
        """As `Parting.judge`."""
        return self._parting.judge(opened)

    def withdraw(self, opened: Opened) -> None:
        """As `Parting.withdraw`."""
        self._parting.withdraw(opened)

    def named(self, opened: Opened) -> set[str]:
        """The histories of its epoch that have a name."""
        return self._known(opened.agent, opened.epoch)

    def gather(self, opened: Opened) -> None:
        """The record was inserted: what was only waiting for it joins its history."""
        if not opened.branch:
            return
        self._known(opened.agent, opened.epoch).add(opened.branch)
        last, along = opened, None
        while (moved := self._next_of(last, along)) is not None:
            along = moved.branch
            unfile_record(self._db, moved)
            moved.branch = opened.branch
            insert_record(self._db, moved)
            file_record(self._db, moved)
            last = moved

    def _next_of(self, opened: Opened, along: str | None) -> Opened | None:
        """The record that follows, where it stands in another history and has to be moved."""
        after = {one.chain.branch: one for one in self._at(opened.agent, opened.epoch, opened.seq + 1)}
        standing = [Standstill(branch, one.sealed.sha256, one.prev) for branch, one in after.items()]
        found = follower(opened, standing, along)
        return None if found is None else after[found]

    def _at(self, agent: str, epoch: str, seq: int) -> Iterator[Opened]:
        for branch in ("", *self._known(agent, epoch)):
            row = self._db.execute(
                "SELECT CAST(sha256 AS TEXT), CAST(data AS BLOB) FROM record"
                " WHERE agent = ? AND epoch = ? AND branch = ? AND seq = ?",
                (agent, epoch, branch, seq),
            ).fetchone()
            if row is None:
                continue
            sealed = Sealed(*row)
            try:
                record = open_sealed(sealed)
            except BadRecord:
                continue  # altered: it follows nothing, and verify names it
            if (record.agent, record.epoch, record.seq) == (agent, epoch, seq):
                yield Opened(sealed, record, branch=branch)

    def _standing(self, agent: str, epoch: str, seq: int) -> Seals:
        found = {}
        for branch in ("", *self._known(agent, epoch)):
            row = self._db.execute(
                "SELECT CAST(sha256 AS TEXT) FROM record WHERE agent = ? AND epoch = ? AND branch = ? AND seq = ?",
                (agent, epoch, branch, seq),
            ).fetchone()
            if row is not None:
                found[branch] = row[0]
        return found

    def _known(self, agent: str, epoch: str) -> set[str]:
        """The epoch's histories that have a name."""
        if (agent, epoch) not in self._branches:
            self._branches[agent, epoch] = {chain.branch for chain in named_histories(self._db, agent, epoch)}
        return self._branches[agent, epoch]


def named_histories(db: sqlite3.Connection, agent: str, epoch: str) -> Iterator[ChainName]:
    """Every history of an epoch but the first, by skipping through the primary key."""
    last = ""
    while True:
        row = db.execute(
            "SELECT branch FROM record WHERE agent = ? AND epoch = ? AND branch > ? ORDER BY branch LIMIT 1",
            (agent, epoch, last),
        ).fetchone()
        if row is None or not isinstance(row[0], str):
            return
        last = row[0]
        yield ChainName(agent, epoch, last)
