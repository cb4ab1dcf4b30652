"""Who asks for an amendment and who approves it, by the roles of the people document."""

from __future__ import annotations

from collections.abc import Iterable

APPROVES = frozenset({"quality engineer", "approver", "administrator"})
"""Roles that approve, and that reject."""
ASKS = APPROVES | {"operator", "setter", "inspector"}
"""Roles that ask; an auditor reads all and changes nothing."""


def acting_role(roles: Iterable[str], wanted: frozenset[str]) -> str | None:
    """The role of these in which somebody may; null where none allows it."""
    return min(wanted.intersection(roles), default=None)
