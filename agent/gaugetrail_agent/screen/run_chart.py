"""The last values of a characteristic as a run chart: an SVG picture, drawn on the server. Pure; no script, no style.

Promise: a value outside its limits is another shape, not only another colour; limits and centre are lines with their
numbers. Each value is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

from gaugetrail_agent.seen.made import MOST_VALUES
from gaugetrail_contract.record import Measurement, Verdict

WIDTH, HEIGHT = 520, 210
LEFT, RIGHT, TOP, BOTTOM = 104, 10, 14, 14


def run_chart(values: Sequence[Measurement], lines: Sequence[tuple[str, str | None]], title: str) -> str:
    """`lines`: kind (`spec`, `control`, `nominal`) and where it lies; empty without a value."""
    points = [Decimal(one.value) for one in values if one.value is not None]
    if not points:
        return ""
    drawn = [(kind, Decimal(at)) for kind, at in lines if at is not None]
    low, high = _ends([*points, *(at for _, at in drawn)])

    def y(value: Decimal) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * float((high - value) / (high - low))

    places = [(_x(number), y(value)) for number, value in enumerate(points)]
    path = " ".join(f"{x:.1f},{at:.1f}" for x, at in places)
    marks = (_mark(x, at, one) for (x, at), one in zip(places, values, strict=True))
    return "".join(
        (
            f'<svg class="run" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
            *_lines(drawn, y),
            f'<polyline class="values" points="{path}" fill="none"/>',
            *marks,
            "</svg>",
        )
    )


def _x(number: int) -> float:
    return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * number / (MOST_VALUES - 1)


def _ends(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    low, high = min(values), max(values)
    margin = (high - low) / 12 or abs(high) / 100 or Decimal(1)
    return low - margin, high + margin


def _lines(drawn: Sequence[tuple[str, Decimal]], y: object) -> Iterator[str]:
    assert callable(y)
    labelled: list[float] = []
    for kind, at in sorted(drawn, key=lambda one: ("spec", "control", "nominal").index(one[0])):
        height = y(at)
        yield f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
        if all(abs(height - other) > 22 for other in labelled):  # numbers that would lie on each other say nothing
            labelled.append(height)
            yield f'<text x="{LEFT - 8}" y="{height + 8:.1f}" text-anchor="end">{at}</text>'


def _mark(x: float, y: float, one: Measurement) -> str:
    if one.verdict is Verdict.PASS:
        return f'<circle class="good" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'
    return f'<path class="bad" d="M{x - 7:.1f} {y - 7:.1f}l14 14m0-14l-14 14"/>'
