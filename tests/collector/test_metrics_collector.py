"""The figures door of the collector: the status document in Prometheus' words, readiness with reasons."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gaugetrail_contract.figures import COLLECTOR_FIGURES, collector_parts
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.web.metrics import STALE_SECS, Metrics


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


def collector_metrics(mono: Callable[[], float] = time.monotonic) -> Metrics[CollectorStatus]:
    return Metrics("collector", COLLECTOR_FIGURES, collector_parts, mono)


def samples(page: bytes) -> dict[str, float]:
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_figures_are_those_of_the_status_document() -> None:
    metrics = collector_metrics()
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
    metrics = collector_metrics()
    metrics.tell(status)
    code, _, body = metrics.answer("/ready")
    told = json.loads(body)
    assert code == 503
    assert told["parts"][part]["state"] == "failed"
    assert told["parts"][part]["reason"] == getattr(status, f"{part}_detail")


def test_set_aside_is_a_warning_with_the_command_that_lists_it() -> None:
    metrics = collector_metrics()
    metrics.tell(document(set_aside=2))
    code, _, body = metrics.answer("/ready")
    assert code == 200
    assert "set-aside ls" in json.loads(body)["parts"]["set_aside"]["reason"]


def test_a_collector_that_hangs_is_neither_live_nor_ready() -> None:
    now = [100.0]
    metrics = collector_metrics(lambda: now[0])
    assert metrics.answer("/live")[0] == 200
    metrics.tell(document())
    now[0] += STALE_SECS + 1
    assert metrics.answer("/live")[0] == 503
    assert metrics.answer("/ready")[0] == 503
