"""`/unit`: the state of a unit or lot, whose word it is, and what this person may say of it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from gaugetrail_collector.console.documents.approvals import elsewhere
from gaugetrail_collector.console.documents.asked import in_sentences
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.console.pages import user_of
from gaugetrail_collector.console.proving import Fields, proven
from gaugetrail_collector.dispositions.known_units import KnownUnit, known_unit
from gaugetrail_collector.dispositions.office import DECIDED_STATES, DecidedState, DispositionOffice, WantedState
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing.time_words import moment_us
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.text import refuse_identifier, visible
from gaugetrail_contract.unit_states.changes import who_may
from gaugetrail_contract.unit_states.folding import StateNow
from gaugetrail_contract.unit_states.said import About
from gaugetrail_service.web.password_desk import PasswordDesk
from gaugetrail_service.web.sessions import Sessions

Identifier = Annotated[str, Query(max_length=1000, description="the serial or lot")]
Kind = Annotated[str, Query(max_length=40, description="serial or lot")]
MEANS: dict[DecidedState, str] = {
    "hold": "stations refuse it until somebody lets it go",
    "released": "it may go on; a lot only when every unit of it is done",
    "concession": "it may go on although it isn't as it should be",
    "scrap": "it never goes on",
    "rework": "it comes back and is inspected again",
}


@dataclass(frozen=True, slots=True)
class UnitShown:
    """A unit or lot, its state at the moment of the page, and what this person may say; `refusal` says why nothing."""

    unit: KnownUnit
    now: StateNow
    choices: tuple[DecidedState, ...]
    refusal: str


def router(facts: Facts, sessions: Sessions | None, desk: PasswordDesk) -> APIRouter:
    """The page, and the form on it."""
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @pages.get("/unit")
    def unit(id: Identifier, request: Request, kind: Kind = "serial") -> HTMLResponse:  # noqa: A002 - the address's word
        with in_sentences():
            return _page(facts, {"id": id, "kind": kind}, user_of(request))

    if sessions is not None:
        _saying(pages, facts, sessions, desk)
    return pages


def _saying(pages: APIRouter, facts: Facts, sessions: Sessions, desk: PasswordDesk) -> None:
    @pages.post("/unit", dependencies=[Depends(facts.from_our_page)])
    async def say(request: Request) -> HTMLResponse:
        def done(fields: Fields, user: str) -> HTMLResponse:
            wanted = _wanted(fields)
            records = facts.documents.decide(lambda at: DispositionOffice(at, now_us).say(wanted, user))
            told = f"It is {wanted.state} now (record {records[0]})"
            return _page(facts, {"id": fields["id"], "kind": fields["kind"]}, user, said=told)

        return await proven(request, sessions, desk, done, lambda *told: _page(facts, *told))


def _wanted(fields: Fields) -> WantedState:
    """Raises `Declined`, `ValueError`."""
    kind, identifier = _about(fields)
    state = next((one for one in DECIDED_STATES if one == fields.get("state")), None)
    if state is None:
        raise Declined("say what is to become of it")
    until = fields.get("until", "").strip()
    return WantedState(
        state,
        fields.get("reason", "").strip(),
        (identifier,) if kind == "serial" else (),
        identifier if kind == "lot" else None,
        fields.get("code", "").strip() or None,
        moment_us(until, now_us()) if until else None,
    )


def _about(fields: Fields) -> About:
    """Raises `ValueError`."""
    identifier, kind = fields.get("id", ""), fields.get("kind", "")
    if (reason := refuse_identifier(identifier)) is not None:
        raise ValueError(f'"{visible(identifier[:200])}" can\'t be an identifier: {reason}')
    if kind == "serial":
        return "serial", identifier
    if kind == "lot":
        return "lot", identifier
    raise ValueError("a state is that of a serial or of a lot")


def _shown(facts: Facts, about: About, user: str | None) -> UnitShown:
    def question(store: Store, register: DocumentRegister) -> UnitShown:
        at_us = now_us()
        unit = known_unit(store, about)
        now = unit.at(at_us)
        refusal = elsewhere(facts.documents, register)
        if user is None:
            refusal = "only a user who has logged on can decide that; name users under [console]"
        roles = frozenset[str]() if user is None else facts.documents.role_book(store, register, at_us).of(user)
        choices = tuple(one for one in DECIDED_STATES if _may(now.state, one, roles))
        return UnitShown(unit, now, choices, refusal or ("" if choices else f"nothing that {user} may say of it"))

    return facts.documents.ask(question)


def _may(before: UnitState, after: DecidedState, roles: frozenset[str]) -> bool:
    """Whether one of these roles may say it; the desk judges it again."""
    deciders = who_may(before, UnitState(after))
    return deciders is not None and any(deciders.include(role) for role in roles - {"auditor"})


def _page(
    facts: Facts, fields: Fields, user: str | None, trouble: str = "", code: int = 200, said: str = ""
) -> HTMLResponse:
    """What was typed stands there still, but for the password."""
    found = _shown(facts, _about(fields), user)
    told = {"found": found, "fields": fields, "trouble": trouble, "said": said, "means": MEANS}
    return HTMLResponse(facts.page("dispositions/unit.html", "search", user=user, **told), code)
