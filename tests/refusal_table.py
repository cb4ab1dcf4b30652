"""What a station refuses, row by row: what the end-to-end tests try and what the page docs/refusals.md says.

Promise: the page's tables hold these rows and no others, and each row is tried at a real station.
"""

from __future__ import annotations

from dataclasses import dataclass

ALLOWING = "quality engineer"
"""Whose role lifts a lock that can be lifted."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refusal: what is wrong, the sentence's id and its words, and whether somebody with the role may allow it."""

    what: str
    cause: str
    says: str
    mend: str
    """What the office does about it."""
    about: str
    """What is refused: the badge, or the gauge's number; empty where it has none."""
    allowed: bool = True

    @property
    def on_the_page(self) -> str:
        """The row as the page has it."""
        by = f"a {ALLOWING}" if self.allowed else "nobody"
        return "| " + " | ".join((self.what, self.says, self.mend, by)) + " |"


PEOPLE = (
    RefusedRow(
        "a badge that nobody has",
        "badge.unknown",
        "OP-99 is not in the people list",
        "enter them",
        "OP-99",
        allowed=False,
    ),
    RefusedRow(
        "somebody whose roles don't measure",
        "badge.no_role",
        "OP-21 has no role that measures: whoever measures is operator, setter, inspector or quality engineer in the "
        "people list",
        "give them the role, if it is theirs",
        "OP-21",
        allowed=False,
    ),
    RefusedRow(
        "somebody who isn't qualified",
        "badge.not_qualified",
        "OP-22 is not qualified for OP20: let somebody measure who is",
        "train them and enter it",
        "OP-22",
    ),
    RefusedRow(
        "somebody who isn't qualified yet",
        "badge.not_yet_qualified",
        "OP-23 is qualified for OP20 only from 2099-01-01: let somebody measure who is now",
        "let somebody else measure until then",
        "OP-23",
    ),
    RefusedRow(
        "somebody whose qualification has run out",
        "badge.qualification_ended",
        "OP-24 was qualified for OP20 until 2026-01-31: have it renewed, or let somebody measure who is",
        "have it renewed and enter it",
        "OP-24",
    ),
)
AT_A_CHARACTERISTIC = RefusedRow(
    "somebody whose qualification for the characteristic has run out",
    "badge.qualification_ended",
    "OP-25 was qualified for weld until 2026-01-31: have it renewed, or let somebody measure who is",
    "have it renewed and enter it",
    "OP-25",
)
GAUGES = (
    RefusedRow(
        "a gauge that is blocked",
        "value.gauge_unfit",
        "gauge G-11 is blocked for calibration: use another one",
        "see why it was blocked",
        "G-11",
    ),
    RefusedRow(
        "a gauge whose calibration is overdue",
        "value.gauge_unfit",
        "gauge G-12 is overdue for calibration: use another one",
        "have it calibrated and enter the new date",
        "G-12",
    ),
    RefusedRow(
        "a gauge that is bound to other characteristics",
        "value.gauge_bound",
        "gauge G-13 is bound to weight and doesn't measure bore: use another one",
        "the wrong gauge is at this device",
        "G-13",
    ),
    RefusedRow(
        "a gauge of the wrong kind",
        "value.gauge_kind",
        "gauge G-14 is a caliper, the plan wants a bore gauge for bore: use one",
        "the wrong gauge is at this device",
        "G-14",
    ),
    RefusedRow(
        "a gauge of which nobody says what kind it is",
        "value.gauge_of_no_kind",
        "the gauge register doesn't say what kind of gauge G-15 is; the plan wants a bore gauge for bore: have it "
        "entered, or use another one",
        "enter its kind",
        "G-15",
    ),
    RefusedRow(
        "a gauge that is too coarse",
        "value.gauge_coarse",
        "gauge G-16 resolves 0.01 mm, the plan wants 0.001 mm or finer for bore: use another one",
        "the wrong gauge is at this device",
        "G-16",
    ),
    RefusedRow(
        "a gauge of which nobody says how finely it resolves",
        "value.gauge_of_no_resolution",
        "the gauge register doesn't say how finely G-17 resolves; the plan wants 0.001 mm for bore: have it entered, "
        "or use another one",
        "enter its resolution",
        "G-17",
    ),
    RefusedRow(
        "a gauge that the settings don't name",
        "value.gauge_not_named",
        "unnamed has no gauge number in the settings, and the plan wants a bore gauge for bore: call the technician",
        "name its gauge in the settings",
        "",
    ),
)
