"""What a collector notes of controlled documents, sealed into chains of its own, and what a line PC refuses of them;
see docs/documents.md.

The bytes of an edition are in numbered parts, under their digest: whoever has a record with the digest of a plan finds
its text. What people do with an edition are steps, numbered for each document from 1, so that a missing one shows and
one that stands twice. Who did it and why stand in the record's own keys: `by`, `role`, `reason`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import DateText, Hex256, Identifier, Text, TopicName, UtcText

PART_BYTES = 42_000
"""Of an edition, in one part: 56,000 digits in base64, which leaves 4,000 bytes of a record's 60,000 for all else."""
MOST_PARTS = 400


class DocumentPart(EventPayload):
    """A part of an edition's bytes. The subject is the digest of them all."""

    TYPE: ClassVar[str] = "document.part"
    SUBJECT: ClassVar[SubjectKind] = "document"

    number: int = Field(ge=1, description="which part it is, from 1")
    of: int = Field(ge=1, le=MOST_PARTS, description="how many parts there are")
    base64: str = Field(max_length=PART_BYTES * 4 // 3, description="its bytes, base64 (RFC 4648)")

    @property
    def content(self) -> bytes:
        """Its bytes; none where somebody wrote no base64: the digest of the whole doesn't hold then."""
        try:
            return base64.b64decode(self.base64, validate=True)
        except binascii.Error:
            return b""


class DocumentStepTaken(EventPayload):
    """Somebody took a step with an edition of a document: wrote it, handed it in, approved, rejected or withdrew it."""

    TYPE: ClassVar[str] = "document.step"
    SUBJECT: ClassVar[SubjectKind] = "document"

    number: int = Field(ge=1, description="which step in the life of this document it is, from 1")
    step: Identifier = Field(description="new, submit, approve, reject or withdraw")
    edition: int = Field(ge=1, description="number of the edition")
    sha256: Annotated[Hex256, FiledUnder("document")] = Field(description="digest of the edition's bytes")
    revision: Identifier = Field(description="the edition's revision")
    meaning: Text | None = Field(None, description="what the person said by it, as it was shown")
    kind: Identifier | None = Field(None, description="new: plan, gauges, people …")
    size: int | None = Field(None, ge=0, description="new: bytes of the edition")
    title: Text | None = Field(None, description="new: what people call it")
    people: int | None = Field(None, ge=0, description="new: how many must approve it")
    approver: Identifier | None = Field(None, description="new: another (than the author) or anyone may approve")
    effective: UtcText | None = Field(None, description="new, approve: from when it is meant to hold")
    review_by: DateText | None = Field(
        None, description="new: the day by which somebody looks whether it is still right"
    )
    line: TopicName | None = Field(None, description="new: for the stations of this line only")
    travels: tuple[Hex256, ...] = Field((), description="new: digests of attached files that go to the stations")


class DocumentsMaster(EventPayload):
    """A collector became the one that writes documents, and somebody its first administrator."""

    TYPE: ClassVar[str] = "document.master"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    number: int = Field(ge=1, description="1 for the first such collector; the last one writes")
    administrator: Annotated[Identifier, FiledUnder("operator")] = Field(
        description="who may approve until a people document says who may"
    )
    before: Identifier | None = Field(None, description="the collector that wrote until then")


class DocumentRefused(EventPayload):
    """A line PC refused what came to it as documents, or as the list of what is held, or lay on its disk as such: a
    list, a page or a text that is forged, old or altered. What it held stays in force.
    """

    TYPE: ClassVar[str] = "document.refused"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    cause: Identifier = Field(
        description="forged_list, other_key, older_list, cleared_list, unreadable_list, edition_back, strange_page, "
        "large_page, other_text, altered_here or no_key"
    )
    reason: str = Field(max_length=500, description="the sentence as it was said last, in English")
    count: int = Field(ge=1, description="how often, since the last such event")
    since: UtcText = Field(description="when it was refused first of these times")
    documents: Annotated[tuple[Identifier, ...], FiledUnder("document")] = Field(
        (), description="the documents that it was about, where it says which"
    )
