"""A service's figures for Prometheus, and whether it is ready: `/metrics`, `/ready`, `/live` over HTTP.

Made from the last status document and nothing else, and served on a thread and an event loop of its own (`web`):
whoever asks, however slowly or often, touches no device, spool, store or broker. `/live` says 503 when no document has
come for half a minute, so a service that hangs shows. No framework and no template: one small ASGI application.

Only this module meets prometheus_client. It is loaded where the settings have `[metrics]`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as PrometheusSource

from gaugetrail_contract.figures import Figure, ReadyPart
from gaugetrail_service.web.server import Receive, Scope, Send, Web

STALE_SECS = 30.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"

D = TypeVar("D")
Answer = tuple[int, str, bytes]


class _Families(PrometheusSource, Generic[D]):
    """The last status document as Prometheus' families, made at each scrape."""

    def __init__(self, figures: tuple[Figure[D], ...], last: Callable[[], D | None]) -> None:
        self._figures = figures
        self._last = last

    def collect(self) -> Iterator[Metric]:
        status = self._last()
        if status is None:
            return
        for figure in self._figures:
            family: GaugeMetricFamily | CounterMetricFamily
            if figure.kind == "counter":
                family = CounterMetricFamily(figure.name.removesuffix("_total"), figure.help, labels=figure.labels)
            else:
                family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.read(status):
                family.add_metric(labels, value)
            yield family


class Metrics(Generic[D]):
    """An ASGI application that answers from the last document that `tell` was given. `who` is what the service is
    called in its answers; `parts` says how each part of it does.
    """

    def __init__(
        self,
        who: str,
        figures: tuple[Figure[D], ...],
        parts: Callable[[D], Mapping[str, ReadyPart]],
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._who = who
        self._parts = parts
        self._mono = mono
        self._told: tuple[D, float] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Families(figures, lambda: self._told[0] if self._told else None))
        ProcessCollector(registry=self._registry)

    def tell(self, document: D) -> None:
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
            return f"the {self._who} is starting"
        age = self._mono() - self._told[1]
        return None if age < STALE_SECS else f"the {self._who} has not reported for {age:.0f} s; it hangs"

    def _ready(self) -> Answer:
        stale = self._stale()
        if stale is not None or self._told is None:
            return 503, JSON, _json({"ready": False, "reason": stale})
        parts = self._parts(self._told[0])
        ready = all(part.state != "failed" for part in parts.values())
        told = {name: {"state": part.state, "reason": part.reason} for name, part in parts.items()}
        return 200 if ready else 503, JSON, _json({"ready": ready, "parts": told})

    def _live(self) -> Answer:
        stale = self._stale()
        hangs = stale is not None and self._told is not None
        return 503 if hangs else 200, JSON, _json({"live": not hangs, "reason": stale})


class MetricsServer(Generic[D]):
    """`Metrics` on a port of their own."""

    def __init__(self, metrics: Metrics[D], host: str, port: int, port_file: Path) -> None:
        self._web = Web("metrics", metrics, host, port, port_file)
        self.tell = metrics.tell
        self.start = self._web.start
        self.stop = self._web.stop

    @property
    def trouble(self) -> str | None:
        """Why nobody can ask; null when all is well."""
        return self._web.trouble


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"
