"""The whole agent: built in the order of the data path, stopped in the same order.

    devices -> routes -> stations -> SPOOL -> publisher      (terminal and heartbeat beside them)

Stopping lets go of the devices first, so that nothing new comes in; then what stations are sealing is committed; then
the publisher sends on for a moment and waits for receipts in flight; the spool is closed last. Whatever is not
receipted by then is still in the spool and goes out at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from datetime import date
from typing import TYPE_CHECKING, Any

from gaugetrail_agent.clock.trust import WatchedClock, system_clock
from gaugetrail_agent.clock.watch import ClockWatch
from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, own_signer
from gaugetrail_agent.delivery.message_size import LearnedSizes
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.devices import Devices
from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.own_folder import OwnFolder
from gaugetrail_agent.documents.own_sealing import StepSealing
from gaugetrail_agent.documents.pin_guesses import PinGuesses
from gaugetrail_agent.documents.pins import PinBook
from gaugetrail_agent.documents.receiving import LOOK_SECS as DOCUMENTS_SECS
from gaugetrail_agent.documents.receiving import DocumentReceiver
from gaugetrail_agent.documents.refused_words import seal_refused
from gaugetrail_agent.documents.unlocking import Unlocking
from gaugetrail_agent.doubts.doors import open_doors
from gaugetrail_agent.doubts.locks_ahead import ANYBODY, asks_nobody
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.calibration import Standing, standings
from gaugetrail_agent.health.heartbeat import Heartbeat
from gaugetrail_agent.health.notices import LOOK_SECS, NoticeBoard
from gaugetrail_agent.health.report import Health
from gaugetrail_agent.inquiries.address import desk_of
from gaugetrail_agent.inquiries.desk import InquiryDesk
from gaugetrail_agent.inquiries.report import AgentReport
from gaugetrail_agent.interlock.writer import MachineInterlock
from gaugetrail_agent.languages.sentences import ENGLISH, SentenceValue, said
from gaugetrail_agent.languages.spoken import spoken
from gaugetrail_agent.line_state.asker import DEADLINE_SECS, HistoryAsker, Unknown
from gaugetrail_agent.line_state.hold_folder import HoldFolder
from gaugetrail_agent.line_state.hold_list import HoldList
from gaugetrail_agent.papers import plans_seen
from gaugetrail_agent.reading import Reading
from gaugetrail_agent.renewal import Renewal
from gaugetrail_agent.routes import Routes, devices_of
from gaugetrail_agent.screen.settings import ScreenTable
from gaugetrail_agent.seen.following import StationsSeen
from gaugetrail_agent.seen.moving import GaugesInMotion
from gaugetrail_agent.spool import Origin, Spool, SpoolBroken
from gaugetrail_agent.spool.words import Appended
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.given.plans_here import RegisterHere, SettingsHere
from gaugetrail_agent.station.keeping.asking_store import StoreAsked
from gaugetrail_agent.station.keeping.recording import Committed
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import DeviceFacts, Setup, station_setup
from gaugetrail_agent.station.words.happening import PastKnown, UsedElsewhere
from gaugetrail_agent.terminal.onlookers import Onlookers
from gaugetrail_agent.terminal.server import TerminalServer
from gaugetrail_agent.verdicts.sender import VerdictSender
from gaugetrail_agent.verdicts.wording import told_verdict
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.figures import AGENT_FIGURES, agent_parts
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.record import EventBody
from gaugetrail_contract.status import AgentStatus
from gaugetrail_contract.unit_states.said import Order
from gaugetrail_service.install.supervisor import Supervisor
from gaugetrail_service.open_doors import told
from gaugetrail_service.process import is_at_a_terminal, share_one_heap
from gaugetrail_service.scheduler import LoopScheduler

if TYPE_CHECKING:
    from gaugetrail_agent.screen.server import OperatorScreen
    from gaugetrail_service.web.metrics import MetricsServer

log = logging.getLogger(__name__)

DRAIN_SECS = 5.0
REMEMBERED = 2000
"""So many of the last records say what was made before this start."""


class Agent:
    """One agent process. `run` returns when `stop` is called or the system asks it to end."""

    def __init__(self, config: AgentConfig, clock: WatchedClock | None = None) -> None:
        self.clock = clock or system_clock(kept=config.settings.agent.clock == "kept")
        agent, evidence = config.settings.agent, config.settings.evidence
        self._origin = origin = Origin(agent.id, agent.site, agent.line)
        self.spool = _spool(config, self.clock, origin)
        signer, no_key = own_signer(config.data_dir, evidence)
        self.health = Health(
            agent.id, self.clock, config.loaded.sha256, key=signer.key if signer else None, line=agent.line
        )
        self.health.insecure = told(open_doors(config))
        self.health.alarm("key", no_key)
        collectors = CollectorKeys(config.data_dir / "collectors.json", evidence)
        self.publisher = Publisher(
            config.settings.mqtt,
            self.spool,
            agent=agent.id,
            started=self.health.started,
            collectors=collectors,
            sizes=LearnedSizes(config.data_dir / "broker-limits.json"),
            signer=signer,
        )
        cabinet = DocumentCabinet(config.data_dir, config.settings.documents.max_mb)
        self.documents = DocumentReceiver(cabinet, config.settings.documents, agent.line, self.clock)
        self.own_documents = _own_documents(config, self.documents, self.clock)
        if self.own_documents is not None:
            self.own_documents.seal = StepSealing(self.spool, origin).seal
        else:
            self.documents.subscribe, self.documents.unsubscribe = self.publisher.listen, self.publisher.listen_no_more
            self.publisher.on_document, self.publisher.document_topics = self.documents.hear, self.documents.topics
        self.holds = HoldList(
            HoldFolder(config.data_dir), agent.line, self.clock, self.documents.believed, collectors.believes
        )
        self.publisher.on_holds, self.publisher.hold_topics = self.holds.hear, self.holds.topics
        self.asker = HistoryAsker(agent.id, self.publisher.publish_question, collectors.believes)
        self.publisher.on_answer = self.asker.hear
        self.pins = PinBook(config.data_dir, agent.id, agent.line, signer, self.documents.believed)
        self.publisher.on_pins = self.pins.hear
        self.guesses = PinGuesses(self.spool, self.pins.is_right, self.clock, config.settings.documents.pin_guesses)
        self.clock_watch = ClockWatch(self.clock, self.spool, origin)
        self.metrics = _metrics(config)
        self.heartbeat = Heartbeat(
            self.health,
            spool=self.spool,
            publisher=self.publisher,
            collectors=collectors,
            clock_watch=self.clock_watch,
            metrics=self.metrics,
        )
        self.scheduler = LoopScheduler()
        self._routes = routes = Routes()
        self.devices = Devices(config, self._read, routes.offered, self._device, recall=self.spool.recall)
        self.report = AgentReport(config, self.health, self.devices.taps)
        self.heartbeat.on_beat = self.report.tell
        self.heartbeat.gauges = self._gauges
        self.heartbeat.documents = self.documents.state
        self.heartbeat.pins = lambda: self.pins.state(self.guesses.locked())
        self.inquiries = InquiryDesk(desk_of(config.data_dir), self.report.answer, self.devices.taps)
        unlocking = Unlocking(self._people, self.pins, self.guesses, self.spool, origin)
        self.inquiries.unlock = unlocking.answer
        doors = Doors(
            self.devices.ask,
            self.devices.answer,
            self.devices.remember,
            self._show,
            used=self._used,
            bounced=self.heartbeat.bounced,
            try_pin=self.guesses.check,
            unlock_pin=self.guesses.clear,
            past=self._past,
            store=StoreAsked(self.asker.ask_units_since, self.asker.ask_lot),
            said=self._said,
            recorded=self._recorded,
        )
        self.verdicts = _verdicts(config)
        if self.verdicts is not None:
            self.heartbeat.verdicts = self.verdicts.state
        self.stations = _stations(config, self.spool, self.clock, doors)
        routes.lead_to(config, self.stations)
        self.health.station_devices = devices_of(config)
        self.interlocks = {
            table.name: MachineInterlock(table.interlock, self.devices.put, self.stations[table.name].noticed)
            for table in config.settings.station
            if table.interlock is not None
        }
        self.notices = NoticeBoard(lambda: self.health.station_devices, self.stations)
        self.renewal = Renewal(
            config,
            self.health,
            self.publisher,
            self.devices,
            routes,
            self.stations,
            self.notices,
            setups=setups,
            in_force=self.report.work_by,
            shelf=self.documents.shelf,
            verdicts=self.verdicts,
        )
        self.onlookers = Onlookers(self.stations, self.clock)
        self.terminal = _terminal(config, self.stations, self.onlookers)
        self.screen = _screen(config, self.stations, self.clock, self.documents)
        self.seen = _seen(config, self.stations, self.clock)
        self.moving = GaugesInMotion(self.stations)
        self.seen.draw += (self.moving.draw, self.onlookers.draw)
        self.moving.show.append(self.onlookers.put_bar)
        if self.screen is not None:
            self.seen.draw.append(self.screen.draw)
            self.moving.show.append(self.screen.put_bar)
        self.supervisor = Supervisor()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._rereading: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    @property
    def config(self) -> AgentConfig:
        """The settings in force."""
        return self.renewal.config

    def stop(self) -> None:
        """Ask `run` to end cleanly."""
        self._stopping.set()

    def reread(self) -> None:
        """Read settings, registers and plans anew, one reading at a time."""
        if self._rereading is None or self._rereading.done():
            self._rereading = self._keep("reading anew", self.renewal.again())

    async def run(self) -> None:
        """Start everything, with everything else down if need be; end cleanly on SIGTERM, SIGINT or `stop`.

        Raises what the spool's `open` raises (another agent on it, a newer file), and `OSError` when the terminal's
        port is taken: without these two there is no agent.
        """
        share_one_heap()
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, self.stop)
            loop.add_signal_handler(signal.SIGHUP, self.stop if is_at_a_terminal() else self.reread)
        self.spool.open()
        try:
            await self._start()
            self.supervisor.ready()
            log.info("ready: %s with %d stations", self.health.agent, len(self.stations), extra={"event": "ready"})
            await self._stopping.wait()
        finally:
            await self._end()

    async def _start(self) -> None:
        if asks_nobody(self.config):
            log.warning("%s", ANYBODY, extra={"event": "no_people_list"})
        for problem in self.config.document_remarks:
            log.warning("%s", problem, extra={"event": "document_remark"})
        self._remember_plans()
        if self.terminal is not None:
            await self.terminal.start()
            # Whole at once: terminals wait for it, and read it the moment it is there.
            write_whole(self.config.data_dir / "terminal.port", str(self.terminal.port).encode())
        if self.terminal is not None or self.screen is not None:
            await asyncio.to_thread(self._remember_made)
        if self.screen is not None:
            self.screen.start()
            self.scheduler.every(1.0, "screen", self.screen.beat)
        self.scheduler.every(1.0, "shifts and checks that draw near", self.seen.time_passes)
        await asyncio.to_thread(self.documents.open)
        if self.own_documents is not None:
            await asyncio.to_thread(self.own_documents.look)
        self.holds.on_change = self._held_on_loop(asyncio.get_running_loop())
        await asyncio.to_thread(self.holds.open)
        self._seal_refused()
        self.pins.on_change = self._on_loop(asyncio.get_running_loop())
        await asyncio.to_thread(self.pins.open)
        await asyncio.to_thread(self.guesses.open)
        self.publisher.start()
        if self.verdicts is not None:
            self.verdicts.start()
        self.clock_watch.start()
        self._tasks = [self._keep(f"station {name}", runner.run()) for name, runner in self.stations.items()]
        self.devices.start()
        self._tasks += [self._keep(f"machine of {name}", one.run()) for name, one in self.interlocks.items()]
        self.inquiries.start()
        self.health.alarm("inquiries", self.inquiries.trouble)
        self.heartbeat.schedule(self.scheduler)
        self.scheduler.every(LOOK_SECS, "notices", self._look_round)
        self.scheduler.every(DOCUMENTS_SECS, "documents", self.documents.look)
        if self.own_documents is not None:
            self._tasks.append(self._keep("documents of this PC", self.own_documents.follow()))
        self.scheduler.every(LOOK_SECS, "documents in force", self._look_at_documents)
        self.scheduler.every(1.0, "refused documents", self._seal_refused)
        self._tasks.append(self._keep("room", self.notices.watch_room(self.config.data_dir)))
        self.scheduler.start()
        if self.metrics is not None:
            self.metrics.start()
        self.heartbeat.beat()
        if self.supervisor.every_secs is not None:
            self._tasks.append(self._keep("turning", self._turn(self.supervisor.every_secs)))

    async def _turn(self, every_secs: float) -> None:
        """On the loop itself: when that hangs, so does this."""
        while True:
            self.supervisor.turned()
            await asyncio.sleep(every_secs)

    async def _end(self) -> None:
        self.supervisor.stopping()
        log.info("stopping", extra={"event": "stopping"})
        self.scheduler.stop()
        if self.metrics is not None:
            await asyncio.to_thread(self.metrics.stop)
        await asyncio.to_thread(self.inquiries.stop)
        await asyncio.gather(*(one.stop() for one in self.interlocks.values()))
        await self.devices.stop()
        if self.terminal is not None:
            await self.terminal.stop()
        if self.screen is not None:
            await asyncio.to_thread(self.screen.stop)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECS):  # a spool that refuses must not hold the process up
                await asyncio.gather(*(runner.finish() for runner in self.stations.values()))
        self._seal_refused(the_rest=True)
        if self.verdicts is not None:
            await asyncio.to_thread(self.verdicts.stop)
        await asyncio.to_thread(self.publisher.stop, DRAIN_SECS)
        await asyncio.to_thread(self.spool.close)
        log.info("stopped", extra={"event": "stopped"})

    def _seal_refused(self, *, the_rest: bool = False) -> None:
        seal_refused(self.documents, self.spool, self._origin, the_rest=the_rest)
        seal_refused(self.holds, self.spool, self._origin, the_rest=the_rest)
        self.health.alarm("holds", self.holds.alarm())

    def _keep(self, what: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a part that must not die; if it does, the agent stops with a traceback and is started again."""
        task = asyncio.create_task(work, name=what)
        task.add_done_callback(self._died)
        return task

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.critical("%s ended by a fault of its own; stopping", task.get_name(), exc_info=task.exception())
            self.stop()

    def _remember_plans(self) -> None:
        """A disk that can't keep them can't keep records either, and says so by itself."""
        trouble = None
        try:
            plans_seen.remember(self.config.plans_folder, self.config.plans)
        except OSError as error:
            trouble = f"the plans' texts can't be kept in {self.config.plans_folder}: {error.strerror or error}"
            log.error("%s", trouble, extra={"event": "plans_not_kept"})
        self.health.alarm("plans", trouble)

    def _gauges(self) -> list[Standing]:
        """On the day that values are measured on, which is UTC's."""
        return standings(self.config, date.fromisoformat(utc_text(self.clock.now_us())[:10]))

    def _device(self, name: str, state: DeviceState) -> None:
        """A device's trouble is told to the office, and to who waits for its value."""
        self.heartbeat.device(name, state)
        self.notices.device(name, state)

    def _look_round(self) -> None:
        self.health.alarm("screen", None if self.screen is None else self.screen.trouble)
        self.notices.look(
            self.publisher.state(),
            self._gauges(),
            spool_full=self.spool.full,
            spool_refuses=self.spool.refuses,
            clock_wrong="clock" in self.health.alarms(),
            copied=self.spool.branched,
            documents_old_us=self.documents.old_since_us,
        )
        for name, station in self.stations.items():
            refusal = station.setup.refusal
            self.health.alarm(f"plan {name}", None if refusal is None else f"{name}: {ENGLISH.text(refusal)}")

    def _look_at_documents(self) -> None:
        """What came, was withdrawn, or whose moment has come: once a second, one at a time."""
        if (self._renewing is None or self._renewing.done()) and self.renewal.documents_changed:
            self._renewing = self._keep("documents in force", self.renewal.documents_anew())

    def _people(self) -> list[PeopleList | None]:
        return [station.setup.people for station in self.stations.values()]

    def _on_loop(self, loop: asyncio.AbstractEventLoop) -> Callable[[frozenset[str]], None]:
        def tell(badges: frozenset[str]) -> None:
            loop.call_soon_threadsafe(self._pins_known, badges)

        return tell

    def _pins_known(self, badges: frozenset[str]) -> None:
        for station in self.stations.values():
            station.pins_known(badges)

    def _used(self, by: StationRunner, event: UsedElsewhere) -> None:
        for station in self.stations.values():
            if station is not by:
                station.used_elsewhere(event)

    async def _past(self, serial: str) -> PastKnown:
        found = await self.asker.ask_history(serial)
        return PastKnown(serial, None, _nobody_told(found)) if isinstance(found, Unknown) else PastKnown(serial, found)

    def _said(self, body: EventBody, appended: Appended) -> None:
        self.holds.said(body, self._order(appended), appended.record_id)

    def _order(self, appended: Appended) -> Order:
        return appended.time_us, self._origin.agent, appended.record_id.split("/")[1], appended.seq

    def _held_on_loop(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        def tell() -> None:
            loop.call_soon_threadsafe(self._tell_held)

        return tell

    def _tell_held(self) -> None:
        for station in self.stations.values():
            station.held_known(self.holds.now)

    def _show(self, display: Display) -> None:
        self.heartbeat.station(display)
        self.report.show(display)
        if self.terminal is not None:
            self.terminal.show(display.station, display.document(spoken(display.speaks)))
        self.seen.show(display)
        if (machine := self.interlocks.get(display.station)) is not None:
            machine.show(display)

    def _read(self, device: str, reading: Reading) -> None:
        self._routes.read(device, reading)
        self.moving.read(device, reading)

    def _recorded(self, done: Committed) -> None:
        assert done.body is not None, "an inspection is told as it was sealed"
        self.holds.measured(done.body, self._order(done.appended), done.appended.record_id)
        self.seen.recorded(done.body)
        if self.verdicts is not None:
            # Behind the PLC that waits for the same record.
            told = told_verdict(done.body, done.appended, done.memory.held)
            asyncio.get_running_loop().call_soon(self.verdicts.tell, told)

    def _remember_made(self) -> None:
        """A spool that can't be read now costs the screen its past, and nothing else."""
        try:
            self.seen.remember(one.sealed for one in self.spool.held(self.spool.newest() - REMEMBERED, REMEMBERED))
        except SpoolBroken as error:
            log.warning("the screen doesn't show what was made before: %s", error, extra={"event": "screen"})


def _nobody_told(found: Unknown) -> SentenceValue:
    """Why nobody could tell the past of a unit."""
    match found.cause:
        case "no_connection":
            return said("past.no_connection")
        case "no_answer":
            return said("past.no_answer", ms=round(DEADLINE_SECS * 1000))
        case "told":
            return found.why


def _own_documents(config: AgentConfig, receiver: DocumentReceiver, clock: Clock) -> OwnFolder | None:
    folder = config.own_documents
    return None if folder is None else OwnFolder(folder, receiver, config.settings.agent.id, clock)


def _spool(config: AgentConfig, clock: Clock, origin: Origin) -> Spool:
    table = config.settings.spool
    return Spool(
        config.data_dir / "spool.db",
        agent=origin.agent,
        clock=clock,
        slot=config.settings.agent.slot,
        max_bytes=table.max_mb * 1_000_000,
        keep_bytes=table.keep_mb * 1_000_000,
        origin=origin,
    )


def _metrics(config: AgentConfig) -> MetricsServer[AgentStatus] | None:
    table = config.settings.metrics
    if table is None:
        return None
    from gaugetrail_service.web.metrics import Metrics, MetricsServer  # a web server, only where it is asked for

    metrics = Metrics("agent", AGENT_FIGURES, agent_parts)
    return MetricsServer(metrics, table.host, table.port, config.data_dir / "metrics.port")


def _screen(
    config: AgentConfig, stations: dict[str, StationRunner], clock: Clock, files: DocumentReceiver
) -> OperatorScreen | None:
    table = config.settings.screen
    if table is None:
        return None
    from gaugetrail_agent.screen.server import OperatorScreen  # a web server and templates, only where asked for

    port_file = config.data_dir / "screen.port"
    pictures = None if table.pictures is None else config.path(table.pictures)
    return OperatorScreen(table, config.settings.agent.id, stations, clock, port_file, pictures, files)


def _seen(config: AgentConfig, stations: dict[str, StationRunner], clock: Clock) -> StationsSeen:
    table = config.settings.screen or ScreenTable()
    return StationsSeen(table.shifts, stations, clock)


def _verdicts(config: AgentConfig) -> VerdictSender | None:
    settings = config.settings
    return VerdictSender(settings.mqtt, settings.agent.id) if settings.mqtt.verdicts == "on" else None


def _stations(config: AgentConfig, spool: Spool, clock: Clock, doors: Doors) -> dict[str, StationRunner]:
    return {name: StationRunner(setup, spool, clock, doors) for name, setup in setups(config).items()}


def setups(config: AgentConfig) -> dict[str, Setup]:
    """What each station works by, as the settings and the documents in force say."""
    agent = config.settings.agent
    devices = {
        device.name: DeviceFacts(device.gauge, device.capture, config.rule(device), config.told_apart(device))
        for device in config.settings.device
    }
    return {
        table.name: station_setup(
            table,
            config.here[table.name],
            site=agent.site,
            line=agent.line,
            devices=devices,
            gauges=config.gauges,
            people=config.people,
            label=config.labels.get(table.unit_code),
            registers=_registers_for(config, table.mode),
            settings=SettingsHere(config.loaded.sha256),
        )
        for table in config.settings.station
    }


def _registers_for(config: AgentConfig, mode: str) -> dict[str, RegisterHere]:
    """Nobody stands at an automatic station."""
    return {what: one for what, one in config.registers.items() if what != "people" or mode == "operator"}


def _terminal(config: AgentConfig, stations: dict[str, StationRunner], onlookers: Onlookers) -> TerminalServer | None:
    table = config.settings.terminal
    if table is None:
        return None

    def typed(station: str, text: str, raw: bytes) -> None:
        stations[station].scanned(text, None, raw)

    return TerminalServer(table.port, config.data_dir / "terminal.token", tuple(stations), typed, onlookers)
