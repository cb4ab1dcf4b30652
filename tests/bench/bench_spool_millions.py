"""A spool with millions of waiting records (GAUGETRAIL_BENCH_SPOOL, 5,000,000): start, append, memory, one file.

The backlog is written straight into the file, sealed and chained like the spool's own, because filling it record by
record measures nothing new. Asked: append p99 under 20 ms, start within 2 s, memory flat. Start is measured twice:
after a clean stop and after a kill, with the log that it leaves. Appends go in turn to this spool and to an empty one
beside it, which tells what the disk does meanwhile. Memory is resident memory after reading and appending
beside before. Processor time is that of this process with an append a tenth of a second.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from bench_spool import a_body

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.spool.schema import SpoolFigures, Weight
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.seal import open_sealed, seal_of

LONG = True
COUNT = int(os.environ.get("GAUGETRAIL_BENCH_SPOOL", "5000000"))
APPENDS = 2000
INSERT = "INSERT INTO record(place, sha256, data, time_us, committed_us) VALUES(?, ?, ?, ?, 0)"

Say = Callable[[str], None]


def run(say: Say) -> dict[str, object]:
    """Fill, then measure."""
    folder = Path(tempfile.mkdtemp())
    try:
        return measured(folder, say)
    finally:
        shutil.rmtree(folder)


def measured(folder: Path, say: Say) -> dict[str, object]:
    """All figures of one spool."""
    path = folder / "spool.db"
    begun = time.perf_counter()
    fill(path)
    say(
        f"{COUNT:,} records waiting, {path.stat().st_size / 1e9:.1f} GB, written in {time.perf_counter() - begun:.0f} s"
    )
    spool, start = opened(path)
    resident = psutil.Process().memory_info().rss
    empty, _ = opened(folder / "empty" / "spool.db")
    beside, took = appending(empty, spool)
    empty.close()
    assert open_sealed(spool.waiting(spool.newest() - 1, 1)[0].sealed).seq == COUNT + APPENDS
    read = reading(spool)
    grown = psutil.Process().memory_info().rss - resident
    busy = slowly(spool)
    assert spool.state().waiting == spool.newest()
    leave_as_killed(folder, spool)
    spool, after_kill = opened(path)
    spool.close()
    figures: dict[str, object] = {
        "spool_waiting": COUNT,
        "spool_start_s": round(start, 3),
        "spool_start_after_kill_s": round(after_kill, 3),
        "spool_waiting_append_p50_ms": round(1000 * took[len(took) // 2], 3),
        "spool_waiting_append_p99_ms": round(1000 * took[int(0.99 * len(took))], 3),
        "spool_waiting_append_max_ms": round(1000 * took[-1], 3),
        "spool_empty_append_p99_ms": round(1000 * beside[int(0.99 * len(beside))], 3),
        "spool_waiting_read_per_s": round(read),
        "spool_memory_grown_mb": round(grown / 1e6, 1),
        "spool_cpu_percent": round(busy, 1),
    }
    for name, figure in figures.items():
        say(f"{name:<30} {figure}")
    return figures


def fill(path: Path) -> None:
    """A spool of `COUNT` waiting records, as the agent would have left it."""
    spool = Spool(path, agent="pc1", clock=WallClock())
    spool.open()
    spool.append(a_body(0, count=0)).result(60)
    first = spool.waiting(0, 1)[0].sealed
    spool.close()
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = OFF")  # opening it sets both again
        db.execute("PRAGMA synchronous = OFF")
        (text,) = db.execute("SELECT value FROM meta WHERE key = 'figures'").fetchone()
        figures = SpoolFigures.read(text)
        size, last = len(first.data), (1, first.sha256, figures.last_us)
        db.execute("BEGIN")
        for place, sha256, data, us in chained(first.data, first.sha256, figures.last_us):
            db.execute(INSERT, (place, sha256, data, us))
            size, last = size + len(data), (place, sha256, us)
            if place % 100_000 == 0:
                db.execute("COMMIT")
                db.execute("BEGIN")
        figures = SpoolFigures(*last, Weight([COUNT, 0, 0], [size, 0, 0]))
        db.execute("UPDATE meta SET value = ? WHERE key = 'figures'", (figures.text(),))
        db.execute("COMMIT")
    db.close()


def chained(first: bytes, sha256: str, us: int) -> Iterator[tuple[int, str, bytes, int]]:
    """Records 2 to `COUNT`: the first one's bytes with another number, predecessor, time and serial."""
    record = open_sealed_bytes(first, sha256)
    head, behind_seq = first.split(b'"seq":1,"prev":"' + b"0" * 64 + b'","time":"')
    rest = behind_seq[len(record) :]
    for place in range(2, COUNT + 1):
        us += 1
        data = b'%b"seq":%d,"prev":"%b","time":"%b%b' % (head, place, sha256.encode(), utc_text(us).encode(), rest)
        sha256 = seal_of(data)
        yield place, sha256, data, us


def open_sealed_bytes(data: bytes, sha256: str) -> str:
    """The time that a record's bytes say, once they are proven."""
    assert seal_of(data) == sha256
    start = data.index(b'"time":"') + len(b'"time":"')
    return data[start : data.index(b'"', start)].decode()


def opened(path: Path) -> tuple[Spool, float]:
    """The spool, and how long it took to be ready for the first append."""
    begun = time.perf_counter()
    spool = Spool(path, agent="pc1", clock=WallClock(), max_bytes=1 << 40)
    spool.open()
    return spool, time.perf_counter() - begun


def appending(*spools: Spool) -> tuple[list[float], ...]:
    """Seconds of each append, one after the other in turn, in order of length, for each spool."""
    took: tuple[list[float], ...] = tuple([] for _ in spools)
    for number in range(APPENDS):
        for spool, times in zip(spools, took, strict=True):
            body = a_body(number)
            begun = time.perf_counter()
            spool.append(body).result(60)
            times.append(time.perf_counter() - begun)
    return tuple(sorted(times) for times in took)


def reading(spool: Spool) -> float:
    """Records read and proven a second, a message's worth at once, as they are sent."""
    begun, place, count = time.perf_counter(), 0, min(COUNT, 200_000)
    while place < count:
        place = spool.waiting(place, 100)[-1].place
    return place / (time.perf_counter() - begun)


def slowly(spool: Spool) -> float:
    """Percent of one core at ten records a second, over ten seconds."""
    before, begun = time.process_time(), time.monotonic()
    for number in range(100):
        spool.append(a_body(number)).result(60)
        time.sleep(max(0.0, begun + number / 10 - time.monotonic()))
    return 100 * (time.process_time() - before) / (time.monotonic() - begun)


def leave_as_killed(folder: Path, spool: Spool) -> None:
    """The log as it lies while the spool is open, put back behind its clean close."""
    log = folder / "spool.db-wal"
    raw, mark = log.read_bytes(), (folder / "spool.mark").read_bytes()
    spool.close()
    log.write_bytes(raw)
    (folder / "spool.mark").write_bytes(mark)
