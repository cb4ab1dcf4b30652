"""Runs: the records of a batch that stand side by side in their chain, which is mostly all of them.

Receipts, reading back and anchors speak of numbers from one to another; they are found once for all three.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gaugetrail_contract.seal import Opened


class Run(NamedTuple):
    """Every number of a chain from the first record's to the last one's."""

    first: Opened
    last: Opened

    @property
    def chain(self) -> tuple[str, str]:
        """Agent and epoch."""
        return self.first.agent, self.first.epoch


def runs_of(records: Iterable[Opened]) -> list[Run]:
    """The fewest runs that hold just these records, in any order and however often; by chain, then by number."""
    found: list[Run] = []
    first = last = None
    for opened in records:
        if (
            first is not None
            and last is not None
            and opened.seq == last.seq + 1
            and opened.epoch == last.epoch
            and opened.agent == last.agent
        ):
            last = opened
            continue
        if first is not None and last is not None:
            found.append(Run(first, last))
        first = last = opened
    if first is not None and last is not None:
        found.append(Run(first, last))
    return _joined(sorted(found, key=lambda run: (*run.chain, run.first.seq)))


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Sorted runs, those that touch or overlap made one."""
    made: list[Run] = []
    for run in runs:
        before = made[-1] if made else None
        if before is None or before.chain != run.chain or run.first.seq > before.last.seq + 1:
            made.append(run)
        elif run.last.seq > before.last.seq:
            made[-1] = Run(before.first, run.last)
    return made
