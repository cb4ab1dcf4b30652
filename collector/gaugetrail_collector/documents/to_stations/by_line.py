"""A people list taken apart by line: a text for each line that it names, and one for every other line.

Promise: a text for a line names who is of that line or of every line, and nobody else; it is written from the model, so
that no remark of the list's file travels either. The same list gives the same texts, byte for byte. Each says of which
whole list it is (`taken_from`), so that a digest met at a line PC leads to the edition. A list that ties nobody to a
line is one text: its own. What can't be read is told (`troubles`), and no text of it is given out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from gaugetrail_collector.documents.roles import people_of
from gaugetrail_collector.documents.texts import TextMissing
from gaugetrail_contract.distribution.text_parts import MOST_TEXT_BYTES
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.settings import ConfigError


@dataclass(frozen=True, slots=True)
class LineText:
    """What is known of one text: for which line (null: for every other), its digest and its size."""

    line: str | None
    sha256: str
    size: int


class LineTexts:
    """Asked by the digest of a whole list; each is taken apart once. `read` gives a text, or raises `TextMissing`."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._known: dict[str, tuple[LineText, ...]] = {}
        self._whole: dict[str, str] = {}
        """Digest of a line's text -> of the whole list."""
        self.troubles: dict[str, str] = {}
        """Digest of a whole list -> why it can't be taken apart."""

    def of(self, sha256: str) -> tuple[LineText, ...]:
        """A line of each text; none where the list can't be read now. Raises what `read` raises for a store that is
        down.
        """
        if sha256 not in self._known:
            try:
                made = _texts(self._read(sha256), sha256)
            except (TextMissing, ConfigError, ValidationError, UnicodeDecodeError) as error:
                self.troubles[sha256] = str(error)
                return ()
            self.troubles.pop(sha256, None)
            found = tuple(LineText(line, hashlib.sha256(text).hexdigest(), len(text)) for line, text in made.items())
            self._known[sha256] = found
            self._whole |= {one.sha256: sha256 for one in found}
        return self._known[sha256]

    def text(self, sha256: str) -> bytes:
        """A line's text by its own digest, made anew: nobody keeps it. Raises `TextMissing`."""
        whole = self._whole.get(sha256)
        if whole is None:
            raise TextMissing(f"it can't be taken apart by line: {self.troubles.get(sha256, 'it is no people list')}")
        for text in _texts(self._read(whole), whole).values():
            if hashlib.sha256(text).hexdigest() == sha256:
                return text
        raise TextMissing(f"the people list {whole[:12]}… gives another text than before")


def _texts(content: bytes, sha256: str) -> dict[str | None, bytes]:
    people = people_of(content)
    if not people.lines:
        return {None: content}
    people = people.model_copy(update={"taken_from": sha256})
    texts = {line: toml_text(people.of_line(line)).encode("utf-8") for line in (None, *sorted(people.lines))}
    if max(map(len, texts.values())) > MOST_TEXT_BYTES:
        raise TextMissing(f"a line's part of it has more than {MOST_TEXT_BYTES:,} bytes: make a list for each line")
    return texts
