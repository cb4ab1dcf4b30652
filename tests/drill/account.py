"""What the people and machines at the stations were told: the only oracle of a drill.

`began` counts how often a unit was measured to the end (a key pressed, a value typed, a block offered), whatever came
of it; `told` is one word that a part is recorded. A station that dies between its commit and its word leaves a record
that nobody was told of: the operator measures again, and both records are true. So of a unit the store must hold at
least what was told and at most what was begun.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

Unit = tuple[str, str, str]
"""Agent, station, serial."""


@dataclass(frozen=True, slots=True)
class Word:
    """A station's word that a part is recorded. `record` is the id that the terminal names; a PLC learns none."""

    unit: Unit
    verdict: str
    record: str | None
    at: float = field(default_factory=time.monotonic)


class Account:
    """Kept by all who work at the stations. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: Counter[Unit] = Counter()
        self._told: list[Word] = []
        self._shown: set[tuple[Unit, str, str]] = set()
        self.refused = 0
        """How often a station said loudly that it can't record: a red terminal, result code 5."""

    def begin(self, unit: Unit) -> None:
        """A unit has been measured to the end."""
        with self._lock:
            self._began[unit] += 1

    def show(self, unit: Unit, characteristic: str, value: str) -> None:
        """The station has shown that it holds this value, and asks for the next one."""
        with self._lock:
            self._shown.add((unit, characteristic, value))

    def tell(self, word: Word) -> None:
        """The station has said that it is recorded."""
        with self._lock:
            self._told.append(word)

    def refuse(self) -> None:
        """The station has said that it is not recorded."""
        with self._lock:
            self.refused += 1

    @property
    def told(self) -> list[Word]:
        """Every word so far."""
        with self._lock:
            return list(self._told)

    @property
    def shown(self) -> set[tuple[Unit, str, str]]:
        """Every value that a station has shown of a unit that wasn't complete then."""
        with self._lock:
            return set(self._shown)

    @property
    def began(self) -> Counter[Unit]:
        """How often each unit was measured to the end so far."""
        with self._lock:
            return Counter(self._began)

    def __len__(self) -> int:
        with self._lock:
            return len(self._told)
