"""Bias: the mean of repeated values and the reference."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import NUMBER, add_data
from gaugetrail_collector.statistics.study_columns import (
    add_confidence,
    add_record_options,
    finite,
    measured_pieces,
    one_reference,
)
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_statistics.measurement_systems.gauge_bias import Bias

FEW = 10
FORMULAS = {
    "bias": "mean - reference (AIAG MSA 4th ed.)",
    "se": "sd/sqrt(n), sd over n-1",
    "t": "bias/se, two-sided p of Student's t with n-1 degrees of freedom",
    "ci": "bias ± t_critical se",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Values of one piece, or their summary."""
    add_data(parser, "value", "reference", required=("reference",))
    parser.add_argument("--mean", type=finite, metavar="M", help="in place of data: the values' mean")
    parser.add_argument("--sd", type=finite, metavar="S", help="and their standard deviation")
    parser.add_argument("--n", type=int, metavar="N", help="and their number")
    add_confidence(parser)
    add_record_options(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Bias with its test. Raises `Refused`."""
    from gaugetrail_statistics.measurement_systems.gauge_bias import bias, bias_of_summary

    if args.mean is not None or args.sd is not None:
        if args.data is not None or args.mean is None or args.sd is None:
            raise Refused("a summary is --mean and --sd (with --n for the test) in place of --data")
        if not NUMBER.fullmatch(args.reference):
            raise Refused(f"--reference {args.reference} is no number; a summary has no columns")
        if args.n is None:
            return _untested(args.mean, args.sd, float(args.reference))
        return answer_of(bias_of_summary(args.mean, args.sd, args.n, float(args.reference), confidence=args.confidence))
    values, references = measured_pieces(args)
    return answer_of(bias(values, one_reference(references), confidence=args.confidence))


def answer_of(found: Bias) -> dict[str, object]:
    """The names that bias has, here and in a type-1 study."""
    few = [f"{found.n} values; AIAG asks for at least {FEW}"] if found.n < FEW else []
    return {
        "n": found.n,
        "method": "t test",
        "formulas": FORMULAS,
        "mean": found.mean,
        "sd": found.sd,
        "bias": found.bias,
        "se": found.se,
        "t": found.t,
        "df": found.df,
        "t_critical": found.t_critical,
        "p": found.p,
        "ci": list(found.ci),
        "significant": found.significant,
        "warnings": few,
    }


def _untested(mean: float, sd: float, reference: float) -> dict[str, object]:
    names = ("se", "t", "df", "t_critical", "p", "ci", "significant")
    return {
        "n": None,
        "method": "none",
        "formulas": FORMULAS,
        "mean": mean,
        "sd": sd,
        "bias": mean - reference,
        **dict.fromkeys(names),
        "warnings": ["without --n the bias can't be tested"],
    }
