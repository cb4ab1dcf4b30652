"""Analysis of variance: how much of the spread goes with a factor, or with two and their interaction.

One factor: sums of squares between and within groups, F and its p; shares of variance eta-squared (of these values) and
omega-squared (less what chance alone brings; Hays, Statistics, 1963, chapter 12), which ranks factors of different
numbers of levels fairly.

Two factors: each main effect beyond the other one, the interaction beyond both (type II, Yates' weighted fitting; equal
to the book's sums where all cells hold as many values). Fitted on cell counts and means alone, so a million values cost
what their cells cost. Sums of squares are of values less their mean: what is common to all doesn't eat the digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from gaugetrail_statistics.comparing.groups import ComparedGroup
from gaugetrail_statistics.distributions.families import Values
from gaugetrail_statistics.refusing import Refused

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """One row of the table: where spread comes from."""

    name: str
    df: int
    ss: float
    ms: float | None
    f: float | None
    p: float | None


@dataclass(frozen=True)
class OneWay:
    """The table of one factor, and its share of the variance."""

    between: Source
    within: Source
    total: Source
    eta_squared: float | None
    omega_squared: float | None


@dataclass(frozen=True)
class TwoWay:
    """The table of two factors; `interaction` is None where each cell holds one value, or where it isn't asked for."""

    first: Source
    second: Source
    interaction: Source | None
    within: Source
    total: Source
    balanced: bool


@dataclass(frozen=True)
class _Cells:
    """What two factors leave of the values: a count and a mean a cell, and the squares within."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    counts: Matrix
    means: Matrix
    within: float
    total: float


def one_way(groups: Sequence[ComparedGroup]) -> OneWay:
    """One factor's levels as groups."""
    if len(groups) < 2:
        raise Refused("an analysis of variance takes two groups or more; the factor has one level here")
    count = sum(group.n for group in groups)
    if count <= len(groups):
        raise Refused("each group has one value; nothing tells the spread within, so give more values a group")
    centre = float(np.mean(np.concatenate([group.values for group in groups])))
    ss_between = sum(group.n * (float(np.mean(group.values - centre))) ** 2 for group in groups)
    ss_within = sum(float(np.sum((group.values - group.mean) ** 2)) for group in groups)
    between, within = _sources(len(groups) - 1, ss_between, count - len(groups), ss_within)
    whole = ss_between + ss_within
    total = Source("total", count - 1, whole, None, None, None)
    if whole == 0:
        return OneWay(between, within, total, None, None)
    mean_within = ss_within / within.df
    omega = (ss_between - between.df * mean_within) / (whole + mean_within)
    return OneWay(between, within, total, ss_between / whole, max(0.0, omega))


def _sources(df: int, ss: float, df_within: int, ss_within: float, name: str = "between") -> tuple[Source, Source]:
    ms_within = ss_within / df_within
    return _source(name, df, ss, df_within, ms_within), Source("within", df_within, ss_within, ms_within, None, None)


def _source(name: str, df: int, ss: float, df_within: int, ms_within: float) -> Source:
    if df == 0:
        return Source(name, 0, ss, None, None, None)
    ms = ss / df
    if ms_within <= 0:
        return Source(name, df, ss, ms, None, None)
    return Source(name, df, ss, ms, ms / ms_within, float(special.fdtrc(df, df_within, ms / ms_within)))


def two_way(
    values: Sequence[float],
    first: Sequence[str],
    second: Sequence[str],
    *,
    interaction: bool = True,
    names: tuple[str, str] = ("first", "second"),
) -> TwoWay:
    """Two factors crossed; a level each value, in the values' order."""
    cells = _cells(np.asarray(values, dtype=np.float64), first, second)
    one, two, both = _dummies(cells.first), _dummies(cells.second), _dummies(cells.first, cells.second)
    if min(one.shape[1], two.shape[1]) < 2:
        raise Refused("each of the two factors needs two levels or more")
    count = int(np.sum(cells.counts))
    main, rank = _left_over(cells, np.hstack((one, two)))
    saturated = count - len(cells.counts)
    crossed = interaction and saturated > 0
    df_within = saturated if crossed else count - rank
    if df_within < 1:
        raise Refused("nothing tells the spread within the cells; give more values, or one factor less")
    ss_within = cells.within if crossed else cells.within + main
    ms = ss_within / df_within
    rows = [
        _source(name, rank - own_rank, max(0.0, left - main), df_within, ms)
        for name, (left, own_rank) in zip(names, (_left_over(cells, two), _left_over(cells, one)), strict=True)
    ]
    joint = _source("interaction", both.shape[1] - rank, main, df_within, ms) if crossed else None
    within = Source("within", df_within, ss_within, ms, None, None)
    total = Source("total", count - 1, cells.total, None, None, None)
    balanced = len(cells.counts) == one.shape[1] * two.shape[1] and len(set(cells.counts.tolist())) == 1
    return TwoWay(rows[0], rows[1], joint, within, total, balanced)


def _cells(values: Values, first: Sequence[str], second: Sequence[str]) -> _Cells:
    _, one = np.unique(np.asarray(first), return_inverse=True)
    _, two = np.unique(np.asarray(second), return_inverse=True)
    width = int(two.max()) + 1
    kinds, cell = np.unique(one * width + two, return_inverse=True)
    centred = values - np.mean(values)
    counts = np.bincount(cell).astype(np.float64)
    means = np.bincount(cell, weights=centred) / counts
    within = float(np.sum((centred - means[cell]) ** 2))
    return _Cells(kinds // width, kinds % width, counts, means, within, float(np.sum(centred**2)))


def _dummies(*factors: npt.NDArray[np.int64]) -> Matrix:
    """A column for each level that occurs (of several factors: each combination)."""
    _, levels = np.unique(np.stack(factors), axis=1, return_inverse=True)
    levels = np.asarray(levels).reshape(-1)
    return np.eye(int(levels.max()) + 1)[levels]


def _left_over(cells: _Cells, columns: Matrix) -> tuple[float, int]:
    """The squares between cells that these columns don't explain, and how many of the columns are independent."""
    weights = np.sqrt(cells.counts)
    fitted, _, rank, _ = np.linalg.lstsq(columns * weights[:, None], cells.means * weights, rcond=None)
    rest = (cells.means - columns @ fitted) * weights
    return float(np.sum(rest**2)), int(rank)


def contribution(groups: Sequence[ComparedGroup]) -> tuple[float, OneWay]:
    """A factor's share of the variance (omega-squared, 0 where chance brings as much), and its table."""
    table = one_way(groups)
    return (table.omega_squared or 0.0), table


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p for several questions at once (Holm, Scandinavian Journal of Statistics 6, 1979), in the given order."""
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None and not math.isnan(p))
    found: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        found[place] = highest
    return found
