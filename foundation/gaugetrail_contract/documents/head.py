"""What stands at the head of most documents, what people read in their own language, and how one names another.

Promise: a document that names a line is for that line's stations alone; without one it is for every line. Words for
people come by language, and whoever speaks none of them gets the first. A text of a plan names a document only where
that can be told without guessing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import Field

from gaugetrail_contract.documents.people import Language
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier, Name, Text

Spoken = dict[Language, Text]
"""One text in several languages."""
_NAMED = re.compile(r"(?P<id>[^\s:,;]+)(?:\s+step\s+(?P<step>[1-9][0-9]{0,3}))?(?::.*)?", re.IGNORECASE)


class DocumentHead(Settings):
    """The keys that instruction, reaction, limits, calendar, order and form begin with."""

    id: Identifier = Field(description="document id")
    revision: Identifier | None = Field(None, description="document revision; left out: the number of the edition")
    title: Text = Field("", description="what people call it")
    line: Name | None = Field(None, description="the line that it is for; left out: every line")


class ForPart(DocumentHead):
    """The head of a document that may be for one part, revision and operation; what is left out is any."""

    part: Identifier | None = Field(None, description="part number that it is for; left out: any")
    part_revision: Identifier | None = Field(None, description="revision of the part; left out: any")
    operation: Identifier | None = Field(None, description="step of the routing; left out: any", examples=["OP20"])

    def is_for(self, part: str, revision: str | None, operation: str | None) -> bool:
        """Whether it holds there. Where nobody says which revision it is, one for a certain revision doesn't."""
        wanted = (self.part, part), (self.part_revision, revision), (self.operation, operation)
        return all(mine in (None, theirs) for mine, theirs in wanted)


def spoken_in(words: Mapping[str, str], language: str | None) -> str:
    """What somebody of that language reads: theirs, of `pt-BR` the `pt`, else the first."""
    if language is not None:
        for code in (language, language.partition("-")[0]):
            if code in words:
                return words[code]
    return next(iter(words.values()), "")


@dataclass(frozen=True, slots=True)
class DocumentMention:
    """A document that a text names, and the step of it."""

    id: str
    step: int | None = None


def named_document(text: str, known: Collection[str] = ()) -> DocumentMention | None:
    """Which document `WI-7 step 3` or `RP-12: stop, sort` names. Null for words that name none: the first word must be
    the id of a document that there is, or look like one, with a digit in it and alone before the colon or the step.
    """
    match = _NAMED.fullmatch(text.strip())
    if match is None or not (match["id"] in known or any(sign.isdigit() for sign in match["id"])):
        return None
    return DocumentMention(match["id"], None if match["step"] is None else int(match["step"]))
