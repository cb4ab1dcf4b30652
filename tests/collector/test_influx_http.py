"""The one door to InfluxDB: how long it waits, and what it says."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from made import chain
from places import InfluxPlace

from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_collector.stores.influx import requests as influx_requests
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp, error_text
from gaugetrail_collector.stores.influx.requests import PlainRequests
from gaugetrail_collector.stores.influx.store import InfluxStore


@pytest.fixture(params=["client", "urllib3"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Through the database's client, and through what it stands on where its private class is gone."""
    if request.param == "urllib3":
        monkeypatch.setitem(sys.modules, "influxdb_client._sync.api_client", None)
    influx_requests._say_plain.cache_clear()
    return str(request.param)


@contextmanager
def slow_server(secs: float) -> Iterator[str]:
    """Answers each connection's one request with 204 after `secs`."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.recv(65_536)
            time.sleep(secs)
            client.sendall(b"HTTP/1.1 204 No Content\r\nX-Influxdb-Version: 1.6.7\r\nConnection: close\r\n\r\n")
            client.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


class Cutter:
    """A wire to a server that breaks each connection once `after` bytes of answers have come through it."""

    def __init__(self, target: int) -> None:
        self.after = 0
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._server.accept()
            threading.Thread(target=self._relay, args=(client, self.after), daemon=True).start()

    def _relay(self, client: socket.socket, left: int) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as there:
            threading.Thread(target=self._ask, args=(client, there), daemon=True).start()
            while left and (part := there.recv(left)):
                client.sendall(part)
                left -= len(part)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _ask(self, client: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):  # the wire is cut
            while part := client.recv(65_536):
                there.sendall(part)


def rows_or_none(address: InfluxAddress) -> list[int] | None:
    """The numbers that stand in the database; null where the server is said to be down."""
    http = InfluxHttp(address)
    http.connect()
    try:
        return [row["seq"] for row in http.query("SELECT seq FROM inspection")]
    except StoreDown:
        return None
    finally:
        http.close()


def test_an_answer_that_breaks_off_anywhere_is_a_server_that_is_down(influx: InfluxPlace) -> None:
    """Also where it breaks off between two headers, so that there seems to be no body at all. What comes is whole."""
    influx.store().write(chain(3))
    target = urlsplit(influx.address.url).port
    assert target is not None
    cutter = Cutter(target)
    address = replace(influx.address, url=cutter.url, timeout_secs=5)
    while (rows := rows_or_none(address)) is None:
        cutter.after += 1
        assert cutter.after < 2000
    assert rows == [1, 2, 3]
    assert cutter.after > 100


def test_records_are_written_and_found_either_way(influx: InfluxPlace, way: str) -> None:
    """Lines, bound values, JSON bodies of 3.x, compression: all that the client did is done without it."""
    store = InfluxStore(replace(influx.address, compress="always"))
    store.open()
    assert isinstance(store._http._requests, PlainRequests) == (way == "urllib3")
    written = chain(3)
    store.write(written)
    assert [one.sealed.data for one in written] == [row.data for row in store.rows(*store.chains()[0])]
    assert [written[1].seq] == [row.seq for row in store.find(str(written[1].record.serial))]
    store.close()


def test_refusals_say_the_same_either_way(influx: InfluxPlace) -> None:
    http = InfluxHttp(influx.address)
    http.connect()
    answer = http.write(b"no line at all")
    assert answer.status == 400
    assert error_text(answer)
    with pytest.raises(StoreRefuses, match="InfluxDB at"):
        http.query("SELECT nonsense nonsense FROM")
    http.close()


def test_the_plain_way_is_said_once(caplog: pytest.LogCaptureFixture, way: str) -> None:
    """The pool is made anew whenever the server was gone; the sentence is for whoever looks after the installation."""
    for _ in range(3):
        http = InfluxHttp(InfluxAddress("http://127.0.0.1:1", "1", "gaugetrail", timeout_secs=1))
        http.connect()
        with pytest.raises(StoreDown, match=r"doesn't answer: .*refused"):
            http.version()
        http.close()
    said = [record.getMessage() for record in caplog.records if vars(record).get("event") == "influx_plain"]
    assert len(said) == (1 if way == "urllib3" else 0)
    assert all("install influxdb-client>=1.48,<1.51" in one for one in said)


def test_timeout_is_in_seconds() -> None:
    """A server that takes a quarter of a second is not down; the client library counts in milliseconds."""
    with slow_server(0.25) as url:
        http = InfluxHttp(InfluxAddress(url, "1", "gaugetrail", timeout_secs=20))
        http.connect()
        assert http.version() == "1.6.7"
        http.close()


def test_server_that_never_answers_is_down_in_words() -> None:
    with slow_server(3) as url:
        http = InfluxHttp(InfluxAddress(url, "1", "gaugetrail", timeout_secs=0.1))
        http.connect()
        with pytest.raises(StoreDown, match=r"doesn't answer: it has the question and says nothing for 0.1 s"):
            http.version()
        http.close()


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that gives every request this answer and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with client, suppress(OSError):
                    client.recv(65_536)
                    client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)


def whole(status: str, body: bytes = b"", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole("503 Service Unavailable"), "answers 503: it can't take requests now; it is starting, full or overload"),
        (
            whole("500 X", b'{"error":"engine: disk"}'),
            "answers 500: it has a fault of its own; look at its log (engine",
        ),
        (whole("507 X"), "answers 507: its disk is full"),
        (whole("418 X"), "answers 418: it doesn't do what it was asked"),
        (whole("401 X"), "gaugetrail: the token or password is not accepted"),
        (whole("400 X"), "it refuses the request and says no reason"),
        (
            whole("302 Found", more="Location: https://joe:s3cret@elsewhere/query\r\n"),
            "sends us elsewhere (https://elsewhere/query); put url right",
        ),
        (whole("200 OK", b"<html>\x1b[2J the proxy's page"), "something else does, with '<html>\\x1b[2J the proxy"),
        (whole("200 OK", b'{"results": ['), "its answer breaks off"),
        (b"", "it hangs up before it has answered"),
        (b"SSH-2.0-OpenSSH\r\n", "SSH-2.0-OpenSSH"),
    ],
)
def test_every_answer_and_none_is_said_in_words(answer: bytes, said: str) -> None:
    with answering(answer) as url:
        http = InfluxHttp(InfluxAddress(url, "1", "gaugetrail", timeout_secs=5))
        http.connect()
        with pytest.raises(StoreDown) as raised:
            http.query("SHOW DATABASES")
        http.close()
    told = str(raised.value)
    assert said in told
    assert told.startswith(f"InfluxDB at {url}")
    for never in ("status 0", "object at 0x", "HTTPConnectionPool", "s3cret", "None"):
        assert never not in told


def test_nobody_there_no_such_name_and_silence() -> None:
    with slow_server(3) as slow, socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
        closed.close()
        for url, said in (
            (f"http://127.0.0.1:{port}", "nothing listens there (connection refused)"),
            ("http://no-such-host.invalid:8086", "its name has no address"),
            (slow, "it has the question and says nothing for 0.2 s"),
        ):
            http = InfluxHttp(InfluxAddress(url, "1", "gaugetrail", timeout_secs=0.2))
            http.connect()
            with pytest.raises(StoreDown, match="doesn't answer: ") as raised:
                http.query("SHOW DATABASES")
            assert said in str(raised.value)
            http.close()


def test_a44_a_secret_is_shown_by_no_repr() -> None:
    address = InfluxAddress("http://x", "2", "b", token="t0ken", password="s3cret")
    assert "t0ken" not in repr(address)
    assert "s3cret" not in repr(address)
