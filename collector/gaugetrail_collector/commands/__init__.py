"""The collector's commands, each by its own word; those with many parts in rooms: `documents` (`document …`), `tracing`
(`trace`, `export`) and `statistics` (`stats`).

What they share stands here: the settings option, opening the store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaugetrail_service import settings_file
from gaugetrail_service.cli import fail

if TYPE_CHECKING:
    from gaugetrail_collector.config import CollectorConfig
    from gaugetrail_collector.stores import Store
    from gaugetrail_collector.stores.guard import Newcomers

ConfigFile = Annotated[Path, settings_file.option("collector")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Vouch = Annotated[bool, typer.Option(help="take another history of an epoch than the store's in beside it")]


@contextlib.contextmanager
def opened_store(config: CollectorConfig, newcomers: Newcomers | None = None) -> Iterator[Store]:
    """The configured store, open; a store that is down ends the command with one sentence and exit code 1."""
    from gaugetrail_collector.stores import StoreDown

    store = config.store(newcomers=newcomers)
    try:
        store.open()
        yield store
    except StoreDown as error:
        raise fail(f"the store can't answer: {error}") from error
    finally:
        store.close()
