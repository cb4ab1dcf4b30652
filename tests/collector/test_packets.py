"""Packets out of a socket: nothing is lost, doubled or changed on the way to paho or past it, however it arrives."""

from __future__ import annotations

import random
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import make_certificates
from floor import until
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_collector.intake.receiving.mqtt_packets import MOST, PacketSocket, Taken

Event = Taken | bytes
"""A message that was taken, or bytes that paho has read."""


def length(size: int) -> bytes:
    digits = b""
    while True:
        size, digit = divmod(size, 128)
        digits += bytes([digit | (0x80 if size else 0)])
        if not size:
            return digits


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + length(len(body)) + body


def publish(topic: bytes, payload: bytes, mid: int, first: int = 0x32, properties: bytes = b"\x00") -> bytes:
    return packet(first, len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + properties + payload)


class Paho:
    """Reads as paho does: a byte, the length's bytes, the body; as often as there is something."""

    def __init__(self, line: PacketSocket) -> None:
        self.line = line
        self.events: list[Event] = []
        self.ended: OSError | bool | None = False

    def read(self) -> None:
        """A turn of the loop."""
        self.line.fill()
        while True:
            self.events += self.line.take()
            if not self.line.waiting or self.ended:
                return
            try:
                found = self.line.recv(7)
            except BlockingIOError:
                continue
            except OSError as error:
                self.ended = error
                return
            self.ended = found == b""
            if self.events and isinstance(self.events[-1], bytes):
                self.events[-1] += found
            else:
                self.events.append(found)


@contextmanager
def pair(*, properties: bool = True) -> Iterator[tuple[socket.socket, Paho]]:
    far, near = socket.socketpair()
    near.setblocking(False)
    with far, near:
        yield far, Paho(PacketSocket(near, properties=properties))


def read(stream: bytes, cuts: list[int], *, properties: bool = True) -> list[Event]:
    """What comes of the stream when it arrives in such pieces and then ends."""
    with pair(properties=properties) as (far, paho):
        at = 0
        for cut in [*cuts, *[30_000] * (len(stream) // 30_000 + 1)]:
            far.sendall(stream[at : at + cut])
            at += cut
            paho.read()
        far.shutdown(socket.SHUT_WR)
        until(lambda: paho.read() or paho.ended, "the end is read")
        return [event for event in paho.events if event != b""]


def merged(events: list[Event]) -> list[Event]:
    found: list[Event] = []
    for event in events:
        if found and isinstance(event, bytes) and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return found


OTHERS = [b"\x20\x03\x00\x00\x00", b"\xd0\x00", publish(b"a/status", b"{}", 0, 0x31), packet(0x90, bytes(300))]
MESSAGES = st.builds(
    lambda topic, payload, mid, first, props: (
        Taken(topic, payload, mid),
        publish(topic.encode(), payload, mid, first, length(len(props)) + props),
    ),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.binary(max_size=300),
    st.integers(1, 65535),
    st.sampled_from([0x32, 0x33, 0x3A, 0x3B]),
    st.sampled_from([b"", b"\x01\x01", b"\x26" + bytes(4) * 40]),
)
PACKETS = MESSAGES | st.sampled_from(OTHERS).map(lambda raw: (raw, raw))


@given(st.lists(PACKETS, max_size=12), st.lists(st.integers(1, 400), max_size=12))
def test_every_packet_comes_once_in_order_however_it_is_cut(
    packets: list[tuple[Event, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(raw for _, raw in packets)
    assert merged([event for event, _ in packets]) == merged(read(stream, cuts))


@given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=8))
def test_any_bytes_are_pahos_or_a_message(raw: bytes, cuts: list[int]) -> None:
    """No bytes raise anything here; what is no message comes to paho as it was sent."""
    for stream in (raw, b"\x32" + raw, publish(b"a/records", b"x", 7) + raw):
        events = read(stream, cuts)
        if not any(isinstance(event, Taken) for event in events):
            assert stream.startswith(b"".join(event for event in events if isinstance(event, bytes)))


def test_mqtt_3_1_1_has_no_properties() -> None:
    stream = publish(b"a/records", b"\x05payload", 9, properties=b"")
    assert [Taken("a/records", b"\x05payload", 9)] == read(stream, [], properties=False)


@pytest.mark.parametrize(
    "stream",
    [
        publish(b"", b"payload", 7, properties=b"\x03\x23\x00\x01"),
        publish(b"\xff\xfe", b"payload", 7),
        packet(0x32, b"\x00\x09a/records"),
        packet(0x32, b"\x7f\xff" + b"a" * 40),
        packet(0x32, b"\x00\x01a\x00\x07\x7fshort"),
        b"\x32\xff\xff\xff\xff\x01" + bytes(40),
        publish(b"a/records", bytes(MOST), 7),
        publish(b"a/records", b"twice", 7, 0x34),
    ],
    ids=["topic alias", "not UTF-8", "no number", "topic too long", "properties too long", "length", "large", "QoS 2"],
)
def test_what_is_no_plain_message_is_pahos(stream: bytes) -> None:
    assert [stream] == read(stream, [])


def test_half_a_message_at_the_end_is_none() -> None:
    whole = publish(b"a/records", b"payload", 7)
    assert [Taken("a/records", b"payload", 7)] == read(whole + whole[:-1], [])


def test_an_error_is_pahos_after_everything_that_came_before() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(listener.getsockname())
    far, _ = listener.accept()
    with listener, near, far:
        near.setblocking(False)
        paho = Paho(PacketSocket(near, properties=True))
        far.sendall(publish(b"a/records", b"payload", 7))
        until(lambda: paho.read() or paho.events, "the message")
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        far.close()
        until(lambda: paho.read() or paho.ended, "the reset")
    assert isinstance(paho.ended, ConnectionResetError)
    assert paho.events == [Taken("a/records", b"payload", 7)]


def test_tls_leaves_nothing_behind(tmp_path: Path) -> None:
    """TLS has bytes in hand that no `select` tells of."""
    ca, certificate, key = make_certificates(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    plain_far, plain_near = socket.socketpair()
    packets = [(f"a{number}/records", random.Random(number).randbytes(number * 6), number + 1) for number in range(300)]

    def serve() -> None:
        with server.wrap_socket(plain_far, server_side=True) as far:
            far.sendall(b"".join(publish(topic.encode(), payload, mid) for topic, payload, mid in packets))
            far.recv(1)

    serving = threading.Thread(target=serve)
    serving.start()
    client = ssl.create_default_context(cafile=str(ca))
    with client.wrap_socket(plain_near, server_hostname="localhost") as near:
        near.setblocking(False)
        paho = Paho(PacketSocket(near, properties=True))
        until(lambda: paho.read() or len(paho.events) == len(packets), "every message")
        assert [Taken(*one) for one in packets] == paho.events
        assert paho.line.pending() == 0
        paho.line.send(b"x")
    serving.join()


PING = b"\xc0\x00"


def test_a_ping_is_answered_once_in_the_brokers_place_and_nothing_else_is_changed() -> None:
    """Half a message is here already: the answer stands before it, and the message comes whole."""
    with pair() as (far, paho):
        line, whole = paho.line, publish(b"a/records", b"payload", 7)
        far.sendall(whole[:9])
        paho.read()
        assert not line.answer_ping(), "nobody has asked"
        line.send(PING)
        assert line.between_packets
        assert line.answer_ping()
        assert line.recv(1) + line.recv(1) == b"\xd0\x00"
        assert not line.answer_ping(), "one answer for one question"
        far.sendall(whole[9:])
        paho.read()
        assert paho.events == [Taken("a/records", b"payload", 7)]
        assert far.recv(100) == PING, "the broker hears it all the same"


def test_in_the_middle_of_a_packet_of_pahos_there_is_no_place_for_an_answer() -> None:
    with pair() as (far, paho):
        far.sendall(packet(0x90, bytes(40))[:20])
        paho.read()
        assert not paho.line.between_packets
