"""The agent's side of the desk: a thread with an event loop of its own, which answers and never asks the agent's loop.

At most `MOST_ASKERS` at once; a question comes within `ASK_SECS` in one line of at most `LONGEST_LINE` bytes; an asker
that takes nothing for `TAKE_SECS` is let go. If the desk can't be set up, the agent works on without and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping

from gaugetrail_agent.inquiries.address import DeskPlace
from gaugetrail_agent.links.wire_tap import Chunk, Onlooker, WireTap
from gaugetrail_contract import strict_json
from gaugetrail_contract.clock import utc_text

log = logging.getLogger(__name__)

MOST_ASKERS = 8
LONGEST_LINE = 4096
ASK_SECS = 5.0
TAKE_SECS = 60.0
HELD_BYTES = 16_384
"""Of answers that an asker hasn't taken yet; behind them a tap loses lines and says so."""
END_SECS = 5.0


class InquiryDesk:
    """Answers questions from `start` to `stop`; neither waits for an asker."""

    def __init__(
        self, place: DeskPlace, report: Callable[[], Mapping[str, object]], taps: Mapping[str, WireTap]
    ) -> None:
        self.trouble: str | None = None
        self.unlock: Callable[[Mapping[str, object]], Mapping[str, object]] = lambda _: {
            "error": "nobody is locked here"
        }
        """Answers who asks that a person may try their PIN again; blocks its thread."""
        self._place = place
        self._report = report
        self._taps = taps
        self._token = ""
        self._askers: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inquiries", daemon=True)

    def start(self) -> None:
        """Open the desk; returns once it answers, or can't be opened."""
        self._thread.start()
        self._begun.wait(END_SECS)

    def stop(self) -> None:
        """Close the desk and let go of every asker; may be called without `start`."""
        if self._thread.ident is None:
            return
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(END_SECS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._say(f"nobody can ask this agent how it is: {self._place.data_dir}: {error.strerror or error}")
        except Exception:
            log.exception("inquiries: ended by a fault of its own; the agent works on")
            self.trouble = "nobody can ask this agent how it is: a fault of ours, see the log"
        finally:
            self._begun.set()

    def _say(self, trouble: str) -> None:
        self.trouble = trouble
        log.error("%s; the agent works on", trouble, extra={"event": "inquiries"})

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        listening, self._token = self._place.listen()
        start = asyncio.start_unix_server if self._place.unix else asyncio.start_server
        server = await start(self._asker, sock=listening, limit=LONGEST_LINE)
        self._begun.set()
        try:
            await self._stopping.wait()
        finally:
            server.close()
            self._place.clear()
            for asker in list(self._askers):
                asker.cancel()
            await asyncio.gather(*self._askers, return_exceptions=True)

    async def _asker(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._askers.add(task)
        writer.transport.set_write_buffer_limits(HELD_BYTES)
        try:
            if len(self._askers) > MOST_ASKERS:
                await _tell(writer, {"error": f"{MOST_ASKERS} are asking already; try again when one has ended"})
            else:
                await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # went away, takes nothing, or the agent stops
        finally:
            self._askers.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() > HELD_BYTES else writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ASK_SECS):
                question = strict_json.parse_object(await reader.readuntil(b"\n"))
        except (ValueError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, TimeoutError) as error:
            why = f"no question came in {ASK_SECS:g} s" if isinstance(error, TimeoutError) else "this is no question"
            await _tell(writer, {"error": f'{why}; ask in one line, such as {{"ask": "status"}}'})
            return
        if self._token and not hmac.compare_digest(str(question.get("token")).encode(), self._token.encode()):
            await _tell(writer, {"error": f"wrong token; it stands in {self._place.note.name} of the agent's data_dir"})
            return
        match question.get("ask"):
            case "status":
                await _tell(writer, self._report())
            case "unlock":
                await _tell(writer, await asyncio.to_thread(self.unlock, question))
            case "tap":
                await self._tap(str(question.get("device")), reader, writer)
            case other:
                await _tell(writer, {"error": f"nobody here knows {other!r}; ask for status or tap"})

    async def _tap(self, device: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tap = self._taps.get(device)
        if tap is None:
            there = ", ".join(sorted(self._taps)) or "none"
            await _tell(writer, {"error": f"this agent has no device {device!r}; there is {there}"})
            return
        loop, more = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the desk has closed meanwhile
                loop.call_soon_threadsafe(more.set)

        onlooker = Onlooker(wake)
        tap.look_on(onlooker)  # before it is said: what comes from then on is shown
        try:
            await _tell(writer, {"device": device, "looking": True})
            await _until_gone(_show(onlooker, more, writer), reader)
        finally:
            tap.look_away(onlooker)


async def _until_gone(work: Coroutine[None, None, None], reader: asyncio.StreamReader) -> None:
    """Do it until it ends or the asker hangs up."""
    tasks = (asyncio.create_task(work), asyncio.create_task(reader.read(1)))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _show(onlooker: Onlooker, more: asyncio.Event, writer: asyncio.StreamWriter) -> None:
    while True:
        await more.wait()
        more.clear()
        lost, chunks = onlooker.take()
        if lost:
            await _tell(writer, {"lost": lost})
        for chunk in chunks:
            await _tell(writer, chunk_line(chunk))


def chunk_line(chunk: Chunk) -> dict[str, object]:
    """A chunk as tap and status tell it."""
    return {"time": utc_text(chunk.us), "way": chunk.way, "hex": chunk.data.hex()}


async def _tell(writer: asyncio.StreamWriter, line: Mapping[str, object]) -> None:
    writer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    async with asyncio.timeout(TAKE_SECS):
        await writer.drain()
