"""A live page shows what is new within a moment, ages when nothing is, and ends with its service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gaugetrail_service.web import live
from gaugetrail_service.web.live import MOST_LISTENERS, Live


class Page:
    def __init__(self) -> None:
        self.version = 0
        self.text = "no part\nyet"
        self.closed = False
        self.live = Live(lambda name: f"{name}: {self.text}", lambda: self.version, lambda: self.closed)

    def say(self, text: str) -> None:
        self.text = text
        self.version += 1


async def next_of(events: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(events)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECS", 0.001)


def test_a_change_is_sent_whole_line_by_line() -> None:
    async def watch() -> None:
        page = Page()
        events = page.live.events("line")
        assert await next_of(events) == "data: line: no part\ndata: yet\n\n"
        page.say("SN1 green")
        assert await next_of(events) == "data: line: SN1 green\n\n"

    asyncio.run(watch())


def test_without_news_the_page_is_drawn_anew_and_sent_only_if_it_looks_different(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "REFRESH_SECS", 0.003)

    async def watch() -> None:
        page = Page()
        events = page.live.events("line")
        await next_of(events)
        assert await next_of(events) == ": still here\n\n"
        page.text = "a minute ago"
        assert await next_of(events) == "data: line: a minute ago\n\n"

    asyncio.run(watch())


def test_streams_end_with_the_service_and_give_their_place_back() -> None:
    async def watch() -> None:
        page = Page()
        streams = [page.live.events("line") for _ in range(MOST_LISTENERS)]
        for one in streams[:-1]:
            await next_of(one)
        assert not page.live.full
        await next_of(streams[-1])
        assert page.live.full
        page.closed = True
        for one in streams:
            with pytest.raises(StopAsyncIteration):
                await next_of(one)
        assert not page.live.full

    asyncio.run(watch())
