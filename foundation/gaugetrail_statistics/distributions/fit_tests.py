"""Does a distribution fit? Tests of values against a family whose parameters were estimated from the same values.

A table made for known parameters says "fits" far too often then. Each p here knows of the estimation:

- normal and lognormal (on the logarithms): Anderson-Darling and Shapiro-Wilk (see `normality`); Kolmogorov
  by Lilliefors' test with the p of Dallal and Wilkinson (The American Statistician 40, 1986), and above 0.1 that of
  Stephens' modified statistic.
- all others: a parametric bootstrap (Stute, Gonzalez Manteiga, Presedo Quindimil: Metrika 40, 1993): samples of the
  fitted family are fitted anew, and p is the share of them that fit worse. The seed is fixed, so that a number is the
  same each time. Samples hold at most 500 values: the statistics' distribution no longer changes beyond (Stephens).

A low p says that the family does not fit. A high p does not prove that it does, and with thousands of values every
family is refused by some trifle: look at the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gaugetrail_statistics.distributions.families import Fitted, Values, anderson_darling, fit, kolmogorov
from gaugetrail_statistics.distributions.normality import ROYSTON_AT_MOST, adjusted_for, p_of, shapiro
from gaugetrail_statistics.refusing import Refused

SAMPLES = 199
_MOST_IN_SAMPLE = 500
_SEED = 22514
_IN_NORMAL_SCALE = ("normal", "lognormal")


@dataclass(frozen=True)
class FitTest:
    """How far a family is from the values, and how often chance alone would bring that much."""

    family: str
    anderson_darling: float
    anderson_darling_p: float | None
    kolmogorov: float
    kolmogorov_p: float | None
    shapiro: float | None
    shapiro_p: float | None
    method: str


def fit_test(fitted: Fitted, values: Values, samples: int = SAMPLES) -> FitTest:
    """The tests of one fitted family; a kernel has no p, for it follows whatever the values are."""
    shares = np.asarray(fitted.shares(np.sort(values)))
    a2, d = anderson_darling(shares), kolmogorov(shares)
    if fitted.family in _IN_NORMAL_SCALE:
        return _normal_test(fitted, values, a2, d)
    if fitted.family == "kernel":
        return FitTest(fitted.family, a2, None, d, None, None, None, "none: a kernel follows the values")
    a2_p, d_p = _bootstrap(fitted, len(values), a2, d, samples)
    return FitTest(
        fitted.family, a2, a2_p, d, d_p, None, None, f"parametric bootstrap, {samples} samples, seed {_SEED}"
    )


def _normal_test(fitted: Fitted, values: Values, a2: float, d: float) -> FitTest:
    count = len(values)
    few = count <= ROYSTON_AT_MOST
    w, w_p = (shapiro(fitted.normal_scores(values).tolist()) if few else None) or (None, None)
    return FitTest(
        fitted.family,
        a2,
        p_of(adjusted_for(a2, count)),
        d,
        lilliefors_p(d, count),
        w,
        w_p,
        "D'Agostino-Stephens, Lilliefors (Dallal-Wilkinson), Shapiro-Wilk (Royston)",
    )


def lilliefors_p(d: float, count: int) -> float:
    """Dallal and Wilkinson up to 0.1, where they hold; above, a polynomial of Stephens' modified statistic."""
    if count < 5:
        raise Refused(f"Lilliefors' test takes five values or more, not {count}")
    distance, size = (d, float(count)) if count <= 100 else (d * (count / 100) ** 0.49, 100.0)
    p = math.exp(
        -7.01256 * distance**2 * (size + 2.78019)
        + 2.99587 * distance * math.sqrt(size + 2.78019)
        - 0.122119
        + 0.974598 / math.sqrt(size)
        + 1.67997 / size
    )
    if p <= 0.1:
        return p
    return _above_a_tenth((math.sqrt(count) - 0.01 + 0.85 / math.sqrt(count)) * d)


def _above_a_tenth(modified: float) -> float:
    """The tail above 0.1, piece by piece (as R's package nortest tabulates it)."""
    for edge, coefficients in _PIECES:
        if modified <= edge:
            return min(1.0, float(np.polyval(coefficients, modified)))
    return 0.0


_PIECES = (
    (0.302, (1.0,)),
    (0.5, (81.218052, -138.55152, 80.709644, -19.828315, 2.76773)),
    (0.9, (-32.355711, 94.029866, -97.490286, 40.662806, -4.901232)),
    (1.31, (2.423045, -12.234627, 23.186922, -19.558097, 6.198765)),
)


def _bootstrap(fitted: Fitted, count: int, a2: float, d: float, samples: int) -> tuple[float, float]:
    """How many samples of the fitted family, fitted anew, are as far or farther from their own fit."""
    size = min(count, _MOST_IN_SAMPLE)
    random = np.random.default_rng(_SEED)
    worse_a2 = worse_d = done = 0
    for _ in range(samples):
        drawn = np.sort(np.asarray(fitted.points(random.random(size))))
        try:
            again = fit(_refitted_as(fitted.family), drawn, fitted.parameters.get("origin", 0.0))
        except Refused:
            continue
        shares = np.asarray(again.shares(drawn))
        done += 1
        worse_a2 += anderson_darling(shares) >= a2
        worse_d += kolmogorov(shares) * math.sqrt(size) >= d * math.sqrt(count)
    return (worse_a2 + 1) / (done + 1), (worse_d + 1) / (done + 1)


def _refitted_as(family: str) -> str:
    return "johnson" if family.startswith("johnson") else family
