"""What is wrong with a settings file, in words: one `Problem` a fault, all of them in one `ConfigError`.

Stands alone, because every command must know how to end with them, also one that reads no settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gaugetrail_contract.escapes import visible


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a settings file."""

    file: str
    key: str
    message: str
    line: int | None = None
    allowed: str | None = None
    """What could stand there."""
    warning: bool = False
    there: str | None = None
    """What the machine or the settings have of it, where the choice is not ours: ports, links, devices."""

    def __str__(self) -> str:
        """`agent.toml:12: device[1].baud: must be a whole number (allowed: …)`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        kind = "warning: " if self.warning else ""
        allowed = f" (allowed: {self.allowed})" if self.allowed else f" (there are: {self.there})" if self.there else ""
        return visible(f"{place}: {kind}{self.key + ': ' if self.key else ''}{self.message}{allowed}")

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        level = "warning" if self.warning else "error"
        return {
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "message": self.message,
            "allowed": self.allowed or self.there,
            "level": level,
        }


class ConfigError(Exception):
    """The settings can't be used: stop, exit code 78, so that a service manager doesn't restart into the same fault."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
