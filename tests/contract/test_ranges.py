"""The one algebra of ranges, held against plain sets of numbers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.ranges import LARGEST, Ranges, Span, refuse_no_span

spans = st.tuples(st.integers(0, 60), st.integers(0, 8)).map(lambda one: (one[0], one[0] + one[1]))
steps = st.lists(st.tuples(st.booleans(), spans), max_size=30)


def numbers(some: Ranges | list[Span]) -> list[int]:
    return [number for first, last in some for number in range(first, last + 1)]


def made(done: list[tuple[bool, Span]]) -> tuple[Ranges, set[int]]:
    """Ranges and a plain set that have had the same put in and taken out."""
    ranges, plain = Ranges(), set[int]()
    for adding, (first, last) in done:
        if adding:
            ranges.add(first, last)
            plain |= set(range(first, last + 1))
        else:
            ranges.remove(first, last)
            plain -= set(range(first, last + 1))
    return ranges, plain


@given(steps)
def test_adding_and_removing_is_as_of_a_set_and_the_ranges_are_the_fewest(done: list[tuple[bool, Span]]) -> None:
    ranges, plain = made(done)
    assert numbers(ranges) == sorted(plain)
    assert (ranges.count, bool(ranges)) == (len(plain), bool(plain))
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(ranges.spans())), (
        "touching ones are one"
    )
    assert all(first <= last for first, last in ranges)


@given(steps, spans)
def test_questions_are_answered_as_of_a_set(done: list[tuple[bool, Span]], asked: Span) -> None:
    ranges, plain = made(done)
    wanted = set(range(asked[0], asked[1] + 1))
    assert ranges.covers(*asked) == (wanted <= plain)
    assert ranges.meets(*asked) == bool(wanted & plain)
    assert numbers(ranges.gaps(*asked)) == sorted(wanted - plain)
    assert [number for number in range(80) if number in ranges] == sorted(plain)


@given(st.lists(st.integers(0, 60), max_size=40))
def test_single_numbers_in_any_order_and_however_often(given: list[int]) -> None:
    assert numbers(Ranges.of(given)) == sorted(set(given))
    assert Ranges.of(given).spans() == Ranges((one, one) for one in given).spans()


@given(st.lists(spans, max_size=20))
def test_a_union_does_not_depend_on_the_order(given: list[Span]) -> None:
    assert Ranges(given).spans() == Ranges(reversed(given)).spans()


@given(steps, spans)
def test_asking_changes_nothing(done: list[tuple[bool, Span]], asked: Span) -> None:
    ranges, plain = made(done)
    ranges.gaps(*asked)
    assert numbers(ranges) == sorted(plain)


def test_from_behind_to_before_there_is_nothing() -> None:
    """An empty chain is looked at from 1 to 0."""
    assert Ranges().gaps(1, 0) == []
    assert Ranges([(1, 5)]).gaps(6, 5) == []


@pytest.mark.parametrize(("first", "last"), [(0, 5), (-3, 1), (5, 4), (1, LARGEST + 1)])
def test_what_is_no_range_of_a_chain_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match=rf"the range {first}\.\.{last} is none"):
        refuse_no_span(first, last)
    refuse_no_span(1, 1)
    refuse_no_span(1, LARGEST)
