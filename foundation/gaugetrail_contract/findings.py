"""What is not well, in one line that says what to do: what `status` and `doctor` of both services find."""

from __future__ import annotations

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
