"""What is not well, in one line that says what to do: what `status` and `doctor` of both services find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` names the thing on the floor, `what` what is wrong with it, `cure` what to do. One that is only worth a
    look (`wrong` is false) is no reason for an exit code.
    """

    about: str
    what: str
    cure: str
    wrong: bool = True

    def line(self) -> str:
        """For people."""
        return f"{self.about}: {self.what} -> {self.cure}"

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"about": self.about, "what": self.what, "cure": self.cure, "wrong": self.wrong}


def in_lines(found: Sequence[Finding], well: str) -> list[str]:
    """For people: what is worth a look, then what is wrong; `well` is what is said where nothing is."""
    wrong = [one.line() for one in found if one.wrong]
    look = [f"worth a look: {one.line()}" for one in found if not one.wrong]
    count = f"NOT WELL: {len(wrong)} thing{'s' if len(wrong) != 1 else ''} to do"
    return [*look, count, *(f"  {line}" for line in wrong)] if wrong else [*look, well]
