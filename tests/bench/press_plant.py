"""The PLC of the devices' benchmark, in a process of its own: `press_plant.py PARTS EVERY_SECS`.

Prints its port, waits for a line, offers the parts, prints the seconds that each took from seq to the final word.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_units import float_registers, text_registers

FLOATS = 25


class WidePress(plc.Press):
    """A press whose block holds fifty registers of numbers."""

    def __init__(self) -> None:
        super().__init__(echo_secs=30)

    async def part(self, number: int) -> float:
        """Offer one part; the seconds from seq to the final word."""
        values = [register for n in range(FLOATS) for register in float_registers(1.25 + (number + n) % 50 / 100)]
        self.units.write(plc.UNIT_ID, plc.FORCE, values)
        data = text_registers(f"SN{number:06d}", plc.SERIAL_REGISTERS)
        self._seq = self._seq % plc.LAST_SEQ + 1
        began = time.perf_counter()
        self.units.write(plc.UNIT_ID, plc.SERIAL, data)
        self.units.write(plc.UNIT_ID, plc.SEQ, [self._seq])
        while await self._word() not in plc.FINAL:
            pass
        return time.perf_counter() - began


async def press(parts: int, every_secs: float) -> None:
    """The PLC's process: prints its port, waits for a line, offers the parts, prints the times."""
    machine = WidePress()
    await machine.start()
    print(machine.port, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    secs = []
    for number in range(parts):
        secs.append(await machine.part(number))
        await asyncio.sleep(every_secs - min(every_secs * 0.9, secs[-1]) + 0.0037 * (number % 7))
    print(json.dumps(secs), flush=True)
    await machine.stop()


if __name__ == "__main__":
    asyncio.run(press(int(sys.argv[1]), float(sys.argv[2])))
