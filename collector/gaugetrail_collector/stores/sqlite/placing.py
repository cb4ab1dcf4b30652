"""Where a record stands in time in a SQLite store (see `stores.placing`): a look along each of two indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from gaugetrail_collector.stores.placing import Stood, misplaced, taken
from gaugetrail_contract.seal import BadRecord, Opened, parse_record

_AROUND = (
    "SELECT epoch, branch, seq, time_us, CAST(sha256 AS TEXT) FROM record"
    " WHERE agent = ? AND epoch = ? AND branch = ? AND seq BETWEEN ? AND ?"
)
_AT = "SELECT epoch, branch, seq, time_us FROM record WHERE time_us = ? AND agent = ?"
_DATA = "SELECT CAST(data AS BLOB) FROM record WHERE agent = ? AND epoch = ? AND branch = ? AND seq = ?"


class StandingBeside(NamedTuple):
    """What stands under a record's number or one beside it."""

    stood: Stood
    sha256: str


def neighbours_in(db: sqlite3.Connection, opened: Opened, branches: Iterable[str]) -> list[StandingBeside]:
    """Of these histories of its epoch, its own among them."""
    found: list[StandingBeside] = []
    for branch in branches:
        place = (opened.agent, opened.epoch, branch, opened.seq - 1, opened.seq + 1)
        found += [StandingBeside(Stood(*where), sha256) for *where, sha256 in db.execute(_AROUND, place).fetchall()]
    return found


def misplaced_in(
    db: sqlite3.Connection, opened: Opened, neighbours: Iterable[StandingBeside], *, vouched: bool
) -> str | None:
    """Why the record, which isn't there, may not stand in the store; null where it may. Who vouches has looked at its
    neighbours.
    """
    found = (Stood(*row) for row in db.execute(_AT, (opened.time_us, opened.agent)))
    twin = next((one for one in found if one.takes(opened)), None)
    if vouched:
        return None if twin is None else taken(opened, twin)
    before = after = None
    for stood, sha256 in neighbours:
        if stood.seq < opened.seq and sha256 == opened.prev:
            before = stood
        elif stood.seq > opened.seq and stood.time_us <= opened.time_us and _names(db, opened, stood):
            after = stood
    return misplaced(opened, before, after, twin)


def _names(db: sqlite3.Connection, opened: Opened, stood: Stood) -> bool:
    """Whether the record that stands behind it names its seal. Bytes that are no record name nothing."""
    (data,) = db.execute(_DATA, (opened.agent, stood.epoch, stood.branch, stood.seq)).fetchone()
    try:
        return parse_record(data).prev == opened.sealed.sha256
    except BadRecord:
        return False
