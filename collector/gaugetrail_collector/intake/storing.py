"""Storing: batches into the store, and what can't go there set aside; both committed when it returns.

Promise: a batch is finished whole or not at all, and doing it again is harmless. While the store is down, or the list
of what is set aside can't be written, nothing is finished and nothing is dropped: the same batch is tried again for
ever. It runs on the collector's main thread, which alone writes records.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside, SetAsideFull
from gaugetrail_collector.intake.decoding import Decoded, Message
from gaugetrail_collector.intake.far_times import FarTimes
from gaugetrail_collector.intake.keys.agent_keys import Keys, KeysBroken
from gaugetrail_collector.stores import Fate, Outcome, Store, StoreDown, StoreReplaced
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_contract.seal import Opened

log = logging.getLogger(__name__)

FIRST_WAIT_SECS = 0.1
LONGEST_WAIT_SECS = 15.0
"""Between two tries, at most."""

UNPROVEN = "it is not signed by a key that the agent is known by"
"""Says of a fork why it isn't believed."""

LEFT_OUT = (Fate.FORK, Fate.REJECTED, Fate.HELD)
"""Fates of what is not in the store."""

_Done = TypeVar("_Done")
StoreState = Literal["up", "down", "unknown"]


class Stored(NamedTuple):
    """A batch that is durably in the store or set aside, and what became of each record."""

    messages: tuple[Message, ...]
    records: Sequence[Opened]
    outcomes: Sequence[Outcome]
    aside: Sequence[Entry]
    unproven: int
    """How many of `aside` are lines of messages that were not proven to be their agent's."""


@dataclass
class Storing:
    """Writes batches of decoded messages into a store."""

    store: Store
    set_aside: SetAside
    now_us: Callable[[], int]
    keys: Keys | None = None
    """Whose signature must be on it; null takes everything."""
    far_times: FarTimes | None = None
    """Which moments are believed; null believes all."""
    on_change: Callable[[], None] = lambda: None
    """Hears that the store has come or gone, or says something else of itself."""
    on_replaced: Callable[[], None] = lambda: None
    """Hears that the store isn't the one that records were written to before."""
    on_try: Callable[[], None] = lambda: None
    """Hears of each try: a store that is down for days keeps this thread waiting, and it is well all the same."""
    state: StoreState = "unknown"
    detail: str = ""
    """What the store says of itself, or why it doesn't take records."""
    _doubted: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Wait no more for a store that is down; what is in hand comes again. Any thread."""
        self._stopping.set()

    def doubt(self) -> None:
        """What was stored isn't there any more, so what the store remembers is not to be believed. Any thread."""
        self._doubted.set()

    def open(self) -> None:
        """Wait for the store, for ever if need be; a store that is down at start is no fault of ours."""
        self._until_it_takes(self.store.open)

    def finish(self, batch: Sequence[Decoded]) -> Stored | None:
        """`store_all`, again and again while the store is down; null when told to stop meanwhile."""
        return self._until_it_takes(lambda: self._store_anew(batch))

    def _store_anew(self, batch: Sequence[Decoded]) -> Stored:
        if self._doubted.is_set() or self.state == "down":
            self._doubted.clear()
            self.store.open()
            if self.far_times is not None:
                self.far_times.forget()
        return self.store_all(batch)

    def _until_it_takes(self, work: Callable[[], _Done]) -> _Done | None:
        wait = FIRST_WAIT_SECS
        while True:
            self.on_try()
            try:
                done = work()
            except (StoreDown, SetAsideFull, KeysBroken) as error:
                self._is("down", str(error))
                if isinstance(error, StoreReplaced):
                    self.on_replaced()
                if self._stopping.wait(wait):
                    return None
                wait = min(LONGEST_WAIT_SECS, wait * 2)
            else:
                self._is("up", self.store.health())
                return done

    def _is(self, state: StoreState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        self.state, self.detail = state, detail
        if state == "down":
            log.warning("store: %s; the agents keep their records meanwhile", detail, extra={"event": "store_down"})
        else:
            log.info("store: %s", detail, extra={"event": "store_up"})
        self.on_change()

    def store_all(self, batch: Sequence[Decoded]) -> Stored:
        """Store and set aside everything of the batch, durably. Raises `StoreDown`, `SetAsideFull` or `KeysBroken`,
        with nothing finished; doing it again is harmless.
        """
        assert not any(decoded.deferred for decoded in batch)
        kept, unproven = self._whose(batch)
        records = [opened for decoded in kept for opened in decoded.records]
        message_of = [decoded for decoded in kept for _ in decoded.records]
        outcomes = self._written(records, message_of) if records else []
        topics = [decoded.message.topic for decoded in message_of]
        if self._taken_in_elsewhere(topics, records, outcomes):
            # Another process has written them, which this store doesn't know.
            self.store.open()
            outcomes = self._written(records, message_of)
        outcomes = [self._let_go(*one) for one in zip(topics, records, outcomes, strict=True)]
        entries = [
            self._entry(topic, opened, explained(outcome), told=outcome.fate is Fate.REJECTED)
            for topic, opened, outcome in zip(topics, records, outcomes, strict=True)
            if outcome.fate in LEFT_OUT
        ]
        self._arrived(topics, records, outcomes)
        entries += [
            Entry(decoded.message.topic, raw, reason, self.now_us()) for decoded in kept for raw, reason in decoded.bad
        ]
        entries += unproven
        self.set_aside.put(entries)
        messages = tuple([decoded.message for decoded in batch])
        return Stored(messages, records, outcomes, entries, len(unproven))

    def _written(self, records: Sequence[Opened], message_of: Sequence[Decoded]) -> list[Outcome]:
        doubt = None
        if self.far_times is not None:
            self.far_times.look(records)
            doubt = self.far_times.doubt
        return write_histories(self.store, records, lambda at: self._believed(message_of[at]), doubt=doubt)

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

    def _taken_in_elsewhere(
        self, topics: Sequence[str], records: Sequence[Opened], outcomes: Sequence[Outcome]
    ) -> bool:
        """Whether somebody has taken in what is held here: `set-aside retry`."""
        triples = zip(topics, records, outcomes, strict=True)
        held = [(topic, opened.sealed.line()) for topic, opened, outcome in triples if outcome.fate is Fate.HELD]
        return any(self.set_aside.was_taken_off(topic, line) for topic, line in held)

    def _let_go(self, topic: str, opened: Opened, outcome: Outcome) -> Outcome:
        """A record that is held until somebody decides may leave its agent once a person has closed its entry."""
        if outcome.fate is Fate.HELD and self.set_aside.is_closed(topic, opened.sealed.line()):
            return Outcome(Fate.REJECTED, outcome.reason)
        return outcome

    def _arrived(self, topics: Sequence[str], records: Sequence[Opened], outcomes: Sequence[Outcome]) -> None:
        """What stands in the store now leaves the list, where it may be on it."""
        there = [
            (topic, opened.sealed.line())
            for topic, opened, outcome in zip(topics, records, outcomes, strict=True)
            if opened.branch or (outcome.fate not in LEFT_OUT and self.set_aside.awaits(topic))
        ]
        if there:
            self.set_aside.arrived(there)

    def _believed(self, decoded: Decoded) -> bool:
        """Whether a second history is believed: signed by a key that the agent is known by."""
        signature, agent = decoded.signature, decoded.agent
        return (
            self.keys is not None
            and signature is not None
            and agent is not None
            and self.keys.knows(agent, signature.key)
        )

    def _entry(self, topic: str, opened: Opened, outcome: Outcome, *, told: bool) -> Entry:
        sealed = opened.sealed
        identity = (opened.agent, opened.epoch, opened.seq, sealed.sha256)
        return Entry(topic, sealed.line(), outcome.reason, self.now_us(), *identity, told=told)


def explained(outcome: Outcome) -> Outcome:
    """Of a fork that isn't believed, what can be done."""
    if outcome.fate is not Fate.FORK:
        return outcome
    cure = (
        f"{UNPROVEN}; if the PC was put back from a snapshot or copied and "
        "this is its work, take it in: gaugetrail-collector set-aside retry --vouch"
    )
    return Outcome(outcome.fate, f"{outcome.reason}; {cure}", outcome.branch)
