"""What somebody asks of documents, in the words of an address, and the answer that page and JSON both show.

Every answer is of one moment and one state of the store. What can't be asked is a `ValueError` with a sentence, what
isn't there `Declined`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import HTTPException, Query

from gaugetrail_collector.console.documents.approvals import (
    WaitingListing,
    WhatChanges,
    waiting_for,
    what_changes,
)
from gaugetrail_collector.console.documents.catalogue import DocumentListing, WantedDocuments, catalogue
from gaugetrail_collector.console.documents.gauges import GaugeListing, GaugeUse, WantedGauges, gauge_listing
from gaugetrail_collector.console.documents.one_document import DocumentSheet, sheet
from gaugetrail_collector.console.documents.people import PeopleListing, WantedPeople, people_listing
from gaugetrail_collector.console.documents.stations import StationListing, station_listing
from gaugetrail_collector.console.documents.trail import WorkedBy, worked_by
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.to_stations.at_stations import HeldThere, held_against
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import position_of
from gaugetrail_contract.clock import DAY_US, utc_text, utc_us
from gaugetrail_contract.distribution.pages import TooManyDocuments
from gaugetrail_contract.documents.editions import DocumentKind, Life

MOST_AFTER = 1_000_000

Words = Annotated[str, Query(max_length=200, description="each of these words stands in it")]
DocumentId = Annotated[str, Query(max_length=200, description="the document's id")]
EditionNumber = Annotated[int | None, Query(ge=1, le=MOST_AFTER, description="of the edition; else the one that holds")]
After = Annotated[int, Query(ge=0, le=MOST_AFTER, description="how many stood on the pages before")]
Days = Annotated[int, Query(ge=0, le=3650, description="how many days count as soon")]
Day = Annotated[str, Query(max_length=10, description="a day such as 2026-03-31; left out: today")]
Place = Annotated[str, Query(max_length=200)]
WhichEdition = Annotated[int, Query(ge=1, le=MOST_AFTER)]
RecordPlace = Annotated[str, Query(max_length=1000, description="the record's place in the store, as history links it")]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The list of documents, how many texts aren't looked into yet, and how many wait for whoever asks."""

    listing: DocumentListing
    unread: int
    faults: tuple[str, ...]
    mine: int
    elsewhere: str


@contextlib.contextmanager
def in_sentences() -> Iterator[None]:
    """What can't be asked is 400, what isn't there 404, each with its sentence."""
    try:
        yield
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    except Declined as error:
        raise HTTPException(404, str(error)) from error


def kind_of(text: str) -> DocumentKind | None:
    """Null for any. Raises `ValueError`."""
    if text and text not in set(DocumentKind):
        raise ValueError(f"there is no kind {text!r} of documents: {', '.join(DocumentKind)}")
    return DocumentKind(text) if text else None


def day_of(text: str) -> str:
    """Today where nothing is said. Raises `ValueError`."""
    try:
        return date.fromisoformat(text).isoformat() if text else utc_text(now_us())[:10]
    except ValueError as error:
        raise ValueError(f"{text!r} is no day of the calendar; write 2026-03-31") from error


def documents(facts: Facts, wanted: WantedDocuments, user: str | None) -> Catalogue:
    """A page of the list. Raises `StoreDown`."""
    known = facts.documents

    def question(store: Store, register: DocumentRegister) -> Catalogue:
        unread = known.look_into_texts(store, register)
        at_us = now_us()
        waiting = waiting_for(known, store, register, user, at_us)
        listing = catalogue(register, known.parts.of, wanted, at_us)
        mine = 0 if waiting.elsewhere else len(waiting.mine)
        return Catalogue(listing, unread, register.faults, mine, waiting.elsewhere)

    return known.ask(question)


def document(facts: Facts, of: str, edition: int | None) -> DocumentSheet:
    """One edition. Raises `Declined`, `StoreDown`."""
    known = facts.documents
    return known.ask(lambda store, register: sheet(known, store, known_life(register, of), edition, now_us()))


def gauges(facts: Facts, wanted: WantedGauges) -> GaugeListing:
    """A page of gauges, as they stand today. Raises `StoreDown`."""
    known, at_us = facts.documents, now_us()
    held = known.ask(lambda store, register: list(known.gauges.in_force(store, register, at_us)))
    return gauge_listing(held, _uses(facts), wanted, utc_text(at_us)[:10])


def _uses(facts: Facts) -> dict[str, tuple[GaugeUse, ...]]:
    """Which line PC has which gauge, as the PCs say; of which line, as their records do."""
    view = facts.board.view()
    lines = {one.agent: set[str]() for one in view.stations}
    for one in view.stations:
        lines[one.agent] |= {look.line for look in one.looks}
    found: dict[str, tuple[GaugeUse, ...]] = {}
    for name, heard in sorted(view.agents.items()):
        for number, gauge in heard.document.gauges.items():
            use = GaugeUse(name, tuple(sorted(lines.get(name, ()))), gauge.refused_at)
            found[number] = (*found.get(number, ()), use)
    return found


def people(facts: Facts, wanted: WantedPeople, day: str) -> PeopleListing:
    """A page of the matrix as it was at the end of that day. Raises `StoreDown`."""
    known = facts.documents
    at_us = min(now_us(), utc_us(f"{day}T00:00:00.000000Z") + DAY_US - 1)
    held = known.ask(lambda store, register: list(known.people.in_force(store, register, at_us)))
    return people_listing(held, wanted, day)


def stations(facts: Facts, of: str, *, only_stale: bool, after: int) -> StationListing:
    """A page of line PCs. Raises `StoreDown`, `ValueError`."""
    heard = facts.board.view().agents
    agents = {name: one.document for name, one in heard.items()}
    known = facts.documents

    def question(store: Store, register: DocumentRegister) -> list[HeldThere]:
        at_us = now_us()
        return held_against(known.wanted_root(store, register, at_us), register, agents, at_us)

    try:
        held = known.ask(question)
    except TooManyDocuments as error:
        raise ValueError(str(error)) from error
    return station_listing(held, heard, document=of, only_stale=only_stale, after=after)


def awaiting(facts: Facts, user: str | None) -> WaitingListing:
    """What is in review. Raises `StoreDown`."""
    known = facts.documents
    return known.ask(lambda store, register: waiting_for(known, store, register, user, now_us()))


@dataclass(frozen=True, slots=True)
class ToBeSigned:
    """An edition with what it changes; `refusal` says why this person can't approve it here, empty where they can."""

    sheet: DocumentSheet
    changes: WhatChanges
    refusal: str


def to_be_signed(facts: Facts, of: str, edition: int, user: str | None) -> ToBeSigned:
    """What somebody sees before they sign. Raises `Declined`, `StoreDown`."""
    known = facts.documents

    def question(store: Store, register: DocumentRegister) -> ToBeSigned:
        at_us = now_us()
        shown = sheet(known, store, known_life(register, of), edition, at_us)
        refusal = "only a user who has logged on can approve; name users under [console]"
        if user is not None:
            refusal = known.refusal(store, register, shown.life, edition, user)
        changes = what_changes(store, shown.life, shown.edition, at_us)
        return ToBeSigned(shown, changes, refusal)

    return known.ask(question)


def trail(facts: Facts, place: str) -> WorkedBy | None:
    """What the inspection in that place of the store was worked by. Raises `ValueError`, `StoreDown`."""
    at = position_of(place)
    known = facts.documents
    return known.ask(lambda store, register: worked_by(known, store, register, at, now_us()))


def life_of(facts: Facts, sha256: str) -> Life | None:
    """The document to which a file of that digest belongs; null where it is none's. Raises `StoreDown`."""
    lives = facts.documents.ask(lambda _, register: register).lives.values()
    files = ((life, file) for life in lives for edition in life.editions for file in edition.draft.attachments)
    return next((life for life, file in files if file.sha256 == sha256), None)
