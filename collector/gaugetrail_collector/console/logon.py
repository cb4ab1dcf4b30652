"""The pages to log on and off, where the settings name users."""

from __future__ import annotations

import urllib.parse

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gaugetrail_collector.console.facts import Facts
from gaugetrail_service.web_sessions import COOKIE, SESSION_SECS, Sessions


def router(facts: Facts, sessions: Sessions) -> APIRouter:
    """`/login` and `/logout`."""
    pages = APIRouter(include_in_schema=False)
    ours = Depends(facts.from_our_page)

    @pages.get("/login")
    def ask() -> HTMLResponse:
        return HTMLResponse(facts.page("login.html", "login", name="", trouble=None))

    @pages.post("/login", dependencies=[ours])
    async def log_on(request: Request) -> Response:
        fields = dict(urllib.parse.parse_qsl((await request.body()).decode("utf-8", "replace")))
        name, password = fields.get("name", ""), fields.get("password", "")
        try:
            key = await run_in_threadpool(sessions.log_on, name, password)
        except PermissionError as error:
            return HTMLResponse(facts.page("login.html", "login", name=name[:200], trouble=str(error)), 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, key, max_age=int(SESSION_SECS), httponly=True, samesite="strict")
        return answer

    @pages.post("/logout", dependencies=[ours])
    def log_off(request: Request) -> RedirectResponse:
        sessions.log_off(request.headers.get("cookie", ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return pages
