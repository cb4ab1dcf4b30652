"""The one door to InfluxDB: how long it waits, and what it says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from made import chain
from places import InfluxPlace

from gaugetrail_collector.stores import StoreDown
from gaugetrail_collector.stores.influx_http import InfluxAddress, InfluxHttp


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
        with pytest.raises(StoreDown, match=r"doesn't answer: .*timed out"):
            http.version()
        http.close()
