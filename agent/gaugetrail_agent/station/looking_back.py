"""What the records of this PC say of a unit, a lot, or the units that a gauge has measured since a moment. Pure.

Promise: of each unit the newest inspection at each place counts; what lies behind the oldest record that is still here,
or behind `MOST_RECORDS`, isn't guessed: `whole` says whether the search got there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from gaugetrail_contract.record import Inspection, Verdict
from gaugetrail_contract.seal import Opened

MOST_RECORDS = 200_000


@dataclass(frozen=True, slots=True)
class RecordSearch:
    """What is looked for: the newest inspection of a unit, the units of a lot, or those that a gauge measured (null:
    any gauge) since a moment.
    """

    about: str
    """Who asks, and takes the answer."""
    unit: str | None = None
    """Its serial, or its lot where it has none."""
    lot: str | None = None
    gauge: str | None = None
    characteristic: str | None = None
    since: str | None = None
    until: str | None = None
    """What the store is asked for ends there; null: now."""
    here: bool = True
    """False: the records of this PC have been looked through already, and the store alone is asked."""


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """The newest inspection of a unit at one place."""

    serial: str | None
    lot: str | None
    record: str
    verdict: Verdict
    plan: str
    passed: frozenset[str] = frozenset()
    """Characteristics that passed in it."""
    place: str = ""
    """The operation, or the station where it has none."""
    time: str = ""


@dataclass(frozen=True, slots=True)
class FoundInspection:
    """An inspection as it was sealed."""

    record: Inspection
    sha256: str


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """The units, the oldest first."""

    units: tuple[FoundUnit, ...] = ()
    whole: bool = True
    """The search got to the moment that was asked for, or to the first record of this PC."""
    newest: FoundInspection | None = None
    """Of the unit that was asked for; null: there is none here."""


def look_back(newest_first: Iterable[Opened], wanted: RecordSearch) -> FoundRecords:
    """Go back until the moment that is asked for, or to the unit."""
    if wanted.unit is not None:
        return FoundRecords(newest=_newest(newest_first, wanted.unit))
    found: dict[tuple[str | None, str | None, str], FoundUnit] = {}
    whole, first_seq = False, 0
    for number, opened in enumerate(newest_first):
        record = opened.record
        if wanted.since is not None and record.time < wanted.since:
            whole = True
            break
        if number >= MOST_RECORDS:
            break
        first_seq = record.seq
        if isinstance(record, Inspection) and _is_wanted(record, wanted):
            found.setdefault((record.serial, record.lot, _place(record)), _unit(record))
    return FoundRecords(tuple(reversed(found.values())), whole or first_seq in (0, 1))


def _newest(newest_first: Iterable[Opened], unit: str) -> FoundInspection | None:
    for opened in islice(newest_first, MOST_RECORDS):
        record = opened.record
        if isinstance(record, Inspection) and (record.serial or record.lot) == unit:
            return FoundInspection(record, opened.sealed.sha256)
    return None


def _is_wanted(record: Inspection, wanted: RecordSearch) -> bool:
    if wanted.lot is not None:
        return record.lot == wanted.lot
    return any(
        one.gauge == wanted.gauge and wanted.characteristic in (None, one.characteristic) for one in record.measurements
    )


def _unit(record: Inspection) -> FoundUnit:
    verdicts: dict[str, bool] = {}
    for one in record.measurements:
        verdicts[one.characteristic] = verdicts.get(one.characteristic, True) and one.verdict is Verdict.PASS
    passed = frozenset(name for name, good in verdicts.items() if good)
    return FoundUnit(
        record.serial, record.lot, record.id, record.verdict, record.plan.id, passed, _place(record), record.time
    )


def _place(record: Inspection) -> str:
    return record.operation or record.station
