"""Commands about controlled documents. Here those that read, at any collector of the store: `document ls`, `show`,
`history`, `diff`; those that write stand in `document_steps`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import (
    AsJson,
    ConfigFile,
    document_diff,
    document_forms,
    document_steps,
    opened_store,
)
from gaugetrail_collector.commands.document_steps import DocumentId, typed_moment
from gaugetrail_collector.documents import texts
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import DocumentKind, Edition, EditionState, Life
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="Controlled documents: who approved which plan, and what holds.")
for command in (
    *(document_steps.init, document_steps.new, document_steps.check, document_steps.submit),
    *(document_steps.approve, document_steps.reject, document_steps.withdraw),
):
    app.command(command.__name__)(command)
app.command("diff")(document_diff.diff)

Number = Annotated[
    int | None, typer.Option("--edition", min=1, help="number of the edition; left out: the one that holds")
]
At = Annotated[str | None, typer.Option("--at", help="as it was then: 2026-11-01, or 30d ago")]
MOST_TOLD = 20
"""Faults of the register."""


@app.command("ls")
def list_documents(
    config: ConfigFile,
    kind: Annotated[DocumentKind | None, typer.Option(help="only of this kind")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="only what is a draft or in review")] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """List the documents with the edition that holds, and what waits for somebody."""
    now_us, register = _read(config, at)
    for life in register.lives.values():
        shown = document_forms.current(life.until(now_us), now_us)
        if (kind is None or life.kind is kind) and shown:
            for edition in shown:
                state = life.state(edition, now_us)
                if waiting and state not in (EditionState.DRAFT, EditionState.IN_REVIEW):
                    continue
                if as_json:
                    answer(document_forms.edition_json(life, edition, now_us))
                else:
                    say(document_forms.row(life, edition, now_us))


@app.command("show")
def show(
    document: DocumentId,
    config: ConfigFile,
    edition: Number = None,
    at: At = None,
    text: Annotated[bool, typer.Option("--text", help="print the text itself, byte for byte")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the edition that holds: who approved it, from when, its digest. Without one, the newest."""
    now_us, register = _read(config, at)
    life = _life(register, document).until(now_us)
    chosen = life.edition(edition) if edition else life.holding(now_us) or (life.editions or (None,))[-1]
    if chosen is None:
        raise fail(f"{document} had no edition{f' {edition}' if edition else ''} then; document history lists them")
    if text:
        sys.stdout.buffer.write(_text(config, chosen))
        sys.stdout.buffer.flush()
    elif as_json:
        answer(document_forms.edition_json(life, chosen, now_us))
    else:
        for line in document_forms.facts(life, chosen, now_us):
            say(line)


@app.command("history")
def history(document: DocumentId, config: ConfigFile, as_json: AsJson = False) -> None:
    """List every step that was taken with a document: who, when, what and why."""
    _, register = _read(config, None)
    life = _life(register, document)
    for step in life.steps:
        if as_json:
            answer(document_forms.step_json(life, step))
        else:
            say(document_forms.step_line(life, step))


def _read(config: Path, at: str | None) -> tuple[int, DocumentRegister]:
    """The moment that is asked about, and the register; faults are told on standard error."""
    now_us = typed_moment(at) if at is not None else None
    with opened_store(configuration.load(config)) as store:
        register = read_register(store)
    for fault in register.faults[:MOST_TOLD]:
        fail(fault)
    return WallClock().now_us() if now_us is None else now_us, register


def _life(register: DocumentRegister, document: str) -> Life:
    try:
        return known_life(register, document)
    except Declined as error:
        raise fail(str(error)) from error


def _text(config: Path, edition: Edition) -> bytes:
    with opened_store(configuration.load(config)) as store:
        try:
            return texts.stored_text(store, edition.draft.sha256)
        except texts.TextMissing as error:
            raise fail(str(error)) from error
