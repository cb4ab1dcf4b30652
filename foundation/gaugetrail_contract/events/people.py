"""What happened to people's PINs."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier


class PinChanged(EventPayload):
    """Somebody set or cleared a person's PIN at the collector, or unlocked it at a line PC after wrong guesses."""

    TYPE: ClassVar[str] = "person.pin"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    badge: Annotated[Identifier, FiledUnder("operator")] = Field(
        description="whose PIN it is; who did it is the event's `by`"
    )
    what: Identifier = Field(description="set, cleared or unlocked")
