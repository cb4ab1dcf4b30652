"""Which files a settings file names: plans, registers, profiles, certificates, passwords."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gaugetrail_contract.settings import Loaded, Settings

ENDING = "_file"
"""A key that ends so names the file of a secret."""


def named_files(loaded: Loaded[Any], apart: Collection[Path]) -> list[Path]:
    """Every file that is there, as an absolute path, once, in order; folders with all that is in them. `apart` are the
    places that are no settings: the data folder, the store.
    """
    base = loaded.path.resolve().parent
    paths = (base / named for named in (*_in_model(loaded.settings), *_secrets(tomllib.loads(loaded.text))))
    found = (one for path in paths if path not in apart for one in _files(path))
    return list(dict.fromkeys(found))


def _in_model(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Settings):
        for name in type(value).model_fields:
            yield from _in_model(getattr(value, name))
    elif isinstance(value, tuple | list) and not isinstance(value, BaseModel):
        for one in value:
            yield from _in_model(one)


def _secrets(table: object) -> Iterator[Path]:
    """A secret's file is read when the settings are loaded, so only the text still names it."""
    if isinstance(table, dict):
        for key, value in table.items():
            if key.endswith(ENDING) and isinstance(value, str):
                yield Path(value)
            yield from _secrets(value)
    elif isinstance(table, list):
        for one in table:
            yield from _secrets(one)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*")) if one.is_file())
    elif path.is_file():
        yield path
