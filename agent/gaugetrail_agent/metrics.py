"""The agent's figures for Prometheus, and whether it is ready: `/metrics`, `/ready`, `/live` over HTTP.

Made from the last status document and nothing else, on a thread and an event loop of its own: whoever asks, however
slowly or often, touches no serial port, no spool and no lock of the agent. A request is one GET of at most 2,048 bytes
within five seconds and is answered once; there are at most eight at a time. `/live` says 503 when no document has come
for half a minute, so an agent that hangs shows. A taken port is said and tried again; the agent works on without it.

Only this module meets prometheus_client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gaugetrail_contract.figures import AGENT_FIGURES, agent_parts
from gaugetrail_contract.status import AgentStatus

log = logging.getLogger(__name__)

MAX_REQUEST = 2048
MAX_CLIENTS = 8
REQUEST_SECS = 5.0
STALE_SECS = 30.0
RETRY_SECS = 10.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"
REQUEST = re.compile(rb"(GET|HEAD) (/[!-~]*) HTTP/1\.[01]\r\n")
METHOD = re.compile(rb"[A-Z]{1,16} /")
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

Answer = tuple[int, str, bytes]


class _AgentFamilies(Collector):
    """The last status document as Prometheus' families, made at each scrape."""

    def __init__(self, last: Callable[[], AgentStatus | None]) -> None:
        self._last = last

    def collect(self) -> Iterator[Metric]:
        status = self._last()
        for figure in AGENT_FIGURES if status is not None else ():
            assert status is not None
            family: GaugeMetricFamily | CounterMetricFamily
            if figure.kind == "counter":
                family = CounterMetricFamily(figure.name.removesuffix("_total"), figure.help, labels=figure.labels)
            else:
                family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.read(status):
                family.add_metric(labels, value)
            yield family


class AgentMetrics:
    """Answers from the last document that `tell` was given. Pure but for the process's own figures."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        self._mono = mono
        self._told: tuple[AgentStatus, float] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_AgentFamilies(lambda: self._told[0] if self._told else None))
        ProcessCollector(registry=self._registry)

    def tell(self, document: AgentStatus) -> None:
        """The status document of this moment; from any thread."""
        self._told = (document, self._mono())

    def answer(self, path: str) -> Answer:
        """Status code, content type and body for a path."""
        page = {"/metrics": self._metrics, "/ready": self._ready, "/live": self._live}.get(path.partition("?")[0])
        if page is None:
            return 404, JSON, _json({"error": "there is /metrics, /ready and /live"})
        return page()

    def _metrics(self) -> Answer:
        return 200, TEXT, generate_latest(self._registry)

    def _stale(self) -> str | None:
        if self._told is None:
            return "the agent is starting"
        age = self._mono() - self._told[1]
        return None if age < STALE_SECS else f"the agent has not reported for {age:.0f} s; it hangs"

    def _ready(self) -> Answer:
        stale = self._stale()
        if stale is not None or self._told is None:
            return 503, JSON, _json({"ready": False, "reason": stale})
        parts = agent_parts(self._told[0])
        ready = all(part.state != "failed" for part in parts.values())
        told = {name: {"state": part.state, "reason": part.reason} for name, part in parts.items()}
        return 200 if ready else 503, JSON, _json({"ready": ready, "parts": told})

    def _live(self) -> Answer:
        stale = self._stale()
        hangs = stale is not None and self._told is not None
        return 503 if hangs else 200, JSON, _json({"live": not hangs, "reason": stale})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"


class MetricsServer:
    """Serves `Metrics` on a thread of its own. `start` and `stop` never wait for a client."""

    def __init__(self, host: str, port: int, port_file: Path, request_secs: float = REQUEST_SECS) -> None:
        self.trouble: str | None = None
        self._request_secs = request_secs
        self._metrics = AgentMetrics()
        self.tell = self._metrics.tell
        self._host = host
        self._port = port
        self._port_file = port_file
        self._clients = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to serve, in the background."""
        self._port_file.unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection; may be called without `start`."""
        if self._thread.ident is None:
            return
        self._begun.wait(REQUEST_SECS)
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(REQUEST_SECS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            log.exception("metrics: ended by a fault of its own; the agent works on without figures")
            self.trouble = "metrics: ended by a fault of its own; see the log"

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._begun.set()
        while not self._stopping.is_set():
            try:
                server = await asyncio.start_server(self._client, self._host, self._port, limit=MAX_REQUEST)
            except OSError as error:
                self._say(f"metrics: can't listen on {self._host}:{self._port}: {error.strerror or error}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), RETRY_SECS)
                continue
            port = int(server.sockets[0].getsockname()[1])
            self.trouble = None
            self._port_file.write_text(str(port))
            log.info("metrics: http://%s:%d/metrics", self._host, port, extra={"event": "metrics", "port": port})
            await self._stopping.wait()
            server.close()

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("%s; trying again every %.0f s", trouble, RETRY_SECS, extra={"event": "metrics"})
        self.trouble = trouble

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            async with asyncio.timeout(self._request_secs):
                writer.write(await self._answer(reader))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # went away, or too slow
        finally:
            self._clients -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        if self._clients > MAX_CLIENTS:
            with contextlib.suppress(TimeoutError, asyncio.LimitOverrunError):
                async with asyncio.timeout(self._request_secs / 10):  # one that closes unread resets the connection
                    await reader.readuntil(b"\r\n\r\n")
            return _response((503, JSON, _json({"error": f"{MAX_CLIENTS} are asking already"})))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return _response((400, JSON, _json({"error": f"a request has at most {MAX_REQUEST} bytes"})))
        return respond(self._metrics, head)


def respond(metrics: AgentMetrics, head: bytes) -> bytes:
    """The whole response to a request's head. Any bytes give one, never an exception."""
    request = REQUEST.match(head)
    if request is None:
        code = 405 if METHOD.match(head) and not head.startswith((b"GET ", b"HEAD ")) else 400
        return _response((code, JSON, _json({"error": "GET /metrics, /ready or /live"})))
    return _response(metrics.answer(request[2].decode("ascii")), body=request[1] == b"GET")


def _response(answer: Answer, *, body: bool = True) -> bytes:
    code, kind, data = answer
    head = (
        f"HTTP/1.1 {code} {REASONS[code]}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + (data if body else b"")
