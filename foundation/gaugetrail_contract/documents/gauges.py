"""The gauge register: what a gauge is, how it stands with its calibration, and whether it may measure a characteristic.

Promise: whether a gauge may measure something is decided here alone, for one day, from its row. It is fit through the
day that its calibration is due; a grace of days beyond that counts only with the approver who gave it. What the
register doesn't say of a gauge is no reason against it, except where a plan asks for exactly that. Pure; words for
people are whoever asks'.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, DecimalText, Identifier, Text

Calibration = Literal["valid", "due", "overdue", "blocked", "unknown"]
MOST_GRACE_DAYS = 90


class Gauge(Settings):
    """One `[[gauge]]` of a gauge register."""

    id: Identifier = Field(description="inventory number", examples=["G-0017"])
    kind: Identifier | None = Field(None, description="what it is, as plans ask for it", examples=["bore gauge"])
    resolution: DecimalText | None = Field(None, description="smallest step it shows, in its unit, in quotes")
    unit: Identifier | None = Field(None, description="unit of resolution and range", examples=["mm"])
    range_from: DecimalText | None = Field(None, description="measures from, in quotes", examples=["50"])
    range_to: DecimalText | None = Field(None, description="measures to, in quotes", examples=["150"])
    certificate: Identifier | None = Field(None, description="number of its calibration certificate")
    calibrated_on: DayText | None = Field(None, description="day of the calibration, YYYY-MM-DD, in quotes")
    calibration_due: DayText | None = Field(None, description="fit through this day; none: not known")
    status: Literal["active", "blocked"] = Field("active", description="blocked: no value of it is taken")
    grace_days: int = Field(
        0, ge=0, le=MOST_GRACE_DAYS, description="so many days it may be overdue; needs grace_approved_by"
    )
    grace_approved_by: Identifier | None = Field(None, description="who allows that; stands in each such record")
    characteristics: tuple[Identifier, ...] = Field(
        (), description="bound to these characteristics and measures no other; none: any"
    )
    location: Text = Field("", description="where it is kept")
    description: Text = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        low, high = self.range_from, self.range_to
        if low is not None and high is not None and Decimal(low) > Decimal(high):
            raise ValueError(f"{self.id}: range_from {low} lies above range_to {high}")
        if self.resolution is not None and Decimal(self.resolution) <= 0:
            raise ValueError(f"{self.id}: a resolution is more than zero")
        if self.calibrated_on is not None and (self.calibration_due or "9999") < self.calibrated_on:
            raise ValueError(f"{self.id}: calibration_due {self.calibration_due} lies before calibrated_on")
        if self.grace_days and self.grace_approved_by is None:
            raise ValueError(f"{self.id}: grace_days = {self.grace_days} needs who allows it (grace_approved_by)")
        return self

    def calibration(self, today: date) -> Calibration:
        """As it stands on `today`: blocked, overdue, due (today) or valid. Grace doesn't make it less overdue."""
        if self.status == "blocked":
            return "blocked"
        if self.calibration_due is None:
            return "unknown"
        due = date.fromisoformat(self.calibration_due)
        if due < today:
            return "overdue"
        return "due" if due == today else "valid"

    def in_grace(self, today: date) -> bool:
        """Whether it is overdue, and is allowed to be so today."""
        if self.calibration_due is None or self.calibration(today) != "overdue":
            return False
        return today <= date.fromisoformat(self.calibration_due) + timedelta(days=self.grace_days)


class GaugeRegister(Settings):
    """A gauge register as its document says it."""

    id: Identifier | None = Field(None, description="document id", examples=["GR-1"])
    revision: Identifier | None = Field(None, description="document revision", examples=["31"])
    gauge: tuple[Gauge, ...] = Field((), description="[[gauge]]")

    @model_validator(mode="after")
    def _numbers_are_unique(self) -> Self:
        seen: set[str] = set()
        for one in self.gauge:
            if one.id in seen:
                raise ValueError(f"the gauge {one.id} stands twice")
            seen.add(one.id)
        return self


# --- which gauge may


@dataclass(frozen=True, slots=True)
class GaugeWanted:
    """What a plan asks of the gauge that measures a characteristic."""

    characteristic: str
    kind: str | None = None
    resolution: str | None = None
    """At least as fine as this, in the characteristic's unit."""
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a gauge may not measure something: `has` is what it is or has, `wanted` what it should be."""

    why: Literal["blocked", "overdue", "wrong_kind", "too_coarse", "bound_elsewhere"]
    has: str = ""
    wanted: str = ""


def unsuited(gauge: Gauge, wanted: GaugeWanted) -> Unfit | None:
    """Why it is the wrong gauge for the characteristic on any day; null when it isn't."""
    if gauge.characteristics and wanted.characteristic not in gauge.characteristics:
        return Unfit("bound_elsewhere", ", ".join(gauge.characteristics), wanted.characteristic)
    if wanted.kind is not None and gauge.kind != wanted.kind:
        return Unfit("wrong_kind", gauge.kind or "", wanted.kind)
    if wanted.resolution is not None and not _fine_enough(gauge, wanted, Decimal(wanted.resolution)):
        return Unfit("too_coarse", _amount(gauge.resolution, gauge.unit), _amount(wanted.resolution, wanted.unit))
    return None


def unfit_today(gauge: Gauge, today: date) -> Unfit | None:
    """Why nothing may be measured with it on that day: blocked, or overdue beyond its grace; null when it may."""
    calibration = gauge.calibration(today)
    if calibration == "blocked":
        return Unfit("blocked")
    if calibration == "overdue" and not gauge.in_grace(today):
        return Unfit("overdue", gauge.calibration_due or "")
    return None


def _fine_enough(gauge: Gauge, wanted: GaugeWanted, step: Decimal) -> bool:
    """A resolution in another unit can't be compared, so it isn't known to be fine enough."""
    if gauge.resolution is None or (wanted.unit or gauge.unit) != (gauge.unit or wanted.unit):
        return False
    return Decimal(gauge.resolution) <= step


def _amount(number: str | None, unit: str | None) -> str:
    return "" if number is None else f"{number} {unit}" if unit else number
