"""Which points of a column break the rules of charts."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import DEFAULT, Plotted, RunRule, rules_named, signals_of

WORDS = {
    "limits": "a point beyond its limits",
    "beyond": "{needed} of {window} beyond {sigmas:g} sigma on one side",
    "trend": "{window} points each above, or each below, the one before",
    "alternating": "{window} points going up and down by turns",
    "within": "{window} points within {sigmas:g} sigma of the centre",
    "outside": "{window} points beyond {sigmas:g} sigma on either side",
    "opposite": "a point beyond {sigmas:g} sigma next to one beyond it on the other side",
}


def add_rules(parser: argparse.ArgumentParser) -> None:
    """The option `--rules`."""
    parser.add_argument(
        "--rules",
        default=DEFAULT,
        help="rules or sets: we1-4, nelson1-8, aiag1-8, juran1-6, westgard_1_3s …; other counts by we4:9, we2:3of4",
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Values, centre and sigma."""
    add_data(parser, "value", required=("value",))
    parser.add_argument("--center", type=float, required=True, help="the centre line")
    parser.add_argument("--sigma", type=float, required=True, help="the standard deviation of what is plotted")
    parser.add_argument("--width", type=float, default=3.0, help="the limits, in sigmas")
    add_rules(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Every signal of the column. Raises `Refused`."""
    if not args.sigma > 0 or not args.width > 0:
        raise Refused(f"--sigma {args.sigma:g} and --width {args.width:g} must be above 0")
    rules = rules_named(args.rules)
    away = args.width * args.sigma
    points = [
        Plotted(at, value, args.center, args.sigma, args.center + away, args.center - away)
        for at, value in enumerate(table_of(args).numbers(args.value), 1)
        if value is not None
    ]
    signals = signals_of(points, rules)
    return {
        "n": len(points),
        "method": "strict inequality; a rule speaks at the point that completes its pattern",
        "formulas": formulas_of(args.rules),
        "signals": [{"rule": one.rule, "at": one.at, "points": one.points} for one in signals],
        "warnings": [],
    }


def formulas_of(text: str) -> dict[str, str]:
    """What each rule looks for, in words. Raises `Refused`."""
    return {rule.name: _in_words(rule) for rule in rules_named(text)}


def _in_words(rule: RunRule) -> str:
    """`2 of 3 beyond 2 sigma on one side`; of a run, `8 in a row on one side of the centre`."""
    words = WORDS[rule.shape]
    if rule.shape == "beyond" and rule.needed == rule.window:
        words = "{window} in a row on one side" + (" beyond {sigmas:g} sigma" if rule.sigmas else " of the centre")
    if rule.window == 1 and rule.sigmas:
        words = WORDS["limits"] if rule.shape == "limits" else "a point beyond {sigmas:g} sigma"
    said = words.format(needed=rule.needed, window=rule.window, sigmas=rule.sigmas)
    return said + (", with points on both" if rule.both_sides else "")
