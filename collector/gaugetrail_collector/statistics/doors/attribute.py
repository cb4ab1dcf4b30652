"""Attribute study: kappa, effectiveness, misses."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import CsvTable, add_data
from gaugetrail_collector.statistics.study_columns import (
    add_confidence,
    add_limits,
    add_record_options,
    filled,
    study_table,
    trials,
    words_or_one,
)
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_statistics.measurement_systems.attribute_study import AttributeStudy, Judgements, PairKappa

FORMULAS = {
    "kappa": "(agreed - expected)/(1 - expected) (Cohen 1960)",
    "se": "under chance alone; z = kappa/se, two-sided p (Fleiss, Cohen and Everitt 1969)",
    "fleiss": "over all decisions of each part (Fleiss 1971)",
    "kendall": "W of the decisions as ranks, corrected for ties; where every word is a number",
    "effectiveness": "parts with every trial right/parts; interval by Clopper and Pearson",
    "miss": "bad decisions accepted/bad decisions",
    "false_alarm": "good decisions rejected/good decisions",
    "signal_detection": "AIAG MSA 4th ed.: from the nearest part that all rejected to the nearest that all accepted",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The decisions' columns."""
    columns = ("value", "part", "appraiser")
    add_data(parser, *columns, "trial", "reference", required=columns)
    parser.add_argument("--accept", required=True, metavar="WORD", help="the word for a good part, required")
    parser.add_argument("--reference-value", metavar="COLUMN", help="each part's measured size, for signal detection")
    add_limits(parser)
    add_confidence(parser)
    add_record_options(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Agreement and what it costs. Raises `Refused`."""
    from gaugetrail_statistics.measurement_systems import attribute_study

    table = study_table(args)
    truth = [None] * len(table) if args.reference is None else words_or_one(table, args.reference)
    columns = (filled(table, args.part), filled(table, args.appraiser), filled(table, args.value))
    rows = zip(*columns, trials(table, args.trial), truth, strict=True)
    of = attribute_study.judgements([attribute_study.Decision(*row) for row in rows])
    found = attribute_study.attribute_study(of, args.accept, confidence=args.confidence)
    zones, warnings = _zones(args, table, of)
    if args.reference is None:
        warnings.append("without --reference there is neither effectiveness nor miss nor false alarm")
    return {
        "n": len(table),
        "method": "cohen, fleiss, kendall",
        "formulas": FORMULAS,
        **_agreement(found),
        "appraisers": [
            {
                "appraiser": one.appraiser,
                "consistency": one.consistency,
                "effectiveness": one.effectiveness,
                "effectiveness_ci": one.effectiveness_ci,
                "miss": one.miss,
                "false_alarm": one.false_alarm,
            }
            for one in found.appraisers
        ],
        "system": {
            "consistency": found.system.consistency,
            "effectiveness": found.system.effectiveness,
            "effectiveness_ci": found.system.effectiveness_ci,
        },
        "signal_detection": zones,
        "warnings": warnings,
    }


def _agreement(found: AttributeStudy) -> dict[str, object]:
    many, ranks = found.fleiss, found.kendall
    return {
        "kappa": [_pair(one) for one in found.kappa],
        "fleiss": None if many is None else many.kappa,
        "fleiss_test": None if many is None else {"se": many.se, "z": many.z, "p": many.p},
        "kendall": None if ranks is None else ranks.w,
        "kendall_test": None if ranks is None else {"chi2": ranks.chi2, "df": ranks.df, "p": ranks.p},
    }


def _pair(one: PairKappa) -> dict[str, object]:
    of = one.agreement
    return {
        "a": one.a,
        "b": one.b,
        "kappa": of.kappa,
        "se": of.se,
        "p": of.p,
        "z": of.z,
        "se_estimate": of.se_estimate,
        "agreed": of.agreed,
        "expected": of.expected,
        "n": of.n,
    }


def _zones(args: argparse.Namespace, table: CsvTable, of: Judgements) -> tuple[dict[str, object] | None, list[str]]:
    from gaugetrail_statistics.measurement_systems.signal_detection import signal_detection

    if args.reference_value is None:
        return None, []
    zones = signal_detection(of, _sizes(args, table, of), args.accept, lsl=args.lsl, usl=args.usl)
    names = ("d_lower", "d_upper", "d", "percent_tolerance")
    return {name: getattr(zones, name) for name in names}, list(zones.warnings)


def _sizes(args: argparse.Namespace, table: CsvTable, of: Judgements) -> list[float]:
    """Each part's size, one and the same in all of its rows."""
    sizes: dict[str, float] = {}
    measured = zip(filled(table, args.part), table.numbers(args.reference_value), table.lines, strict=True)
    for part, size, line in measured:
        if size is None:
            raise Refused(f"{table.file}, line {line}, column {args.reference_value} is empty: part {part} has no size")
        if sizes.setdefault(part, size) != size:
            raise Refused(f"part {part} has two sizes, {sizes[part]:g} and {size:g}: it is one of them")
    return [sizes[part] for part in of.parts]
