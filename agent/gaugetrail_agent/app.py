"""The whole agent: built in the order of the data path, stopped in the same order.

    devices -> stations -> SPOOL -> publisher      (terminal, scheduler and status beside them)

Stopping lets go of the devices first, so that nothing new comes in; then what stations are sealing is committed; then
the publisher sends on for a moment and waits for receipts in flight; the spool is closed last. Whatever is not
receipted by then is still in the spool and goes out at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from gaugetrail_agent.clock.trust import WatchedClock, system_clock
from gaugetrail_agent.clock.watch import ClockWatch
from gaugetrail_agent.config import Config, StationTable
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, own_signer
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.devices import Devices
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health import Health, spool_alarm
from gaugetrail_agent.metrics import MetricsServer
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.scheduler import Scheduler
from gaugetrail_agent.spool import Origin, Spool
from gaugetrail_agent.station.measurement import DeviceFacts, Setup
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.terminal.server import TerminalServer
from gaugetrail_contract.status import SpoolStatus

log = logging.getLogger(__name__)

HEARTBEAT_SECS = 5.0
NEWS_SECS = 1.0
CLOCK_SECS = 1.0
"""What stations do and what delivery complains of is told at most so late."""
DRAIN_SECS = 5.0
CODE_PROFILES: Mapping[str, str | None] = {"pattern": None, "structured": ""}


class Agent:
    """One agent process. `run` returns when `stop` is called or the system asks it to end."""

    def __init__(self, config: Config, clock: WatchedClock | None = None) -> None:
        self.config = config
        self.clock = clock or system_clock()
        origin = Origin(config.settings.agent.id, config.settings.agent.site, config.settings.agent.line)
        settings = config.settings
        agent = settings.agent
        self.spool = Spool(
            config.data_dir / "spool.db",
            agent=agent.id,
            clock=self.clock,
            slot=agent.slot,
            max_bytes=settings.spool.max_mb * 1_000_000,
            keep_bytes=settings.spool.keep_mb * 1_000_000,
            origin=origin,
        )
        self.clock_watch = ClockWatch(self.clock, self.spool, origin)
        self.collectors = CollectorKeys(config.data_dir / "collectors.json", settings.evidence)
        signer, no_key = own_signer(config.data_dir, settings.evidence)
        self.health = Health(agent.id, self.clock, config.loaded.sha256, key=signer.key if signer else None)
        self.health.alarm("key", no_key)
        self.publisher = Publisher(
            settings.mqtt,
            self.spool,
            agent=agent.id,
            started=self.health.started,
            collectors=self.collectors,
            signer=signer,
        )
        self.scheduler = Scheduler()
        self.devices = Devices(config, self._read, self._offered, self._device_state, recall=self.spool.recall)
        doors = Doors(self.devices.ask, self.devices.answer, self.devices.remember, self._show)
        self.stations = {
            table.name: StationRunner(station_setup(config, table), self.spool, self.clock, doors)
            for table in settings.station
        }
        self.terminal: TerminalServer | None = None
        if settings.terminal is not None:
            token = config.data_dir / "terminal.token"
            self.terminal = TerminalServer(settings.terminal.port, token, tuple(self.stations), self._typed)
        self.metrics: MetricsServer | None = None
        if settings.metrics is not None:
            host, port = settings.metrics.host, settings.metrics.port
            self.metrics = MetricsServer(host, port, config.data_dir / "metrics.port")
        self._scanners = _routes((table.scanner, table.name) for table in settings.station)
        self._blocks = _routes((table.device, table.name) for table in settings.station)
        self._gauges = _routes(
            (characteristic.device, station)
            for station, plan in config.plans.items()
            for characteristic in plan.characteristics
        )
        self._told: tuple[object, ...] = ()
        self._spool_state: SpoolStatus | None = None
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """Ask `run` to end cleanly."""
        self._stopping.set()

    async def run(self) -> None:
        """Start everything, with everything else down if need be; end cleanly on SIGTERM, SIGINT or `stop`.

        Raises what the spool's `open` raises (another agent on it, a newer file), and `OSError` when the terminal's
        port is taken: without these two there is no agent.
        """
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop
                loop.add_signal_handler(name, self.stop)
        self.spool.open()
        try:
            await self._start()
            log.info("ready: %s with %d stations", self.health.agent, len(self.stations), extra={"event": "ready"})
            await self._stopping.wait()
        finally:
            await self._end()

    async def _start(self) -> None:
        if self.terminal is not None:
            await self.terminal.start()
            (self.config.data_dir / "terminal.port").write_text(str(self.terminal.port))
        self.publisher.start()
        self.clock_watch.start()
        self._tasks = [self._keep(f"station {name}", runner.run()) for name, runner in self.stations.items()]
        self.devices.start()
        self.scheduler.every(HEARTBEAT_SECS, "heartbeat", self._heartbeat)
        self.scheduler.every(NEWS_SECS, "news", self._tell_news)
        self.scheduler.every(CLOCK_SECS, "clock", self._watch_clock)
        self.scheduler.start()
        if self.metrics is not None:
            self.metrics.start()
        self._heartbeat()

    async def _end(self) -> None:
        log.info("stopping", extra={"event": "stopping"})
        self.scheduler.stop()
        if self.metrics is not None:
            await asyncio.to_thread(self.metrics.stop)
        await self.devices.stop()
        if self.terminal is not None:
            await self.terminal.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECS):  # a spool that refuses must not hold the process up
                await asyncio.gather(*(runner.finish() for runner in self.stations.values()))
        await asyncio.to_thread(self.publisher.stop, DRAIN_SECS)
        await asyncio.to_thread(self.spool.close)
        log.info("stopped", extra={"event": "stopped"})

    def _keep(self, what: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a part that must not die; if it does, the agent stops with a traceback and is started again."""
        task = asyncio.create_task(work, name=what)
        task.add_done_callback(self._died)
        return task

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.critical("%s ended by a fault of its own; stopping", task.get_name(), exc_info=task.exception())
            self.stop()

    # --- from devices to stations

    def _read(self, device: str, reading: Reading) -> None:
        if device in self._scanners:
            self._scan(device, reading)
            return
        for station in self._gauges.get(device, ()):
            self.stations[station].measured(device, reading)

    def _scan(self, device: str, reading: Reading) -> None:
        if reading.extra.get("duplicate"):
            log.info("%s: double scan", device, extra={"event": "double_scan", "device": device})
        elif reading.text is not None and reading.status is Status.INFO:
            for station in self._scanners[device]:
                self.stations[station].scanned(reading.text)
        elif reading.status is not Status.ACK:
            log.warning("%s: %s", device, reading.status, extra={"event": "no_scan", "raw": reading.raw[:64].hex()})

    def _offered(self, device: str, batch: Batch) -> None:
        """A triggered block is a unit at an automatic station; a value that was asked for belongs to who asked."""
        if batch.trigger is not None:
            for station in self._blocks.get(device, ()):
                self.stations[station].offered(device, batch)
        elif batch.asked:
            for reading in batch.readings:
                self._read(device, reading)

    def _typed(self, station: str, text: str) -> None:
        self.stations[station].scanned(text)

    # --- what the agent says of itself

    def _show(self, station: str, display: dict[str, object]) -> None:
        self.health.show(station, display)
        refused = display["message"] if display["state"] == "refused" else None
        if self.health.alarm(f"refused {station}", None if refused is None else f"{station}: {refused}"):
            self._heartbeat()
        if self.terminal is not None:
            self.terminal.show(station, display)

    def _device_state(self, device: str, state: DeviceState) -> None:
        before = self.health.devices.get(device)
        self.health.devices[device] = state
        changed = self.health.alarm(f"device {device}", state.alarm or None)
        if changed or before is None or before.up != state.up:
            self._heartbeat()

    def _watch_clock(self) -> None:
        if self.health.alarm("clock", self.clock_watch.look()):
            self._heartbeat()

    def _tell_news(self) -> None:
        """A line that is watched live is told of each change, not of each heartbeat."""
        if self._news() != self._told:
            self._heartbeat()

    def _news(self) -> tuple[object, ...]:
        return dict(self.health.stations), self.publisher.alarm()

    def _heartbeat(self) -> None:
        self._told = self._news()
        self.health.alarm("broker", self.publisher.alarm())
        self.health.collector_keys = self.collectors.pins
        if self.metrics is not None:
            self.health.alarm("metrics", self.metrics.trouble)
        before, self._spool_state = self._spool_state, self.spool.state()
        self.health.alarm("spool", spool_alarm(self._spool_state, before))
        document = self.health.document(self._spool_state, self.publisher.state())
        self.publisher.publish_status(document)
        if self.metrics is not None:
            self.metrics.tell(document)


def station_setup(config: Config, table: StationTable) -> Setup:
    """What the configuration says of a station, compiled."""
    agent = config.settings.agent
    devices = {device.name: DeviceFacts(device.gauge, device.capture) for device in config.settings.device}
    return Setup(
        site=agent.site,
        line=agent.line,
        station=table.name,
        mode=table.mode,
        plan=config.plans[table.name],
        devices=devices,
        gauges=config.gauges,
        people=config.people,
        badge=re.compile(table.badge_pattern),
        unit=re.compile(table.unit_pattern),
        code_profile=CODE_PROFILES.get(table.unit_code, table.unit_code),
        code_roles=table.unit_code_roles,
        serial_channel=table.serial_channel,
        on_overdue=table.on_overdue_gauge,
        on_spool_full=table.on_spool_full,
    )


def _routes(pairs: Iterable[tuple[str | None, str]]) -> dict[str, tuple[str, ...]]:
    """Device -> the stations that listen to it, each once."""
    found: dict[str, dict[str, None]] = {}
    for device, station in pairs:
        if device is not None:
            found.setdefault(device, {})[station] = None
    return {device: tuple(stations) for device, stations in found.items()}
