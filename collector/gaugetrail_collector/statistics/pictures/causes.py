"""Pareto and multi-vari on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaugetrail_collector.statistics.pictures.page import BLUE, GREEN, PALE, RED, Figure, PageText, sheet

Answer = Mapping[str, Any]
MOST_BARS = 25
"""More causes than this share the last bar."""


def pareto(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """Bars by their count, with the line of what they sum up to."""
    figure, (place,) = sheet([1.0])
    causes = answer["causes"]
    bars = [(one["category"], one["count"]) for one in causes[:MOST_BARS]]
    if len(causes) > MOST_BARS:
        bars.append((f"{len(causes) - MOST_BARS} others", sum(one["count"] for one in causes[MOST_BARS:])))
    ats = range(len(bars))
    place.bar(ats, [count for _, count in bars], color=BLUE, width=0.8)
    place.set_xticks(
        ats, [name for name, _ in bars], rotation=30 if len(bars) > 6 else 0, ha="right" if len(bars) > 6 else "center"
    )
    beside = place.twinx()
    shares = [100 * sum(count for _, count in bars[: at + 1]) / answer["total"] for at in ats]
    beside.plot(ats, shares, "-o", color=RED, markersize=3, linewidth=0.9)
    beside.set_ylim(0, 105)
    beside.set_ylabel("% of all")
    return figure, _sheet(answer, title or "Pareto", {"total": f"{answer['total']:.6g}", "causes": str(len(causes))})


def multi_vari(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """Spans of the narrowest factor, means of each wider one over them."""
    figure, (place,) = sheet([1.0])
    deepest = answer["depths"][-1]["cells"]
    for at, cell in enumerate(deepest):
        place.plot([at, at], [cell["minimum"], cell["maximum"]], color=PALE, linewidth=1)
        place.plot([at], [cell["mean"]], "o", color=BLUE, markersize=4)
    for depth, color in zip(answer["depths"][:-1], (RED, GREEN, BLUE), strict=False):
        for cell in depth["cells"]:
            under = [at for at, one in enumerate(deepest) if one["levels"][: len(cell["levels"])] == cell["levels"]]
            place.plot([min(under) - 0.3, max(under) + 0.3], [cell["mean"]] * 2, color=color, linewidth=1.1)
    place.set_xticks(range(len(deepest)), ["\n".join(reversed(cell["levels"])) for cell in deepest], fontsize=7)
    return figure, _sheet(answer, title or "Multi-vari", {"n": str(answer["n"])})


def _sheet(answer: Answer, title: str, facts: dict[str, str]) -> PageText:
    notes = [
        *(f"note: {one}" for one in answer["warnings"]),
        *(f"{name}: {words}" for name, words in answer["formulas"].items()),
    ]
    return PageText(title, (answer["method"],), facts, notes)
