"""An approved alternative control: how a plan's characteristics are controlled while the planned way can't be gone."""

from __future__ import annotations

from pydantic import Field

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier, Text


class AlternativeControl(Settings):
    """One `[[bypass]]` of a control plan."""

    id: Identifier = Field(description="what it is called, and stands in each record", examples=["BP-1"])
    what: Text = Field(min_length=1, description="what is done instead", examples=["plug gauge, 100 %"])
    instead_of: tuple[Identifier, ...] = Field(
        min_length=1, description="characteristics that are not measured meanwhile", examples=[["bore"]]
    )
    extra: tuple[Identifier, ...] = Field(
        (), description="characteristics that are measured meanwhile, and only then", examples=[["bore_plug"]]
    )
    most_hours: float = Field(gt=0, le=720, description="it ends by itself after so long")
