"""The publisher: sends what the spool holds until the collector's receipt says that it is stored.

Promise: a record is offered again and again until its receipt; broker, network and collector may be down, restart or
lose everything meanwhile. What is sealed while the line is up goes at once; what has gathered goes beside it
(`lanes`). Nothing here is durable: after a crash everything without a receipt is sent again, and the collector
knows it by its identity.

Only this module meets paho. One thread sends; paho's thread calls back. Callbacks change what is known under the lock;
one that raises is counted and said with its traceback, and the next one runs all the same.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from gaugetrail_agent.delivery.broker_line import BrokerLine
from gaugetrail_agent.delivery.collector_keys import CollectorKeys
from gaugetrail_agent.delivery.lanes import Delivery
from gaugetrail_agent.delivery.messages import Outbox, Outgoing
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.spool import Spool
from gaugetrail_contract import topics
from gaugetrail_contract.commands import parse_command
from gaugetrail_contract.receipts import Receipt, parse_receipt
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeliveryStatus, agent_offline
from gaugetrail_service.logs import mqtt_logger

log = logging.getLogger(__name__)

LOOK_SECS = 1.0
"""How often the thread looks round without being woken: resends, a pause that nobody ended, a silent line."""
PAUSED_TRY_SECS = 30.0
UNSUPPORTED_VERSION = (0x84, 0x01)


@dataclass
class DeliveryFigures:
    """What has happened since start."""

    messages: int = 0
    receipts: int = 0
    ignored_receipts: int = 0
    ignored_commands: int = 0
    given_again: int = 0
    callback_faults: int = 0
    connects: int = 0


class Publisher:
    """Delivery for one spool. `start` never waits for the broker; `stop` ends in bounded time."""

    def __init__(
        self,
        settings: MqttSettings,
        spool: Spool,
        *,
        agent: str,
        started: str,
        collectors: CollectorKeys,
        signer: Signer | None = None,
    ) -> None:
        self.figures = DeliveryFigures()
        self._settings = settings
        self._spool = spool
        self._agent = agent
        self._started = started
        self._collectors = collectors
        self._outbox = Outbox(spool, agent, signer)
        self._delivery = Delivery(
            settings.resend_secs, catch_up_per_s=settings.catch_up_per_s, batch=settings.batch_records
        )
        self._client_id = settings.client_id or f"gaugetrail-agent-{agent}"
        self._line = BrokerLine(f"{settings.host}:{settings.port}", agent, self._client_id)
        self._wake = threading.Condition()
        self._news = False
        """Something has happened since the sending thread last looked; it must not sleep over it."""
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._version = settings.version
        self._client = self._make_client()
        self._status: AgentStatus | None = None

    # --- life

    def start(self) -> None:
        """Begin to connect and send, in the background, for ever."""
        self._spool.on_commit = self.wake
        self._spool.on_again = self._once_more
        self._thread = threading.Thread(target=self._send_for_ever, name="publisher", daemon=True)
        self._connect()
        self._thread.start()

    def stop(self, drain_secs: float) -> None:
        """Send what is there and wait for its receipts at most `drain_secs`; say goodbye; disconnect."""
        end = time.monotonic() + drain_secs
        with self._wake:
            while self._line.connected and self._spool.state().waiting and time.monotonic() < end:
                self._wake.wait(0.05)
            self._stopping = True
            self._stir()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._line.connected:
            last = self._client.publish(
                topics.status(self._agent), agent_offline(self._agent, self._started), qos=1, retain=True
            )
            with_patience = max(0.5, end - time.monotonic())
            last.wait_for_publish(with_patience)
        self._client.disconnect()
        self._client.loop_stop()

    def wake(self) -> None:
        """There is something to send, or something has changed."""
        with self._wake:
            self._stir()

    def _once_more(self, places: Sequence[int]) -> None:
        """Records that the collector had set aside wait again, because somebody asked for it."""
        with self._wake:
            self._delivery.once_more(places)
            self._stir()

    def _stir(self) -> None:
        """As `wake`, under the lock."""
        self._news = True
        self._wake.notify_all()

    # --- what the agent says of itself

    def publish_status(self, document: AgentStatus) -> None:
        """Keep the status document as the retained one; it goes out now or when there is a connection."""
        self._status = document
        if self._line.connected:
            self._send_status(self._client)

    def _send_status(self, client: mqtt.Client) -> None:
        if self._status is not None:
            payload = self._status.model_dump_json(exclude_none=True).encode()
            client.publish(topics.status(self._agent), payload, qos=1, retain=True)

    def state(self) -> DeliveryStatus:
        """The figures of this moment."""
        now = time.monotonic()
        with self._wake:
            return DeliveryStatus(
                connected=self._line.connected,
                detail=self._line.alarm(now) or "",
                unanswered_secs=self._line.unanswered_secs(now),
                connects=self.figures.connects,
                messages=self.figures.messages,
                on_way=self._delivery.on_way,
                resent=self._delivery.resent,
                receipts=self.figures.receipts,
                receipts_ignored=self.figures.ignored_receipts,
                backlog=self._delivery.backlog(),
                given_again=self.figures.given_again,
                commands_refused=self.figures.ignored_commands,
                callback_faults=self.figures.callback_faults,
            )

    def alarm(self) -> str | None:
        """What is wrong with delivery, in a sentence; null when all is well."""
        with self._wake:
            return self._line.alarm(time.monotonic()) or self._collectors.alarm()

    # --- sending

    def _send_for_ever(self) -> None:
        last_try = float("-inf")
        able_before = False
        while True:
            with self._wake:
                if self._stopping:
                    return
                self._news = False
                now = time.monotonic()
                paused = self._line.paused() is not None and now - last_try < PAUSED_TRY_SECS
                able = self._line.connected and not paused
                ready = able and len(self._line.unacknowledged) < self._settings.window
                silent = self._line.silent(now)
            if silent:
                self._cut()
            if able and not able_before:
                self._resume()
            able_before = able
            if ready and self._send_next(now):
                last_try = now
                continue
            with self._wake:
                if not self._stopping and not self._news:
                    self._wake.wait(LOOK_SECS if not ready else self._until_due(now))

    def _until_due(self, now: float) -> float:
        due = self._delivery.next_due(now)
        return LOOK_SECS if due is None else min(LOOK_SECS, max(0.002, due - now))

    def _resume(self) -> None:
        """Sending is possible again, or somebody is there again: what was sealed until now is backlog."""
        newest = self._spool.newest()
        with self._wake:
            self._delivery.resume(newest, time.monotonic())
            self._stir()

    def _send_next(self, now: float) -> bool:
        """One message; false when there is nothing to send."""
        newest = self._spool.newest()
        with self._wake:
            order = self._delivery.order(newest, now)
        if order is None:
            return False
        outgoing = self._outbox.fill(order)
        if outgoing.numbers and not self._publish(outgoing, now):
            return False
        with self._wake:
            self._delivery.done(order, outgoing.numbers, now)
            if order.epoch:
                self.figures.given_again += len(outgoing.numbers)
        for first, last in outgoing.gone:
            log.error(
                "a collector asks for records %d to %d of epoch %s again, and this spool no longer has them",
                first,
                last,
                order.epoch,
                extra={"event": "asked_and_gone", "epoch": order.epoch, "first": first, "last": last},
            )
        return True

    def _publish(self, outgoing: Outgoing, now: float) -> bool:
        # Not under the lock: paho calls back while it holds its own, so the acknowledgement may be here first.
        info = self._client.publish(topics.records(self._agent), outgoing.payload, qos=1)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            return False
        with self._wake:
            self._line.published(info.mid, now)
            self.figures.messages += 1
        return True

    def _cut(self) -> None:
        """The line is half open: end it, so that the client opens another one."""
        log.warning("broker %s: silent; connecting anew", self._line.where, extra={"event": "broker_silent"})
        with self._wake:
            self._line.heard(time.monotonic())
        half_open = self._client.socket()
        if isinstance(half_open, socket.socket):
            with suppress(OSError):
                half_open.shutdown(socket.SHUT_RDWR)

    # --- the client and its callbacks

    def _make_client(self) -> mqtt.Client:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if self._version == "5" else MQTTProtocolVersion.MQTTv311
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=version,
            clean_session=True if version == MQTTProtocolVersion.MQTTv311 else None,
        )
        client.enable_logger(mqtt_logger("gaugetrail_agent.mqtt"))
        client.suppress_exceptions = True
        if settings.username is not None:
            secret = settings.password.get_secret_value() if settings.password is not None else None
            client.username_pw_set(settings.username, secret)
        if settings.tls_ca is not None:
            context = ssl.create_default_context(cafile=str(settings.tls_ca))
            if settings.tls_cert is not None:
                context.load_cert_chain(settings.tls_cert, settings.tls_key)
            client.tls_set_context(context)
        client.will_set(topics.status(self._agent), agent_offline(self._agent, self._started), qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        # The window is kept here; the client's own must not queue behind it.
        client.max_inflight_messages_set(settings.window + 10)
        client.on_connect = self._counted(self._on_connect)
        client.on_connect_fail = self._counted(self._on_connect_fail)
        client.on_disconnect = self._counted(self._on_disconnect)
        client.on_publish = self._counted(self._on_publish)
        client.message_callback_add(topics.receipts(self._agent), self._counted(self._on_receipt))
        client.message_callback_add(topics.commands(self._agent), self._counted(self._on_command))
        client.message_callback_add(topics.status(self._agent), self._counted(self._on_own_status))
        client.message_callback_add(topics.ALL_COLLECTOR_STATUS, self._counted(self._on_collector))
        return client

    def _counted(self, callback: Callable[..., None]) -> Callable[..., None]:
        """The callback, so that an exception in it is counted and said and nothing else."""

        def call(*what: object) -> None:
            try:
                callback(*what)
            except Exception:  # the top of paho's thread, which would only swallow it
                self.figures.callback_faults += 1
                log.exception("a fault of ours in %s; delivery goes on", callback.__name__)

        return call

    def _connect(self) -> None:
        self._client.connect_async(self._settings.host, self._settings.port, self._settings.keepalive_secs)
        self._client.loop_start()

    def _on_connect(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused(reason)
            return
        mine = [topics.receipts(self._agent), topics.commands(self._agent), topics.status(self._agent)]
        client.subscribe([(topic, 1) for topic in (*mine, topics.ALL_COLLECTOR_STATUS)])
        self._send_status(client)
        log.info("broker %s: connected", self._line.where, extra={"event": "broker_up"})
        with self._wake:
            self.figures.connects += 1
            self._line.up(time.monotonic())
            self._stir()

    def _refused(self, reason: ReasonCode) -> None:
        with self._wake:
            self._line.refused(str(reason))
        log.warning("%s", self._line.trouble, extra={"event": "broker_refused"})
        if reason.value in UNSUPPORTED_VERSION and self._version == "5":
            threading.Thread(target=self._fall_back, name="mqtt-fall-back", daemon=True).start()

    def _fall_back(self) -> None:
        """The broker doesn't speak MQTT 5: a client of 3.1.1 takes over. Not on the client's own thread."""
        log.warning("broker %s: speaks no MQTT 5; using 3.1.1", self._line.where, extra={"event": "mqtt_version"})
        self._client.loop_stop()
        self._version = "3.1.1"
        self._client = self._make_client()
        self._connect()

    def _on_connect_fail(self, _: mqtt.Client, __: object) -> None:
        with self._wake:
            news = self._line.absent()
        if news:
            log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_disconnect(
        self, _: mqtt.Client, __: object, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._wake:
            if self._stopping:
                self._line.connected = False
                return
            self._line.down(reason.value, str(reason), time.monotonic())
            self._stir()
        log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_publish(
        self, _: mqtt.Client, __: object, mid: int, reason: ReasonCode | None, ____: Properties | None
    ) -> None:
        refusal = str(reason) if reason is not None and reason.is_failure else None
        with self._wake:
            before = self._line.trouble
            self._line.acknowledged(mid, time.monotonic(), refusal)
            self._stir()
        if refusal is not None and self._line.trouble != before:
            log.warning("%s", self._line.trouble, extra={"event": "broker_refuses_topic"})

    def _on_receipt(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            receipt = parse_receipt(self._collectors.open("receipt", self._agent, bytes(message.payload)))
        except ValueError as error:
            self._ignore(str(error))
            return
        done = self._spool.confirm(receipt)
        for reason in done.ignored:
            self._ignore(reason)
        self._tell_set_aside(receipt, done.set_aside)
        now = time.monotonic()
        with self._wake:
            self.figures.receipts += 1
            self._line.receipted(now)
            self._delivery.receipted((*done.places, *done.set_aside), now)
            self._stir()

    def _tell_set_aside(self, receipt: Receipt, places: tuple[int, ...]) -> None:
        if places:
            for entry in receipt.set_aside:
                log.error("record %d was set aside by the collector: %s", entry.seq, entry.reason)

    def _ignore(self, reason: str) -> None:
        self.figures.ignored_receipts += 1
        log.warning("a receipt doesn't fit and is ignored: %s", reason, extra={"event": "receipt_ignored"})

    def _on_command(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            command = parse_command(self._collectors.open("command", self._agent, bytes(message.payload)))
            if command.branch:
                raise ValueError(f"branch {command.branch} of epoch {command.epoch} is not this agent's")
        except ValueError as error:
            self.figures.ignored_commands += 1
            log.warning("a command is refused: %s", error, extra={"event": "command_refused"})
            return
        log.warning(
            "a collector asks for records of epoch %s again: %s",
            command.epoch,
            ", ".join(f"{first} to {last}" for first, last in command.ranges[:5]),
            extra={"event": "asked_again", "epoch": command.epoch, "ranges": len(command.ranges)},
        )
        with self._wake:
            self._line.heard(time.monotonic())
            self._delivery.ask(command.epoch, command.ranges)
            self._stir()

    def _on_own_status(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        """What stands under our name. What is there at our first connection is our former life's; another's later on
        is a twin's, also as a last will: two with one client id end each other's connections and never meet.
        """
        try:
            status = AgentStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        with self._wake:
            if message.retain and self.figures.connects < 2:
                return
            news = self._line.own_status(status, self._started, time.monotonic())
            trouble = self._line.alarm(time.monotonic())
        if news:
            log.error("%s; it started %s", trouble, status.started, extra={"event": "agent_twin"})

    def _on_collector(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            status = CollectorStatus.model_validate_json(message.payload)
        except ValidationError:
            log.warning("%s: no collector's status", message.topic, extra={"event": "status_ignored"})
            return
        with self._wake:
            self._line.heard(time.monotonic())
            come_up = self._line.collector(message.topic, status)
            self._stir()
        if come_up:
            # What went out with nobody there, or died with the last one, goes out again.
            self._resume()
