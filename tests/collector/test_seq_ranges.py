"""Ranges of numbers against a plain set, and what they save: a backlog behind live records is not looked for."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_collector.stores.seq_ranges import SeqRanges

SMALL = st.integers(1, 60)


@given(st.lists(st.tuples(SMALL, st.integers(0, 8))))
def test_ranges_are_a_set(added: list[tuple[int, int]]) -> None:
    ranges, plain = SeqRanges(), set[int]()
    for start, more in added:
        ranges.add(start, start + more)
        plain |= set(range(start, start + more + 1))
    assert plain == {seq for seq in range(80) if seq in ranges}
    found = ranges.ranges()
    assert found == sorted(found)
    assert all(end + 1 < start for (_, end), (start, _) in itertools.pairwise(found)), "touching ranges are one"
