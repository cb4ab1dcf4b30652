"""The pages to log on and off, where the settings name users."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gaugetrail_collector.console.facts import Facts
from gaugetrail_collector.console.pages import form_of
from gaugetrail_service.web.password_desk import Busy, PasswordDesk
from gaugetrail_service.web.sessions import COOKIE, SESSION_SECS, Sessions, source_of


def router(facts: Facts, sessions: Sessions, desk: PasswordDesk) -> APIRouter:
    """`/login` and `/logout`."""
    pages = APIRouter(include_in_schema=False)
    ours = Depends(facts.from_our_page)

    @pages.get("/login")
    def ask() -> HTMLResponse:
        return HTMLResponse(facts.page("login.html", "login", name="", trouble=None))

    @pages.post("/login", dependencies=[ours])
    async def log_on(request: Request) -> Response:
        fields = await form_of(request)
        name, password = fields.get("name", ""), fields.get("password", "")
        source = address_of(request)
        try:
            if reason := sessions.refuse(name, source):
                raise PermissionError(reason)
            key = await desk.try_one(lambda: sessions.log_on(name, password, source))
        except PermissionError as error:
            return HTMLResponse(facts.page("login.html", "login", name=name[:200], trouble=str(error)), 403)
        except Busy as error:
            page = facts.page("login.html", "login", name=name[:200], trouble=str(error))
            return HTMLResponse(page, 503, {"retry-after": "3"})
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, key, max_age=int(SESSION_SECS), httponly=True, samesite="strict")
        return answer

    @pages.post("/logout", dependencies=[ours])
    def log_off(request: Request) -> RedirectResponse:
        sessions.log_off(request.headers.get("cookie", ""), address_of(request))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return pages


def address_of(request: Request) -> str:
    """Where a request comes from, for counting wrong guesses."""
    return source_of(request.client.host if request.client is not None else "", request.headers)
