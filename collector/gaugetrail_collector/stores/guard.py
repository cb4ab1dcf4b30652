"""The cardinality guard: every tag has a bound, and a record that would pass one is refused before it is written.

A tag with a value for each part makes a series for each part: gigabytes of memory and seconds a query, and no way back.
It happens by a setting (a serial scanned into the field of the part number), so it is caught here and not by whoever
reads the bill. What is in the database counts, whoever wrote it; it is read when the store is opened.

Line PCs that nobody has registered share a bound of their own, a part of each, for what they bring: however many names
a stranger invents, the room of the registered ones stays as it is.

Pure but for `load`'s argument and `newcomers`. Values are compared as they stand in the database (`lines.stored_tag`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gaugetrail_collector.stores.lines import stored_tag
from gaugetrail_collector.stores.stats import TagUse
from gaugetrail_contract.record import Event, Inspection, Record
from gaugetrail_contract.seal import Opened

log = logging.getLogger(__name__)

BOUNDS: Mapping[str, int] = {
    "site": 50,
    "line": 500,
    "station": 2_000,
    "agent": 2_000,
    "part": 5_000,
    "plan": 10_000,
    "characteristic": 5_000,
    "gauge": 20_000,
    "code": 5_000,
    "type": 500,
    "fork": 500,
}
"""The tags that a plant fills, with how many values each may have. `code` is that of a defect, `type` that of an event,
`fork` that of a second history; the others (verdict, reason, bucket …) can't grow. An amendment's type is one of
five."""


SHARE = 0.1

MOST_PASSED = 5_000
"""Sets of values that are remembered as looked at."""


class Newcomers(Protocol):
    """Who is a stranger, and what strangers brought; kept by whoever knows the agents."""

    def is_registered(self, agent: str) -> bool:
        """Whether a person has vouched for the name."""

    def brought(self, tag: str) -> int:
        """How many values of the tag came from names that nobody has registered until now."""

    def bring(self, agent: str, new: Mapping[str, Iterable[str]]) -> None:
        """These values come from that agent; kept when it returns."""

    def keep(self, present: Mapping[str, Iterable[str]]) -> None:
        """The store has only these any more."""


class _Nobody:
    """Where a person works at the store, nobody is a stranger."""

    def is_registered(self, _agent: str) -> bool:
        return True

    def brought(self, _tag: str) -> int:
        return 0

    def bring(self, _agent: str, _new: Mapping[str, Iterable[str]]) -> None:
        raise AssertionError("nobody is a stranger here")

    def keep(self, _present: Mapping[str, Iterable[str]]) -> None:
        pass


@dataclass
class TagGuard:
    """The values of each tag, and what may come on top. One thread at a time; `use` from any."""

    bounds: Mapping[str, int] = field(default_factory=lambda: dict(BOUNDS))
    share: float = SHARE
    """How much of a bound strangers may bring on top of it."""
    newcomers: Newcomers = field(default_factory=_Nobody)
    refused: int = 0
    _values: dict[str, set[str]] = field(default_factory=dict)
    _passed: set[tuple[object, ...]] = field(default_factory=set)
    """Sets of values that were looked at before: the same station's next record costs one look."""

    def load(self, present: Mapping[str, Iterable[str]]) -> None:
        """Begin with what the database has, by tag, as it stands there."""
        self._values = {tag: set(present.get(tag, ())) for tag in self.bounds}
        self.newcomers.keep(self._values)
        self._passed.clear()

    def use(self) -> list[TagUse]:
        """Every tag, the fullest first; and what strangers brought of it, where they did."""
        found: list[TagUse] = []
        for tag, bound in self.bounds.items():
            strangers = self.newcomers.brought(tag)
            found.append(TagUse(tag, len(self._values.get(tag, ())) - strangers, bound))
            if strangers:
                found.append(TagUse(f"{tag} of unregistered line PCs", strangers, self._strangers_bound(tag)))
        return sorted(found, key=lambda use: (-use.share, use.tag))

    def refuse(self, opened: Opened) -> str | None:
        """Why the record may not be written now; null when it may, and its values are counted from now on."""
        key = _key(opened)
        if key in self._passed:
            return None
        agent = opened.record.agent
        new = self._new_values(opened)
        for tag, values in new.items():
            reason = self._beyond(agent, tag, values)
            if reason is not None:
                self.refused += 1
                log.error("%s: %s", agent, reason, extra={"event": "tag_bound", "cause": (agent, tag), "tag": tag})
                return reason
        if new and not self.newcomers.is_registered(agent):
            self.newcomers.bring(agent, new)
        for tag, values in new.items():
            self._values[tag] |= values
        if len(self._passed) > MOST_PASSED:
            self._passed.clear()
        self._passed.add(key)
        return None

    def _new_values(self, opened: Opened) -> dict[str, set[str]]:
        """What it would add to the tags that have a bound."""
        new: dict[str, set[str]] = {}
        for tag, value in (*_tags(opened.record), ("fork", opened.branch)):
            stored = stored_tag(value) if value else ""
            if stored and tag in self.bounds and stored not in self._values.setdefault(tag, set()):
                new.setdefault(tag, set()).add(stored)
        return new

    def _beyond(self, agent: str, tag: str, values: set[str]) -> str | None:
        """Why these are too many; null when they aren't. What strangers brought is nothing off a bound."""
        brought = self.newcomers.brought(tag)
        if self.newcomers.is_registered(agent):
            bound, used = self.bounds[tag], len(self._values[tag]) - brought
            return _full(tag, min(values), bound) if used + len(values) > bound else None
        bound = self._strangers_bound(tag)
        return _strangers_full(agent, tag, min(values), bound) if brought + len(values) > bound else None

    def _strangers_bound(self, tag: str) -> int:
        return max(1, round(self.bounds[tag] * self.share))


def _full(tag: str, value: str, bound: int) -> str:
    return (
        f"tag bound: {tag} {value!r} would be value {bound + 1} of a tag that may have {bound}. If it is a serial in "
        "the wrong place, put the setting right and close what came of it (set-aside close); if the plant has grown, "
        f"raise {tag} under [guard] and start the collector again: then it goes in by itself"
    )


def _strangers_full(agent: str, tag: str, value: str, bound: int) -> str:
    return (
        f"tag bound: {tag} {value!r} comes from {agent}, which nobody has registered, and such line PCs may bring "
        f"{bound} values of it between them. If {agent} is yours: gaugetrail-collector keys register {agent}, then it "
        "goes in by itself; if not, keep it out by the broker's access rules"
    )


def _key(opened: Opened) -> tuple[object, ...]:
    """What decides over the record's tags."""
    record = opened.record
    place = (record.site, record.line, record.station, record.agent, opened.branch)
    if isinstance(record, Inspection):
        measured = tuple([(one.characteristic, one.gauge, one.defects, one.found) for one in record.measurements])
        return (*place, record.part, record.plan.id, record.plan.revision, measured)
    return (*place, record.type if isinstance(record, Event) else None)


def _tags(record: Record) -> Iterable[tuple[str, str | None]]:
    yield from (("site", record.site), ("line", record.line), ("station", record.station), ("agent", record.agent))
    if isinstance(record, Inspection):
        yield from (("part", record.part), ("plan", f"{record.plan.id} {record.plan.revision}"))
        for one in record.measurements:
            yield from (("characteristic", one.characteristic), ("gauge", one.gauge))
            yield from (("code", code) for code in one.defects)
            yield from (("code", one_found.code) for one_found in one.found)
    elif isinstance(record, Event):
        yield "type", record.type
