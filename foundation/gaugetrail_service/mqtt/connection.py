"""The connection to the broker: made from `[mqtt]`, connected and reconnected for ever.

Promise: `start` never waits for the broker. Password and TLS files are read anew at each connection, so what was
renewed on disk holds from the next one on; a fault says which file (`tls`). A broker that refuses MQTT 5 is spoken to
in 3.1.1; one that keeps no retained messages is given none. What happens is told by `BrokerCalls`, in plain words and
on the client's thread, one after another; a call that raises is counted and said with its traceback, and the next one
comes all the same.

Only this module meets paho, beside the client of the collector's own making (`intake/receiving/connection`).
"""

from __future__ import annotations

import hashlib
import logging
import random
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gaugetrail_service.certificates.tls import FreshTls, TlsFault, TlsFiles, fresh_tls
from gaugetrail_service.logs.lines import mqtt_logger
from gaugetrail_service.mqtt.broker_limits import BrokerLimits, limits_of
from gaugetrail_service.mqtt.settings import BrokerSettings

log = logging.getLogger(__name__)

UNSUPPORTED_VERSION = (0x84, 0x01)
NO_RETAIN = 0x9A
UNSPECIFIED = 0x80
SILENT_ENDS = 2
"""The broker has hung up so often without an answer: in 3.1.1 it has no other way to refuse a retained last will."""
LONGEST_WAIT_SECS = 30
TAKEN_OVER = 0x8E
GIVING_WAY_SECS = (2, 8)

C = TypeVar("C", bound=mqtt.Client)


def _nothing(*_: object) -> None:
    """Nobody wants to hear."""


@dataclass(frozen=True, slots=True)
class BrokerCalls:
    """Whom to tell what. A reason is what the broker or the system says, in its words."""

    up: Callable[[], None] = _nothing
    refused: Callable[[str], None] = _nothing
    absent: Callable[[str], None] = _nothing
    """Why there is no connection, a sentence's whole beginning: `no broker at b:1883 (Connection refused)`."""
    down: Callable[[int, str], None] = _nothing
    """The broker's code and words; a `TlsFault`'s words where TLS has ended it."""
    delivered: Callable[[int, str | None], None] = _nothing
    """The broker has the message of that number, or says why it refuses it."""
    subscribed: Callable[[int, Sequence[str | None]], None] = _nothing
    """The answer to the subscription of that number: for each topic, null or why not."""
    came: Callable[[str, bytes, bool, int], None] = _nothing
    """Topic, payload, whether it is a retained one, and its number (0 for QoS 0)."""
    fault: Callable[[], None] = _nothing
    """One of these has raised."""
    has_twin: Callable[[], bool] = lambda: False
    """Asked at the end of a connection: is there another one with our id?"""


def plain_client(*args: object, **more: object) -> mqtt.Client:
    """The library's client as it comes."""
    return mqtt.Client(*args, **more)  # type: ignore[arg-type]


class BrokerConnection(Generic[C]):
    """One connection. `client` is what `make` has made; another one takes over when the version falls back."""

    def __init__(
        self,
        settings: BrokerSettings,
        calls: BrokerCalls,
        make: Callable[..., C],
        *,
        client_id: str,
        will: tuple[str, Callable[[], bytes]] | None,
        unacknowledged: int,
        receive_maximum: int | None = None,
    ) -> None:
        """`will`: its topic, and what makes it anew for each connection; null: nobody is told of our end.
        `unacknowledged`: messages of ours on the way at most; `receive_maximum`: the broker's (MQTT 5).
        """
        self.where = f"{settings.host}:{settings.port}"
        self.version = settings.version
        self._settings = settings
        self._calls = calls
        self._make = make
        self._client_id = client_id
        self._will = will
        self._unacknowledged = unacknowledged
        self._receive_maximum = receive_maximum
        self._tls: FreshTls | None = None
        self.limits = BrokerLimits()
        """What the broker allows; `retains` is found out where it isn't named."""
        self._stands = False
        """The broker has taken us on this connection."""
        self._silent_ends = 0
        self._gave_way = False
        self._shown = _proofs(settings)
        self.client = self._make_client()

    # --- life

    def start(self) -> None:
        """Begin to connect, in the background, for ever."""
        self.client.connect_async(
            self._settings.host,
            self._settings.port,
            self._settings.keepalive_secs,
            properties=_room_for(self._receive_maximum) if self.version == "5" and self._receive_maximum else None,
        )
        self.client.loop_start()

    def stop(self) -> None:
        """Disconnect, and call nobody any more."""
        self.client.disconnect()
        self.client.loop_stop()

    def renew(self, settings: BrokerSettings) -> bool:
        """From now on other users, passwords and TLS files. True where they, or what these files hold, differ from what
        the connection was made with: then it is made anew. Whether there is TLS at all stays as it was.
        """
        self._settings = settings
        if self._tls is not None and settings.tls_ca is not None:
            self._tls.files = TlsFiles(settings.tls_ca, settings.tls_cert, settings.tls_key)
        if _proofs(settings) == self._shown:
            return False
        self.cut()
        return True

    def cut(self) -> None:
        """The line is half open: end it, so that the client opens another one."""
        half_open = self.client.socket()
        if isinstance(half_open, socket.socket):
            with suppress(OSError):
                half_open.shutdown(socket.SHUT_RDWR)

    def anew(self) -> None:
        """Another client takes over, and what this one has on its way is forgotten. Not to be called on its thread."""
        before = self.client
        before.on_disconnect = None
        self._stands = False
        before.disconnect()
        before.loop_stop()
        self.client = self._make_client()
        self.start()

    # --- what goes out

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """The number of a message of QoS 1 that is on its way; null when there is no connection. One that is to be
        retained goes out all the same where the broker retains none.
        """
        info = self.client.publish(topic, payload, qos=1, retain=retain and self.limits.retains)
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def publish_last(self, topic: str, payload: bytes, patience_secs: float) -> None:
        """A retained message that the broker should have before the connection ends; waits for it so long at most."""
        last = self.client.publish(topic, payload, qos=1, retain=self.limits.retains)
        with suppress(RuntimeError, ValueError):  # the connection has just ended: the last will says it
            last.wait_for_publish(patience_secs)

    def subscribe(self, *topics: tuple[str, int]) -> int | None:
        """Ask for topics, each with its QoS; the number that `subscribed` will name."""
        return self.client.subscribe(list(topics))[1]

    def unsubscribe(self, topic: str) -> None:
        """Want no more of a topic."""
        self.client.unsubscribe(topic)

    # --- the client

    def _make_client(self) -> C:
        five = self.version == "5"
        client = self._make(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else True,
        )
        client.enable_logger(mqtt_logger(__name__))
        client.suppress_exceptions = True
        if self._settings.tls_ca is not None:
            self._tls = fresh_tls(TlsFiles(self._settings.tls_ca, self._settings.tls_cert, self._settings.tls_key))
            client.tls_set_context(self._tls)
        client.reconnect_delay_set(1, LONGEST_WAIT_SECS)
        client.max_inflight_messages_set(self._unacknowledged)
        client.on_pre_connect = self._counted(self._on_pre_connect)
        client.on_connect = self._counted(self._on_connect)
        client.on_connect_fail = self._counted(self._on_connect_fail)
        client.on_disconnect = self._counted(self._on_disconnect)
        client.on_publish = self._counted(self._on_publish)
        client.on_subscribe = self._counted(self._on_subscribe)
        client.on_message = self._counted(self._on_message)
        return client

    def _counted(self, callback: Callable[..., None]) -> Callable[..., None]:
        """The callback, so that an exception in it is counted and said and nothing else."""

        def call(*what: object) -> None:
            try:
                callback(*what)
            except Exception:  # the top of paho's thread, which would only swallow it
                self._calls.fault()
                log.exception("a fault of ours in %s; the connection goes on", callback.__name__)

        return call

    def _on_pre_connect(self, client: mqtt.Client, _: object) -> None:
        """Before each connection: the last will as the broker takes it, and the password as it is now."""
        if self._will is not None:
            topic, payload = self._will
            client.will_set(topic, payload(), qos=1, retain=self.limits.retains)
        settings = self._settings
        self._shown = _proofs(settings)
        if settings.username is None:
            return
        try:
            secret = settings.password.get_secret_value() if settings.password is not None else None
        except (OSError, UnicodeDecodeError) as error:
            log.warning("broker %s: the password as it was before: %s", self.where, error, extra={"event": "password"})
            return
        client.username_pw_set(settings.username, secret)

    def _on_connect(
        self, _: mqtt.Client, __: object, ___: mqtt.ConnectFlags, reason: ReasonCode, named: Properties | None
    ) -> None:
        self._silent_ends = 0
        if not reason.is_failure:
            self._stands = True
            limits = limits_of(named)
            self.limits = replace(limits, retains=limits.retains and self.limits.retains)
            self._calls.up()
            return
        if reason.value == NO_RETAIN:
            self.limits = replace(self.limits, retains=False)
            return
        self._calls.refused(str(reason))
        if reason.value in UNSUPPORTED_VERSION and self.version == "5":
            threading.Thread(target=self._fall_back, name="mqtt-fall-back", daemon=True).start()

    def _fall_back(self) -> None:
        """The broker doesn't speak MQTT 5: a client of 3.1.1 takes over. Not on the client's own thread."""
        log.warning("broker %s: speaks no MQTT 5; using 3.1.1", self.where, extra={"event": "mqtt_version"})
        self.client.loop_stop()
        self.version = "3.1.1"
        self.client = self._make_client()
        self.start()

    def _on_connect_fail(self, _: mqtt.Client, __: object) -> None:
        # Called while the library handles the exception, which it doesn't hand on.
        error = sys.exc_info()[1]
        if isinstance(error, TlsFault):
            self._calls.absent(f"the broker {self.where} can't be used: {error}")
            return
        reason = getattr(error, "strerror", None) or str(error)
        self._calls.absent(f"no broker at {self.where} ({reason})")

    def _on_disconnect(
        self, _: mqtt.Client, __: object, ___: mqtt.DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self._give_way(to_twin=reason.value == TAKEN_OVER or self._calls.has_twin())
        refusal = self._tls.refusal() if self._tls is not None else None
        self._think_of_retaining(told=refusal is not None)
        self._calls.down(reason.value, refusal or _why(reason))

    def _give_way(self, *, to_twin: bool) -> None:
        """Two that have one id throw each other out for ever. Whoever comes back at once leaves neither the time
        to get anything through, so each waits a while, never the same one.
        """
        if to_twin or self._gave_way:
            self._gave_way = to_twin
            wait = random.randint(*GIVING_WAY_SECS) if to_twin else 1
            self.client.reconnect_delay_set(wait, max(wait, LONGEST_WAIT_SECS))

    def _think_of_retaining(self, *, told: bool) -> None:
        """A connection has ended. Whoever is there next may retain, so it is asked again; one of 3.1.1 that hangs up
        without a word perhaps doesn't, so every third time it isn't asked to.
        """
        if self._stands or told:
            self._stands, self._silent_ends = False, 0
            self.limits = replace(self.limits, retains=True)
        elif self.version == "3.1.1":
            self._silent_ends += 1
            self.limits = replace(self.limits, retains=self._silent_ends % (SILENT_ENDS + 1) != SILENT_ENDS)

    def _on_publish(
        self, _: mqtt.Client, __: object, mid: int, reason: ReasonCode | None, ____: Properties | None
    ) -> None:
        self._calls.delivered(mid, str(reason) if reason is not None and reason.is_failure else None)

    def _on_subscribe(
        self, _: mqtt.Client, __: object, mid: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        self._calls.subscribed(mid, [str(reason) if reason.is_failure else None for reason in reasons])

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self._calls.came(message.topic, bytes(message.payload), message.retain, message.mid)


def _proofs(settings: BrokerSettings) -> bytes:
    """A digest of what the connection proves itself by, as it is now: name, password, certificates, key."""
    digest = hashlib.sha256(repr(settings.username).encode())
    for read in (
        lambda: b"" if settings.password is None else settings.password.get_secret_value().encode(),
        *(path.read_bytes for path in (settings.tls_ca, settings.tls_cert, settings.tls_key) if path is not None),
    ):
        try:
            digest.update(hashlib.sha256(read()).digest())
        except (OSError, UnicodeDecodeError) as error:  # said where it is used
            digest.update(str(error).encode())
    return digest.digest()


def _room_for(messages: int) -> Properties:
    """No session expiry: a session that outlived us would keep drawing shared messages that nobody reads."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = messages
    return properties


def _why(reason: ReasonCode) -> str:
    """How a connection ended. 0x80 is what paho says when nobody said anything."""
    return "it ended without a word" if reason.value == UNSPECIFIED else str(reason)
