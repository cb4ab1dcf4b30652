"""The subscriber: takes messages from the broker and acknowledges each only when it is told that it is finished.

Promise: nothing is acknowledged before `acknowledge`; what was not acknowledged when the connection ends is somebody
else's or comes again (the agents resend until the receipt). Shared subscription, so that several collectors divide the
work. The connection is the service's (`gaugetrail_service.mqtt.connection`), with a client of our own making
(`connection`): what it tells is only queued. Messages of QoS 1 don't go through paho at all (`mqtt_packets`), for there
may be one a record; the rest of MQTT is paho's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from gaugetrail_collector.config import MqttTable
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.receiving.connection import PlainConnection, connection_class, missing_names
from gaugetrail_collector.intake.receiving.inbox import Inbox
from gaugetrail_collector.intake.receiving.mqtt_packets import Taken
from gaugetrail_collector.intake.receiving.rivals import Rivals
from gaugetrail_contract import topics
from gaugetrail_contract.commands import Again
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.signed_status import collector_offline, write_status
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.mqtt.broker_limits import NO_RETAIN, NO_SHARES
from gaugetrail_service.mqtt.connection import TAKEN_OVER, BrokerCalls, BrokerConnection

log = logging.getLogger(__name__)

MOST_BYTES = 4_000_000
"""Held in memory; what is beyond waits with the broker. More than the largest batches need."""
MOST_STANDING_BYTES = 32_000_000
"""Held while nothing is taken, as when the store is down: what services say of themselves comes between records."""
LARGEST_BYTES = 512 * 1024
"""A larger message is let go of. Agents send no more than 200 KB at a time. The broker isn't asked to keep larger ones
back (MQTT 5, Maximum Packet Size): mosquitto 2.0.11 keeps what it may not send in the window, and sends nothing more.
"""
STANDING_SECS = 2.0
"""Nothing was taken for so long: it isn't worth waiting for more to be taken."""
LISTEN_SECS = 2.0
"""What is retained comes at once."""
UNRETAINED_SECS = 11.0
"""Everybody has said how he is within this time."""
"""MQTT 5: another client of our id has connected."""
GOODBYE_SECS = 2.0
SAY_AGAIN_SECS = 60.0
MID_BITS = 16

Takes = Literal["share", "all", "nothing", "unknown"]


class Subscriber:
    """One connection to the broker. `start` never waits for it; it connects and reconnects for ever."""

    def __init__(self, settings: MqttTable, collector: str, signer: Signer | None = None, started: str = "") -> None:
        self.messages = Inbox()
        self.connected = False
        self.trouble: str | None = "not connected yet"
        self.on_connected: Callable[[], None] = lambda: None
        self.on_status: Callable[[str, bytes], None] = lambda _, __: None
        self.on_question: Callable[[str, bytes], None] = lambda _, __: None
        self._settings = settings
        self._collector = collector
        self._signer = signer
        self._started = started
        self.rivals = Rivals(collector, started, key=signer.key if signer is not None else None)
        self.takes: Takes = "unknown"
        self._no_shares = False
        """The broker has no shared subscriptions, so one collector only may take records."""
        self._listen_until = 0.0
        self._deciding = threading.Lock()
        self._speaking = threading.Lock()
        """Words go out in the order of their numbers."""
        self._tries = 0
        """Tries to connect, and words said since the last one: what an old word that is said again shows by."""
        self._beats = 0
        self._generation = 0
        """Counts connections: the number in a message's token, beside the broker's for the message."""
        self._status_mid: int | None = None
        self.refused = 0
        """Messages that were larger than any may be."""
        self._said_refused = float("-inf")
        self._taken = (0, time.monotonic())
        """Bytes taken, and since when it has been so many."""
        self._stopping = threading.Event()
        self._broker = BrokerConnection(
            settings,
            BrokerCalls(
                up=self._on_connect,
                refused=lambda reason: self._say(f"the broker {self._where} refuses the connection: {reason}"),
                absent=self._say,
                down=self._on_disconnect,
                subscribed=self._on_subscribe,
                came=self._on_message,
                has_twin=lambda: self.rivals.has_twin(),
            ),
            self._make_client,
            client_id=settings.client_id or f"gaugetrail-collector-{collector}",
            will=(topics.collector_status(collector), self._last_will),
            unacknowledged=100,
            receive_maximum=settings.window,
        )
        self._where = self._broker.where

    @property
    def topic(self) -> str:
        """The subscription in force."""
        shared = self._settings.group and not self._no_shares
        return f"$share/{self._settings.group}/{topics.ALL_RECORDS}" if shared else topics.ALL_RECORDS

    @property
    def broker_limits(self) -> tuple[str, ...]:
        """What the broker doesn't allow, each in a sentence."""
        limits = [] if self._broker.limits.retains else [NO_RETAIN]
        return tuple(limits + [NO_SHARES] * self._no_shares) if self.connected else ()

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
        self._broker.start()

    def renew(self, settings: MqttTable) -> bool:
        """Other users, passwords and certificates from now on; true where the broker is connected to anew for them."""
        return self._broker.renew(settings)

    def stop(self) -> None:
        """Take nothing more: what is not acknowledged by now is the broker's or the agents' again."""
        self._stopping.set()
        if self.connected:
            self._broker.publish_last(topics.collector_status(self._collector), self._goodbye(), GOODBYE_SECS)
        self._broker.stop()

    # --- what the rest of the collector asks

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """The messages are finished: the broker may forget them. Those of an earlier connection are passed over."""
        generation = self._generation
        tokens = (message.token for message in messages)
        mids = [token % (1 << MID_BITS) for token in tokens if token >> MID_BITS == generation]
        if self.connected and (numbered := [mid for mid in mids if mid]):
            self._broker.client.acknowledge(numbered)

    def publish_receipt(self, agent: str, receipt: Receipt) -> None:
        """Tell the agent what became of its records. A receipt that is lost is given again when they come again."""
        self._say_to(agent, "receipt", topics.receipts(agent), receipt.to_bytes())

    def publish_command(self, agent: str, command: Again) -> None:
        """Ask the agent for records again. A command that is lost is given again while they are missing."""
        self._say_to(agent, "command", topics.commands(agent), command.to_bytes())

    def publish_answer(self, agent: str, body: bytes) -> None:
        """Answer a question of the agent's stations. One that is lost was asked in vain: the plan says what then."""
        self._say_to(agent, "answer", topics.answers(agent), body)

    def _say_to(self, agent: str, kind: str, topic: str, body: bytes) -> None:
        payload = body if self._signer is None else self._signer.word(kind, agent, self._collector, body)
        self._broker.publish(topic, payload)

    @property
    def connection(self) -> int:
        """Counts connections to the broker; 0 while there is none."""
        return self._generation if self.connected else 0

    @property
    def retains(self) -> bool:
        """Whether the broker keeps retained messages, as far as is known."""
        return self._broker.limits.retains

    def publish_document(self, topic: str, payload: bytes) -> bool:
        """Something of the controlled documents, retained; false where it didn't go out."""
        return self.connected and self._broker.publish(topic, payload, retain=True) is not None

    def publish_pins(self, topic: str, payload: bytes) -> bool:
        """What one line PC is told of PINs, kept by nobody; false where it didn't go out."""
        return self.connected and self._broker.publish(topic, payload) is not None

    def publish_status(self, document: CollectorStatus) -> None:
        """The retained status document, signed, if there is a connection."""
        if not self.connected:
            return
        with self._speaking:
            self._beats += 1
            numbered = document.model_copy(update={"connection": self._tries, "beat": self._beats})
            topic = topics.collector_status(self._collector)
            self._broker.publish(topic, write_status(numbered, self._signer), retain=True)

    def publish_introductions(self, payload: bytes) -> bool:
        """Which others this one knows, retained; false where there is no connection."""
        topic = topics.introductions(self._collector)
        return self.connected and self._broker.publish(topic, payload, retain=True) is not None

    def _last_will(self) -> bytes:
        """For the connection that is tried now: it comes after all that is said on it."""
        with self._speaking:
            self._tries, self._beats = self._tries + 1, 0
        return self._goodbye()

    def _goodbye(self) -> bytes:
        return collector_offline(self._collector, self._started or None, self._signer, self._tries)

    # --- the client, and what the connection tells

    def _make_client(self, *as_usual: object, **more: object) -> PlainConnection:
        client = connection_class()(*as_usual, **(more | {"manual_ack": True}))  # type: ignore[arg-type]
        client.on_taken = self._on_taken
        client.has_room = self._has_room
        return client

    def _on_connect(self) -> None:
        self._generation += 1
        self.rivals.connected()
        self.takes = "unknown"
        self._no_shares = bool(self._settings.group) and not self._broker.limits.shares
        if self._no_shares:
            self._listen_first()
        else:
            self._broker.subscribe((self.topic, 1))

    def _on_subscribe(self, mid: int, refusals: Sequence[str | None]) -> None:
        if mid == self._status_mid:
            if any(refusals):
                log.warning("broker %s: refuses the status topics; agents can't be shown", self._where)
            self.look()
            return
        if refusals and refusals[0] is not None:
            if self._settings.group and not self._no_shares:
                # Also what 3.1.1 brokers without shared subscriptions answer (0x80).
                self._no_shares = True
                self._listen_first()
                return
            self._say(f"the broker {self._where} refuses the subscription {self.topic}: {refusals[0]}")
            return
        self.takes = "share" if self._settings.group and not self._no_shares else "all"
        log.info("broker %s: subscribed to %s", self._where, self.topic, extra={"event": "broker_up"})
        if not self._no_shares:
            self._listen()
        self._is_up()

    def _is_up(self) -> None:
        self.connected = True
        self.trouble = None
        self.on_connected()

    def _listen(self) -> None:
        """QoS 0 and apart: what neighbours say of themselves must never stand in the way of records."""
        self._status_mid = self._broker.subscribe(
            (topics.ALL_AGENT_STATUS, 0), (topics.ALL_COLLECTOR_STATUS, 0), (topics.ALL_QUESTIONS, 0)
        )

    def _listen_first(self) -> None:
        """Where one collector takes every message, whether another one does comes before the first record."""
        log.warning("broker %s: %s", self._where, NO_SHARES, extra={"event": "no_shared_subscriptions"})
        self._listen_until = time.monotonic() + (LISTEN_SECS if self._broker.limits.retains else UNRETAINED_SECS)
        self._is_up()
        self._listen()

    def look(self) -> None:
        """Where the broker has no shared subscriptions: take every message, or none while another collector does."""
        with self._deciding:
            if not self._no_shares or not self.connected or time.monotonic() < self._listen_until:
                return
            other = self.rivals.taker(taking=self.takes == "all")
            if other is None and self.takes != "all":
                self._broker.subscribe((self.topic, 1))
            elif other is not None:
                if self.takes == "all":
                    self._broker.unsubscribe(self.topic)
                self.takes = "nothing"
                self._say(
                    f"the broker {self._where} has no shared subscriptions, and collector {other} takes every message: "
                    "this one takes none until that one is gone"
                )

    def _on_disconnect(self, code: int, reason: str) -> None:
        self.connected = False
        if code == TAKEN_OVER:
            self.rivals.taken_over()
        if not self._stopping.is_set():
            self._say(f"the connection to {self._where} is lost ({reason})")

    def _say(self, what: str) -> None:
        trouble = f"{what}; trying again"
        if trouble != self.trouble:
            log.warning("%s", trouble, extra={"event": "broker_down"})
        self.trouble = trouble

    def _on_message(self, topic: str, payload: bytes, retained: bool, mid: int) -> None:
        if topic.endswith("/status"):
            self.rivals.hear(topic, payload, retained=retained)
            self.on_status(topic, payload)
        elif topic.endswith("/questions"):
            if not retained:  # whoever asked that has long gone on
                self.on_question(topic, payload)
        else:
            self._on_taken([Taken(topic, payload, mid)])

    def _on_taken(self, taken: Sequence[Taken]) -> None:
        """`mid` is 0 for a message of QoS 0, which nobody waits to see acknowledged."""
        connection = self._generation << MID_BITS
        for topic, payload, mid in taken:
            if len(payload) > LARGEST_BYTES:
                self._refuse(topic, payload, mid)
                continue
            self.messages.put(Message(topic, payload, connection | mid))

    def _refuse(self, topic: str, payload: bytes, mid: int) -> None:
        """Whoever sent it has it still, or isn't one of ours: it is counted, and said once a minute at most."""
        self.refused += 1
        if mid:
            self._broker.client.acknowledge([mid])
        if (now := time.monotonic()) - self._said_refused >= SAY_AGAIN_SECS:
            self._said_refused = now
            what = (
                f"a message of {len(payload)} bytes on {visible(topic)[:200]} is refused: {LARGEST_BYTES} are the most"
            )
            log.error("%s; %d since the start", what, self.refused, extra={"event": "message_too_large"})

    def _has_room(self) -> bool:
        """Whether more may be read. While nothing is taken that is until far more is held: what isn't read isn't heard
        either, and without acknowledgements few brokers send much.
        """
        inbox, now = self.messages, time.monotonic()
        if inbox.taken != self._taken[0]:
            self._taken = (inbox.taken, now)
        standing = now - self._taken[1] > STANDING_SECS
        return inbox.weight <= (MOST_STANDING_BYTES if standing else MOST_BYTES)
