"""Where a chart's limits come from: a baseline of points, or given numbers.

Phase I: limits from all points, or from a baseline, less the points that have a recorded cause. Phase II: the rest is
judged and moves nothing (Montgomery, Introduction to Statistical Quality Control, chapter 5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import DEFAULT, RunRule, rules_named

FEW = 20
"""Fewer points than this give rough limits: the books ask for 20 to 25 subgroups (AIAG SPC, chapter II)."""
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What limits are taken from, how wide they are, and which rules are asked."""

    baseline: frozenset[int] | None = None
    """Positions from 1; `None`: all points."""
    causes: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    """Points that are left out, each with its cause."""
    center: float | None = None
    sigma: float | None = None
    width: float = 3.0
    estimator: str | None = None
    rules: tuple[RunRule, ...] = field(default_factory=lambda: rules_named(DEFAULT))

    def settle(self, count: int) -> None:
        """Hold it against the number of points. Raises `Refused`."""
        beyond = [at for at in (*(self.baseline or ()), *self.causes) if not 1 <= at <= count]
        if beyond:
            raise Refused(f"there is no point {max(beyond)}: the chart has points 1 to {count}")
        if self.sigma is not None and not self.sigma > 0:
            raise Refused(f"--sigma {self.sigma:g} is no spread: it must be above 0")
        if not self.width > 0:
            raise Refused(f"--width {self.width:g} is no width: it must be above 0")
        if self.baseline is not None and not self.baseline - set(self.causes):
            raise Refused("every point of the baseline is excluded: nothing sets limits")

    def phase(self, at: int, *, given: bool) -> str:
        """What a point is for: `baseline`, `judged` or `excluded`."""
        if at in self.causes:
            return "excluded"
        inside = self.baseline is None or at in self.baseline
        return "baseline" if inside and not given else "judged"

    def given(self, *, center_alone: bool = False) -> bool:
        """Whether the limits need no baseline. Raises `Refused` where they are given and have one, too."""
        whole = self.center is not None and (center_alone or self.sigma is not None)
        if whole and self.baseline is not None:
            raise Refused("limits are given or taken from a baseline, not both; leave one of them out")
        return whole


def positions(text: str) -> frozenset[int]:
    """The points of `1-25`, `7` or `1-10,12-25`. Raises `Refused`."""
    found: set[int] = set()
    for word in text.split(","):
        parts = _SPAN.fullmatch(word.strip())
        if parts is None:
            raise Refused(f"--baseline {text} names no points; write 1-25, or 1-10,12-25")
        first, last = int(parts[1]), int(parts[2] or parts[1])
        if not 1 <= first <= last:
            raise Refused(f"--baseline {text}: points count from 1, the smaller number first")
        found.update(range(first, last + 1))
    return frozenset(found)


def causes_of(words: Sequence[str]) -> dict[int, str]:
    """The points of `15=new batch`, with their causes. Raises `Refused`."""
    found: dict[int, str] = {}
    for word in words:
        place, _, cause = word.partition("=")
        if not place.strip().isdecimal():
            raise Refused(f"--exclude {word} names no point; write 15=CAUSE")
        if not cause.strip():
            raise Refused(f"--exclude {word} has no cause: a point leaves the baseline only with one, like 15=CAUSE")
        found[int(place)] = cause.strip()
    return found
