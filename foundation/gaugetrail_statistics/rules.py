"""Rules of control charts: which points tell of a special cause.

Promise: a rule speaks at the point that completes its pattern, once its window is full, and again at each further point
that does. "Beyond" is strict: a point on a limit, on a zone's edge or on the centre line is no signal, and equal
neighbours break a trend. On the line is what differs by no more than binary rounding. In "2 of 3" and its like the last
point itself lies beyond, on the same side. Pure Python: a station runs this.

Sources: Western Electric, Statistical Quality Control Handbook, 1956 (`we`); Nelson, Journal of Quality Technology 16,
1984 (`nelson`); AIAG, Statistical Process Control, 2nd edition 2005, table of tests (`aiag`); Juran's Quality Handbook
(`juran`); Westgard et al., Clinical Chemistry 27, 1981 (`westgard`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import Struct

from gaugetrail_statistics.refusing import Refused

ROUNDING = 8 * 2.0**-52
"""Relative to the sum of two numbers: what lies nearer is the same decimal."""


@dataclass(frozen=True, slots=True)
class RunRule:
    """A pattern: `needed` of the last `window` points do what `shape` says, at `sigmas` from the centre."""

    name: str
    shape: str
    needed: int
    window: int
    sigmas: float = 0.0
    both_sides: bool = False
    """Points must lie on both sides for it."""


class Plotted(Struct, frozen=True, gc=False):
    """A point as the rules see it; `sigma` and limits are `None` where the chart has none. A struct, for a chart of
    50,000 values makes 100,000 of them, and a frozen dataclass takes ten times as long.
    """

    at: int
    value: float
    center: float
    sigma: float | None
    ucl: float | None
    lcl: float | None


@dataclass(frozen=True, slots=True)
class RuleSignal:
    """A rule that spoke: at which point, and by which points."""

    rule: str
    at: int
    points: tuple[int, ...]


def _set(prefix: str, *patterns: tuple[str, int, int, float]) -> dict[str, RunRule]:
    return {
        f"{prefix}{place}": RunRule(f"{prefix}{place}", shape, needed, window, sigmas)
        for place, (shape, needed, window, sigmas) in enumerate(patterns, 1)
    }


OUT = ("limits", 1, 1, 3.0)
TWO_OF_THREE = ("beyond", 2, 3, 2.0)
FOUR_OF_FIVE = ("beyond", 4, 5, 1.0)
SIX_TREND = ("trend", 6, 6, 0.0)
FOURTEEN_ALTERNATING = ("alternating", 14, 14, 0.0)
FIFTEEN_WITHIN = ("within", 15, 15, 1.0)
EIGHT_OUTSIDE = ("outside", 8, 8, 1.0)


def _side(run: int) -> tuple[str, int, int, float]:
    return ("beyond", run, run, 0.0)


SETS: dict[str, dict[str, RunRule]] = {
    "we": _set("we", OUT, TWO_OF_THREE, FOUR_OF_FIVE, _side(8)),
    "nelson": _set(
        "nelson",
        *(OUT, _side(9), SIX_TREND, FOURTEEN_ALTERNATING, TWO_OF_THREE, FOUR_OF_FIVE, FIFTEEN_WITHIN, EIGHT_OUTSIDE),
    ),
    "aiag": _set(
        "aiag",
        *(OUT, _side(7), SIX_TREND, FOURTEEN_ALTERNATING, TWO_OF_THREE, FOUR_OF_FIVE, FIFTEEN_WITHIN, EIGHT_OUTSIDE),
    ),
    "juran": _set("juran", OUT, TWO_OF_THREE, FOUR_OF_FIVE, _side(9), SIX_TREND, EIGHT_OUTSIDE),
    # Without 1_2s, which in the multirule only warns.
    "westgard": {
        "westgard_1_3s": RunRule("westgard_1_3s", "beyond", 1, 1, 3.0),
        "westgard_2_2s": RunRule("westgard_2_2s", "beyond", 2, 2, 2.0),
        "westgard_r_4s": RunRule("westgard_r_4s", "opposite", 2, 2, 2.0),
        "westgard_4_1s": RunRule("westgard_4_1s", "beyond", 4, 4, 1.0),
        "westgard_10_x": RunRule("westgard_10_x", "beyond", 10, 10, 0.0),
    },
}
# Nelson's eighth asks for points on both sides; the others' eight outside may all lie on one.
SETS["nelson"]["nelson8"] = replace(SETS["nelson"]["nelson8"], both_sides=True)
RULES = {name: rule for rules in SETS.values() for name, rule in rules.items()} | {
    "westgard_1_2s": RunRule("westgard_1_2s", "beyond", 1, 1, 2.0),
}
DEFAULT = "we1,we2,we3,we4"
_COUNTED = re.compile(r"(?P<name>[a-z0-9_]+)(:(?P<needed>\d+)(of(?P<window>\d+))?)?")


def rules_named(text: str) -> tuple[RunRule, ...]:
    """The rules of `we1,nelson2,aiag`: rules and whole sets, a count behind a colon (`we4:9`, `we2:3of4`).

    Raises `Refused`.
    """
    found: dict[str, RunRule] = {}
    for word in filter(None, (part.strip().lower() for part in text.split(","))):
        for rule in SETS[word].values() if word in SETS else (_counted(word),):
            found[rule.name] = rule
    if not found:
        raise Refused("no rule is named; write for instance --rules we1,nelson2")
    return tuple(found.values())


def signals_of(points: Sequence[Plotted], rules: Iterable[RunRule]) -> list[RuleSignal]:
    """Every signal, by point and then in the rules' order."""
    asked = tuple(rules)
    zones = {rule.sigmas for rule in asked if rule.shape == "beyond"}
    sides = {sigmas: [side(point, sigmas) for point in points] for sigmas in zones}
    worth = sorted((last, place) for place, rule in enumerate(asked) for last in _may_speak(rule, points, sides))
    found = (spoken(asked[place], points[max(0, last - asked[place].window + 1) : last + 1]) for last, place in worth)
    return [signal for signal in found if signal is not None]


def _may_speak(rule: RunRule, points: Sequence[Plotted], sides: Mapping[float, Sequence[int]]) -> Iterable[int]:
    """Where it is worth asking: most series are quiet, and to count sides costs less than to look at points."""
    if rule.shape == "limits":
        return [last for last, point in enumerate(points) if _is_outside(point)]
    if rule.shape != "beyond":
        return range(len(points))
    own, window, needed = sides[rule.sigmas], rule.window, rule.needed
    return [
        last for last, way in enumerate(own) if way and own[max(0, last - window + 1) : last + 1].count(way) >= needed
    ]


def _is_outside(point: Plotted) -> bool:
    """Whether it lies outside of its limits at all, be it by rounding alone."""
    return (point.ucl is not None and point.value > point.ucl) or (point.lcl is not None and point.value < point.lcl)


def signals_at_last(points: Sequence[Plotted], rules: Iterable[RunRule]) -> list[RuleSignal]:
    """What the rules say at the last of these points: what a station asks when a value comes in."""
    return [
        signal for rule in rules if (signal := spoken(rule, points[max(0, len(points) - rule.window) :])) is not None
    ]


def longest_window(rules: Iterable[RunRule]) -> int:
    """How many points back any of these rules looks, the last one included."""
    return max((rule.window for rule in rules), default=1)


def spoken(rule: RunRule, window: Sequence[Plotted]) -> RuleSignal | None:
    """What a rule says at the last point of its window, nothing where the window isn't full."""
    if len(window) < rule.window:
        return None
    points = _SHAPES[rule.shape](rule, window)
    return RuleSignal(rule.name, window[-1].at, tuple(points)) if points else None


def above(value: float, bound: float) -> bool:
    """Whether it lies above by more than binary rounding."""
    return value > bound and value - bound > ROUNDING * (abs(value) + abs(bound))


def side(point: Plotted, sigmas: float) -> int:
    """1 beyond so many sigmas above the centre, -1 below, 0 for neither, or where the chart has no sigma."""
    if sigmas and point.sigma is None:
        return 0
    away, value, center = sigmas * (point.sigma or 0.0), point.value, point.center
    if value > center:
        bound = center + away
        return 1 if value > bound and above(value, bound) else 0
    bound = center - away
    return -1 if bound > value and above(bound, value) else 0


def _counted(word: str) -> RunRule:
    parts = _COUNTED.fullmatch(word)
    rule = None if parts is None else RULES.get(_spelt(parts["name"]))
    if parts is None or rule is None:
        raise Refused(f"no rule is called {word!r}; there are {', '.join(SETS)} as sets, and {', '.join(RULES)}")
    needed = int(parts["needed"] or rule.needed)
    window = int(parts["window"] or (rule.window if parts["needed"] is None else needed))
    if rule.window == 1 and parts["needed"]:
        raise Refused(f"{word}: {rule.name} looks at one point and takes no count")
    if not 2 <= needed <= window and rule.window > 1:
        raise Refused(f"{word}: a pattern takes 2 points or more, at most as many as its window")
    if needed != window and rule.shape != "beyond":
        raise Refused(f"{word}: {rule.name} is a pattern without a gap; write one number")
    return replace(rule, name=word, needed=needed, window=window)


def _spelt(name: str) -> str:
    """`westgard_13s` is `westgard_1_3s`: both are written."""
    bare = name.replace("_", "")
    return next((known for known in RULES if known.replace("_", "") == bare), name)


def _limits(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    del rule
    last = window[-1]
    over = last.ucl is not None and above(last.value, last.ucl)
    return [last.at] if over or (last.lcl is not None and above(last.lcl, last.value)) else []


def _beyond(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    own = side(window[-1], rule.sigmas)
    if not own:
        return []
    if rule.needed == rule.window:
        whole = all(side(point, rule.sigmas) == own for point in reversed(window))
        return [point.at for point in window] if whole else []
    beyond = [point.at for point in window if side(point, rule.sigmas) == own]
    return beyond if len(beyond) >= rule.needed else []


def _steps(window: Sequence[Plotted]) -> Iterator[int]:
    """Up, down or neither, from each point to the next, the last step first."""
    for place in range(len(window) - 1, 0, -1):
        before, after = window[place - 1].value, window[place].value
        yield 1 if above(after, before) else -1 if above(before, after) else 0


def _trend(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    del rule
    steps = _steps(window)
    first = next(steps)
    return [point.at for point in window] if first and all(step == first for step in steps) else []


def _alternating(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    del rule
    before = 0
    for step in _steps(window):
        if not step or step == before:
            return []
        before = step
    return [point.at for point in window]


def _within(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    return [point.at for point in window] if all(_inside(point, rule.sigmas) for point in reversed(window)) else []


def _inside(point: Plotted, sigmas: float) -> bool:
    """Whether it lies within so many sigmas of the centre, strictly."""
    if point.sigma is None:
        return False
    away = sigmas * point.sigma
    return above(point.center + away, point.value) and above(point.value, point.center - away)


def _outside(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    sides = set()
    for point in reversed(window):
        own = side(point, rule.sigmas)
        if not own:
            return []
        sides.add(own)
    return [] if rule.both_sides and len(sides) < 2 else [point.at for point in window]


def _opposite(rule: RunRule, window: Sequence[Plotted]) -> list[int]:
    first, last = side(window[0], rule.sigmas), side(window[-1], rule.sigmas)
    return [window[0].at, window[-1].at] if first * last < 0 else []


_SHAPES: dict[str, Callable[[RunRule, Sequence[Plotted]], list[int]]] = {
    "limits": _limits,
    "beyond": _beyond,
    "trend": _trend,
    "alternating": _alternating,
    "within": _within,
    "outside": _outside,
    "opposite": _opposite,
}
