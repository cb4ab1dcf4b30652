"""A capability study as an answer: each index under the name that its convention gives it, with what it rests on.

Promise: every name is there in every answer; what can't be is None. `cp` and `cpk` are `cw` and `cwk` by AIAG 2005,
`pp` and `ppk` by the other two conventions; all of them stand beside each other, so that nobody has to ask which one
was meant. `stable` is None where nothing could show it (a summary).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from gaugetrail_statistics import estimators
from gaugetrail_statistics.capability.indices import CapabilityLimits, Convention, Indices, PerMillion
from gaugetrail_statistics.capability.intervals import Interval
from gaugetrail_statistics.capability.study import ENDS, CapabilityBasis, Shape, Study, by_convention
from gaugetrail_statistics.stability import ProcessStability

BOOKS: dict[Convention, str] = {
    "aiag2005": "AIAG SPC 2nd edition 2005: Cp, Cpk of the spread within, Pp, Ppk of the spread of all values",
    "aiag-vda2026": "AIAG & VDA SPC, as known from its review draft of February 2026: Cp, Cpk of the whole "
    "distribution, Cw, Cwk of the spread within",
    "iso22514": "ISO 22514-2:2017: Cp, Cpk with the formulas of Pp, Ppk, of the whole distribution",
}
FORMULAS = {
    "cw": "(usl - lsl) / (6 sd_within)",
    "cwk": "min(usl - mean, mean - lsl) / (3 sd_within)",
    "pp": "(usl - lsl) / (6 sd_overall)",
    "ppk": "min(usl - mean, mean - lsl) / (3 sd_overall)",
    "cpm_within": "(usl - lsl) / (6 sqrt(sd_within^2 + (mean - target)^2))",
    "cpm_overall": "(usl - lsl) / (6 sqrt(sd_overall^2 + (mean - target)^2))",
    "cp_star": "(limit - natural bound) / (6 sd)",
    "ci": "chi-square for cp, pp, cw; Bissell 1990 for cpk, ppk, cwk",
    "ppm_expected": "normal distribution, of the spread that cp takes",
}
BY_PERCENTILES = {
    "pp": "(usl - lsl) / (x99.865 - x0.135)",
    "ppk": "min((usl - x50) / (x99.865 - x50), (x50 - lsl) / (x50 - x0.135))",
    "cp_star": "(limit - natural bound) / (x99.865 - x0.135)",
    "cpm_overall": FORMULAS["cpm_overall"],
    "ppm_expected": "the fitted distribution",
}


@dataclass(frozen=True)
class CapabilityAsked:
    """What was asked beside the values."""

    limits: CapabilityLimits
    convention: Convention
    confidence: float
    ci_df: str
    machine: bool


def capability_answer(
    asked: CapabilityAsked,
    basis: CapabilityBasis,
    found: Study,
    shape: Shape | None,
    stability: ProcessStability,
    outside: PerMillion | None,
    warnings: list[str],
) -> dict[str, object]:
    """The whole answer."""
    named, named_ci = by_convention(asked.convention, found)
    normal = shape is None or shape.fitted.family == "normal"
    return {
        "n": basis.n,
        "method": BOOKS[asked.convention] + ("" if normal else "; ISO 22514 percentiles of the fitted distribution"),
        "formulas": (FORMULAS if normal else BY_PERCENTILES) | {"sd_within": _spread(basis.estimator)},
        "warnings": warnings,
        "convention": asked.convention,
        "estimator": basis.estimator,
        "mean": basis.mean,
        "sd_overall": basis.sd_overall,
        "sd_within": basis.sd_within,
        **_stability(stability),
        **_limits(asked.limits),
        **_indices("cp", named),
        **_indices("pp", found.overall),
        **_indices("cw", found.within),
        **_star(named),
        "cpm_within": found.cpm_within,
        "cpm_overall": found.cpm_overall,
        "pm": found.overall.p if asked.machine else None,
        "pmk": found.overall.k if asked.machine else None,
        "confidence": asked.confidence,
        "ci_df": {"choice": asked.ci_df, "within": basis.df_within, "overall": basis.df_overall},
        "ci": _intervals({"cp": named_ci, "pp": found.overall_ci, "cw": found.within_ci}),
        "ppm_observed": _outside(outside),
        "ppm_expected": _outside(
            found.expected_within if asked.convention == "aiag2005" and normal else found.expected_overall
        ),
        "ppm_expected_within": _outside(found.expected_within),
        "ppm_expected_overall": _outside(found.expected_overall),
        **_shape(shape, found),
    }


def _spread(estimator: str | None) -> str:
    return "as given" if estimator is None else estimators.FORMULAS[estimator]


def _indices(name: str, found: Indices) -> dict[str, float | None]:
    return {name: found.p, f"{name}k": found.k, f"{name}l": found.lower, f"{name}u": found.upper}


def _star(found: Indices) -> dict[str, float | None]:
    return {"cp_star": found.star}


def _stability(found: ProcessStability) -> dict[str, object]:
    return {
        "stable": found.stable,
        "stability": {"chart": found.chart, "rules": list(found.rules), "signals": list(found.signals)},
    }


def _limits(limits: CapabilityLimits) -> dict[str, object]:
    source = "given" if limits.target is not None else "middle of the limits"
    return {**asdict(limits), "target": limits.aim, "target_source": source if limits.aim is not None else None}


def _intervals(found: dict[str, tuple[Interval | None, Interval | None]]) -> dict[str, Interval | None]:
    pairs: dict[str, Interval | None] = {}
    for name, (both, nearer) in found.items():
        pairs |= {name: both, f"{name}k": nearer}
    return pairs


def _outside(found: PerMillion | None) -> dict[str, float | None]:
    if found is None:
        return {"below": None, "above": None, "total": None}
    return {"below": found.below, "above": found.above, "total": found.total}


def _shape(shape: Shape | None, found: Study) -> dict[str, object]:
    """The distribution, why it, and the tests of all that were looked at."""
    ends = dict(zip(("x0_135", "x50", "x99_865"), found.percentiles or (None,) * len(ENDS), strict=True))
    if shape is None:
        return {
            "distribution": "normal",
            "distribution_choice": "given",
            "parameters": {},
            "fit": [],
            "percentiles": ends,
        }
    return {
        "distribution": shape.fitted.family,
        "distribution_choice": shape.chosen,
        "parameters": shape.fitted.parameters,
        "fit": [asdict(test) for test in shape.tests],
        "percentiles": ends,
    }
