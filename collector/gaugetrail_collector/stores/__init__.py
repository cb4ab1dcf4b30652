"""The store: where records stand for good. One interface, two implementations that give the same answers.

`sqlite` serves a demo, a single line and tests; `influx` serves production: a folder each. A write that returns has
been committed. Errors are decisions: `StoreDown` (back off and go on for ever), `StoreRefuses` (the same, and say what
a person must fix); a record that the store can never take is one `Fate.REJECTED` with its reason and holds nothing else
up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gaugetrail_collector.stores.question import ALL_TIME, Asked, Position, Window
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.record import record_id
from gaugetrail_contract.seal import ChainName, Opened


class StoreDown(Exception):
    """The store doesn't answer, or asks to be left alone: keep everything, wait, try again."""


class StoreRefuses(StoreDown):
    """The store answers and refuses us (rights, no such database): keep everything; the text says what to fix."""


class StoreReplaced(StoreDown):
    """The store that was open isn't what stands in its place now: open it anew, and ask for what it lacks."""


class Fate(StrEnum):
    """What became of one record of a batch."""

    STORED = "stored"
    THERE = "there"
    """It was in the store already, seal and all: a resend."""
    FORK = "fork"
    """It is of another history of its epoch than the one that stands there, and nobody has said yet that it is believed
    (`letting_in`): it isn't written.
    """
    REJECTED = "rejected"
    HELD = "held"
    """It isn't written until somebody has decided (a bound is raised, a line PC registered, a time that can't be its
    own looked at: `placing`): it stays with its agent, and comes again.
    """


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of one record, with the reason where it was not stored. Of a fork, `branch` is the history it is of."""

    fate: Fate
    reason: str = ""
    branch: str = ""


Doubt = Callable[[Opened], str | None]
"""Why a record is held; null where it isn't."""

STORED = Outcome(Fate.STORED)
THERE = Outcome(Fate.THERE)


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the store holds it: `sha256` is the seal it was stored under, not one that was checked again, and
    `time_us` the moment that it is filed under.
    """

    agent: str
    epoch: str
    seq: int
    sha256: str
    data: bytes
    time_us: int
    branch: str = ""

    @property
    def position(self) -> Position:
        """Its place in an answer."""
        return Position(self.time_us, self.agent, self.epoch, self.seq, self.branch)

    @property
    def chain(self) -> ChainName:
        """The history that it stands in."""
        return ChainName(self.agent, self.epoch, self.branch)

    @property
    def id(self) -> str:
        """Its name, as it is stored."""
        return record_id(self.agent, self.epoch, self.seq, self.branch)


class Store(Protocol):
    """What intake, trace and verify ask of a store. Every method may raise `StoreDown` or `StoreRefuses`."""

    def open(self) -> None:
        """Connect and make what is missing (tables, database); called again after `StoreDown`."""

    def close(self) -> None:
        """Let go; never raises."""

    def health(self) -> str:
        """A word on the store for the status document, such as `InfluxDB 1.6.7, database gaugetrail`."""

    def identity(self) -> str:
        """The id that is kept in the store (see `identity`), drawn now where there is none: for a running collector,
        while the store is open. Raises `StoreRefuses` where the store lets nobody keep one. Any thread.
        """

    def prepare(self, opened: Opened) -> Opened:
        """The record, with what can be made of it before its turn (`Opened.made`). Any thread."""

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[Outcome]:
        """Store the records and commit; the outcomes are in the batch's order. All or `StoreDown`. Each record's
        `branch` says afterwards where it stands; one that has a branch before is written under it. Who has vouched
        for their times lets them stand against their neighbours', but in nobody's place; else `doubt` is asked of each
        record that isn't there.
        """

    def budget(self) -> list[TagUse]:
        """How much of its bound each tag has used, the fullest first; empty for a store without tags. Any thread."""

    def stats(self) -> Stats:
        """Figures on the whole store, for people; may take a while."""

    def limits(self) -> list[Finding]:
        """What the server's own settings would cut short or refuse; empty where it can't be asked, or has none."""

    def keeps_us(self) -> int | None:
        """How long the store keeps a record before it drops it by itself, microseconds; null for ever, or where it
        can't be asked.
        """

    def init(self, keep_days: int | None, *, roll_ups: bool) -> list[str]:
        """Make the store as an administrator would, before `open`: database or bucket, how long it keeps, roll-ups.
        What is there is left or changed to fit. Returns what was done, in words.
        """

    def note(self, lines: Sequence[str]) -> None:
        """Points for charts, made by `status_lines`; a store without charts takes none. Any thread; may be lost."""

    def search(self, term: Asked | None, window: Window = ALL_TIME, after: Position | None = None) -> Iterator[Row]:
        """Every record of the window that carries the term (all of them without one), in the order of their positions
        and behind `after`; streamed. It may give more than those: hold each record against the term.
        """

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """Every record that carries the identifier (of that kind, or any), oldest first."""

    def amendments_of(self, ids: Sequence[str]) -> list[Row]:
        """The amendments made to the records with these ids, oldest first."""

    def named(self, agent: str, epoch: str, seq: int) -> list[Row]:
        """The records of that name: one, or one of each history of the epoch."""

    def chains(self) -> list[ChainName]:
        """Every history of every epoch that has records, sorted."""

    def rows(self, agent: str, epoch: str, branch: str = "", *, window: Window = ALL_TIME) -> Iterator[Row]:
        """The records of a chain (those filed within the window) by seq, streamed; an identity that stands twice comes
        twice.
        """

    def numbers(
        self, agent: str, epoch: str, branch: str = "", *, after_seq: int = 0, after_us: int = 0
    ) -> list[tuple[int, int]]:
        """Which numbers of a chain there are now, as rising ranges: those behind a record of that number and time. What
        `write` remembers is not believed here.
        """

    def first_of(self, agent: str, since_us: int, until_us: int) -> int | None:
        """The moment of the agent's first record from one moment on and before another; null where there is none."""

    def count(self) -> int:
        """How many records there are."""


def fork_reason(sha256: str, other: str) -> str:
    """The sentence for a record whose identity is taken."""
    return f"fork: this identity is in the store with the seal {other}, this record has {sha256}"


def off_reason(branch: str) -> str:
    """The sentence for a record whose number is free, behind one that is of another history."""
    return f"fork: it goes on in the history that begins with the seal {branch}…"
