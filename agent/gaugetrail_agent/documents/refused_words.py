"""What is refused of documents as events: the first of a cause at once, what follows counted, and never a flood.

Promise: each refusal of a list, page or text is in an event of the agent's chain, found under the documents that it
names: the first of a cause and its documents at once, the others an hour later with their count, or when the agent
stops. Beyond `MOST_KEYS` a cause is counted without its documents. What the spool doesn't take is counted on. Memory is
bounded; a kill takes the counts of the last hour, never the first.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.spool.words import Appended, Origin
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.events.documents import DocumentRefused

HOUR_NS = 3_600_000_000_000
MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class CountedWords:
    """Refusals of one cause that are to be one event: how many, since when, and the last one's sentence."""

    cause: str
    documents: tuple[str, ...]
    reason: str
    since_us: int
    count: int = 1

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Cause and documents."""
        return self.cause, self.documents

    def event(self) -> DocumentRefused:
        """As it is sealed."""
        return DocumentRefused(
            cause=self.cause,
            reason=self.reason[:500],
            count=self.count,
            since=utc_text(self.since_us),
            documents=self.documents,
        )


@dataclass(slots=True)
class _Cause:
    """What has gathered of one cause, and until when nothing more of it is written."""

    quiet_until_ns: int
    gathered: CountedWords | None = None


class RefusedWords:
    """One agent's. One thread at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pages: dict[tuple[str, tuple[str, ...]], _Cause] = {}

    def note(self, cause: str, reason: str, documents: tuple[str, ...] = ()) -> None:
        """Count it."""
        one = CountedWords(cause, documents, reason, self._clock.now_us())
        if one.key not in self._pages and len(self._pages) >= MOST_KEYS:
            one = replace(one, documents=())
        self._gather(one)

    def due(self, *, the_rest: bool = False) -> list[CountedWords]:
        """What is to be written now, and counts as written; `the_rest`: all that has gathered, for the agent stops."""
        now_ns = self._clock.mono_ns()
        found: list[CountedWords] = []
        for page in self._pages.values():
            if page.gathered is not None and (the_rest or now_ns >= page.quiet_until_ns):
                found.append(page.gathered)
                page.gathered, page.quiet_until_ns = None, now_ns + HOUR_NS
        return found

    def put_back(self, one: CountedWords) -> None:
        """It wasn't written: it counts on, and is due again."""
        self._gather(one)
        self._pages[one.key].quiet_until_ns = self._clock.mono_ns()

    def _gather(self, one: CountedWords) -> None:
        page = self._pages.setdefault(one.key, _Cause(self._clock.mono_ns()))
        before = page.gathered
        if before is not None:
            first = min(before, one, key=lambda each: each.since_us)
            one = replace(one, count=before.count + one.count, since_us=first.since_us)
        page.gathered = one


class KeepsWords(Protocol):
    """Whoever refuses."""

    def refused_words(self, *, the_rest: bool = False) -> list[CountedWords]:
        """What is to be an event now."""

    def put_back(self, one: CountedWords) -> None:
        """It was not written."""


def seal_refused(keeper: KeepsWords, spool: Spool, origin: Origin, *, the_rest: bool = False) -> None:
    """Write what is due; what the spool doesn't take is put back."""
    for one in keeper.refused_words(the_rest=the_rest):
        spool.append(origin.event(one.event())).add_done_callback(partial(_written, keeper, one))


def _written(keeper: KeepsWords, one: CountedWords, done: Future[Appended]) -> None:
    if done.exception() is not None:
        keeper.put_back(one)
