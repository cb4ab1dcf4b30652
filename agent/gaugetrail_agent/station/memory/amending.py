"""What somebody has approved here of an amendment whose request isn't known by its record yet."""

from __future__ import annotations

import msgspec


class ApprovedHere(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kept with the request, and gone with the approval's own record."""

    target: str
    action: str
    unit: str
    by: str
    """Who approves."""
    role: str
    field: str | None = None
    new: str | None = None


class Amending(msgspec.Struct, frozen=True, omit_defaults=True):
    """One at a time: nothing else is asked meanwhile."""

    approved: ApprovedHere | None = None
