"""What is answered: one JSON object of at most 60,000 bytes, signed for the agent that asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.asked import AskLot, AskUnit, AskUnitsSince, Cursor, QuestionNumber, StationQuestion
from gaugetrail_contract.text import Identifier, Text, UtcText

MOST_ANSWER_BYTES = 60_000
MOST_VISITS = 50
MOST_SERIALS = 500
SERIALS_BYTES = 40_000
MOST_PASSED = 1000
"""As many as a plan has characteristics."""
KIND = "answer"
"""What its signature says that it is."""


class BadAnswer(ValueError):
    """These bytes are no answer; the text says why."""


class _Answer(Frozen):
    """Keys of a newer collector are passed over."""

    model_config = ConfigDict(extra="ignore")

    question: QuestionNumber


class UnitVisit(Frozen):
    """One inspection of the unit. Keys of a newer collector are passed over."""

    model_config = ConfigDict(extra="ignore")

    station: Identifier
    operation: Identifier | None = None
    verdict: Identifier
    reason: Identifier
    time: UtcText
    attempt: int = Field(ge=1)
    record: Identifier


class UnitAnswer(_Answer):
    """The unit's last inspections, the latest last, and its state. (Lots are on the list of the line.)"""

    answer: Literal["unit"] = "unit"
    serial: Identifier
    visits: tuple[UnitVisit, ...] = Field((), max_length=MOST_VISITS)
    earlier: int = Field(0, ge=0, description="inspections before these")
    unit: ListedState | None = Field(None, description="its state; left out: nothing was said or measured")
    failed_at: tuple[Identifier, ...] = Field((), max_length=MOST_VISITS, description="operations that fail it now")


class UnitsAnswer(_Answer):
    """Units that the gauge has measured, each once on a page, and where the next page begins."""

    answer: Literal["units_since"] = "units_since"
    gauge: Identifier
    serials: tuple[Identifier, ...] = Field((), max_length=MOST_SERIALS)
    unnamed: int = Field(0, ge=0, description="inspections without a serial among them")
    lots: tuple[Identifier, ...] = Field((), max_length=MOST_SERIALS, description="lots of those without a serial")
    next: Cursor | None = Field(None, description="where to go on; left out: these are all")


class LotVisit(Frozen):
    """One inspection of a unit of the lot. Keys of a newer collector are passed over."""

    model_config = ConfigDict(extra="ignore")

    serial: Identifier | None = Field(None, description="left out: units without a serial")
    place: Identifier = Field(description="the operation, or the station where it has none")
    plan: Identifier
    verdict: Identifier
    time: UtcText
    record: Identifier
    passed: tuple[Identifier, ...] = Field((), max_length=MOST_PASSED, description="characteristics that passed in it")


class LotVoid(Frozen):
    """An amendment that voids an inspection, or another amendment."""

    record: Identifier
    target: Identifier


class LotAnswer(_Answer):
    """Inspections of the lot in the order of their times, what voids any of them, and where the next page begins."""

    answer: Literal["lot"] = "lot"
    lot: Identifier
    visits: tuple[LotVisit, ...] = Field((), max_length=MOST_SERIALS)
    voids: tuple[LotVoid, ...] = Field((), max_length=MOST_SERIALS)
    next: Cursor | None = Field(None, description="where to go on; left out: these are all")


class CannotSay(_Answer):
    """The collector can't say: its store is down."""

    answer: Literal["none"] = "none"
    why: Text


StationAnswer = UnitAnswer | UnitsAnswer | LotAnswer | CannotSay
_ANSWER: TypeAdapter[StationAnswer] = TypeAdapter(Annotated[StationAnswer, Field(discriminator="answer")])


def write_answer(answer: StationAnswer) -> bytes:
    """As it is sent, before it is signed."""
    return answer.model_dump_json(exclude_none=True).encode("utf-8")


def open_answer(body: bytes) -> StationAnswer:
    """The answer. Raises `BadAnswer`: whose it is was looked at before."""
    if len(body) > MOST_ANSWER_BYTES:
        raise BadAnswer(f"it has {len(body):,} bytes; an answer has {MOST_ANSWER_BYTES:,} at most")
    try:
        strict_json.parse_object(body)
        return _ANSWER.validate_json(body, strict=True)
    except strict_json.BadJson as error:
        raise BadAnswer(f"it is none: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadAnswer(f"it is none: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def answers(question: StationQuestion, answer: StationAnswer) -> bool:
    """Whether it is this question's: its number, and what was asked for."""
    if answer.question != question.question:
        return False
    if isinstance(answer, CannotSay):
        return True
    if isinstance(question, AskUnit):
        return isinstance(answer, UnitAnswer) and answer.serial == question.serial
    if isinstance(question, AskLot):
        return isinstance(answer, LotAnswer) and answer.lot == question.lot
    assert isinstance(question, AskUnitsSince)
    return isinstance(answer, UnitsAnswer) and answer.gauge == question.gauge
