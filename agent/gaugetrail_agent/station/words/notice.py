"""Light and sign: what became of the part, and what isn't well around the station. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence

Light = Literal["off", "green", "red", "amber"]
"""What became of the part."""

Sign = Literal["green", "amber", "red"]
"""How the station is: red where no part can be measured or recorded now, amber where somebody should know of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that isn't well around the station, in a sentence for whoever stands there."""

    sign: Sign
    says: Sentence
