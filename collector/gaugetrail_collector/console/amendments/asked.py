"""What somebody sees before they amend a record or answer a request, and what waits for whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gaugetrail_collector.amendments.named import record_at
from gaugetrail_collector.amendments.office import AmendmentOffice
from gaugetrail_collector.amendments.requests import AmendmentRequest, read_requests, waiting_request
from gaugetrail_collector.amendments.rules import (
    AmendedRecord,
    approves_as,
    asks_as,
)
from gaugetrail_collector.console.documents.approvals import elsewhere
from gaugetrail_collector.console.facts import Facts, now_us
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import position_of
from gaugetrail_contract.amending.what import ACTIONS, Action, attributed, says
from gaugetrail_contract.documents.rights import RoleBook
from gaugetrail_contract.record import Inspection

PAGE_OF_WAITING = 100
NOBODY = "only a user who has logged on can decide that; name users under [console]"
MEANS: dict[Action, str] = {
    "correct": "a value is another one",
    "re-attribute": "it is of another serial, lot, order …",
    "exclude": "statistics leave the value out; none chosen: all of them",
    "void": "it doesn't count",
    "annotate": "the reason is a note; nothing changes",
}


@dataclass(frozen=True, slots=True)
class FieldNow:
    """What a record can be corrected or re-attributed in, and what holds of it."""

    name: str
    now: str


@dataclass(frozen=True, slots=True)
class ToBeAmended:
    """A record with what can be said of it; `refusal` says why this person can't, empty where they can."""

    target: AmendedRecord
    actions: tuple[Action, ...]
    measured: tuple[FieldNow, ...]
    attributed: tuple[FieldNow, ...]
    waiting: tuple[AmendmentRequest, ...]
    refusal: str

    @property
    def seen(self) -> str:
        """What was said of the record when the page was made, as a digest."""
        said = "\n".join(sorted(one.row.sha256 for one in self.target.amendments))
        return hashlib.sha256(said.encode()).hexdigest()


def to_be_amended(facts: Facts, place: str, user: str | None) -> ToBeAmended:
    """What somebody sees before they ask. Raises `ValueError`, `Declined`, `StoreDown`."""
    at = position_of(place)

    def question(store: Store, register: DocumentRegister) -> ToBeAmended:
        target = record_at(store, at)
        record = target.known.record
        waits = tuple(one for one in read_requests(store) if one.said.target_sha256 == target.known.row.sha256)
        return ToBeAmended(
            target,
            ACTIONS if isinstance(record, Inspection) else ("void", "annotate"),
            _measured(target),
            _attributed(target),
            tuple(one for one in waits if one.fate == "waits"),
            _may_ask(facts, store, register, user),
        )

    return facts.documents.ask(question)


def _measured(target: AmendedRecord) -> tuple[FieldNow, ...]:
    now = target.now
    if now is None:
        return ()
    names = dict.fromkeys(one.characteristic for one in now.record.measurements)
    return tuple(FieldNow(name, says(now.record, name) or "") for name in names)


def _attributed(target: AmendedRecord) -> tuple[FieldNow, ...]:
    now = target.now
    return () if now is None else tuple(FieldNow(one, says(now.record, one) or "") for one in attributed(now.record))


def _may_ask(facts: Facts, store: Store, register: DocumentRegister, user: str | None) -> str:
    if user is None:
        return NOBODY
    if away := elsewhere(facts.documents, register):
        return away
    try:
        asks_as(facts.documents.role_book(store, register, now_us()), user)
    except Declined as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request, and why it isn't this person who approves it; empty where it is."""

    request: AmendmentRequest
    refusal: str


@dataclass(frozen=True, slots=True)
class WaitingRequests:
    """What waits for this person, what for others, the oldest first; of both a page."""

    mine: tuple[WaitingRequest, ...]
    others: tuple[WaitingRequest, ...]
    more: int
    elsewhere: str


def awaiting(facts: Facts, user: str | None) -> WaitingRequests:
    """What waits, parted by whether `user` may approve it. Raises `StoreDown`."""

    def question(store: Store, register: DocumentRegister) -> WaitingRequests:
        people = facts.documents.role_book(store, register, now_us())
        found = [one for one in read_requests(store) if one.fate == "waits"]
        told = [WaitingRequest(one, _may_approve(facts, people, one, user)) for one in found]
        mine, others = ([one for one in told if bool(one.refusal) is refused] for refused in (False, True))
        more = max(0, len(mine) - PAGE_OF_WAITING) + max(0, len(others) - PAGE_OF_WAITING)
        away = elsewhere(facts.documents, register)
        return WaitingRequests(tuple(mine[:PAGE_OF_WAITING]), tuple(others[:PAGE_OF_WAITING]), more, away)

    return facts.documents.ask(question)


def _may_approve(facts: Facts, people: RoleBook, request: AmendmentRequest, user: str | None) -> str:
    if user is None:
        return NOBODY
    try:
        approves_as(people, user, request.by, facts.documents.here.approver)
    except Declined as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class ToBeAnswered:
    """A request with the record that it is of, as amended now; null where that isn't there. `refusal` says why this
    person can't approve it, empty where they can; whoever asked may take it back.
    """

    request: AmendmentRequest
    target: AmendedRecord | None
    refusal: str
    own: bool


def to_be_answered(facts: Facts, name: str, user: str | None) -> ToBeAnswered:
    """What somebody sees before they approve. Raises `Declined`, `StoreDown`."""

    def question(store: Store, register: DocumentRegister) -> ToBeAnswered:
        request = waiting_request(read_requests(store), name)
        office = AmendmentOffice(facts.documents.here.desk(store, lambda _: register))
        people = facts.documents.role_book(store, register, now_us())
        refusal = elsewhere(facts.documents, register) or _may_approve(facts, people, request, user)
        try:
            target = office.target(request)
        except Declined as error:
            return ToBeAnswered(request, None, refusal or str(error), request.by == user)
        return ToBeAnswered(request, target, refusal, request.by == user)

    return facts.documents.ask(question)
