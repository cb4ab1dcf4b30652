"""Seals remembered: never another number's, never another seal than the last one put."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_collector.stores.influx.chains import RECENT, RecentSeals

NUMBERS = st.integers(1, 5) | st.sampled_from([RECENT, RECENT + 1, RECENT + 2, RECENT * 3 + 1, 2**53])
PUTS = st.lists(st.tuples(NUMBERS, st.binary(min_size=32, max_size=32).map(bytes.hex)), max_size=20)


@given(PUTS)
def test_what_is_remembered_is_what_was_put_last(puts: list[tuple[int, str]]) -> None:
    """What isn't remembered is asked of the database; what is must be right."""
    seals = RecentSeals()
    known: dict[int, str] = {}
    for seq, sha256 in puts:
        seals.put(seq, sha256, seq)
        known[seq] = sha256
        assert seals.get(seq) == sha256
        assert seals.standing(seq) == (sha256, seq)
    for seq, sha256 in known.items():
        assert seals.get(seq) in (sha256, None)
    assert seals.get(2**53 - 1) is None


def test_the_latest_of_a_chain_are_all_remembered() -> None:
    seals = RecentSeals()
    for seq in range(1, 2 * RECENT + 1):
        seals.put(seq, f"{seq:064x}", seq)
    assert [f"{seq:064x}" for seq in range(RECENT + 1, 2 * RECENT + 1)] == [
        seals.get(seq) for seq in range(RECENT + 1, 2 * RECENT + 1)
    ]
    assert seals.get(RECENT) is None
