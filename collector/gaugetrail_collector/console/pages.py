"""The pages: one function for each address, each asks the facts and fills a template."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from gaugetrail_collector.console.facts import LIVE_PAGES, PAGE_OF_ENTRIES, Facts
from gaugetrail_collector.console.history import Found, find, history
from gaugetrail_collector.console.live import Live
from gaugetrail_collector.console.shown import FOLDER
from gaugetrail_contract.text import refuse_identifier, visible

MAX_NUMBER = 2**53
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

Number = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="the entry's number")]
Asked = Annotated[str, Query(max_length=1000)]
Kind = Annotated[str | None, Query(max_length=40)]


def router(facts: Facts) -> APIRouter:
    """Every page of the console."""
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _looking(pages, facts)
    _changing(pages, facts)
    _moving(pages, facts)
    return pages


def _looking(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/")
    def line() -> str:
        return facts.page("line.html", "line", **facts.live_context("line"))

    @pages.get("/services")
    def services() -> str:
        return facts.page("services.html", "services", **facts.live_context("services"))

    @pages.get("/verify")
    def verify() -> str:
        return facts.page("verify.html", "verify", **facts.live_context("verify"))

    @pages.get("/search")
    def search(q: Asked = "") -> HTMLResponse:
        trouble = refusal(q) if q else None
        found = facts.questions.ask(lambda store: find(store, q)) if q and trouble is None else Found()
        html = facts.page("search.html", "search", q=q, trouble=trouble, found=found)
        return HTMLResponse(html, 400 if trouble else 200)

    @pages.get("/history")
    def trail(id: Asked = "", kind: Kind = None) -> HTMLResponse:  # noqa: A002 - the address's own word
        trouble = refusal(id)
        if trouble is not None:
            return HTMLResponse(facts.page("search.html", "search", q=id, trouble=trouble, found=Found()), 400)
        answer = facts.questions.ask(lambda store: history(store, id, kind or None))
        return HTMLResponse(facts.page("history.html", "search", q=id, trail=answer), 200 if answer else 404)

    @pages.get("/set-aside")
    def set_aside(after: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = 0) -> str:
        entries = facts.set_aside.entries(after, PAGE_OF_ENTRIES)
        more = entries[-1].id if len(entries) == PAGE_OF_ENTRIES else None
        return facts.page("set_aside.html", "set-aside", entries=entries, more=more)

    @pages.get("/set-aside/{number}")
    def one(number: Number) -> HTMLResponse:
        return entry_page(facts, number, None)


def _changing(pages: APIRouter, facts: Facts) -> None:
    ours = Depends(facts.from_our_page)

    @pages.post("/verify", dependencies=[ours])
    def begin() -> RedirectResponse:
        facts.verifying.begin()
        return RedirectResponse("/verify", 303)

    if facts.retry is None:
        return
    again = facts.retry

    @pages.post("/set-aside/{number}/retry", dependencies=[ours])
    def retry(number: Number) -> HTMLResponse:
        try:
            said = again(number)
        except LookupError:
            return entry_page(facts, number, None)
        return entry_page(facts, number, said)


def _moving(pages: APIRouter, facts: Facts) -> None:
    live = Live(facts)
    static = {path.name: path.read_bytes() for path in (FOLDER / "static").iterdir()}

    @pages.get("/live/{name}")
    async def stream(name: str) -> StreamingResponse:
        if name not in LIVE_PAGES:
            raise HTTPException(404, "there is no such page")
        if live.full:
            raise HTTPException(503, "too many screens are watching already; close one")
        return StreamingResponse(live.events(name), media_type="text/event-stream")

    @pages.get("/static/{name}")
    def asset(name: str) -> Response:
        if name not in static:
            raise HTTPException(404, "there is no such file")
        return Response(static[name], media_type=KINDS[name.rpartition(".")[2]])


def entry_page(facts: Facts, number: int, said: str | None) -> HTMLResponse:
    """A set-aside entry, or the word that it is no longer there (after a retry that went well, that is good news)."""
    entry = facts.set_aside.get(number)
    html = facts.page("entry.html", "set-aside", entry=entry, number=number, said=said)
    return HTMLResponse(html, 200 if entry is not None or said is not None else 404)


def refusal(identifier: str) -> str | None:
    """Why nothing can be known of this identifier, in a sentence; null when it may be asked for."""
    reason = refuse_identifier(identifier)
    return None if reason is None else f'"{visible(identifier[:200])}" can\'t be an identifier: {reason}'
