"""The page's own words in a person's language: message catalogues of gettext, one folder a language.

Promise: of several codes the first counts that there is a catalogue for, one for a country (`de-AT`) is served by its
language's; what a catalogue lacks is said in English. Numbers keep the digits that the gauge gave, with the decimal
sign of the language. A sentence of the station is put into words by the agent's own catalogue (`languages`).
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gaugetrail_agent.languages.sentences import Language, Sentence
from gaugetrail_agent.languages.spoken import spoken

FOLDER = Path(__file__).parent / "catalogues"
DOMAIN = "screen"
WITH_COMMA = frozenset({"de", "es", "fr", "it", "pl", "cs", "pt", "nl", "sv", "da", "tr", "ro", "hu"})
"""Languages that write 12,5."""
LETTERS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm-./")
LETTERS_OF = {
    "de": ("1234567890", "qwertzuiopü", "asdfghjklöä", "yxcvbnmß-./"),
    "es": ("1234567890", "qwertyuiop", "asdfghjklñ", "zxcvbnm-./"),
}
"""Rows of the keyboard that people of a language know by heart."""
SIGNS = "@*#:,;()+=_?!&%\"'"
SIGNS_OF = {"de": SIGNS + "€", "es": SIGNS + "áéíóúü¿¡"}
"""What lies behind the key for signs."""
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class PageWords:
    """One person's language."""

    code: str
    translations: gettext.NullTranslations
    sentences: Language

    def text(self, message: str, /, **values: object) -> str:
        """The message in words, with `%(name)s` filled in."""
        found = self.translations.gettext(message)
        return found % values if values else found

    def sentence(self, what: Sentence | None) -> str:
        """A sentence of the station."""
        return "" if what is None else self.sentences.text(what)

    def number(self, text: str | None) -> str:
        """A value as people of the language write it, digit for digit; what is no decimal stays as it is."""
        if text is None:
            return ""
        if self.code in WITH_COMMA and _DECIMAL.fullmatch(text):
            return text.replace(".", ",")
        return text

    @property
    def letters(self) -> tuple[str, ...]:
        """The rows of the pad for texts, in small letters."""
        return LETTERS_OF.get(self.code, LETTERS)

    @property
    def signs(self) -> str:
        """The keys of its second layer."""
        return SIGNS_OF.get(self.code, SIGNS)

    def share(self, share: float | None) -> str:
        """`97,5 %`; a dash while there is none."""
        return "–" if share is None else f"{self.number(f'{share * 100:.1f}')} %"


@cache
def catalogues() -> Mapping[str, gettext.NullTranslations]:
    """Language -> its catalogue, read once. English is the messages themselves."""
    found: dict[str, gettext.NullTranslations] = {"en": gettext.NullTranslations()}
    for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"):
        with path.open("rb") as file:
            found[path.parts[-3]] = gettext.GNUTranslations(file)
    return found


def page_words(codes: Iterable[str | None]) -> PageWords:
    """For whoever has these languages, the dearest first."""
    wanted = tuple(code for code in codes if code is not None)
    ours = (one for code in wanted for one in (code, code.partition("-")[0]) if one in catalogues())
    code = next(ours, "en")
    return PageWords(code, catalogues()[code], spoken(wanted))
