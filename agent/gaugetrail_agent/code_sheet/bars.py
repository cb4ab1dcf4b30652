"""A text as bars of Code 128 (ISO/IEC 15417), made by python-barcode; drawn as one path of SVG.

Promise: bars are at least `THINNEST_MM` wide, which a hand-held reader takes from a laser printer, and have ten of them
empty on each side. A text that is too long for the width of the page has none.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from barcode.codex import Code128
from barcode.errors import BarcodeError

MODULE_MM = 0.33
THINNEST_MM = 0.25
"""10 mil: what readers of the shop floor are specified for."""
QUIET = 10
"""Modules that stay empty on each side (ISO/IEC 15417, 4.4)."""
HEIGHT_MM = 14


class NoBars(ValueError):
    """Why a text can't be printed as a code."""


@dataclass(frozen=True, slots=True)
class Bars:
    """`pattern` has a sign for each module: 1 is a bar."""

    pattern: str
    module_mm: float

    @property
    def width_mm(self) -> float:
        """With what stays empty."""
        return (len(self.pattern) + 2 * QUIET) * self.module_mm

    def svg(self) -> str:
        """The drawing; one unit is one module."""
        width, place, path = len(self.pattern) + 2 * QUIET, QUIET, ""
        for sign, run in itertools.groupby(self.pattern):
            length = len(list(run))
            if sign == "1":
                path += f"M{place} 0h{length}v1h-{length}z"
            place += length
        size = f'width="{self.width_mm:.2f}mm" height="{HEIGHT_MM}mm" viewBox="0 0 {width} 1"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} preserveAspectRatio="none" shape-rendering="crispEdges">'
            f'<path d="{path}"/></svg>'
        )


def bars_of(text: str, most_mm: float) -> Bars:
    """The bars of a text that may be so wide. Raises `NoBars`."""
    if not text.isascii() or not text.isprintable() or not text:
        raise NoBars("holds what Code 128 has no bars for: A to Z, digits and the signs of ASCII can be")
    try:
        (pattern,) = Code128(text).build()
    except BarcodeError as error:
        raise NoBars(f"can't be coded: {error}") from error
    module_mm = min(MODULE_MM, most_mm / (len(pattern) + 2 * QUIET))
    if module_mm < THINNEST_MM:
        raise NoBars("is too long for the width of a page: its bars would be too thin to be read")
    return Bars(pattern, module_mm)
