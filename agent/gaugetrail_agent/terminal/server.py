"""JSON lines over loopback TCP: the agent's stations for terminals on the same PC.

A client's first line is `{"token": "<contents of data_dir/terminal.token>"}`, its second `{"station": "OP20"}`; from
then on it gets the station's display as one line at each change and may send `{"typed": "<text>"}`, or `{"scanned":
"<text>"}` for what a reader typed, which is never taken for a PIN. With `"whole": true` in the second line it gets
all that is to be seen of the station instead, as the lines of `onlookers`. A display holds sentences (`prompt`,
`message`, those of `notices`) with their ids beside them (`asks`, `says`), so that a page may find words of its own;
`messages` are to be read by whoever is here; while `masked` is true a PIN is waited for, and what is typed is to be
hidden; `light` is the part's, `sign` the station's. Anything else gets `{"error": …}` and is closed. The token is a
file that only the service's user can read, so another user of the PC, or a web page in its browser, gets nothing.
Lines are at most 4,096 bytes; there are at most 16 clients; one that stops reading loses the oldest displays, never
the newest.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

from gaugetrail_agent.terminal.onlookers import Onlookers
from gaugetrail_contract import strict_json

log = logging.getLogger(__name__)

MAX_LINE = 4096
MAX_CLIENTS = 16
FIRST_LINES_SECS = 10.0

Document = Mapping[str, object]
"""A station's display as its JSON object."""
Typed = Callable[[str, str, bytes], None]


def make_token(path: Path) -> str:
    """A fresh token in a file readable by its owner only; the file is replaced at each start."""
    token = secrets.token_urlsafe(24)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    fresh.replace(path)
    return token


class TerminalServer:
    """Serves displays and takes texts. `typed(station, text, raw)` is called for each: with its bytes where a reader
    typed it.
    """

    def __init__(
        self, port: int, token_path: Path, stations: tuple[str, ...], typed: Typed, onlookers: Onlookers
    ) -> None:
        self._port = port
        self._token_path = token_path
        self._typed = typed
        self._onlookers = onlookers
        self._displays: dict[str, Document] = {}
        self._queues: dict[str, set[asyncio.Queue[Document]]] = {station: set() for station in stations}
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._token = ""

    @property
    def port(self) -> int:
        """The port it listens on, once started (the one chosen, where 0 was configured)."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken."""
        self._token = make_token(self._token_path)
        self._server = await asyncio.start_server(self._client, "127.0.0.1", self._port, limit=MAX_LINE)

    async def stop(self) -> None:
        """Close all connections; may be called without `start`."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()

    def show(self, station: str, display: Document) -> None:
        """The station's display has changed: tell every terminal that shows it."""
        self._displays[station] = display
        for queue in self._queues[station]:
            if queue.full():  # a terminal that has stopped reading: the newest word matters most
                queue.get_nowait()
            queue.put_nowait(display)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            if len(self._clients) > MAX_CLIENTS:
                await _refuse(writer, f"{MAX_CLIENTS} terminals are connected already; close one")
                return
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the terminal went away, or the agent stops
        finally:
            self._clients.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(FIRST_LINES_SECS):
                token = _text(await _line(reader), "token")
                if not hmac.compare_digest(token.encode(), self._token.encode()):
                    await _refuse(writer, f"wrong token; it stands in {self._token_path.name} of the agent's data_dir")
                    return
                wanted = await _line(reader)
                station = _text(wanted, "station")
        except TimeoutError:
            await _refuse(writer, "no token and station came in time")
            return
        except ValueError as error:
            await _refuse(writer, str(error))
            return
        if station not in self._queues:
            known = ", ".join(sorted(self._queues)) or "none"
            await _refuse(writer, f"no station {station!r} here; there is {known}")
            return
        if wanted.get("whole") is True:
            await self._talk(reader, writer, station, self._onlookers.tell(station, writer))
            return
        queue: asyncio.Queue[Document] = asyncio.Queue(64)
        self._queues[station].add(queue)
        try:
            if station in self._displays:
                queue.put_nowait(self._displays[station])
            await self._talk(reader, writer, station, _send_all(writer, queue))
        finally:
            self._queues[station].discard(queue)

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        station: str,
        show: Coroutine[None, None, None],
    ) -> None:
        showing = asyncio.create_task(show)
        showing.add_done_callback(lambda task: _ended(task, writer, station))
        try:
            while True:
                try:
                    said = await _line(reader)
                    is_scan = "scanned" in said
                    text = _text(said, "scanned" if is_scan else "typed")
                except EOFError:
                    return
                except ValueError as error:
                    await _refuse(writer, str(error))
                    return
                self._typed(station, text, text.encode("utf-8", "replace") if is_scan else b"")
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


async def _send_all(writer: asyncio.StreamWriter, queue: asyncio.Queue[Document]) -> None:
    while True:
        writer.write(json.dumps(await queue.get(), ensure_ascii=False).encode() + b"\n")
        await writer.drain()


def _ended(showing: asyncio.Task[None], writer: asyncio.StreamWriter, station: str) -> None:
    """Whatever stops what a terminal is shown closes it: else it would show what is over as the present."""
    error = None if showing.cancelled() else showing.exception()
    if error is not None:
        writer.close()
        if not isinstance(error, OSError):
            log.error("%s: its terminal can't be drawn", station, exc_info=error, extra={"event": "terminal"})


async def _line(reader: asyncio.StreamReader) -> Mapping[str, object]:
    """The next line's object. Raises `ValueError` for anything else, `EOFError` at the end."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise EOFError from error
    except asyncio.LimitOverrunError as error:
        raise ValueError(f"a line has more than {MAX_LINE} bytes") from error
    return strict_json.parse_object(line)


def _text(line: Mapping[str, object], key: str) -> str:
    """The string under `key`. Raises `ValueError` for anything else."""
    value = line.get(key)
    if not isinstance(value, str):
        raise ValueError(f'this line must read {{"{key}": "…"}}')
    return value


async def _refuse(writer: asyncio.StreamWriter, reason: str) -> None:
    writer.write(json.dumps({"error": reason}, ensure_ascii=False).encode() + b"\n")
    await writer.drain()
