"""Where readings go: a table of device -> who listens, made from the settings and from the plans in force.

Promise: what comes from a device that nobody listens to is let go, and nothing is passed on by turn or by guess. What a
reading means is the listener's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.reading import Reading
from gaugetrail_agent.station.runner import StationRunner

ReadingTarget = Callable[[str, Reading], None]
BlockTarget = Callable[[str, Batch], None]


class Routes:
    """Empty until `lead_to`, since devices are built before the stations that ask them."""

    def __init__(self) -> None:
        self._readings: dict[str, list[ReadingTarget]] = {}
        self._blocks: dict[str, list[BlockTarget]] = {}

    def lead_to(self, config: AgentConfig, stations: Mapping[str, StationRunner]) -> None:
        """A scanner's readings are codes, a gauge's are values, a PLC's triggered blocks are units. Nothing else counts
        any more.
        """
        self._readings.clear()
        self._blocks.clear()
        for table in config.settings.station:
            station = stations[table.name]
            if table.scanner is not None:
                self._readings.setdefault(table.scanner, []).append(station.code_read)
            if table.device is not None:
                self._blocks.setdefault(table.device, []).append(station.offered)
        scanners = set(self._readings)
        for name, device in _gauges(config):
            if device not in scanners:
                self._readings.setdefault(device, []).append(stations[name].measured)

    def read(self, device: str, reading: Reading) -> None:
        """A device gave a reading."""
        for target in self._readings.get(device, ()):
            target(device, reading)

    def offered(self, device: str, batch: Batch) -> None:
        """A PLC gave a block: a unit under its trigger; or values that were polled or asked for, each a reading."""
        if batch.trigger is not None:
            for target in self._blocks.get(device, ()):
                target(device, batch)
        else:
            for reading in batch.readings:
                self.read(device, reading)


def devices_of(config: AgentConfig) -> dict[str, tuple[str, ...]]:
    """Station -> the devices that it works with: scanner, PLC, gauges of its plan."""
    found: dict[str, dict[str, None]] = {table.name: {} for table in config.settings.station}
    for table in config.settings.station:
        found[table.name] |= dict.fromkeys(name for name in (table.scanner, table.device) if name is not None)
    for station, device in _gauges(config):
        found[station][device] = None
    return {station: tuple(devices) for station, devices in found.items()}


def _gauges(config: AgentConfig) -> Iterator[tuple[str, str]]:
    """Station and device, each pair once, in the plans' order."""
    for station, plans in config.plans.items():
        devices = dict.fromkeys(wanted.device for plan in plans for wanted in plan.characteristics)
        for device in devices:
            if device is not None:
                yield station, device
