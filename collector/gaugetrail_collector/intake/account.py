"""The account: what became of a stored batch, counted, told to whoever listens, and written into receipts.

Promise: a receipt speaks only of what is in the store or set aside, each of its ranges ended by the seal of its last
record; a fork that isn't believed gets none, and what is held one that confirms nothing. Receipts come before the
acknowledgement of their messages. It runs on the confirming thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.intake.aside.held import Held
from gaugetrail_collector.intake.aside.set_aside import Entry
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.spans import RecordSpan, spans_of
from gaugetrail_collector.intake.storing import Stored
from gaugetrail_collector.stores import Fate, Outcome
from gaugetrail_contract.escapes import visible, visible_bytes
from gaugetrail_contract.receipts import NotStored as SetAsideReceipt
from gaugetrail_contract.receipts import Receipt, StoredRange
from gaugetrail_contract.record import Record
from gaugetrail_contract.seal import ChainName, Opened
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)

MOST_NEWER = 1000
"""Agents that are remembered as newer, at most: names are drawn by whoever sends."""
HELD_AT_ONCE = 200
"""Records that one receipt names as held: it must pass every broker."""


@dataclass
class IntakeFigures:
    """What has happened since start, for the status document."""

    messages: int = 0
    records: int = 0
    points: int = 0
    resent: int = 0
    set_aside: int = 0
    forks: int = 0
    late: int = 0
    unproven: int = 0
    """Lines of messages whose signature was missing, wrong or not the agent's; a part of `set_aside`."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished batch: receipts by agent, to be published before the messages are acknowledged."""

    receipts: tuple[tuple[str, Receipt], ...]
    messages: tuple[Message, ...]


@dataclass
class Account:
    """Keeps the figures, and knows what is to be said of a stored batch."""

    now_us: Callable[[], int]
    late_us: int = 3_600_000_000
    """A record that is older than this when it is stored is counted as late; it stands at its own time all the same."""
    on_stored: list[Callable[[Sequence[Record]], None]] = field(default_factory=list)
    """Hear what is new in the store, after the commit; must be quick and must not raise."""
    on_there: Callable[[Sequence[RecordSpan]], None] | None = None
    """Hears what the store has now, new or not; the same rule."""
    figures: IntakeFigures = field(default_factory=IntakeFigures)
    newer: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Agents whose records hold keys that are unknown here, with those of the first such record."""
    held: Held = field(default_factory=Held)
    """What isn't taken until somebody has decided."""
    parted: dict[ChainName, int] = field(default_factory=dict)
    """Second histories that records have come of since start, with the first number that came."""

    def confirm(self, stored: Stored) -> Done:
        """What is to be said of a stored batch, once it is counted and told to whoever listens here."""
        self._count(stored)
        taken = (Fate.STORED, Fate.THERE)
        pairs = zip(stored.records, stored.outcomes, strict=True)
        there = spans_of([opened for opened, outcome in pairs if outcome.fate in taken])
        if self.on_there is not None:
            self.on_there(there)
        return Done(tuple(_receipts(there, stored.records, stored.outcomes)), stored.messages)

    def second_histories(self, most: int) -> tuple[str, ...]:
        """The agents of which records of a second history have come, in words. Any thread."""
        return tuple(
            f"{chain.agent} epoch {chain.epoch} from {seq} on" for chain, seq in list(self.parted.items())[:most]
        )

    def _news(self, done: Stored) -> list[Entry]:
        """What was set aside, without what is held and comes again and again."""
        again: set[str | None] = set()
        for opened, outcome in zip(done.records, done.outcomes, strict=True):
            if outcome.fate is not Fate.HELD:
                self.held.settled(opened)
            elif not self.held.came(opened, outcome.reason):
                again.add(opened.sealed.sha256)
        return [entry for entry in done.aside if entry.sha256 is None or entry.sha256 not in again]

    def _notice_parted(self, opened: Opened) -> None:
        """Said once for each history, until the collector is started again."""
        self.parted[opened.chain] = opened.seq
        log.error(
            "%s: a second history from %d on: its PC was put back from a snapshot, or a copy of it runs; both are "
            "stored, and the agent goes on in a new epoch. If two PCs run with this name, give one of them another "
            "[agent] id",
            opened.chain,
            opened.seq,
            extra={"event": "second_history", "agent": opened.agent, "seq": opened.seq, "branch": opened.branch},
        )

    def _notice_newer(self, opened: Opened) -> None:
        """Said once for each agent, until the collector is started again."""
        self.newer[opened.agent] = opened.unknown
        log.warning(
            "%s: its records hold keys that this collector doesn't know (%s); they are stored as they came, and what "
            "is known of them is used. Update this collector",
            opened.agent,
            visible(", ".join(opened.unknown[:3]))[:300],
            extra={"event": "newer_agent", "agent": opened.agent},
        )

    def _count(self, done: Stored) -> None:
        records = done.records
        fates = [outcome.fate for outcome in done.outcomes]
        stored = [opened for opened, fate in zip(records, fates, strict=True) if fate is Fate.STORED]
        late = self.now_us() - self.late_us
        self.figures.messages += len(done.messages)
        self.figures.records += len(stored)
        self.figures.resent += fates.count(Fate.THERE)
        self.figures.forks += fates.count(Fate.FORK)
        aside = self._news(done)
        self.figures.set_aside += len(aside)
        self.figures.unproven += done.unproven
        self.figures.points += sum([opened.measured for opened in stored])
        self.figures.late += sum([opened.time_us < late for opened in stored])
        for opened in stored:
            if opened.branch and opened.chain not in self.parted and len(self.parted) < MOST_NEWER:
                self._notice_parted(opened)
            if opened.unknown and opened.agent not in self.newer and len(self.newer) < MOST_NEWER:
                self._notice_newer(opened)
        if self.on_stored:
            news = [opened.record for opened in stored]
            for hears in self.on_stored:
                hears(news)
        for entry in aside:
            log.error(
                "set aside from %s: %s (%s)",
                entry.topic,
                entry.reason,
                visible_bytes(entry.raw[:60]),
                extra={
                    "event": "set_aside",
                    "cause": (entry.agent, same_words(entry.reason)),
                    "agent": entry.agent,
                    "seq": entry.seq,
                },
            )


def _receipts(
    there: Sequence[RecordSpan], records: Sequence[Opened], outcomes: Sequence[Outcome]
) -> Iterable[tuple[str, Receipt]]:
    """One receipt for each history of an agent's epoch, and others for what is held. A fork that isn't believed gets
    none: neither of the two is confirmed by it.
    """
    stored: dict[ChainName, list[StoredRange]] = {}
    aside: dict[ChainName, list[SetAsideReceipt]] = {}
    held: dict[ChainName, list[SetAsideReceipt]] = {}
    for span in there:
        stored.setdefault(span.chain, []).append((span.first.seq, span.last.seq, span.last.sealed.sha256))
    for opened, outcome in zip(records, outcomes, strict=True):
        if outcome.fate in (Fate.REJECTED, Fate.HELD):
            entry = SetAsideReceipt(seq=opened.seq, sha256=opened.sealed.sha256, reason=outcome.reason[:500])
            (held if outcome.fate is Fate.HELD else aside).setdefault(opened.chain, []).append(entry)
    for chain in dict.fromkeys((*stored, *aside)):
        ranges, left_out = tuple(stored.get(chain, ())), tuple(aside.get(chain, ()))
        yield chain.agent, Receipt(epoch=chain.epoch, branch=chain.branch, stored=ranges, set_aside=left_out)
    for chain, entries in held.items():
        for start in range(0, len(entries), HELD_AT_ONCE):
            part = tuple(entries[start : start + HELD_AT_ONCE])
            yield chain.agent, Receipt(epoch=chain.epoch, branch=chain.branch, held=part)
