"""Who may take which step. Pure.

Until a people document holds, whoever has a password writes and hands in, and the administrators that
`document init` named approve. Then the roles in that document decide, and the administrators still may: a plant whose
people document is wrong must be able to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.documents.people import PeopleList

ADMINISTRATOR = "administrator"
WRITES = frozenset({"quality engineer", "approver", ADMINISTRATOR})
ROLES: Mapping[StepKind, frozenset[str]] = {
    StepKind.NEW: WRITES,
    StepKind.SUBMIT: WRITES,
    StepKind.APPROVE: frozenset({"approver", ADMINISTRATOR}),
    StepKind.REJECT: frozenset({"approver", ADMINISTRATOR}),
    StepKind.WITHDRAW: WRITES,
}
ALSO: Mapping[DocumentKind, frozenset[str]] = {DocumentKind.GAUGES: frozenset({"inspector"})}
"""Who writes documents of that kind beside those."""
DECIDING = frozenset[str]().union(*ROLES.values()) - {ADMINISTRATOR}


@dataclass(frozen=True, slots=True)
class RoleBook:
    """What is known of people: the administrators, and the roles of the people document, null while none holds."""

    administrators: frozenset[str]
    roles: Mapping[str, frozenset[str]] | None = None

    def of(self, person: str) -> frozenset[str]:
        """The roles of a person."""
        named = frozenset((self.roles or {}).get(person, ()))
        return named | {ADMINISTRATOR} if person in self.administrators else named

    def acts_as(self, person: str, what: StepKind, kind: DocumentKind) -> str | None:
        """The role in which the person may take the step; null where none allows it."""
        allowed = ROLES[what] | (ALSO.get(kind, frozenset()) if what is not StepKind.APPROVE else frozenset())
        fitting = sorted(self.of(person) & allowed)
        if fitting:
            return fitting[0]
        writes = what in (StepKind.NEW, StepKind.SUBMIT)
        return "author" if self.roles is None and writes else None

    def refusal(self, person: str, what: StepKind) -> str:
        """Why the person may not, and who may."""
        allowed, verb = ", ".join(sorted(ROLES[what])), "write" if what is StepKind.NEW else what
        if self.roles is None:
            who = ", ".join(sorted(self.administrators))
            return f"{person} may not {verb} it: no people document holds yet, so only {who} may (named at init)"
        has = ", ".join(sorted(self.of(person))) or "no role"
        return f"{person} may not {verb} it: that takes the role {allowed}; the people document gives {person} {has}"


def roles_of(lists: Iterable[PeopleList]) -> Mapping[str, frozenset[str]] | None:
    """Badge -> roles, by all the people lists that hold; null where nobody on them may write or approve: such lists
    decide nothing.
    """
    roles: dict[str, frozenset[str]] = {}
    for one in (person for people in lists for person in people.person):
        roles[one.badge] = roles.get(one.badge, frozenset()) | frozenset(one.roles)
    return roles if any(DECIDING & some for some in roles.values()) else None
