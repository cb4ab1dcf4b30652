"""The operator's screen: from a gauge's last byte to its value on twenty event streams, and the agent's memory with it.

A real agent, a scale on a socket, twenty streams of one station, one of them a real Chromium's; each frame has a value
of its own. Times are taken where the frame is sent and where the event's line is read; in Chromium where the page's
value has changed, by a MutationObserver. Chromium's clock and ours are matched by asking it often: the answer that came
soonest says how far they are apart, to half of its way there and back.

What the time is made of: until the first stream has it (reading, rules, drawing), from there to the last one (the web
server's turn through twenty), and from the streams' middle to Chromium's page (parsing and changing it).
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
from playwright.sync_api import Page
from screen_browser import chromium

sys.path.append(str(Path(__file__).parents[1] / "agent"))

from screen_floor import Scale, write_screen_shop

Say = Callable[[str], None]
STREAMS = 20
"""With Chromium's."""
FRAMES = 300
EVERY_SECS = 0.1


class Listeners:
    """So many pages' streams, read as they come."""

    def __init__(self, port: int) -> None:
        self._found = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}
        for _ in range(STREAMS - 1):
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


class LookingChromium:
    """A page in a real browser that notes when its value changes."""

    def __init__(self, page: Page, port: int) -> None:
        self._page = page
        page.goto(f"http://127.0.0.1:{port}/OP20")
        page.wait_for_selector("body:not(.cut) [data-live-value]")
        page.evaluate(OBSERVE)
        ways = [self._asked() for _ in range(50)]
        way, self._apart_ms = min(ways)
        self.exact_to_ms = way / 2

    def _asked(self) -> tuple[float, float]:
        """There and back, and how far our clock is ahead of the page's."""
        since = time.monotonic() * 1000
        there = float(self._page.evaluate("() => performance.now()"))
        back = time.monotonic() * 1000
        return back - since, (since + back) / 2 - there

    def took(self, sent: dict[str, float]) -> list[float]:
        """Of each value that was sent, how long it took until it stood on the page, in milliseconds."""
        seen = dict(reversed([(str(value), float(at)) for value, at in self._page.evaluate("() => window.seen")]))
        return [seen[value] + self._apart_ms - since * 1000 for value, since in sent.items() if value in seen]


OBSERVE = """() => {
  window.seen = [];
  const value = () => document.querySelector("[data-live-value]")?.textContent ?? "";
  const changes = { subtree: true, childList: true, characterData: true };
  const seen = new MutationObserver(() => window.seen.push([value(), performance.now()]));
  seen.observe(document.getElementById("live"), changes);
}"""


def run(say: Say) -> dict[str, object]:
    """The figures."""
    sent: dict[str, float] = {}
    with _station() as (floor, scale, port), chromium() as browser:
        memory = psutil.Process(floor.processes["agent"].pid)
        page = LookingChromium(browser.new_page(viewport={"width": 1280, "height": 800}), port)
        listeners = Listeners(port)
        try:
            took = list(_shown(scale, listeners, sent))
        finally:
            listeners.close()
        rss = memory.memory_info().rss / 1e6
        in_chromium = page.took(sent)
    found = [time for one in took for time in one] + in_chromium
    lost = FRAMES * STREAMS - len(found)
    p50, p99 = _of(found, 0.5), _of(found, 0.99)
    dom_p50, dom_p99 = _of(in_chromium, 0.5), _of(in_chromium, 0.99)
    say(f"gauge's last byte to the event, {STREAMS} streams, {FRAMES} frames: median {p50:.1f} ms, p99 {p99:.1f} ms")
    exact = f"clocks matched to {page.exact_to_ms:.1f} ms"
    say(f"of these until it stands on a real Chromium's page: median {dom_p50:.1f} ms, p99 {dom_p99:.1f} ms ({exact})")
    first, spread = [one[0] for one in took if one], [one[-1] - one[0] for one in took if one]
    say(f"made of: until the first stream, median {_of(first, 0.5):.1f} ms, p99 {_of(first, 0.99):.1f} ms")
    say(f"         from the first to the last, median {_of(spread, 0.5):.1f} ms, p99 {_of(spread, 0.99):.1f} ms")
    say(f"frames that a stream did not show: {lost}; the agent's memory with {STREAMS} pages: {rss:.0f} MB")
    return {
        "screen_p50_ms": round(p50, 1),
        "screen_p99_ms": round(p99, 1),
        "screen_dom_p50_ms": round(dom_p50, 1),
        "screen_dom_p99_ms": round(dom_p99, 1),
        "screen_first_p99_ms": round(_of(first, 0.99), 1),
        "screen_spread_p99_ms": round(_of(spread, 0.99), 1),
        "screen_rss_mb": round(rss),
        "lost": lost,
    }


def _of(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _shown(scale: Scale, listeners: Listeners, sent: dict[str, float]) -> Iterator[list[float]]:
    for number in range(FRAMES):
        value = f"{60 + number * 0.01:.2f}"
        since = sent[value] = time.monotonic()
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
