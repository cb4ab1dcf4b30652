"""The collector's commands by what they look at: `run`, `trace`, `verify`, `console`, `keys`, `set_aside`, `store`.

What they share stands here: the settings option, opening the store, answers and complaints.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.text import visible

BAD_CONFIG = 78

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the collector's settings file")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


def say(text: str) -> None:
    """A line for people on standard output; control characters show as escapes."""
    print(visible(text))


def answer(value: object) -> None:
    """One JSON value on one line of standard output."""
    print(json.dumps(value, ensure_ascii=False))


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say on standard error what is wrong and what to do; the caller raises what comes back."""
    for line in message.splitlines():
        print(visible(line), file=sys.stderr)
    return typer.Exit(code)


@contextlib.contextmanager
def opened_store(config: CollectorConfig) -> Iterator[Store]:
    """The configured store, open; a store that is down ends the command with one sentence and exit code 1."""
    store = config.store()
    try:
        store.open()
        yield store
    except StoreDown as error:
        raise fail(f"the store can't answer: {error}") from error
    finally:
        store.close()
