"""Orders as they come: out of a file of an ERP, or of somebody's spreadsheet, into editions.

Promise: a file is understood whole, or every fault is named and nothing comes of it. The same row gives the same text,
so that an order that the store has already is known by its digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gaugetrail_collector.documents.desk import NewEdition
from gaugetrail_collector.documents.from_tables.sheets import read_table
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.order_table import orders_in
from gaugetrail_contract.documents.tables import TableMapping
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.settings import ConfigError, Problem, load_settings

KINDS = (".csv", ".xlsx", ".toml")


def orders_of(
    path: Path, *, sheet: str | None = None, mapping: Path | None = None, fixed: Mapping[str, str] | None = None
) -> list[NewEdition]:
    """What a `.csv`, `.xlsx` or `.toml` file orders, for the desk. Raises `ConfigError` with every fault."""
    if path.suffix.lower() == ".toml":
        loaded = load_settings(OrderDocument, path)
        return [_edition(loaded.settings, loaded.text.encode("utf-8"))]
    if path.suffix.lower() not in KINDS:
        raise ConfigError([Problem(str(path), "", f"is none of {', '.join(KINDS)}: save it as one of them")])
    how = TableMapping() if mapping is None else load_settings(TableMapping, mapping).settings
    found = orders_in(read_table(path, sheet), how, fixed)
    return [_edition(one, toml_text(one).encode("utf-8")) for one in found]


def _edition(order: OrderDocument, content: bytes) -> NewEdition:
    title = order.title or order.words
    return NewEdition(DocumentKind.ORDER, order.id, content, order.revision, title, line=order.line)
