"""Stability: a gauge on one piece over time, its drift."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gaugetrail_collector.statistics.doors import chart
from gaugetrail_collector.statistics.study_columns import add_confidence
from gaugetrail_statistics.refusing import Refused

TYPES = ("imr", "xbar_r", "xbar_s")
FORMULAS = {
    "drift": "least squares of the points over their positions, t test of the slope (AIAG MSA 4th ed., chapter III B)",
    "stable": "no signal on any chart, and no significant drift",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """A chart's options; of its types those of measured values."""
    chart.add_options(parser)
    add_confidence(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The chart of the piece, with what it drifts by from point to point. Raises `Refused`."""
    import numpy as np

    from gaugetrail_statistics.comparing.relations import line, t_and_p

    if args.type not in TYPES:
        raise Refused(f"stability is read from a chart of measured values: {', '.join(TYPES)}, not {args.type}")
    if not 0 < args.confidence < 1:
        raise Refused(f"the confidence is {args.confidence:g}: it lies between 0 and 1, as 0.95")
    found = chart.answer(args)
    charts = found["charts"]
    assert isinstance(charts, dict)
    at, values = _plotted(next(iter(charts.values()))["points"])
    if len(at) < 3:
        raise Refused(f"too few points: a drift needs at least 3, there are {len(at)}")
    fitted = line(np.array(at), np.array(values))
    t, p = t_and_p(fitted.slope, fitted.se_slope, fitted.df)
    significant = fitted.slope != 0 if p is None else p < 1 - args.confidence
    signals = sum(len(one["signals"]) for one in charts.values())
    drift = {"slope": fitted.slope, "total": fitted.slope * (at[-1] - at[0]), "t": t, "df": fitted.df, "p": p}
    formulas = found["formulas"]
    assert isinstance(formulas, dict)
    return found | {
        "formulas": {**formulas, **FORMULAS},
        "drift": drift | {"significant": significant},
        "signals": signals,
        "stable": not signals and not significant,
    }


def _plotted(points: Sequence[dict[str, object]]) -> tuple[list[float], list[float]]:
    """Positions and values of the points that count."""
    kept = [(point["at"], point["value"]) for point in points if point["phase"] != "excluded"]
    pairs = [(float(at), float(value)) for at, value in kept if isinstance(at, int) and isinstance(value, int | float)]
    return [at for at, _ in pairs], [value for _, value in pairs]
