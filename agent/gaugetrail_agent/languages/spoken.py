"""Which of the shipped languages is spoken to somebody.

Promise: of several codes the first counts that there is a file for; one for a country (`de-AT`) is served by its
language's (`de`), and where none is, English is spoken. Nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gaugetrail_agent.languages.sentences import ENGLISH, FOLDER, Language, read_language


@cache
def languages() -> frozenset[str]:
    """The codes that there is a file for."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


def refuse_language(code: str) -> str | None:
    """Why nothing can be said in it; null where it can."""
    there = ", ".join(sorted(languages()))
    return None if _file(code) else f"there is no language {code!r} here; there are: {there}"


def spoken(codes: Iterable[str | None]) -> Language:
    """The language for whoever has these, the dearest first."""
    found = next((file for code in codes if code is not None and (file := _file(code))), None)
    return ENGLISH if found is None else _read(found)


def _file(code: str) -> str | None:
    return next((one for one in (code, code.partition("-")[0]) if one in languages()), None)


@cache
def _read(code: str) -> Language:
    return read_language(code)
