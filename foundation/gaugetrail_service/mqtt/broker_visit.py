"""A short visit to the broker, as a stranger of its own name: whether it lets us in, what it allows, who is there.

Takes no record from anybody: it hears status documents only, and what it sends goes to a topic that nobody reads. It
ends after the time that it is given. A broker that knows no MQTT 5 is visited in 3.1.1, which names no limits.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gaugetrail_service.certificates.tls import TlsFault, TlsFiles, fresh_tls
from gaugetrail_service.mqtt.broker_limits import limits_of
from gaugetrail_service.mqtt.settings import BrokerSettings

CONNECT_SECS = 5.0
UNRETAINED_SECS = 6.0
"""Where nothing is retained, or perhaps isn't, everybody has said how he is within this time."""
UNSUPPORTED_VERSION = (0x84, 0x01)
"""What brokers that don't know MQTT 5 answer (MQTT 5, 3.2.2.2; MQTT 3.1.1, 3.2.2.3)."""
TLS_CURES = (
    ("its certificate ended", "have the broker's certificate renewed"),
    ("speaks no TLS|hangs up", "put port of [mqtt] right, or leave tls_ca out"),
    ("tls_cert|tls_key", "put tls_cert and tls_key of [mqtt] right, or have them renewed"),
    ("clock", "set this PC's clock: timedatectl"),
    ("", "put tls_ca and host of [mqtt] right"),
)
"""By the words of the fault (`tls`); the last one fits all others."""


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A message as it came; `retained` ones may be of any age."""

    topic: str
    payload: bytes
    retained: bool
    at_us: int


@dataclass
class Visit:
    """What was found. `refusal` and its `cure` where we didn't get in; limits are null where the broker names none."""

    refusal: str = ""
    cure: str = ""
    largest_bytes: int | None = None
    retains: bool = True
    shares: bool = True
    best_qos: int = 2
    on_way: int | None = None
    """Messages that it takes unacknowledged."""
    too_large: str = ""
    """Why it refused the largest message, if it was shown one and did."""
    words: list[StatusWord] = field(default_factory=list)


def visit(
    settings: BrokerSettings, topics: Sequence[str], *, secs: float, largest: tuple[str, int] | None = None
) -> Visit:
    """Go there, try a message of the `largest` size on its topic, listen to `topics` for `secs` once they are ours."""
    found, old = _visit(_Visitor(settings, topics, largest, settings.version == "5"), secs)
    return _visit(_Visitor(settings, topics, largest, five=False), secs)[0] if old else found


def _visit(visitor: _Visitor, secs: float) -> tuple[Visit, bool]:
    """What was found, and whether the broker speaks an older MQTT only."""
    try:
        visitor.enter()
    except OSError as error:
        visitor.found.refusal, visitor.found.cure = _words_of(error, visitor.settings)
        return visitor.found, False
    try:
        with visitor.changed:
            visitor.changed.wait_for(visitor.settled, CONNECT_SECS)
            visitor.unanswered()
            visitor.changed.wait_for(visitor.over, secs)
            if visitor.perhaps_unretained():
                visitor.changed.wait_for(visitor.over, max(0.0, UNRETAINED_SECS - secs))
    finally:
        visitor.leave()
    return visitor.found, visitor.old


class _Visitor:
    """One connection; the client's thread fills `found`."""

    def __init__(
        self, settings: BrokerSettings, topics: Sequence[str], largest: tuple[str, int] | None, five: bool
    ) -> None:
        self.found = Visit()
        self.changed = threading.Condition()
        self.settings = settings
        self.old = False
        self._topics = topics
        self._largest = largest
        self._inside = self._subscribed = self._gone = False
        self._waits = True
        """For the broker's answer to the connection, or to the largest message."""
        self._five = five
        self._client = self._make(five)

    def _make(self, five: bool) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"gaugetrail-doctor-{secrets.token_hex(4)}",
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_SECS
        client.on_connect = self._came_in
        client.on_subscribe = self._listens
        client.on_message = self._heard
        client.on_publish = self._taken
        client.on_disconnect = self._out
        return client

    def enter(self) -> None:
        """Raises `OSError`; a `TlsFault` is one."""
        settings = self.settings
        if settings.username is not None:
            secret = settings.password
            self._client.username_pw_set(settings.username, secret.get_secret_value() if secret is not None else None)
        if settings.tls_ca is not None:
            self._client.tls_set_context(fresh_tls(TlsFiles(settings.tls_ca, settings.tls_cert, settings.tls_key)))
        self._client.connect(settings.host, settings.port, keepalive=15)
        self._client.loop_start()

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def unanswered(self) -> None:
        """One who took the connection and never spoke is no broker, or hangs."""
        if not self._inside and not self.found.refusal:
            self.found.refusal = f"{where_of(self.settings)} takes the connection and gives no answer: is it a broker?"
            self.found.cure = "put port of [mqtt] right (8883 wants tls_ca), or start the broker again"

    def settled(self) -> bool:
        """Inside, subscribed, and answered; or not wanted here."""
        return self.over() or (self._inside and self._subscribed and not self._waits)

    def perhaps_unretained(self) -> bool:
        """The broker retains nothing; one of 3.1.1, which can't say so, is believed once it has shown anything."""
        return not self.found.retains or (not self._five and not self.found.words)

    def over(self) -> bool:
        """Nothing more will be heard."""
        return self._gone or bool(self.found.refusal)

    def _came_in(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, reason: ReasonCode, limits: Properties | None
    ) -> None:
        with self.changed:
            if reason.is_failure:
                self.old = reason.value in UNSUPPORTED_VERSION
                self.found.refusal = f"the broker {where_of(self.settings)} refuses the connection: {reason}"
                self.found.cure = "put username and password of [mqtt] right, and look at the broker's log"
            else:
                self._inside = True
                self._note(limits)
                client.subscribe([(topic, 0) for topic in self._topics])
                self._waits = self._try_largest(client)
            self.changed.notify_all()

    def _note(self, named: Properties | None) -> None:
        """What the broker names in its answer."""
        found, limits = self.found, limits_of(named)
        found.largest_bytes, found.retains, found.shares = limits.largest_bytes, limits.retains, limits.shares
        found.best_qos, found.on_way = limits.best_qos, limits.on_way

    def _try_largest(self, client: mqtt.Client) -> bool:
        if self._largest is None or self.found.best_qos < 1:
            return False
        topic, size = self._largest
        if self.found.largest_bytes is not None and self.found.largest_bytes < size:
            return False  # it has said so itself, and would hang up
        return client.publish(topic, bytes(size), qos=1).rc == mqtt.MQTT_ERR_SUCCESS

    def _taken(self, _: mqtt.Client, __: object, ___: int, reason: ReasonCode, ____: Properties) -> None:
        with self.changed:
            if reason.is_failure and "large" in str(reason).lower():
                self.found.too_large = str(reason)
            self._waits = False
            self.changed.notify_all()

    def _listens(self, *_: object) -> None:
        with self.changed:
            self._subscribed = True
            self.changed.notify_all()

    def _out(self, _: mqtt.Client, __: object, ___: object, reason: ReasonCode, ____: Properties | None) -> None:
        with self.changed:
            if self._inside and self._waits and reason.is_failure:
                self.found.too_large = str(reason)  # it hangs up instead of saying so
            self._gone = True
            self.changed.notify_all()

    def _heard(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            now_us = time.time_ns() // 1000
            self.found.words.append(StatusWord(message.topic, bytes(message.payload), message.retain, now_us))
            self.changed.notify_all()


def where_of(settings: BrokerSettings) -> str:
    """The broker, for messages."""
    return f"{settings.host}:{settings.port}"


def _words_of(error: OSError, settings: BrokerSettings) -> tuple[str, str]:
    """What stopped us on the way in, and what to do."""
    where = where_of(settings)
    if isinstance(error, TlsFault):
        cure = next(cure for words, cure in TLS_CURES if re.search(words, str(error)))
        return f"the broker {where} can't be used: {error}", cure
    if error.filename is not None:
        return f"{error.filename} can't be read: {error.strerror}", "put the file there, readable by the service"
    reason = error.strerror or str(error)
    cure = "start the broker there, or put host and port of [mqtt] right"
    return f"no broker answers at {where} ({reason})", cure
