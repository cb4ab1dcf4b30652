"""MQTT packets out of a socket, many at a time.

paho asks its socket for a packet's first byte, its length and its body one after the other, and looks whether there is
more before each packet: four system calls a message, each of which gives other threads the interpreter. Here what has
arrived is read at once. Complete messages of QoS 1 at its head are cut out of it; every other byte is paho's, in the
order of its arrival and packet by packet, as if it came from the socket: what is larger than `MOST`, what is malformed,
what isn't a message of QoS 1, the end of the connection and its errors.

Promise: what paho and `take` get is, packet for packet, what the socket gave; but for `answer_ping`. The socket is read
by `fill` alone, which never waits. A plain socket and a TLS one serve alike. One thread at a time.

A message is `0011 D01R` (D: sent again, R: retained), the length of the rest in one to four digits of seven bits, the
topic's length and the topic, the message's number, in MQTT 5 the length of its properties and these, and the payload.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from functools import lru_cache
from typing import NamedTuple

MOST = 256 * 1024
"""Bytes of a packet that is cut out here; a larger one is paho's to collect."""
A_READ = 64 * 1024
ANY = 2**40
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"

_QOS1_MASK, _QOS1 = 0b1111_0110, 0b0011_0010


class Taken(NamedTuple):
    """A message of QoS 1; `mid` acknowledges it."""

    topic: str
    payload: bytes
    mid: int


class PacketSocket:
    """A connected socket as paho uses one, with `fill` and `take` beside."""

    def __init__(self, sock: socket.socket, *, properties: bool) -> None:
        """`properties`: the connection speaks MQTT 5."""
        self._sock = sock
        self._properties = properties
        self._read = b""
        self._at = 0
        self._owed = 0
        """Bytes of the packet at the head that are paho's."""
        self._pinged = False
        """paho has asked for a sign of life since one was given in the broker's place."""
        self._end: OSError | bytes | None = None
        """What paho is told when everything before it is read: an error, or no bytes for the end."""

    # --- what paho asks of a socket

    def recv(self, size: int) -> bytes:
        """Up to so many bytes of a packet that is paho's. Raises `BlockingIOError` when none is here."""
        if self._owed and self._at < len(self._read):
            found = self._read[self._at : self._at + min(size, self._owed)]
            self._at += len(found)
            self._owed -= len(found)
            return found
        if isinstance(self._end, OSError):
            raise self._end
        if self._end is not None:
            return self._end
        raise BlockingIOError

    def pending(self) -> int:
        """Bytes that TLS has read and not given yet: the socket wouldn't wake whoever waits for them."""
        return self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def send(self, data: bytes | bytearray) -> int:
        """As the socket's own."""
        self._pinged = self._pinged or data == PINGREQ
        return self._sock.send(data)

    def fileno(self) -> int:
        """As the socket's own."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As the socket's own."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """As the socket's own."""
        self._sock.close()

    # --- what the subscriber asks

    def fill(self) -> None:
        """Read what has arrived."""
        parts = [self._read[self._at :]]
        try:
            while self._end is None:
                part = self._sock.recv(A_READ)
                if not part:
                    self._end = part
                parts.append(part)
                if not self.pending():
                    break
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._end = error
        self._read, self._at = b"".join(parts), 0

    def take(self) -> list[Taken]:
        """The complete messages of QoS 1 at the head of what was read."""
        taken: list[Taken] = []
        while not self._owed and (found := self._cut()) is not None:
            taken.append(found)
        return taken

    @property
    def between_packets(self) -> bool:
        """Whether paho is not in the middle of a packet."""
        return self._owed == 0

    def answer_ping(self) -> bool:
        """Answer paho's ping in the broker's place, while we are the ones who don't read: its own answer stands behind
        messages for which there is no room. Only between packets. True where there is an answer for paho to read.
        """
        if not self._pinged:
            return False
        self._pinged = False
        self._read, self._at, self._owed = PINGRESP + self._read[self._at :], 0, len(PINGRESP)
        return True

    @property
    def waiting(self) -> bool:
        """Whether paho has something to read."""
        return self._end is not None or (self._owed > 0 and self._at < len(self._read))

    def _cut(self) -> Taken | None:
        """The message at the head; null where more must arrive, or where the packet is paho's."""
        data, at = self._read, self._at
        body, size = _length(data, at + 1)
        if body == 0:
            return None
        if data[at] & _QOS1_MASK != _QOS1 or size > MOST:
            self._owed = body - at + size
            return None
        end = body + size
        if end > len(data):
            return None
        topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
        start = topic_end + 2
        if self._properties:
            start, size = _length(data, start)
            start += size
        if not body + 2 < topic_end <= end - 2 or not topic_end + 2 <= start <= end:
            # No message as it should be, or one whose topic was said before under a number: paho knows what to do.
            self._owed = end - at
            return None
        with contextlib.suppress(UnicodeDecodeError):
            taken = Taken(
                _topic(data[body + 2 : topic_end]), data[start:end], (data[topic_end] << 8) | data[topic_end + 1]
            )
            self._at = end
            return taken
        self._owed = end - at
        return None


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A length of one to four digits: where it ends, and how much it is; (0, 0) where more must arrive."""
    found = 0
    for digit in range(4):
        if at >= len(data):
            return 0, 0
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return at, found
    return at, ANY


@lru_cache(maxsize=1024)
def _topic(raw: bytes) -> str:
    return raw.decode("utf-8")
