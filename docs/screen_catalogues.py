"""The catalogues of the operator's screen: what its page says, and what gettext reads of each translation.

A translator edits `agent/gaugetrail_agent/seen/catalogues/<language>/LC_MESSAGES/screen.po`; `make docs` writes the
`.mo` beside it, which is what the agent reads. A new language is a new folder with a `.po` in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

THE_SAME = datetime(2026, 1, 1, tzinfo=UTC)
AGENT = Path("agent/gaugetrail_agent")
SPEAKS = ("screen", "seen", "terminal")
"""The rooms whose words these are."""
CATALOGUES = AGENT / "seen" / "catalogues"


def messages(root: Path) -> set[str]:
    """All that the page says, by its templates and by what its code marks."""
    rooms = [root / AGENT / name for name in SPEAKS]
    return {message for room in rooms for message in (*_of_templates(room), *_of_code(room))}


def _of_templates(room: Path) -> Iterator[str]:
    for path in (room / "templates").glob("*.html"):
        tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
        for _, _, message in extract_from_ast(tree, ("_",)):
            first = message[0] if isinstance(message, tuple) else message
            if first is not None:  # else a variable, whose messages stand in the code
                yield first


def _of_code(room: Path) -> Iterator[str]:
    for path in room.glob("*.py"):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, {"N_": None, "text": None}):
                yield str(message)


def catalogues(root: Path) -> dict[str, Catalog]:
    """Language -> its translation, as the translator wrote it."""
    found = {}
    for path in sorted((root / CATALOGUES).glob("*/LC_MESSAGES/screen.po")):
        with path.open("rb") as file:
            found[path.parts[-3]] = read_po(file, locale=path.parts[-3])
    return found


def compiled(root: Path) -> dict[Path, bytes]:
    """Each `.mo` with its bytes."""
    files = {}
    for language, catalogue in catalogues(root).items():
        made = io.BytesIO()
        catalogue.creation_date = catalogue.revision_date = THE_SAME  # else each day's bytes are others
        write_mo(made, catalogue)
        files[CATALOGUES / language / "LC_MESSAGES" / "screen.mo"] = made.getvalue()
    return files
