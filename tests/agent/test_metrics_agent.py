"""The figures door of the agent: the status document in Prometheus' words, readiness with reasons, and no way in."""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import free_port, until
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gaugetrail_agent.metrics import MAX_CLIENTS, MAX_REQUEST, STALE_SECS, AgentMetrics, MetricsServer, respond
from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.figures import AGENT_FIGURES
from gaugetrail_contract.status import AgentStatus, DeliveryStatus, DeviceStatus, SpoolStatus


def document(**changes: object) -> AgentStatus:
    fields: dict[str, object] = {
        "online": True,
        "agent": 'line1 "pc" \\1',
        "time": "2026-11-23T08:01:40.000000Z",
        "started": "2026-11-23T08:00:00.000000Z",
        "version": "0.1.0",
        "config_sha256": "ab" * 32,
        "spool": SpoolStatus(
            epoch="abcdefgh", last_seq=40, waiting=3, oldest="2026-11-23T08:00:10.000000Z", bytes=9000
        ),
        "delivery": DeliveryStatus(connected=True, receipts=7, receipts_ignored=1, resent=2),
        "devices": {"bore": DeviceStatus(up=True, readings=12, garbled=2, last_reading="2026-11-23T08:01:00.500000Z")},
        "stations": {"OP20": "measure"},
        "clock": ClockTrust.SYNCED,
    }
    return AgentStatus.model_validate(fields | changes)


def samples(page: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and label values (in the labels' order), read by Prometheus' own parser."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_figures_are_those_of_the_status_document() -> None:
    metrics = AgentMetrics()
    metrics.tell(document())
    code, kind, page = metrics.answer("/metrics")
    assert (code, kind.startswith("text/plain")) == (200, True)
    shown = samples(page)
    assert shown["gaugetrail_agent_records_waiting", ()] == 3
    assert shown["gaugetrail_agent_oldest_waiting_seconds", ()] == 90
    assert shown["gaugetrail_agent_records_sealed_total", ()] == 40
    assert shown["gaugetrail_agent_receipts_ignored_total", ()] == 1
    assert shown["gaugetrail_agent_device_up", ("bore",)] == 1
    assert shown["gaugetrail_agent_device_readings_total", ("bore",)] == 12
    assert shown["gaugetrail_agent_device_refused_total", ("bore",)] == 2
    assert shown["gaugetrail_agent_info", ('line1 "pc" \\1', "ab" * 32, "0.1.0")] == 1
    assert {figure.name for figure in AGENT_FIGURES} <= {name for name, _ in shown}


def test_what_is_not_known_is_left_out_rather_than_zero() -> None:
    """A zero would look like an empty spool."""
    metrics = AgentMetrics()
    metrics.tell(AgentStatus(online=True, agent="pc1"))
    names = {name for name, _ in samples(metrics.answer("/metrics")[2])}
    assert "gaugetrail_agent_records_waiting" not in names
    assert "gaugetrail_agent_broker_up" not in names


def test_names_are_as_prometheus_wants_them() -> None:
    """A counter ends in _total and nothing else does; the unit stands in base units in the name."""
    for figure in AGENT_FIGURES:
        assert re.fullmatch(r"gaugetrail_agent_[a-z_]+", figure.name)
        assert figure.name.endswith("_total") == (figure.kind == "counter"), figure.name
        assert not re.search(r"_(ms|us|ns|kb|mb|minutes|percent)(_|$)", figure.name), figure.name


NOT_READY = {
    "spool": (document(spool=document().spool.model_copy(update={"full": True})), "nothing can be recorded"),  # type: ignore[union-attr]
    "broker": (document(delivery=DeliveryStatus(connected=False, detail="no broker at b:1883")), "no broker at b:1883"),
    "devices": (
        document(devices={"bore": DeviceStatus(up=False, detail="no answer in 2 s")}),
        "bore: no answer in 2 s",
    ),
}


@pytest.mark.parametrize("part", NOT_READY)
def test_not_ready_names_the_part_and_the_reason(part: str) -> None:
    metrics = AgentMetrics()
    status, reason = NOT_READY[part]
    metrics.tell(status)
    code, _, body = metrics.answer("/ready")
    told = json.loads(body)
    assert (code, told["ready"]) == (503, False)
    assert reason in told["parts"][part]["reason"]
    assert {"ok"} == {one["state"] for name, one in told["parts"].items() if name != part}


def test_an_unsynced_clock_is_told_but_ready() -> None:
    """Records carry the clock's trust and their order is by number, so a wrong clock stops nothing."""
    metrics = AgentMetrics()
    metrics.tell(document(clock="unsynced"))
    code, _, body = metrics.answer("/ready")
    assert code == 200
    assert json.loads(body)["parts"]["clock"]["state"] == "warning"


def test_an_agent_that_hangs_is_neither_live_nor_ready() -> None:
    now = [100.0]
    metrics = AgentMetrics(lambda: now[0])
    assert metrics.answer("/live")[0] == 200, "starting is no fault"
    assert metrics.answer("/ready")[0] == 503
    metrics.tell(document())
    assert metrics.answer("/live")[0] == 200
    now[0] += STALE_SECS + 1
    assert metrics.answer("/live")[0] == 503
    assert metrics.answer("/ready")[0] == 503


@given(st.binary(max_size=300) | st.from_regex(rb"(GET|HEAD|POST) /[!-~]* HTTP/1.1\r\n", fullmatch=True))
def test_any_bytes_get_one_whole_http_answer(head: bytes) -> None:
    metrics = AgentMetrics()
    metrics.tell(document())
    answer, _, body = respond(metrics, head).partition(b"\r\n\r\n")
    first, *headers = answer.decode("ascii").split("\r\n")
    assert re.fullmatch(r"HTTP/1\.1 (200|400|404|405|503) [A-Za-z ]+", first)
    length = dict(line.split(": ", 1) for line in headers)["Content-Length"]
    assert len(body) == int(length) or (head.startswith(b"HEAD ") and body == b"")


# --- on a real socket


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MetricsServer]:
    one = MetricsServer("127.0.0.1", 0, tmp_path / "metrics.port", request_secs=1.0)
    one.start()
    yield one
    one.stop()


def port_of(tmp_path: Path) -> int:
    path = tmp_path / "metrics.port"
    return int(str(until(lambda: path.exists() and path.read_text(), "the port is told")))


def test_prometheus_scrapes_it(server: MetricsServer, tmp_path: Path) -> None:
    server.tell(document())
    with urllib.request.urlopen(f"http://127.0.0.1:{port_of(tmp_path)}/metrics", timeout=10) as answer:
        assert samples(answer.read())["gaugetrail_agent_records_waiting", ()] == 3


def ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        one.sendall(request)
        answer = b""
        while data := one.recv(65536):
            answer += data
        return answer


def test_a_long_request_and_a_foreign_method_are_refused(server: MetricsServer, tmp_path: Path) -> None:
    port = port_of(tmp_path)
    assert b" 400 " in ask(port, b"GET /metrics HTTP/1.1\r\nX: " + b"y" * MAX_REQUEST)[:20]
    assert b" 405 " in ask(port, b"POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n")[:20]


def test_silent_clients_keep_nobody_out_for_ever(server: MetricsServer, tmp_path: Path) -> None:
    """Eight that connect and say nothing: the ninth is refused at once, and after their deadline all is open again."""
    port = port_of(tmp_path)
    silent = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(MAX_CLIENTS)]
    try:
        until(lambda: b" 503 " in ask(port, b"GET /live HTTP/1.1\r\n\r\n")[:20], "the ninth is refused")
        until(lambda: b" 200 " in ask(port, b"GET /live HTTP/1.1\r\n\r\n")[:20], "the silent ones are thrown out")
    finally:
        for one in silent:
            one.close()


def test_a_taken_port_is_said_and_stops_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = int(taken.getsockname()[1])
        server = MetricsServer("127.0.0.1", port, tmp_path / "metrics.port")
        server.start()
        trouble = until(lambda: server.trouble, "it says what is wrong")
        assert f"can't listen on 127.0.0.1:{port}" in str(trouble)
        server.stop()
