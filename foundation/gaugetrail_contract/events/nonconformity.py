"""What is not right, and what was decided of it: states of units and lots, gauges that are blocked, suspect windows.

A state that many units have is said in several events, each of at most 60,000 bytes (`pieces_of`): the first serial of
a piece is its subject, the others stand in `serials`, and a trace of any of them finds it. Who said it, as what and who
approved it stand in the record's own keys (`by`, `role`, `approved_by`); who may is `unit_states`'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier, Text, UtcText

MOST_SERIALS = 500
"""Of one event, beside its subject."""
SERIALS_BYTES = 40_000
"""Of `serials` as it is written; 20,000 of a record's 60,000 bytes are left for all else."""
StateWord = Literal["pass", "fail", "hold", "rework", "scrap", "concession", "released"]
"""`UnitState` of a record, but for `not inspected`, which nobody says."""


class UnitStateSaid(EventPayload):
    """Somebody, or a station by itself, said what state a unit or a lot is in: on hold, in rework, scrap, released. It
    holds for the subject and for each of `serials`.
    """

    TYPE: ClassVar[str] = "unit.state"
    SUBJECT: ClassVar[SubjectKind] = "unit"
    ALSO_ABOUT: ClassVar[tuple[SubjectKind, ...]] = ("lot",)

    state: StateWord = Field(description="pass, fail, hold, rework, scrap, concession or released")
    why: Text = Field(min_length=1, description="why, in a sentence")
    code: Identifier | None = Field(None, description="why, by the plant's code: defect, scrap or hold code")
    reaction: Identifier | None = Field(None, description="id of the reaction plan that asked for it")
    until: UtcText | None = Field(
        None, description="of a concession or a release: until when it counts; from then on it is on hold again"
    )
    serials: Annotated[tuple[Identifier, ...], FiledUnder("serial")] = Field(
        (), max_length=MOST_SERIALS, description="further units of which it is said"
    )
    piece: int = Field(1, ge=1, description="which piece this is, where it is said of more units than one event holds")
    pieces: int = Field(1, ge=1, description="how many pieces there are")
    quantity: int | None = Field(None, ge=1, description="of a lot: how many of it, where it isn't the whole lot")
    characteristic: Identifier | None = Field(None, description="the characteristic that it is about")
    gauge: Annotated[Identifier | None, FiledUnder("gauge")] = Field(
        None, description="the gauge whose values are suspect"
    )
    window_since: UtcText | None = Field(None, description="of a suspect window: the last good check, where it begins")
    window_until: UtcText | None = Field(None, description="of a suspect window: the failed check, where it ends")
    record: Identifier | None = Field(None, description="id of the inspection or check that led to it: agent/epoch/seq")

    @model_validator(mode="after")
    def _piece_is_one_of_them(self) -> Self:
        if self.piece > self.pieces:
            raise ValueError(f"there is no piece {self.piece} of {self.pieces}")
        return self

    def pieces_for(self, serials: Sequence[str]) -> Iterator[tuple[str, UnitStateSaid]]:
        """The same, said of all these units: `(subject, payload)` of each event."""
        pieces = list(pieces_of(serials))
        for number, (subject, *others) in enumerate(pieces, 1):
            changes = {"serials": tuple(others), "piece": number, "pieces": len(pieces)}
            yield subject, self.model_copy(update=changes)


def pieces_of(serials: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The serials, each once and in their order, in as many pieces as events are needed."""
    piece: list[str] = []
    size = 0
    for serial in dict.fromkeys(serials):
        bytes_of_it = len(json.dumps(serial, ensure_ascii=False).encode("utf-8")) + 1
        if piece and (len(piece) > MOST_SERIALS or size + bytes_of_it > SERIALS_BYTES):
            yield tuple(piece)
            piece, size = [], 0
        piece.append(serial)
        size += bytes_of_it
    if piece:
        yield tuple(piece)


class GaugeStateSaid(EventPayload):
    """A gauge was blocked, because a check of it failed or somebody said so, or found fit again. It outweighs the gauge
    register until it is lifted.
    """

    TYPE: ClassVar[str] = "gauge.state"
    SUBJECT: ClassVar[SubjectKind] = "gauge"

    state: Literal["blocked", "fit"] = Field(description="blocked or fit")
    why: Text = Field(min_length=1, description="why, in a sentence")
    code: Identifier | None = Field(None, description="why, by the plant's code")
    check: Identifier | None = Field(
        None, description="id of the record of the check that failed or passed: agent/epoch/seq"
    )
    characteristic: Identifier | None = Field(None, description="the characteristic that was checked")


class SuspectWindow(EventPayload):
    """All that a gauge measured since its last good check is in doubt. The units are put on hold by `unit.state` events
    that name the same gauge and the same window.
    """

    TYPE: ClassVar[str] = "suspect.window"
    SUBJECT: ClassVar[SubjectKind] = "gauge"

    why: Text = Field(min_length=1, description="what opened it, in a sentence")
    characteristic: Identifier | None = Field(None, description="what it measured; left out: all that it measures")
    since: UtcText | None = Field(None, description="the last good check; left out: none is known")
    until: UtcText = Field(description="the check that failed")
    good_check: Identifier | None = Field(None, description="id of the record of the last good check")
    failed_check: Identifier | None = Field(None, description="id of the record of the check that failed")
    units: int = Field(ge=0, description="how many units were put on hold")
    complete: bool = Field(description="whether these are all, by the store's answer")
    open_: Text | None = Field(
        None, alias="open", description="what is open, in a sentence: which units nobody could name yet"
    )

    @model_validator(mode="after")
    def _open_says_what(self) -> Self:
        if self.complete == bool(self.open_):
            raise ValueError("a window that isn't complete says what is open, and one that is says nothing")
        return self
