"""The same answers as JSON, under `/api`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request

from gaugetrail_collector.console.documents import asked
from gaugetrail_collector.console.documents.approvals import WaitingEdition
from gaugetrail_collector.console.documents.asked import (
    After,
    Day,
    Days,
    DocumentId,
    EditionNumber,
    Place,
    RecordPlace,
    WhichEdition,
    Words,
)
from gaugetrail_collector.console.documents.catalogue import DocumentRow, ShowDocuments, WantedDocuments
from gaugetrail_collector.console.documents.contents import TextShown
from gaugetrail_collector.console.documents.gauges import GaugeRow, ShowGauges, WantedGauges
from gaugetrail_collector.console.documents.people import PersonRow, ShowPeople, WantedPeople
from gaugetrail_collector.console.documents.stations import PcRow
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.console.pages import user_of
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.wording import edition_json, step_json

NOT_THERE: dict[int | str, dict[str, Any]] = {404: {"description": "there is no such thing"}}


def router(facts: Facts) -> APIRouter:
    """Every answer about documents."""
    api = APIRouter(prefix="/api")
    _documents(api, facts)
    _lists(api, facts)
    _waiting(api, facts)
    return api


def _documents(api: APIRouter, facts: Facts) -> None:
    @api.get("/documents", summary="Documents: what holds, what will, what waits")
    def documents(
        request: Request, q: Words = "", kind: Words = "", show: ShowDocuments = ShowDocuments.ALL, after: After = 0
    ) -> dict[str, Any]:
        with asked.in_sentences():
            wanted = WantedDocuments(q, asked.kind_of(kind), show, after)
        found = asked.documents(facts, wanted, user_of(request))
        at_us = now_us()
        return {
            "documents": [_row(row, at_us) for row in found.listing.rows],
            "total": found.listing.total,
            "next": found.listing.next,
            "texts_unread": found.unread,
        }

    @api.get("/document", summary="One edition with its text and its history", responses=NOT_THERE)
    def document(id: DocumentId, edition: EditionNumber = None) -> dict[str, Any]:  # noqa: A002 - the address's word
        with asked.in_sentences():
            found = asked.document(facts, id, edition)
        return {
            **edition_json(found.life, found.edition, now_us()),
            "valid": found.valid.validity,
            "in_words": found.valid.sentence,
            **_text(found.text, found.missing),
            "editions": [{"edition": one.number, "state": str(state)} for one, state in found.states],
            "history": [step_json(found.life, step) for step in found.steps],
        }

    @api.get("/worked-by", summary="Texts and rows that held for an inspection", responses=NOT_THERE)
    def worked_by(
        record: RecordPlace,
    ) -> dict[str, Any]:
        with asked.in_sentences():
            found = asked.trail(facts, record)
        if found is None:
            raise HTTPException(404, "no inspection stands in that place")
        texts = [
            {
                **asdict(one.found.named),
                "document": None if one.found.place is None else one.found.place[0].id,
                "edition": None if one.found.place is None else one.found.place[1].number,
                "today": None if one.today is None else one.today.sentence,
                **_text(one.text, one.found.reason),
            }
            for one in found.texts
        ]
        return {
            "record": found.record.id,
            "documents": texts,
            "rows": [asdict(row) for row in found.rows],
            "unknown": [{"kind": str(kind), "id": one} for kind, one in found.unknown],
        }


def _lists(api: APIRouter, facts: Facts) -> None:
    @api.get("/gauges", summary="Gauges of the registers in force, the first due first")
    def gauges(
        q: Words = "", show: ShowGauges = ShowGauges.ALL, place: Place = "", days: Days = 30, after: After = 0
    ) -> dict[str, Any]:
        found = asked.gauges(facts, WantedGauges(q, show, place, days, after))
        return {
            "gauges": [_gauge(row) for row in found.rows],
            "total": found.total,
            "next": found.next,
            "counts": {str(show): count for show, count in found.counts.items()},
            "unreadable": {one.life.id: one.fault for one in found.registers if one.fault},
        }

    @api.get("/people", summary="Who was qualified for what on a day")
    def people(
        q: Words = "",
        subject: Place = "",
        show: ShowPeople = ShowPeople.ALL,
        at: Day = "",
        days: Days = 30,
        after: After = 0,
    ) -> dict[str, Any]:
        with asked.in_sentences():
            found = asked.people(facts, WantedPeople(q, subject, show, days, after), asked.day_of(at))
        return {
            "day": found.day,
            "people": [_person(row) for row in found.rows],
            "total": found.total,
            "next": found.next,
            "counts": {str(show): count for show, count in found.counts.items()},
            "unreadable": {one.life.id: one.fault for one in found.lists if one.fault},
        }

    @api.get("/document-stations", summary="What line PCs and stations hold of the documents")
    def stations(document: Place = "", *, stale: bool = False, after: After = 0) -> dict[str, Any]:
        with asked.in_sentences():
            found = asked.stations(facts, document, only_stale=stale, after=after)
        pcs = [_pc(row) for row in found.rows]
        return {"pcs": pcs, "total": found.total, "stale": found.stale, "next": found.next}


def _waiting(api: APIRouter, facts: Facts) -> None:
    @api.get("/approvals", summary="What is in review, and whether whoever asks may approve it")
    def approvals(request: Request) -> dict[str, Any]:
        found, at_us = asked.awaiting(facts, user_of(request)), now_us()
        return {
            "mine": [_wait(one, at_us) for one in found.mine],
            "others": [_wait(one, at_us) for one in found.others],
            "more": found.more,
            "elsewhere": found.elsewhere or None,
        }

    @api.get("/approval", summary="What an edition would change, and whether whoever asks may approve it")
    def approval(request: Request, id: DocumentId, edition: WhichEdition) -> dict[str, Any]:  # noqa: A002
        with asked.in_sentences():
            found = asked.to_be_signed(facts, id, edition, user_of(request))
        changes = found.changes
        return {
            **edition_json(found.sheet.life, found.sheet.edition, now_us()),
            "against": None if changes.against is None else changes.against.number,
            "changes": None if changes.compared is None else list(changes.compared.as_json()),
            "reason": changes.reason or None,
            "refusal": found.refusal or None,
        }


def _row(row: DocumentRow, at_us: int) -> dict[str, Any]:
    return {
        "id": row.life.id,
        "kind": str(row.life.kind),
        "title": row.title,
        "parts": list(row.parts),
        "holding": None if row.holding is None else edition_json(row.life, row.holding, at_us),
        "coming": [edition_json(row.life, one, at_us) for one in row.coming],
        "waiting": [edition_json(row.life, one, at_us) for one in row.waiting],
    }


def _text(text: TextShown | None, missing: str) -> dict[str, Any]:
    return {"text": None if text is None else text.text, "reason": missing or (text.fault if text else "") or None}


def _gauge(row: GaugeRow) -> dict[str, Any]:
    return {
        **row.gauge.model_dump(mode="json"),
        "document": row.life.id,
        "edition": row.edition.number,
        "calibration": row.calibration,
        "days_left": row.days_left,
        "in_grace": row.in_grace,
        "used_at": [asdict(one) for one in row.uses],
    }


def _person(row: PersonRow) -> dict[str, Any]:
    return {
        "badge": row.person.badge,
        "name": row.person.name,
        "roles": list(row.person.roles),
        "document": row.life.id,
        "edition": row.edition.number,
        "qualifications_kept": row.kept,
        "qualifications": [
            {**asdict(cell), "expiring": subject in row.expiring} for subject, cell in row.cells.items()
        ],
    }


def _pc(row: PcRow) -> dict[str, Any]:
    return {
        **asdict(row.pc),
        "heard": utc_text(row.heard_us),
        "list_said": row.said,
        "lacking": row.lacking,
        "lacks": [{"id": one.id, "edition": one.edition} for one in row.lacks],
        "stations": [asdict(one) for one in row.stations],
    }


def _wait(one: WaitingEdition, at_us: int) -> dict[str, Any]:
    return {**edition_json(one.life, one.edition, at_us), "refusal": one.refusal or None}
