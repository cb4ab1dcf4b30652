"""People: who may do what at a station, on which day, and if not, why.

Promise: whether somebody is qualified is decided here alone, for one day, from the list as it is written; nothing is
guessed. A qualification holds from the day that it was issued through the day that it expires. For a characteristic,
the qualifications that name it count; where a person has none, those for the operation do, unless the list says that
the characteristic needs its own (`own_qualification`). Pure; words for people are whoever asks'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, Hex256, Identifier, Name, Text

Role = Literal["operator", "setter", "inspector", "quality engineer", "approver", "administrator", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
MEASURING: frozenset[Role] = frozenset({"operator", "setter", "inspector", "quality engineer"})
"""Who measures. An auditor reads all and changes nothing; approvers and administrators as such don't measure."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no language's code, such as en, de or pt-BR")
    return text


Language = Annotated[str, AfterValidator(_language)]


class Qualification(Settings):
    """One `[[person.qualified]]`: for an operation, or for a characteristic wherever it is measured."""

    operation: Identifier | None = Field(None, description="the operation it is for", examples=["OP20"])
    characteristic: Identifier | None = Field(
        None, description="or the characteristic it is for, by the plan's name", examples=["weld_visual"]
    )
    issued: DayText = Field(description="from this day, YYYY-MM-DD, in quotes", examples=["2026-01-15"])
    expires: DayText | None = Field(None, description="through this day; none: it doesn't expire")
    evidence: Text = Field("", description="what shows it: certificate, training record", examples=["TR-0042"])

    @model_validator(mode="after")
    def _is_for_one_thing(self) -> Self:
        if (self.operation is None) == (self.characteristic is None):
            raise ValueError("a qualification is for an operation or for a characteristic: name one of the two")
        if self.expires is not None and self.expires < self.issued:
            raise ValueError(f"it expires on {self.expires}, before it was issued on {self.issued}")
        return self

    @property
    def subject(self) -> str:
        """What it is for, by name."""
        return self.operation or self.characteristic or ""

    def validity(self, day: str) -> Validity:
        """How it stands on a day, YYYY-MM-DD."""
        if day < self.issued:
            return "not yet"
        return "expired" if self.expires is not None and self.expires < day else "valid"


Validity = Literal["valid", "not yet", "expired"]


class Person(Settings):
    """One `[[person]]` of a people document."""

    badge: Identifier = Field(description="what the badge says when it is scanned", examples=["OP-12"])
    name: Text = Field("", description="as people know them")
    roles: tuple[Role, ...] = Field(("operator",), description=f"any of: {', '.join(ROLES)}")
    language: Language | None = Field(None, description="what the terminal speaks to them, by its code")
    line: tuple[Name, ...] = Field((), description="lines where they work; empty: every line", examples=[["line1"]])
    qualification: Identifier | None = Field(
        None, description="in words, as lists of before have it; stands in the record, and qualifies for nothing"
    )
    qualified: tuple[Qualification, ...] = Field((), description="[[person.qualified]]: for what, and when")

    @property
    def measures(self) -> bool:
        """Whether any of their roles is one that measures."""
        return not MEASURING.isdisjoint(self.roles)


class PeopleList(Settings):
    """A people document as its file says it."""

    id: Identifier | None = Field(None, description="document id", examples=["PL-1"])
    revision: Identifier | None = Field(None, description="document revision", examples=["7"])
    qualifications: Literal["required", "not_kept"] = Field(
        "required",
        description="required: nobody measures without a qualification that holds; not_kept: this list doesn't say who "
        "is qualified, and everybody on it may measure",
    )
    own_qualification: tuple[Identifier, ...] = Field(
        (), description="characteristics for which a qualification for the operation isn't enough"
    )
    taken_from: Hex256 | None = Field(
        None, description="in a list that was made for one line: digest of the whole list; not for people to write"
    )
    person: tuple[Person, ...] = Field((), description="[[person]]")

    @model_validator(mode="after")
    def _badges_are_unique(self) -> Self:
        seen: set[str] = set()
        for one in self.person:
            if one.badge in seen:
                raise ValueError(f"the badge {one.badge} stands twice")
            seen.add(one.badge)
        return self

    @cached_property
    def _by_badge(self) -> Mapping[str, Person]:
        return {one.badge: one for one in self.person}

    def get(self, badge: str | None) -> Person | None:
        """Who has that badge."""
        return None if badge is None else self._by_badge.get(badge)

    @property
    def lines(self) -> frozenset[str]:
        """The lines that anybody is tied to."""
        return frozenset(line for one in self.person for line in one.line)

    def of_line(self, line: str | None) -> PeopleList:
        """Who is of that line or of every line, without a word of anybody else, nor of where else they work; null: who
        is of every line.
        """
        if not self.lines:
            return self
        here = (one for one in self.person if not one.line or line in one.line)
        return self.model_copy(update={"person": tuple(one.model_copy(update={"line": ()}) for one in here)})


# --- who may


@dataclass(frozen=True, slots=True)
class NotQualified:
    """Why somebody may not: `unknown` (not on the list), `role` (none that measures), `none` (no qualification),
    `not yet` or `expired` (on `day` it begins, or ended). `subject` is the operation or characteristic.
    """

    why: Literal["unknown", "role", "none", "not yet", "expired"]
    subject: str
    day: str = ""


def why_not_at(
    people: PeopleList, badge: str, operation: str, characteristics: Iterable[str], day: str
) -> NotQualified | None:
    """Why this person can't work at the operation on that day; null when they may measure any of what is measured."""
    person = people.get(badge)
    if person is None:
        return NotQualified("unknown", operation)
    if not person.measures:
        return NotQualified("role", operation)
    if people.qualifications == "not_kept":
        return None
    best = _best(person, "operation", operation, day)
    if best is None or any(_for_characteristic(people, person, operation, c, day) is None for c in characteristics):
        return None
    return best


def why_not_measure(
    people: PeopleList, badge: str, operation: str, characteristic: str, day: str
) -> NotQualified | None:
    """Why this person can't measure the characteristic at the operation on that day; null when they can."""
    person = people.get(badge)
    if person is None:
        return NotQualified("unknown", characteristic)
    if not person.measures:
        return NotQualified("role", characteristic)
    if people.qualifications == "not_kept":
        return None
    return _for_characteristic(people, person, operation, characteristic, day)


def qualification_for(person: Person, operation: str, day: str) -> str | None:
    """What stands in the record: the words of the list, else the qualification for the operation that holds."""
    if person.qualification is not None:
        return person.qualification
    valid = (one for one in person.qualified if one.operation == operation and one.validity(day) == "valid")
    one = next(valid, None)
    if one is None:
        return None
    until = "" if one.expires is None else f" until {one.expires}"
    return f"{operation}{until}{f' ({one.evidence})' if one.evidence else ''}"[:200]


def _for_characteristic(
    people: PeopleList, person: Person, operation: str, characteristic: str, day: str
) -> NotQualified | None:
    named = any(one.characteristic == characteristic for one in person.qualified)
    if named or characteristic in people.own_qualification:
        return _best(person, "characteristic", characteristic, day)
    return _best(person, "operation", operation, day)


def _best(person: Person, kind: str, subject: str, day: str) -> NotQualified | None:
    """Null where one of their qualifications for it holds; else what is nearest to holding."""
    found = [one for one in person.qualified if getattr(one, kind) == subject]
    by_validity = {one.validity(day): one for one in sorted(found, key=lambda one: one.expires or "9999")}
    if "valid" in by_validity:
        return None
    if "expired" in by_validity:
        return NotQualified("expired", subject, by_validity["expired"].expires or "")
    if "not yet" in by_validity:
        return NotQualified("not yet", subject, min(one.issued for one in found))
    return NotQualified("none", subject)


# --- the matrix


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One person and one thing that they are, were or will be qualified for, as of a day."""

    badge: str
    name: str
    kind: Literal["operation", "characteristic"]
    subject: str
    validity: Validity
    issued: str
    expires: str | None
    evidence: str


def matrix(people: PeopleList, day: str) -> Iterator[MatrixCell]:
    """Who is qualified for what on that day, by badge and subject; of several for one thing, the one that counts."""
    for person in sorted(people.person, key=lambda one: one.badge):
        cells: dict[tuple[str, str], MatrixCell] = {}
        for one in sorted(person.qualified, key=lambda one: (one.validity(day) == "valid", one.expires or "9999")):
            kind: Literal["operation", "characteristic"] = "operation" if one.operation else "characteristic"
            cells[kind, one.subject] = MatrixCell(
                person.badge, person.name, kind, one.subject, one.validity(day), one.issued, one.expires, one.evidence
            )
        yield from (cells[key] for key in sorted(cells))
