"""The same answers as JSON, described in `/openapi.json`: for scripts on this machine and for other people's pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field

from gaugetrail_collector.console.board import Look
from gaugetrail_collector.console.facts import PAGE_OF_ENTRIES, Facts
from gaugetrail_collector.console.history import PAGE_OF_RECORDS
from gaugetrail_collector.console.pages import MAX_NUMBER, Kind, Number, Place, Short, asked
from gaugetrail_collector.console.questions import Verified
from gaugetrail_collector.console.troubles import troubles
from gaugetrail_collector.intake.aside.reasons import in_words
from gaugetrail_collector.intake.aside.set_aside import Entry
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.tracing.trace import Question, gathered, pages
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.status import AgentStatus, CollectorStatus

Identifier = Annotated[str, Query(max_length=1000, description="a serial, lot, order, heat, operator, component …")]


class StationNow(BaseModel):
    """One station: its last inspections, newest first."""

    agent: str
    station: str
    state: str | None = Field(description="what it waits for, in its agent's word")
    online: bool
    faults: list[str] = Field(description="its devices that are gone, in sentences")
    notices: list[str] = Field(description="what its operator is told that isn't well, the worst first")
    first_pass_yield: float | None = Field(description="of the last inspections; null while there is none")
    looks: tuple[Look, ...]


class LineNow(BaseModel):
    """The line at this moment."""

    time: str
    broker: str = Field(description="up, down or unknown, as this collector finds it")
    store: str = Field(description="up, down or unknown, as this collector finds it")
    troubles: list[str] = Field(description="of this collector itself, in sentences")
    as_of: str | None = Field(description="when anybody was last heard by way of the broker")
    alarms: list[str]
    records_waiting: int | None = Field(description="null while the broker is away: nobody can say")
    stations: list[StationNow]


class Services(BaseModel):
    """The last words of every agent and collector."""

    agents: dict[str, AgentStatus]
    collectors: dict[str, CollectorStatus]


class SetAsideEntry(BaseModel):
    """One line that could not be understood or stored."""

    id: int
    time: str
    topic: str
    reason: str
    in_words: str = Field(description="the reason in people's words")
    times: int
    agent: str | None
    epoch: str | None
    seq: int | None
    sha256: str | None
    bytes: int
    raw_hex: str = Field(description="its bytes")


class Said(BaseModel):
    """What came of it."""

    said: str


class VerifyState(BaseModel):
    """How the last verification stands."""

    running: bool
    started: str | None
    secs: float | None
    trouble: str | None
    proof: dict[str, Any] | None


def router(facts: Facts) -> APIRouter:
    """Every answer under `/api`."""
    api = APIRouter(prefix="/api")
    _line(api, facts)
    _records(api, facts)
    _set_aside(api, facts)
    return api


def _line(api: APIRouter, facts: Facts) -> None:
    @api.get("/line", summary="The line now")
    def line() -> LineNow:
        view = facts.board.view()
        return LineNow(
            time=utc_text(view.now_us),
            broker=view.own.broker,
            store=view.own.store,
            troubles=[one.sentence for one in troubles(view)],
            as_of=None if view.as_of_us is None else utc_text(view.as_of_us),
            alarms=[f"{who}: {what}" for who, what in view.alarms],
            records_waiting=view.waiting,
            stations=[
                StationNow(
                    agent=one.agent,
                    station=one.station,
                    state=one.state,
                    online=one.online,
                    faults=[f"{device}: {detail}" for device, detail in one.faults],
                    notices=list(one.notices),
                    first_pass_yield=one.first_pass_yield,
                    looks=one.looks,
                )
                for one in view.stations
            ],
        )

    @api.get("/services", summary="Agents and collectors, as they last said")
    def services() -> Services:
        view = facts.board.view()
        return Services(
            agents={name: heard.document for name, heard in view.agents.items()},
            collectors={name: heard.document for name, heard in view.collectors.items()},
        )


def _records(api: APIRouter, facts: Facts) -> None:
    @api.get("/trace", summary="Everything known of an identifier", responses={404: {"description": "nothing is"}})
    def trail(
        id: Identifier,  # noqa: A002 - the address's own word
        kind: Kind = "",
        since: Short = "",
        until: Short = "",
        after: Place = "",
    ) -> dict[str, Any]:
        try:
            window, place = asked(id, since, until, after)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        question = Question((Asked(kind or None, id),), window)
        page = facts.questions.ask(lambda store: next(pages(store, question, place, PAGE_OF_RECORDS)))
        if not page.known:
            raise HTTPException(404, f"nothing is known of {id!r}")
        return gathered(id, (page,)).as_json() | {"next": None if page.next is None else str(page.next)}

    @api.get("/verify", summary="The last verification")
    def verified() -> VerifyState:
        return _state(facts.verifying.last)

    @api.post("/verify", summary="Begin a verification", dependencies=[Depends(facts.from_our_page)])
    def verify() -> VerifyState:
        facts.verifying.begin()
        return _state(facts.verifying.last)


def _set_aside(api: APIRouter, facts: Facts) -> None:
    @api.get("/set-aside", summary="What is set aside, oldest first")
    def entries(after: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = 0) -> list[SetAsideEntry]:
        return [_entry(entry) for entry in facts.set_aside.entries(after, PAGE_OF_ENTRIES)]

    @api.post("/set-aside/{number}/retry", summary="Try an entry again", dependencies=[Depends(facts.from_our_page)])
    def retry(number: Annotated[Number, Path()]) -> Said:
        try:
            return Said(said=facts.retry(number))
        except LookupError as error:
            raise HTTPException(404, f"there is no entry {number}") from error


def _entry(entry: Entry) -> SetAsideEntry:
    return SetAsideEntry(
        id=entry.id,
        time=utc_text(entry.first_us),
        topic=entry.topic,
        reason=entry.reason,
        in_words=in_words(entry.reason).what,
        times=entry.times,
        agent=entry.agent,
        epoch=entry.epoch,
        seq=entry.seq,
        sha256=entry.sha256,
        bytes=len(entry.raw),
        raw_hex=entry.raw.hex(),
    )


def _state(last: Verified | None) -> VerifyState:
    return VerifyState(
        running=last is not None and last.running,
        started=None if last is None else utc_text(last.started_us),
        secs=None if last is None else last.secs,
        trouble=None if last is None else last.trouble,
        proof=None if last is None or last.proof is None else last.proof.as_json(),
    )
