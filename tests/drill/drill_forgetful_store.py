"""A store that acknowledges and forgets."""

from __future__ import annotations

import time
from pathlib import Path

from liar import Liar
from plant import Plant
from scenario import Result, closing, scenario


@scenario(numbers=(16,), faults=30, servers=("mosquitto", "influxd"))
def store_forgets(folder: Path, seed: int, faults: int) -> Result:
    """InfluxDB answers 204 and has written nothing: read-back finds what is missing and asks the agents for it."""
    with Plant(folder, seed, "influxdb") as plant, Liar(plant.influx_port, 0.1, plant.dice) as liar:
        plant.collector_extra = "[readback]\nlook_secs = 1\ngrace_secs = 2\n"
        plant.run(agents=2, store_port=liar.port)
        liar.lying.set()
        end = time.monotonic() + 60.0
        while liar.told < faults and time.monotonic() < end:
            time.sleep(0.1)
        liar.lying.clear()
        # What is missing at the very end of a chain is no gap before something stands behind it.
        plant.until_stored()
        result = closing(plant, liar.told)
        result.notes.append(f"{liar.told} writes were answered with success and forgotten")
        return result
