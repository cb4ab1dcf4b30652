"""What a changed limit would have meant: the last values of the characteristic, held against old and new limits.

Only values that were measured under this plan count, in any of its revisions, whatever became of the unit. Numbers
are compared digit for digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gaugetrail_collector.documents.comparing.differences import LIMITS, Change, characteristics
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked, Window
from gaugetrail_contract.clock import DAY_US
from gaugetrail_contract.record import Inspection
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

LAST = 500
BACK_DAYS = (1, 7, 30, 365)
"""How far back it is looked, step by step, until there are enough: a busy line has 500 in a shift."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """Of the last `of` values, how many would fail, and how many did."""

    of: int
    would_fail: int
    did_fail: int

    def __str__(self) -> str:
        if not self.of:
            return "no value is known yet"
        did = f" ({self.did_fail} did)" if self.did_fail else ""
        return f"{self.would_fail} of the last {self.of} would fail{did}"


def consequences(
    store: Store, plan: str, old: bytes, new: bytes, found: Sequence[Change], now_us: int
) -> dict[str, Consequence]:
    """By characteristic, of those whose limits moved and whose unit is the same. Raises `StoreDown`."""
    moved = {one.about for one in found if one.key in LIMITS and one.effect in ("tighter", "wider")}
    moved -= {one.about for one in found if one.key == "unit"}
    olds, news = characteristics(old), characteristics(new)
    values = last_values(store, plan, sorted(moved), now_us) if moved else {}
    return {name: consequence(values[name], olds[name], news[name]) for name in sorted(moved)}


def last_values(store: Store, plan: str, names: Sequence[str], now_us: int) -> dict[str, list[Decimal]]:
    """The last values of these characteristics, up to `LAST` of each. Raises `StoreDown`."""
    found: dict[str, list[Decimal]] = {}
    for window in (*(Window(now_us - days * DAY_US) for days in BACK_DAYS), ALL_TIME):
        found = _values(store, plan, names, window)
        if all(len(found[name]) >= LAST for name in names):
            break
    return found


def _values(store: Store, plan: str, names: Sequence[str], window: Window) -> dict[str, list[Decimal]]:
    kept: dict[str, deque[Decimal]] = {name: deque(maxlen=LAST) for name in names}
    for row in store.search(Asked("plan", plan), window):
        try:
            record = open_sealed(Sealed(row.sha256, row.data))
        except BadRecord:
            continue  # verify names it
        if not isinstance(record, Inspection) or record.plan.id != plan:
            continue
        for one in record.measurements:
            if one.characteristic in kept and one.value is not None:
                kept[one.characteristic].append(Decimal(one.value))
    return {name: list(values) for name, values in kept.items()}


def consequence(values: Sequence[Decimal], old: Mapping[str, Any], new: Mapping[str, Any]) -> Consequence:
    """The values held against the limits of two tables of a characteristic."""
    return Consequence(len(values), _outside(values, new), _outside(values, old))


def _outside(values: Sequence[Decimal], table: Mapping[str, Any]) -> int:
    low, high = _number(table.get("lsl")), _number(table.get("usl"))
    return sum((low is not None and one < low) or (high is not None and one > high) for one in values)


def _number(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
