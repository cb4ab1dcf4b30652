"""What to send next and what to send again: the pure half of delivery. Time is data; no client, no thread.

Rules: new records go in order; at most `most` records are on their way without a receipt; a record whose receipt
doesn't come is sent again after `resend_secs`, then after twice that, up to `LONGEST`; after a new connection all that
is on its way is due again, because a broker may have lost what it had acknowledged. Only a receipt ends the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

LONGEST = 120.0


@dataclass(slots=True)
class _Sent:
    due: float
    tries: int


@dataclass(slots=True)
class Delivery:
    """The records on their way, by number. `cursor` is the last number that has been sent for the first time."""

    resend_secs: float = 10.0
    most: int = 5000
    cursor: int = 0
    resent: int = 0
    _on_way: dict[int, _Sent] = field(default_factory=dict)

    @property
    def on_way(self) -> int:
        """Records sent and not yet receipted."""
        return len(self._on_way)

    def room(self) -> int:
        """How many new records may be sent now."""
        return max(0, self.most - len(self._on_way))

    def sent(self, seqs: Iterable[int], now: float) -> None:
        """These have just gone out, for the first time or again."""
        for seq in seqs:
            before = self._on_way.get(seq)
            tries = before.tries + 1 if before is not None else 1
            self.resent += before is not None
            self._on_way[seq] = _Sent(now + min(LONGEST, self.resend_secs * 2 ** min(tries - 1, 16)), tries)
            self.cursor = max(self.cursor, seq)

    def receipted(self, seqs: Iterable[int]) -> None:
        """These have arrived in the store, or are set aside there."""
        for seq in seqs:
            self._on_way.pop(seq, None)

    def due(self, now: float, limit: int) -> Sequence[int]:
        """Numbers to send again now, oldest first."""
        return sorted(seq for seq, sent in self._on_way.items() if sent.due <= now)[:limit]

    def next_due(self) -> float | None:
        """When the next resend is due; null when nothing is on its way."""
        return min((sent.due for sent in self._on_way.values()), default=None)

    def reconnected(self, now: float, grace_secs: float = 1.0) -> None:
        """A new connection: all is due again after a moment for the client's own redelivery, back-off forgotten."""
        for sent in self._on_way.values():
            sent.due, sent.tries = now + grace_secs, 0
