"""Commands that ask the store: `trace`, `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gaugetrail_collector import config as configuration
from gaugetrail_collector import trace as tracing
from gaugetrail_collector import verify as proving
from gaugetrail_collector.commands import AsJson, ConfigFile, answer, fail, opened_store, say
from gaugetrail_collector.commands.progress import watched


def trace(
    identifier: Annotated[str, typer.Argument(help="a serial, lot, order, heat, operator, component …")],
    config: ConfigFile,
    kind: Annotated[str | None, typer.Option(help="only as this kind of identifier: serial, lot, component …")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything known of an identifier, newest last. Exit code 1 when nothing is."""
    with opened_store(configuration.load(config)) as store:
        known = tracing.trace(store, identifier, kind)
    if not known:
        raise fail(f"nothing is known of {identifier!r}{f' as {kind}' if kind else ''}")
    if as_json:
        answer(known.as_json())
        return
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=140)
    for shown in tracing.tables(known):
        console.print(shown)


def verify(
    config: ConfigFile,
    heads: Annotated[
        Path | None, typer.Option(help="what verify --json printed before: the heads noted in it must still stand")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every seal and walk every chain in the store. Exit code 1 when anything is missing or altered."""
    loaded = configuration.load(config)
    witnessed = _noted(heads) if heads is not None else None
    with opened_store(loaded) as store:
        count = store.count
        proof = proving.verify(store, witnessed, lambda rows: watched(rows, "records proven", count))
    if as_json:
        answer(proof.as_json())
    else:
        for line in proof.lines():
            say(line)
    if not proof.ok:
        raise typer.Exit(1)


def _noted(path: Path) -> proving.Heads:
    try:
        return proving.noted_heads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise fail(f"{path} can't be read: {error}") from error
