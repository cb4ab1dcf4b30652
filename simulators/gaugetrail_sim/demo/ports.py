"""Where a demo's servers listen: a kept one's at the numbers that the documents name, so that it is found again.

Promise: a number that something else has is never fought for: any free one is taken then, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedPorts:
    """On loopback; 0: any free one."""

    screen: int = 0
    console: int = 0
    broker: int = 0
    influx: int = 0
    plc: int = 0


ANY = WantedPorts()
KEPT = WantedPorts(screen=9480, console=8470, broker=1883, influx=8086, plc=5020)
"""The defaults of the settings; the PLC's is the one of `gaugetrail-sim plc`."""


def moved(what: str, wanted: int, port: int) -> str | None:
    """That it listens elsewhere than wanted; null where it doesn't."""
    return f"port {wanted} is taken here, so {what} is at {port}" if wanted not in (0, port) else None
