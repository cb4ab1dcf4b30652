"""A document as TOML, written from its model: what an import makes, for people to read, change and have approved.

Promise: what is written reads back as an equal model; what is at its default isn't written; keys stand in the model's
order, tables after them; a table that is no list stands on one line. Only texts, whole numbers, truth values, lists of
these, and tables of them occur.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gaugetrail_contract.settings import Settings

_BARE = re.compile("[A-Za-z0-9_-]+")


def toml_text(model: Settings) -> str:
    """The whole document."""
    return "\n".join(_table(model.model_dump(mode="json", by_alias=True, exclude_defaults=True), "")) + "\n"


def _table(data: Mapping[str, Any], name: str) -> Iterator[str]:
    for key, value in data.items():
        if not _is_tables(value):
            yield f"{key} = {_value(value)}"
    for key, value in data.items():
        if _is_tables(value):
            inner = f"{name}.{key}" if name else key
            for table in value:
                yield ""
                yield f"[[{inner}]]"
                yield from _table(table, inner)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's texts, numbers and truth values are TOML's, but for one control character that no document's text holds.
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
