"""How many frames fuzz tests have put through the parsers; `make fuzz` adds up what each test has told."""

from __future__ import annotations


class FrameCount:
    """One process's count; a test's own is what it grew by meanwhile."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, frames: int = 1) -> None:
        """So many more went through a parser."""
        self.total += frames


FRAMES = FrameCount()
