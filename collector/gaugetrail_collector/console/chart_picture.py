"""A control chart as SVG, drawn on the server: points, centre, limits, signals. Pure; no script and no style attribute.

Promise: each signal and each extreme is drawn. Of very many points the eye gets, for each step of the picture's width,
the lowest and the highest; numbers are never thinned out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from gaugetrail_contract.escapes import visible

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 80, 10, 14, 26
MOST_DRAWN = 1200
Spot = tuple[int, float, bool]


def picture(chart: Mapping[str, Any], title: str) -> str:
    """The chart of an answer; empty where no point has a value."""
    there = [point for point in chart["points"] if point["value"] is not None]
    spots: list[Spot] = [(point["at"], point["value"], bool(point["signals"])) for point in there]
    if not spots:
        return ""
    lines: dict[str, float] = {name: chart[name] for name in ("ucl", "center", "lcl") if chart[name] is not None}
    low, high = _ends([value for _, value, _ in spots] + list(lines.values()))
    last = max(at for at, _, _ in spots)

    def x(at: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - 0.5) / last

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    drawn = thinned(spots)
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value, _ in drawn)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="control chart of {_text(title)}">',
        *(_line(name, y(value), value) for name, value in lines.items()),
        f'<polyline class="values" points="{path}" fill="none"/>',
        *(_dot(x(at), y(value), at, value, signal=signal) for at, value, signal in drawn),
        f'<text x="{LEFT}" y="{HEIGHT - 8}">1</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{last}</text>',
        "</svg>",
    ]
    return "".join(parts)


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


def _line(name: str, at: float, value: float) -> str:
    return (
        f'<line class="{name}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.6g}</text>'
    )


def _dot(x: float, y: float, at: int, value: float, *, signal: bool) -> str:
    kind, radius = ("signal", 4.5) if signal else ("value", 2)
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"><title>{at}: {value:.10g}</title></circle>'


def _text(words: str) -> str:
    return escape(visible(words), quote=True)
