"""The pages: one function for each address, each asks the facts and fills a template."""

from __future__ import annotations

import urllib.parse
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from gaugetrail_collector.console.facts import LIVE_PAGES, PAGE_OF_ENTRIES, Facts, now_us
from gaugetrail_collector.console.history import Found, find, history
from gaugetrail_collector.console.shown import FOLDER
from gaugetrail_collector.stores.question import Position, Window, position_of
from gaugetrail_collector.tracing.time_words import window_of
from gaugetrail_collector.tracing.trace import KINDS
from gaugetrail_contract.text import refuse_identifier, visible
from gaugetrail_service.web.guard import USER
from gaugetrail_service.web.live import Live

MAX_NUMBER = 2**53
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

Number = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="the entry's number")]
Asked = Annotated[str, Query(max_length=1000)]
Kind = Annotated[str, Query(max_length=40, description="only as this kind: serial, lot, component, gauge …")]
Short = Annotated[str, Query(max_length=60, description="a time such as 2026-11-01 or 30d (ago)")]
Place = Annotated[str, Query(max_length=1000, description="where the page before ended")]


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
    def services(request: Request) -> str:
        return facts.page("services.html", "services", user=user_of(request), **facts.live_context("services"))

    @pages.get("/let-go")
    def let_go(agent: Asked, request: Request) -> str:
        return facts.page("let_go.html", "services", agent=agent, user=user_of(request))

    @pages.get("/verify")
    def verify() -> str:
        return facts.page("verify.html", "verify", **facts.live_context("verify"))

    @pages.get("/search")
    def search(q: Asked = "", kind: Kind = "", since: Short = "", until: Short = "", after: Place = "") -> HTMLResponse:
        form = {"q": q, "kind": kind, "since": since, "until": until}
        trouble, found = None, Found()
        if q:
            try:
                window, place = asked(q, since, until, after)
                found = facts.questions.ask(lambda store: find(store, q, kind or None, window, place))
            except ValueError as error:
                trouble = str(error)
        html = facts.page("search.html", "search", **form, kinds=KINDS, trouble=trouble, found=found)
        return HTMLResponse(html, 400 if trouble else 200)

    @pages.get("/history")
    def trail(id: Asked = "", kind: Kind = "", after: Place = "") -> HTMLResponse:  # noqa: A002 - the address's word
        try:
            _, place = asked(id, "", "", after)
        except ValueError as error:
            return HTMLResponse(
                facts.page("trouble.html", "search", title="That can't be asked", reason=str(error)), 400
            )
        answer = facts.questions.ask(lambda store: history(store, id, kind or None, place))
        html = facts.page("history.html", "search", q=id, trail=answer, first=not after)
        return HTMLResponse(html, 200 if answer else 404)

    @pages.get("/set-aside")
    def set_aside(after: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = 0, *, closed: bool = False) -> str:
        entries = facts.set_aside.entries(after, PAGE_OF_ENTRIES, closed=closed)
        more = entries[-1].id if len(entries) == PAGE_OF_ENTRIES else None
        put_by = facts.set_aside.count(closed=True)
        return facts.page("set_aside.html", "set-aside", entries=entries, more=more, closed=closed, put_by=put_by)

    @pages.get("/set-aside/{number}")
    def one(number: Number, request: Request) -> HTMLResponse:
        return entry_page(facts, number, None, user_of(request))


def _changing(pages: APIRouter, facts: Facts) -> None:
    ours = Depends(facts.from_our_page)

    @pages.post("/verify", dependencies=[ours])
    def begin() -> RedirectResponse:
        facts.verifying.begin()
        return RedirectResponse("/verify", 303)

    @pages.post("/set-aside/{number}/retry", dependencies=[ours])
    def retry(number: Number, request: Request) -> HTMLResponse:
        try:
            said = facts.retry(number)
        except LookupError:
            return entry_page(facts, number, None, user_of(request))
        return entry_page(facts, number, said, user_of(request))

    @pages.post("/set-aside/{number}/close", dependencies=[ours])
    async def close(number: Number, request: Request) -> HTMLResponse:
        fields, user = await form_of(request), user_of(request)
        try:
            said = await run_in_threadpool(facts.close_entry, number, user, fields.get("why", ""))
        except LookupError:
            return entry_page(facts, number, None, user)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return entry_page(facts, number, said, user)

    @pages.post("/services/let-go", dependencies=[ours])
    async def let_go(request: Request) -> Response:
        fields = await form_of(request)
        agent, why = fields.get("agent", ""), fields.get("why", "")
        try:
            await run_in_threadpool(facts.let_agent_go, agent, user_of(request), why)
        except LookupError as error:
            raise HTTPException(404, f"no agent called {visible(agent[:100])!r} is gone") from error
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        return RedirectResponse("/services", 303)


def _moving(pages: APIRouter, facts: Facts) -> None:
    live = Live(facts.live, lambda: (facts.board.version, facts.verifying.last, facts.own_state), lambda: facts.closing)
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
        return Response(static[name], media_type=TYPES[name.rpartition(".")[2]])


def user_of(request: Request) -> str | None:
    """Who has logged on; null where nobody has to."""
    user = request.scope.get(USER)
    return user if isinstance(user, str) else None


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of ours."""
    return dict(urllib.parse.parse_qsl((await request.body()).decode("utf-8", "replace")))


def entry_page(facts: Facts, number: int, said: str | None, user: str | None) -> HTMLResponse:
    """A set-aside entry, or the word that it is no longer there (after a retry that went well, that is good news)."""
    entry = facts.set_aside.get(number)
    html = facts.page("entry.html", "set-aside", entry=entry, number=number, said=said, user=user)
    return HTMLResponse(html, 200 if entry is not None or said is not None else 404)


def asked(identifier: str, since: str, until: str, after: str) -> tuple[Window, Position | None]:
    """The window and the place of a question. Raises `ValueError` with a sentence for what can't be asked."""
    reason = refuse_identifier(identifier)
    if reason is not None:
        raise ValueError(f'"{visible(identifier[:200])}" can\'t be an identifier: {reason}')
    window = window_of(since or None, until or None, None, now_us())
    return window, position_of(after) if after else None
