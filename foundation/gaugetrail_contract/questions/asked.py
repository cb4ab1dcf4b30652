"""What may be asked: one JSON object of at most 2,000 bytes."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.text import Identifier, UtcText

MOST_QUESTION_BYTES = 2000
QuestionNumber = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Cursor = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f]+$")]


class BadQuestion(ValueError):
    """These bytes are no question that is known; the text says why."""


class AskUnit(Frozen):
    """Route, attempts and state of a unit."""

    ask: Literal["unit"] = "unit"
    question: QuestionNumber
    serial: Identifier


class AskUnitsSince(Frozen):
    """The units whose characteristic the gauge has measured from a moment on, in pages."""

    ask: Literal["units_since"] = "units_since"
    question: QuestionNumber
    gauge: Identifier
    characteristic: Identifier | None = Field(None, description="left out: whatever it measured")
    since: UtcText
    until: UtcText | None = Field(None, description="what it measured before that moment; left out: until now")
    after: Cursor | None = Field(None, description="`next` of the answer before; left out: from the beginning")


class AskLot(Frozen):
    """What was measured of a lot, wherever that was, in pages."""

    ask: Literal["lot"] = "lot"
    question: QuestionNumber
    lot: Identifier
    after: Cursor | None = Field(None, description="`next` of the answer before; left out: from the beginning")


StationQuestion = AskUnit | AskUnitsSince | AskLot
_QUESTION: TypeAdapter[StationQuestion] = TypeAdapter(Annotated[StationQuestion, Field(discriminator="ask")])


def new_number() -> str:
    """Of a question that nobody has asked before."""
    return secrets.token_hex(8)


def write_question(question: StationQuestion) -> bytes:
    """As it is sent."""
    return question.model_dump_json(exclude_none=True).encode("utf-8")


def open_question(payload: bytes) -> StationQuestion:
    """The question in a message. Raises `BadQuestion`."""
    if len(payload) > MOST_QUESTION_BYTES:
        raise BadQuestion(f"it has {len(payload):,} bytes; a question has {MOST_QUESTION_BYTES:,} at most")
    try:
        strict_json.parse_object(payload)
        return _QUESTION.validate_json(payload, strict=True)
    except strict_json.BadJson as error:
        raise BadQuestion(f"it is none: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadQuestion(f"it is none: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
