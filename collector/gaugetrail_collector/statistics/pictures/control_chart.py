"""A control chart on a page: points, limits, signals in red with their rules, what is left out with its cause."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from gaugetrail_collector.statistics.pictures.page import BLUE, GREEN, INK, PALE, RED, Axes, Figure, PageText, sheet
from gaugetrail_contract.counts import counted

MOST_POINTS = 1500
"""More than this are thinned: a page across is no wider than that many dots."""
MOST_NAMED = 40
"""Signals that are named beside their point; the rest are red alone."""
TITLES = {
    "xbar": "means",
    "r": "ranges",
    "s": "standard deviations",
    "i": "single values",
    "mr": "moving ranges",
    "p": "share of defectives",
    "np": "defectives",
    "c": "defects",
    "u": "defects a unit",
    "laney_p": "share of defectives (Laney)",
    "laney_u": "defects a unit (Laney)",
    "ewma": "weighted mean (EWMA)",
    "cusum": "cumulative sums",
    "run": "values",
}

Answer = Mapping[str, Any]


def draw(answer: Answer, title: str | None) -> tuple[Figure, PageText]:
    """The chart or the two of them, the second one lower."""
    charts = answer["charts"]
    figure, places = sheet([3.0, 2.0] if len(charts) == 2 else [1.0])
    for place, (name, chart) in zip(places, charts.items(), strict=True):
        _one(place, name, chart)
    places[-1].set_xlabel("point")
    first = next(iter(charts.values()))
    return figure, PageText(
        title or f"Control chart {answer['type']}", (answer["method"],), _facts(answer, charts), _notes(answer, first)
    )


def thinned(points: Sequence[Answer], key: str) -> list[Answer]:
    """At most about so many points as a page has dots: of each stretch the lowest and the highest, and every signal."""
    there = [point for point in points if point[key] is not None]
    if len(there) <= MOST_POINTS:
        return there
    stretch = -(-len(there) * 2 // MOST_POINTS)
    kept: set[int] = set()
    for start in range(0, len(there), stretch):
        own = there[start : start + stretch]
        kept |= {min(own, key=lambda point: point[key])["at"], max(own, key=lambda point: point[key])["at"]}
    return [point for point in there if point["at"] in kept or point["signals"] or point["phase"] == "excluded"]


def _one(place: Axes, name: str, chart: Answer) -> None:
    points = chart["points"]
    if name == "cusum":
        _series(place, points, "upper", BLUE)
        _series(
            place,
            [{**point, "lower": None if point["lower"] is None else -point["lower"]} for point in points],
            "lower",
            GREEN,
        )
        _limit(place, points, "ucl", 1)
        _limit(place, points, "ucl", -1)
        place.axhline(0, color=GREEN, linewidth=0.8)
    else:
        _limit(place, points, "ucl", 1)
        _limit(place, points, "lcl", 1)
        _limit(place, points, "center", 1)
        _series(place, points, "value", BLUE)
    _phases(place, points)
    place.set_title(TITLES.get(name, name), loc="left", fontsize=9, color=INK)
    place.margins(x=0.02)


def _series(place: Axes, points: Sequence[Answer], key: str, color: str) -> None:
    """The line of points; signals red and named, what is left out hollow and off the line."""
    drawn = thinned(points, key)
    line = [point for point in drawn if point["phase"] != "excluded"]
    size = 3.5 if len(drawn) <= 200 else 1.5
    place.plot(
        [one["at"] for one in line], [one[key] for one in line], "-o", color=color, markersize=size, linewidth=0.8
    )
    hollow = [point for point in drawn if point["phase"] == "excluded"]
    place.plot(
        [one["at"] for one in hollow], [one[key] for one in hollow], "x", color=PALE, markersize=7, markeredgewidth=1.4
    )
    red = [point for point in line if _spoke(point, key)]
    place.plot([one["at"] for one in red], [one[key] for one in red], "o", color=RED, markersize=size + 2)
    for one in red[:MOST_NAMED]:
        place.annotate(
            " ".join(one["signals"]),
            (one["at"], one[key]),
            (0, 5),
            textcoords="offset points",
            fontsize=6,
            color=RED,
            ha="center",
        )


def _spoke(point: Answer, key: str) -> bool:
    """Whether a rule spoke at it; of CUSUM's two sums, its own."""
    return any(key not in ("upper", "lower") or rule.endswith(key) for rule in point["signals"])


def _limit(place: Axes, points: Sequence[Answer], key: str, way: int) -> None:
    """Centre or limit as steps, with its number at the right edge."""
    there = [point for point in points if point[key] is not None]
    if not there:
        return
    color, style = (GREEN, "-") if key == "center" else (RED, "--")
    ats, heights = _steps(there, key, way)
    place.plot(ats, heights, color=color, linestyle=style, linewidth=0.8)
    place.annotate(
        f"{way * there[-1][key]:.6g}",
        (ats[-1], heights[-1]),
        (3, 0),
        textcoords="offset points",
        fontsize=7,
        color=color,
        va="center",
    )


def _steps(points: Sequence[Answer], key: str, way: int) -> tuple[list[float], list[float]]:
    """Half a point to each side at its height; equal neighbours are one line."""
    ats, heights = [], []
    for before, point, after in zip([None, *points], points, [*points[1:], None], strict=False):
        height = way * point[key]
        inner = before is not None and after is not None and before[key] == point[key] == after[key]
        if not inner:
            ats += [point["at"] - 0.5, point["at"] + 0.5]
            heights += [height, height]
    return ats, heights


def _phases(place: Axes, points: Sequence[Answer]) -> None:
    """A line where the baseline ends and judging begins."""
    for before, after in itertools.pairwise(points):
        if {before["phase"], after["phase"]} == {"baseline", "judged"}:
            place.axvline(before["at"] + 0.5, color=PALE, linewidth=0.8, linestyle=":")


def _facts(answer: Answer, charts: Answer) -> dict[str, str]:
    facts = {"n": str(answer["n"])}
    if answer["sigma_within"] is not None:
        facts["sigma"] = f"{answer['sigma_within']:.6g} ({answer['estimator'] or 'given'})"
    for name, chart in charts.items():
        center = chart["center"]
        facts[name] = "centre by point" if center is None else f"centre {center:.6g}"
    facts["signals"] = str(sum(len(chart["signals"]) for chart in charts.values()))
    return facts


def _held(points: Sequence[Answer]) -> list[str]:
    """Which limits the records were judged by, where they say it."""
    under: dict[str, list[int]] = {}
    for point in points:
        if (version := point.get("limits_version")) is not None:
            under.setdefault(version, []).append(point["at"])
    said = (f"{version} for {counted(len(own), 'point')} from {own[0]} to {own[-1]}" for version, own in under.items())
    return [f"judged when they were measured by {'; '.join(said)}"] if under else []


def _notes(answer: Answer, chart: Answer) -> list[str]:
    rules = "; ".join(f"{name}: {words}" for name, words in answer["rules"].items())
    formulas = "; ".join(f"{name}: {words}" for name, words in answer["formulas"].items())
    left_out = [
        f"left out: point {point['at']} ({point['label']}): {point['cause']}"
        for point in chart["points"]
        if point["phase"] == "excluded"
    ]
    return [
        *left_out,
        *_held(chart["points"]),
        *(f"note: {one}" for one in answer["warnings"]),
        f"rules: {rules}",
        f"formulas: {formulas}",
    ]
