"""From messages to stored records and receipts: decode, prove, batch, write, confirm.

Promise: a message is finished only when each of its lines is in the store or set aside, both committed; what is
finished is then receipted and acknowledged. While the store is down nothing is finished and nothing is dropped: the
same batch is tried again for ever. A line that is no record of its topic's agent is set aside and holds nobody up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.set_aside import Entry, SetAside
from gaugetrail_collector.stores import Fate, Outcome, Store
from gaugetrail_contract import topics
from gaugetrail_contract.receipts import Receipt, stored_ranges
from gaugetrail_contract.receipts import SetAside as SetAsideReceipt
from gaugetrail_contract.record import Record
from gaugetrail_contract.seal import BadRecord, Opened, open_line, split_message
from gaugetrail_contract.text import visible_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message as it came; `token` is what acknowledges it."""

    topic: str
    payload: bytes
    token: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message's lines: records whose seals hold, and the lines that are none, with the reason."""

    message: Message
    records: tuple[Opened, ...]
    bad: tuple[tuple[bytes, str], ...]


@dataclass
class Figures:
    """What has happened since start, for the status document."""

    messages: int = 0
    records: int = 0
    points: int = 0
    resent: int = 0
    set_aside: int = 0
    forks: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """A finished batch: receipts by agent, to be published before the messages are acknowledged."""

    receipts: tuple[tuple[str, Receipt], ...]
    messages: tuple[Message, ...]


def decode(message: Message) -> Decoded:
    """Split a message into records and bad lines. Any bytes on any topic give one or the other, never an exception."""
    agent = topics.agent_of(message.topic)
    if agent is None:
        return Decoded(message, (), ((message.payload, f"{message.topic} is no agent's topic"),))
    lines = split_message(message.payload)
    if not lines:
        return Decoded(message, (), ((message.payload, "the message holds no record"),))
    records: list[Opened] = []
    bad: list[tuple[bytes, str]] = []
    for line in lines:
        try:
            opened = open_line(line)
        except BadRecord as error:
            bad.append((line, str(error)))
            continue
        if opened.record.agent != agent:
            bad.append((line, f"the record says it is {opened.record.agent}'s, but it came on {agent}'s topic"))
        else:
            records.append(opened)
    return Decoded(message, tuple(records), tuple(bad))


def points_of(decoded: Decoded) -> int:
    """About how many points the message will make, for the size of a batch."""
    return sum(2 + len(getattr(opened.record, "measurements", ())) for opened in decoded.records) + len(decoded.bad)


@dataclass
class Ingest:
    """Writes batches of decoded messages into a store; keeps the figures."""

    store: Store
    set_aside: SetAside
    now_us: Callable[[], int]
    figures: Figures = field(default_factory=Figures)
    on_stored: Callable[[Sequence[Record]], None] | None = None
    """Hears what is new in the store, after the commit; must be quick and must not raise."""

    def finish(self, batch: Sequence[Decoded]) -> Done:
        """Store and set aside everything of the batch, durably. Raises `StoreDown` or `SetAsideFull`, with nothing
        finished; doing it again is harmless.
        """
        records = [opened for decoded in batch for opened in decoded.records]
        outcomes = self.store.write(records) if records else []
        topic_of = [decoded.message.topic for decoded in batch for _ in decoded.records]
        entries = [
            self._entry(topic, opened, outcome)
            for topic, opened, outcome in zip(topic_of, records, outcomes, strict=True)
            if outcome.fate in (Fate.FORK, Fate.REJECTED)
        ]
        entries += [
            Entry(decoded.message.topic, raw, reason, self.now_us()) for decoded in batch for raw, reason in decoded.bad
        ]
        self.set_aside.put(entries)
        self._count(batch, records, outcomes, entries)
        return Done(tuple(_receipts(records, outcomes)), tuple(decoded.message for decoded in batch))

    def _entry(self, topic: str, opened: Opened, outcome: Outcome) -> Entry:
        record, sealed = opened.record, opened.sealed
        identity = (record.agent, record.epoch, record.seq, sealed.sha256)
        return Entry(topic, sealed.line(), outcome.reason, self.now_us(), *identity)

    def _count(
        self, batch: Sequence[Decoded], records: Sequence[Opened], outcomes: Sequence[Outcome], aside: Sequence[Entry]
    ) -> None:
        fates = [outcome.fate for outcome in outcomes]
        self.figures.messages += len(batch)
        self.figures.records += fates.count(Fate.STORED)
        self.figures.resent += fates.count(Fate.THERE)
        self.figures.forks += fates.count(Fate.FORK)
        self.figures.set_aside += len(aside)
        self.figures.points += sum(
            len(getattr(opened.record, "measurements", ()))
            for opened, fate in zip(records, fates, strict=True)
            if fate is Fate.STORED
        )
        if self.on_stored is not None:
            self.on_stored([one.record for one, fate in zip(records, fates, strict=True) if fate is Fate.STORED])
        for entry in aside:
            log.error(
                "set aside from %s: %s (%s)",
                entry.topic,
                entry.reason,
                visible_bytes(entry.raw[:60]),
                extra={"event": "set_aside", "agent": entry.agent, "seq": entry.seq},
            )


def _receipts(records: Sequence[Opened], outcomes: Sequence[Outcome]) -> Iterable[tuple[str, Receipt]]:
    """One receipt for each agent and epoch. A fork gets none: neither of the two is confirmed by it."""
    stored: dict[tuple[str, str], list[tuple[int, str]]] = {}
    aside: dict[tuple[str, str], list[SetAsideReceipt]] = {}
    for opened, outcome in zip(records, outcomes, strict=True):
        record, sha256 = opened.record, opened.sealed.sha256
        chain = (record.agent, record.epoch)
        if outcome.fate in (Fate.STORED, Fate.THERE):
            stored.setdefault(chain, []).append((record.seq, sha256))
        elif outcome.fate is Fate.REJECTED:
            entry = SetAsideReceipt(seq=record.seq, sha256=sha256, reason=outcome.reason[:500])
            aside.setdefault(chain, []).append(entry)
    for chain in dict.fromkeys((*stored, *aside)):
        ranges = stored_ranges(stored.get(chain, ()))
        yield chain[0], Receipt(epoch=chain[1], stored=ranges, set_aside=tuple(aside.get(chain, ())))
