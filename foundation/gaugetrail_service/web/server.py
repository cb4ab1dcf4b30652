"""The web server: runs an ASGI application on a thread and an event loop of its own, so that it shares no fate.

Promise: at most `MAX_CONNECTIONS` at a time, the rest are closed at once; a request that isn't whole within
`REQUEST_SECS` of its first byte (or of the connection) is cut; a client that stops reading is cut after `SEND_SECS`. A
taken port is said and tried again; the service works on without it. Only this module meets uvicorn.

Not promised: TLS and many users. Whoever wants them puts a reverse proxy in front.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from gaugetrail_contract.files import write_whole

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64
REQUEST_SECS = 10.0
SEND_SECS = 20.0
KEEP_ALIVE_SECS = 10
MAX_HEAD_BYTES = 16_384
RETRY_SECS = 10.0
STOP_SECS = 5.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _Deadline(H11Protocol):
    """uvicorn's connection with a time limit for the whole request; by itself it waits for ever for a slow one."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._begin()

    def data_received(self, data: bytes) -> None:
        self._begin()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_SECS, self.transport.abort)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Web:
    """One application on one port. `name` is what the log calls it; `on_stop` lets its endless answers end."""

    def __init__(
        self, name: str, app: App, host: str, port: int, port_file: Path, on_stop: Callable[[], None] = lambda: None
    ) -> None:
        self.trouble: str | None = None
        self._name = name
        self._app = app
        self._host = host
        self._port = port
        self._port_file = port_file
        self._on_stop = on_stop
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve, in the background. The port is written to `port_file` once it is open."""
        self._port_file.unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and what is open; may be called without `start`."""
        self._stopping.set()
        self._on_stop()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(STOP_SECS)

    def _run(self) -> None:
        uvicorns = logging.getLogger("uvicorn.error")
        uvicorns.setLevel(logging.WARNING)
        uvicorns.addFilter(_HUNG_UP)
        try:
            while not self._stopping.is_set():
                self._serve()
        except Exception:
            log.exception("%s: ended by a fault of its own; the service works on without it", self._name)
            self.trouble = f"{self._name}: ended by a fault of its own; see the log"

    def _serve(self) -> None:
        try:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            listener = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            self._say(f"{self._name}: can't listen on {self._host}:{self._port}: {error.strerror or error}")
            self._stopping.wait(RETRY_SECS)
            return
        with contextlib.closing(listener):
            port = int(listener.getsockname()[1])
            self.trouble = None
            write_whole(self._port_file, str(port).encode())
            log.info("%s: http://%s:%d/", self._name, self._host, port, extra={"event": self._name, "port": port})
            self._server = uvicorn.Server(
                uvicorn.Config(
                    _hurry(self._app),
                    http=_Deadline,
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    proxy_headers=False,
                    limit_concurrency=MAX_CONNECTIONS + 1,
                    timeout_keep_alive=KEEP_ALIVE_SECS,
                    timeout_graceful_shutdown=1,
                    h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                )
            )
            if not self._stopping.is_set():
                self._server.run(sockets=[listener])

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("%s; trying again every %.0f s", trouble, RETRY_SECS, extra={"event": self._name})
        self.trouble = trouble


class _HungUp(logging.Filter):
    """A client that goes away, or doesn't read what it asked for, is no fault of ours: uvicorn gives it a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is worth showing."""
        error = record.exc_info[1] if record.exc_info else None
        return error is None or not _is_hang_up(error)


def _is_hang_up(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_hang_up(one) for one in error.exceptions)
    return isinstance(error, (TimeoutError, ConnectionError))


_HUNG_UP = _HungUp()


def _hurry(app: App) -> App:
    """The application, with a time limit on each piece that a client has to take."""

    async def hurried(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECS):
                await send(message)

        await app(scope, receive, send_in_time)

    return hurried
