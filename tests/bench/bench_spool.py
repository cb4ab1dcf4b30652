"""The spool: records sealed and synced a second, one after the other and many at once, beside SQLite alone.

`single`: the next record is handed over when the last one is told, so each pays its own fsync. `grouped`: all are
handed over at once and share commits. `bare`: what SQLite does in the same folder, in the same run, with the same
bytes, one row a commit. `confirm`: receipts of a hundred records each. Figures are medians of the rounds.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record import InspectionBody

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

from samples import inspection

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SINGLE, GROUPED = 500, 5000

Say = Callable[[str], None]


def run(say: Say) -> dict[str, object]:
    """Append rates of both kinds, beside bare SQLite."""
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(one_round(Path(folder)))
    figures = {name: round(statistics.median(one[name] for one in rounds), 3) for name in rounds[0]}
    for name, figure in figures.items():
        say(f"{name:<26} {figure:,.3f}" if figure < 100 else f"{name:<26} {figure:,.0f}")
    return dict(figures)


def one_round(folder: Path) -> dict[str, float]:
    """Each way once, in one folder."""
    spool = Spool(folder / "spool.db", agent="pc1", clock=WallClock())
    spool.open()
    try:
        took = []
        start = time.perf_counter()
        for number in range(SINGLE):
            before = time.perf_counter()
            told = spool.append(a_body(number)).result(60)
            took.append(time.perf_counter() - before)
        single = SINGLE / (time.perf_counter() - start)
        bodies = [a_body(number) for number in range(GROUPED)]
        start = time.perf_counter()
        for future in [spool.append(body) for body in bodies]:
            told = future.result(60)
        grouped = GROUPED / (time.perf_counter() - start)
        data = spool.waiting(0, 1)[0].sealed.data
        confirm = confirming(spool, told.seq)
    finally:
        spool.close()
    bare = bare_sqlite(folder / "bare.db", data)
    return {
        "spool_single_per_s": single,
        "spool_single_p50_ms": 1000 * statistics.median(took),
        "spool_single_p99_ms": 1000 * sorted(took)[int(0.99 * len(took))],
        "spool_grouped_per_s": grouped,
        "spool_bare_sqlite_per_s": bare,
        "spool_single_ratio": single / bare,
        "spool_confirm_per_s": confirm,
    }


def a_body(number: int, count: int = 2) -> InspectionBody:
    """An inspection with so many measured characteristics."""
    whole = inspection(serial=f"SN{number:08d}", count=count)
    return InspectionBody(**{name: getattr(whole, name) for name in InspectionBody.__struct_fields__})


def confirming(spool: Spool, last: int) -> float:
    """Records confirmed a second, by receipts of a hundred."""
    seals = {entry.place: entry.sealed.sha256 for entry in spool.waiting(0, last)}
    start = time.perf_counter()
    for first in range(1, last - 98, 100):
        end = first + 99
        spool.confirm(Receipt(epoch=spool.epoch, stored=((first, end, seals[end]),)))
    spool.remember("done", "yes").result(60)
    return last // 100 * 100 / (time.perf_counter() - start)


def bare_sqlite(path: Path, data: bytes) -> float:
    """Rows of these bytes a second, one a commit, with the spool's settings and nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE record(place INTEGER PRIMARY KEY, data BLOB)")
    start = time.perf_counter()
    for number in range(1, SINGLE + 1):
        db.execute("INSERT INTO record VALUES(?, ?)", (number, data))
    took = time.perf_counter() - start
    db.close()
    return SINGLE / took
