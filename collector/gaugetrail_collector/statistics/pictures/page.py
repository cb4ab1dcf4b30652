"""The sheet that pictures stand on: A4 across, with a head, a foot and a line to sign.

Promise: the same answer gives the same bytes, but for the line that says when it was printed.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["Axes", "Figure", "PageText", "paint", "sheet", "styled"]

ACROSS = (11.69, 8.27)
WIDE = 185
"""Characters that a line of the foot holds."""
INK, PALE, RED, BLUE, GREEN = "#222222", "#8a8a8a", "#c00000", "#1f4e79", "#2e7d32"
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.edgecolor": PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "gaugetrail",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True, slots=True)
class PageText:
    """What the head and the foot say."""

    title: str
    about: Sequence[str] = ()
    """Where the data are from, what was left out."""
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    printed: str = ""


def styled() -> AbstractContextManager[None]:
    """While it lasts, what is drawn has the house's style."""
    return mpl.rc_context(STYLE)


def sheet(heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """An empty page with axes of these heights, one above the other."""
    figure = Figure(figsize=ACROSS)
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=list(heights), left=0.07, right=0.95, top=0.83, bottom=0.2, hspace=0.32
    )
    return figure, [figure.add_subplot(grid[at, 0]) for at in range(len(heights))]


def paint(figure: Figure, text: PageText, form: str) -> bytes:
    """The page as `svg`, `png` or `pdf`, with its head and foot."""
    figure.text(0.07, 0.955, text.title, fontsize=14, fontweight="bold", color=INK, va="top")
    figure.text(0.07, 0.915, "\n".join(text.about), fontsize=8, color=PALE, va="top")
    facts = "\n".join(f"{name}  {value}" for name, value in text.facts.items())
    figure.text(0.95, 0.955, facts, fontsize=8, color=INK, va="top", ha="right", family="DejaVu Sans Mono")
    figure.text(0.07, 0.14, "\n".join(_wrapped(text.notes)), fontsize=7, color=INK, va="top")
    figure.text(0.07, 0.02, text.printed, fontsize=7, color=PALE)
    figure.text(0.95, 0.02, "checked ____________________   date ______________", fontsize=8, ha="right", color=INK)
    out = io.BytesIO()
    figure.savefig(out, format=form, dpi=150, metadata=_METADATA[form])
    return out.getvalue()


_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": "gaugetrail"},
    "png": {"Software": "gaugetrail"},
    "pdf": {"CreationDate": None, "Producer": "gaugetrail", "Creator": "gaugetrail"},
}


def _wrapped(notes: Sequence[str], most: int = 9) -> list[str]:
    """Lines that fit; what doesn't is counted."""
    lines = [line for note in notes for line in textwrap.wrap(note, WIDE, subsequent_indent="    ")]
    return (
        lines
        if len(lines) <= most
        else [*lines[: most - 1], f"… and {len(lines) - most + 1} lines more in the numbers"]
    )
