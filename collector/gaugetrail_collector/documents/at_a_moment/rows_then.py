"""The rows of gauges and people that held at a moment, as the documents in force then had them.

Promise: a row comes from the text that was in force at the moment that is asked about, not from what holds now. A
gauge or person that no document knew then gives no row, and neither does a document that can't be read any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.roles import people_of
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.gauges import GaugeRegister
from gaugetrail_contract.documents.lists import csv_sheet, gauges_in
from gaugetrail_contract.files import text_of
from gaugetrail_contract.settings import ConfigError, Settings
from gaugetrail_contract.toml_words import TomlFault, read_toml

NAMES = ("id", "badge")
"""What a row is called by."""


@dataclass(frozen=True, slots=True)
class RowThen:
    """A gauge's or person's row, and the edition that it stands in."""

    kind: DocumentKind
    id: str
    document: str
    revision: str
    edition: int
    words: str
    """What the row says, without what it leaves to the rule."""

    def __str__(self) -> str:
        """`gauge G-0017 in GR-1 31, edition 4: kind bore gauge, calibration due 2027-01-31`."""
        what = "gauge" if self.kind is DocumentKind.GAUGES else "person"
        return f"{what} {self.id} in {self.document} {self.revision}, edition {self.edition}: {self.words}"


@dataclass(slots=True)
class RowsThen:
    """Asked row by row; each text is read once."""

    store: Store
    register: DocumentRegister
    _read: dict[str, Mapping[str, Settings]] = field(default_factory=dict)

    def rows(self, kind: DocumentKind, ids: Iterable[str], at_us: int) -> Iterator[RowThen]:
        """Those of these gauges or people that a document in force at that moment knew. Raises `StoreDown`."""
        wanted = list(ids)
        for life in self.register.lives.values():
            edition = life.holding(at_us) if life.kind is kind else None
            if edition is None:
                continue
            table = self._table(kind, edition.draft.sha256)
            for one in wanted:
                if one in table:
                    words = _words(table[one])
                    yield RowThen(kind, one, life.id, edition.draft.revision, edition.number, words)

    def _table(self, kind: DocumentKind, sha256: str) -> Mapping[str, Settings]:
        if sha256 not in self._read:
            try:
                self._read[sha256] = _rows_of(kind, stored_text(self.store, sha256))
            except (TextMissing, ConfigError, ValidationError, UnicodeDecodeError):
                self._read[sha256] = {}
        return self._read[sha256]


def _rows_of(kind: DocumentKind, content: bytes) -> Mapping[str, Settings]:
    if kind is DocumentKind.PEOPLE:
        return {one.badge: one for one in people_of(content).person}
    return {one.id: one for one in gauges_of(content).gauge}


def gauges_of(content: bytes) -> GaugeRegister:
    """The register in a text, TOML or CSV. Raises `ConfigError`, `ValidationError`, `UnicodeDecodeError`."""
    text = text_of(content)
    try:
        return GaugeRegister.model_validate(read_toml(text))
    except TomlFault:
        return gauges_in(csv_sheet("gauges", text))


def _words(row: Settings) -> str:
    said = row.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return ", ".join(f"{key.replace('_', ' ')} {_value(value)}" for key, value in said.items() if key not in NAMES)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {_value(one)}" for key, one in value.items())
    return "; ".join(map(_value, value)) if isinstance(value, list) else str(value)
