"""A sentence by its id with named values, and the files that put it into words.

Promise: whatever a value holds, the sentence shows it with visible escapes; a value never brings a placeholder of its
own. A language file that can't be used is refused whole, with every fault named, before anything is said in it.

    [badge]
    unknown = "{badge} is not in the people list"        is the sentence `badge.unknown`
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_contract.documents.head import spoken_in
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.settings import ConfigError, Problem

FOLDER = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Term:
    """A value that is a word of the catalogue (`[terms]`): a verdict, a status, a kind of identifier."""

    name: str


@dataclass(frozen=True, slots=True)
class Worded:
    """A value that a document says in several languages: code -> text."""

    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence not yet put into words. `said` makes one."""

    id: str
    values: Mapping[str, SentenceValue]


SentenceValue = str | int | Term | Worded | Sentence


def said(sentence: str, /, **values: SentenceValue) -> Sentence:
    """The sentence with its values: `said("badge.unknown", badge=text)`. The id stands in the catalogue."""
    return Sentence(sentence, values)


class Language:
    """One language: sentence id -> template."""

    def __init__(self, templates: dict[str, str], code: str = "en") -> None:
        self.templates = templates
        self.code = code

    def text(self, what: Sentence) -> str:
        """The sentence in words."""
        return PLACEHOLDER.sub(lambda name: self._value(what.values[name[1]]), self.templates[what.id])

    def _value(self, value: SentenceValue) -> str:
        match value:
            case Sentence():
                return self.text(value)
            case Term(name):
                return visible(self.templates.get(f"terms.{name}", name.replace("_", " ")))
            case Worded(words):
                return visible(spoken_in(words, self.code))
            case _:
                return visible(str(value))


def read_language(language: str, folder: Path = FOLDER) -> Language:
    """The sentences of `<folder>/<language>.toml`; those that it lacks are English. Raises `ConfigError`."""
    path = folder / f"{language}.toml"
    found = _read(path)
    problems = list(_faults(path, found))
    if problems:
        raise ConfigError(problems)
    return Language(ENGLISH.templates | {name: str(template) for name, template in found.items()}, language)


def placeholders(template: str) -> set[str]:
    """The names of the values that a template wants."""
    return set(PLACEHOLDER.findall(template))


def _read(path: Path) -> dict[str, object]:
    """Id -> what stands there."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ConfigError([Problem(str(path), "", f"can't be read: {error.strerror or error}", None, known)]) from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise ConfigError([Problem(str(path), "", f"is no TOML file: {error}")]) from error
    found: dict[str, object] = {}
    for table, entries in tables.items():
        found |= (
            {f"{table}.{name}": entry for name, entry in entries.items()}
            if isinstance(entries, dict)
            else {table: entries}
        )
    return found


def _faults(path: Path, found: Mapping[str, object]) -> Iterator[Problem]:
    """What would leave somebody without a sentence: a translator's slip, named by its key."""
    for key, template in found.items():
        english = ENGLISH.templates.get(key)
        if english is None:
            yield Problem(str(path), key, "there is no such sentence in en.toml")
        elif not isinstance(template, str):
            yield Problem(str(path), key, "is no text; put it in quotes")
        elif strange := placeholders(template) - placeholders(english):
            there = ", ".join(sorted(placeholders(english))) or "none"
            yield Problem(str(path), key, f"there is no {{{min(strange)}}} to fill in", there=there)


ENGLISH = Language({name: str(template) for name, template in _read(FOLDER / "en.toml").items()})
