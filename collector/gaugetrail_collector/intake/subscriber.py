"""The subscriber: takes messages from the broker and acknowledges each only when it is told that it is finished.

Promise: nothing is acknowledged before `acknowledge`; what was not acknowledged when the connection ends is somebody
else's or comes again (the agents resend until the receipt). Shared subscription, so that several collectors divide the
work. Only this module and `connection` meet paho; its callbacks only queue, and one that raises doesn't end paho's
thread. Messages of QoS 1 don't go through paho at all (`mqtt_packets`), for there may be one a record; the rest of
MQTT is paho's.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gaugetrail_collector.config import MqttTable
from gaugetrail_collector.intake.connection import PlainConnection, connection_class, missing_names
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.inbox import Inbox
from gaugetrail_collector.intake.mqtt_packets import Taken
from gaugetrail_contract import topics
from gaugetrail_contract.commands import Again
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import CollectorStatus, collector_offline
from gaugetrail_service.logs import mqtt_logger

log = logging.getLogger(__name__)

UNSUPPORTED_VERSION = (0x84, 0x01)
SHARED_UNSUPPORTED = 0x9E
MOST_BYTES = 4_000_000
"""Held in memory; what is beyond waits with the broker. More than the largest batches need."""
MOST_MESSAGES = 70_000
"""Held while nothing is taken: more than a broker may have on the way to us (65,535)."""
A_LOOK_SECS = 0.005
MID_BITS = 16


class Subscriber:
    """One connection to the broker. `start` never waits for it; it connects and reconnects for ever."""

    def __init__(self, settings: MqttTable, collector: str, signer: Signer | None = None) -> None:
        self.messages = Inbox()
        self.connected = False
        self.trouble: str | None = "not connected yet"
        self.on_connected: Callable[[], None] = lambda: None
        self.on_status: Callable[[str, bytes], None] = lambda _, __: None
        self._settings = settings
        self._collector = collector
        self._signer = signer
        self._version = settings.version
        self._shared = bool(settings.group)
        self._generation = 0
        """Counts connections: the number in a message's token, beside the broker's for the message."""
        self._status_mid: int | None = None
        self._standing: int | None = None
        """What had been taken when waiting for more to be taken was given up."""
        self._stopping = threading.Event()
        self._client = self._make_client()

    @property
    def topic(self) -> str:
        """The subscription in force."""
        return f"$share/{self._settings.group}/{topics.ALL_RECORDS}" if self._shared else topics.ALL_RECORDS

    # --- life

    def start(self) -> None:
        """Connect and subscribe, in the background, for ever."""
        if missing := missing_names():
            log.warning(
                "the installed paho-mqtt has no %s: messages are taken one by one, which is right but slower; "
                "install paho-mqtt>=2.1,<2.3",
                " and no ".join(missing),
                extra={"event": "mqtt_plain"},
            )
        self._connect()

    def _connect(self) -> None:
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            self._settings.keepalive_secs,
            properties=_receive_maximum(self._settings.window) if self._version == "5" else None,
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Take nothing more: what is not acknowledged by now is the broker's or the agents' again."""
        self._stopping.set()
        if self.connected:
            goodbye = self._client.publish(
                topics.collector_status(self._collector), collector_offline(self._collector), qos=1, retain=True
            )
            goodbye.wait_for_publish(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    # --- what the rest of the collector asks

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """The messages are finished: the broker may forget them. Those of an earlier connection are passed over."""
        generation = self._generation
        tokens = (message.token for message in messages)
        mids = [token % (1 << MID_BITS) for token in tokens if token >> MID_BITS == generation]
        if self.connected and (numbered := [mid for mid in mids if mid]):
            self._client.acknowledge(numbered)

    def publish_receipt(self, agent: str, receipt: Receipt) -> None:
        """Tell the agent what became of its records. A receipt that is lost is given again when they come again."""
        self._say_to(agent, "receipt", topics.receipts(agent), receipt.to_bytes())

    def publish_command(self, agent: str, command: Again) -> None:
        """Ask the agent for records again. A command that is lost is given again while they are missing."""
        self._say_to(agent, "command", topics.commands(agent), command.to_bytes())

    def _say_to(self, agent: str, kind: str, topic: str, body: bytes) -> None:
        payload = body if self._signer is None else self._signer.word(kind, agent, self._collector, body)
        self._client.publish(topic, payload, qos=1)

    def publish_status(self, document: CollectorStatus) -> None:
        """The retained status document, if there is a connection."""
        if self.connected:
            payload = document.model_dump_json(exclude_none=True).encode()
            self._client.publish(topics.collector_status(self._collector), payload, qos=1, retain=True)

    # --- the client and its callbacks

    def _make_client(self) -> PlainConnection:
        settings = self._settings
        five = self._version == "5"
        client = connection_class()(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id or f"gaugetrail-collector-{self._collector}",
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else True,
            manual_ack=True,
        )
        client.enable_logger(mqtt_logger("gaugetrail_collector.mqtt"))
        client.suppress_exceptions = True
        if settings.username is not None:
            secret = settings.password.get_secret_value() if settings.password is not None else None
            client.username_pw_set(settings.username, secret)
        if settings.tls_ca is not None:
            context = ssl.create_default_context(cafile=str(settings.tls_ca))
            if settings.tls_cert is not None:
                context.load_cert_chain(settings.tls_cert, settings.tls_key)
            client.tls_set_context(context)
        client.will_set(
            topics.collector_status(self._collector), collector_offline(self._collector), qos=1, retain=True
        )
        client.reconnect_delay_set(1, 30)
        client.max_inflight_messages_set(100)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_taken = self._on_taken
        return client

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _on_connect(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(f"the broker {self._where} refuses the connection: {reason}; trying again")
            if reason.value in UNSUPPORTED_VERSION and self._version == "5":
                threading.Thread(target=self._fall_back, name="mqtt-fall-back", daemon=True).start()
            return
        self._generation += 1
        client.subscribe(self.topic, qos=1)

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], ___: Properties | None
    ) -> None:
        if mid == self._status_mid:
            if any(reason.is_failure for reason in reasons):
                log.warning("broker %s: refuses the status topics; agents can't be shown", self._where)
            return
        if reasons and reasons[0].is_failure:
            if self._shared:
                # Also what 3.1.1 brokers without shared subscriptions answer (0x80).
                log.warning("broker %s: no shared subscriptions; taking every message", self._where)
                self._shared = False
                client.subscribe(self.topic, qos=1)
                return
            self._say(f"the broker {self._where} refuses the subscription {self.topic}: {reasons[0]}")
            return
        self.connected = True
        self.trouble = None
        # QoS 0 and apart: what neighbours say of themselves must never stand in the way of records.
        _, self._status_mid = client.subscribe([(topics.ALL_AGENT_STATUS, 0), (topics.ALL_COLLECTOR_STATUS, 0)])
        log.info("broker %s: subscribed to %s", self._where, self.topic, extra={"event": "broker_up"})
        self.on_connected()

    def _fall_back(self) -> None:
        """The broker doesn't speak MQTT 5: a client of 3.1.1 takes over. Not on the client's own thread."""
        log.warning("broker %s: speaks no MQTT 5; using 3.1.1", self._where, extra={"event": "mqtt_version"})
        self._client.loop_stop()
        self._version = "3.1.1"
        self._client = self._make_client()
        self._connect()

    def _on_connect_fail(self, _: mqtt.Client, __: object) -> None:
        self._say(f"no broker at {self._where}; trying again")

    def _on_disconnect(
        self, _: mqtt.Client, __: object, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self.connected = False
        if not self._stopping.is_set():
            self._say(f"the connection to {self._where} is lost ({reason}); trying again")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s", trouble, extra={"event": "broker_down"})
        self.trouble = trouble

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.on_status(message.topic, bytes(message.payload))
        else:
            self._on_taken([Taken(message.topic, bytes(message.payload), message.mid)])

    def _on_taken(self, taken: Sequence[Taken]) -> None:
        """`mid` is 0 for a message of QoS 0, which nobody waits to see acknowledged."""
        self._wait_for_room()
        connection = self._generation << MID_BITS
        for topic, payload, mid in taken:
            self.messages.put(Message(topic, payload, connection | mid))

    def _wait_for_room(self) -> None:
        """Read no more while a lot is held, so that the rest waits with the broker.

        Not for ever while nothing is taken, as when the store is down: a connection that isn't read answers no pings.
        No acknowledgement makes the broker send more then.
        """
        inbox, since = self.messages, time.monotonic()
        moved = inbox.taken
        while inbox.weight > MOST_BYTES and not self._stopping.is_set():
            if inbox.taken != moved:
                moved, since = inbox.taken, time.monotonic()
            elif inbox.qsize() < MOST_MESSAGES and (
                moved == self._standing or time.monotonic() - since > self._settings.keepalive_secs / 3
            ):
                self._standing = moved
                return
            self._stopping.wait(A_LOOK_SECS)


def _receive_maximum(window: int) -> Properties:
    """No session expiry: a session that outlived us would keep drawing shared messages that nobody reads."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = window
    return properties
