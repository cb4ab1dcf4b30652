"""A control chart as SVG, drawn on the server: points, centre, limits, signals. Pure; no script and no style attribute.

Promise: each signal and each extreme is drawn. Of very many points the eye gets, for each step of the picture's width,
the lowest and the highest; numbers are never thinned out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from gaugetrail_contract.escapes import visible

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 80, 10, 14, 26
MOST_DRAWN = 1200
MOST_STRETCHES = 3 * 600
Spot = tuple[int, float, bool]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A limit over the points for which it holds."""

    name: str
    first: int
    last: int
    value: float


def picture(chart: Mapping[str, Any], title: str) -> str:
    """The chart of an answer; empty where no point has a value."""
    there = [point for point in chart["points"] if point["value"] is not None]
    spots: list[Spot] = [(point["at"], point["value"], bool(point["signals"])) for point in there]
    if not spots:
        return ""
    lines = [stretch for name in ("ucl", "center", "lcl") for stretch in stretches(chart, name)]
    low, high = _ends([value for _, value, _ in spots] + [line.value for line in lines])
    last = max(at for at, _, _ in spots)

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - 0.5) / last

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    drawn = thinned(spots)
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value, _ in drawn)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="control chart of {_text(title)}">',
        *(_line(line, x(line.first - 0.5), x(line.last + 0.5), y(line.value)) for line in lines[-MOST_STRETCHES:]),
        f'<polyline class="values" points="{path}" fill="none"/>',
        *(_dot(x(at), y(value), at, value, signal=signal) for at, value, signal in drawn),
        f'<text x="{LEFT}" y="{HEIGHT - 8}">1</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{last}</text>',
        "</svg>",
    ]
    return "".join(parts)


def stretches(chart: Mapping[str, Any], name: str) -> list[Stretch]:
    """Where this limit is the same from point to point; one for all where the chart has one."""
    points = chart["points"]
    if chart[name] is not None:
        return [Stretch(name, points[0]["at"], points[-1]["at"], chart[name])]
    found = []
    for value, own in groupby(points, key=lambda point: point[name]):
        if value is not None:
            part = list(own)
            found.append(Stretch(name, part[0]["at"], part[-1]["at"], value))
    return found


def thinned(spots: Sequence[Spot]) -> list[Spot]:
    """All of few; of many the lowest, the highest and every signal of each step."""
    if len(spots) <= MOST_DRAWN:
        return list(spots)
    step = -(-len(spots) // (MOST_DRAWN // 2))
    kept: dict[int, Spot] = {}
    for start in range(0, len(spots), step):
        part = spots[start : start + step]
        ends = (min(part, key=lambda spot: spot[1]), max(part, key=lambda spot: spot[1]))
        kept |= {spot[0]: spot for spot in (*ends, *(spot for spot in part if spot[2]))}
    return [kept[at] for at in sorted(kept)]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    return low - margin, high + margin


def _line(line: Stretch, left: float, right: float, at: float) -> str:
    said = f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{line.value:.6g}</text>' if line.first == 1 else ""
    return f'<line class="{line.name}" x1="{left:.1f}" x2="{right:.1f}" y1="{at:.1f}" y2="{at:.1f}"/>{said}'


def _dot(x: float, y: float, at: int, value: float, *, signal: bool) -> str:
    kind, radius = ("signal", 4.5) if signal else ("value", 2)
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"><title>{at}: {value:.10g}</title></circle>'


def _text(words: str) -> str:
    return escape(visible(words), quote=True)
