"""Catching up after an outage: from a full spool through broker and collector to the receipt, beside the store alone.

Each round fills a spool with new inspections (six measured characteristics each) while the agent is not running.
`alone`: the same records, read and opened beforehand, are written into a store of the same kind by `store.write` alone,
in batches as large as the collector's. `catch_up`: the agent starts, and the clock runs from the first receipt in its
spool to the last. Agent, broker, collector and database are real processes and share one machine; in the other figure
only the database runs beside this program. Rounds alternate; figures are medians, ratios are of one run.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from floor import Floor, program, until
from floor_load import CHARACTERISTICS
from samples import inspection, measurement

from gaugetrail_agent.spool import Spool
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.record import InspectionBody
from gaugetrail_contract.seal import Opened, open_sealed
from gaugetrail_contract.signing import Signer, check

ROUNDS = int(os.environ.get("ROUNDS", "3"))
RECORDS = int(os.environ.get("RECORDS", "8000"))
"""Inspections a round."""
BATCH_RECORDS = 5000 // (CHARACTERISTICS + 5)
"""As many as make the collector's 5,000 points."""

Say = Callable[[str], None]


class FullSpool:
    """The spool of the floor's agent, filled while the agent is not running."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.path = floor.folder / "agent-data" / "spool.db"
        self._number = 0

    def fill(self) -> list[Opened]:
        """New inspections; what was sealed, as the collector will open it."""
        spool = Spool(self.path, agent="pc1", clock=WallClock())
        spool.open()
        before = spool.newest()
        for future in [spool.append(self._inspection(spool)) for _ in range(RECORDS)]:
            future.result(60)
        found = spool.waiting(before, RECORDS)
        spool.close()
        return [Opened(one.sealed, open_sealed(one.sealed)) for one in found]

    def _inspection(self, spool: Spool) -> InspectionBody:
        self._number += 1
        return inspection(
            f"SN{self._number:09}",
            measurements=tuple(
                measurement(one, time=utc_text(spool.ticker.next()), value=f"74.0{(self._number * 7 + one) % 50:02}")
                for one in range(CHARACTERISTICS)
            ),
            lot=f"L{self._number // 500}",
            order=f"WO-{self._number // 2000}",
        )

    def waiting(self) -> int:
        """Records without a receipt."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as db:
            (count,) = db.execute("SELECT count(*) FROM record WHERE state = 0").fetchone()
        return int(count)

    def drain(self) -> float:
        """Start the agent and stop it when all is receipted: records a second from the first receipt to the last."""
        self._floor.agent()
        until(lambda: self.waiting() < RECORDS, "the first receipt", deadline=60)
        started, before = time.perf_counter(), self.waiting()
        while (left := self.waiting()) and time.perf_counter() - started < 300:
            time.sleep(0.02)
        took = time.perf_counter() - started
        assert not left, f"{left} records without a receipt: {self._floor.log('agent')[-2000:]}"
        self._floor.stop("agent")
        return before / took


def store_alone(store: Store, records: list[Opened]) -> float:
    """Records a second that the store takes."""
    started = time.perf_counter()
    for at in range(0, len(records), BATCH_RECORDS):
        outcomes = store.write(records[at : at + BATCH_RECORDS])
        assert {outcome.fate for outcome in outcomes} == {Fate.STORED}
    return len(records) / (time.perf_counter() - started)


def rounds(floor: Floor, kind: str, alone: Store, say: Say) -> tuple[float, float]:
    """Catch-up and the store alone, records a second."""
    spool = FullSpool(floor)
    name = f"catch-up-{kind}"
    floor.write_collector(kind, name=name)
    floor.collector(name)
    until(lambda: f"ready: {name}" in floor.log(name), "the collector is ready")
    alone.open()
    catch_up, ceiling = [], []
    for number in range(ROUNDS):
        records = spool.fill()
        ceiling.append(store_alone(alone, records))
        catch_up.append(spool.drain())
        say(f"{kind} round {number + 1}: store alone {ceiling[-1]:,.0f}/s, catch-up {catch_up[-1]:,.0f} inspections/s")
    alone.close()
    floor.stop(name)
    return statistics.median(catch_up), statistics.median(ceiling)


def signing_cost(say: Say) -> dict[str, float]:
    """Microseconds a message of 100 records: the agent's signature and the collector's check."""
    signer, seals = Signer.new(), [f"{number:064x}" for number in range(100)]
    count = 2000
    started = time.perf_counter()
    for _ in range(count):
        signed = signer.sign("records", "pc1", "abcdefgh", 100, *seals)
    sign = (time.perf_counter() - started) / count * 1e6
    started = time.perf_counter()
    for _ in range(count):
        check(signer.key, signed, "records", "pc1", "abcdefgh", 100, *seals)
    verify = (time.perf_counter() - started) / count * 1e6
    say(f"signature of a message of 100 records: {sign:.0f} us to make, {verify:.0f} us to check")
    return {"sign_us_per_message": round(sign, 1), "check_us_per_message": round(verify, 1)}


def run(say: Say) -> dict[str, float]:
    """SQLite always, InfluxDB where there is one; `catch_up_ratio` is InfluxDB's then."""
    found = signing_cost(say)
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        floor.write_agent()
        stores: dict[str, Store] = {"sqlite": SqliteStore(floor.folder / "alone.db")}
        if program("influxd") is not None:
            floor.influxd()
            url = f"http://127.0.0.1:{floor.influx_port}"
            stores["influxdb"] = InfluxStore(InfluxAddress(url=url, version="1", database="alone"))
        for kind, alone in stores.items():
            (floor.folder / "agent-data" / "collectors.json").unlink(missing_ok=True)
            catch_up, ceiling = rounds(floor, kind, alone, say)
            ratio = round(catch_up / ceiling, 3)
            found |= {f"catch_up_{kind}_per_s": round(catch_up), f"{kind}_alone_per_s": round(ceiling)}
            found |= {f"catch_up_{kind}_ratio": ratio, "catch_up_per_s": round(catch_up), "catch_up_ratio": ratio}
            say(f"{kind}: catch-up {catch_up:,.0f} inspections/s, {ratio:.0%} of what the store alone takes")
    return found
