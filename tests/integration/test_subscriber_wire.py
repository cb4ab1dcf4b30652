"""The subscriber at a real broker: every message once and in order, acknowledged when told and not before."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import paho.mqtt.client as mqtt
import pytest
from certificates import make_certificates
from floor import Floor, free_port, until
from wire import Wire

from gaugetrail_collector.config import MqttTable
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.receiving import subscriber as subscriber_module
from gaugetrail_collector.intake.receiving.connection import Connection, connection_class, missing_names
from gaugetrail_collector.intake.receiving.subscriber import LARGEST_BYTES, MOST_BYTES, MOST_STANDING_BYTES, Subscriber
from gaugetrail_contract.receipts import Receipt

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

WINDOW = 20
KEEPALIVE_SECS = 5
SLOW_SECS = 0.06
"""A message: for 24 MB of them a slow store takes three keep-alives, and the broker waits for one and a half."""


def settings(
    port: int, *, version: Literal["5", "3.1.1"] = "5", tls_ca: Path | None = None, window: int = WINDOW
) -> MqttTable:
    return MqttTable(
        host="localhost", port=port, version=version, tls_ca=tls_ca, window=window, keepalive_secs=KEEPALIVE_SECS
    )


def with_tls(floor: Floor) -> tuple[int, Path, str]:
    """A second port, its CA, and what the broker's settings need for it."""
    ca, certificate, key = make_certificates(floor.folder)
    port = free_port()
    # Started as root, a broker would become somebody who may not read a test's folder.
    return port, ca, f"user root\nlistener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"


@contextmanager
def subscribed(table: MqttTable) -> Iterator[Subscriber]:
    subscriber = Subscriber(table, "collector-1")
    subscriber.start()
    try:
        until(lambda: subscriber.connected, "the subscription")
        yield subscriber
    finally:
        subscriber.stop()


def take(subscriber: Subscriber, count: int) -> list[Message]:
    return [subscriber.messages.get(timeout=20) for _ in range(count)]


PAYLOADS = [
    random.Random(number).randbytes(size) for number, size in enumerate([1, 130, 20_000, 0, 70_000, 400_000] * 15)
]
"""Shorter and longer than a read, and one that is left to paho."""


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_every_message_comes_once_in_order_and_whole(
    floor: Floor, version: Literal["5", "3.1.1"], *, tls: bool
) -> None:
    """The window is far smaller than what is sent: acknowledgements reach the broker, or it would stop."""
    port, ca, more = with_tls(floor) if tls else (floor.mqtt_port, None, "")
    floor.broker(f"{more}max_inflight_messages {WINDOW}\n" if version == "3.1.1" else more)
    with subscribed(settings(port, version=version, tls_ca=ca)) as subscriber, Wire(floor.mqtt_port) as wire:
        sending = threading.Thread(target=lambda: [wire.send("pc-a", payload) for payload in PAYLOADS])
        sending.start()
        came: list[bytes] = []
        while len(came) < len(PAYLOADS):
            batch = take(subscriber, min(7, len(PAYLOADS) - len(came)))
            came += [message.payload for message in batch]
            assert {"gaugetrail/v1/pc-a/records"} == {message.topic for message in batch}
            subscriber.acknowledge(batch)
        sending.join()
        assert came == PAYLOADS
        assert subscriber.messages.empty()


def test_a_tls_fault_is_the_collectors_trouble_and_names_the_file(tmp_path: Path) -> None:
    gone = tmp_path / "plant-ca.pem"
    subscriber = Subscriber(settings(free_port(), tls_ca=gone), "collector-1")
    with socket.create_server(("127.0.0.1", subscriber._broker._settings.port)):
        subscriber.start()
        try:
            words = f"can't be used: tls_ca {gone} can't be read: No such file or directory; trying again"
            until(lambda: words in (subscriber.trouble or ""), "it says so")
        finally:
            subscriber.stop()


def everything_has_come(subscriber: Subscriber, wire: Wire) -> None:
    """What the broker would send of itself is here: a status of QoS 0, sent now, has overtaken nothing."""
    heard = threading.Event()
    subscriber.on_status = lambda _, __: heard.set()
    wire.say_status("pc-a")
    assert heard.wait(20)


def test_nothing_is_acknowledged_before_it_is_told(floor: Floor) -> None:
    """The broker holds back what is beyond the window until something is acknowledged."""
    floor.broker()
    with subscribed(settings(floor.mqtt_port)) as subscriber, Wire(floor.mqtt_port) as wire:
        for number in range(WINDOW + 1):
            wire.send("pc-a", str(number).encode())
        first = take(subscriber, WINDOW)
        everything_has_come(subscriber, wire)
        assert subscriber.messages.empty()
        subscriber.acknowledge(first[:1])
        assert [str(WINDOW).encode()] == [one.payload for one in take(subscriber, 1)]


def test_a_message_of_qos_0_costs_nobody_the_connection(floor: Floor) -> None:
    """It has no number, so there is nothing to acknowledge; the broker would end the connection over it."""
    floor.broker()
    with subscribed(settings(floor.mqtt_port)) as subscriber, Wire(floor.mqtt_port) as wire:
        wire.send_unsure("pc-a", b"perhaps")
        wire.send("pc-a", b"surely")
        both = take(subscriber, 2)
        assert {b"perhaps", b"surely"} == {message.payload for message in both}
        for message in both:
            subscriber.acknowledge([message])
        for number in range(WINDOW * 2):
            wire.send("pc-a", b"more")
            subscriber.acknowledge(take(subscriber, 1))
            assert subscriber.connected, f"after {number} more"


def test_a25_what_nobody_takes_waits_with_the_broker(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that no broker keeps to is no bound on memory: this is one. All of it comes, whole and in order. However
    slow this machine is, here nobody stands still yet.
    """
    monkeypatch.setattr(subscriber_module, "STANDING_SECS", 1000.0)
    floor.broker()
    payloads = [bytes([number]) * 100_000 for number in range(100)]
    with subscribed(settings(floor.mqtt_port, window=1000)) as subscriber, Wire(floor.mqtt_port) as wire:
        for payload in payloads:
            wire.send("pc-a", payload)
        until(lambda: subscriber.messages.weight > MOST_BYTES, "as much as is held")
        assert subscriber.messages.weight < MOST_BYTES + 500_000
        assert payloads == [message.payload for message in take(subscriber, len(payloads))]
        assert (subscriber.messages.weight, subscriber.connected) == (0, True)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a20_a_message_larger_than_any_may_be_is_refused_and_holds_nobody_up(
    floor: Floor, version: Literal["5", "3.1.1"], caplog: pytest.LogCaptureFixture
) -> None:
    """Each is let go of, and that is said once. The window is full of them."""
    floor.broker(f"max_inflight_messages {WINDOW}\n")
    with subscribed(settings(floor.mqtt_port, version=version)) as subscriber, Wire(floor.mqtt_port) as wire:
        for _ in range(WINDOW + 1):
            wire.send("pc-a", bytes(LARGEST_BYTES + 1))
        wire.send("pc-a", b"as large as may be" + bytes(LARGEST_BYTES - 200))
        (came,) = take(subscriber, 1)
        assert came.payload.startswith(b"as large as may be")
        assert subscriber.messages.empty()
        assert subscriber.refused == WINDOW + 1
    assert caplog.text.count(f"is refused: {LARGEST_BYTES} are the most") == 1


def test_while_nothing_is_taken_the_connection_lives(floor: Floor) -> None:
    """The store is down: what the broker sends of itself is read all the same, or its pings would go unanswered."""
    floor.broker()
    with subscribed(settings(floor.mqtt_port, window=1000)) as subscriber, Wire(floor.mqtt_port) as wire:
        for _ in range(60):
            wire.send("pc-a", bytes(100_000))
        everything_has_come(subscriber, wire)
        assert (subscriber.messages.qsize(), subscriber.connected) == (60, True)


def test_the_connection_is_served_while_there_is_no_room(floor: Floor) -> None:
    """A store that comes back slowly: for longer than the keep-alive more is held than is read beside. The broker
    hears us all that time, what we say goes out, and its answers that stand behind the messages are not waited for.
    """
    floor.broker()
    count, size = 700, 100_000
    connections = []
    with subscribed(settings(floor.mqtt_port, window=1000)) as subscriber, Wire(floor.mqtt_port) as wire:
        subscriber.on_connected = lambda: connections.append(1)
        sending = threading.Thread(target=lambda: [wire.send("pc-a", bytes(size)) for _ in range(count)])
        sending.start()
        until(lambda: subscriber.messages.weight > MOST_STANDING_BYTES, "as much as is held while nothing is taken")
        taken = 0

        def a_slow_store() -> None:
            nonlocal taken
            while subscriber.messages.weight > MOST_BYTES * 2:
                taken += len(take(subscriber, 1))
                threading.Event().wait(SLOW_SECS)

        storing = threading.Thread(target=a_slow_store)
        storing.start()
        number = 0
        while storing.is_alive():
            number += 1
            subscriber.publish_receipt("pc-a", Receipt(epoch="0123456789ab", stored=((number, number, "0" * 64),)))
            until(lambda: number in wire.receipted.get("pc-a", ()), "what we say goes out")  # noqa: B023
            storing.join(1.0)
        take(subscriber, count - taken)
        sending.join()
        assert connections == []


def test_what_came_before_a_reconnect_is_not_acknowledged_after_it(floor: Floor) -> None:
    """The new connection's numbers are others' messages: they stay unacknowledged, and the window stays full."""
    floor.broker()
    with subscribed(settings(floor.mqtt_port)) as subscriber:
        with Wire(floor.mqtt_port) as wire:
            for number in range(WINDOW):
                wire.send("pc-a", str(number).encode())
            before = take(subscriber, WINDOW)
        floor.kill("mosquitto")
        until(lambda: not subscriber.connected, "the loss")
        floor.broker()
        until(lambda: subscriber.connected, "the subscription again")
        with Wire(floor.mqtt_port) as wire:
            for number in range(WINDOW + 1):
                wire.send("pc-a", str(number).encode())
            after = take(subscriber, WINDOW)
            subscriber.acknowledge(before)
            everything_has_come(subscriber, wire)
            assert subscriber.messages.empty()
            subscriber.acknowledge(after)
            assert [str(WINDOW).encode()] == [message.payload for message in take(subscriber, 1)]


class Scripted:
    """A broker that says what it is told, byte for byte: to the first connection, and later ones nothing."""

    HELLO = b"\x20\x03\x00\x00\x00"

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.connections = 0
        self.line: socket.socket | None = None
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
                self._lines.append(line)
                line.recv(65_536)
                line.sendall(self.HELLO)
                line.recv(65_536)
                line.sendall(b"\x90\x04\x00\x01\x00\x01")
            except OSError:
                return
            self.line = line
            self.connections += 1

    def close(self) -> None:
        for one in (self._server, *self._lines):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    broker = Scripted()
    yield broker
    broker.close()


MESSAGE = b"\x32\x15\x00\x09a/records\x00\x07\x00payload"


def test_a_connection_that_ends_within_a_message_is_made_anew(scripted: Scripted) -> None:
    """Byte by byte a message comes whole; half of one is none, and costs nothing but the connection."""
    with subscribed(settings(scripted.port)) as subscriber:
        until(lambda: scripted.connections == 1, "the first connection")
        assert scripted.line is not None
        scripted.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(MESSAGE)):
            scripted.line.sendall(MESSAGE[at : at + 1])
        assert take(subscriber, 1)[0].payload == b"payload"
        scripted.line.sendall(MESSAGE[:-1])
        scripted.line.close()
        until(lambda: scripted.connections == 2, "the next connection")
        assert subscriber.messages.empty()


def test_a_broker_that_falls_silent_is_noticed(scripted: Scripted) -> None:
    """A half-open connection: nothing comes, nothing is refused; the keep-alive finds it out."""
    with subscribed(settings(scripted.port)) as subscriber:
        until(lambda: scripted.connections == 1, "the first connection")
        assert scripted.line is not None
        scripted.line.sendall(MESSAGE[:9])
        until(lambda: scripted.connections == 2, "a connection made anew", 30)
        assert subscriber.messages.empty()


def test_paho_still_has_the_hooks() -> None:
    """A release that renames them must fail here and not on a plant's night shift."""
    assert missing_names() == ()
    assert connection_class() is Connection
    assert "loop_read" in vars(mqtt.Client)
