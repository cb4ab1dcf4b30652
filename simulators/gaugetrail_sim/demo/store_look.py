"""A look into the store that uses none of the collector's code: what is really there, compared with the line's account.

Reads the sealed records from the store's documented places: the table `record` of the SQLite file, the field `record`
of the measurements `inspection` and `event` in InfluxDB.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from gaugetrail_sim.line.names import OPERATOR_STATION, PRESS_STATION
from gaugetrail_sim.line.pieces import Piece
from gaugetrail_sim.line.run import RunAccount
from gaugetrail_sim.servers.influx_server import Influx

FLOAT32 = Decimal("0.0001")
"""What a 32-bit float may lose of the press's values."""


@dataclass(frozen=True, slots=True)
class StoredInspection:
    """One record as it stands in the store. `results` is value, text or attribute result by characteristic."""

    agent: str
    epoch: str
    seq: int
    kind: str
    station: str
    serial: str | None
    attempt: int
    results: Mapping[str, str | None]

    @property
    def id(self) -> str:
        """As the terminal names it."""
        return f"{self.agent}/{self.epoch}/{self.seq}"


def look_sqlite(path: Path, agent: str) -> list[StoredInspection]:
    """Every record of the agent in a SQLite store."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return [_stored(data) for (data,) in db.execute("SELECT data FROM record WHERE agent = ?", (agent,))]


def look_influx(influx: Influx, agent: str, epoch: str) -> list[StoredInspection]:
    """Every record of the agent's epoch in InfluxDB. Raises `InfluxTrouble`."""
    rows = [
        row
        for measurement in ("inspection", "event")
        for row in influx.query(f'SELECT "record" FROM "{measurement}" WHERE "agent" = \'{agent}\'')  # noqa: S608
    ]
    return [stored for stored in (_stored(row["record"]) for row in rows) if stored.epoch == epoch]


def _stored(data: bytes | str) -> StoredInspection:
    record = json.loads(data)
    return StoredInspection(
        record["agent"],
        record["epoch"],
        record["seq"],
        record["kind"],
        record["station"],
        record.get("serial"),
        record.get("attempt", 1),
        {
            one["characteristic"]: one.get("value") or one.get("text") or one.get("result")
            for one in record.get("measurements", ())
        },
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the store has, held against what was sealed and what the line was told."""

    stored: int
    lost: int
    duplicated: int
    wrong_values: tuple[str, ...]
    events: int


def compare(account: RunAccount, stored: Iterable[StoredInspection], epoch: str, sealed: int) -> Comparison:
    """Lost: sealed and not there, or told to be recorded and not there. Duplicated: there more often than it happened.

    A record that was sealed and told is counted once if it is lost.
    """
    records = list(stored)
    by_id = Counter(one.id for one in records)
    there = {one.seq for one in records if one.epoch == epoch}
    missing = sum(seq not in there for seq in range(1, sealed + 1))
    inspected = Counter((one.station, one.serial or "") for one in records if one.kind == "inspection")
    untold = sum(record not in by_id for record in account.operator_told)
    told = account.inspections()
    untold += sum(max(0, times - inspected[unit]) for unit, times in told.items() if unit[0] == PRESS_STATION)
    twice = sum(times - 1 for times in by_id.values())
    too_often = sum(max(0, times - told[unit]) for unit, times in inspected.items() if unit in told)
    events = len({one.id for one in records if one.kind == "event"})
    wrong = tuple(_wrong_values(account, records))
    return Comparison(len(by_id), max(missing, untold), max(twice, too_often), wrong, events)


def _wrong_values(account: RunAccount, records: list[StoredInspection]) -> Iterable[str]:
    """Values in the store that are not what the gauge showed of that unit."""
    looks: defaultdict[str, list[Mapping[str, str | Decimal]]] = defaultdict(list)
    for look in account.looks:
        surface = "ok" if look.typed["surface"] == "%OK" else "nok"
        looks[look.serial].append(
            {"weight": look.values["scale"], "bore_diameter": look.values["bore"], "surface": surface}
        )
    pressed = {piece.serial: piece for piece in account.pieces}
    for record in records:
        serial = record.serial or ""
        if record.station == OPERATOR_STATION and serial in looks:
            yield from _differences(record, looks[serial][min(record.attempt, len(looks[serial])) - 1])
        elif record.station == PRESS_STATION and serial in pressed:
            yield from _differences(record, _pressed(pressed[serial]))


def _pressed(piece: Piece) -> Mapping[str, str | Decimal]:
    return {"press_force": piece.force_kn, "press_depth": piece.depth_mm}


def _differences(record: StoredInspection, seen: Mapping[str, str | Decimal]) -> Iterable[str]:
    for name, shown in seen.items():
        has = record.results.get(name)
        same = has is not None and (
            abs(Decimal(has) - shown) <= FLOAT32 if isinstance(shown, Decimal) else has == shown
        )
        if not same:
            yield f"{record.id} {record.station} {record.serial} {name}: stored {has}, shown {shown}"
