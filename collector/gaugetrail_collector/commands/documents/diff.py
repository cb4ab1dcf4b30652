"""`document diff`: what an edition would change, the limits first, and what that would have meant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.documents import texts
from gaugetrail_collector.documents.comparing.texts_apart import compared
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.wording import name
from gaugetrail_contract.files import read_bounded
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.document_words import DocumentId

Number = int | None


def diff(
    document: DocumentId,
    config: ConfigFile,
    before: Annotated[Number, typer.Option("--from", min=1, help="edition; left out: the one that holds")] = None,
    after: Annotated[Number, typer.Option("--to", min=1, help="edition; left out: the newest one")] = None,
    file: Annotated[Path | None, typer.Option(help="a text that isn't taken in yet, in place of --to")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed from one edition to another. The limits first; of each that moved, how many of the last 500
    values would fail.
    """
    now_us = WallClock().now_us()
    with opened_store(configuration.load(config)) as store:
        try:
            life = known_life(read_register(store), document)
            old_edition = _chosen(life, before, life.holding(now_us) or life.editions[0])
            old = texts.stored_text(store, old_edition.draft.sha256)
            new_edition = None if file is not None else _chosen(life, after, life.editions[-1])
            new = _new_text(store, file, new_edition)
        except (Declined, texts.TextMissing) as error:
            raise fail(str(error)) from error
        found = compared(store, life, old, new, now_us)
    if as_json:
        for change in found.as_json():
            answer(change)
        return
    say(f"{name(life, old_edition)} → {file if new_edition is None else name(life, new_edition)}")
    for line in found.lines():
        say(line)


def _chosen(life: Life, number: int | None, otherwise: Edition) -> Edition:
    edition = otherwise if number is None else life.edition(number)
    if edition is None:
        raise Declined(f"{life.id} has no edition {number}; there are {len(life.editions)}")
    return edition


def _new_text(store: Store, file: Path | None, edition: Edition | None) -> bytes:
    if edition is not None:
        return texts.stored_text(store, edition.draft.sha256)
    assert file is not None
    try:
        return read_bounded(file, texts.MOST_BYTES)
    except OSError as error:
        raise fail(f"{file} can't be read: {error.strerror or error}") from error
