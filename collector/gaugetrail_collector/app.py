"""The whole collector: built in the order of the data path, stopped in the same order.

    subscriber -> inbox -> decoding (one batch ahead) -> STORE -> confirming (one behind): receipts, acknowledgements

Status and scheduler stand beside it; the package's own page draws its threads. It holds nothing that it can't lose:
killed at any moment, what it had in hand comes again.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gaugetrail_collector.config import CollectorConfig, CollectorMetricsTable, ConsoleTable
from gaugetrail_collector.documents.to_stations.pin_sending import PinSender
from gaugetrail_collector.documents.to_stations.pins import FILE as PINS
from gaugetrail_collector.documents.to_stations.sending import ROUND_SECS, DocumentSender
from gaugetrail_collector.doors import open_doors
from gaugetrail_collector.evidence.anchors import Anchors
from gaugetrail_collector.evidence.readback import Reconciler
from gaugetrail_collector.evidence.readback_rounds import Rounds
from gaugetrail_collector.holds.answering import AnswerDesk
from gaugetrail_collector.holds.sending import ROUND_SECS as HOLDS_SECS
from gaugetrail_collector.holds.sending import HoldsSender
from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.batches import Batch, Batches
from gaugetrail_collector.intake.confirming import Confirming
from gaugetrail_collector.intake.far_times import FarTimes
from gaugetrail_collector.intake.keys.agent_keys import Keys, KeysBroken
from gaugetrail_collector.intake.keys.collector_introductions import CollectorIntroductions
from gaugetrail_collector.intake.keys.introducing import Introducing
from gaugetrail_collector.intake.receiving.returning import Returning
from gaugetrail_collector.intake.receiving.rivals import Place
from gaugetrail_collector.intake.receiving.subscriber import Subscriber
from gaugetrail_collector.intake.storing import Stored, Storing
from gaugetrail_collector.let_go import LetGo
from gaugetrail_collector.renewal import SettingsRenewal
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.identity import StoreIdentity
from gaugetrail_collector.stores.status_lines import agent_lines, collector_lines
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.commands import Again
from gaugetrail_contract.figures import COLLECTOR_FIGURES, collector_parts
from gaugetrail_contract.signing import signer_at
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.clock_source import kernel_trust
from gaugetrail_service.install.supervisor import Supervisor
from gaugetrail_service.logs.writer import dropped
from gaugetrail_service.open_doors import told
from gaugetrail_service.process import is_at_a_terminal, own_version
from gaugetrail_service.scheduler import ThreadScheduler

if TYPE_CHECKING:
    from gaugetrail_collector.amendments.hearing import StationAmendments
    from gaugetrail_collector.documents.from_tables.orders_folder import OrdersFolder
    from gaugetrail_service.web.metrics import MetricsServer
    from gaugetrail_service.web.server import Web

log = logging.getLogger(__name__)

HEARTBEAT_SECS = 5.0
REMEMBERED_US = 30 * 60 * 1_000_000
"""How far back a console that has just started looks for the last inspections."""
MOST_GAPS = 20
"""Gaps that the status names; all are counted."""
MOST_NAMED = 50
"""Agents that the status names as newer than this collector."""


def now_us() -> int:
    """Wall time, microseconds since 1970."""
    return time.time_ns() // 1000


def _collect_garbage_rarely() -> None:
    """A batch is thousands of records that all die together and hold no cycles: looking through them for some costs a
    tenth of the work. What is loaded by now lives as long as the process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Collector:
    """One collector process."""

    def __init__(self, config: CollectorConfig) -> None:
        settings = config.settings
        self.config = config
        self.signer = signer_at(config.data_dir / "collector.key") if settings.evidence.sign else None
        self._started = utc_text(now_us())
        self.subscriber = Subscriber(settings.mqtt, settings.id, self.signer, self._started)
        self.keys = Keys(config.data_dir / "keys.db", settings.evidence.agent_keys, now_us)
        self.store: Store = config.store(newcomers=self.keys)
        self.set_aside = SetAside(config.set_aside_path)
        self.known_collectors = CollectorIntroductions(config.data_dir / "keys.db", now_us)
        self.introducing = Introducing(
            settings.id, self.signer, self.known_collectors.said, self.subscriber.publish_introductions
        )
        self.subscriber.rivals.knows = self._knows_collector
        self.supervisor = Supervisor()
        self.storing = Storing(
            self.store,
            self.set_aside,
            now_us,
            self.keys,
            FarTimes(self.store, now_us, round(settings.clock.ahead_secs * 1e6), settings.clock.far_days),
            on_change=self._store_changed,
            on_try=self.supervisor.turned,
        )
        self.account = Account(now_us, late_us=round(settings.readback.late_secs * 1e6))
        self.batches = Batches(
            self.subscriber.messages,
            self.store.prepare,
            max_points=settings.batch.max_points,
            max_secs=settings.batch.max_ms / 1000,
        )
        self.confirming = Confirming(self._confirm)
        self.let_go = LetGo(config.let_go_path)
        self.neighbours = Neighbours(now_us, on_agent=self._speaks, has_key=self._has_key)
        self.rounds = Rounds(
            config.store,
            Reconciler(self._ask_again, self._accounted, settings.readback.grace_secs),
            Anchors(settings.id, config.data_dir / "anchors.json", self.signer, WallClock(trust=kernel_trust)),
            self.neighbours,
            settings.readback,
            settings.evidence,
        )
        self.account.on_there = self.rounds.there
        self.storing.on_replaced = self.rounds.doubt_all
        self.documents = DocumentSender(
            config.store,
            settings.id,
            key=config.document_key_path,
            news=config.document_news_path,
            line=self.subscriber,
            agents=self.neighbours.agents,
            now_us=now_us,
            renew_secs=settings.documents.renew_secs,
            attachments=config.attachment_folders,
        )
        self.holds = HoldsSender(
            config.store,
            settings.id,
            key=config.document_key_path,
            fallback=self.signer,
            line=self.subscriber,
            agents=self.neighbours.agents,
            now_us=now_us,
            renew_secs=settings.documents.renew_secs,
        )
        self.account.on_stored.append(self.holds.heard)
        self.station_amendments = self._station_amendments()
        self.answers = AnswerDesk(config.store, self.subscriber, now_us)
        self.orders = self._orders_folder(config.orders_folder)
        self.documents.pins = PinSender(settings.id, config.data_dir / PINS, self.subscriber, self._vouched)
        self.scheduler = ThreadScheduler()
        self.metrics = self._metrics(settings.metrics)
        self.console = self._console(settings.console)
        self.renewal = SettingsRenewal(config, self.subscriber)
        self.identity = StoreIdentity(self.store)
        self.returning = Returning()
        self._unnoted = ""
        """Why figures for the charts could not be noted last."""
        self._stopping = threading.Event()

    def _vouched(self, agent: str, key: str) -> bool:
        try:
            return self.keys.is_registered(agent) and self.keys.knows(agent, key)
        except KeysBroken:
            return False

    def _metrics(self, table: CollectorMetricsTable | None) -> MetricsServer[CollectorStatus] | None:
        if table is None:
            return None
        from gaugetrail_service.web.metrics import Metrics, MetricsServer  # a web server, only where it is asked for

        metrics = Metrics("collector", COLLECTOR_FIGURES, collector_parts)
        return MetricsServer(metrics, table.host, table.port, self.config.data_dir / "metrics.port")

    def _console(self, table: ConsoleTable | None) -> Web | None:
        if table is None:
            return None
        # Here and not above: pages and their framework cost 20 MB and more, for those who have a console.
        from gaugetrail_collector.console.app import make_app
        from gaugetrail_collector.console.facts import About, Facts
        from gaugetrail_collector.console.questions import remember
        from gaugetrail_collector.documents.here import DocumentsHere
        from gaugetrail_service.web.server import Web
        from gaugetrail_service.web.sessions import Sessions

        about = About(self.config.settings.id, own_version())
        config, own = self.config, self._as_seen_here
        here = DocumentsHere.of(config)
        facts = Facts(about, config.store, self.set_aside, self.neighbours, self.keys, self.let_go, own, here)
        facts.documents.begin()
        self.account.on_stored.append(facts.board.take_stored)
        self.neighbours.on_change = facts.board.heard
        remember(self.config.store, now_us() - REMEMBERED_US, facts.board.take_stored)
        users = self.config.users_file()
        app = make_app(facts, (table.host, *table.hosts), Sessions(users.now) if users is not None else None)
        return Web("console", app, table.host, table.port, self.config.data_dir / "console.port", facts.close)

    def _station_amendments(self) -> StationAmendments | None:
        if not self.config.settings.documents.master:
            return None
        # The office's rules, for the one collector that decides.
        from gaugetrail_collector.amendments.hearing import StationAmendments
        from gaugetrail_collector.documents.following import FollowedRegister
        from gaugetrail_collector.documents.here import DocumentsHere

        here, register = DocumentsHere.of(self.config), FollowedRegister()
        hearing = StationAmendments(lambda store: here.desk(store, register.now), self.config.store)
        self.account.on_stored.append(hearing.heard)
        return hearing

    def _orders_folder(self, folder: Path | None) -> OrdersFolder | None:
        if folder is None:
            return None
        # Tables and how they are read, for the one collector that takes orders.
        from gaugetrail_collector.documents.from_tables.orders_folder import OrdersFolder
        from gaugetrail_collector.documents.here import DocumentsHere

        return OrdersFolder(folder, DocumentsHere.of(self.config), self.config.store)

    def _rooms(self) -> list[tuple[str, OrdersFolder | StationAmendments]]:
        """What only some collectors have, and is looked at now and then."""
        rooms = (("orders", self.orders), ("amendments", self.station_amendments))
        return [(name, room) for name, room in rooms if room is not None]

    def stop(self) -> None:
        """Ask `run` to end: the batch in hand is finished, the rest comes again later."""
        self._stopping.set()
        self.storing.stop()

    def run(self) -> None:
        """Collect until told to stop. Raises `OSError` or `sqlite3.Error` when a file of our own can't be opened."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop())
        if sys.platform != "win32":  # which has no such signal
            signal.signal(signal.SIGHUP, lambda *_: self.stop() if is_at_a_terminal() else self.renewal.begin())
        _collect_garbage_rarely()
        self.set_aside.open()
        self.keys.open()
        self.known_collectors.open()
        self.let_go.open()
        self.subscriber.on_connected = self._heartbeat
        self.subscriber.on_status = self.neighbours.hear
        self.subscriber.on_question = self.answers.ask
        self.subscriber.start()
        for web in (self.metrics, self.console):
            if web is not None:
                web.start()
        self.scheduler.every(HEARTBEAT_SECS, "heartbeat", self._heartbeat)
        self.scheduler.every(self.rounds.every_secs, "round", self.rounds.round)
        if self.config.settings.documents.master:
            self.scheduler.every(ROUND_SECS, "documents", self.documents.round)
            self.scheduler.every(HOLDS_SECS, "holds", self.holds.round)
        for called, room in self._rooms():
            self.scheduler.every(room.look_secs, called, room.round)
        self.scheduler.start()
        self.answers.start()
        self.supervisor.ready()  # a store that is down is waited for while serving
        self.storing.open()
        self.confirming.start()
        self.batches.start()
        log.info("ready: %s", self.config.settings.id, extra={"event": "ready"})
        try:
            while not self._stopping.is_set():
                self.supervisor.turned()
                batch = self.batches.next(0.2)
                if batch is not None:
                    self._finish(batch)
        finally:
            self.supervisor.stopping()
            log.info("stopping", extra={"event": "stopping"})
            self.batches.stop()
            self.confirming.stop()
            self.scheduler.stop()
            self.documents.close()
            self.holds.close()
            self.answers.stop()
            for _, room in self._rooms():
                room.close()
            for web in (self.metrics, self.console):
                if web is not None:
                    web.stop()
            self.subscriber.stop()
            self.rounds.end(anchor=self.storing.state == "up")
            self.store.close()
            self.set_aside.close()
            self.keys.close()
            self.known_collectors.close()
            self.let_go.close()
            log.info("stopped", extra={"event": "stopped"})

    def _store_changed(self) -> None:
        if self.storing.state == "down":
            self.identity.doubt()
        self._heartbeat()

    def _speaks(self, agent: str) -> None:
        if self.let_go.back(agent, now_us()):
            log.warning("agent %s was let go and is back", agent, extra={"event": "agent_back", "agent": agent})

    def _has_key(self, agent: str) -> bool:
        try:
            return self.keys.has_one(agent)
        except KeysBroken:  # intake says so, and takes nothing
            return False

    def _knows_collector(self, collector: str, key: str) -> bool:
        try:
            return self.known_collectors.knows(collector, key)
        except KeysBroken:
            return False

    def _finish(self, batch: Batch) -> None:
        """Store, then receipts, then acknowledgements, in this order."""
        stored = self.storing.finish(batch)
        if stored is not None:
            self.confirming.put(stored)

    def _confirm(self, stored: Stored) -> None:
        done = self.account.confirm(stored)
        self.returning.look(stored.records, stored.outcomes, time.monotonic())
        self.neighbours.meet(agent for agent, _ in done.receipts)
        for agent, receipt in done.receipts:
            self.subscriber.publish_receipt(agent, receipt)
        self.subscriber.acknowledge(done.messages)

    def _ask_again(self, agent: str, command: Again) -> None:
        self.storing.doubt()
        self.subscriber.publish_command(agent, command)

    # --- what the collector says of itself

    def status(self) -> CollectorStatus:
        """The status document of this moment."""
        figures = self.account.figures
        gaps = self.rounds.reconciler.gaps()
        fullest = self.store.budget()[:1]
        return CollectorStatus(
            online=True,
            collector=self.config.settings.id,
            time=utc_text(now_us()),
            started=self._started,
            version=own_version(),
            config_sha256=self.config.loaded.sha256,
            store=self.storing.state,
            store_detail=self.storing.detail,
            store_id=self.identity.id,
            store_name=self.identity.name,
            broker="up" if self.subscriber.connected else "down",
            broker_detail=self.subscriber.trouble or "",
            broker_limits=self.subscriber.broker_limits,
            takes=self.subscriber.takes,
            group=self.config.settings.mqtt.group if self.subscriber.takes == "share" else "",
            alarms=self._alarms(),
            insecure=told(open_doors(self.config)),
            messages_waiting=self.subscriber.messages.qsize(),
            records=figures.records,
            points=figures.points,
            resent=figures.resent,
            set_aside=figures.set_aside,
            refused=self.subscriber.refused,
            set_aside_refused=self.set_aside.refused,
            forks=figures.forks,
            unproven=figures.unproven,
            late=figures.late,
            documents="writes" if self.config.settings.documents.master else "reads",
            newer_agents=tuple(sorted(self.account.newer)[:MOST_NAMED]),
            second_histories=self.account.second_histories(MOST_NAMED),
            gaps=len(gaps),
            gap_details=tuple(str(gap) for gap in gaps[:MOST_GAPS]),
            anchored=self.rounds.anchors.last,
            tag_values=fullest[0].values if fullest else 0,
            tag_budget=fullest[0].bound if fullest else 0,
            key=self.signer.key if self.signer else None,
            log_dropped=dropped(),
        )

    def _accounted(self, agent: str, epoch: str) -> list[int]:
        """Numbers that the store doesn't have, and that nobody need ask for."""
        return self.set_aside.numbers(agent, epoch) + self.account.held.numbers(agent, epoch)

    def _place(self) -> Place:
        settings = self.config.settings
        return Place(self.subscriber.takes, settings.mqtt.group, self.identity.id, writes=settings.documents.master)

    def _alarms(self) -> tuple[str, ...]:
        rivals, returning = self.subscriber.rivals.alarms(self._place()), self.returning.alarms(time.monotonic())
        rooms = (alarm for _, room in self._rooms() for alarm in room.alarms())
        return (
            *rivals,
            *returning,
            *self.account.held.alarms(),
            *self.documents.alarms(),
            *self.holds.alarms(),
            *rooms,
        )

    def _as_seen_here(self) -> CollectorStatus:
        """The status for people in front of the console: where no records come, a store that is gone shows first where
        figures are noted. The agents aren't told: they would pause for a figure.
        """
        own = self.status()
        if own.store == "up" and self._unnoted:
            return own.model_copy(update={"store": "down", "store_detail": self._unnoted})
        return own

    def _heartbeat(self) -> None:
        if self.subscriber.rivals.elsewhere(self._place()):
            self.identity.doubt()  # two that drew an id in the same second agree on one
        if self.storing.state == "up":
            self.identity.look(time.monotonic())
        self.subscriber.look()
        self.introducing.look(time.monotonic())
        document = self.status()
        if self.metrics is not None:
            self.metrics.tell(document)
        self.subscriber.publish_status(document)
        self._note(document)

    def _note(self, own: CollectorStatus) -> None:
        """Figures for the charts, while the store is up; they may be lost, so a store that refuses them is no fault."""
        if self.storing.state != "up":
            return
        lines = collector_lines(own, now_us())
        for heard in self.neighbours.fresh_agents():
            lines += agent_lines(heard.document, heard.heard_us)
        try:
            self.store.note(lines)
        except StoreDown as error:
            self._unnoted = str(error)
            log.debug("no figures for the charts: %s", error)
        else:
            self._unnoted = ""
