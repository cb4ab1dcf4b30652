"""The publisher: sends what the spool holds until the collector's receipt says that it is stored.

Promise: a record is offered again and again until its receipt; broker, network and collector may be down, restart or
lose everything meanwhile. A lone record goes at once; a backlog goes up to `batch_records` a message. Nothing here is
durable: after a crash everything without a receipt is sent again, and the collector knows it by its identity.

Only this module meets paho. One thread sends; paho's thread calls back. Callbacks only change figures under the lock;
one that raises is logged by paho and doesn't end its thread (`suppress_exceptions`).
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from gaugetrail_agent.delivery import Delivery
from gaugetrail_agent.mqtt_settings import MqttSettings
from gaugetrail_agent.spool import Spool, Waiting
from gaugetrail_contract import topics
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.receipts import parse_receipt
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeliveryStatus, agent_offline

log = logging.getLogger(__name__)

LOOK_SECS = 1.0
"""How often the thread looks round without being woken: resends, a pause that nobody ended."""
PAUSED_TRY_SECS = 30.0
QUICK_DROP_SECS = 2.0
MESSAGE_BYTES = 200_000
TAKEN_OVER = 0x8E
UNSUPPORTED_VERSION = (0x84, 0x01)


@dataclass
class Figures:
    """What has happened since start."""

    messages: int = 0
    receipts: int = 0
    ignored_receipts: int = 0
    connects: int = 0


@dataclass
class _Line:
    """The connection as last seen; changed by callbacks under the publisher's lock."""

    connected: bool = False
    trouble: str | None = "not connected yet"
    unacknowledged: set[int] = field(default_factory=set)
    early: deque[int] = field(default_factory=lambda: deque(maxlen=64))
    """Acknowledged before `publish` had returned (and status documents, which nobody waits for)."""
    last_publish: float = float("-inf")
    quick_drops: int = 0
    collectors: dict[str, CollectorStatus] = field(default_factory=dict)


class Publisher:
    """Delivery for one spool. `start` never waits for the broker; `stop` ends in bounded time."""

    def __init__(self, settings: MqttSettings, spool: Spool, *, agent: str, clock: Clock) -> None:
        self.figures = Figures()
        self._settings = settings
        self._spool = spool
        self._agent = agent
        self._clock = clock
        self._delivery = Delivery(settings.resend_secs)
        self._line = _Line()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._version = settings.version
        self._client = self._make_client()
        self._status: bytes | None = None

    # --- life

    def start(self) -> None:
        """Begin to connect and send, in the background, for ever."""
        self._spool.on_commit = self.wake
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
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._line.connected:
            last = self._client.publish(topics.status(self._agent), agent_offline(self._agent), qos=1, retain=True)
            with_patience = max(0.5, end - time.monotonic())
            last.wait_for_publish(with_patience)
        self._client.disconnect()
        self._client.loop_stop()

    def wake(self) -> None:
        """There is something to send, or something has changed."""
        with self._wake:
            self._wake.notify_all()

    # --- what the agent says of itself

    def publish_status(self, document: AgentStatus) -> None:
        """Keep the status document as the retained one; it goes out now or when there is a connection."""
        self._status = document.model_dump_json(exclude_none=True).encode()
        if self._line.connected:
            self._client.publish(topics.status(self._agent), self._status, qos=1, retain=True)

    def state(self) -> DeliveryStatus:
        """The figures of this moment."""
        with self._wake:
            return DeliveryStatus(
                connected=self._line.connected,
                detail=self._line.trouble or self._paused() or "",
                connects=self.figures.connects,
                messages=self.figures.messages,
                on_way=self._delivery.on_way,
                resent=self._delivery.resent,
                receipts=self.figures.receipts,
                receipts_ignored=self.figures.ignored_receipts,
            )

    def alarm(self) -> str | None:
        """What is wrong with delivery, in a sentence; null when all is well."""
        with self._wake:
            return self._line.trouble or self._paused()

    def _paused(self) -> str | None:
        """Why there is no point in sending: every collector that is there says that its store is down."""
        online = [collector for collector in self._line.collectors.values() if collector.online]
        if online and all(collector.store == "down" for collector in online):
            return (
                f"every collector's store is down ({online[0].store_detail or online[0].collector}); records wait here"
            )
        return None

    # --- sending

    def _send_for_ever(self) -> None:
        last_try = float("-inf")
        while True:
            with self._wake:
                if self._stopping:
                    return
                now = time.monotonic()
                paused = self._paused() is not None and now - last_try < PAUSED_TRY_SECS
                free = self._settings.window - len(self._line.unacknowledged)
                ready = self._line.connected and free > 0 and not paused
            if ready and self._send_next(now):
                last_try = now
                continue
            with self._wake:
                if not self._stopping:
                    self._wake.wait(LOOK_SECS if not ready else self._until_due(now))

    def _until_due(self, now: float) -> float:
        due = self._delivery.next_due()
        return LOOK_SECS if due is None else min(LOOK_SECS, max(0.01, due - now))

    def _send_next(self, now: float) -> bool:
        """One message: what is due again first, then new records; false when there is nothing to send."""
        with self._wake:
            again = self._delivery.due(now, self._settings.batch_records)
            cursor, room = self._delivery.cursor, self._delivery.room()
        if again:
            batch = [
                one for one in self._spool.waiting(again[0] - 1, self._settings.batch_records) if one.place <= cursor
            ]
            gone = set(again) - {one.place for one in batch}
            if batch and batch[-1].place >= again[-1]:
                self._forget(gone)
            elif not batch:
                self._forget(set(again))
        else:
            batch = self._spool.waiting(cursor, min(room, self._settings.batch_records)) if room else []
        if not batch:
            return bool(again)
        self._publish(batch, now)
        return True

    def _forget(self, seqs: set[int]) -> None:
        """No longer waiting in the spool: their receipt came by another way."""
        with self._wake:
            self._delivery.receipted(seqs)

    def _publish(self, batch: list[Waiting], now: float) -> None:
        lines: list[bytes] = []
        size = 0
        for one in batch:
            line = one.sealed.line()
            if lines and size + len(line) > MESSAGE_BYTES:
                break
            lines.append(line)
            size += len(line) + 1
        # Not under the lock: paho calls back while it holds its own, so the acknowledgement may be here first.
        info = self._client.publish(topics.records(self._agent), b"\n".join(lines), qos=1)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            return
        with self._wake:
            if info.mid in self._line.early:
                self._line.early.remove(info.mid)
            else:
                self._line.unacknowledged.add(info.mid)
            self._line.last_publish = now
            self._delivery.sent((one.place for one in batch[: len(lines)]), now)
            self.figures.messages += 1

    # --- the client and its callbacks

    def _make_client(self) -> mqtt.Client:
        settings = self._settings
        version = MQTTProtocolVersion.MQTTv5 if self._version == "5" else MQTTProtocolVersion.MQTTv311
        client_id = settings.client_id or f"gaugetrail-agent-{self._agent}"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=version,
            clean_session=True if version == MQTTProtocolVersion.MQTTv311 else None,
        )
        client.enable_logger(logging.getLogger("gaugetrail_agent.mqtt"))
        logging.getLogger("gaugetrail_agent.mqtt").setLevel(logging.WARNING)
        client.suppress_exceptions = True
        if settings.username is not None:
            secret = settings.password.get_secret_value() if settings.password is not None else None
            client.username_pw_set(settings.username, secret)
        if settings.tls_ca is not None:
            context = ssl.create_default_context(cafile=str(settings.tls_ca))
            if settings.tls_cert is not None:
                context.load_cert_chain(settings.tls_cert, settings.tls_key)
            client.tls_set_context(context)
        client.will_set(topics.status(self._agent), agent_offline(self._agent), qos=1, retain=True)
        client.reconnect_delay_set(1, 30)
        # The window is kept here; the client's own must not queue behind it.
        client.max_inflight_messages_set(settings.window + 10)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.message_callback_add(topics.receipts(self._agent), self._on_receipt)
        client.message_callback_add(topics.ALL_COLLECTOR_STATUS, self._on_collector)
        return client

    def _connect(self) -> None:
        self._client.connect_async(self._settings.host, self._settings.port, self._settings.keepalive_secs)
        self._client.loop_start()

    def _on_connect(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused(reason)
            return
        client.subscribe([(topics.receipts(self._agent), 1), (topics.ALL_COLLECTOR_STATUS, 1)])
        if self._status is not None:
            client.publish(topics.status(self._agent), self._status, qos=1, retain=True)
        log.info("broker %s: connected", self._where, extra={"event": "broker_up"})
        with self._wake:
            self.figures.connects += 1
            self._line.connected = True
            self._line.trouble = None if self._line.quick_drops < 3 else self._line.trouble
            self._delivery.reconnected(time.monotonic())
            self._wake.notify_all()

    def _refused(self, reason: ReasonCode) -> None:
        with self._wake:
            self._line.trouble = f"the broker {self._where} refuses the connection: {reason}; trying again"
        log.warning("%s", self._line.trouble, extra={"event": "broker_refused"})
        if reason.value in UNSUPPORTED_VERSION and self._version == "5":
            threading.Thread(target=self._fall_back, name="mqtt-fall-back", daemon=True).start()

    def _fall_back(self) -> None:
        """The broker doesn't speak MQTT 5: a client of 3.1.1 takes over. Not on the client's own thread."""
        log.warning("broker %s: speaks no MQTT 5; using 3.1.1", self._where, extra={"event": "mqtt_version"})
        self._client.loop_stop()
        self._version = "3.1.1"
        self._client = self._make_client()
        self._connect()

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _on_connect_fail(self, _: mqtt.Client, __: object) -> None:
        with self._wake:
            known = self._line.trouble
            self._line.trouble = f"no broker at {self._where}; records wait in the spool"
        if known != self._line.trouble:
            log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_disconnect(
        self, _: mqtt.Client, __: object, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        with self._wake:
            line = self._line
            quick = bool(line.unacknowledged) and time.monotonic() - line.last_publish < QUICK_DROP_SECS
            line.quick_drops = line.quick_drops + 1 if quick else 0
            line.connected = False
            line.unacknowledged.clear()
            line.early.clear()
            if self._stopping:
                return
            if reason.value == TAKEN_OVER:
                line.trouble = (
                    f"another client has connected as {self._settings.client_id or self._agent!r} and taken this "
                    "session over: two agents have one id; give one of them another"
                )
            elif line.quick_drops >= 3:
                line.trouble = (
                    f"the broker {self._where} drops the connection right after a publish: it probably refuses the "
                    f"topic {topics.records(self._agent)} for this user; look at its access rules"
                )
            else:
                line.trouble = f"the connection to {self._where} is lost ({reason}); records wait in the spool"
            self._wake.notify_all()
        log.warning("%s", line.trouble, extra={"event": "broker_down"})

    def _on_publish(
        self, _: mqtt.Client, __: object, mid: int, ___: ReasonCode | None, ____: Properties | None
    ) -> None:
        with self._wake:
            known = mid in self._line.unacknowledged
            (self._line.unacknowledged.discard if known else self._line.early.append)(mid)
            self._line.quick_drops = 0
            self._wake.notify_all()

    def _on_receipt(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            receipt = parse_receipt(bytes(message.payload))
        except ValueError as error:
            self._ignore(str(error))
            return
        done = self._spool.confirm(receipt)
        for reason in done.ignored:
            self._ignore(reason)
        for entry in receipt.set_aside:
            if entry.seq in done.set_aside:
                log.error("record %d was set aside by the collector: %s", entry.seq, entry.reason)
        with self._wake:
            self.figures.receipts += 1
            self._delivery.receipted((*done.places, *done.set_aside))
            self._wake.notify_all()

    def _ignore(self, reason: str) -> None:
        self.figures.ignored_receipts += 1
        log.warning("a receipt doesn't fit and is ignored: %s", reason, extra={"event": "receipt_ignored"})

    def _on_collector(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        try:
            status = CollectorStatus.model_validate_json(message.payload)
        except ValidationError:
            log.warning("%s: no collector's status", message.topic, extra={"event": "status_ignored"})
            return
        with self._wake:
            before = self._line.collectors.get(message.topic)
            self._line.collectors[message.topic] = status
            fresh = before is None or not before.online or before.started != status.started
            if status.online and fresh:
                # A collector has come up: what went out with nobody there, or died with the last one, goes out again.
                self._delivery.reconnected(time.monotonic())
            self._wake.notify_all()
