"""Distributions fitted to values: normal, lognormal, Weibull, gamma, Johnson (SU, SB), Box-Cox, kernel.

A `Fitted` says its parameters, the share of values below a point and the point below which a share lies; ISO 22514-2's
percentiles come from the latter. How each is fitted:

- normal, lognormal: mean and standard deviation (n - 1) of the values or of their logarithms.
- weibull, gamma: maximum likelihood, by Newton's steps on the shape (Johnson, Kotz, Balakrishnan: Continuous Univariate
  Distributions 1, 1994, chapters 17 and 21).
- johnson: Slifker and Shapiro (Technometrics 22, 1980, 239-246), from four percentiles at -3z, -z, z, 3z; their z is
  searched for the best Anderson-Darling statistic (the idea of Chou, Polansky, Mason: Journal of Quality Technology 30,
  1998). SU where the tails are heavy, SB where they end.
- boxcox: the power whose transformed values have the greatest normal likelihood (Box and Cox, Journal of the Royal
  Statistical Society B 26, 1964), normal from there.
- kernel: a normal bump on each value, as wide as Silverman says (Density Estimation, 1986, 3.31). It fits anything and
  says little beyond the outermost values.

lognormal, weibull, gamma and boxcox begin at an origin: the natural bound where there is one, else zero. Above it all
values must lie.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import special

from gaugetrail_statistics.distributions.normality import a_squared
from gaugetrail_statistics.refusing import Refused

Values = npt.NDArray[np.float64]
Curve = Callable[[Values], Values]
_NEWTON_STEPS = 100
_JOHNSON_Z = tuple(0.25 + 0.05 * step for step in range(21))
_POWER_RANGE = (-5.0, 5.0)


@dataclass(frozen=True)
class Fitted:
    """One family with its parameters; `shares` of values below points, `points` below which shares lie."""

    family: str
    parameters: dict[str, float]
    shares: Curve
    points: Curve

    def normal_scores(self, values: Values) -> Values:
        """The values as they would be in a standard normal distribution."""
        return np.asarray(special.ndtri(np.clip(self.shares(values), 1e-300, 1 - 1e-16)))


def fit(family: str, values: Values, origin: float = 0.0) -> Fitted:
    """That family, fitted to these values."""
    if family not in _FITS:
        raise Refused(f"no distribution is called {family}; they are {', '.join(_FITS)}")
    if len(values) < 3 or float(np.ptp(values)) == 0:
        raise Refused("a distribution is fitted to at least three values that aren't all the same")
    return _FITS[family](values, origin)


def begins_at_origin(family: str) -> bool:
    """It has values above its origin only."""
    return family in {"lognormal", "weibull", "gamma", "boxcox"}


def _normal(values: Values, _origin: float) -> Fitted:
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    return Fitted(
        "normal",
        {"mean": mean, "sd": sd},
        lambda x: special.ndtr((x - mean) / sd),
        lambda p: mean + sd * special.ndtri(p),
    )


def _lognormal(values: Values, origin: float) -> Fitted:
    logs = np.log(_above(values, origin, "lognormal"))
    mean, sd = float(np.mean(logs)), float(np.std(logs, ddof=1))
    return Fitted(
        "lognormal",
        {"mean_log": mean, "sd_log": sd, "origin": origin},
        lambda x: special.ndtr((_log(x - origin) - mean) / sd),
        lambda p: origin + np.exp(mean + sd * special.ndtri(p)),
    )


def _weibull(values: Values, origin: float) -> Fitted:
    above = _above(values, origin, "weibull")
    largest = float(np.max(above))
    logs = np.log(above / largest)
    shape = _weibull_shape(logs)
    scale = largest * float(np.mean(np.exp(shape * logs))) ** (1 / shape)
    return Fitted(
        "weibull",
        {"shape": shape, "scale": scale, "origin": origin},
        lambda x: -np.expm1(-(np.maximum((x - origin) / scale, 0) ** shape)),
        lambda p: origin + scale * (-np.log1p(-p)) ** (1 / shape),
    )


def _weibull_shape(logs: Values) -> float:
    """Newton's steps on 1/shape = mean of logs weighted by x**shape, less their mean; begun at the moments' shape."""
    mean = float(np.mean(logs))
    shape = math.pi / (math.sqrt(6) * float(np.std(logs, ddof=1)))
    for _ in range(_NEWTON_STEPS):
        weights = np.exp(shape * logs)
        total = float(np.sum(weights))
        first = float(np.sum(weights * logs)) / total
        second = float(np.sum(weights * logs**2)) / total
        miss = first - 1 / shape - mean
        step = miss / (second - first**2 + 1 / shape**2)
        shape = shape - step if shape > step else shape / 2
        if abs(step) < 1e-13 * shape:
            break
    return shape


def _gamma(values: Values, origin: float) -> Fitted:
    above = _above(values, origin, "gamma")
    mean = float(np.mean(above))
    shape = _gamma_shape(math.log(mean) - float(np.mean(np.log(above))))
    scale = mean / shape
    return Fitted(
        "gamma",
        {"shape": shape, "scale": scale, "origin": origin},
        lambda x: special.gammainc(shape, np.maximum((x - origin) / scale, 0)),
        lambda p: origin + scale * special.gammaincinv(shape, p),
    )


def _gamma_shape(excess: float) -> float:
    """Newton's steps on log(shape) - digamma(shape) = log of the mean less the mean of logs."""
    shape = (3 - excess + math.sqrt((excess - 3) ** 2 + 24 * excess)) / (12 * excess)
    for _ in range(_NEWTON_STEPS):
        miss = math.log(shape) - float(special.digamma(shape)) - excess
        step = miss / (1 / shape - float(special.polygamma(1, shape)))
        shape = shape - step if shape > step else shape / 2
        if abs(step) < 1e-13 * shape:
            break
    return shape


def _johnson(values: Values, _origin: float) -> Fitted:
    ordered = np.sort(values)
    best: Fitted | None = None
    least = math.inf
    for z in _JOHNSON_Z:
        found = _johnson_at(ordered, z)
        miss = math.inf if found is None else anderson_darling(found.shares(ordered))
        if miss < least:
            best, least = found, miss
    if best is None:
        raise Refused("no Johnson distribution fits these values; try --distribution kernel")
    return best


def _johnson_at(ordered: Values, z: float) -> Fitted | None:
    """By the percentiles at -3z, -z, z, 3z; None where they don't make one."""
    shares = [NormalDist().cdf(step * z) for step in (-3, -1, 1, 3)]
    lowest, low, high, highest = (float(x) for x in np.quantile(ordered, shares, method="hazen"))
    above, below, inner = highest - high, low - lowest, high - low
    if min(above, below, inner) <= 0:
        return None
    ratio = above * below / inner**2
    if abs(ratio - 1) < 1e-6:
        return None
    if ratio > 1:
        return johnson_su(*_su_parameters(z, above / inner, below / inner, inner, (low + high) / 2))
    found = johnson_sb(*_sb_parameters(z, inner / above, inner / below, inner, (low + high) / 2))
    begins, width = found.parameters["xi"], found.parameters["lambda"]
    return found if begins < ordered[0] and ordered[-1] < begins + width else None


def _su_parameters(z: float, m: float, n: float, inner: float, centre: float) -> tuple[float, float, float, float]:
    """m and n: the outer distances over the inner one."""
    delta = 2 * z / math.acosh((m + n) / 2)
    gamma = delta * math.asinh((n - m) / (2 * math.sqrt(m * n - 1)))
    scale = 2 * inner * math.sqrt(m * n - 1) / ((m + n - 2) * math.sqrt(m + n + 2))
    return gamma, delta, centre + inner * (n - m) / (2 * (m + n - 2)), scale


def _sb_parameters(z: float, m: float, n: float, inner: float, centre: float) -> tuple[float, float, float, float]:
    """m and n: the inner distance over the outer ones."""
    product = (1 + m) * (1 + n)
    delta = z / math.acosh(math.sqrt(product) / 2)
    gamma = delta * math.asinh((n - m) * math.sqrt(product - 4) / (2 * (m * n - 1)))
    scale = inner * math.sqrt((product - 2) ** 2 - 4) / (m * n - 1)
    return gamma, delta, centre - scale / 2 + inner * (n - m) / (2 * (m * n - 1)), scale


def johnson_su(gamma: float, delta: float, xi: float, scale: float) -> Fitted:
    """Unbounded: gamma + delta * asinh((x - xi) / lambda) is standard normal."""
    return Fitted(
        "johnson_su",
        {"gamma": gamma, "delta": delta, "xi": xi, "lambda": scale},
        lambda x: special.ndtr(gamma + delta * np.arcsinh((x - xi) / scale)),
        lambda p: xi + scale * np.sinh((special.ndtri(p) - gamma) / delta),
    )


def johnson_sb(gamma: float, delta: float, xi: float, scale: float) -> Fitted:
    """Bounded by xi and xi + lambda: gamma + delta * logit of the place between is standard normal."""
    return Fitted(
        "johnson_sb",
        {"gamma": gamma, "delta": delta, "xi": xi, "lambda": scale},
        lambda x: special.ndtr(gamma + delta * special.logit(np.clip((x - xi) / scale, 0, 1))),
        lambda p: xi + scale * special.expit((special.ndtri(p) - gamma) / delta),
    )


def _boxcox(values: Values, origin: float) -> Fitted:
    above = _above(values, origin, "boxcox")
    power = _best_power(above)
    turned = special.boxcox(above, power)
    mean, sd = float(np.mean(turned)), float(np.std(turned, ddof=1))
    return Fitted(
        "boxcox",
        {"power": power, "mean": mean, "sd": sd, "origin": origin},
        lambda x: special.ndtr((special.boxcox(np.maximum(x - origin, 1e-300), power) - mean) / sd),
        lambda p: origin + _turned_back(mean + sd * special.ndtri(p), power),
    )


def _turned_back(turned: Values, power: float) -> Values:
    """The inverse of Box and Cox; what the normal curve puts beyond their scale's end is at that end."""
    if power == 0:
        return np.asarray(np.exp(turned))
    base = np.maximum(power * turned + 1, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(base ** (1 / power))


def _best_power(above: Values) -> float:
    """The likelihood's greatest, by the golden section between -5 and 5."""
    logs = np.log(above)
    scaled = above / math.exp(float(np.mean(logs)))

    def worth(power: float) -> float:
        spread = float(np.var(special.boxcox(scaled, power)))
        return -math.log(spread) if spread > 0 else -math.inf

    low, high = _POWER_RANGE
    section = (math.sqrt(5) - 1) / 2
    left, right = high - section * (high - low), low + section * (high - low)
    at_left, at_right = worth(left), worth(right)
    while high - low > 1e-7:
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - section * (high - low)
            at_left = worth(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + section * (high - low)
            at_right = worth(right)
    return (low + high) / 2


def _kernel(values: Values, _origin: float) -> Fitted:
    ordered = np.sort(values)
    quartiles = np.quantile(ordered, (0.25, 0.75))
    spread = min(float(np.std(ordered, ddof=1)), float(quartiles[1] - quartiles[0]) / 1.349) or float(np.std(ordered))
    width = 0.9 * spread * math.pow(len(ordered), -0.2)

    def share(point: float) -> float:
        return float(np.mean(special.ndtr((point - ordered) / width)))

    def point(wanted: float) -> float:
        low, high = float(ordered[0]) - 40 * width, float(ordered[-1]) + 40 * width
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if share(middle) < wanted else (low, middle)
        return low + (high - low) / 2

    return Fitted(
        "kernel",
        {"width": width},
        lambda x: np.array([share(float(one)) for one in x]),
        lambda p: np.array([point(float(one)) for one in p]),
    )


def anderson_darling(shares: Values) -> float:
    """A² of the shares below the values in ascending order."""
    safe = np.clip(shares, 1e-300, 1 - 1e-16)
    return a_squared(np.log(safe), np.log1p(-safe))


def kolmogorov(shares: Values) -> float:
    """D: the greatest distance between these shares, of values in ascending order, and the steps of the values."""
    count = len(shares)
    steps = np.arange(count + 1) / count
    return float(max(np.max(steps[1:] - shares), np.max(shares - steps[:-1])))


def _above(values: Values, origin: float, family: str) -> Values:
    if float(np.min(values)) <= origin:
        raise Refused(
            f"{family} has values above {origin:g} only, and the least is {float(np.min(values)):g}; "
            "choose another distribution, or give the bound with --natural-lower"
        )
    return values - origin


def _log(x: Values) -> Values:
    return np.asarray(np.log(np.maximum(x, 1e-300)))


_FITS: dict[str, Callable[[Values, float], Fitted]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "weibull": _weibull,
    "gamma": _gamma,
    "johnson": _johnson,
    "boxcox": _boxcox,
    "kernel": _kernel,
}
FAMILIES = tuple(_FITS)
