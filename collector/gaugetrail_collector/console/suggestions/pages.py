"""`/suggestions`: open and answered ones; `/suggestion`: one of them, with the form to answer it; the list as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from gaugetrail_collector.console.documents.approvals import elsewhere
from gaugetrail_collector.console.documents.asked import in_sentences
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.console.pages import user_of
from gaugetrail_collector.console.proving import Fields, proven
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.stores import Store
from gaugetrail_collector.suggestions.known import Suggestion, named_suggestion, read_suggestions
from gaugetrail_collector.suggestions.office import SuggestionOffice, answers_as
from gaugetrail_service.web.password_desk import PasswordDesk
from gaugetrail_service.web.sessions import Sessions

SuggestionName = Annotated[str, Query(max_length=300, description="the suggestion's id, as the list has it")]
PAGE_OF_SUGGESTIONS = 200


@dataclass(frozen=True, slots=True)
class SuggestionListing:
    """Open ones, the oldest first, and answered ones, the newest first; of each a page, and how many stand on none."""

    open: tuple[Suggestion, ...]
    answered: tuple[Suggestion, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SuggestionShown:
    """One, and why this person can't answer it; empty where they can."""

    one: Suggestion
    refusal: str


def router(facts: Facts, sessions: Sessions | None, desk: PasswordDesk) -> APIRouter:
    """Pages and the list as JSON."""
    pages = APIRouter()
    _looking(pages, facts)
    if sessions is not None:
        _answering(pages, facts, sessions, desk)
    return pages


def _looking(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/suggestions", include_in_schema=False, response_class=HTMLResponse)
    def all_of_them() -> str:
        return _list(facts)

    @pages.get("/suggestion", include_in_schema=False, response_class=HTMLResponse)
    def one(id: SuggestionName, request: Request) -> HTMLResponse:  # noqa: A002 - the address's word
        with in_sentences():
            return _one(facts, {"id": id}, user_of(request))

    @pages.get("/api/suggestions", summary="What people at stations suggested, and what was answered")
    def as_json() -> dict[str, Any]:
        found = _listing(facts)
        told = {"open": [one.as_json() for one in found.open], "answered": [one.as_json() for one in found.answered]}
        return {**told, "more": found.more}


def _answering(pages: APIRouter, facts: Facts, sessions: Sessions, desk: PasswordDesk) -> None:
    @pages.post("/suggestion", include_in_schema=False, dependencies=[Depends(facts.from_our_page)])
    async def answer(request: Request) -> HTMLResponse:
        def done(fields: Fields, user: str) -> HTMLResponse:
            name, text = fields.get("id", ""), fields.get("text", "").strip()
            seen = fields.get("seen", "")
            record = facts.documents.decide(lambda at: SuggestionOffice(at).answer(name, text, user, seen))
            told = f"It is answered, and shown at the station to whoever made it (record {record})"
            return HTMLResponse(_list(facts, told))

        return await proven(request, sessions, desk, done, lambda *told: _one(facts, *told))


def _listing(facts: Facts) -> SuggestionListing:
    found = facts.questions.ask(read_suggestions)
    waiting = [one for one in found if one.last is None]
    answered = [one for one in reversed(found) if one.last is not None]
    most = PAGE_OF_SUGGESTIONS
    more = max(0, len(waiting) - most) + max(0, len(answered) - most)
    return SuggestionListing(tuple(waiting[:most]), tuple(answered[:most]), more)


def _list(facts: Facts, said: str = "") -> str:
    return facts.page("suggestions/list.html", "suggestions", found=_listing(facts), said=said)


def _one(facts: Facts, fields: Fields, user: str | None, trouble: str = "", code: int = 200) -> HTMLResponse:
    """What was typed stands there still, but for the password."""

    def question(store: Store, register: DocumentRegister) -> SuggestionShown:
        one = named_suggestion(read_suggestions(store), fields.get("id", ""))
        return SuggestionShown(one, _refusal(facts, store, register, user))

    found = facts.documents.ask(question)
    told = {"found": found, "fields": fields, "trouble": trouble}
    return HTMLResponse(facts.page("suggestions/one.html", "suggestions", user=user, **told), code)


def _refusal(facts: Facts, store: Store, register: DocumentRegister, user: str | None) -> str:
    """Why this person can't answer here; the desk judges it again."""
    if user is None:
        return "only a user who has logged on can answer; name users under [console]"
    try:
        answers_as(facts.documents.role_book(store, register, now_us()), user)
    except Declined as error:
        return str(error)
    return elsewhere(facts.documents, register)
