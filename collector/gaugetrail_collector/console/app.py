"""The application: pages and JSON behind the guard, and every fault as one clear sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gaugetrail_collector.console import api, logon, pages, statistics_pages
from gaugetrail_collector.console.amendments import deciding as amending
from gaugetrail_collector.console.dispositions import pages as dispositions
from gaugetrail_collector.console.documents import answers, deciding, looking
from gaugetrail_collector.console.facts import Facts
from gaugetrail_collector.console.suggestions import pages as suggestions
from gaugetrail_collector.intake.aside.set_aside import SetAsideFull
from gaugetrail_collector.intake.keys.agent_keys import KeysBroken
from gaugetrail_collector.stores import StoreDown
from gaugetrail_contract.escapes import visible
from gaugetrail_service.web.guard import MAX_BODY, Guard
from gaugetrail_service.web.password_desk import PasswordDesk
from gaugetrail_service.web.sessions import Sessions

SUMMARY = "What the collector knows, as JSON: the line now, the trail of an identifier, what is set aside, verify."
TITLES = {400: "That can't be asked", 403: "Not from here", 404: "There is no such page", 503: "Not now"}


def make_app(facts: Facts, hosts: Iterable[str], sessions: Sessions | None = None) -> Guard:
    """The application, guard included. `hosts` are the names that browsers may call it by, besides loopback's; with
    `sessions` everybody has to log on.
    """
    # The ready-made documentation pages draw their scripts from a foreign server, so there are none.
    app = FastAPI(
        title="Gaugetrail console", version=facts.about.version, summary=SUMMARY, docs_url=None, redoc_url=None
    )
    app.router.redirect_slashes = False
    desk = PasswordDesk()
    for router in (pages.router(facts), looking.router(facts), deciding.router(facts, sessions, desk)):
        app.include_router(router)
    app.include_router(amending.router(facts, sessions, desk))
    app.include_router(dispositions.router(facts, sessions, desk))
    app.include_router(suggestions.router(facts, sessions, desk))
    app.include_router(api.router(facts))
    app.include_router(answers.router(facts))
    app.include_router(statistics_pages.router(facts))
    if sessions is not None:
        facts.must_log_on = True
        app.include_router(logon.router(facts, sessions, desk))
    say = partial(_answer, facts)
    _own_faults(app, say)
    _askers_faults(app, say)
    return Guard(app, hosts, sessions)


Say = Callable[[Request, int, str], Response]


def _answer(facts: Facts, request: Request, code: int, reason: str) -> Response:
    """One sentence, for a person or a program."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": reason}, code)
    title = TITLES.get(code, "That did not work")
    return HTMLResponse(facts.page("trouble.html", "", title=title, reason=reason), code)


def _own_faults(app: FastAPI, say: Say) -> None:
    """What is wrong on this side."""

    @app.exception_handler(StoreDown)
    def down(request: Request, error: Exception) -> Response:
        return say(request, 503, f"the store can't answer: {visible(str(error))}; nothing is lost, try again later")

    @app.exception_handler(SetAsideFull)
    @app.exception_handler(KeysBroken)
    @app.exception_handler(sqlite3.Error)
    def broken(request: Request, error: Exception) -> Response:
        return say(request, 503, f"the collector's own files can't be used: {visible(str(error))}; is the disk full?")


def _askers_faults(app: FastAPI, say: Say) -> None:
    """What is wrong with the question."""

    @app.exception_handler(ClientDisconnect)
    def hung_up(request: Request, _: Exception) -> Response:
        """Nobody hears it; or there was more of a body than may be."""
        return say(request, 413, f"a body has at most {MAX_BODY} bytes, and all of them have to come")

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        reason = (
            f"there is nothing at {visible(request.url.path[:200])}" if error.detail == "Not Found" else error.detail
        )
        return say(request, error.status_code, reason)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        return say(request, 400, visible(f"{where}: {first['msg']}")[:300])
