"""From messages to stored records and receipts: decode, prove, batch, write, confirm.

Promise: a message is finished only when each of its lines is in the store or set aside, both committed; what is
finished is then receipted and acknowledged. While the store is down nothing is finished and nothing is dropped: the
same batch is tried again for ever. A line that is no record of its topic's agent is set aside and holds nobody up.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_collector.intake.agent_keys import Keys
from gaugetrail_collector.intake.set_aside import Entry, SetAside
from gaugetrail_collector.intake.spans import Run, runs_of
from gaugetrail_collector.stores import Fate, Outcome, Store
from gaugetrail_contract import topics
from gaugetrail_contract.receipts import Receipt, StoredRange
from gaugetrail_contract.receipts import SetAside as SetAsideReceipt
from gaugetrail_contract.record import Record
from gaugetrail_contract.seal import BadRecord, Opened, cut_line, open_line, split_message
from gaugetrail_contract.signing import BadSignature, Signature, cut_signature
from gaugetrail_contract.text import visible_bytes

log = logging.getLogger(__name__)


class Message(NamedTuple):
    """One MQTT message as it came; `token` is what acknowledges it."""

    topic: str
    payload: bytes
    token: int


class Decoded(NamedTuple):
    """A message's lines: records whose seals hold, and the lines that are none, with the reason."""

    message: Message
    records: tuple[Opened, ...]
    bad: tuple[tuple[bytes, str], ...]
    agent: str | None = None
    """Whose topic it came on; null where it is no agent's."""
    signature: Signature | None = None
    """What the message was signed with, where the signature holds."""
    doubt: str | None = None
    """Why the signature that the message carries doesn't hold."""
    deferred: bool = False
    """The signature hasn't been looked at yet: `prove` must, before the message goes any further."""


@dataclass
class Figures:
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


class Stored(NamedTuple):
    """A batch that is durably in the store or set aside, and what became of each record."""

    messages: tuple[Message, ...]
    records: Sequence[Opened]
    outcomes: Sequence[Outcome]
    aside: Sequence[Entry]
    unproven: int
    """How many of `aside` are lines of messages that were not proven to be their agent's."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished batch: receipts by agent, to be published before the messages are acknowledged."""

    receipts: tuple[tuple[str, Receipt], ...]
    messages: tuple[Message, ...]


def decode(message: Message, prepare: Callable[[Opened], Opened] | None = None, *, defer: bool = False) -> Decoded:
    """Split a message into records and bad lines. Any bytes on any topic give one or the other, never an exception.

    `prepare` is done to each record. With `defer` the signature of a message without bad lines is left to `prove`.
    """
    agent = topics.agent_of(message.topic)
    if agent is None:
        return Decoded(message, (), ((message.payload, f"{message.topic} is no agent's topic"),))
    lines = split_message(message.payload)
    if not lines:
        return Decoded(message, (), ((message.payload, "the message holds no record"),), agent)
    records: list[Opened] = []
    bad: list[tuple[bytes, str]] = []
    signature, doubt = None, None
    try:
        lines, signature = cut_signature(lines)
    except BadSignature as error:
        doubt = str(error)
        bad.append((lines.pop(), doubt))
    for line in lines:
        try:
            opened = open_line(line)
        except BadRecord as error:
            bad.append((line, str(error)))
            continue
        if opened.agent != agent:
            bad.append((line, f"the record says it is {opened.agent}'s, but it came on {agent}'s topic"))
        else:
            records.append(opened if prepare is None else prepare(opened))
    deferred = defer and signature is not None and not bad and bool(records)
    if signature is not None and not deferred:
        doubt = _doubt(agent, lines, signature)
    return Decoded(message, tuple(records), tuple(bad), agent, None if doubt else signature, doubt, deferred)


def prove(batch: Sequence[Decoded]) -> list[Decoded]:
    """The batch with every signature looked at, checking as few as prove them all.

    A record's bytes name the seal before it. So a signature that holds over a message proves the message before it too,
    where that one ends with the very seal that this one begins behind, and says that it is of the same key.
    """
    proven: dict[tuple[str, str], str] = {}
    """Agent and key -> the seal that the earliest proven record names as the one before it."""
    looked_at = list(batch)
    for index in range(len(batch) - 1, -1, -1):
        decoded = batch[index]
        signature, agent = decoded.signature, decoded.agent
        if not decoded.deferred or signature is None or agent is None:
            continue
        seals = [opened.sealed.sha256 for opened in decoded.records]
        name, doubt = (agent, signature.key), None
        linked = _linked(decoded.records)
        if not (linked and seals[-1] == signature.sha256 == proven.get(name)):
            try:
                signature.check(agent, seals)
            except BadSignature as error:
                doubt = str(error)
        if linked and doubt is None:
            proven[name] = decoded.records[0].prev
        else:
            proven.pop(name, None)
        kept = None if doubt else signature
        looked_at[index] = decoded._replace(signature=kept, doubt=doubt, deferred=False)
    return looked_at


def _linked(records: Sequence[Opened]) -> bool:
    """Whether each record names the one before it."""
    return len(records) == 1 or all(after.prev == before.sealed.sha256 for before, after in itertools.pairwise(records))


def _doubt(agent: str, lines: list[bytes], signature: Signature) -> str | None:
    """Why the signature doesn't hold for just these lines; null when it does.

    Signed are the seals that the lines state. That each line's bytes have the seal it states is proven line by line.
    """
    try:
        signature.check(agent, [cut_line(line).sha256 for line in lines])
    except (BadSignature, BadRecord) as error:
        return str(error)
    return None


def points_of(decoded: Decoded) -> int:
    """About how many points the message will make, for the size of a batch."""
    return sum(2 + opened.measured for opened in decoded.records) + len(decoded.bad)


@dataclass
class Ingest:
    """Writes batches of decoded messages into a store; keeps the figures."""

    store: Store
    set_aside: SetAside
    now_us: Callable[[], int]
    keys: Keys | None = None
    """Whose signature must be on it; null takes everything."""
    figures: Figures = field(default_factory=Figures)
    on_stored: Callable[[Sequence[Record]], None] | None = None
    """Hears what is new in the store, after the commit; must be quick and must not raise."""
    on_there: Callable[[Sequence[Run]], None] | None = None
    """Hears what the store has now, new or not; the same rule."""
    late_us: int = 3_600_000_000
    """A record that is older than this when it is stored is counted as late; it stands at its own time all the same."""

    def store_all(self, batch: Sequence[Decoded]) -> Stored:
        """Store and set aside everything of the batch, durably. Raises `StoreDown`, `SetAsideFull` or `KeysBroken`,
        with nothing finished; doing it again is harmless.
        """
        assert not any(decoded.deferred for decoded in batch)
        kept, unproven = self._whose(batch)
        records = [opened for decoded in kept for opened in decoded.records]
        outcomes = self.store.write(records) if records else []
        topic_of = [decoded.message.topic for decoded in kept for _ in decoded.records]
        entries = [
            self._entry(topic, opened, outcome, told=outcome.fate is Fate.REJECTED)
            for topic, opened, outcome in zip(topic_of, records, outcomes, strict=True)
            if outcome.fate in (Fate.FORK, Fate.REJECTED)
        ]
        entries += [
            Entry(decoded.message.topic, raw, reason, self.now_us()) for decoded in kept for raw, reason in decoded.bad
        ]
        entries += unproven
        self.set_aside.put(entries)
        messages = tuple([decoded.message for decoded in batch])
        return Stored(messages, records, outcomes, entries, len(unproven))

    def confirm(self, stored: Stored) -> Done:
        """What is to be said of a stored batch, once it is counted and told to whoever listens here."""
        self._count(stored)
        taken = (Fate.STORED, Fate.THERE)
        pairs = zip(stored.records, stored.outcomes, strict=True)
        there = runs_of([opened for opened, outcome in pairs if outcome.fate in taken])
        if self.on_there is not None:
            self.on_there(there)
        return Done(tuple(_receipts(there, stored.records, stored.outcomes)), stored.messages)

    def _whose(self, batch: Sequence[Decoded]) -> tuple[list[Decoded], list[Entry]]:
        """The batch without the lines of messages that are not proven to be their agent's; and these, with the reason.
        Such a message is finished like any other, but none of its records is receipted: the agent has them still.
        """
        if self.keys is None:
            return list(batch), []
        self.keys.look()
        kept: list[Decoded] = []
        entries: list[Entry] = []
        for decoded in batch:
            key = decoded.signature.key if decoded.signature is not None else None
            reason = self.keys.refuse(decoded.agent, key, decoded.doubt) if decoded.agent is not None else None
            if reason is None:
                kept.append(decoded)
                continue
            kept.append(decoded._replace(records=(), bad=()))
            entries += [
                self._entry(decoded.message.topic, opened, Outcome(Fate.REJECTED, reason), told=False)
                for opened in decoded.records
            ]
            entries += [
                Entry(decoded.message.topic, raw, f"{reason}; {why}", self.now_us()) for raw, why in decoded.bad
            ]
        return kept, entries

    def _entry(self, topic: str, opened: Opened, outcome: Outcome, *, told: bool) -> Entry:
        sealed = opened.sealed
        identity = (opened.agent, opened.epoch, opened.seq, sealed.sha256)
        return Entry(topic, sealed.line(), outcome.reason, self.now_us(), *identity, told=told)

    def _count(self, done: Stored) -> None:
        records = done.records
        fates = [outcome.fate for outcome in done.outcomes]
        stored = [opened for opened, fate in zip(records, fates, strict=True) if fate is Fate.STORED]
        late = self.now_us() - self.late_us
        self.figures.messages += len(done.messages)
        self.figures.records += len(stored)
        self.figures.resent += fates.count(Fate.THERE)
        self.figures.forks += fates.count(Fate.FORK)
        self.figures.set_aside += len(done.aside)
        self.figures.unproven += done.unproven
        self.figures.points += sum([opened.measured for opened in stored])
        self.figures.late += sum([opened.time_us < late for opened in stored])
        if self.on_stored is not None:
            self.on_stored([opened.record for opened in stored])
        for entry in done.aside:
            log.error(
                "set aside from %s: %s (%s)",
                entry.topic,
                entry.reason,
                visible_bytes(entry.raw[:60]),
                extra={"event": "set_aside", "agent": entry.agent, "seq": entry.seq},
            )


def _receipts(
    there: Sequence[Run], records: Sequence[Opened], outcomes: Sequence[Outcome]
) -> Iterable[tuple[str, Receipt]]:
    """One receipt for each agent and epoch. A fork gets none: neither of the two is confirmed by it."""
    stored: dict[tuple[str, str], list[StoredRange]] = {}
    aside: dict[tuple[str, str], list[SetAsideReceipt]] = {}
    for run in there:
        stored.setdefault(run.chain, []).append((run.first.seq, run.last.seq, run.last.sealed.sha256))
    for opened, outcome in zip(records, outcomes, strict=True):
        if outcome.fate is Fate.REJECTED:
            entry = SetAsideReceipt(seq=opened.seq, sha256=opened.sealed.sha256, reason=outcome.reason[:500])
            aside.setdefault((opened.agent, opened.epoch), []).append(entry)
    for chain in dict.fromkeys((*stored, *aside)):
        ranges = tuple(stored.get(chain, ()))
        yield chain[0], Receipt(epoch=chain[1], stored=ranges, set_aside=tuple(aside.get(chain, ())))
