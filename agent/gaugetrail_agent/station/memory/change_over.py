"""A change-over that somebody is in the middle of."""

from __future__ import annotations

from typing import Literal

import msgspec


class CheckToDo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is checked, as the plan said it when the change-over began."""

    text: str
    answer: Literal["ok", "text"] = "ok"
    pattern: str | None = None


class Given(msgspec.Struct, frozen=True):
    """An answer to a check; one that doesn't let production begin stands before the one that does."""

    check: str
    answer: str
    by: str


class ChangeOver(msgspec.Struct, frozen=True, omit_defaults=True):
    """Open as long as there is a check left."""

    changed: str = ""
    """part, tool, fixture, machine or material."""
    to: str = ""
    before: str = ""
    plan: str = ""
    left: tuple[CheckToDo, ...] = ()
    given: tuple[Given, ...] = ()
