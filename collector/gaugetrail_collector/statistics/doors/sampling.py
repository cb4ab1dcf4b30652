"""Sampling plans: curves, design, ISO 2859-1, switching."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import CsvTable, add_data, table_of
from gaugetrail_collector.statistics.study_columns import add_limits, finite
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_statistics.sampling.acceptance import SinglePlan

FORMULAS = {
    "pa": "chance of at most c defectives among n",
    "aoq": "pa p (N - n)/N, rejected lots sorted; without a lot's size pa p",
    "ati": "n + (1 - pa)(N - n)",
    "aoql": "largest aoq over every p, exact",
}
DESIGN_FORMULAS = {
    "n": "smallest with 1 - pa(aql) and pa(ltpd) not above the asked risks, by exact search",
    "alpha": "1 - pa(aql), as reached",
    "beta": "pa(ltpd), as reached",
}
STANDARD_FORMULAS = {"letter": "ISO 2859-1:1999 table 1", "ac": "ISO 2859-1:1999 tables 2-A to 2-C, arrows followed"}
SWITCHING_FORMULAS = {"severity": "ISO 2859-1:1999 clause 9.3"}
SKIP_FORMULAS = {"skip_lot": "SkSP-2: (f P + (1-f) P^i)/(f + (1-f) P^i) (Perry 1973)"}
VARIABLES_FORMULAS = {"k": "noncentral t, spread unknown; normal, sigma known (Lieberman and Resnikoff 1955)"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """A plan, the points of a design, a standard, or lots that were inspected."""
    parser.add_argument("--lot", type=int, metavar="N", help="the lot's size")
    parser.add_argument("--n", type=int, metavar="N", help="pieces in the sample")
    parser.add_argument("--c", type=int, metavar="C", help="defectives with which the lot is accepted")
    parser.add_argument("--p", metavar="0.01,0.02", help="fractions defective to show the plan at")
    laws = ("binomial", "hypergeometric", "poisson")
    parser.add_argument("--model", choices=laws, default="binomial", help="how defectives come into the sample")
    parser.add_argument("--design", action="store_true", help="find the smallest plan from two points")
    parser.add_argument("--aql", type=finite, metavar="Q", help="good quality: a fraction; with --standard percent")
    parser.add_argument("--alpha", type=finite, default=0.05, metavar="0.05", help="risk of rejecting it")
    parser.add_argument("--ltpd", type=finite, metavar="Q", help="bad quality, a fraction")
    parser.add_argument("--beta", type=finite, default=0.10, metavar="0.10", help="risk of accepting it")
    parser.add_argument("--standard", type=_standard_here, choices=("iso2859-1",), help="the plan of a standard")
    parser.add_argument("--level", default="II", metavar="II", help="inspection level: S-1 to S-4, I, II, III")
    severities = ("normal", "tightened", "reduced")
    parser.add_argument("--severity", choices=severities, default="normal", help="how hard is looked")
    add_data(parser)
    parser.add_argument("--accepted", metavar="COLUMN", help="1 for a lot that was accepted, 0 for one that wasn't")
    parser.add_argument("--tighter", metavar="COLUMN", help="1 for a lot that one AQL step tighter would accept, too")
    parser.add_argument("--reduced", action="store_true", help="reduced inspection may be used")
    parser.add_argument("--skip-after", type=int, metavar="I", help="skip lots after so many accepted in a row")
    parser.add_argument("--skip-fraction", type=finite, metavar="F", help="and inspect this fraction of them")
    parser.add_argument("--variables", action="store_true", help="plan or verdict for measured values (k method)")
    parser.add_argument("--sigma-known", action="store_true", help="the process's spread is known")
    parser.add_argument("--value", metavar="COLUMN", help="the measured values of one lot, judged by --k")
    parser.add_argument("--k", type=finite, metavar="K", help="the constant of a plan for measured values")
    add_limits(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """What was asked of the plan. Raises `Refused`."""
    asked: dict[str, tuple[bool, Callable[[argparse.Namespace], dict[str, object]]]] = {
        "--variables": (args.variables, _variables),
        "--accepted": (args.accepted is not None, _switching),
        "--standard": (args.standard is not None, _standard),
        "--design": (args.design, _design),
    }
    chosen = [name for name, (given, _) in asked.items() if given]
    if len(chosen) > 1:
        raise Refused(f"{' and '.join(chosen)} are different questions: ask one")
    return asked[chosen[0]][1](args) if chosen else _curves_of_plan(args)


def _curves_of_plan(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.acceptance import Law, SinglePlan

    if args.n is None or args.c is None:
        raise Refused("no plan: give --n and --c, or --design, --standard, --variables, or lots with --accepted")
    return _curves(SinglePlan(args.n, args.c, args.lot, Law(args.model)), args)


def _curves(plan: SinglePlan, args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.acceptance import plan_curves

    found = plan_curves(plan, _fractions(args.p))
    skipping = args.skip_after is not None or args.skip_fraction is not None
    points = [
        {"p": one.p, "pa": one.pa, "aoq": one.aoq, "ati": one.ati} | (_skipped(one.pa, args) if skipping else {})
        for one in found.points
    ]
    return {
        "n": plan.n,
        "method": plan.law.value,
        "formulas": FORMULAS | (SKIP_FORMULAS if skipping else {}),
        "lot": plan.lot,
        "ac": plan.c,
        "re": plan.c + 1,
        "points": points,
        "aoql": found.aoql,
        "aoql_at": found.aoql_at,
        "warnings": list(found.warnings),
    }


def _skipped(pa: float, args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.skip_lot import skip_lot

    if args.skip_after is None or args.skip_fraction is None:
        raise Refused("skipping lots needs both --skip-after and --skip-fraction")
    found = skip_lot(pa, in_a_row=args.skip_after, fraction=args.skip_fraction)
    return {"pa_skip_lot": found.pa, "inspected": found.inspected}


def _design(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.acceptance import Law
    from gaugetrail_statistics.sampling.plan_design import design, design_for_consumer

    law = Law(args.model)
    if args.ltpd is None or (args.aql is None) == (args.c is None):
        raise Refused("a design needs --aql and --ltpd, or --c and --ltpd for a plan with that c")
    if args.c is None:
        found = design(args.aql, args.ltpd, alpha=args.alpha, beta=args.beta, lot=args.lot, law=law)
    else:
        found = design_for_consumer(args.c, args.ltpd, beta=args.beta, lot=args.lot, law=law)
    curves = _curves(found.plan, args)
    risks = {
        "c": found.plan.c,
        "alpha": found.producer_risk,
        "beta": found.consumer_risk,
        "asked": {"aql": args.aql, "alpha": args.alpha, "ltpd": args.ltpd, "beta": args.beta},
    }
    return curves | risks | {"formulas": FORMULAS | DESIGN_FORMULAS}


def _standard_here(name: str) -> str:
    """Who asks for the standard of measured values is told where its plans are. Raises `argparse.ArgumentTypeError`."""
    if name.startswith("iso3951"):
        raise argparse.ArgumentTypeError(
            "the tables of n and k of ISO 3951-1 are not in this program, for they could not be checked: take n and k "
            "from its pages and judge a lot with --variables --data --value --k, or design a plan for measured values "
            "with --variables --aql --ltpd (fractions)"
        )
    return name


def _standard(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.iso2859 import Severity, standard_plan

    if args.lot is None or args.aql is None:
        raise Refused("a plan of the standard needs --lot and --aql (percent, as the standard prints it)")
    found = standard_plan(args.lot, args.level, args.aql, Severity(args.severity))
    return {
        "n": found.n,
        "method": "iso2859-1",
        "formulas": STANDARD_FORMULAS,
        "lot": args.lot,
        "level": args.level,
        "aql": args.aql,
        "severity": args.severity,
        "letter": found.letter,
        "plan_letter": found.plan_letter,
        "ac": found.ac,
        "re": found.re,
        "warnings": list(found.warnings),
    }


def _switching(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.switching import InspectedLot, switch

    table = table_of(args)
    accepted = [said is True for said in _yes_or_no(table, args.accepted, may_be_empty=False)]
    tighter = [None] * len(table) if args.tighter is None else _yes_or_no(table, args.tighter, may_be_empty=True)
    lots = switch([InspectedLot(one, two) for one, two in zip(accepted, tighter, strict=True)], reduced=args.reduced)
    return {
        "n": len(lots),
        "method": "iso2859-1 switching rules",
        "formulas": SWITCHING_FORMULAS,
        "lots": [{"at": one.at, "severity": one.severity, "score": one.score} for one in lots],
        "warnings": [],
    }


def _yes_or_no(table: CsvTable, column: str, *, may_be_empty: bool) -> Sequence[bool | None]:
    known: dict[str, bool | None] = {"1": True, "0": False} | ({"": None} if may_be_empty else {})
    words = table.words(column)
    for word, line in zip(words, table.lines, strict=True):
        if word not in known:
            raise Refused(f"{table.file}, line {line}, column {column}: {word[:40]!r} is neither 1 nor 0")
    return [known[word] for word in words]


def _variables(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.sampling.variables_plan import judge_by_variables, variables_plan

    if args.value is not None:
        if args.k is None:
            raise Refused("a lot of measured values is judged by a plan's constant: give --k")
        values = table_of(args).present(args.value)
        lot = judge_by_variables(values, args.k, lsl=args.lsl, usl=args.usl)
        of_lot = {"k": args.k, "q_lower": lot.q_lower, "q_upper": lot.q_upper, "accepted": lot.accepted}
        return {
            "n": len(values),
            "method": "k, spread unknown",
            "formulas": VARIABLES_FORMULAS,
            **of_lot,
            "warnings": [],
        }
    if args.aql is None or args.ltpd is None:
        raise Refused("a plan for measured values needs --aql and --ltpd; a verdict on a lot --data, --value and --k")
    plan = variables_plan(args.aql, args.ltpd, alpha=args.alpha, beta=args.beta, sigma_known=args.sigma_known)
    risks = {"k": plan.k, "alpha": plan.producer_risk, "beta": plan.consumer_risk}
    method = "k, sigma known" if plan.sigma_known else "k, spread unknown"
    return {"n": plan.n, "method": method, "formulas": VARIABLES_FORMULAS, **risks, "warnings": []}


def _fractions(text: str | None) -> list[float]:
    try:
        return [float(one) for one in text.split(",")] if text else []
    except ValueError as error:
        raise Refused(f"--p {text} is no list of fractions: write 0.01,0.02") from error
