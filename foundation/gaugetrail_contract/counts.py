"""Numbers of things in words: one piece, two pieces."""

from __future__ import annotations


def counted(number: float, one: str, several: str | None = None) -> str:
    """`1 record`, `2 records`, `0.5 seconds`; `several` where a word's plural is neither `-s` nor `-ies`."""
    shown = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{shown} {one if number == 1 else several or plural(one)}"


def plural(word: str) -> str:
    """`record` -> `records`, `entry` -> `entries`, `day` -> `days`."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
