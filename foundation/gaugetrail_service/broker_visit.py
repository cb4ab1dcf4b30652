"""A short visit to the broker, as a stranger of its own name: whether it lets us in, what it allows, who is there.

Takes no record from anybody: it hears status documents only, and what it sends goes to a topic that nobody reads. It
ends after the time that it is given, or when enough was heard.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

CONNECT_SECS = 5.0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"


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
    address: BrokerAddress,
    topics: Sequence[str] = (),
    *,
    secs: float = 6.0,
    enough: Callable[[Sequence[StatusWord]], bool] = lambda _: False,
    largest: tuple[str, int] | None = None,
) -> Visit:
    """Go there, listen to `topics` for at most `secs`, try a message of the `largest` size on its topic."""
    visitor = _Visitor(address, topics, largest)
    try:
        visitor.enter()
    except OSError as error:
        visitor.found.refusal, visitor.found.cure = _words_of(error, address)
        return visitor.found
    try:
        end = time.monotonic() + (secs if topics else CONNECT_SECS)
        with visitor.changed:
            while time.monotonic() < end and not visitor.done(enough):
                visitor.changed.wait(0.1)
        visitor.unanswered()
    finally:
        visitor.leave()
    return visitor.found


class _Visitor:
    """One connection; the client's thread fills `found`."""

    def __init__(self, address: BrokerAddress, topics: Sequence[str], largest: tuple[str, int] | None) -> None:
        self.found = Visit()
        self.changed = threading.Condition()
        self._address = address
        self._topics = topics
        self._largest = largest
        self._inside = False
        self._waits = True
        """For the broker's answer to the connection, or to the largest message."""
        self._heard_all = not topics
        self._client = self._make()

    def _make(self) -> mqtt.Client:
        address = self._address
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"gaugetrail-doctor-{secrets.token_hex(4)}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        client.connect_timeout = CONNECT_SECS
        client.on_connect = self._came_in
        client.on_message = self._heard
        client.on_publish = self._taken
        client.on_disconnect = self._out
        return client

    def enter(self) -> None:
        """Raises `OSError` (an `ssl.SSLError` is one)."""
        address = self._address
        if address.tls_ca is not None:
            self._client.tls_set_context(_trusted(address, address.tls_ca))
        self._client.connect(address.host, address.port, keepalive=15)
        self._client.loop_start()

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def unanswered(self) -> None:
        """Time is up: one who took the connection and never spoke is no broker, or hangs."""
        if not self._inside and not self.found.refusal:
            self.found.refusal = f"{self._address.where} takes the connection and gives no answer: is it a broker?"
            self.found.cure = "put port of [mqtt] right (8883 wants tls_ca), or start the broker again"

    def done(self, enough: Callable[[Sequence[StatusWord]], bool]) -> bool:
        if self.found.refusal:
            return True
        return not self._waits and (self._heard_all or enough(self.found.words))

    def _came_in(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, reason: ReasonCode, limits: Properties | None
    ) -> None:
        with self.changed:
            if reason.is_failure:
                self.found.refusal = f"the broker {self._address.where} refuses the connection: {reason}"
                self.found.cure = "put username and password of [mqtt] right, and look at the broker's log"
            else:
                self._inside = True
                self._note(limits)
                if self._topics:
                    client.subscribe([(topic, 0) for topic in self._topics])
                self._waits = self._try_largest(client)
            self.changed.notify_all()

    def _note(self, limits: Properties | None) -> None:
        """What the broker names in its answer (MQTT 5, 3.2.2.3)."""
        found = self.found
        found.largest_bytes = getattr(limits, "MaximumPacketSize", None)
        found.retains = bool(getattr(limits, "RetainAvailable", 1))
        found.shares = bool(getattr(limits, "SharedSubscriptionAvailable", 1))
        found.best_qos = int(getattr(limits, "MaximumQoS", 2))
        found.on_way = getattr(limits, "ReceiveMaximum", None)

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

    def _out(self, _: mqtt.Client, __: object, ___: object, reason: ReasonCode, ____: Properties | None) -> None:
        with self.changed:
            if reason.is_failure and self._waits and not self.found.refusal and self._largest is not None:
                self.found.too_large = str(reason)
            self._waits, self._heard_all = False, True
            self.changed.notify_all()

    def _heard(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        with self.changed:
            now_us = time.time_ns() // 1000
            self.found.words.append(StatusWord(message.topic, bytes(message.payload), message.retain, now_us))
            self.changed.notify_all()


def _trusted(address: BrokerAddress, ca: Path) -> ssl.SSLContext:
    """The context of our files, once the broker has passed it. Raises `OSError`.

    Tried on a connection of its own: the client's library leaves one open whose handshake fails.
    """
    context = ssl.create_default_context(cafile=str(ca))
    if address.tls_cert is not None:
        context.load_cert_chain(address.tls_cert, address.tls_key)
    with (
        socket.create_connection((address.host, address.port), CONNECT_SECS) as plain,
        context.wrap_socket(plain, server_hostname=address.host),
    ):
        return context


def _words_of(error: OSError, address: BrokerAddress) -> tuple[str, str]:
    """What stopped us on the way in, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        cure = "have the broker's certificate renewed" if error.verify_code == 10 else "put tls_ca of [mqtt] right"
        return f"the certificate of the broker {address.where} isn't trusted: {error.verify_message}", cure
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return f"TLS with the broker {address.where} fails: {reason}", "put port, tls_ca, tls_cert and tls_key right"
    if error.filename is not None or (isinstance(error, FileNotFoundError | PermissionError)):
        return f"a TLS file of [mqtt] can't be read: {error}", "put the path right, and let the service read it"
    reason = error.strerror or str(error)
    cure = "start the broker there, or put host and port of [mqtt] right"
    return f"no broker answers at {address.where} ({reason})", cure
