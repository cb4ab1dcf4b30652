"""The operator's screen: from a gauge's last byte to its value on twenty event streams, and the agent's memory with it.

A real agent, a scale on a socket, twenty streams of one station; each frame has a value of its own. Times are taken
where the frame is sent and where the event's line is read.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from floor import Floor, command, until

sys.path.append(str(Path(__file__).parents[1] / "agent"))

from screen_floor import Scale, write_screen_shop

Say = Callable[[str], None]
STREAMS = 20
FRAMES = 300
EVERY_SECS = 0.1


class Listeners:
    """So many pages' streams, read as they come."""

    def __init__(self, port: int) -> None:
        self._found = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        for _ in range(STREAMS):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(b"GET /live/OP20 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            heard = b""
            while b"event: screen" not in heard:  # from here on it is told of everything
                heard += one.recv(65_536)
            self._rest[one] = b""
            self._found.register(one, selectors.EVENT_READ)

    def until_shown(self, value: str, since: float) -> list[float]:
        """How long each took until it had the value, in milliseconds; those that had none in 2 s are missing."""
        wanted, took = f'"value": "{value}"'.encode(), []
        left = set(self._rest)
        while left and time.monotonic() < since + 2:
            for key, _ in self._found.select(0.2):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                self._rest[one] = (self._rest[one] + one.recv(65_536))[-100_000:]
                if one in left and wanted in self._rest[one]:
                    took.append((time.monotonic() - since) * 1000)
                    left.discard(one)
                    self._rest[one] = b""
        return took

    def close(self) -> None:
        self._found.close()
        for one in self._rest:
            one.close()


def run(say: Say) -> dict[str, object]:
    """The figures."""
    with _station() as (floor, scale, port):
        memory = psutil.Process(floor.processes["agent"].pid)
        listeners = Listeners(port)
        try:
            took = list(_shown(scale, listeners))
        finally:
            listeners.close()
        rss = memory.memory_info().rss / 1e6
    found = sorted(time for one in took for time in one)
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    lost = FRAMES * STREAMS - len(found)
    say(f"gauge's last byte to the event, {STREAMS} streams, {FRAMES} frames: median {p50:.1f} ms, p99 {p99:.1f} ms")
    say(f"frames that a stream did not show: {lost}; the agent's memory with {STREAMS} pages: {rss:.0f} MB")
    return {"screen_p50_ms": round(p50, 1), "screen_p99_ms": round(p99, 1), "screen_rss_mb": round(rss), "lost": lost}


def _shown(scale: Scale, listeners: Listeners) -> Iterator[list[float]]:
    for number in range(FRAMES):
        value = f"{60 + number * 0.01:.2f}"
        since = time.monotonic()
        scale.shows(value, moving=True)
        yield listeners.until_shown(value, since)
        time.sleep(max(0.0, since + EVERY_SECS - time.monotonic()))


@contextmanager
def _station() -> Iterator[tuple[Floor, Scale, int]]:
    """A station with a unit in hand that waits for the scale."""
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        scale = Scale()
        try:
            floor.broker()
            settings = write_screen_shop(floor.folder, scale.port, floor.mqtt_port)
            floor.start("agent", command("gaugetrail-agent"), "run", "--config", str(settings))
            file = floor.folder / "data" / "screen.port"
            port = int(str(until(lambda: file.exists() and file.read_text(), "the screen says its port")))
            until(lambda: scale.connected, "the scale is connected")
            _say(port, "OP-1", "Ada Berger")
            _say(port, "SN1", "Unit in hand")
            scale.shows("0.00")
            yield floor, scale, port
        finally:
            scale.close()


def _say(port: int, text: str, words: str) -> None:
    url = f"http://127.0.0.1:{port}/OP20"

    def page() -> str:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())

    token = re.search(r'data-token="([^"]+)"', page())
    assert token is not None
    said = json.dumps({"text": text, "by": "scan", "token": token[1]}).encode()
    urllib.request.urlopen(urllib.request.Request(url + "/say", said), timeout=10).close()
    until(lambda: words in page(), f"{words} after {text}")
