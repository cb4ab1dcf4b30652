"""The record that somebody means: by its name, its place in the store, or the serial of a unit.

Promise: never a guess. A serial that has several records is refused with their names.
"""

from __future__ import annotations

from gaugetrail_collector.amendments.rules import AmendedRecord
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Position, Window
from gaugetrail_collector.tracing.trace import NAME, Known, amendments, inspection_of, named_rows, read
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.seal import ChainName
from gaugetrail_contract.text import visible

MOST_LISTED = 10


class NotThereYet(Declined):
    """No record of that name is in the store so far."""


def record_named(store: Store, name: str) -> AmendedRecord:
    """By its name `agent/epoch/seq`, or the serial of a unit with one inspection. Raises `Declined`, `StoreDown`."""
    rows = named_rows(store, name)
    if len(rows) > 1:
        raise Declined(f"{name} stands in two histories of its epoch; amend it from its page in the console")
    if rows:
        return with_amendments(store, read(rows[0]))
    found = [one for row in store.find(name, "serial") if inspection_of(one := read(row)) is not None]
    if len(found) == 1:
        return with_amendments(store, found[0])
    if not found:
        raise Declined(f"no record and no unit is called {visible(name)}; trace finds what there is")
    raise Declined(f"{visible(name)} has {len(found)} inspections; name the record: {_listed(found)}")


def _listed(found: list[Known]) -> str:
    told = [f"{one.id} ({_place(one)})" for one in found[-MOST_LISTED:]]
    return ", ".join(told if len(found) <= MOST_LISTED else ["…", *told])


def _place(one: Known) -> str:
    record = inspection_of(one)
    return "" if record is None else f"{record.station} {record.time[:16]}Z {record.verdict}"


def record_at(store: Store, place: Position) -> AmendedRecord:
    """By its place in the store. Raises `Declined`, `StoreDown`."""
    chain = ChainName(place.agent, place.epoch, place.branch)
    return _only(store, _at(store, chain, place.time_us, place.seq), str(place))


def record_sealed(store: Store, name: str, sha256: str, time: str) -> AmendedRecord:
    """By name, seal and time, as a request has them. Raises `Declined`, `NotThereYet`, `StoreDown`."""
    if NAME.fullmatch(name) is None:
        raise Declined(f"{visible(name)} is no record's name")
    agent, epoch, seq = name.split("/")
    near = _at(store, ChainName(agent, epoch, ""), utc_us(time), int(seq))
    rows = [row for row in (*near, *named_rows(store, name)) if row.sha256 == sha256]
    if not near and not rows:
        raise NotThereYet(f"{name} isn't in the store: it hasn't come yet, or verify tells that it is missing")
    return _only(store, rows, f"{name} with the seal {sha256[:16]}…")


def _at(store: Store, chain: ChainName, time_us: int, seq: int) -> list[Row]:
    return [row for row in store.rows(*chain, window=Window(time_us, time_us + 1)) if row.seq == seq]


def _only(store: Store, rows: list[Row], what: str) -> AmendedRecord:
    if not rows:
        raise Declined(f"{what} isn't in the store, or not as it was; verify tells what is missing or altered")
    return with_amendments(store, read(rows[0]))


def with_amendments(store: Store, known: Known) -> AmendedRecord:
    """The record with what was said of it. Raises `StoreDown`."""
    return AmendedRecord(known, amendments(store, [known]))
