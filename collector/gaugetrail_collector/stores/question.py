"""What a store is asked for and in what order it answers: terms, time windows, positions. Pure.

An answer is in the order of time, then agent, epoch, number and history: the same from every store, so that a
`Position` handed out by one answer says where the next goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gaugetrail_contract.record import Event, Inspection, Record, identifiers, record_id

CONTEXT_KINDS = ("gauge", "plan", "part", "station", "type")
"""`type`: of an event. Asked for like identifiers, but many records share one: in InfluxDB they are tags."""
_POSITION = re.compile(r"(-?[0-9]{1,18}):([^/]+)/([^/]+)/(?:([0-9a-f]{12})/)?([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a record must carry: an identifier of that kind, or of any identifier kind where it is null."""

    kind: str | None
    identifier: str

    def of(self, record: Record) -> bool:
        """Whether the record carries it."""
        if self.kind is None:
            return any(self.identifier == identifier for _, identifier in identifiers(record))
        pair = (self.kind, self.identifier)
        return pair in identifiers(record) or pair in contexts(record)


@dataclass(frozen=True, slots=True)
class Window:
    """Moments in microseconds: from `since_us` on, before `until_us`. These are the records' own times."""

    since_us: int | None = None
    until_us: int | None = None

    def holds(self, time_us: int) -> bool:
        """Whether the moment lies in it."""
        return (self.since_us is None or time_us >= self.since_us) and (
            self.until_us is None or time_us < self.until_us
        )


ALL_TIME = Window()


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A record's place in an answer."""

    time_us: int
    agent: str
    epoch: str
    seq: int
    branch: str = ""

    def __str__(self) -> str:
        return f"{self.time_us}:{record_id(self.agent, self.epoch, self.seq, self.branch)}"


def position_of(text: str) -> Position:
    """The position that `str` wrote. Raises `ValueError` for any other text."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no place in an answer; use the one that the answer before it ended with")
    return Position(int(match[1]), match[2], match[3], int(match[5]), match[4] or "")


def contexts(record: Record) -> list[tuple[str, str]]:
    """What a record was made with and where: `(kind, name)`, each once. A plan counts with and without its revision."""
    found: dict[tuple[str, str], None] = {("station", record.station): None}
    if isinstance(record, Inspection):
        found["part", record.part] = None
        found["plan", record.plan.id] = None
        found["plan", plan_name(record)] = None
        for one in record.measurements:
            if one.gauge is not None:
                found["gauge", one.gauge] = None
    elif isinstance(record, Event):
        found["type", record.type] = None
    return list(found)


def plan_name(record: Inspection) -> str:
    """Id and revision, as the store's `plan` tag has them."""
    return f"{record.plan.id} {record.plan.revision}"
