"""What one gauge says of a known piece: type-1 study and bias; and bias over several pieces: linearity.

Formulas: bias and its t test, AIAG MSA (4th ed.), chapter III section B; cg and cgk, Bosch booklet 10 and VDA 5: a
share of the tolerance (`percent` of it, 20 is usual) against a number of standard deviations (`multiplier`, 6 is usual)
of the repeated values; linearity, least squares of each single deviation over its reference. The standard deviation is
that of the values (n - 1); AIAG's worked example takes range / d2* instead and prints other degrees of freedom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gaugetrail_statistics import moments
from gaugetrail_statistics.distributions.tails import t_quantile, t_two_sided
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class Bias:
    """How far the mean of repeated values is from the reference, and whether that can be chance."""

    n: int
    mean: float
    sd: float
    bias: float
    se: float
    t: float | None
    df: int
    t_critical: float
    p: float | None
    ci: tuple[float, float]
    significant: bool


@dataclass(frozen=True, slots=True)
class Type1:
    """Capability of the gauge on one piece; null where every value is the same."""

    cg: float | None
    cgk: float | None
    bias: Bias


@dataclass(frozen=True, slots=True)
class BiasAt:
    """The bias of one reference; t and p are null where its values are all the same, or one."""

    reference: float
    n: int
    bias: float
    t: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Linearity:
    """The line of bias over reference."""

    n: int
    slope: float
    intercept: float
    r2: float | None
    s: float
    df: int
    t_slope: float | None
    p_slope: float | None
    t_intercept: float | None
    p_intercept: float | None
    percent_linearity: float
    references: tuple[BiasAt, ...]
    acceptable: bool


def bias(values: Sequence[float], reference: float, *, confidence: float = 0.95) -> Bias:
    """Of values measured on one piece. Raises `Refused`."""
    n = len(values)
    if n < 2:
        raise Refused(f"too few values: a bias needs at least 2 to know how much they vary, there are {n}")
    true = Fraction(repr(float(reference)))
    off = sum((Fraction(repr(float(value))) - true for value in values), Fraction()) / n
    return bias_of_summary(
        moments.mean(values), moments.sd(values), n, reference, confidence=confidence, exactly=float(off)
    )


def bias_of_summary(
    mean: float, sd: float, n: int, reference: float, *, confidence: float = 0.95, exactly: float | None = None
) -> Bias:
    """Of a mean and standard deviation; `exactly`: the difference where it is known better. Raises `Refused`."""
    _check_summary(sd, n, confidence)
    off = mean - reference if exactly is None else exactly
    se, df = sd / math.sqrt(n), n - 1
    critical = t_quantile((1.0 + confidence) / 2.0, df)
    t = off / se if se > 0 else None
    p = t_two_sided(t, df) if t is not None else None
    # Without any spread a difference that is there is no chance.
    significant = off != 0 if p is None else p < 1.0 - confidence
    ci = off - critical * se, off + critical * se
    return Bias(n, mean, sd, off, se, t, df, critical, p, ci, significant)


def type1(
    values: Sequence[float],
    reference: float,
    tolerance: float,
    *,
    percent: float = 20.0,
    multiplier: float = 6.0,
    confidence: float = 0.95,
) -> Type1:
    """cg = (percent / 100) T / (multiplier s); cgk = ((percent / 200) T - |bias|) / ((multiplier / 2) s). Raises
    `Refused`.
    """
    for what, one in (("tolerance", tolerance), ("percent", percent), ("multiplier", multiplier)):
        if not (math.isfinite(one) and one > 0):
            raise Refused(f"the {what} is {one:g}: it must be above zero")
    of = bias(values, reference, confidence=confidence)
    if of.sd == 0:
        return Type1(None, None, of)
    share = percent / 100.0 * tolerance
    return Type1(share / (multiplier * of.sd), (share / 2.0 - abs(of.bias)) / (multiplier / 2.0 * of.sd), of)


def linearity(values: Sequence[float], references: Sequence[float], *, confidence: float = 0.95) -> Linearity:
    """A line through every single deviation. Raises `Refused`."""
    n = len(values)
    _check_pieces(n, references, confidence)
    x = [Fraction(repr(float(reference))) for reference in references]
    y = [Fraction(repr(float(value))) - at for value, at in zip(values, x, strict=True)]
    at, off = sum(x, Fraction()) / n, sum(y, Fraction()) / n
    sxx = sum(((one - at) ** 2 for one in x), Fraction())
    sxy = sum(((one - at) * (other - off) for one, other in zip(x, y, strict=True)), Fraction())
    syy = sum(((other - off) ** 2 for other in y), Fraction())
    rest = syy - sxy * sxy / sxx
    slope, intercept = float(sxy / sxx), float(off - sxy / sxx * at)
    df, s = n - 2, math.sqrt(rest / (n - 2))
    t_slope = _ratio(slope, s / math.sqrt(sxx))
    t_intercept = _ratio(intercept, s * math.sqrt(Fraction(1, n) + at * at / sxx))
    p_slope, p_intercept = _p(t_slope, df), _p(t_intercept, df)
    alpha = 1.0 - confidence
    return Linearity(
        n=n, slope=slope, intercept=intercept, s=s, df=df,
        r2=float(1 - rest / syy) if syy > 0 else None,
        t_slope=t_slope, p_slope=p_slope, t_intercept=t_intercept, p_intercept=p_intercept,
        percent_linearity=100.0 * abs(slope),
        references=_each(values, references, confidence),
        acceptable=_chance(slope, p_slope, alpha) and _chance(intercept, p_intercept, alpha),
    )  # fmt: skip


def _each(values: Sequence[float], references: Sequence[float], confidence: float) -> tuple[BiasAt, ...]:
    pieces: dict[float, list[float]] = {}
    for value, reference in zip(values, references, strict=True):
        pieces.setdefault(reference, []).append(value)
    return tuple(_one(reference, pieces[reference], confidence) for reference in sorted(pieces))


def _one(reference: float, values: Sequence[float], confidence: float) -> BiasAt:
    if len(values) < 2:
        return BiasAt(reference, 1, values[0] - reference, None, None)
    of = bias(values, reference, confidence=confidence)
    return BiasAt(reference, of.n, of.bias, of.t, of.p)


def _ratio(estimate: float, se: float) -> float | None:
    return estimate / se if se > 0 else None


def _p(t: float | None, df: int) -> float | None:
    return None if t is None else t_two_sided(t, df)


def _chance(estimate: float, p: float | None, alpha: float) -> bool:
    """An estimate that may well be chance."""
    return estimate == 0 if p is None else p >= alpha


def _check_summary(sd: float, n: int, confidence: float) -> None:
    check_confidence(confidence)
    if n < 2:
        raise Refused(f"too few values: a bias needs at least 2 to know how much they vary, there are {n}")
    if not (math.isfinite(sd) and sd >= 0):
        raise Refused(f"the standard deviation is {sd:g}: it can't be below zero")


def _check_pieces(n: int, references: Sequence[float], confidence: float) -> None:
    check_confidence(confidence)
    if len(set(references)) < 2:
        raise Refused("too few references: linearity needs pieces of at least 2 sizes (AIAG asks for 5)")
    if n < 3:
        raise Refused(f"too few values: a line with its spread needs at least 3, there are {n}")


def check_confidence(confidence: float) -> None:
    """Raises `Refused` for what is no confidence."""
    if not 0 < confidence < 1:
        raise Refused(f"the confidence is {confidence:g}: it lies between 0 and 1, as 0.95")
