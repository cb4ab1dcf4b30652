"""Tails and quantiles of the distributions that tests of measuring systems and sampling plans ask for.

Promise: plain numbers in and out, right in the far tail as well (each tail is computed as such, never as one less the
other). The only module of measuring systems and sampling that knows scipy.
"""

from __future__ import annotations

import math

from scipy import special, stats


def t_two_sided(t: float, df: float) -> float:
    """Probability of a |Student's t| at least as large."""
    return 2.0 * float(special.stdtr(df, -abs(t)))


def t_quantile(probability: float, df: float) -> float:
    """Where Student's t lies below with that probability."""
    return float(special.stdtrit(df, probability))


def f_upper(f: float, df_above: float, df_below: float) -> float:
    """Probability of a variance ratio at least as large."""
    return float(special.fdtrc(df_above, df_below, f))


def chi2_upper(chi2: float, df: float) -> float:
    """Probability of a chi-square at least as large."""
    return float(special.chdtrc(df, chi2))


def normal_two_sided(z: float) -> float:
    """Probability of a |z| at least as large."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Where the standard normal lies below with that probability."""
    return float(special.ndtri(probability))


def exact_interval(hits: int, n: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a proportion (Biometrika 26, 1934): what a binomial test would not reject."""
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(special.betainccinv(hits + 1, n - hits, tail))
    return low, high


def noncentral_t_upper(t: float, df: float, shift: float) -> float:
    """Probability that a Student's t whose numerator is shifted lies at `t` or above."""
    return float(stats.nct.sf(t, df, shift))


def noncentral_t_quantile(probability: float, df: float, shift: float) -> float:
    """Where a Student's t whose numerator is shifted lies below with that probability."""
    return float(stats.nct.ppf(probability, df, shift))


def binomial_at_most(count: int, n: int, p: float) -> float:
    """Probability of at most so many hits in n draws of chance p each."""
    return 1.0 if count >= n else float(special.betaincc(count + 1, n - count, p))


def binomial_exactly(count: int, n: int, p: float) -> float:
    """Probability of just so many hits in n draws of chance p each."""
    return float(stats.binom.pmf(count, n, p))


def poisson_at_most(count: int, mean: float) -> float:
    """Probability of at most so many events where so many are expected."""
    return float(special.gammaincc(count + 1, mean))


def poisson_exactly(count: int, mean: float) -> float:
    """Probability of just so many events where so many are expected."""
    return float(stats.poisson.pmf(count, mean))


def hypergeometric_of_many(count: int, lot: int, bad: int, n: int) -> float:
    """Probability of at most so many of the lot's bad pieces among n, for numbers too large to be exact."""
    return float(stats.hypergeom.cdf(count, lot, bad, n))
