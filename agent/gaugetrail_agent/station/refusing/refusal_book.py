"""How often what a station refuses becomes a record: one for each cause and subject, and never a flood.

Promise: the first refusal of a cause and subject is written at once. What follows of the same is counted, and written
as one event with its count: an hour later where it has a subject, a minute later where it has none. Where a station has
written `MOST_A_MINUTE` events within a minute, a refusal of a further subject is counted with those of its cause that
have none. So a hammering scanner costs an event a minute for each cause, and nothing that was refused goes uncounted
but by a kill. What the spool doesn't take is put back and counted on. Pure, with time as data; memory is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Refusal
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.station import StationRefused
from gaugetrail_contract.record import EventBody

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
MOST_A_MINUTE = 20
MOST_KEYS = 500

Key = tuple[str, tuple[str, str] | None]
"""Cause and subject."""


@dataclass(frozen=True, slots=True)
class CountedRefusal:
    """Refusals of one cause and subject that are to be one event: how many, the first of them when, and the last."""

    count: int
    since_us: int
    last: Refusal

    @property
    def key(self) -> Key:
        """Cause and subject."""
        return self.last.why.id, self.last.subject

    def event(self, setup: Setup) -> EventBody:
        """The record's body. Records say it in English, whatever the terminal speaks."""
        last = self.last
        told = {
            "cause": last.why.id,
            "reason": ENGLISH.text(last.why)[:500],
            "count": self.count,
            "since": utc_text(self.since_us),
            "raw": last.raw.hex(),
        }
        payload = StationRefused.model_validate(told | dict(last.names))
        return event_here(setup, payload, by=last.names.get("operator"))


@dataclass(slots=True)
class _Page:
    """What is known of one cause and subject: what has gathered, and until when nothing more of it is written."""

    quiet_until_ns: int
    gathered: CountedRefusal | None = None


class RefusalBook:
    """One station's."""

    def __init__(self) -> None:
        self._pages: dict[Key, _Page] = {}
        self._written: deque[int] = deque()

    def note(self, refused: Refusal, now_ns: int) -> CountedRefusal | None:
        """Count it; the entry that is to be written at once, if it is to be."""
        entry = CountedRefusal(1, refused.at_us, refused)
        if entry.key not in self._pages and refused.subject is not None and self._is_flood(now_ns):
            entry = replace(entry, last=replace(refused, subject=None))
        page = self._page(entry.key, now_ns)
        self._gather(page, entry)
        return self._take(page, now_ns) if now_ns >= page.quiet_until_ns else None

    def due(self, now_ns: int) -> Iterator[CountedRefusal]:
        """What has gathered and may be written now."""
        for page in list(self._pages.values()):
            if page.gathered is not None and now_ns >= page.quiet_until_ns:
                yield self._take(page, now_ns)

    def rest(self, now_ns: int) -> Iterator[CountedRefusal]:
        """Everything that has gathered: the agent stops."""
        for page in list(self._pages.values()):
            if page.gathered is not None:
                yield self._take(page, now_ns)

    def put_back(self, entry: CountedRefusal, now_ns: int) -> None:
        """The spool hasn't taken it: it counts on, and is tried again in a minute."""
        page = self._page(entry.key, now_ns)
        later = page.gathered
        page.gathered = None
        self._gather(page, entry)
        if later is not None:
            self._gather(page, later)
        page.quiet_until_ns = now_ns + MINUTE_NS

    def next_due_ns(self) -> int | None:
        """When something that has gathered may be written; null while nothing has."""
        return min((page.quiet_until_ns for page in self._pages.values() if page.gathered is not None), default=None)

    def _page(self, key: Key, now_ns: int) -> _Page:
        page = self._pages.pop(key, None) or _Page(now_ns)
        while len(self._pages) >= MOST_KEYS:
            self._forget_one()
        self._pages[key] = page  # the one that was met last stands last
        return page

    def _forget_one(self) -> None:
        """The page that nothing was noted on for longest; what has gathered there is counted without its subject."""
        key = next((key for key, page in self._pages.items() if page.gathered is None), next(iter(self._pages)))
        gathered = self._pages.pop(key).gathered
        if gathered is None:
            return
        last = replace(gathered.last, subject=None)
        self._gather(self._pages.setdefault((key[0], None), _Page(0)), replace(gathered, last=last))

    def _gather(self, page: _Page, entry: CountedRefusal) -> None:
        before = page.gathered
        first = entry.since_us if before is None else before.since_us
        page.gathered = CountedRefusal(entry.count + (before.count if before else 0), first, entry.last)

    def _take(self, page: _Page, now_ns: int) -> CountedRefusal:
        entry = page.gathered
        assert entry is not None, "what is taken has gathered"
        page.gathered = None
        page.quiet_until_ns = now_ns + (MINUTE_NS if entry.last.subject is None else HOUR_NS)
        self._written.append(now_ns)
        return entry

    def _is_flood(self, now_ns: int) -> bool:
        while self._written and now_ns - self._written[0] >= MINUTE_NS:
            self._written.popleft()
        return len(self._written) >= MOST_A_MINUTE
