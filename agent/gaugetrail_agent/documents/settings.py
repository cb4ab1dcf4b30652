"""`[documents]`: whose documents count here, and how long without news of them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.editions import Approver
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
    folder: Path | None = Field(
        None,
        description="documents of this PC alone (`gaugetrail-agent document`), where no collector writes any; what the "
        "broker says of documents isn't heard then",
    )
    users: Path | None = Field(
        None, description="with folder: file of names and passwords (collector console password NAME); none: not asked"
    )
    approver: Approver = Field(
        "another", description='with folder: "anyone" lets authors approve what they wrote; holds for new editions'
    )

    @model_validator(mode="after")
    def _one_writer(self) -> Self:
        if self.folder is not None and self.key:
            raise ValueError("documents come from a plant (key) or from a folder of this PC; leave one of them out")
        if self.folder is None and self.users is not None:
            raise ValueError("users belong to a folder of this PC; where a collector writes, it asks its own users")
        return self
