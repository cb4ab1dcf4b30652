"""Control limits of a characteristic: what a chart's points are judged by, and what they were computed from.

Promise: limits are decimal strings, written once and never moved by new data; a later version is another edition, with
a reason. The baseline is named by its period, its number of values and their digest, so that whoever doubts the limits
can compute them again from the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.head import ForPart
from gaugetrail_contract.documents.reaction import NO_RULE, RULE
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DecimalText, Hex256, Identifier, Text, UtcText

ChartType = Literal["xbar_r", "xbar_s", "imr", "p", "np", "c", "u", "laney_p", "laney_u", "ewma", "cusum"]
ChartName = Literal["xbar", "r", "s", "i", "mr", "p", "np", "c", "u", "laney_p", "laney_u", "ewma", "cusum"]
CHARTS: Mapping[ChartType, tuple[ChartName, ...]] = {
    "xbar_r": ("xbar", "r"),
    "xbar_s": ("xbar", "s"),
    "imr": ("i", "mr"),
    "p": ("p",),
    "np": ("np",),
    "c": ("c",),
    "u": ("u",),
    "laney_p": ("laney_p",),
    "laney_u": ("laney_u",),
    "ewma": ("ewma",),
    "cusum": ("cusum",),
}
"""The charts that each type has."""
OF_SUBGROUPS = ("xbar_r", "xbar_s", "np")
OF_SINGLES = ("imr",)
OF_COUNTS = ("p", "np", "c", "u", "laney_p", "laney_u")
MOST_VALUES = 1000
NEEDED: Mapping[ChartType, tuple[str, ...]] = {
    "ewma": ("lambda",),
    "cusum": ("k", "sigma"),
    "laney_p": ("sigma_z",),
    "laney_u": ("sigma_z",),
}
"""What the limits of a type are nothing without."""


class ChartLimits(Settings):
    """One `[[chart]]`: centre and limits of what is plotted; a limit that there isn't is left out."""

    name: ChartName = Field(description="which chart: xbar and r or s, i and mr, else as the type")
    center: DecimalText = Field(description="centre line, in quotes")
    ucl: DecimalText | None = Field(None, description="upper control limit, in quotes")
    lcl: DecimalText | None = Field(None, description="lower control limit, in quotes")

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        named = {key: getattr(self, key) for key in ("lcl", "center", "ucl")}
        there = {key: Decimal(text) for key, text in named.items() if text is not None}
        # The limit of a CUSUM is one of its sums, the centre its target: they stand on no common scale.
        if self.name != "cusum" and list(there.values()) != sorted(there.values()):
            raise ValueError(f"{self.name}: {', '.join(f'{key} {named[key]}' for key in there)} are not in order")
        return self


class Baseline(Settings):
    """`[baseline]`: the values that the limits were computed from."""

    since: UtcText = Field(description="the first of them, UTC", examples=["2026-11-01T06:00:00.000000Z"])
    until: UtcText = Field(description="the last of them, UTC")
    n: int = Field(ge=2, description="how many values")
    sha256: Hex256 = Field(description="SHA-256 of the values in their order, one a line, as they stand in the records")
    excluded: tuple[Text, ...] = Field((), description="values that were left out, each with its cause")

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.until < self.since:
            raise ValueError(f"the baseline ends ({self.until}) before it begins ({self.since})")
        return self


class LimitsDocument(ForPart):
    """A limits document as its file says it; its revision is the limits' version."""

    characteristic: Identifier = Field(description="the characteristic, by the plan's name", examples=["bore_diameter"])
    station: Identifier | None = Field(None, description="the station; left out: any")
    unit: Identifier | None = Field(None, description="unit of the values", examples=["mm"])
    type: ChartType = Field(description="xbar_r, xbar_s, imr, p, np, c, u, laney_p, laney_u, ewma or cusum")
    subgroup_size: int = Field(
        1,
        ge=1,
        le=1_000_000,
        description="values of a subgroup; of counts, the sample: units one after the other of which an attribute "
        "says ok or nok, or the units or opportunities that one record of a count is about",
    )
    sigma: DecimalText | None = Field(None, description="within standard deviation of a single value, in quotes")
    estimator: Literal["rbar", "sbar", "pooled", "mr", "median_mr", "sd_c4"] | None = Field(
        None, description="what sigma was estimated by"
    )
    weight: DecimalText | None = Field(
        None, alias="lambda", description="ewma: the weight of the last value, in quotes", examples=["0.2"]
    )
    k: DecimalText | None = Field(
        None, description="cusum: what is allowed for, in sigmas of what is plotted, in quotes", examples=["0.5"]
    )
    sigma_z: DecimalText | None = Field(
        None, description="laney_p, laney_u: how much more points scatter than by chance alone, in quotes"
    )
    rules: tuple[Identifier, ...] = Field(
        ("we1", "we2", "we3", "we4"),
        description="the rules that signal, by their names, with another count behind a colon (we4:9, we2:3of4); "
        "ewma and cusum have rules of their own, ewma, cusum_upper and cusum_lower: all of them, unless one is named",
    )
    chart: tuple[ChartLimits, ...] = Field((), description="[[chart]], one for each chart of the type")
    baseline: Baseline | None = Field(None, description="what they were computed from; left out: they were set")
    reason: Text = Field(min_length=1, description="why these limits hold from now on", examples=["first baseline"])

    @model_validator(mode="after")
    def _charts_are_those_of_the_type(self) -> Self:
        wanted, there = CHARTS[self.type], tuple(one.name for one in self.chart)
        if sorted(there) != sorted(wanted):
            said = f"has {', '.join(there)}" if there else "has none"
            raise ValueError(f"a chart of type {self.type} needs a [[chart]] for {' and '.join(wanted)}; this {said}")
        return self

    @model_validator(mode="after")
    def _numbers_make_sense(self) -> Self:
        if self.type in OF_SUBGROUPS and self.subgroup_size < 2:
            raise ValueError(f"{self.type} is of subgroups: say how many values each has (subgroup_size = 5)")
        if self.type in OF_SINGLES and self.subgroup_size != 1:
            raise ValueError(f"{self.type} is of single values: leave subgroup_size out")
        if self.subgroup_size > MOST_VALUES and self.type not in OF_COUNTS:
            raise ValueError(f"a subgroup has at most {MOST_VALUES} values")
        if lacking := [key for key in NEEDED.get(self.type, ()) if self._numbers()[key] is None]:
            raise ValueError(f"{self.type} needs {' and '.join(lacking)}")
        numbers = {key: Decimal(text) for key, text in self._numbers().items() if text is not None}
        if small := [key for key, number in numbers.items() if number < 0 or (not number and key != "k")]:
            raise ValueError(f"{' and '.join(small)} is more than zero")
        if numbers.get("lambda", 0) > 1:
            raise ValueError("lambda is at most 1")
        if strange := [one for one in self.rules if RULE.fullmatch(one) is None]:
            raise ValueError(f"{', '.join(strange)} {NO_RULE}")
        return self

    def _numbers(self) -> dict[str, str | None]:
        return {"sigma": self.sigma, "lambda": self.weight, "k": self.k, "sigma_z": self.sigma_z}

    def of(self, name: ChartName) -> ChartLimits:
        """The limits of one of its charts."""
        return next(one for one in self.chart if one.name == name)
