"""The other end of the Modbus benchmarks, in a process of its own: units on sockets and on lines with a baud rate.

`modbus_plant.py WIRE FOLDER UNITS DEAD [PORTS]`: WIRE is tcp or rtu; prints one line with the ports or paths, serves
until its standard input ends. All registers of all units move with each scan of 10 ms, as a PLC's do.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit
from gaugetrail_sim.devices.ptys import LinePort

SCAN_SECS = 0.01
REGISTERS = 128
BAUD = 19200


async def serve(wire: str, folder: Path, units: int, dead: int, ports: int) -> None:
    """Until standard input ends."""
    plants, where = [], []
    for number in range(ports):
        there = {unit: SimulatedUnit(dead=unit <= dead) for unit in range(1, units + 1)}
        if wire == "tcp":
            plant = BusUnits(there, "tcp")
            where.append(await plant.serve())
        else:
            plant = BusUnits(there, "rtu")
            port = LinePort(folder / f"bus{dead}-{number}", baud=BAUD)
            plant.open(port)
            where.append(str(port.path))
        plants.append(plant)
    print(json.dumps(where), flush=True)
    scanning = asyncio.create_task(scan(plants))
    await asyncio.to_thread(sys.stdin.read)
    scanning.cancel()


async def scan(plants: list[BusUnits]) -> None:
    """Move every register, so that nothing read is ever the same."""
    number = 0
    while True:
        number += 1
        for plant in plants:
            for memory in plant.memory.values():
                low = (number * 257) & 0x7FFF
                memory.registers[:REGISTERS] = [0x4100 | number & 0x7F, low] * (REGISTERS // 2)
        await asyncio.sleep(SCAN_SECS)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), *(int(word) for word in [*sys.argv[3:], "1"][:3])))
