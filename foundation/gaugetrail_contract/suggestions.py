"""What a mistyped word was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

NEAR = 0.6
"""How alike two words must be, from 0 to 1: two letters exchanged in a word of five are, another word isn't."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`; did you mean parity?`, to be put behind a refusal; empty where nothing is near."""
    # Here and not above: a command that is typed well never needs it.
    import difflib

    by_small = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), by_small, 1, NEAR)
    return f"; did you mean {by_small[near[0]]}?" if near else ""
