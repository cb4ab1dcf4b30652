"""What comparisons answer in common: a row of a group, of a test, of a table of variances."""

from __future__ import annotations

from gaugetrail_statistics.capability.indices import CapabilityLimits, ProcessReach, indices
from gaugetrail_statistics.comparing.groups import ComparedGroup, MeanTest, RankTest, VarianceTest
from gaugetrail_statistics.comparing.variance_analysis import Source

Row = dict[str, object]


def level_row(group: ComparedGroup, lsl: float | None = None, usl: float | None = None) -> Row:
    """A group's figures; a single value has no spread, and without a limit there is no index."""
    sd = group.variance**0.5 if group.n > 1 else None
    ppk = None
    if sd is not None and (lsl is not None or usl is not None):
        ppk = indices(ProcessReach.normal(group.mean, sd), CapabilityLimits(lsl, usl)).k
    low, high = float(group.values.min()), float(group.values.max())
    return {"level": group.name, "n": group.n, "mean": group.mean, "sd": sd, "min": low, "max": high, "ppk": ppk}


def source_row(source: Source) -> Row:
    """A line of a table of variances."""
    return {
        "source": source.name,
        "df": source.df,
        "ss": source.ss,
        "ms": source.ms,
        "f": source.f,
        "p": source.p,
    }


def mean_row(test: MeanTest) -> Row:
    """A test of means."""
    return {
        "difference": test.difference,
        "se": test.se,
        "t": test.t,
        "df": test.df,
        "p": test.p,
        "ci": test.interval,
    }


def variance_row(test: VarianceTest | None) -> Row:
    """A test of spreads; where none can be, each is None."""
    if test is None:
        return {"statistic": None, "df1": None, "df2": None, "p": None}
    return {"statistic": test.statistic, "df1": test.df1, "df2": test.df2, "p": test.p}


def rank_row(test: RankTest) -> Row:
    """A test of ranks."""
    return {"u": test.u, "p": test.p, "method": test.method}
