"""What to send next and what to send again: the pure half of delivery. Time is data; no client, no thread.

Four lanes, in this order of right of way:

- `LIVE`: records sealed since sending was last possible. They go at once and are never held back by the others.
- `RESEND`: records whose receipt doesn't come are due again after `resend_secs`, then after twice that, up to
  `LONGEST`, but no later than `FLOWING_SECS` after a receipt of others; after a new connection all that is on its way
  is due again, because a broker may have lost what it had acknowledged. Only a receipt ends the way. What a collector
  says that it doesn't take yet is due after `HELD_TIMES` as long, and meanwhile stands in nobody's way.
- `BACKLOG`: what had gathered while sending was not possible. It goes beside the live records, oldest first.
- `ASKED`: confirmed records that a collector asks for again. They go out once for each time they are asked for: the
  collector asks again until it has them.

All but `LIVE` share one limit, `catch_up_per_s`. The backlog has a second one that finds itself: as much of it is on
the way as comes back within `EASY_SECS`: enough to keep a store busy, and a live record never queues for long behind
it, however slow the store is. `FAIR` live messages in a row give one of the others a turn, so that a line at its limit
starves nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gaugetrail_contract.ranges import Ranges

LONGEST = 30.0
FLOWING_SECS = 15.0
"""The longest wait after any receipt: the way is open, so what had none was lost on it."""
HELD_TIMES = 12
EASY_SECS = 0.3
"""As much backlog is kept on the way as is receipted in this time."""
LEAST_BACKLOG = 200
FAIR = 16
MOST_ASKED = 10_000
"""Ranges that collectors may have asked for and not got yet; they ask for more later."""
BURST_SECS = 0.25
"""How much of a second's allowance may go at once."""


class Lane(StrEnum):
    """Why a record is sent; see the module's promise."""

    LIVE = "live"
    RESEND = "resend"
    BACKLOG = "backlog"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Order:
    """Send records from `first` to `last`, as many of them as fit into one message of at most `most`. The numbers are
    places in the spool; those of the lane `ASKED` are numbers within `epoch`.
    """

    lane: Lane
    first: int
    last: int
    most: int
    epoch: str = ""


@dataclass(slots=True)
class _Parcel:
    """What went out together and is not receipted yet."""

    seqs: set[int]
    due: float
    tries: int
    sent: float
    backlog: bool
    held: bool = False
    """Not taken yet: it counts in no limit."""


@dataclass(slots=True)
class Delivery:
    """The records on their way, by place. `live` is the last place that is not the live lane's any more."""

    resend_secs: float = 10.0
    most: int = 5000
    catch_up_per_s: float = 10_000.0
    batch: int = 100
    live: int = 0
    resent: int = 0
    _parcels: dict[int, _Parcel] = field(default_factory=dict)
    _parcel_of: dict[int, int] = field(default_factory=dict)
    _next_parcel: int = 0
    _backlog: deque[tuple[int, int]] = field(default_factory=deque)
    _asked: deque[tuple[str, int, int]] = field(default_factory=deque)
    _backlog_on_way: int = 0
    _held: int = 0
    _backlog_most: float = 600.0
    _pace_again: float = 0.0
    _newest_receipted: float = float("-inf")
    """When the newest message went out that has its receipt."""
    _streak: int = 0
    _flowing: float = float("-inf")
    """When a receipt last brought the others forward."""
    _tokens: float = 0.0
    _filled: float = float("-inf")

    # --- what has happened

    def resume(self, last: int, now: float, grace_secs: float = 1.0) -> None:
        """Sending is possible (again): what was sealed meanwhile, up to `last`, is backlog; what comes is live. So are
        the newest of what was sealed, a message of them: the part in somebody's hand is among these.

        All that is on its way is due after a moment for the client's own redelivery, back-off forgotten.
        """
        live = max(self.live, last - self.batch)
        if live > self.live:
            self._backlog.append((self.live + 1, live))
            self.live = live
        self._newest_receipted = float("-inf")
        for parcel in self._parcels.values():
            parcel.due, parcel.tries, parcel.sent = now + grace_secs, 0, now

    def ask(self, epoch: str, ranges: Iterable[tuple[int, int]]) -> None:
        """A collector asks for these again; what is asked for already and not out yet counts once."""
        for first, last in ranges:
            if (epoch, first, last) not in self._asked and len(self._asked) < MOST_ASKED:
                self._asked.append((epoch, first, last))

    def once_more(self, places: Iterable[int]) -> None:
        """Records that were set aside wait again: they go with the backlog. Those never sent yet go anyway."""
        self._backlog.extend((place, place) for place in places if place <= self.live)

    def let_go(self, places: Iterable[int]) -> None:
        """These are not to be sent any more: they are set aside here."""
        for place in places:
            self._take(place)

    def held(self, places: Iterable[int], now: float) -> None:
        """A collector has these and doesn't take them yet."""
        still = [place for place in places if place in self._parcel_of]
        if still:
            self._put(still, _Parcel(set(), now + HELD_TIMES * self.resend_secs, 1, now, backlog=False, held=True))

    def receipted(self, seqs: Iterable[int], now: float) -> None:
        """These have arrived in the store, or are set aside there."""
        oldest: float | None = None
        full = self._backlog_on_way > self._backlog_most / 2
        for seq in seqs:
            parcel = self._take(seq)
            if parcel is not None and parcel.tries == 1:
                self._newest_receipted = max(self._newest_receipted, parcel.sent)
            if parcel is not None and parcel.backlog and parcel.tries == 1:
                oldest = parcel.sent if oldest is None else min(oldest, parcel.sent)
        if now - self._flowing > 1.0:  # often enough, and cheap however many there are
            self._flowing = now
            for parcel in self._parcels.values():
                if not parcel.held:
                    parcel.due = min(parcel.due, now + FLOWING_SECS)
        if oldest is not None and now >= self._pace_again:
            self._pace(now - oldest, now, full=full)

    def _pace(self, took: float, now: float, *, full: bool) -> None:
        """Backlog was receipted after so long: allow more of it on the way, or less, for it to take `EASY_SECS`."""
        step = max(0.7, min(1.3, EASY_SECS / max(took, 0.001)))
        if step < 1 or full:
            self._backlog_most = max(LEAST_BACKLOG, min(self.most * 0.6, self._backlog_most * step))
        # What this changes shows only when what is on its way now has come back.
        self._pace_again = now + min(took, 1.0) / 2

    # --- what to do

    @property
    def on_way(self) -> int:
        """Records sent and not answered yet."""
        return len(self._parcel_of) - self._held

    def backlog(self) -> int:
        """Numbers that have gathered and were not sent yet; an upper bound, since some may be receipted already."""
        return Ranges(self._backlog).count

    def order(self, last: int, now: float) -> Order | None:
        """The next message to send, `last` being the newest record; null when there is nothing to send now."""
        room = self.most - self.on_way
        live = Order(Lane.LIVE, self.live + 1, last, min(room, self.batch)) if last > self.live and room > 0 else None
        if live is not None and self._streak < FAIR:
            return live
        return self._other(now, room) or live

    def _other(self, now: float, room: int) -> Order | None:
        allowed = self._allowed(now)
        if allowed < min(self.batch, self._burst):
            return None
        most = min(allowed, self.batch)
        due = min((one for one in self._parcels.values() if one.due <= now), key=lambda one: one.due, default=None)
        if due is not None:
            return Order(Lane.RESEND, min(due.seqs), max(due.seqs), most)
        if self._backlog and room > 0 and self._backlog_on_way < self._backlog_most:
            return Order(Lane.BACKLOG, *self._backlog[0], min(room, most))
        if self._asked:
            epoch, first, last = self._asked[0]
            return Order(Lane.ASKED, first, last, most, epoch)
        return None

    @property
    def _burst(self) -> int:
        return max(1, int(self.catch_up_per_s * BURST_SECS))

    def _allowed(self, now: float) -> int:
        """How many records the limit lets go now."""
        grown = (now - self._filled) * self.catch_up_per_s if self._filled > float("-inf") else self._burst
        self._tokens = min(self._burst, self._tokens + grown)
        self._filled = now
        return int(self._tokens)

    def overtaken(self, order: Order) -> bool:
        """Whether this is to be sent again although a message that went out later, and no earlier, has its receipt."""
        number = self._parcel_of.get(order.first) if order.lane is Lane.RESEND else None
        if number is None or self._parcels[number].held:
            return False
        return self._parcels[number].sent < self._newest_receipted

    def done(self, order: Order, sent: Sequence[int], now: float) -> None:
        """`order` was carried out: `sent` went out in one message; empty when the spool had none of them to send.

        Numbers of the order before the last sent one that are not among them are receipted already or gone.
        """
        passed = sent[-1] if sent else order.last
        if order.lane is Lane.LIVE:
            self.live = max(self.live, passed)
            self._streak += 1
        else:
            self._streak = 0
            self._tokens -= len(sent)
        if order.lane is Lane.RESEND:
            self._resent(order, sent, passed, now)
        elif order.lane is Lane.ASKED:
            epoch, first, last = self._asked.popleft()
            if passed < last:
                self._asked.appendleft((epoch, max(first, passed + 1), last))
        else:
            if order.lane is Lane.BACKLOG:
                first, last = self._backlog.popleft()
                if passed < last:
                    self._backlog.appendleft((max(first, passed + 1), last))
            self._put(sent, _Parcel(set(), now + self.resend_secs, 1, now, order.lane is Lane.BACKLOG))

    def _resent(self, order: Order, sent: Sequence[int], passed: int, now: float) -> None:
        number = self._parcel_of.get(order.first)
        if number is None:  # its receipt came while it was on its way out
            return
        old = self._parcels[number]
        going = [seq for seq in sorted(old.seqs) if seq <= passed and self._take(seq)]
        tries = old.tries + 1
        wait = min(LONGEST, self.resend_secs * 2 ** min(tries - 1, 16))
        still = set(sent)
        going = [seq for seq in going if seq in still]
        self.resent += len(going)
        self._put(going, _Parcel(set(), now + wait, tries, now, old.backlog))

    def _put(self, seqs: Iterable[int], parcel: _Parcel) -> None:
        parcel.seqs.update(seqs)
        for seq in parcel.seqs & self._parcel_of.keys():
            self._take(seq)  # twice on its way: the later one counts
        if not parcel.seqs:
            return
        self._next_parcel += 1
        self._parcels[self._next_parcel] = parcel
        self._parcel_of.update(dict.fromkeys(parcel.seqs, self._next_parcel))
        if parcel.backlog:
            self._backlog_on_way += len(parcel.seqs)
        if parcel.held:
            self._held += len(parcel.seqs)

    def _take(self, seq: int) -> _Parcel | None:
        """The parcel that `seq` was in, without it; null when it is not on its way."""
        number = self._parcel_of.pop(seq, None)
        if number is None:
            return None
        parcel = self._parcels[number]
        parcel.seqs.discard(seq)
        self._backlog_on_way -= parcel.backlog
        self._held -= parcel.held
        if not parcel.seqs:
            del self._parcels[number]
        return parcel

    def next_due(self, now: float) -> float | None:
        """When there is something to send without anything else happening; null when never."""
        dues = [one.due for one in self._parcels.values()]
        if self._asked or (self._backlog and self._backlog_on_way < self._backlog_most):
            dues.append(now)
        if not dues:
            return None
        missing = min(self.batch, self._burst) - self._tokens
        return max(min(dues), now + max(0.0, missing / self.catch_up_per_s))
