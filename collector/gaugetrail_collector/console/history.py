"""What the search and history pages show of the store: who carries an identifier, and its trail page by page.

Nothing is held whole: an operator or a gauge may have a million records, and a page holds `PAGE_OF_RECORDS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import ALL_TIME, CONTEXT_KINDS, Asked, Position, Window, contexts
from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.genealogy import Thing, links_of
from gaugetrail_collector.tracing.trace import Known, Page, Question, pages
from gaugetrail_contract.record import Amendment, Event, Inspection, identifiers

PAGE_OF_RECORDS = 100
FAMILY_SIZE = 60
"""Relatives shown on one page; the command line walks a whole family."""


@dataclass(frozen=True, slots=True)
class Match:
    """A record that carries the identifier, and as what."""

    known: Known
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the records that carry an identifier, oldest first; `next` is where the following page begins."""

    matches: tuple[Match, ...] = ()
    next: Position | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """As what it was found: serial, lot, operator, gauge …"""
        return tuple(dict.fromkeys(kind for match in self.matches for kind in match.kinds))


@dataclass(frozen=True, slots=True)
class Chapter:
    """A record of a history with what was changed about it later."""

    known: Known
    amendments: tuple[Known, ...]
    as_amended: str = ""
    """What holds of it now, in words; empty where that is what it says."""


@dataclass(frozen=True, slots=True)
class FamilyShown:
    """The nearest relatives in one direction, as the records at hand name them; `more` there are."""

    title: str
    things: tuple[Thing, ...]
    more: int


@dataclass(frozen=True, slots=True)
class History:
    """A page of what is known of an identifier, oldest first, and its nearest family where it can have one."""

    identifier: str
    kind: str | None
    chapters: tuple[Chapter, ...] = ()
    events: tuple[Known, ...] = ()
    other_amendments: tuple[Known, ...] = ()
    next: Position | None = None
    families: tuple[FamilyShown, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.chapters or self.events or self.other_amendments)

    @property
    def last(self) -> Chapter | None:
        """The newest inspection of the page; its record is null where it can't be believed."""
        return self.chapters[-1] if self.chapters else None


def find(
    store: Store, identifier: str, kind: str | None, window: Window = ALL_TIME, after: Position | None = None
) -> Found:
    """Which records carry it: as an identifier, or where none does as a gauge, plan, part or station. Raises
    `StoreDown`.
    """
    asked: Sequence[str | None] = (kind,) if kind is not None else (None, *CONTEXT_KINDS)
    for one in asked:
        page = _page(store, Question((Asked(one, identifier),), window), after)
        if page.known:
            matches = tuple(Match(known, _kinds(known, identifier, one)) for known in page.known)
            return Found(matches, page.next)
    return Found()


def _kinds(known: Known, identifier: str, asked: str | None) -> tuple[str, ...]:
    if asked is not None or known.record is None:
        return () if asked is None else (asked,)
    carried = (*identifiers(known.record), *contexts(known.record))
    return tuple(dict.fromkeys(kind for kind, value in carried if value == identifier))


def history(store: Store, identifier: str, kind: str | None, after: Position | None = None) -> History:
    """A page of the trail of an identifier. Raises `StoreDown`."""
    page = _page(store, Question((Asked(kind, identifier),)), after)
    inspected = tuple(known for known in page.known if known.record is None or isinstance(known.record, Inspection))
    own = tuple(known for known in page.known if isinstance(known.record, Amendment))
    chapters = tuple(_chapter(known, page.amendments) for known in inspected)
    told = {amendment.id for chapter in chapters for amendment in chapter.amendments}
    return History(
        identifier,
        kind,
        chapters,
        tuple(known for known in page.known if isinstance(known.record, Event)),
        tuple(known for known in _each_once((*own, *page.amendments)) if known.id not in told),
        page.next,
        _families(store, identifier, kind, page) if after is None else (),
    )


def _chapter(known: Known, amendments: Iterable[Known]) -> Chapter:
    now = effective(known, amendments)
    own = tuple(one for one in amendments if known.amended_by(one))
    return Chapter(known, own, "" if now is None else now.words())


def _each_once(amendments: Iterable[Known]) -> Iterable[Known]:
    return {one.id: one for one in amendments}.values()


def _page(store: Store, question: Question, after: Position | None) -> Page:
    return next(pages(store, question, after, PAGE_OF_RECORDS))


def _families(store: Store, identifier: str, kind: str | None, page: Page) -> tuple[FamilyShown, ...]:
    """What it was made from and what it went into, one step each way: a lot of a hundred thousand units costs no more
    than one of ten. The relatives' own pages lead on.
    """
    known = page.known
    if kind == "serial":
        known += _page(store, Question((Asked("component", identifier),)), None).known
    links = [pair for one in known if one.record is not None for pair in links_of(one.record)]
    made_from = dict.fromkeys(part for part, whole in links if whole.identifier == identifier)
    went_into = dict.fromkeys(whole for part, whole in links if part.identifier == identifier)
    found = (("Made from", list(made_from)), ("Went into", list(went_into)))
    return tuple(
        FamilyShown(title, tuple(things[:FAMILY_SIZE]), max(0, len(things) - FAMILY_SIZE))
        for title, things in found
        if things
    )
