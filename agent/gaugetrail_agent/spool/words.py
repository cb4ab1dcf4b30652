"""What the spool is asked and what it answers: the words that it shares with the rest of the agent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import EventBody, Subject
from gaugetrail_contract.seal import Sealed


class SpoolFull(Exception):
    """The record was refused for want of room; nothing already in is lost, and there may be room again later."""


class SpoolBroken(Exception):
    """The spool can't be used at all: another agent holds it, or a newer version wrote it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the agent's own events come from: they are about no station, so its id stands in the station's place."""

    agent: str
    site: str = "unknown"
    line: str = "unknown"

    def event(self, payload: EventPayload) -> EventBody:
        """An event of the agent about itself."""
        return self.due(payload.TYPE, payload.written())

    def due(self, kind: str, payload: dict[str, Any]) -> EventBody:
        """The same of one that was kept in writing for this moment, perhaps by another version of the agent."""
        return EventBody(
            site=self.site,
            line=self.line,
            station=self.agent,
            type=kind,
            subject=Subject(kind="agent", id=self.agent),
            payload=payload,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """What happens to a record when the spool is full. `drop_others`: records of the lowest class make room for it.
    `drop_class`: the class in which it may itself be dropped one day, unsent; null: never. `always`: it is taken even
    then, being one of the agent's own few events.
    """

    drop_others: bool = False
    drop_class: int | None = None
    always: bool = False


REFUSE = Room()
"""The default: a full spool refuses, and nothing in it is ever dropped."""
ALWAYS = Room(always=True)


@dataclass(frozen=True, slots=True)
class Appended:
    """A record that is on disk."""

    record_id: str
    seq: int
    sha256: str
    time_us: int


@dataclass(frozen=True, slots=True)
class OldEpoch:
    """Where an epoch of this spool ends: its last number and that record's seal, and the last moment it has used."""

    epoch: str
    seq: int
    sha256: str
    time_us: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record on its way to the collector. `place` is where it stands in this spool: it rises by one from record to
    record over all epochs, so it orders and names records here; the number in its epoch is in the bytes.
    """

    place: int
    sealed: Sealed
    committed_us: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a receipt did, in places: `ranges` hold every record that it newly confirms (and perhaps some that were
    confirmed before); `ignored` says for each part that didn't fit why it was passed over. The `held` ones wait as
    before: the collector says why it doesn't take them yet.
    """

    ranges: tuple[tuple[int, int], ...]
    set_aside: tuple[int, ...]
    ignored: tuple[str, ...]
    held: Mapping[int, str] = field(default_factory=dict)

    @property
    def places(self) -> Iterator[int]:
        """Each place of the ranges."""
        return itertools.chain.from_iterable(range(first, last + 1) for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class StillHere:
    """Records of an epoch that are still here, whatever their state; `gone` are the asked numbers that are not."""

    records: list[Waiting]
    gone: tuple[tuple[int, int], ...]
