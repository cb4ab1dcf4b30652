"""GS1's application identifiers: how each begins, how long its value may be, and what characters it may hold.

Promise: the table is that of the library biip, the file that it carries, in the library's order; nothing of it is
altered. What fits an identifier here fits it there: a test asks both.

Why the file and not the library: to import biip takes 0.2 s and 16 MB, nearly all of it for the prefixes of the world's
companies and for products' own numbers, of which nothing is asked here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

GS = "\x1d"
TABLE = Path("gs1_application_identifiers", "_application_identifiers.json")
"""The table's place beside the library's first file, as of biip 5."""


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """One line of the table."""

    ai: str
    separator_required: bool
    """Whether its value has no length of its own, so that a separator ends it."""
    pattern: str

    def value(self, text: str, *, whole: bool) -> str | None:
        """The value behind the identifier at the beginning, or of the `whole` text; none where it doesn't fit."""
        if whole:
            found = re.fullmatch(self.pattern, text)
        else:
            found = re.match(self.pattern.removesuffix("$"), text.partition(GS)[0])
        return None if found is None else "".join(group for group in found.groups() if group is not None)


def identifier_at(text: str) -> ApplicationIdentifier | None:
    """The identifier that the text begins with; none where there is none."""
    if not (text[:2].isascii() and text[:2].isdigit()):
        return None  # no identifier begins so, and most plain codes do: the table stays where it is
    return next((known for known in _table() if text.startswith(known.ai)), None)


@cache
def _table() -> tuple[ApplicationIdentifier, ...]:
    """Read with the first code that may be GS1. Raises `ModuleNotFoundError` where the library isn't installed."""
    spec = find_spec("biip")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'biip'", name="biip")
    lines = json.loads((Path(spec.origin).parent / TABLE).read_text("utf-8"))
    return tuple(ApplicationIdentifier(line["ai"], line["separator_required"], line["pattern"]) for line in lines)
