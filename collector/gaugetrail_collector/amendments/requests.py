"""What was asked for and what came of it, from the records of the office's chains. Pure, but for reading them.

Promise: the same records give the same requests, in whatever order a store gives them. A request waits until an
amendment or a refusal names it; a second answer to it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from gaugetrail_collector.amendments.rules import ACTIONS, Action, WantedAmendment
from gaugetrail_collector.documents.desk import DECISIONS, Declined
from gaugetrail_collector.evidence.own_chain import own_chains
from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.events.amendments import AmendmentRefused, AmendmentRequested
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Amendment, Event, Record
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

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

    def as_json(self) -> dict[str, object]:
        """For programs."""
        told = {"request": self.id, "action": self.action, "reason": self.reason, "reason_code": self.event.reason_code}
        told |= {"requested_by": self.by, "role": self.event.role, "time": self.event.time, "fate": self.fate}
        told |= {"answered_by": self.answered_by or None, "answer": self.answer or None}
        return {**self.said.written(), **told}


def read_requests(store: Store) -> list[AmendmentRequest]:
    """All of them, oldest first. Raises `StoreDown`."""
    rows = (row for chain in own_chains(store, DECISIONS) for row in store.rows(*chain))
    return fold_requests(record for row in rows if (record := _record(row)) is not None)


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
        named, fate, by, why = _answer(record)
        if (request := found.get(named)) is not None and request.fate == "waits":
            found[named] = replace(request, fate=fate, answered_by=by, answer=record.id, answer_reason=why)
    return list(found.values())


def _requested(event: Event) -> AmendmentRequest | None:
    said = payload_of(event.type, event.subject.kind, event.payload)
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
    said = payload_of(record.type, record.subject.kind, record.payload) if isinstance(record, Event) else None
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
