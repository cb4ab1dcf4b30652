"""Where a record stands in time in a SQLite store (see `placing`): three looks along indexes, no table is read."""

from __future__ import annotations

import sqlite3

from gaugetrail_collector.stores.placing import Stood, misplaced
from gaugetrail_contract.seal import Opened

_OWN = "SELECT epoch, branch, seq, time_us FROM record WHERE agent = ? AND epoch = ? AND branch = ?"
_BEFORE = f"{_OWN} AND seq < ? ORDER BY seq DESC LIMIT 1"
_AFTER = f"{_OWN} AND seq > ? ORDER BY seq LIMIT 1"
_TWIN = (
    "SELECT epoch, branch, seq, time_us FROM record"
    " WHERE time_us = ? AND agent = ? AND branch = '' AND NOT (epoch = ? AND branch = ? AND seq = ?) LIMIT 1"
)


def misplaced_in(db: sqlite3.Connection, opened: Opened) -> str | None:
    """Why the record may not stand in the store; null where it may. What the batch has inserted before it counts."""
    place = (opened.agent, opened.epoch, opened.branch, opened.seq)
    before, after = (_one(db, statement, place) for statement in (_BEFORE, _AFTER))
    # Another history's points have a tag of their own in InfluxDB and take nobody's place; so it is here.
    twin = None if opened.branch else _one(db, _TWIN, (opened.time_us, *place))
    return misplaced(opened, before, after, twin)


def _one(db: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> Stood | None:
    row = db.execute(statement, values).fetchone()
    return None if row is None else Stood(*row)
