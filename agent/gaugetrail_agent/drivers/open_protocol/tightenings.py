"""Which tightenings have been told, which are missing: by the id that the controller counts up.

Promise: `is_new` is true once for each tightening. `complete_to` is the highest id up to which nothing is missing that
could still be fetched; it goes back only when the controller's counter does (a replaced or reset controller).
"""

from __future__ import annotations

from collections import deque

LARGEST_ID = 4_294_967_295
REMEMBERED = 2000
"""Tightenings that are known again by id and time."""
LARGEST_GAP = 1000
"""A larger jump of the id is a counter set anew, not a row of missed tightenings."""


class Tightenings:
    """`complete_to` as it was kept; null on the first day. `fetch_gaps`: the ids are this station's alone."""

    def __init__(self, complete_to: int | None, *, fetch_gaps: bool = True) -> None:
        self.complete_to = complete_to
        self._fetch_gaps = fetch_gaps
        self._told: dict[tuple[int, str], None] = {}
        self._missing: deque[int] = deque()
        self._highest = complete_to or 0
        self._first_of_session = True

    def session_begins(self) -> None:
        """What a broken session left missing is fetched from `complete_to` on."""
        self._missing.clear()
        self._highest = self.complete_to or 0
        self._first_of_session = True

    def is_new(self, number: int, when: str, *, live: bool) -> bool:
        """Whether this tightening is told for the first time; `live` if it comes by itself, not fetched by its id."""
        if (number, when) in self._told:
            return False
        if self.complete_to is None or number > self.complete_to:
            return True
        # The last one before a restart is sent again if its answer got lost; a smaller id is a counter set anew.
        return live and (number < self.complete_to or bool(self._told))

    def add(self, number: int, when: str, *, live: bool) -> None:
        """A new tightening has been told."""
        self._told[number, when] = None
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        if self.complete_to is None or (live and number <= self.complete_to):
            self.complete_to = self._highest = number
            self._missing.clear()
        elif live:
            self._add_live(number, self.complete_to)
        else:
            self._settled(number)
        self._first_of_session = False

    def give_up(self, number: int) -> None:
        """It needs no fetching (any more): the controller does not have it, or it has been told."""
        self._settled(number)

    def next_after(self, *, recovering: bool) -> int | None:
        """The id to fetch next: the one after the last known while recovering, else one that a gap showed missing."""
        if recovering and self.complete_to is not None and self.complete_to < LARGEST_ID:
            return self.complete_to + 1
        return self._missing[0] if self._missing else None

    def _add_live(self, number: int, complete_to: int) -> None:
        """The first one of a session may show a gap: what was tightened between fetching and subscribing."""
        self._highest = max(self._highest, number)
        if self._missing:
            if number in self._missing:
                self._settled(number)
        elif self._first_of_session and self._fetch_gaps and 1 < number - complete_to <= LARGEST_GAP:
            self._missing.extend(range(complete_to + 1, number))
        else:
            self.complete_to = number

    def _settled(self, number: int) -> None:
        if number in self._missing:
            self._missing.remove(number)
        if self._missing:
            self.complete_to = self._missing[0] - 1
        else:
            self.complete_to = max(self.complete_to or 0, self._highest, number)
