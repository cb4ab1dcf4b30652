"""Type-1 study: Cg and Cgk of a gauge on one piece."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data
from gaugetrail_collector.statistics.doors import bias
from gaugetrail_collector.statistics.study_columns import (
    add_confidence,
    add_record_options,
    finite,
    measured_pieces,
    one_reference,
)

FEW = 25
FORMULAS = {
    "cg": "(percent/100) tolerance/(multiplier sd) (Bosch booklet 10, VDA 5)",
    "cgk": "((percent/200) tolerance - |bias|)/((multiplier/2) sd)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Values of one piece and the tolerance that the gauge is for."""
    add_data(parser, "value", "reference", required=("value", "reference"))
    parser.add_argument(
        "--tolerance", type=finite, required=True, metavar="T", help="the tolerance's whole width, required"
    )
    parser.add_argument("--percent", type=finite, default=20.0, metavar="20", help="of the tolerance, for the gauge")
    parser.add_argument("--multiplier", type=finite, default=6.0, metavar="6", help="standard deviations to a spread")
    add_confidence(parser)
    add_record_options(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Cg, Cgk and the test of the bias. Raises `Refused`."""
    from gaugetrail_statistics.measurement_systems.gauge_bias import type1

    values, references = measured_pieces(args)
    found = type1(
        values,
        one_reference(references),
        args.tolerance,
        percent=args.percent,
        multiplier=args.multiplier,
        confidence=args.confidence,
    )
    warnings = [f"{found.bias.n} values; a type-1 study has 50, 25 at least"] if found.bias.n < FEW else []
    if found.cg is None:
        warnings.append("zero variation: the gauge's resolution hides its spread, so there is neither cg nor cgk")
    return bias.answer_of(found.bias) | {
        "formulas": FORMULAS | bias.FORMULAS,
        "cg": found.cg,
        "cgk": found.cgk,
        "percent": args.percent,
        "multiplier": args.multiplier,
        "warnings": warnings,
    }
