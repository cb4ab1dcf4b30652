"""As what somebody stands here: the roles that the people list gives, looked at and said. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gaugetrail_agent.languages.sentences import SentenceValue, Term, said
from gaugetrail_agent.station.setup import Setup


def roles_of(setup: Setup, badge: str | None) -> tuple[str, ...]:
    """None where nobody is here, the badge is unknown or there is no people list."""
    person = None if setup.people is None or badge is None else setup.people.get(badge)
    return () if person is None else person.roles


def role_among(setup: Setup, badge: str | None, wanted: Collection[str]) -> str | None:
    """The first of the person's roles that is wanted; null: there is none."""
    return next((role for role in roles_of(setup, badge) if role in wanted), None)


def roles_said(roles: Iterable[str]) -> SentenceValue:
    """Any of these, in words of whoever reads it."""
    first, *others = (Term(role.replace(" ", "_")) for role in roles)
    says: SentenceValue = first
    for one in others:
        says = said("allow.either", first=says, then=one)
    return says
