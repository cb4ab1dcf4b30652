"""What happened to people's PINs, and who was at which station."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier, Text

LoggedOffWhy = Literal["word", "time", "another_badge", "not_allowed"]


class PinChanged(EventPayload):
    """Somebody set or cleared a person's PIN at the collector, or unlocked it at a line PC after wrong guesses."""

    TYPE: ClassVar[str] = "person.pin"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    badge: Annotated[Identifier, FiledUnder("operator")] = Field(
        description="whose PIN it is; who did it is the event's `by`"
    )
    what: Identifier = Field(description="set, cleared or unlocked")


class PersonLoggedOn(EventPayload):
    """Somebody works at a station from here on, shown by their badge, and their PIN where they have one."""

    TYPE: ClassVar[str] = "person.logged_on"
    SUBJECT: ClassVar[SubjectKind] = "station"

    badge: Annotated[Identifier, FiledUnder("operator")] = Field(description="whose badge it is")
    before: Annotated[Identifier | None, FiledUnder("operator")] = Field(
        None, description="who was logged on until then; left out: nobody"
    )


class PersonLoggedOff(EventPayload):
    """Somebody doesn't work at a station any more."""

    TYPE: ClassVar[str] = "person.logged_off"
    SUBJECT: ClassVar[SubjectKind] = "station"

    badge: Annotated[Identifier, FiledUnder("operator")] = Field(description="whose badge it was")
    why: LoggedOffWhy = Field(
        description="word: they said so; time: nothing was done for so long; another_badge: somebody else showed "
        "theirs; not_allowed: by other documents or on another day they may not work here"
    )


class QuestionLeft(EventPayload):
    """Somebody was logged off while they were asked something that they had begun themself: it is left as it was."""

    TYPE: ClassVar[str] = "station.question_left"
    SUBJECT: ClassVar[SubjectKind] = "station"

    badge: Annotated[Identifier, FiledUnder("operator")] = Field(description="who was asked")
    asked: Text = Field(description="what was asked, in English")
    why: LoggedOffWhy = Field(description="why they were logged off, as in person.logged_off")
