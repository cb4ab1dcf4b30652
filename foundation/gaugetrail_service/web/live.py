"""Server-sent events: a page's changing part, sent whole whenever it looks different.

A client that stops reading is cut by the web server; there are at most `MOST_LISTENERS` at a time, so that screens that
nobody switches off can't use up the service's connections. No framework: `events` is what an answer's body is made of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

MOST_LISTENERS = 24
LOOK_SECS = 0.25
REFRESH_SECS = 5.0
"""Ages on the page grow, so it is drawn again even when nothing happens."""


class Live:
    """The streams of one service's pages.

    `draw` makes the changing part of the page of that name, on a thread; `seen` is another thing whenever there may be
    something new to see; `closing` says that the service ends.
    """

    def __init__(self, draw: Callable[[str], str], seen: Callable[[], object], closing: Callable[[], bool]) -> None:
        self._draw = draw
        self._seen = seen
        self._closing = closing
        self._listeners = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another listener."""
        return self._listeners >= MOST_LISTENERS

    async def events(self, name: str) -> AsyncIterator[str]:
        """The events of a page, until the service closes."""
        self._listeners += 1
        try:
            sent = None
            while not self._closing():
                seen = self._seen()
                html = await asyncio.to_thread(self._draw, name)
                yield ": still here\n\n" if html == sent else _event(html)
                sent = html
                await self._change(seen)
        finally:
            self._listeners -= 1

    async def _change(self, seen: object) -> None:
        """Wait until something is new, at least a moment and at most until the page has aged."""
        waited = 0.0
        while waited < REFRESH_SECS:
            await asyncio.sleep(LOOK_SECS)
            waited += LOOK_SECS
            if self._closing() or self._seen() != seen:
                return


def _event(html: str) -> str:
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
