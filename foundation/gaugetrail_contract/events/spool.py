"""What became of an agent's own storage: lost, put back, repaired, and the records that went with it.

Texts are as the disk, SQLite and the file's name gave them: an event that says what was lost must not fail over one.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import BranchName, UtcText

Numbers = tuple[int, int]
"""First and last number, both included."""


class NewEpoch(EventPayload):
    """Base of what a new epoch begins with: where the one before ended, as far as the file knows."""

    SUBJECT: ClassVar[SubjectKind] = "agent"

    reason: str = Field(description="why a new epoch begins, in a sentence")
    old_epoch: str | None = Field(None, description="the epoch that ended")
    last_seq: int = Field(description="its last number that is known here")
    last_seal: str = Field(description="that record's seal")
    known_epoch: str | None = Field(None, description="epoch that was the current one when the agent last ran here")
    known_seq: int | None = Field(
        None, description="its last number then: what lies between was sealed and is not here"
    )


class SpoolLost(NewEpoch):
    """The spool's file was gone: what waited in it can't be sent by this agent any more."""

    TYPE: ClassVar[str] = "spool.lost"


class SpoolRestored(NewEpoch):
    """Another spool than the one that was left here was found, or put in its place on purpose: a backup or a copy."""

    TYPE: ClassVar[str] = "spool.restored"


class SpoolSaved(NewEpoch):
    """The spool's files were deleted or replaced under the running agent: what it still had open was carried over."""

    TYPE: ClassVar[str] = "spool.saved"

    carried: int = Field(description="records carried over")
    kept: str | None = Field(None, description="folder that what stood in the files' place is kept in")


class SpoolRetimed(NewEpoch):
    """The clock had been in a wrong year and is right again: times begin anew. What the old epoch holds with
    later times than this event's was sealed in the wrong year.
    """

    TYPE: ClassVar[str] = "spool.retimed"

    last_time: UtcText = Field(description="the last time that was used in the old epoch")


class SpoolBranched(NewEpoch):
    """The collector has another history of the epoch beside what was sealed here: the PC was put back from a snapshot,
    or runs on a copy of another one's disk. What was sealed here since is the second history that `branch` names.
    """

    TYPE: ClassVar[str] = "spool.branched"

    branch: BranchName = Field(description="what the collector calls the history that was sealed here")


class SpoolRepaired(NewEpoch):
    """The spool's file was damaged: every record that proved its seal was carried over."""

    TYPE: ClassVar[str] = "spool.repaired"

    damaged: int = Field(description="records set aside here because their seal doesn't hold")
    kept: str | None = Field(None, description="folder that the damaged file is kept in")
    carried: int | None = Field(None, description="records carried over")
    absent: tuple[tuple[str, int, int], ...] | None = Field(
        None, description="epoch, first and last number of what nothing was found of; the last ones, where many"
    )
    absent_count: int | None = Field(None, description="how many numbers nothing was found of")
    first_epoch: str | None = Field(None, description="epoch of the oldest record that was carried over")
    first_seq: int | None = Field(None, description="its number")


class _Range(EventPayload):
    """Base of what happened to records of one epoch."""

    SUBJECT: ClassVar[SubjectKind] = "agent"

    reason: str = Field(description="why, in a sentence")
    epoch: str = Field(description="epoch of the records")
    from_: int = Field(alias="from", description="first number")
    to: int = Field(description="last number")
    count: int = Field(description="how many between these two it was")


class RecordsDamaged(_Range):
    """The disk has spoilt records in the spool: they are set aside on the line PC as they were found."""

    TYPE: ClassVar[str] = "records.damaged"


class RecordsDropped(_Range):
    """The spool was full, and unsent records were dropped, as station and plan allow: they are lost."""

    TYPE: ClassVar[str] = "records.dropped"

    class_: int = Field(alias="class", description="their `drop_class`")
    bytes: int = Field(description="their size together")
    ranges: tuple[Numbers, ...] = Field(description="their numbers as ranges; the first ones, where many")
