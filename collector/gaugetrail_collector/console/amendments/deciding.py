"""Where amendments are asked for and answered: `/amend`, `/amendments`, `/amendment`, and the list as JSON.

The password is asked for again, by the same desk and with the same waits as a log-on, so that a browser left open
decides nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from gaugetrail_collector.amendments.office import AmendmentOffice, Decided
from gaugetrail_collector.amendments.rules import WantedAmendment
from gaugetrail_collector.console.amendments import asked
from gaugetrail_collector.console.documents.asked import RecordPlace, in_sentences
from gaugetrail_collector.console.facts import Facts
from gaugetrail_collector.console.pages import user_of
from gaugetrail_collector.console.proving import Fields, proven
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_contract.amending.what import ACTIONS
from gaugetrail_service.web.password_desk import PasswordDesk
from gaugetrail_service.web.sessions import Sessions

RequestName = Annotated[str, Query(max_length=300, description="the request's id, as the list has it")]


def router(facts: Facts, sessions: Sessions | None, desk: PasswordDesk) -> APIRouter:
    """Pages and the list as JSON."""
    pages = APIRouter()
    _looking(pages, facts)
    if sessions is not None:
        _asking(pages, facts, sessions, desk)
        _answering(pages, facts, sessions, desk)
    return pages


def _looking(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/amendments", include_in_schema=False, response_class=HTMLResponse)
    def waiting(request: Request) -> str:
        user = user_of(request)
        return _list(facts, user)

    @pages.get("/amend", include_in_schema=False, response_class=HTMLResponse)
    def amend(record: RecordPlace, request: Request) -> HTMLResponse:
        with in_sentences():
            return _form(facts, {"record": record}, user_of(request))

    @pages.get("/amendment", include_in_schema=False, response_class=HTMLResponse)
    def one(id: RequestName, request: Request) -> HTMLResponse:  # noqa: A002 - the address's word
        with in_sentences():
            return _question(facts, {"id": id}, user_of(request))

    @pages.get("/api/amendments", summary="Amendments that wait for an approval, by whether you may give it")
    def as_json(request: Request) -> dict[str, Any]:
        found = asked.awaiting(facts, user_of(request))
        told = {
            name: [one.request.as_json() | {"refusal": one.refusal or None} for one in some]
            for name, some in (("mine", found.mine), ("others", found.others))
        }
        return {**told, "more": found.more}


def _asking(pages: APIRouter, facts: Facts, sessions: Sessions, desk: PasswordDesk) -> None:
    @pages.post("/amend", include_in_schema=False, dependencies=[Depends(facts.from_our_page)])
    async def ask(request: Request) -> HTMLResponse:
        def done(fields: Fields, user: str) -> HTMLResponse:
            said = _asked(facts, fields, user)
            words = "waits for another person's approval" if said.waits else "holds from now on"
            return _form(facts, {"record": fields.get("record", "")}, user, said=f"It {words} (record {said.record})")

        return await proven(request, sessions, desk, done, lambda *told: _form(facts, *told))


def _answering(pages: APIRouter, facts: Facts, sessions: Sessions, desk: PasswordDesk) -> None:
    @pages.post("/amendment", include_in_schema=False, dependencies=[Depends(facts.from_our_page)])
    async def answer(request: Request) -> HTMLResponse:
        def done(fields: Fields, user: str) -> HTMLResponse:
            said = _answered(facts, fields, user)
            words = f"{said.words}: {'approved' if fields['what'] == 'approve' else 'nothing came of it'}"
            return HTMLResponse(_list(facts, user, f"{words} (record {said.record})"))

        return await proven(request, sessions, desk, done, lambda *told: _question(facts, *told))


def _asked(facts: Facts, fields: Fields, user: str) -> Decided:
    """Raises `Declined`, `StoreDown`, `ValueError`."""
    found = asked.to_be_amended(facts, fields.get("record", ""), user)
    if fields.get("seen") != found.seen:
        raise Declined("the record has been amended since you opened the page: look at it again")
    action = next((one for one in ACTIONS if one == fields.get("action")), None)
    if action is None:
        raise Declined("say what is to become of it")
    takes_value = action in ("correct", "re-attribute")
    field = fields.get("field") if takes_value or action == "exclude" else None
    wanted = WantedAmendment(
        action,
        fields.get("reason", "").strip(),
        field or None,
        fields.get("new", "").strip() if takes_value else None,
        code=fields.get("code", "").strip() or None,
    )
    return facts.documents.decide(lambda desk: AmendmentOffice(desk).ask(found.target, wanted, user))


def _answered(facts: Facts, fields: Fields, user: str) -> Decided:
    """Raises `Declined`, `StoreDown`."""
    name, what, why = (fields.get(key, "").strip() for key in ("id", "what", "reason"))
    if what not in ("approve", "reject"):
        raise Declined("say whether you approve or reject it")
    if what == "approve":
        return facts.documents.decide(lambda desk: AmendmentOffice(desk).approve(name, user))
    return facts.documents.decide(lambda desk: AmendmentOffice(desk).refuse(name, user, why))


def _list(facts: Facts, user: str | None, said: str = "") -> str:
    waiting = asked.awaiting(facts, user)
    return facts.page("amendments/waiting.html", "documents", user=user, waiting=waiting, said=said)


def _form(
    facts: Facts, fields: Fields, user: str | None, trouble: str = "", code: int = 200, said: str = ""
) -> HTMLResponse:
    """Where it is asked for; what was typed stands there still, but for the password."""
    found = asked.to_be_amended(facts, fields.get("record", ""), user)
    told = {"found": found, "fields": fields, "trouble": trouble, "said": said, "means": asked.MEANS}
    return HTMLResponse(facts.page("amendments/amend.html", "search", user=user, **told), code)


def _question(facts: Facts, fields: Fields, user: str | None, trouble: str = "", code: int = 200) -> HTMLResponse:
    found = asked.to_be_answered(facts, fields.get("id", ""), user)
    told = {"found": found, "fields": fields, "trouble": trouble}
    return HTMLResponse(facts.page("amendments/answer.html", "documents", user=user, **told), code)
