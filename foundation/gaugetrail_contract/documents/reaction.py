"""A reaction plan: what is to be done, by whom, when a piece fails, a chart signals, a gauge is overdue.

Promise: for one signal there is one answer, or none: two entries that would both speak are a fault. Steps are in order,
each with who does it, what, and what is held. A plan's `reaction = "RP-12: stop, sort"` names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.head import ForPart, Spoken
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier, Text

Signal = Literal[
    "fail",
    "first_piece_fail",
    "fails_in_row",
    "rule_signal",
    "gauge_overdue",
    "gauge_check_failed",
    "check_missed",
    "value_implausible",
]
Held = Literal["nothing", "unit", "lot", "since_last_good_check"]
RULE = re.compile(
    r"(we[1-4]|nelson[1-8]|aiag[1-8]|juran[1-9]|westgard_[0-9a-z_]{1,10})(:[1-9]\d?(of[1-9]\d?)?)?|ewma|cusum_(upper|lower)"
)
"""What a rule of a control chart is called, with another count behind a colon; a signal names at most 100 points."""
NO_RULE = "is no rule of a chart, such as we1, nelson3, aiag5, we4:9, we2:3of4"


class ReactionCode(Settings):
    """One `[[cause]]` or `[[action]]`: a code, and what it means."""

    code: Identifier = Field(description="what is scanned, typed or pressed", examples=["TOOL"])
    what: Spoken = Field(min_length=1, description="what it means, by language", examples=[{"en": "The tool is worn."}])


class ReactionStep(Settings):
    """One `[[on.step]]`: somebody does something."""

    who: Identifier = Field(description="who does it: a role or a function", examples=["operator"])
    what: Spoken = Field(min_length=1, description="what is done, by language", examples=[{"en": "Stop the machine."}])
    hold: Held = Field(
        "nothing",
        description="what is put on hold: nothing, the unit, its lot, or all units since the last good check",
    )
    sort: Text = Field("", description="what is sorted, and how", examples=["100 % of the box with G-0017"])
    call: tuple[Identifier, ...] = Field((), description="who is called", examples=[["quality engineer"]])


class Reaction(Settings):
    """One `[[on]]`: the steps for a signal."""

    signal: tuple[Signal, ...] = Field(
        min_length=1,
        description="fail, first_piece_fail, fails_in_row (with in_row), rule_signal, gauge_overdue, "
        "gauge_check_failed, check_missed, value_implausible",
    )
    in_row: int | None = Field(None, ge=2, le=1000, description="fails_in_row: from so many one after the other on")
    rules: tuple[Identifier, ...] = Field(
        (), description="rule_signal: these rules alone; left out: any", examples=[["we1", "nelson3"]]
    )
    acknowledge: Literal["none", "cause", "cause_and_action"] = Field(
        "none", description="what somebody must write down before work goes on"
    )
    step: tuple[ReactionStep, ...] = Field((), description="[[on.step]], in order; at least one")

    @model_validator(mode="after")
    def _signal_makes_sense(self) -> Self:
        if not self.step:
            raise ValueError("a reaction says what is to be done: add an [[on.step]]")
        if ("fails_in_row" in self.signal) != (self.in_row is not None):
            raise ValueError("in_row and the signal fails_in_row go together: say both, or neither")
        if self.rules and "rule_signal" not in self.signal:
            raise ValueError("rules say which rule_signal is meant: add that signal, or leave rules out")
        if strange := [one for one in self.rules if RULE.fullmatch(one) is None]:
            raise ValueError(f"{', '.join(strange)} {NO_RULE}")
        return self


class ReactionPlan(ForPart):
    """A reaction document as its file says it."""

    characteristic: tuple[Identifier, ...] = Field((), description="for these characteristics; left out: any")
    on: tuple[Reaction, ...] = Field((), description="[[on]]; at least one")
    cause: tuple[ReactionCode, ...] = Field(
        (), description="[[cause]]: the causes that may be given; left out: a text of one's own"
    )
    action: tuple[ReactionCode, ...] = Field(
        (), description="[[action]]: the actions that may be given; left out: a text of one's own"
    )

    @model_validator(mode="after")
    def _signals_are_told_apart(self) -> Self:
        if not self.on:
            raise ValueError("a reaction plan says what happens when: add an [[on]]")
        seen: set[object] = set()
        for key in (key for one in self.on for key in _keys(one)):
            if key in seen:
                raise ValueError(f"two [[on]] are for {key[0]}{f' {key[1]}' if key[1] else ''}: make one of them")
            seen.add(key)
        return self

    @model_validator(mode="after")
    def _codes_are_told_apart(self) -> Self:
        for name, listed in (("cause", self.cause), ("action", self.action)):
            codes = [one.code.upper() for one in listed]
            if twice := sorted({code for code in codes if codes.count(code) > 1}):
                raise ValueError(f"the {name} {', '.join(twice)} stands twice")
        return self

    def to(self, signal: Signal, *, in_row: int = 0, rule: str | None = None) -> Reaction | None:
        """What is to be done; of several rows of failures the longest that is reached, of rules the one that is named
        before any.
        """
        found = [one for one in self.on if signal in one.signal]
        if signal == "fails_in_row":
            reached = [one for one in found if one.in_row is not None and one.in_row <= in_row]
            return max(reached, key=lambda one: one.in_row or 0, default=None)
        if signal == "rule_signal":
            named = [one for one in found if rule in one.rules]
            return next(iter([*named, *(one for one in found if not one.rules)]), None)
        return next(iter(found), None)


def _keys(one: Reaction) -> Iterator[tuple[str, str]]:
    for signal in one.signal:
        if signal == "rule_signal" and one.rules:
            yield from ((signal, rule) for rule in one.rules)
        else:
            yield signal, str(one.in_row) if signal == "fails_in_row" else ""
