"""What a `[[device]]` says of when its value is fresh, and what it is by default: a scale, a gauge with a key, or an
instrument that is looked at.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from gaugetrail_agent.drivers import Family
from gaugetrail_agent.station.freshness import Fresh, FreshRule
from gaugetrail_contract.settings import Settings

SETTLE_SECS = 0.3
Band = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=12)]


class FreshnessSettings(Settings):
    """The keys of a `[[device]]` that decide which unit its value belongs to."""

    fresh: Fresh | None = Field(
        None,
        description="what it must have shown since its last value was used for another unit: event (each value is a "
        "press of its key), change, return_to_zero, motion; none: by its kind, a scale return_to_zero, a gauge with a "
        "key event, what is polled change",
    )
    dead_band: Band | None = Field(
        None,
        description="what moves no further than this stands still; in the device's unit; none: 5 in the last digit",
        examples=["0.05"],
    )
    zero_band: Band | None = Field(
        None,
        description="return_to_zero, or a scale: at this and below the pan is empty; none: 2 in the last digit",
        examples=["0.5"],
    )
    settle_secs: float = Field(
        SETTLE_SECS, ge=0, le=60, description="so long must a value stand still before it is taken; not with event"
    )
    placed_before_scan: Literal["take", "refuse"] | None = Field(
        None,
        description="a value that came before its unit was scanned: take it, or refuse it and ask for the part to be "
        "taken off and put on again; none: a scale's is taken, others' are refused; not with event",
    )
    bounce_secs: float = Field(
        0.3, ge=0, le=10, description="event: a second value within this is a bounce of the key, dropped and counted"
    )
    repeat_secs: float = Field(
        2.0,
        ge=0,
        le=60,
        description="event: the same digits within this for another characteristic are asked about before they count",
    )

    def rule(self, family: Family, *, polled: bool, triggers: bool = False) -> FreshRule:
        """The rule for a device of that kind; `triggers`: asking makes it measure anew."""
        fresh = self.fresh or _by_kind(family, polled=polled, triggers=triggers)
        scale = family == "scale"
        return FreshRule(
            fresh=fresh,
            pan=scale or fresh == "return_to_zero" or self.zero_band is not None,
            placed_before=self.placed_before_scan or ("take" if scale or fresh == "return_to_zero" else "refuse"),
            dead_band=self.dead_band,
            zero_band=self.zero_band,
            settle_ns=round(self.settle_secs * 1e9),
            bounce_ns=round(self.bounce_secs * 1e9),
            repeat_ns=round(self.repeat_secs * 1e9),
            asked=fresh != "event" or triggers,
        )


def _by_kind(family: Family, *, polled: bool, triggers: bool) -> Fresh:
    if family == "scale":
        return "return_to_zero"
    if triggers:
        return "event"
    return "change" if polled or family == "instrument" else "event"
