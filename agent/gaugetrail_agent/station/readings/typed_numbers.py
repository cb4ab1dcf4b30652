"""A number as people type it: with a point, or with the comma that half of the world writes.

Promise: what can be read in two ways is asked for again, never guessed, whatever the limits would suggest. Three digits
behind a comma and one to three before it ("1,234") are a thousand to one and a little more than one to another; behind
a zero, before other than three digits or behind more than three, a comma can only be a decimal one.
"""

from __future__ import annotations

import re

_COMMA = re.compile(r"(-?[0-9]{1,30}),([0-9]{1,30})")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")


def with_point(text: str) -> str | None:
    """`12,5` -> `12.5`; null for anything else, and for what can be read in two ways."""
    found = _COMMA.fullmatch(text)
    return None if found is None or _THOUSANDS.fullmatch(text) else f"{found[1]}.{found[2]}"


def two_ways(text: str) -> tuple[str, str] | None:
    """Both numbers that it can be: `1,234` -> `1.234`, `1234`; null for what can be one, or none."""
    return (text.replace(",", "."), text.replace(",", "")) if _THOUSANDS.fullmatch(text) else None
