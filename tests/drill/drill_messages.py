"""Trouble inside the messages: one record that the store can never take, and every message ten times."""

from __future__ import annotations

import time
import urllib.request
from pathlib import Path

from ears import Parrot, ReceiptTimes
from floor import until
from plant import Plant
from scenario import Result, closing, result_of, scenario


@scenario(numbers=(13, 14), faults=1, servers=("mosquitto", "influxd"))
def poison_in_5000(folder: Path, seed: int, faults: int) -> Result:
    """5,000 records wait, and InfluxDB refuses one of them: 4,999 are stored, one is set aside with its bytes.

    Somebody has written `order` as a number, so the one unit that has an order number (a text) conflicts with its type.
    It stands in the middle of the batches; receipts come for the others, and the agent is told why of this one.
    """
    count, poisoned = 5000, 2718
    with Plant(folder, seed, "influxdb") as plant:
        plant.broker()
        plant.influxd()
        plant.add_collector(max_points=20_000)
        plant.add_agent("pc1", press=False)
        plant.fill("pc1", count, order_at=poisoned)
        url = f"http://127.0.0.1:{plant.influx_port}/write?db=gaugetrail"
        urllib.request.urlopen(url, b"inspection,agent=a-script order=7.5", timeout=10).close()
        plant.start_agent("pc1")
        plant.start_collector()
        recover = plant.arrived()
        plant.settle()
        # The script's own point has no record.
        plant.influx("DROP SERIES FROM inspection WHERE agent = 'a-script'")
        result = result_of(plant.judge(), faults, recover)
        if (result.stored, result.set_aside) != (count - 1, 1):
            result.trouble.append(f"{count - 1} stored and 1 set aside were wanted")
        result.notes += [f"set aside: {one.record}, {one.reason[:100]}" for one in plant.aside()]
        return result


@scenario(numbers=(13, 18), faults=9, servers=("mosquitto", "influxd"))
def every_message_ten_times(folder: Path, seed: int, faults: int) -> Result:
    """Somebody on the broker says what the agents send nine times more: each record is stored once."""
    with Plant(folder, seed, "influxdb") as plant:
        plant.broker()
        with Parrot(plant.mqtt_port, faults) as parrot:
            plant.run(agents=2, broker=False)
            plant.until_told(1000)
            result = closing(plant, faults)
            quiet = _quiet(parrot)
        again = result_of(plant.judge(), parrot.said, result.recover_s)
        again.notes.append(f"{parrot.said} messages were said again")
        if not quiet:
            again.trouble.append("the parrot was still talking at the end")
        return again


def _quiet(parrot: Parrot) -> bool:
    """Wait until the parrot has said all and the broker has taken it."""
    seen = -1

    def still() -> bool:
        nonlocal seen
        before, seen = seen, parrot.said
        time.sleep(0.5)
        return before == parrot.said

    return bool(until(still, "the parrot has finished"))


@scenario(numbers=(1, 44), faults=1, servers=("mosquitto", "influxd"), alone=True)
def hour_of_backlog(folder: Path, seed: int, faults: int) -> Result:
    """36,000 inspections wait after an outage: all arrive, and parts made meanwhile have their receipt within a second.

    Measured by one who listens on the broker: from the terminal's word to the first receipt that covers the record, for
    every part told while the backlog was on its way.
    """
    count = 36_000
    with Plant(folder, seed, "influxdb") as plant:
        plant.broker()
        plant.influxd()
        plant.add_collector()
        plant.add_agent("pc1", press=False)
        plant.fill("pc1", count)
        backlog = len(plant.account)
        with ReceiptTimes(plant.mqtt_port) as receipts:
            plant.start_collector()
            plant.start_agent("pc1")
            until(receipts.any, "the first receipt has come: agent and collector have met again")
            begun = time.monotonic()
            plant.crew.work(0.05)
            plant.arrived(300.0)
            took = time.monotonic() - begun
            live = plant.account.told[backlog:]
            plant.crew.finish()
            plant.arrived()
            plant.settle()
            time.sleep(0.2)
            times = sorted(receipts.secs_until(live))
        p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99))
        result = result_of(plant.judge(), faults, round(took, 1))
        result.figures |= {"live": len(times), "live_p50_s": round(p50, 3), "live_p99_s": round(p99, 3)}
        result.figures["catch_up_per_s"] = round(backlog / took)
        result.notes.append(
            f"{backlog:,} records in {took:.0f} s ({backlog / took:,.0f} a second); {len(times)} live ones had their"
            f" receipt after {p50:.3f} s (half) and {p99:.3f} s (99 of 100)"
        )
        if p99 >= 1.0:
            result.trouble.append(f"live records waited for {p99:.2f} s at the 99th percentile; under 1 s was wanted")
        return result
