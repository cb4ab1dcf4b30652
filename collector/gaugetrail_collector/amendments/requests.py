"""What was asked for, in the office and at stations, and what came of it. Pure, but for reading the records.

Promise: the same records give the same requests, in whatever order a store gives them. A request waits until an
amendment or a refusal names it; a second answer to it changes nothing. Only the office's own chains answer: what a
station says of a request is an approval, which is judged before it counts (`hearing`), and only of its own PC's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gaugetrail_collector.amendments.rules import WantedAmendment
from gaugetrail_collector.documents.desk import DECISIONS, Declined
from gaugetrail_collector.evidence.own_chain import PREFIX, own_chains
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Asked
from gaugetrail_contract.amending.what import ACTIONS, Action, needs_approval
from gaugetrail_contract.events.amendments import (
    AmendmentApproved,
    AmendmentRefused,
    AmendmentRequested,
    AmendmentSetAside,
)
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Amendment, Event, Record
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

FROM_STATIONS = (AmendmentRequested.TYPE, AmendmentApproved.TYPE)
"""What stations say of amendments."""
Fate = Literal["waits", "approved", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class AmendmentRequest:
    """Somebody asked for an amendment."""

    event: Event
    said: AmendmentRequested
    action: Action
    fate: Fate = "waits"
    answered_by: str = ""
    """Who approved, rejected or withdrew it."""
    answer: str = ""
    """The record that says so."""
    answer_reason: str = ""
    approval: Event | None = None
    """Of one that was asked for at a station: who approved it there."""
    set_aside: str = ""
    """Why that could not become an amendment; empty where it could, or isn't judged yet."""

    @property
    def id(self) -> str:
        """What the request is called."""
        return self.event.id

    @property
    def by(self) -> str:
        """Who asked."""
        return self.event.by or ""

    @property
    def reason(self) -> str:
        """Why."""
        return self.event.reason or ""

    @property
    def at_station(self) -> bool:
        """Whether it was asked for at a station."""
        return not self.event.agent.startswith(PREFIX)

    @property
    def unheard(self) -> bool:
        """Whether all that it takes was said at a station, and the collector hasn't judged it yet."""
        whole = self.approval is not None or not needs_approval(self.action)
        return self.fate == "waits" and self.at_station and whole and not self.set_aside

    @property
    def wanted(self) -> WantedAmendment:
        """As it was asked for; what held then must hold still."""
        said = self.said
        old = (said.old or "") if self.action in ("correct", "re-attribute") else None
        return WantedAmendment(self.action, self.reason, said.field, said.new, old, self.event.reason_code)

    def words(self) -> str:
        """In one line."""
        said = self.said
        change = f" {said.field}" if said.field else ""
        change += f" from {said.old or 'nothing'} to {said.new}" if said.new is not None else ""
        return f"{self.action}{change} of {said.target}: {self.reason} ({self.by}, {self.event.time[:16]}Z)"

    def at_its_station(self) -> str:
        """What was said of it there, and what came of that; empty of what was asked for in the office."""
        if not self.at_station:
            return ""
        asked = f"asked for at {self.event.station}"
        approved = "" if self.approval is None else f" and approved there by {self.approval.by}"
        return f"{asked}{approved}{f', set aside: {self.set_aside}' if self.set_aside else ''}"

    def as_json(self) -> dict[str, object]:
        """For programs."""
        told = {"request": self.id, "action": self.action, "reason": self.reason, "reason_code": self.event.reason_code}
        told |= {"requested_by": self.by, "role": self.event.role, "time": self.event.time, "fate": self.fate}
        told |= {"answered_by": self.answered_by or None, "answer": self.answer or None}
        if self.at_station:
            approved_by = None if self.approval is None else self.approval.by
            told |= {"station": self.event.station, "approved_at_station_by": approved_by}
            told |= {"set_aside": self.set_aside or None}
        return {**self.said.written(), **told}


def read_requests(store: Store) -> list[AmendmentRequest]:
    """All of them, oldest first. Raises `StoreDown`."""
    return fold_requests(record for row in _rows(store) if (record := _record(row)) is not None)


def _rows(store: Store) -> Iterator[Row]:
    for chain in own_chains(store, DECISIONS):
        yield from store.rows(*chain)
    yield from _of_stations(store)


def said_at_stations(store: Store) -> frozenset[str]:
    """The records in which stations said something of amendments. Raises `StoreDown`."""
    return frozenset(row.id for row in _of_stations(store))


def _of_stations(store: Store) -> Iterator[Row]:
    for name in FROM_STATIONS:
        yield from (row for row in store.search(Asked("type", name)) if not row.agent.startswith(PREFIX))


def _record(row: Row) -> Record | None:
    """Null for what can't be believed; verify names it."""
    try:
        return open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None


def fold_requests(records: Iterable[Record]) -> list[AmendmentRequest]:
    """The requests that the records make, oldest first."""
    ordered = sorted(records, key=lambda one: (one.time_us, one.agent, one.epoch, one.seq))
    found: dict[str, AmendmentRequest] = {}
    for record in ordered:
        if isinstance(record, Event) and (request := _requested(record)) is not None:
            found.setdefault(request.id, request)
    for record in ordered:
        if not record.agent.startswith(PREFIX):
            _approved(found, record)
    for record in ordered:
        if not record.agent.startswith(PREFIX):
            continue
        _set_aside(found, record)
        named, fate, by, why = _answer(record)
        if (request := found.get(named)) is not None and request.fate == "waits":
            found[named] = replace(request, fate=fate, answered_by=by, answer=record.id, answer_reason=why)
    return list(found.values())


def _approved(found: dict[str, AmendmentRequest], record: Record) -> None:
    """The first approval by the PC where it was asked for."""
    said = _said(record)
    if not isinstance(record, Event) or not isinstance(said, AmendmentApproved) or record.by is None:
        return
    request = found.get(said.request)
    if request is not None and request.approval is None and request.event.agent == record.agent:
        found[said.request] = replace(request, approval=record)


def _set_aside(found: dict[str, AmendmentRequest], record: Record) -> None:
    said = _said(record)
    if isinstance(record, Event) and isinstance(said, AmendmentSetAside) and said.request in found:
        found[said.request] = replace(found[said.request], set_aside=record.reason or "it was set aside")


def _said(record: Record) -> EventPayload | None:
    return payload_of(record.type, record.subject.kind, record.payload) if isinstance(record, Event) else None


def _requested(event: Event) -> AmendmentRequest | None:
    said = _said(event)
    if not isinstance(said, AmendmentRequested):
        return None
    action = next((one for one in ACTIONS if one == said.action), None)
    if action is None or event.by is None:
        return None
    return AmendmentRequest(event, said, action)


def _answer(record: Record) -> tuple[str, Fate, str, str]:
    """Which request the record answers, how, by whom and why; of any other record an empty name."""
    if isinstance(record, Amendment) and record.request is not None:
        return record.request, "approved", record.approved_by or "", ""
    said = _said(record)
    if isinstance(record, Event) and isinstance(said, AmendmentRefused):
        fate: Fate = "withdrawn" if said.what == "withdrawn" else "rejected"
        return said.request, fate, record.by or "", record.reason or ""
    return "", "waits", "", ""


def waiting_request(requests: Iterable[AmendmentRequest], name: str) -> AmendmentRequest:
    """The one that waits and is called so, by its id or the number at its end. Raises `Declined`."""
    requests = list(requests)
    found = [one for one in requests if name in (one.id, one.id.rpartition("/")[2])]
    waiting = [one for one in found if one.fate == "waits"]
    if len(waiting) == 1:
        return waiting[0]
    if waiting:
        raise Declined(f"{name} may be any of {', '.join(one.id for one in waiting)}; give the whole id")
    if found:
        last = found[-1]
        raise Declined(f"{last.id} doesn't wait any more: {last.fate} by {last.answered_by} (record {last.answer})")
    raise Declined(f"no request is called {name}; amend ls lists what waits")
