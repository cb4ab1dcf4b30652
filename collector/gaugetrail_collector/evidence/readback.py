"""Reading back: is everything in the store that should be, number by number? What isn't is asked for again.

A database can acknowledge a write and drop it (retention, a dropped series, a restored backup); a broker can lose a
message whose agent then dies; only the store itself tells. Two looks, both on a schedule:

- the short look: the numbers between the last one that was looked at and the newest one stored by this collector. Where
  all of them went through this collector nothing is asked of the store at all.
- the whole look, rarer: every number of every chain, from 1 (or from `since_us`, where the database drops older data by
  its retention on purpose) up to the newest one that anybody knows of: stored by this collector, or confirmed as the
  agent's own status says.

What is missing in two looks at least `grace_secs` apart is a gap: it is logged, counted in the status, and asked for
again through the agent's commands topic, then ever more rarely up to `LONGEST`, until it is there. Records come in any
order, so a number that is missing once is nothing yet, and a gap that is shrinking has its grace anew. What is set
aside here with a receipt is accounted for. Several collectors look each for itself; what is stored twice is one record.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.intake.spans import RecordSpan
from gaugetrail_collector.stores import Store
from gaugetrail_contract.commands import MAX_RANGES, Again
from gaugetrail_contract.counts import counted
from gaugetrail_contract.ranges import Ranges, Span
from gaugetrail_contract.seal import ChainName

log = logging.getLogger(__name__)

LONGEST = 3600.0
FIRST_AGAIN = 30.0
MANY = 2**53
"""Beyond every number."""


@dataclass(slots=True)
class _Passed:
    """What went through this collector of a chain since it was last found whole, up to `whole`; at all, from `first`
    on.
    """

    first: int
    whole: int
    whole_us: int
    seen: Ranges = field(default_factory=Ranges)
    newest: int = 0
    newest_us: int = 0


@dataclass(slots=True)
class Gap:
    """Numbers of a chain that the store doesn't have."""

    chain: ChainName
    first: int
    last: int
    since: float
    after_us: int = 0
    """All of it is later than this."""
    asked: int = 0
    next_ask: float = 0.0

    def due(self, now: float, grace_secs: float) -> bool:
        """Whether it is time to look again and, if it is still missing, to ask."""
        return now - self.since >= grace_secs and now >= self.next_ask

    def __str__(self) -> str:
        """For status and logs."""
        numbers = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        asked = "not asked for yet" if not self.asked else f"asked for {counted(self.asked, 'time')}"
        return f"{self.chain}: {numbers} missing in the store, {asked}"


@dataclass
class Reconciler:
    """`stored` may be called from any thread; the looks from one."""

    ask: Callable[[str, Again], None]
    """Sends a command to an agent."""
    set_aside: Callable[[str, str], Iterable[int]]
    """Numbers of a chain whose agent was told that they are set aside here, or not taken yet."""
    grace_secs: float = 30.0
    _passed: dict[ChainName, _Passed] = field(default_factory=dict)
    _gaps: dict[ChainName, list[Gap]] = field(default_factory=dict)
    _at_once: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stored(self, spans: Sequence[RecordSpan]) -> None:
        """These are in the store now, as it says."""
        with self._lock:
            for agent, epoch in {span.chain[:2] for span in spans if span.chain.branch}:
                self._forget(agent, epoch)
            for span in spans:
                passed = self._passed.get(span.chain)
                if passed is None:
                    first = span.first.seq
                    passed = self._passed[span.chain] = _Passed(first, first - 1, span.first.time_us - 1)
                if span.last.seq > passed.whole:
                    passed.seen.add(max(span.first.seq, passed.whole + 1), span.last.seq)
                if span.last.seq > passed.newest:
                    passed.newest, passed.newest_us = span.last.seq, span.last.time_us

    def _forget(self, agent: str, epoch: str) -> None:
        """Records have come to a second history of the epoch, and may have left the others with that: what these should
        have is what the store says at the next whole look.
        """
        for name in [name for name in self._passed if name[:2] == (agent, epoch)]:
            del self._passed[name]
        for name in [name for name in self._gaps if name[:2] == (agent, epoch)]:
            del self._gaps[name]

    def gaps(self) -> list[Gap]:
        """What was asked for again and is not there yet."""
        with self._lock:
            return [gap for gaps in self._gaps.values() for gap in gaps if gap.asked]

    # --- looks

    def look(self, store: Store, now: float) -> None:
        """The short look. Raises `StoreDown`."""
        with self._lock:
            fresh = [(name, passed) for name, passed in self._passed.items() if passed.newest > passed.whole]
        for name, passed in fresh:
            with self._lock:
                first, first_us, last, last_us = passed.whole + 1, passed.whole_us, passed.newest, passed.newest_us
                seen = passed.seen.spans()
            if seen != [(first, last)]:
                there = store.numbers(*name, after_seq=first - 1, after_us=first_us)
                self._missing(name, (first, last), self._unaccounted(name, there, first, last), now, first_us)
            with self._lock:
                passed.whole, passed.whole_us = last, last_us
                passed.seen.remove(0, last)
        self._look_again(store, now)

    def _look_again(self, store: Store, now: float) -> None:
        """What was missing before: is it still?"""
        with self._lock:
            due = [gap for gaps in self._gaps.values() for gap in gaps if gap.due(now, self.grace_secs)]
        for gap in due:
            name = gap.chain
            there = store.numbers(*name, after_seq=gap.first - 1, after_us=gap.after_us)
            missing = self._unaccounted(name, there, gap.first, gap.last)
            self._missing(name, (gap.first, gap.last), missing, now, gap.after_us)

    def doubt_all(self) -> None:
        """The store is another than before: what is missing at the next whole look is asked for at once."""
        with self._lock:
            self._at_once = True

    def whole_look(self, store: Store, now: float, known: Mapping[ChainName, int], since_us: int = 0) -> None:
        """The whole look; `known` are numbers that others know to be stored. Raises `StoreDown`."""
        with self._lock:
            newest = {name: passed.newest for name, passed in self._passed.items()}
            begins = {name: passed.first for name, passed in self._passed.items() if name.branch}
            since = now - self.grace_secs if self._at_once else now
        for name in {*store.chains(), *newest, *known}:
            there = store.numbers(*name, after_us=since_us)
            if since_us and not there:
                continue  # all of it is older than what must be kept
            # Where a second history begins is known only from what came of it.
            first = min(start for start, _ in (*there, (begins.get(name, MANY), 0))) if name.branch else 1
            first = there[0][0] if since_us else first
            last = max(newest.get(name, 0), known.get(name, 0), there[-1][1] if there else 0)
            missing = self._unaccounted(name, there, first, last)
            self._missing(name, (first, last), missing, now, since_us, since)
        with self._lock:
            self._at_once = False

    def _unaccounted(self, name: ChainName, there: Sequence[Span], first: int, last: int) -> list[Span]:
        accounted = Ranges(there)
        if not accounted.gaps(first, last):
            return []
        for seq in self.set_aside(name.agent, name.epoch):
            accounted.add(seq)
        return accounted.gaps(first, last)

    # --- gaps

    def _missing(
        self,
        name: ChainName,
        looked: Span,
        missing: Sequence[Span],
        now: float,
        after_us: int,
        since: float | None = None,
    ) -> None:
        """Between `looked`, just these are missing now: keep what is known of them, end what is there, ask."""
        with self._lock:
            before = self._gaps.pop(name, [])
            inside = [gap for gap in before if Ranges([looked]).covers(gap.first, gap.last)]
            gaps = [gap for gap in before if gap not in inside]
            new_since = now if since is None else since
            gaps += [_known(inside, Gap(name, first, last, new_since, after_us)) for first, last in missing]
            gaps.sort(key=lambda gap: gap.first)
            if gaps:
                self._gaps[name] = gaps
            due = [gap for gap in gaps if gap.due(now, self.grace_secs)][:MAX_RANGES]
            for gap in due:
                gap.asked += 1
                gap.next_ask = now + min(LONGEST, FIRST_AGAIN * 2 ** min(gap.asked - 1, 16))
        for gap in inside:
            if gap.asked and not Ranges(missing).meets(gap.first, gap.last):
                log.info("%s, and is there now", gap, extra={"event": "gap_filled", "agent": name.agent})
        self._ask(name, due)

    def _ask(self, name: ChainName, due: Sequence[Gap]) -> None:
        if not due:
            return
        for gap in due:
            if gap.asked == 1:
                log.error("%s", gap, extra={"event": "gap", "agent": name.agent, "first": gap.first, "last": gap.last})
        ranges = tuple((gap.first, gap.last) for gap in due)
        self.ask(name.agent, Again(command="again", epoch=name.epoch, branch=name.branch, ranges=ranges))


def _known(before: Sequence[Gap], gap: Gap) -> Gap:
    """The gap as it was known before; one that has become smaller keeps its history and has its grace anew."""
    for old in before:
        if (old.first, old.last) == (gap.first, gap.last):
            return old
        if Ranges([(old.first, old.last)]).covers(gap.first, gap.last):
            gap.asked, gap.next_ask = old.asked, old.next_ask
    return gap
