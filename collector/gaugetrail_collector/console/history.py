"""The trail of an identifier as pages show it: which records carry it, and each inspection with its amendments."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_collector.stores import Store
from gaugetrail_collector.trace import Known, Trace, trace
from gaugetrail_contract.record import Amendment, Inspection, identifiers

MOST_FOUND = 200
MOST_SHOWN = 200
"""Inspections on one page; the command line shows all."""


@dataclass(frozen=True, slots=True)
class Match:
    """A record that carries the identifier, and as what."""

    known: Known
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The newest records that carry an identifier, newest first; `more` says that there are older ones."""

    matches: tuple[Match, ...] = ()
    more: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """As what it was found: serial, lot, operator …"""
        return tuple(dict.fromkeys(kind for match in self.matches for kind in match.kinds))


@dataclass(frozen=True, slots=True)
class Chapter:
    """One inspection of a history with what was changed about it later."""

    known: Known
    amendments: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Everything known of an identifier, oldest first; `earlier` inspections are left out at the front."""

    identifier: str
    kind: str | None
    chapters: tuple[Chapter, ...] = ()
    events: tuple[Known, ...] = ()
    other_amendments: tuple[Known, ...] = ()
    earlier: int = 0

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.chapters or self.events or self.other_amendments)

    @property
    def last(self) -> Inspection | None:
        """The newest inspection that can be read."""
        records = [chapter.known.record for chapter in self.chapters]
        return next((record for record in reversed(records) if isinstance(record, Inspection)), None)


def find(store: Store, identifier: str) -> Found:
    """Which records carry the identifier. Raises `StoreDown`."""
    answer = trace(store, identifier)
    known = sorted(
        (*answer.inspections, *answer.events, *answer.amendments),
        key=lambda one: (one.record.time if one.record else "", one.id),
        reverse=True,
    )
    matches = [match for one in known if (match := _match(one, identifier)).kinds or one.record is None]
    return Found(tuple(matches[:MOST_FOUND]), len(matches) > MOST_FOUND)


def _match(known: Known, identifier: str) -> Match:
    pairs = identifiers(known.record) if known.record is not None else []
    return Match(known, tuple(kind for kind, value in pairs if value == identifier))


def history(store: Store, identifier: str, kind: str | None) -> History:
    """The trail of an identifier. Raises `StoreDown`."""
    answer = trace(store, identifier, kind)
    shown = answer.inspections[-MOST_SHOWN:]
    chapters = tuple(Chapter(known, _amendments(answer, known)) for known in shown)
    mentioned = {amendment.id for chapter in chapters for amendment in chapter.amendments}
    return History(
        identifier,
        kind,
        chapters,
        answer.events,
        tuple(one for one in answer.amendments if one.id not in mentioned),
        len(answer.inspections) - len(shown),
    )


def _amendments(answer: Trace, known: Known) -> tuple[Known, ...]:
    return tuple(
        one for one in answer.amendments if isinstance(one.record, Amendment) and one.record.target == known.id
    )
