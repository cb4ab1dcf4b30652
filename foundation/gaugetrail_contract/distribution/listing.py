"""What is said of one edition of a document: enough to find its text, to know when it holds, and to prove it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ConfigDict, Field

from gaugetrail_contract.distribution.text_parts import MOST_TEXT_BYTES
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.text import Hex256, Identifier, TopicName, UtcText

EFFECTIVE = "effective"
APPROVED = "approved"
WITHDRAWN = "withdrawn"
FILE = "file"
"""A picture or paper that an instruction shows: no document, and named after its digest."""


class ListedEdition(Frozen):
    """An edition that holds, that will, or that held last and was withdrawn: of any other nothing is said. Keys and
    states of a newer collector are passed over.
    """

    model_config = ConfigDict(extra="ignore")

    kind: Identifier = Field(description="plan, gauges, people …; file: a picture or paper of an instruction")
    id: Identifier = Field(description="the document's id")
    revision: Identifier
    edition: int = Field(ge=1, le=2**31, description="its number, which only rises")
    state: Identifier = Field(description="effective, approved or withdrawn")
    effective: UtcText = Field(description="from when it holds")
    sha256: Hex256 = Field(description="digest of its text")
    size: int = Field(ge=0, le=MOST_TEXT_BYTES, description="bytes of its text")
    line: TopicName | None = Field(None, description="for this line only; left out: for each that has none of its own")
    until: UtcText | None = Field(None, description="a list signed after this may leave it out; left out: none may")

    @property
    def came_to_hold(self) -> bool:
        """Whether it holds, or did until it was withdrawn."""
        return self.state in (EFFECTIVE, WITHDRAWN)

    @property
    def is_wanted(self) -> bool:
        """Whether stations need its text."""
        return self.state in (EFFECTIVE, APPROVED)

    def __str__(self) -> str:
        """`CP-1001 C, edition 3`; of a file its id, which is its digest."""
        if self.kind == FILE:
            return self.id
        return f"{self.id} {self.revision}, edition {self.edition}"


def for_line(entries: Iterable[ListedEdition], line: str) -> tuple[ListedEdition, ...]:
    """Those that are for the line; of an edition that has a text for the line and one for every other, the line's."""
    mine = tuple(one for one in entries if one.line in (None, line))
    own = {(one.id, one.edition) for one in mine if one.line is not None}
    return tuple(one for one in mine if one.line is not None or (one.id, one.edition) not in own)


def holding(entries: Iterable[ListedEdition], document: str, now: str) -> ListedEdition | None:
    """The edition that holds at that moment (as `UtcText`), also where nobody has said so yet: a PC that is cut off
    goes over to an approved edition by itself. Null where none does, or where it was withdrawn.
    """
    of_it = sorted((one for one in entries if one.id == document), key=lambda one: one.edition)
    came = [one for one in of_it if one.came_to_hold or (one.state == APPROVED and one.effective <= now)]
    return came[-1] if came and came[-1].is_wanted else None
