"""What waits for approval, and the page where somebody signs: what changes, then what they say, then the password.

A step is the command's: `Desk` judges and writes it. The password is asked for again, by the same desk and with the
same waits as a log-on, so that a browser left open signs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from gaugetrail_collector.console.documents import asked
from gaugetrail_collector.console.documents.asked import DocumentId, WhichEdition
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.console.logon import address_of
from gaugetrail_collector.console.pages import form_of, user_of
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.stores import StoreDown
from gaugetrail_collector.tracing.time_words import moment_us
from gaugetrail_contract.documents import wording
from gaugetrail_contract.documents.editions import StepKind
from gaugetrail_contract.documents.wording import MEANING
from gaugetrail_service.web.password_desk import Busy, PasswordDesk
from gaugetrail_service.web.sessions import Sessions

STEPS = (StepKind.APPROVE, StepKind.REJECT)


@dataclass(frozen=True, slots=True)
class Signing:
    """What somebody typed and pressed."""

    document: str
    edition: int
    what: StepKind
    comment: str = ""
    effective: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """Raises `ValueError` with a sentence."""
        number, what = fields.get("edition", ""), fields.get("what", "")
        if not (number.isascii() and number.isdecimal() and 0 < len(number) <= 7) or what not in STEPS:
            raise ValueError("the form came in pieces; go back, reload it and do it again")
        comment, effective = fields.get("comment", "").strip(), fields.get("effective", "").strip()
        return cls(fields.get("document", ""), int(number), StepKind(what), comment, effective)


def router(facts: Facts, sessions: Sessions | None, desk: PasswordDesk) -> APIRouter:
    """`/approvals` and `/approval`."""
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @pages.get("/approvals")
    def approvals(request: Request) -> str:
        user = user_of(request)
        waiting = asked.awaiting(facts, user)
        return facts.page("documents/approvals.html", "documents", tab="approvals", waiting=waiting, user=user)

    @pages.get("/approval")
    def approval(request: Request, id: DocumentId, edition: WhichEdition) -> HTMLResponse:  # noqa: A002 - the address's word
        with asked.in_sentences():
            return _page(facts, Signing(id, edition, StepKind.APPROVE), user_of(request))

    if sessions is not None:
        _signing(pages, facts, sessions, desk)
    return pages


def _signing(pages: APIRouter, facts: Facts, sessions: Sessions, desk: PasswordDesk) -> None:
    @pages.post("/approval", dependencies=[Depends(facts.from_our_page)])
    async def sign(request: Request) -> HTMLResponse:
        fields, user = await form_of(request), user_of(request)
        with asked.in_sentences():
            signing = Signing.of(fields)
            effective_us = moment_us(signing.effective, now_us()) if signing.effective else None
        if user is None:
            raise HTTPException(403, "log on first")
        password, source = fields.get("password", ""), address_of(request)
        try:
            await desk.try_one(lambda: sessions.prove(user, password, source))
            return await run_in_threadpool(_signed, facts, signing, user, effective_us)
        except PermissionError as error:
            code, trouble = 403, f"{error}; nothing was done"
        except Busy as error:
            code, trouble = 503, str(error)
        except StoreDown as error:
            told = f"the store stopped answering ({error}): look at the document's history before you sign again"
            raise HTTPException(503, told) from error
        except Declined as error:
            code, trouble = 409, f"{error}. Nothing was done"
        with asked.in_sentences():
            return await run_in_threadpool(_page, facts, signing, user, trouble, code)


def _signed(facts: Facts, signing: Signing, user: str, effective_us: int | None) -> HTMLResponse:
    """The step, and the document after it. Raises `Declined`, `StoreDown`."""
    done = facts.documents.take(signing.what, signing.document, signing.edition, user, signing.comment, effective_us)
    life, edition = done.life, done.edition
    said = f"{wording.name(life, edition)}: {wording.state_words(life, edition, now_us())} (record {done.record})"
    shown = asked.document(facts, life.id, edition.number)
    return HTMLResponse(facts.page("documents/document.html", "documents", tab="list", sheet=shown, said=said))


def _page(facts: Facts, signing: Signing, user: str | None, trouble: str = "", code: int = 200) -> HTMLResponse:
    """Where it is signed; what was typed stands there still, but for the password."""
    found = asked.to_be_signed(facts, signing.document, signing.edition, user)
    context = {"found": found, "signing": signing, "user": user, "trouble": trouble}
    meanings = {step: MEANING[step] for step in STEPS}
    html = facts.page("documents/approval.html", "documents", tab="approvals", meanings=meanings, **context)
    return HTMLResponse(html, code)
