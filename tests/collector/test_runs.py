"""Runs name just the records they were made of, whatever the order these came in."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from made import chain

from gaugetrail_collector.runs import runs_of

CHAINS = [chain(12, agent="pc1"), chain(12, agent="pc2"), chain(12, agent="pc1", epoch="zzzzzzzz")]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11)), max_size=40))
def test_any_records_become_the_fewest_runs_that_hold_just_them(picked: list[tuple[int, int]]) -> None:
    records = [CHAINS[which][at] for which, at in picked]
    runs = runs_of(records)
    named = [(*run.chain, seq) for run in runs for seq in range(run.first.seq, run.last.seq + 1)]
    assert named == sorted({(one.agent, one.epoch, one.seq) for one in records})
    beside = [(one, other) for one, other in itertools.pairwise(runs) if one.chain == other.chain]
    assert all(one.last.seq + 1 < other.first.seq for one, other in beside)
    assert all(run.last in records and run.first in records for run in runs)
