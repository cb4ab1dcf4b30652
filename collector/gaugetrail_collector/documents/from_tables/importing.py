"""Documents out of tables and back: a plant's own spreadsheet into the texts that `document new` takes in.

Promise: a table is understood whole, or every fault is named with its row and column and nothing comes of it. What is
made is the text of a document as a person would have written it, to be read before it is taken in. A table written
from a document holds all that the table's columns can, and reads back as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_collector.documents.from_tables.sheets import read_table
from gaugetrail_collector.documents.roles import people_of
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.gauges import GaugeRegister
from gaugetrail_contract.documents.lists import csv_sheet, gauge_table, gauges_in, people_in, people_table
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.order_table import order_table, orders_in
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.documents.plan_table import plan_table, plans_in
from gaugetrail_contract.documents.tables import Sheet, TableMapping
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.files import text_of
from gaugetrail_contract.settings import ConfigError, Problem, Settings, load_settings, settings_in
from gaugetrail_contract.toml_words import TomlFault, read_toml

Head = Mapping[str, str]
"""What holds for the whole document: id, revision, of a plan its part …"""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document that came of a table, and the name of a file for it."""

    name: str
    text: str


def _plans(sheet: Sheet, mapping: TableMapping, head: Head) -> list[Settings]:
    return list(plans_in(sheet, mapping, head))


def _gauges(sheet: Sheet, mapping: TableMapping, head: Head) -> list[Settings]:
    return [gauges_in(sheet, mapping).model_copy(update=dict(head))]


def _people(sheet: Sheet, mapping: TableMapping, head: Head) -> list[Settings]:
    return [people_in(sheet, mapping).model_copy(update=dict(head))]


def _orders(sheet: Sheet, mapping: TableMapping, head: Head) -> list[Settings]:
    return list(orders_in(sheet, mapping, head))


READERS: Mapping[DocumentKind, Callable[[Sheet, TableMapping, Head], list[Settings]]] = {
    DocumentKind.PLAN: _plans,
    DocumentKind.GAUGES: _gauges,
    DocumentKind.PEOPLE: _people,
    DocumentKind.ORDER: _orders,
}
HEAD_KEYS: Mapping[DocumentKind, tuple[str, ...]] = {
    DocumentKind.PLAN: ("id", "revision", "title", "part", "part_revision", "phase", "approved_by", "approved_on"),
    DocumentKind.GAUGES: ("id", "revision"),
    DocumentKind.PEOPLE: ("id", "revision"),
    DocumentKind.ORDER: ("line", "part", "part_revision", "operation", "customer", "due", "lot"),
}


def documents_of(
    kind: DocumentKind, path: Path, head: Head, *, sheet: str | None = None, mapping: Path | None = None
) -> list[DocumentText]:
    """What a table holds; a plan for each operation, a text for each order. Raises `ConfigError` with every fault."""
    strange = sorted(head.keys() - set(HEAD_KEYS[kind]))
    if strange:
        raise ConfigError([Problem("--set", strange[0], "is no key of it", allowed=", ".join(HEAD_KEYS[kind]))])
    how = TableMapping() if mapping is None else load_settings(TableMapping, mapping).settings
    found = READERS[kind](read_table(path, sheet), how, head)
    return [DocumentText(_name(kind, one), toml_text(one)) for one in found]


def table_of(kind: DocumentKind, content: bytes) -> str:
    """A document's text as CSV. Raises `ConfigError`, `ValidationError`, `TomlFault`, `UnicodeDecodeError`."""
    match kind:
        case DocumentKind.PLAN:
            return plan_table(PlanFile.model_validate(read_toml(text_of(content))))
        case DocumentKind.PEOPLE:
            return people_table(people_of(content))
        case _:
            return gauge_table(_register_of(content))


def order_table_of(texts: Mapping[str, bytes]) -> str:
    """Orders' texts, by the name of each, as one CSV. Raises `ConfigError` with every fault."""
    orders: list[OrderDocument] = []
    problems: list[Problem] = []
    for name, content in texts.items():
        try:
            orders.append(settings_in(OrderDocument, content, Path(name)).settings)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return order_table(orders)


def _register_of(content: bytes) -> GaugeRegister:
    text = text_of(content)
    try:
        return GaugeRegister.model_validate(read_toml(text))
    except TomlFault:
        return gauges_in(csv_sheet("gauges", text))


def _name(kind: DocumentKind, document: Settings) -> str:
    """Of letters, digits, dots and hyphens alone: an id may hold anything."""
    said = "-".join(str(getattr(document, key) or "") for key in ("id", "revision")).strip("-") or str(kind)
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in ".-") else "_" for sign in said) + ".toml"
