"""Who is qualified for what on a day, by the people lists in force at its end, and whose qualification ends soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gaugetrail_collector.documents.at_a_moment.in_force import ListInForce
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.people import MatrixCell, PeopleList, Person, matrix

PAGE_OF_PEOPLE = 100
MOST_SUBJECTS = 16
"""Columns of the matrix on one page; `subject` asks for one of them alone."""


class ShowPeople(StrEnum):
    """Which of them."""

    ALL = "all"
    EXPIRING = "expiring"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person on a day, with what they are, were or will be qualified for, by its name."""

    person: Person
    life: Life
    edition: Edition
    kept: bool
    """Whether the list says at all who is qualified."""
    cells: Mapping[str, MatrixCell]
    expiring: frozenset[str]
    """Of those, what ends soon."""


@dataclass(frozen=True, slots=True)
class WantedPeople:
    """What somebody looks for; `days` is how soon a qualification ends."""

    words: str = ""
    subject: str = ""
    show: ShowPeople = ShowPeople.ALL
    days: int = 30
    after: int = 0


@dataclass(frozen=True, slots=True)
class PeopleListing:
    """A page of people by badge. `subjects` are the columns, `further` those that have no room."""

    day: str
    rows: tuple[PersonRow, ...]
    total: int
    next: int | None
    counts: Mapping[ShowPeople, int]
    subjects: tuple[str, ...]
    further: tuple[str, ...]
    lists: tuple[ListInForce[PeopleList], ...]


def people_listing(held: Iterable[ListInForce[PeopleList]], wanted: WantedPeople, day: str) -> PeopleListing:
    """The page of those people on that day. Pure."""
    lists = tuple(held)
    everybody = list(_rows(lists, day, wanted.days))
    counts = {show: sum(_is_shown(row, show) for row in everybody) for show in ShowPeople}
    words = wanted.words.casefold().split()
    found = [row for row in everybody if _is_shown(row, wanted.show) and _carries(words, row)]
    subjects = sorted({subject for row in everybody for subject in row.cells})
    columns = [wanted.subject] if wanted.subject else subjects[:MOST_SUBJECTS]
    if wanted.subject:
        found = [row for row in found if wanted.subject in row.cells]
    end = wanted.after + PAGE_OF_PEOPLE
    following = end if end < len(found) else None
    rest = tuple(one for one in subjects if one not in columns)
    return PeopleListing(
        day, tuple(found[wanted.after : end]), len(found), following, counts, tuple(columns), rest, lists
    )


def _rows(lists: Iterable[ListInForce[PeopleList]], day: str, days: int) -> Iterator[PersonRow]:
    until = (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    for held in lists:
        if held.listed is None:
            continue
        of: dict[str, dict[str, MatrixCell]] = {}
        for cell in matrix(held.listed, day):
            of.setdefault(cell.badge, {})[cell.subject] = cell
        kept = held.listed.qualifications == "required"
        for person in sorted(held.listed.person, key=lambda one: one.badge):
            cells = of.get(person.badge, {})
            soon = frozenset(name for name, cell in cells.items() if ends_by(cell, until))
            yield PersonRow(person, held.life, held.edition, kept, cells, soon)


def ends_by(cell: MatrixCell, until: str) -> bool:
    """Whether it holds on its day, and not any more after that other day."""
    return cell.validity == "valid" and cell.expires is not None and cell.expires <= until


def _is_shown(row: PersonRow, show: ShowPeople) -> bool:
    if show is ShowPeople.EXPIRING:
        return bool(row.expiring)
    return show is ShowPeople.ALL or any(cell.validity == "expired" for cell in row.cells.values())


def _carries(words: list[str], row: PersonRow) -> bool:
    one = row.person
    text = "\n".join((one.badge, one.name, *one.roles, *one.line)).casefold()
    return all(word in text for word in words)
