"""Amendments on their way, as the office's own chain or a station's has them; see docs/amendments.md.

What is asked for changes nothing: it is an event, and only the amendment that an approval writes is one (its `request`
names the event). Who asked and why stand in the event's own keys: `by`, `role`, `reason`, `reason_code`. Whoever
approves at a station says it by an event, too; the collector that writes documents hears both, and judges them.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import Hex256, Identifier, Text, UtcText


class AmendmentRequested(EventPayload):
    """Somebody asks for an amendment, in the office or at a station. It changes nothing until somebody else has
    approved it; a note (`annotate`) from a station holds once the collector has heard it. The subject is the agent that
    wrote the record.
    """

    TYPE: ClassVar[str] = "amendment.requested"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    target: Identifier = Field(description="id of the record: agent/epoch/seq")
    target_sha256: Hex256 = Field(description="its seal")
    target_time: UtcText = Field(description="its time, by which it is found")
    action: Identifier = Field(description="correct, void, exclude, re-attribute; from a station also annotate")
    field: Identifier | None = Field(None, description="the characteristic, or what the record names: serial, lot …")
    old: Text | None = Field(None, description="what holds until then")
    new: Text | None = Field(None, description="what is to hold")


class AmendmentApproved(EventPayload):
    """Somebody else, at the same station, approves what was asked for there; the amendment is written where documents
    are. The subject is the agent that wrote the record.
    """

    TYPE: ClassVar[str] = "amendment.approved"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    request: Identifier = Field(description="id of the event that asked for it")


class AmendmentRefused(EventPayload):
    """A request for an amendment came to nothing: somebody who might have approved it rejected it, or whoever asked
    took it back. The subject is the agent that wrote the record.
    """

    TYPE: ClassVar[str] = "amendment.refused"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    request: Identifier = Field(description="id of the event that asked for it")
    what: Identifier = Field(description="rejected or withdrawn; why is the event's `reason`")


class AmendmentSetAside(EventPayload):
    """What was asked for and approved at a station could not become an amendment; why is the event's `reason`. The
    request waits for the office. The subject is the agent that wrote the record.
    """

    TYPE: ClassVar[str] = "amendment.set_aside"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    request: Identifier = Field(description="id of the event that asked for it")
    approval: Identifier | None = Field(None, description="id of the event that approved it; none: it was a note")
