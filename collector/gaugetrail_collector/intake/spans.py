"""Spans: the records of a batch that stand side by side in their chain, which is mostly all of them.

Receipts, reading back and anchors speak of numbers from one to another; they are found once for all three.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import ChainName, Opened


class RecordSpan(NamedTuple):
    """Every number of a chain from the first record's to the last one's."""

    first: Opened
    last: Opened

    @property
    def chain(self) -> ChainName:
        """Which one it is."""
        return self.first.chain


def spans_of(records: Iterable[Opened]) -> list[RecordSpan]:
    """The fewest spans that hold just these records, in any order and however often; by chain, then by number."""
    chains: dict[ChainName, dict[int, Opened]] = {}
    for opened in records:
        chains.setdefault(opened.chain, {})[opened.seq] = opened
    return [
        RecordSpan(by_seq[first], by_seq[last])
        for _, by_seq in sorted(chains.items(), key=lambda chain: chain[0])
        for first, last in Ranges.of(sorted(by_seq))
    ]
