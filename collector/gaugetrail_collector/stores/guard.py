"""The cardinality guard: every tag has a bound, and a record that would pass one is refused before it is written.

A tag with a value for each part makes a series for each part: gigabytes of memory and seconds a query, and no way back.
It happens by a setting (a serial scanned into the field of the part number), so it is caught here and not by whoever
reads the bill. What is in the database counts, whoever wrote it; it is read when the store is opened.

Pure but for `load`'s argument. Values are compared as they stand in the database (`lines.stored_tag`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


MOST_PASSED = 5_000
"""Sets of values that are remembered as looked at."""


@dataclass
class TagGuard:
    """The values of each tag, and what may come on top. One thread at a time; `use` from any."""

    bounds: Mapping[str, int] = field(default_factory=lambda: dict(BOUNDS))
    refused: int = 0
    _values: dict[str, set[str]] = field(default_factory=dict)
    _passed: set[tuple[object, ...]] = field(default_factory=set)
    """Sets of values that were looked at before: the same station's next record costs one look."""

    def load(self, present: Mapping[str, Iterable[str]]) -> None:
        """Begin with what the database has, by tag, as it stands there."""
        self._values = {tag: set(present.get(tag, ())) for tag in self.bounds}
        self._passed.clear()

    def use(self) -> list[TagUse]:
        """Every tag, the fullest first."""
        found = [TagUse(tag, len(self._values.get(tag, ())), bound) for tag, bound in self.bounds.items()]
        return sorted(found, key=lambda use: (-use.share, use.tag))

    def refuse(self, opened: Opened) -> str | None:
        """Why the record may not be written; null when it may, and its values are counted from now on."""
        key = _key(opened)
        if key in self._passed:
            return None
        record = opened.record
        new: dict[str, set[str]] = {}
        for tag, value in (*_tags(record), ("fork", opened.branch)):
            if value and (stored := stored_tag(value)) not in self._values.setdefault(tag, set()):
                new.setdefault(tag, set()).add(stored)
        for tag, values in new.items():
            if tag in self.bounds and len(self._values[tag]) + len(values) > self.bounds[tag]:
                self.refused += 1
                sentence = self._sentence(tag, sorted(values)[0])
                told = {"event": "tag_bound", "cause": (record.agent, tag), "tag": tag}
                log.error("%s: %s", record.agent, sentence, extra=told)
                return sentence
        for tag, values in new.items():
            self._values[tag] |= values
        if len(self._passed) > MOST_PASSED:
            self._passed.clear()
        self._passed.add(key)
        return None

    def _sentence(self, tag: str, value: str) -> str:
        return (
            f"tag bound: {tag} {value!r} would be value {self.bounds[tag] + 1} of a tag that may have "
            f"{self.bounds[tag]}. If it is a serial in the wrong place, put the setting right; if the plant has grown, "
            f"raise {tag} under [guard] and start the collector again; then retry what is set aside"
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
