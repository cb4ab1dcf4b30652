"""How far decisions agree beyond chance: Cohen's kappa of two, Fleiss's of many; and Kendall's W of many ranks.

Sources: Cohen, Educational and Psychological Measurement 20 (1960); its variances, Fleiss, Cohen and Everitt,
Psychological Bulletin 72 (1969): `se` is the one under chance alone, by which z and p are told, `se_estimate` the one
around the estimate, for intervals. Fleiss, Psychological Bulletin 76 (1971), variance under chance by Fleiss, Nee and
Landis (1979). Kendall and Babington Smith, Annals of Mathematical Statistics 10 (1939), corrected for ties. p is
two-sided.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics.distributions.tails import chi2_upper, normal_two_sided
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class Agreement:
    """A kappa with its test against chance; null where only one word was ever used, which says nothing."""

    n: int
    agreed: float
    expected: float
    kappa: float | None
    se: float | None
    se_estimate: float | None
    z: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Concordance:
    """Kendall's coefficient with its chi-square test."""

    w: float | None
    chi2: float | None
    df: int
    p: float | None


def cohen(a: Sequence[str], b: Sequence[str]) -> Agreement:
    """Of two who judged the same things in the same order. Raises `Refused`."""
    if len(a) != len(b) or not a:
        raise Refused(f"{len(a)} decisions can't be set against {len(b)}: both judge the same things, at least one")
    n = len(a)
    both = {pair: count / n for pair, count in Counter(zip(a, b, strict=True)).items()}
    rows = {word: count / n for word, count in Counter(a).items()}
    columns = {word: count / n for word, count in Counter(b).items()}
    words = sorted(rows.keys() | columns.keys())
    row, column = [rows.get(word, 0.0) for word in words], [columns.get(word, 0.0) for word in words]
    agreed = sum(x == y for x, y in zip(a, b, strict=True)) / n
    expected = math.fsum(x * y for x, y in zip(row, column, strict=True))
    if len(words) < 2:
        return Agreement(n, agreed, expected, None, None, None, None, None)
    kappa = (agreed - expected) / (1.0 - expected)
    crossed = math.fsum(x * y * (x + y) for x, y in zip(row, column, strict=True))
    se = math.sqrt(max(0.0, expected + expected**2 - crossed)) / ((1.0 - expected) * math.sqrt(n))
    estimate = _se_estimate(both, dict(zip(words, zip(row, column, strict=True), strict=True)), agreed, expected, n)
    return _tested(n, agreed, expected, kappa, se, estimate)


def fleiss(judged: Sequence[Sequence[str]]) -> Agreement:
    """Of things that were judged equally often each, by whomever. Raises `Refused`."""
    if not judged or len(judged[0]) < 2 or any(len(one) != len(judged[0]) for one in judged):
        raise Refused("Fleiss's kappa needs things that were judged equally often, at least twice each")
    n, m = len(judged), len(judged[0])
    words = sorted({word for one in judged for word in one})
    counts = [Counter(one) for one in judged]
    share = [sum(one[word] for one in counts) / (n * m) for word in words]
    agreed = sum(k * (k - 1) for one in counts for k in one.values()) / (n * m * (m - 1))
    expected = math.fsum(p * p for p in share)
    if len(words) < 2:
        return Agreement(n, agreed, expected, None, None, None, None, None)
    spread = math.fsum(p * (1.0 - p) for p in share)
    cubes = math.fsum(p * (1.0 - p) * (1.0 - 2.0 * p) for p in share)
    se = math.sqrt(2.0 * max(0.0, spread**2 - cubes) / (n * m * (m - 1))) / spread
    return _tested(n, agreed, expected, (agreed - expected) / (1.0 - expected), se, None)


def kendall(judged: Sequence[Sequence[float]]) -> Concordance:
    """Of those who put the same things in order: `judged[judge][thing]`. Raises `Refused`."""
    if len(judged) < 2 or len(judged[0]) < 2 or any(len(one) != len(judged[0]) for one in judged):
        raise Refused("Kendall's W needs at least two judges and two things, each judged by everybody")
    m, n = len(judged), len(judged[0])
    ranked = [_mid_ranks(one) for one in judged]
    sums = [math.fsum(column) for column in zip(*ranked, strict=True)]
    s = math.fsum((one - m * (n + 1) / 2.0) ** 2 for one in sums)
    ties = sum(k**3 - k for one in judged for k in Counter(one).values())
    most = m * m * (n**3 - n) - m * ties
    if most == 0:
        return Concordance(None, None, n - 1, None)
    w = 12.0 * s / most
    chi2 = m * (n - 1) * w
    return Concordance(w, chi2, n - 1, chi2_upper(chi2, n - 1))


def _se_estimate(
    both: dict[tuple[str, str], float], share: dict[str, tuple[float, float]], agreed: float, expected: float, n: int
) -> float:
    left = 1.0 - expected
    kappa = (agreed - expected) / left
    same = (both.get((w, w), 0.0) * (1.0 - (row + col) * (1.0 - kappa)) ** 2 for w, (row, col) in share.items())
    other = (one * (share[y][0] + share[x][1]) ** 2 for (x, y), one in both.items() if x != y)
    variance = math.fsum(same) + (1.0 - kappa) ** 2 * math.fsum(other) - (kappa - expected * (1.0 - kappa)) ** 2
    return math.sqrt(max(0.0, variance)) / (left * math.sqrt(n))


def _tested(n: int, agreed: float, expected: float, kappa: float, se: float, estimate: float | None) -> Agreement:
    z = kappa / se if se > 0 else None
    return Agreement(n, agreed, expected, kappa, se, estimate, z, None if z is None else normal_two_sided(z))


def _mid_ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    below = {value: sum(one < value for one in values) for value in set(values)}
    same = Counter(values)
    return [below[value] + (same[value] + 1) / 2.0 for value in values]
