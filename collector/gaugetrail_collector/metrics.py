"""The collector's figures for Prometheus, and whether it is ready: `/metrics`, `/ready`, `/live` over HTTP.

Made from the last status document and nothing else: whoever asks touches neither store nor broker. `/live` says 503
when no document has come for half a minute, so a collector that hangs shows. Only this module meets prometheus_client.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as Families

from gaugetrail_contract.figures import COLLECTOR_FIGURES, collector_parts
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.web import Receive, Scope, Send

STALE_SECS = 30.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"

Answer = tuple[int, str, bytes]


class _CollectorFamilies(Families):
    """The last status document as Prometheus' families, made at each scrape."""

    def __init__(self, last: Callable[[], CollectorStatus | None]) -> None:
        self._last = last

    def collect(self) -> Iterator[Metric]:
        status = self._last()
        for figure in COLLECTOR_FIGURES if status is not None else ():
            assert status is not None
            family: GaugeMetricFamily | CounterMetricFamily
            if figure.kind == "counter":
                family = CounterMetricFamily(figure.name.removesuffix("_total"), figure.help, labels=figure.labels)
            else:
                family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.read(status):
                family.add_metric(labels, value)
            yield family


class CollectorMetrics:
    """An ASGI application that answers from the last document that `tell` was given."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._told: tuple[CollectorStatus, float] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_CollectorFamilies(lambda: self._told[0] if self._told else None))
        ProcessCollector(registry=self._registry)

    def tell(self, document: CollectorStatus) -> None:
        """The status document of this moment; from any thread."""
        self._told = (document, self._mono())

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        if scope["method"] in ("GET", "HEAD"):
            code, kind, body = self.answer(scope["path"])
        else:
            code, kind, body = 405, JSON, _json({"error": "GET /metrics, /ready or /live"})
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def answer(self, path: str) -> Answer:
        """Status code, content type and body for a path."""
        page = {"/metrics": self._metrics, "/ready": self._ready, "/live": self._live}.get(path)
        if page is None:
            return 404, JSON, _json({"error": "there is /metrics, /ready and /live"})
        return page()

    def _metrics(self) -> Answer:
        return 200, TEXT, generate_latest(self._registry)

    def _stale(self) -> str | None:
        if self._told is None:
            return "the collector is starting"
        age = self._mono() - self._told[1]
        return None if age < STALE_SECS else f"the collector has not reported for {age:.0f} s; it hangs"

    def _ready(self) -> Answer:
        stale = self._stale()
        if stale is not None or self._told is None:
            return 503, JSON, _json({"ready": False, "reason": stale})
        parts = collector_parts(self._told[0])
        ready = all(part.state != "failed" for part in parts.values())
        told = {name: {"state": part.state, "reason": part.reason} for name, part in parts.items()}
        return 200 if ready else 503, JSON, _json({"ready": ready, "parts": told})

    def _live(self) -> Answer:
        stale = self._stale()
        hangs = stale is not None and self._told is not None
        return 503 if hangs else 200, JSON, _json({"live": not hangs, "reason": stale})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"
