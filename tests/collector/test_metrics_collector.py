"""The figures door of the collector: the status document in Prometheus' words, readiness with reasons, no way in."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gaugetrail_collector.metrics import STALE_SECS, CollectorMetrics
from gaugetrail_contract.figures import COLLECTOR_FIGURES
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service import web
from gaugetrail_service.web import Web


def document(**changes: object) -> CollectorStatus:
    fields: dict[str, object] = {
        "online": True,
        "collector": "c1",
        "time": "2026-11-23T08:01:40.000000Z",
        "started": "2026-11-23T08:00:00.000000Z",
        "version": "0.1.0",
        "store": "up",
        "store_detail": "SQLite, store.db",
        "broker": "up",
        "records": 40,
        "points": 120,
        "resent": 2,
        "messages_waiting": 5,
    }
    return CollectorStatus.model_validate(fields | changes)


def samples(page: bytes) -> dict[str, float]:
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_figures_are_those_of_the_status_document() -> None:
    metrics = CollectorMetrics()
    anchored = "2026-11-23T08:00:00.000000Z"
    metrics.tell(document(set_aside=3, forks=1, gaps=2, tag_values=9, tag_budget=90, anchored=anchored))
    shown = samples(metrics.answer("/metrics")[2])
    assert shown["gaugetrail_collector_store_up"] == 1
    assert shown["gaugetrail_collector_broker_up"] == 1
    assert shown["gaugetrail_collector_records_stored_total"] == 40
    assert shown["gaugetrail_collector_points_stored_total"] == 120
    assert shown["gaugetrail_collector_records_resent_total"] == 2
    assert shown["gaugetrail_collector_set_aside_total"] == 3
    assert shown["gaugetrail_collector_forks_total"] == 1
    assert shown["gaugetrail_collector_gaps"] == 2
    assert shown["gaugetrail_collector_tag_values"] / shown["gaugetrail_collector_tag_bound"] == 0.1
    assert shown["gaugetrail_collector_messages_waiting"] == 5
    assert {figure.name for figure in COLLECTOR_FIGURES} <= set(shown)


def test_names_are_as_prometheus_wants_them() -> None:
    for figure in COLLECTOR_FIGURES:
        assert re.fullmatch(r"gaugetrail_collector_[a-z_]+", figure.name)
        assert figure.name.endswith("_total") == (figure.kind == "counter"), figure.name


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ("store", document(store="down", store_detail="http://influx:8086 doesn't answer")),
        ("broker", document(broker="down", broker_detail="no broker at b:1883; trying again")),
    ],
)
def test_not_ready_names_the_part_and_the_reason(part: str, status: CollectorStatus) -> None:
    metrics = CollectorMetrics()
    metrics.tell(status)
    code, _, body = metrics.answer("/ready")
    told = json.loads(body)
    assert code == 503
    assert told["parts"][part]["state"] == "failed"
    assert told["parts"][part]["reason"] == getattr(status, f"{part}_detail")


def test_set_aside_is_a_warning_with_the_command_that_lists_it() -> None:
    metrics = CollectorMetrics()
    metrics.tell(document(set_aside=2))
    code, _, body = metrics.answer("/ready")
    assert code == 200
    assert "set-aside ls" in json.loads(body)["parts"]["set_aside"]["reason"]


def test_a_collector_that_hangs_is_neither_live_nor_ready() -> None:
    now = [100.0]
    metrics = CollectorMetrics(lambda: now[0])
    assert metrics.answer("/live")[0] == 200
    metrics.tell(document())
    now[0] += STALE_SECS + 1
    assert metrics.answer("/live")[0] == 503
    assert metrics.answer("/ready")[0] == 503


STARTS = [
    b"GET /live HTTP/1.1\r\nHost: x\r\n",
    b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"POST /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /" + b"a" * 20_000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]

# --- on a real socket, through the web server that the console has too


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(web, "REQUEST_SECS", 1.0)
    monkeypatch.setattr(web, "MAX_CONNECTIONS", 4)
    metrics = CollectorMetrics()
    metrics.tell(document())
    server = Web("metrics", metrics, "127.0.0.1", 0, tmp_path / "metrics.port")
    server.start()
    path = tmp_path / "metrics.port"
    yield int(str(until(lambda: path.exists() and path.read_text(), "the port is told")))
    server.stop()


def live(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_prometheus_scrapes_it_and_changes_nothing(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert samples(answer.read())["gaugetrail_collector_store_up"] == 1
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/metrics", b"x", method="POST"))


@pytest.mark.parametrize(
    "said", [b"", b"GET /live HTT", b"POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"]
)
def test_slow_clients_keep_nobody_out_for_ever(port: int, said: bytes) -> None:
    """They fill every place with half a request; the next is turned away, and after the deadline all is open again."""
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(4)]
    try:
        for one in slow:
            one.sendall(said)
        until(lambda: live(port), "the slow ones are thrown out")
    finally:
        for one in slow:
            one.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.builds(lambda head, rest: head + rest, st.sampled_from(STARTS), st.binary()))
def test_any_bytes_at_the_door_leave_it_open(port: int, said: bytes) -> None:
    """The same door as the console's: half requests, wrong ones, endless ones."""
    with socket.create_connection(("127.0.0.1", port), 10) as one, contextlib.suppress(OSError):
        one.sendall(said)
        one.shutdown(socket.SHUT_WR)
        one.recv(65536)
    until(lambda: live(port), "the next one is answered")


def test_a_taken_port_is_said_and_stops_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = int(taken.getsockname()[1])
        server = Web("metrics", CollectorMetrics(), "127.0.0.1", number, tmp_path / "metrics.port")
        server.start()
        trouble = until(lambda: server.trouble, "it says what is wrong")
        assert f"can't listen on 127.0.0.1:{number}" in str(trouble)
        server.stop()
