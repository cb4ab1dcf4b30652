"""A network between two programs that can be cut, or go dead without a word: a TCP relay on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time


class Wire:
    """Relays to `target`. Use as a context manager; whoever should feel the damage connects to `port`."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._down = self._dead = False

    def __enter__(self) -> Wire:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def blip(self, secs: float) -> None:
        """Break every connection and let nobody in for so long."""
        self._down = True
        self._do(self._break_all())
        time.sleep(secs)
        self._down = False

    def die(self, secs: float) -> None:
        """Half-open for so long: connections stand, the sender's bytes are taken and nothing arrives anywhere."""
        self._dead = True
        time.sleep(secs)
        self._do(self._break_all())
        self._dead = False

    def _do(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._break_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _break_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            if self._down:
                return
            answers, there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(there)
            await asyncio.gather(self._pump(reader, there), self._pump(answers, writer))
        except (OSError, asyncio.CancelledError):
            pass  # one end has gone, or the drill is over
        finally:
            for one in (writer, there):
                if one is not None:
                    self._writers.discard(one)
                    one.transport.abort()
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self._dead:
                writer.write(data)
                await writer.drain()
        # The end of one direction ends both: nobody here uses half of a connection.
        with contextlib.suppress(OSError):
            writer.transport.abort()
