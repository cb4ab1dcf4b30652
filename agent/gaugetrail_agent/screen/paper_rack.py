"""The texts of the documents that hold at a station, and the pictures that instructions show, as they are given out.

Promise: only what the station works by is, by its digest and proved; nothing else of the PC, whatever is asked for. A
picture is one by its first bytes; a paper (PDF) is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gaugetrail_agent.seen.papers import papers_of
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState

PICTURES_BY_START = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}


class KeptFiles(Protocol):
    """What the agent keeps of controlled documents."""

    def has(self, sha256: str) -> bool:
        """Whether the file of that digest is here."""

    def file(self, sha256: str) -> bytes | None:
        """The file, proved; null where it isn't here."""


class PaperRack:
    """Gives them out, on the web server's thread."""

    def __init__(
        self, setup_of: Callable[[str], Setup], state_of: Callable[[str], StationState], files: KeptFiles
    ) -> None:
        self._setup_of = setup_of
        self._state_of = state_of
        self._files = files

    def text(self, station: str, sha256: str) -> str | None:
        """The text of a document that holds here now."""
        setup, state = self._setup_of(station), self._state_of(station)
        if sha256 not in {one.sha256 for one in papers_of(setup, state)}:
            return None
        of_plan = next((plan.text for plan in setup.texts if plan.ref.sha256 == sha256), "")
        found = None if of_plan else self._files.file(sha256)
        return of_plan or (None if found is None else found.decode("utf-8", "replace"))

    def picture(self, station: str, sha256: str) -> tuple[bytes, str] | None:
        """A picture that an instruction of the station shows, and its type."""
        shown = (one.document.pictures for one in self._setup_of(station).instructions.values())
        if not any(sha256 in pictures for pictures in shown):
            return None
        found = self._files.file(sha256)
        kind = None if found is None else _type_of(found)
        return None if found is None or kind is None else (found, kind)


def _type_of(file: bytes) -> str | None:
    return next((kind for start, kind in PICTURES_BY_START.items() if file.startswith(start)), None)
