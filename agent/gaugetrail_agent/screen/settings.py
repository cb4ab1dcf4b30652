"""`[screen]`: who may look, from where, and when shifts begin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from gaugetrail_contract.settings import Insecure, Settings
from gaugetrail_contract.text import Name

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock(text: str) -> str:
    if _CLOCK.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no time of day; write 06:00")
    return text


class ScreenTable(Settings):
    """`[screen]`: the operator's screen, a page for each station, over HTTP."""

    host: str = Field(
        "127.0.0.1",
        description="this PC only, where the station's browser runs; the PC's address lets the network in, and whoever "
        "reaches the page stands at the station",
    )
    port: int = Field(9480, ge=0, le=65535, description="0: any free one (written to data_dir/screen.port)")
    hosts: tuple[str, ...] = Field(
        (), description="names that browsers call it by, besides localhost and host", examples=["line1-pc1.plant"]
    )
    stations: tuple[Name, ...] = Field((), description="the stations that have a page; empty: every one")
    shifts: tuple[Annotated[str, AfterValidator(_clock)], ...] = Field(
        ("06:00", "14:00", "22:00"),
        min_length=1,
        description="when shifts begin, on the clock of this PC: then units and yield are counted from nought; where a "
        "calendar holds for the station, or it has shifts of its own ([[station.shift]]), these count instead",
    )
    pictures: Path | None = Field(
        None,
        description="folder with pictures of where to measure, relative to this file: PLAN/CHARACTERISTIC.png, or "
        "CHARACTERISTIC.png for every plan; .jpg, .webp and .svg, too",
        examples=["pictures"],
    )
    insecure: Insecure | None = None
