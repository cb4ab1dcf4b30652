"""The records that the office's decisions are written in. Pure.

They stand at the site, line and station of the record that they are about, so that a line's list of amendments has
them, and are found under its unit, lot and order, whatever time is asked about.
"""

from __future__ import annotations

from gaugetrail_collector.amendments.requests import AmendmentRequest
from gaugetrail_collector.amendments.rules import MOST_WORDS, WantedAmendment
from gaugetrail_collector.tracing.trace import Known
from gaugetrail_contract.amending.what import found_under, gauge_named
from gaugetrail_contract.events.amendments import AmendmentRefused, AmendmentRequested, AmendmentSetAside
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import AmendmentBody, EventBody, Record, Subject


def amendment_body(
    target: Known, wanted: WantedAmendment, by: str, role: str | None, approved_by: str | None, request: str | None
) -> AmendmentBody:
    """What is said of the record from now on."""
    record = _believed(target)
    return AmendmentBody(
        site=record.site,
        line=record.line,
        station=record.station,
        target=target.named,
        target_sha256=target.row.sha256,
        action=wanted.action,
        field=wanted.field,
        old=wanted.old,
        new=wanted.new,
        reason=wanted.reason,
        requested_by=by,
        approved_by=approved_by,
        by=by,
        role=role,
        reason_code=wanted.code,
        subjects=(*found_under(record), *gauge_named(wanted.field, wanted.old, wanted.new)),
        request=request,
    )


def request_body(target: Known, wanted: WantedAmendment, by: str, role: str) -> EventBody:
    """Somebody asks."""
    record = _believed(target)
    said = AmendmentRequested(
        target=target.named,
        target_sha256=target.row.sha256,
        target_time=record.time,
        action=wanted.action,
        field=wanted.field,
        old=wanted.old,
        new=wanted.new,
    )
    return EventBody(
        site=record.site,
        line=record.line,
        station=record.station,
        type=said.TYPE,
        subject=Subject(kind=said.SUBJECT, id=record.agent),
        subjects=found_under(record),
        payload=said.written(),
        by=by,
        role=role,
        reason=wanted.reason,
        reason_code=wanted.code,
    )


def refusal_body(request: AmendmentRequest, by: str, role: str | None, why: str) -> EventBody:
    """It came to nothing; whether the record is there still or not."""
    said = AmendmentRefused(request=request.id, what="withdrawn" if by == request.by else "rejected")
    return _of_request(request, said, by, role, why)


def set_aside_body(request: AmendmentRequest, why: str) -> EventBody:
    """What was said of it at its station became no amendment."""
    approval = None if request.approval is None else request.approval.id
    return _of_request(request, AmendmentSetAside(request=request.id, approval=approval), None, None, why[:MOST_WORDS])


def _of_request(request: AmendmentRequest, said: EventPayload, by: str | None, role: str | None, why: str) -> EventBody:
    asked = request.event
    return EventBody(
        site=asked.site,
        line=asked.line,
        station=asked.station,
        type=said.TYPE,
        subject=asked.subject,
        subjects=asked.subjects,
        payload=said.written(),
        by=by,
        role=role,
        reason=why,
    )


def _believed(target: Known) -> Record:
    assert target.record is not None, "the rules refuse what can't be believed"
    return target.record
