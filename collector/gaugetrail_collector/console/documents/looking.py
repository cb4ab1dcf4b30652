"""The pages of documents that change nothing: one function for each address."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from gaugetrail_collector.console.documents import asked
from gaugetrail_collector.console.documents.asked import (
    After,
    Day,
    Days,
    DocumentId,
    EditionNumber,
    Place,
    RecordPlace,
    Words,
)
from gaugetrail_collector.console.documents.catalogue import ShowDocuments, WantedDocuments
from gaugetrail_collector.console.documents.gauges import ShowGauges, WantedGauges
from gaugetrail_collector.console.documents.people import ShowPeople, WantedPeople
from gaugetrail_collector.console.facts import Facts
from gaugetrail_collector.console.pages import user_of
from gaugetrail_collector.documents import attachments
from gaugetrail_contract.documents.editions import DocumentKind

Digest = Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="of the file")]


def router(facts: Facts) -> APIRouter:
    """Every page of documents but the one that takes steps."""
    pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _documents(pages, facts)
    _lists(pages, facts)
    _records(pages, facts)
    return pages


def _documents(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/documents")
    def documents(
        request: Request, q: Words = "", kind: Words = "", show: ShowDocuments = ShowDocuments.ALL, after: After = 0
    ) -> str:
        with asked.in_sentences():
            wanted = WantedDocuments(q, asked.kind_of(kind), show, after)
        found = asked.documents(facts, wanted, user_of(request))
        return _page(facts, "list", found=found, wanted=wanted, kinds=DocumentKind, shows=ShowDocuments)

    @pages.get("/document")
    def document(id: DocumentId, edition: EditionNumber = None) -> str:  # noqa: A002 - the address's word
        with asked.in_sentences():
            found = asked.document(facts, id, edition)
        return facts.page("documents/document.html", "documents", tab="list", sheet=found, said=None)

    @pages.get("/document/file")
    def file(sha256: Digest) -> Response:
        life = asked.life_of(facts, sha256)
        place = None if life is None else attachments.whole_at(facts.documents.here.attachments, sha256)
        if life is None or place is None:
            raise HTTPException(404, "that file isn't here as it was; ask at the collector that writes documents")
        names = {one.sha256: one.name for edition in life.editions for one in edition.draft.attachments}
        return FileResponse(place, media_type="application/octet-stream", filename=_plain(names[sha256]))


def _lists(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/gauges")
    def gauges(
        q: Words = "", show: ShowGauges = ShowGauges.ALL, place: Place = "", days: Days = 30, after: After = 0
    ) -> str:
        wanted = WantedGauges(q, show, place, days, after)
        return _page(facts, "gauges", found=asked.gauges(facts, wanted), wanted=wanted, shows=ShowGauges)

    @pages.get("/people")
    def people(
        q: Words = "",
        subject: Place = "",
        show: ShowPeople = ShowPeople.ALL,
        at: Day = "",
        days: Days = 30,
        after: After = 0,
    ) -> str:
        wanted = WantedPeople(q, subject, show, days, after)
        with asked.in_sentences():
            found = asked.people(facts, wanted, asked.day_of(at))
        return _page(facts, "people", found=found, wanted=wanted, at=at, shows=ShowPeople)

    @pages.get("/document-stations")
    def stations(document: Place = "", *, stale: bool = False, after: After = 0) -> str:
        with asked.in_sentences():
            found = asked.stations(facts, document, only_stale=stale, after=after)
        return _page(facts, "stations", found=found, document=document, stale=stale, view=facts.board.view())


def _records(pages: APIRouter, facts: Facts) -> None:
    @pages.get("/worked-by")
    def worked_by(record: RecordPlace) -> HTMLResponse:
        with asked.in_sentences():
            found = asked.trail(facts, record)
        html = facts.page("documents/worked_by.html", "search", trail=found)
        return HTMLResponse(html, 200 if found is not None else 404)


def _page(facts: Facts, tab: str, **context: object) -> str:
    return facts.page(f"documents/{tab}.html", "documents", tab=tab, **context)


def _plain(name: str) -> str:
    """A file's name that no browser or shell takes for anything else."""
    return re.sub(r"[^\w.() -]", "_", name)[:150].lstrip(".") or "file"
