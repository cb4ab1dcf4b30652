"""The one door to InfluxDB: how long it waits, and what it says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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
