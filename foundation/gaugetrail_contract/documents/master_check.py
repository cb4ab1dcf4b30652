"""The master-piece check of a plan: by which master a gauge is checked, how often, and between what it must lie."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DecimalText, Identifier


class MasterCheck(Settings):
    """One `[[check]]` of a control plan: the gauge that measures a characteristic here is checked with a master."""

    characteristic: Identifier = Field(description="whose gauge is checked, by the plan's name", examples=["bore"])
    master: Identifier = Field(description="the master piece, by its inventory number", examples=["M-7400"])
    nominal: DecimalText | None = Field(None, description="what it measures, in quotes", examples=["74.0012"])
    low: DecimalText = Field(description="the gauge shows at least this, in the characteristic's unit, in quotes")
    high: DecimalText = Field(description="and at most this, in quotes")
    every_mins: float | None = Field(None, gt=0, le=527_040, description="due again after so many minutes")
    per_shift: bool = Field(False, description="due with each shift, as the units' context says it")
    grace_mins: float = Field(
        0, ge=0, le=1440, description="every_mins: so long it is only due; then nothing is measured with the gauge"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if Decimal(self.low) > Decimal(self.high):
            raise ValueError(f"the check of {self.characteristic}: low {self.low} is above high {self.high}")
        if self.nominal is not None and not self.holds(self.nominal):
            raise ValueError(f"the check of {self.characteristic}: the master itself, {self.nominal}, would fail")
        if self.every_mins is None and not self.per_shift:
            raise ValueError(f"the check of {self.characteristic}: say how often (every_mins, or per_shift = true)")
        return self

    def holds(self, value: str) -> bool:
        """Whether the gauge may show that of the master, both ends included."""
        return Decimal(self.low) <= Decimal(value) <= Decimal(self.high)
