"""Where amendments are asked for, approved and refused: what the store says is read, judged, and what holds is written.

Promise: what returns is committed in the store, judged against the record as it is amended at that moment; nothing is
written for what is refused (`Declined`, with the sentence). Where two persons are wanted, asking writes an event and
only the approval writes the amendment: a reader never meets one that nobody approved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gaugetrail_collector.amendments.named import NotThereYet, record_sealed, with_amendments
from gaugetrail_collector.amendments.requests import AmendmentRequest, read_requests, waiting_request
from gaugetrail_collector.amendments.rules import (
    MOST_WORDS,
    AmendedRecord,
    WantedAmendment,
    approves_as,
    asks_as,
    judged,
)
from gaugetrail_collector.amendments.written import amendment_body, refusal_body, request_body, set_aside_body
from gaugetrail_collector.documents.desk import Declined, Desk
from gaugetrail_collector.evidence.own_chain import OwnChain
from gaugetrail_contract.amending.what import needs_approval
from gaugetrail_contract.documents.rights import RoleBook
from gaugetrail_contract.record import Body
from gaugetrail_contract.text import PRINTABLE


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: the record that says so, and whether it waits for another person."""

    record: str
    waits: bool
    words: str


class AmendmentOffice:
    """Over the desk of the collector that writes; every method may raise `Declined` and `StoreDown`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def ask(self, target: AmendedRecord, wanted: WantedAmendment, by: str, *, at_once: bool = False) -> Decided:
        """Ask for it; what needs nobody's approval holds then. `at_once`: whoever asks approves it, too."""
        if at_once and self._desk.approver != "anyone":
            raise Declined('another person approves; one alone may where [documents] approver = "anyone"')
        waits = needs_approval(wanted.action) and not at_once
        record = self._write(partial(self._asked, target, wanted, by, waits=waits, at_once=at_once))
        return Decided(record, waits, wanted.action)

    def _asked(
        self, target: AmendedRecord, wanted: WantedAmendment, by: str, people: RoleBook, *, waits: bool, at_once: bool
    ) -> Body:
        role = asks_as(people, by)
        fresh = with_amendments(self._store, target.known)
        sound = judged(fresh, wanted)
        if waits:
            self._refuse_twin(sound, fresh)
            return request_body(fresh.known, sound, by, role)
        if at_once and needs_approval(sound.action):
            role = approves_as(people, by, by, self._desk.approver)
        return amendment_body(fresh.known, sound, by, role, by if at_once else None, None)

    def _refuse_twin(self, wanted: WantedAmendment, target: AmendedRecord) -> None:
        """Asked for already."""
        for one in read_requests(self._store):
            same = one.fate == "waits" and one.said.target_sha256 == target.known.row.sha256
            if same and (one.action, one.said.field) == (wanted.action, wanted.field):
                raise Declined(f"that waits already: {one.words()}; approve, reject or withdraw {one.id} first")

    def approve(self, name: str, by: str) -> Decided:
        """What waits under that name holds from now on, if it still can."""
        request = self.request(name)
        record = self._write(partial(self._approved, request.id, by))
        return Decided(record, False, request.words())

    def _approved(self, name: str, by: str, people: RoleBook) -> Body:
        request = self.request(name)
        approves_as(people, by, request.by, self._desk.approver)
        target = self.target(request)
        sound = judged(target, request.wanted)
        return amendment_body(target.known, sound, request.by, request.event.role, by, request.id)

    def refuse(self, name: str, by: str, why: str) -> Decided:
        """It comes to nothing: rejected by somebody who may approve, or taken back by whoever asked."""
        request = self.request(name)
        record = self._write(partial(self._refused, request.id, by, why))
        return Decided(record, False, request.words())

    def _refused(self, name: str, by: str, why: str, people: RoleBook) -> Body:
        request = self.request(name)
        if not why.strip() or len(why) > MOST_WORDS or not PRINTABLE.holds(why):
            raise Declined(f"say why, in one line of at most {MOST_WORDS:,} characters")
        own = by == request.by
        role = request.event.role if own else approves_as(people, by, request.by, self._desk.approver)
        return refusal_body(request, by, role, why)

    def hear(self, heard: AmendmentRequest) -> Decided:
        """What was asked for, and approved by another person, at a station: it holds from now on, or it is set aside
        with why. By who might do what then. Raises `NotThereYet` where its record hasn't come.
        """
        said_us = (heard.approval or heard.event).time_us
        record = self._write(partial(self._heard, heard.id), said_us)
        after = next(one for one in read_requests(self._store) if one.id == heard.id)
        return Decided(record, after.fate == "waits", after.words())

    def _heard(self, name: str, people: RoleBook) -> Body:
        request = self.request(name)
        if not request.unheard:
            raise Declined(f"{name} is judged already: {request.at_its_station()}")
        try:
            return self._amended_by_station(request, people)
        except NotThereYet:
            raise
        except Declined as error:
            return set_aside_body(request, str(error))

    def _amended_by_station(self, request: AmendmentRequest, people: RoleBook) -> Body:
        """Two persons in any case: the settings of the documents are the office's."""
        if not request.said.target.startswith(f"{request.event.agent}/"):
            raise Declined(f"{request.said.target} is of another PC: a station asks for amendments of its own PC's")
        role = asks_as(people, request.by)
        approver = None if request.approval is None else request.approval.by
        if approver is not None and needs_approval(request.action):
            approves_as(people, approver, request.by, "another")
        target = self.target(request)
        sound = judged(target, request.wanted)
        return amendment_body(target.known, sound, request.by, role, approver, request.id)

    def request(self, name: str) -> AmendmentRequest:
        """What waits under that name."""
        return waiting_request(read_requests(self._store), name)

    def target(self, request: AmendmentRequest) -> AmendedRecord:
        """The record that it is of, as amended now."""
        said = request.said
        return record_sealed(self._store, said.target, said.target_sha256, said.target_time)

    def _write(self, body: Callable[[RoleBook], Body], at_us: int | None = None) -> str:
        def judge(people: RoleBook, _: OwnChain) -> Sequence[Body]:
            return [body(people)]

        return self._desk.decide(judge, at_us)[0].record.id
