"""Commands that ask whether the store is whole: `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.progress import watched
from gaugetrail_collector.evidence import verify as proving
from gaugetrail_contract.files import trouble_of
from gaugetrail_service.cli import answer, fail, say


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
        raise fail(f"{path} can't be read: {trouble_of(error, path)}") from error
