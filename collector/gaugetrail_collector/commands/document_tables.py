"""`document import` and `document export`: a plant's own spreadsheet into documents, and documents into one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.document_steps import DocumentId, File
from gaugetrail_collector.documents import texts
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.counts import counted
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.toml_words import TomlFault
from gaugetrail_service.cli import answer, fail, say

Sheet = Annotated[str | None, typer.Option(help="name of the sheet; left out: the first")]
TABLES = (DocumentKind.PLAN, DocumentKind.GAUGES, DocumentKind.PEOPLE)


def import_table(
    file: File,
    kind: Annotated[DocumentKind, typer.Option(help="plan, gauges or people")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="where the documents are written; nothing is replaced")],
    sheet: Sheet = None,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a TOML file that says under which headings of yours our columns are"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="what holds for the whole document: id=CP-1001, revision=C"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make documents of a table (.csv or .xlsx). For document new to take in; every fault is told with row and column,
    and with one nothing is written. A plan's table has the columns of AIAG's control plan; a plan is made for each
    operation.
    """
    from gaugetrail_collector.documents.importing import documents_of

    _can_be_a_table(kind)
    try:
        found = documents_of(kind, file, _head(set_ or ()), sheet=sheet, mapping=mapping)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise fail(f"{counted(len(error.problems), 'fault')}; nothing is imported") from error
    paths = [to / one.name for one in found]
    if there := [path for path in paths if path.exists()]:
        raise fail(f"{there[0]} is there already; nothing is imported: move it away, or say another folder")
    try:
        for path, one in zip(paths, found, strict=True):
            write_whole(path, one.text.encode())
    except OSError as error:
        raise fail(f"{to} can't be written: {error.strerror or error}") from error
    if as_json:
        answer({"written": [str(path) for path in paths]})
        return
    for path in paths:
        say(f"{path}: read it, then gaugetrail-collector document new {kind} {path} --by NAME --config FILE")


def export_table(document: DocumentId, config: ConfigFile) -> None:
    """Print the edition that holds as CSV. Without one, the newest: a plan, a gauge register or a people list."""
    from gaugetrail_collector.documents.importing import table_of

    with opened_store(configuration.load(config)) as store:
        try:
            life = known_life(read_register(store), document)
            edition = life.holding(WallClock().now_us()) or life.editions[-1]
            content = texts.stored_text(store, edition.draft.sha256)
        except (Declined, texts.TextMissing) as error:
            raise fail(str(error)) from error
    _can_be_a_table(life.kind)
    try:
        sys.stdout.write(table_of(life.kind, content))
    except (ConfigError, ValidationError, TomlFault, UnicodeDecodeError) as error:
        raise fail(f"the text can't be read as {life.kind}: {error}") from error


def _can_be_a_table(kind: DocumentKind) -> None:
    if kind not in TABLES:
        raise fail(f"{kind} is no table: {', '.join(TABLES)} are")


def _head(words: list[str] | tuple[str, ...]) -> dict[str, str]:
    head = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise fail(f"--set {word!r}: write it as key=value, such as id=CP-1001")
        head[key.strip()] = value.strip()
    return head
