"""A spool file looked into by another process, beside a running agent: figures, lists, single records, a copy."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.answers import SpoolBroken
from gaugetrail_agent.spool.schema import SET_ASIDE, WAITING, Epochs, Figures

MOST_LATENCIES = 100_000


@contextlib.contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, for reading only. Raises `SpoolBroken` when it can't be read."""
    try:
        with contextlib.closing(schema.look(path)) as db:
            found = schema.version(db, path)
            if found < schema.VERSION:
                raise SpoolBroken(f"{path} is of an older format ({found}); start the agent once, it takes it over")
            yield db
    except sqlite3.DatabaseError as error:
        raise SpoolBroken(f"{path} can't be read: {error}; the agent repairs it when it meets the damage") from error


def statistics(path: Path) -> dict[str, object]:
    """The figures of a spool file. Latencies are of the newest records still in the file that were confirmed since the
    last boot, in milliseconds from commit to receipt. Raises `SpoolBroken`.
    """
    with looking(path) as db:
        meta = dict(db.execute("SELECT key, value FROM meta"))
        epochs = Epochs.read(db)
        took = latencies(db, MOST_LATENCIES)
    figures = Figures.read(str(meta["figures"]))
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


def latencies(db: sqlite3.Connection, newest: int) -> list[float]:
    """Milliseconds from commit to receipt of those among the `newest` records that were confirmed since the boot."""
    rows = db.execute(
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
