"""Which numbers of a chain there are, as ranges: a whole chain is one range, however long it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class SeqRanges:
    """A set of whole numbers that mostly stand side by side."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def __contains__(self, seq: int) -> bool:
        """Whether `seq` is one of them."""
        at = bisect_right(self._starts, seq) - 1
        return at >= 0 and seq <= self._ends[at]

    def add(self, start: int, end: int | None = None) -> None:
        """Take in `start` to `end`, or `start` alone; ranges that touch become one."""
        end = start if end is None else end
        low = bisect_right(self._starts, start)
        if low and self._ends[low - 1] >= start - 1:
            low -= 1
        high = bisect_right(self._starts, end + 1)
        if low < high:
            start, end = min(start, self._starts[low]), max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]

    def ranges(self) -> list[tuple[int, int]]:
        """First and last number of each range, rising."""
        return list(zip(self._starts, self._ends, strict=True))
