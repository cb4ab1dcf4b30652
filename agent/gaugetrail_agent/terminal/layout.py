"""Text in cells: what fits into a line of a console, and how a sentence is broken. Pure.

Promise: a sign that is two cells wide (Chinese) counts for two, and no line is ever wider than it may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells
from rich.text import Text

GAP = "   "


def cut(line: Text, width: int) -> Text:
    """The line in exactly so many cells; what doesn't fit ends in `…`."""
    line = line.copy()
    line.truncate(width, overflow="ellipsis", pad=True)
    return line


def tail(text: str, width: int) -> str:
    """The end of a text, as much of it as fits."""
    while cell_len(text) > width:
        text = text[1:]
    return text


def broken(text: str, width: int) -> list[str]:
    """A sentence as lines of at most so many cells: between words, or inside of one that is longer than a line."""
    lines = [""]
    for word in text.split(" "):
        for number, piece in enumerate(chop_cells(word, width) or [""]):
            joined = piece if number or not lines[-1] else f"{lines[-1]} {piece}"
            if number or cell_len(joined) > width:
                lines.append(piece)
            else:
                lines[-1] = joined
    return lines


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """At most so many lines; that more was said shows."""
    return list(lines) if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def flowed(pieces: Iterable[Text], width: int) -> list[Text]:
    """Pieces side by side, on as many lines as they need."""
    lines: list[Text] = []
    for piece in pieces:
        if lines and lines[-1].cell_len + len(GAP) + piece.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], GAP, piece)
        else:
            lines.append(piece)
    return lines


def pair(label: str, text: str) -> Text:
    """What a text is, and the text."""
    return Text.assemble((f"{label} " if label else "", "dim"), (text, "bold"))
