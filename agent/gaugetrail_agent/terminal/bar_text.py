"""A value against its limits as a line of text. Pure.

    ------[=====|==O==]------      nominal in the middle, the value O within its limits
    --X---[=====|=====]------      outside: another letter, not only another colour

Promise: only signs that every console shows in one cell; a value always stands on its own side of a limit.
"""

from __future__ import annotations

from collections.abc import Mapping

INSIDE, OUTSIDE, MOVING = "O", "X", "~"


def bar_text(scale: Mapping[str, float | None], width: int, live: float | None = None, *, moving: bool = False) -> str:
    """`scale`: where each stands, 0 to 100, null for what there is none of. `live`: what a gauge shows now."""
    cells = ["-"] * width

    def cell(place: float) -> int:
        return min(int(place / 100 * width), width - 1)

    low, high = scale.get("low"), scale.get("high")
    first = 0 if low is None else cell(low)
    last = width - 1 if high is None else cell(high)
    cells[first : last + 1] = ["="] * (last + 1 - first)
    for sign, place in ((":", scale.get("lcl")), (":", scale.get("ucl")), ("|", scale.get("nominal"))):
        if place is not None:
            cells[cell(place)] = sign
    if low is not None:
        cells[first] = "["
    if high is not None:
        cells[last] = "]"
    value = live if live is not None else scale.get("value")
    if value is not None:
        inside = (low is None or value >= low) and (high is None or value <= high)
        at = _on_its_side(cell(value), first if low is not None else -1, last if high is not None else width, inside)
        cells[at] = MOVING if moving and inside else INSIDE if inside else OUTSIDE
    return "".join(cells)


def _on_its_side(at: int, first: int, last: int, inside: bool) -> int:
    """A value so near to a limit that it would cover its bracket stands beside it."""
    if inside:
        return max(first + 1, min(at, last - 1))
    if at == first:
        return first - 1
    return last + 1 if at == last else at
