"""A gauge R&R study on a page: where the variation comes from, and what each appraiser measured of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gaugetrail_collector.statistics.pictures.page import BLUE, GREEN, INK, PALE, RED, Axes, Figure, PageText, sheet

Answer = Mapping[str, Any]
SOURCES = {"grr": "gauge R&R", "ev": "repeatability", "av": "appraisers", "int": "interaction", "pv": "parts"}
SHARES = {"percent_contribution": "% contribution", "percent_study": "% study", "percent_tolerance": "% tolerance"}
COLORS = (BLUE, RED, GREEN, INK, PALE)
"""More appraisers than this begin again."""


def gauge_study(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """Components of variation above, measurements by part and appraiser below."""
    figure, places = sheet([1.0, 1.4] if answer["cells"] else [1.0])
    _components(places[0], answer)
    if answer["cells"]:
        _by_part(places[1], answer["cells"])
    facts = {
        "parts": str(answer["parts"]),
        "appraisers": str(len(answer["appraisers"])),
        "trials": str(answer["trials"]),
        "% study": _number(answer["percent_study"]["grr"]),
        "ndc": _number(answer["ndc"]),
    }
    notes = [
        *(f"note: {one}" for one in answer["warnings"]),
        *(f"{name}: {words}" for name, words in answer["formulas"].items()),
    ]
    return figure, PageText(title or "Gauge R&R", (f"method: {answer['method']}",), facts, notes)


def _components(place: Axes, answer: Answer) -> None:
    """A group of bars for each source; what can't be has none."""
    shown = [name for name in SHARES if any(answer[name].get(source) is not None for source in SOURCES)]
    width = 0.8 / len(shown) if shown else 0.8
    for at, (name, color) in enumerate(zip(shown, COLORS, strict=False)):
        heights = [answer[name].get(source) or 0.0 for source in SOURCES]
        lefts = [place_of + (at - (len(shown) - 1) / 2) * width for place_of in range(len(SOURCES))]
        place.bar(lefts, heights, width=width * 0.9, color=color, label=SHARES[name])
    place.set_xticks(range(len(SOURCES)), list(SOURCES.values()))
    place.set_title("components of variation, %", loc="left", fontsize=9, color=INK)
    place.legend(loc="upper left", fontsize=7, frameon=False)


def _by_part(place: Axes, cells: Sequence[Answer]) -> None:
    """The mean of each appraiser's trials, with the span from the smallest to the largest."""
    parts = list(dict.fromkeys(cell["part"] for cell in cells))
    people = list(dict.fromkeys(cell["appraiser"] for cell in cells))
    step = 0.6 / max(1, len(people) - 1)
    for at, who in enumerate(people):
        own = [cell for cell in cells if cell["appraiser"] == who]
        xs = [parts.index(cell["part"]) - 0.3 + at * step for cell in own]
        color = COLORS[at % len(COLORS)]
        for x, cell in zip(xs, own, strict=True):
            place.plot([x, x], [cell["minimum"], cell["maximum"]], color=color, linewidth=1)
        place.plot(xs, [cell["mean"] for cell in own], "o", color=color, markersize=3.5, label=who)
    place.set_xticks(range(len(parts)), parts, fontsize=7)
    place.set_title("measured by part and appraiser", loc="left", fontsize=9, color=INK)
    place.legend(loc="upper left", bbox_to_anchor=(0.0, -0.08), ncols=8, fontsize=7, frameon=False)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
