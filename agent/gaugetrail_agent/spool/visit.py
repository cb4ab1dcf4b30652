"""A spool file looked into by another process, beside a running agent: figures, lists, single records, a copy."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.schema import SET_ASIDE, WAITING, Epochs, SpoolFigures
from gaugetrail_agent.spool.sealing import sound
from gaugetrail_agent.spool.words import SpoolBroken
from gaugetrail_contract.files import whole_file
from gaugetrail_contract.seal import Sealed

MOST_LATENCIES = 100_000
STATES = ("waiting", "confirmed", "set-aside")


@contextlib.contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, for reading only. Raises `SpoolBroken` when it can't be read or isn't as an agent makes it."""
    try:
        with contextlib.closing(schema.look(path)) as db:
            found = schema.version(db, path)
            if found < schema.VERSION:
                raise SpoolBroken(f"{path} is of an older format ({found}); start the agent once, it takes it over")
            yield db
    except sqlite3.DatabaseError as error:
        raise SpoolBroken(f"{path} can't be read: {error}; the agent repairs it when it meets the damage") from error


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """A record or what is left of one, as a list shows it."""

    epoch: str | None
    seq: int | None
    state: str
    sha256: str | None
    data: bytes
    reason: str | None

    def head(self) -> dict[str, Any]:
        """The record's own words, for a list; empty for bytes that are no JSON."""
        try:
            found = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def as_json(self) -> dict[str, object]:
        """For programs; `seal` says whether the bytes hash to it."""
        known = {"epoch": self.epoch, "seq": self.seq, "state": self.state, "reason": self.reason}
        words = {key: value for key, value in self.head().items() if key in LISTED}
        return {key: value for key, value in (known | words).items() if value is not None}

    @property
    def holds(self) -> bool:
        """Whether the seal holds."""
        return self.sha256 is not None and sound(self.sha256, self.data)


LISTED = ("kind", "time", "clock", "station", "part", "serial", "lot", "type", "target", "verdict")


def entries(path: Path, state: str, limit: int) -> tuple[list[SpoolEntry], int]:
    """The oldest `limit` records of a state (waiting, confirmed, set-aside, damaged), and how many there are."""
    with looking(path) as db:
        figures, epochs = _known(db)
        if state == "damaged":
            rows = db.execute("SELECT epoch, seq, reason, raw FROM damaged ORDER BY id LIMIT ?", (limit,))
            found = [SpoolEntry(epoch, seq, state, None, bytes(raw), reason) for epoch, seq, reason, raw in rows]
            return found, figures.weight.damaged
        number = STATES.index(state)
        rows = db.execute(
            "SELECT place, sha256, data, reason FROM record WHERE state = ? ORDER BY place LIMIT ?", (number, limit)
        )
        found = [
            SpoolEntry(*epochs.of(place), state, sha256, bytes(data), reason) for place, sha256, data, reason in rows
        ]
        return found, figures.weight.count[number]


def one(path: Path, seq: int, epoch: str | None = None) -> SpoolEntry:
    """A record by its number, of the current epoch unless another is named. Raises `SpoolBroken`: it isn't here."""
    with looking(path) as db:
        figures, epochs = _known(db)
        epoch = epoch or epochs.current[1]
        span = epochs.span(epoch, figures.place)
        if span is None:
            names = ", ".join(name for _, name in epochs.rows)
            raise SpoolBroken(f"there is no epoch {epoch} in this spool; it knows {names}")
        row = db.execute("SELECT sha256, data, state, reason FROM record WHERE place = ?", (span[0] + seq,)).fetchone()
        if row is not None and 0 < seq <= span[1] - span[0]:
            return SpoolEntry(epoch, seq, STATES[row[2]], row[0], bytes(row[1]), row[3])
        row = db.execute("SELECT reason, raw FROM damaged WHERE epoch = ? AND seq = ?", (epoch, seq)).fetchone()
        if row is not None:
            return SpoolEntry(epoch, seq, "damaged", None, bytes(row[1]), row[0])
    came_to = span[1] - span[0]
    gone = "it was confirmed and let go, or lost" if 0 < seq <= came_to else f"the epoch has come to {came_to}"
    raise SpoolBroken(f"record {epoch}/{seq} is not in the spool: {gone}")


def export(path: Path, target: Path, states: Iterable[str]) -> tuple[int, int]:
    """Write the records of these states to a file, one wire line each, as they would be sent; those whose seal doesn't
    hold are left out. Returns how many were written and how many left out. Raises `SpoolBroken`, `OSError` (also for a
    link in the target's place).
    """
    wanted = sorted(STATES.index(state) for state in states)
    marks = ", ".join(map(str, wanted))
    written = left_out = 0
    with looking(path) as db, whole_file(target) as file:
        query = f"SELECT sha256, data FROM record WHERE state IN ({marks}) ORDER BY place"  # noqa: S608 - whole numbers
        for sha256, data in db.execute(query):
            sealed = Sealed(str(sha256), bytes(data))
            if sound(sealed.sha256, sealed.data):
                file.write(sealed.line() + b"\n")
                written += 1
            else:
                left_out += 1
    return written, left_out


def request(path: Path, entry: SpoolEntry) -> None:
    """Ask that a set-aside record be sent again; the agent does it, now or when it starts. Raises `SpoolBroken`."""
    with looking(path) as db:
        span = Epochs.read(db).span(str(entry.epoch), 0)
    assert span is not None
    with contextlib.closing(schema.connect(path)) as db:
        db.execute("INSERT OR IGNORE INTO request VALUES(?)", (span[0] + int(entry.seq or 0),))


def is_held(path: Path) -> bool:
    """Whether an agent has the spool open."""
    try:
        schema.claim(path).close()
    except SpoolBroken:
        return True
    return False


def _known(db: sqlite3.Connection) -> tuple[SpoolFigures, Epochs]:
    (text,) = db.execute("SELECT value FROM meta WHERE key = 'figures'").fetchone()
    return SpoolFigures.read(str(text)), Epochs.read(db)


def statistics(path: Path) -> dict[str, object]:
    """The figures of a spool file. Latencies are of the newest records still in the file that were confirmed since the
    last boot, in milliseconds from commit to receipt. Raises `SpoolBroken`.
    """
    with looking(path) as db:
        meta = dict(db.execute("SELECT key, value FROM meta"))
        epochs = Epochs.read(db)
        took = latencies(db.execute, MOST_LATENCIES)
    figures = SpoolFigures.read(str(meta["figures"]))
    weight = figures.weight
    return {
        "agent": meta["agent"],
        "epoch": epochs.current[1],
        "epochs": len(epochs.rows),
        "sealed": figures.place,
        "confirmed": weight.confirmed,
        "waiting": weight.count[WAITING],
        "set_aside": weight.count[SET_ASIDE],
        "damaged": weight.damaged,
        "dropped": weight.dropped,
        "bytes": sum(weight.bytes),
        "latency_ms": {"p50": quantile(took, 0.50), "p99": quantile(took, 0.99)},
    }


def latencies(ask: Callable[[str, tuple[int, ...]], Iterable[Any]], newest: int) -> list[float]:
    """Milliseconds from commit to receipt of those among the `newest` records that were confirmed since the boot."""
    rows = ask(
        "SELECT committed_us, confirmed_us FROM record WHERE state = 1"
        " AND place > (SELECT value FROM meta WHERE key = 'boot_place')"
        " AND place > (SELECT max(place) FROM record) - ?",
        (newest,),
    )
    return [(end - start) / 1000 for start, end in rows]


def quantile(values: list[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not pass (nearest rank); null without values."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 3)
