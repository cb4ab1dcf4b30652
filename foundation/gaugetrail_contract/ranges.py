"""Whole numbers that mostly stand side by side, as ranges: a chain of any length is one. Pure.

Promise: a range is (first, last), both included; `Ranges` is a set of numbers, kept as the fewest ranges that hold just
these, rising and never touching. What a receipt, a command, a gap or a spool says "from … to" of is told here and
nowhere else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""First and last number, both included."""
LARGEST = 2**53
"""No number of a record is beyond it: what is larger is not the same in every program that reads JSON."""


def refuse_no_span(first: int, last: int) -> None:
    """Raise `ValueError` for what is no range of a chain's numbers, which begin at 1."""
    if not 1 <= first <= last <= LARGEST:
        raise ValueError(f"the range {first}..{last} is none")


class Ranges:
    """A set of numbers."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in spans:
            self.add(first, last)

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Ranges:
        """Of single numbers; quickest when they rise."""
        made = cls()
        for number in numbers:
            if made._lasts and number == made._lasts[-1] + 1:
                made._lasts[-1] = number
            else:
                made.add(number)
        return made

    def __iter__(self) -> Iterator[Span]:
        """The ranges, rising."""
        return iter(self.spans())

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._firsts)

    def __contains__(self, number: int) -> bool:
        """Whether `number` is one of them."""
        return self.covers(number, number)

    def spans(self) -> list[Span]:
        """The ranges, rising."""
        return list(zip(self._firsts, self._lasts, strict=True))

    @property
    def count(self) -> int:
        """How many numbers they are."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    def covers(self, first: int, last: int) -> bool:
        """Whether every number of `first` to `last` is one of them."""
        at = bisect_right(self._firsts, first) - 1
        return at >= 0 and last <= self._lasts[at]

    def meets(self, first: int, last: int) -> bool:
        """Whether any number of `first` to `last` is one of them."""
        at = bisect_right(self._firsts, last) - 1
        return at >= 0 and first <= self._lasts[at]

    def add(self, first: int, last: int | None = None) -> None:
        """Take in `first` to `last`, or `first` alone; ranges that touch become one."""
        last = first if last is None else last
        low = bisect_left(self._lasts, first - 1)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first, last = min(first, self._firsts[low]), max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def remove(self, first: int, last: int | None = None) -> None:
        """Take out `first` to `last`, or `first` alone, those of them that are there."""
        last = first if last is None else last
        low = bisect_left(self._lasts, first)
        high = bisect_right(self._firsts, last)
        if low >= high:
            return
        kept = [(self._firsts[low], first - 1), (last + 1, self._lasts[high - 1])]
        kept = [span for span in kept if span[0] <= span[1]]
        self._firsts[low:high] = [span[0] for span in kept]
        self._lasts[low:high] = [span[1] for span in kept]

    def gaps(self, first: int, last: int) -> list[Span]:
        """The ranges of `first` to `last` that are left out."""
        left = Ranges([(first, last)] if first <= last else ())
        for span in self._near(first, last):
            left.remove(*span)
        return left.spans()

    def _near(self, first: int, last: int) -> Iterator[Span]:
        low, high = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
        return zip(self._firsts[low:high], self._lasts[low:high], strict=True)
