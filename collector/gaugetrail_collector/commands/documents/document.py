"""Commands about controlled documents. Here those that read, at any collector of the store: `document ls`, `show`,
`history`, `diff`; those that write stand in `steps`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.documents import diff, orders, stations, steps, tables
from gaugetrail_collector.commands.documents.steps import typed_moment
from gaugetrail_collector.documents import attachments, texts
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents import wording
from gaugetrail_contract.documents.editions import DocumentKind, Edition, EditionState, Life
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.document_words import DocumentId

app = typer.Typer(no_args_is_help=True, help="Controlled documents: who approved which plan, and what holds.")
for command in (
    *(steps.init, steps.new, steps.check, steps.submit),
    *(steps.approve, steps.reject, steps.withdraw),
):
    app.command(command.__name__)(command)
app.command("take-over")(steps.take_over)
app.command("diff")(diff.diff)
app.command("import")(tables.import_table)
app.command("orders")(orders.orders)
app.command("export")(tables.export_table)
app.command("stations")(stations.stations)

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
    """List the documents. Each with the edition that holds, and what waits for somebody."""
    now_us, register = _read(config, at)
    for life in register.lives.values():
        shown = wording.current(life.until(now_us), now_us)
        if (kind is None or life.kind is kind) and shown:
            for edition in shown:
                state = life.state(edition, now_us)
                if waiting and state not in (EditionState.DRAFT, EditionState.IN_REVIEW):
                    continue
                if as_json:
                    answer(wording.edition_json(life, edition, now_us))
                else:
                    say(wording.row(life, edition, now_us))


@app.command("show")
def show(
    document: DocumentId,
    config: ConfigFile,
    edition: Number = None,
    at: At = None,
    text: Annotated[bool, typer.Option("--text", help="print the text itself, byte for byte")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the edition that holds. Who approved it, from when, its digest; without one, the newest."""
    now_us, register = _read(config, at)
    life = _life(register, document).until(now_us)
    chosen = life.edition(edition) if edition else life.holding(now_us) or (life.editions or (None,))[-1]
    if chosen is None:
        raise fail(f"{document} had no edition{f' {edition}' if edition else ''} then; document history lists them")
    if text:
        _print_text(_text(config, chosen))
    elif as_json:
        answer(wording.edition_json(life, chosen, now_us))
    else:
        for line in wording.facts(life, chosen, now_us):
            say(line)


def _print_text(content: bytes) -> None:
    """Byte for byte, but on a terminal, which would obey some of them."""
    if sys.stdout.isatty():
        for line in content.decode("utf-8", "replace").splitlines():
            say(line)
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@app.command("history")
def history(document: DocumentId, config: ConfigFile, as_json: AsJson = False) -> None:
    """List every step that was taken with a document. Who, when, what and why."""
    _, register = _read(config, None)
    life = _life(register, document)
    for step in life.steps:
        if as_json:
            answer(wording.step_json(life, step))
        else:
            say(wording.step_line(life, step))


@app.command("attachments")
def list_attachments(config: ConfigFile, as_json: AsJson = False) -> None:
    """List the files that belong to documents. Each with whether it is there as it was; exit code 1 if not."""
    loaded = configuration.load(config)
    _, register = _read(config, None)
    well = True
    for life in register.lives.values():
        for edition in life.editions:
            for one in edition.draft.attachments:
                states = {str(folder): attachments.state(folder, one.sha256) for folder in loaded.attachment_folders}
                well &= set(states.values()) == {"there"}
                if as_json:
                    answer({"id": life.id, "edition": edition.number, "name": one.name, "sha256": one.sha256} | states)
                else:
                    where = ", ".join(f"{state} in {folder}" for folder, state in states.items())
                    say(f"{wording.name(life, edition)}: {one.name}, sha256 {one.sha256}: {where}")
    if not well:
        raise typer.Exit(1)


@app.command("fetch")
def fetch(
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="its digest, as document show says it")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="where to")],
    config: ConfigFile,
) -> None:
    """Write an attachment out, from whichever folder has it whole."""
    if re.fullmatch("[0-9a-f]{64}", sha256) is None:
        raise fail("a digest is 64 lower-case hex digits, as document show says it", 2)
    folders = configuration.load(config).attachment_folders
    try:
        if not attachments.fetch(folders, sha256, file):
            where = ", ".join(map(str, folders))
            raise fail(f"it is whole in none of {where}; ask at the collector that writes documents")
    except OSError as error:
        raise fail(f"{file} can't be written: {error.strerror or error}") from error


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
