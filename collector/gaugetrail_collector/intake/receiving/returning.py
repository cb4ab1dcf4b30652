"""Records that come back again and again although they are stored: their agent doesn't get its receipts.

A resend or two is everyday: a connection was lost, a store was slow. The same record a third time is none: somebody
else takes the receipts, or the agent doesn't believe them. One record an agent is watched, so it costs nothing. Used on
the confirming thread; `agents` by any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_collector.stores import Fate, Outcome
from gaugetrail_contract.seal import Opened

RETURNS = 2
"""As often a record has come back after it was stored."""
FORGET_SECS = 90.0
"""An alarm ends when the record hasn't come for so long."""
CHANGE_SECS = 40.0
"""Agents wait half a minute between two tries at most: a record that hasn't come back by then has its receipt."""
MOST_AGENTS = 1000
"""Watched at a time; names are drawn by whoever sends."""


@dataclass(slots=True)
class _Watched:
    record: tuple[str, int]
    returns: int
    last: float


class Returning:
    """Which agents send what is stored already, again and again."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def look(self, records: Sequence[Opened], outcomes: Sequence[Outcome], now: float) -> None:
        """A batch is finished."""
        there = {
            (opened.agent, (opened.epoch, opened.seq))
            for opened, outcome in zip(records, outcomes, strict=True)
            if outcome.fate is Fate.THERE
        }
        for agent, record in sorted(there):
            one = self._watched.get(agent)
            if one is not None and one.record == record:
                one.returns += 1
                one.last = now
            elif one is None and len(self._watched) >= MOST_AGENTS:
                continue
            elif one is None or now - one.last > (FORGET_SECS if one.returns >= RETURNS else CHANGE_SECS):
                self._watched[agent] = _Watched(record, 1, now)

    def agents(self, now: float) -> tuple[str, ...]:
        """Those whose records come back again and again, sorted."""
        known = sorted(dict(self._watched).items())
        return tuple(name for name, one in known if one.returns >= RETURNS and now - one.last < FORGET_SECS)

    def alarms(self, now: float) -> tuple[str, ...]:
        """What is wrong, in words that stay the same while it is."""
        return tuple(
            f"agent {name} sends records again and again that are stored: its receipts don't reach it, or aren't "
            "believed"
            for name in self.agents(now)
        )
