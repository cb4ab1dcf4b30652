"""Commands that ask the store: `trace`, `verify`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from gaugetrail_collector import config as configuration
from gaugetrail_collector import trace as tracing
from gaugetrail_collector import verify as proving
from gaugetrail_collector.commands import AsJson, ConfigFile, answer, fail, opened_store, say


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


def verify(config: ConfigFile, as_json: AsJson = False) -> None:
    """Recompute every seal and walk every chain in the store. Exit code 1 when anything is missing or altered."""
    with opened_store(configuration.load(config)) as store:
        proof = proving.verify(store)
    if as_json:
        answer(proof.as_json())
    else:
        for line in proof.lines():
            say(line)
    if not proof.ok:
        raise typer.Exit(1)
