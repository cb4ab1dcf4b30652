"""`[documents]`: whose documents count here, and how long without news of them."""

from __future__ import annotations

from pydantic import Field

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Hex256


class DocumentsSettings(Settings):
    """`[documents]`: controlled documents, as the collector that writes them sends them."""

    key: tuple[Hex256, ...] = Field(
        (), description="public keys that count for the list of documents; none: the first that is shown is kept"
    )
    warn_hours: float = Field(
        24, gt=0, description="an alarm when nobody has said for so long that the list of documents still counts"
    )
    refuse_hours: float | None = Field(
        None, gt=0, description="after so long what is held counts no more; left out: it counts for ever"
    )
    pin_guesses: int = Field(
        5,
        ge=3,
        le=10,
        description="so many wrong PINs, then a person is locked here until somebody with a role unlocks",
    )
    max_mb: int = Field(512, ge=1, description="how much the texts may take on this PC's disk")
