"""Spans and the receipts made of them name just the records they should, whatever the order these came in."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from made import chain

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.spans import spans_of
from gaugetrail_collector.intake.storing import Stored
from gaugetrail_collector.stores import Fate, Outcome

CHAINS = [chain(12, agent="pc1"), chain(12, agent="pc2"), chain(12, agent="pc1", epoch="zzzzzzzz")]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11)), max_size=40))
def test_any_records_become_the_fewest_spans_that_hold_just_them(picked: list[tuple[int, int]]) -> None:
    records = [CHAINS[which][at] for which, at in picked]
    spans = spans_of(records)
    named = [(*span.chain, seq) for span in spans for seq in range(span.first.seq, span.last.seq + 1)]
    assert named == sorted({(*one.chain, one.seq) for one in records})
    beside = [(one, other) for one, other in itertools.pairwise(spans) if one.chain == other.chain]
    assert all(one.last.seq + 1 < other.first.seq for one, other in beside)
    assert all(span.last in records and span.first in records for span in spans)


FATES = st.sampled_from(list(Fate))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11), FATES), max_size=40, unique_by=lambda one: one[:2]))
def test_receipts_name_just_what_is_stored_and_the_seal_at_each_end(picked: list[tuple[int, int, Fate]]) -> None:
    """Nothing beside it is confirmed, a fork in no way at all, and what was set aside is said with its seal."""
    records = [CHAINS[which][at] for which, at, _ in picked]
    outcomes = [Outcome(fate, "why") for *_, fate in picked]
    done = Account(lambda: 1).confirm(Stored((), records, outcomes, (), 0))
    by_name = {(one.agent, one.epoch, one.seq): one.sealed.sha256 for one in records}
    named, aside = [], []
    for agent, receipt in done.receipts:
        for start, end, seal in receipt.stored:
            named += [(agent, receipt.epoch, seq) for seq in range(start, end + 1)]
            assert seal == by_name[agent, receipt.epoch, end]
        aside += [(agent, receipt.epoch, one.seq, one.sha256) for one in receipt.set_aside]
    told = list(zip(records, outcomes, strict=True))
    good = (Fate.STORED, Fate.THERE)
    assert sorted(named) == sorted((one.agent, one.epoch, one.seq) for one, outcome in told if outcome.fate in good)
    assert sorted(aside) == sorted(
        (one.agent, one.epoch, one.seq, one.sealed.sha256) for one, outcome in told if outcome.fate is Fate.REJECTED
    )
