"""Histogram, probability plot and boxes on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaugetrail_collector.statistics.pictures.page import BLUE, GREEN, INK, PALE, RED, Figure, PageText, sheet

Answer = Mapping[str, Any]


def histogram(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """Bars with the fitted curve, and limits where they are known."""
    figure, (place,) = sheet([1.0])
    bins = answer["bins"]
    widths = [one["upper"] - one["lower"] for one in bins]
    place.bar(
        [one["lower"] for one in bins],
        [one["count"] for one in bins],
        widths,
        align="edge",
        color="#9db8d2",
        edgecolor="white",
    )
    middles = [(one["lower"] + one["upper"]) / 2 for one in bins]
    place.plot(middles, [one["expected"] for one in bins], color=BLUE, linewidth=1.2)
    for name in ("lsl", "usl"):
        if answer[name] is not None:
            place.axvline(answer[name], color=RED, linestyle="--", linewidth=1)
            place.annotate(
                f"{name.upper()} {answer[name]:.6g}",
                (answer[name], 1),
                (3, -8),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                fontsize=7,
                color=RED,
            )
    place.axvline(answer["mean"], color=GREEN, linewidth=1)
    place.set_ylabel("values")
    return figure, _sheet(answer, title or "Histogram", ("n", "mean", "sd"))


def probability_plot(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """Values over normal quantiles, with the line that a normal distribution would stand on."""
    figure, (place,) = sheet([1.0])
    z = [one["z"] for one in answer["points"]]
    place.plot([one["value"] for one in answer["points"]], z, "o", color=BLUE, markersize=3)
    ends = [min(z) - 0.3, max(z) + 0.3]
    place.plot([answer["mean"] + end * answer["sd"] for end in ends], ends, color=RED, linewidth=0.9)
    place.set_ylabel("normal quantile")
    place.grid(color="#eeeeee")
    return figure, _sheet(answer, title or "Normal probability plot", ("n", "mean", "sd", "r"))


def box(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """A box a group, its mean as a green line, what lies beyond its whiskers red."""
    figure, (place,) = sheet([1.0])
    for at, one in enumerate(answer["boxes"], 1):
        place.plot([at, at], [one["lower_whisker"], one["upper_whisker"]], color=PALE, linewidth=0.9)
        place.bar([at], [one["q3"] - one["q1"]], 0.5, bottom=one["q1"], color="#dbe6f0", edgecolor=BLUE)
        place.plot([at - 0.25, at + 0.25], [one["median"]] * 2, color=INK, linewidth=1.5)
        place.plot([at - 0.25, at + 0.25], [one["mean"]] * 2, color=GREEN, linewidth=0.9)
        place.plot([at] * len(one["outliers"]), one["outliers"], "o", color=RED, markersize=3)
    place.set_xticks(range(1, len(answer["boxes"]) + 1), [f"{one['group']}\n{one['n']}" for one in answer["boxes"]])
    return figure, _sheet(answer, title or "Boxes by group", ("n",))


def _sheet(answer: Answer, title: str, names: tuple[str, ...]) -> PageText:
    facts = {name: f"{answer[name]:.6g}" for name in names}
    notes = [
        *(f"note: {one}" for one in answer["warnings"]),
        *(f"{name}: {words}" for name, words in answer["formulas"].items()),
    ]
    return PageText(title, (answer["method"],), facts, notes)
