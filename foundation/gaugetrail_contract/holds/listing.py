"""What is said of one unit, lot or gauge: the state that was decided, since when, by whom and why.

An answer to somebody's suggestion travels as one more entry; who doesn't know its kind passes it over.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.passing_on import SuggestionAnswered
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.record import Event
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.text import Identifier, Text, UtcText
from gaugetrail_contract.unit_states.folding import StateNow
from gaugetrail_contract.unit_states.said import GaugeWordSaid

MOST_WHY = 200
BLOCKED, FIT = "blocked", "fit"
ANSWER: Literal["answer"] = "answer"
ANSWERED = "answered"
Listed = Literal["unit", "lot", "gauge", "answer"]


class ListedState(Frozen):
    """One entry. Keys, kinds and states of a newer collector are passed over."""

    model_config = ConfigDict(extra="ignore")

    kind: Identifier = Field(description="unit, lot, gauge or answer")
    id: Identifier = Field(
        description="serial, lot or the gauge's inventory number; of an answer the id of the suggestion's record"
    )
    state: Identifier = Field(description="of a unit or lot as in records; of a gauge blocked or fit; answered")
    since: UtcText = Field(description="when it was said")
    why: Text = Field("", max_length=MOST_WHY, description="why, in a sentence")
    code: Identifier | None = Field(None, description="why, by the plant's code")
    by: Identifier | None = Field(None, description="who said so; left out: a station by itself")
    until: UtcText | None = Field(None, description="of a concession or release: until when it counts")
    record: Identifier = Field(description="id of the record that says so")
    station: Identifier | None = Field(None, description="of an answer: where the suggestion was made")
    to: Identifier | None = Field(None, description="of an answer: badge of whoever made it")
    text: Text | None = Field(None, max_length=500, description="of an answer: what is answered; why: to what")

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return self.kind, self.id

    @property
    def place(self) -> str:
        """Which page it is on."""
        return f"{self.kind}\n{self.id}"


def listed_unit(kind: Listed, identifier: str, now: StateNow) -> ListedState | None:
    """A unit or lot as it stands; null where nobody has said anything of it."""
    word = now.word
    if word is None:
        return None
    until = None if word.until_us is None or now.lapsed else utc_text(word.until_us)
    why = f"its {word.state} has ended: {word.why}" if now.lapsed else word.why
    facts = {"code": word.code, "by": word.by, "until": until, "record": word.record}
    return _listed(kind, identifier, now.state, word.time_us, why, **facts)


def listed_gauge(gauge: str, word: GaugeWordSaid) -> ListedState:
    """A gauge that was blocked or found fit."""
    return _listed("gauge", gauge, word.state, word.time_us, word.why, by=word.by, record=word.record)


def listed_answer(record: Event, said: SuggestionAnswered) -> ListedState:
    """What the office answered."""
    facts = {"by": record.by, "record": record.id, "station": record.subject.id, "to": said.to, "text": said.text}
    return _listed(ANSWER, said.suggestion, ANSWERED, record.time_us, said.said, **facts)


def _listed(
    kind: Listed, identifier: str, state: UnitState | str, since_us: int, why: str, **facts: object
) -> ListedState:
    text = why if len(why) <= MOST_WHY else f"{why[: MOST_WHY - 1]}…"
    said = {"kind": kind, "id": identifier, "state": str(state), "since": utc_text(since_us), "why": text}
    return ListedState.model_validate(said | facts)
