"""The figures door of the agent: the status document in Prometheus' words, readiness with reasons."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.figures import AGENT_FIGURES, agent_parts
from gaugetrail_contract.status import AgentStatus, DeliveryStatus, DeviceStatus, SpoolStatus
from gaugetrail_service.web.metrics import STALE_SECS, Metrics


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
        "station_details": {"OP20": {"overrides": 2}},
        "clock": ClockTrust.SYNCED,
        "verdicts": {"told": 30, "lost": 4},
    }
    return AgentStatus.model_validate(fields | changes)


def agent_metrics(mono: Callable[[], float] = time.monotonic) -> Metrics[AgentStatus]:
    return Metrics("agent", AGENT_FIGURES, agent_parts, mono)


def samples(page: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and label values (in the labels' order), read by Prometheus' own parser."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_figures_are_those_of_the_status_document() -> None:
    metrics = agent_metrics()
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
    assert shown["gaugetrail_agent_station_overrides_total", ("OP20",)] == 2
    assert shown["gaugetrail_agent_verdicts_total", ()] == 30
    assert shown["gaugetrail_agent_verdicts_lost_total", ()] == 4
    assert {figure.name for figure in AGENT_FIGURES} <= {name for name, _ in shown}


def test_what_is_not_known_is_left_out_rather_than_zero() -> None:
    """A zero would look like an empty spool."""
    metrics = agent_metrics()
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
    metrics = agent_metrics()
    status, reason = NOT_READY[part]
    metrics.tell(status)
    code, _, body = metrics.answer("/ready")
    told = json.loads(body)
    assert (code, told["ready"]) == (503, False)
    assert reason in told["parts"][part]["reason"]
    assert {"ok"} == {one["state"] for name, one in told["parts"].items() if name != part}


def test_an_unsynced_clock_is_told_but_ready() -> None:
    """Records carry the clock's trust and their order is by number, so a wrong clock stops nothing."""
    metrics = agent_metrics()
    metrics.tell(document(clock="unsynced"))
    code, _, body = metrics.answer("/ready")
    assert code == 200
    assert json.loads(body)["parts"]["clock"]["state"] == "warning"


def test_an_agent_that_hangs_is_neither_live_nor_ready() -> None:
    now = [100.0]
    metrics = agent_metrics(lambda: now[0])
    assert metrics.answer("/live")[0] == 200, "starting is no fault"
    assert metrics.answer("/ready")[0] == 503
    metrics.tell(document())
    assert metrics.answer("/live")[0] == 200
    now[0] += STALE_SECS + 1
    assert metrics.answer("/live")[0] == 503
    assert metrics.answer("/ready")[0] == 503
