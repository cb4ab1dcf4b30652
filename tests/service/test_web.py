"""The door that metrics and console share: half requests, wrong ones, endless ones, too many; nobody is kept out."""

from __future__ import annotations

import contextlib
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaugetrail_contract.figures import Figure, ReadyPart
from gaugetrail_service.web import server as web
from gaugetrail_service.web.metrics import Metrics, MetricsServer

PIECES: Figure[int] = Figure("pieces", "gauge", "how many there are", lambda told: (((), float(told)),))


def made(host: str, port: int, folder: Path) -> MetricsServer[int]:
    metrics = Metrics[int]("press", (PIECES,), lambda told: {"pieces": ReadyPart("ok" if told else "failed", "none")})
    return MetricsServer(metrics, host, port, folder / "metrics.port")


def port_of(folder: Path) -> int:
    path = folder / "metrics.port"
    return int(str(until(lambda: path.exists() and path.read_text(), "the port is told")))


STARTS = [
    b"GET /live HTTP/1.1\r\nHost: x\r\n",
    b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"POST /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /" + b"a" * 20_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(web, "REQUEST_SECS", 1.0)
    monkeypatch.setattr(web, "MAX_CONNECTIONS", 4)
    server = made("127.0.0.1", 0, tmp_path)
    server.tell(12)
    server.start()
    yield port_of(tmp_path)
    server.stop()


def live(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_prometheus_scrapes_it_and_changes_nothing(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"\npieces 12.0\n" in answer.read()
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/metrics", b"x", method="POST"))


@pytest.mark.parametrize(
    "said", [b"", b"GET /live HTT", b"POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"]
)
def test_a41_slow_clients_keep_nobody_out_for_ever(port: int, said: bytes) -> None:
    """They fill every place with half a request; the next is turned away, and after the deadline all is open again."""
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(4)]
    try:
        for one in slow:
            one.sendall(said)
        assert not live(port), "there is no fifth place"
        until(lambda: live(port), "the slow ones are thrown out")
    finally:
        for one in slow:
            one.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.builds(lambda head, rest: head + rest, st.sampled_from(STARTS), st.binary()))
def test_any_bytes_at_the_door_leave_it_open(port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as one, contextlib.suppress(OSError):
        one.sendall(said)
        one.shutdown(socket.SHUT_WR)
        one.recv(65536)
    until(lambda: live(port), "the next one is answered")


def test_a_taken_port_is_said_and_stops_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = int(taken.getsockname()[1])
        server = made("127.0.0.1", number, tmp_path)
        server.start()
        trouble = until(lambda: server.trouble, "it says what is wrong")
        assert f"can't listen on 127.0.0.1:{number}" in str(trouble)
        server.stop()
