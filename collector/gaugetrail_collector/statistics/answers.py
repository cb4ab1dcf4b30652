"""An answer of statistics: as JSON for programs, as lines for people.

Promise: JSON holds each number as it was computed, and `null` for one that is infinite or undefined: never `NaN`. Lines
for people round to six digits and leave nothing out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real

ALWAYS = ("kind", "n", "method", "formulas", "warnings")
"""What every answer has."""
AS_IT_IS = frozenset({str, int, bool, type(None)})
"""What JSON holds without a look at it: answers have hundreds of thousands of them."""


def complete(kind: str, found: Mapping[str, object]) -> dict[str, object]:
    """A door's answer with its kind first, ready for JSON."""
    whole = {"kind": kind, **{name: plain(value) for name, value in found.items()}}
    missing = [name for name in ALWAYS if name not in whole]
    assert not missing, f"the door of {kind} leaves out {missing}"
    return whole


def plain(value: object) -> object:
    """A value that JSON can hold; what numpy made becomes Python's own."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else None  # type: ignore[arg-type] # a float, by its type
    if kind in AS_IT_IS:
        return value
    if kind is dict or isinstance(value, Mapping):
        return {
            str(name): one if type(one) in AS_IT_IS else plain(one)
            for name, one in value.items()  # type: ignore[attr-defined] # a mapping
        }
    if kind in (list, tuple):
        return [one if type(one) in AS_IT_IS else plain(one) for one in value]  # type: ignore[attr-defined] # a sequence
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    if kind.__name__ == "bool":  # numpy's, which is neither Python's bool nor a number
        return bool(value)
    raise TypeError(f"{value!r} is nothing that an answer holds")


def lines_for_people(answer: Mapping[str, object]) -> Iterator[str]:
    """A line a value; a list of objects as a table."""
    yield from _lines(answer, "")


def _lines(answer: Mapping[str, object], before: str) -> Iterator[str]:
    width = max((len(name) for name in answer), default=0)
    for name, value in answer.items():
        if isinstance(value, Mapping):
            yield f"{before}{name}"
            yield from _lines(value, before + "  ")
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            yield f"{before}{name}"
            yield from _table(value, before + "  ")
        else:
            yield f"{before}{name:{width}}  {_shown(value)}"


def _table(rows: Sequence[Mapping[str, object]], before: str) -> Iterator[str]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_shown(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(names))]
    for row in cells:
        yield (before + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _shown(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_shown(one)}" for name, one in value.items())
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
