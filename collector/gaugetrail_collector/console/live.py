"""Server-sent events: a page's changing part, sent whole whenever it looks different.

A client that stops reading is cut by the web server; there are at most `MOST_LISTENERS` at a time, so that screens that
nobody switches off can't use up the console's connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gaugetrail_collector.console.facts import Facts

MOST_LISTENERS = 24
LOOK_SECS = 0.25
REFRESH_SECS = 5.0
"""Ages on the page grow, so it is drawn again even when nothing happens."""


class Live:
    """The streams of one console."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._listeners = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another listener."""
        return self._listeners >= MOST_LISTENERS

    async def events(self, name: str) -> AsyncIterator[str]:
        """The events of a page, until the console closes."""
        self._listeners += 1
        try:
            sent = None
            while not self._facts.closing:
                seen = self._seen()
                html = await asyncio.to_thread(self._facts.live, name)
                yield ": still here\n\n" if html == sent else _event(html)
                sent = html
                await self._change(seen)
        finally:
            self._listeners -= 1

    def _seen(self) -> tuple[object, ...]:
        return (self._facts.board.version, self._facts.verifying.last)

    async def _change(self, seen: tuple[object, ...]) -> None:
        """Wait until something is new, at least a moment and at most until the page has aged."""
        waited = 0.0
        while waited < REFRESH_SECS:
            await asyncio.sleep(LOOK_SECS)
            waited += LOOK_SECS
            if self._facts.closing or self._seen() != seen:
                return


def _event(html: str) -> str:
    return "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
