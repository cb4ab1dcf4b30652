"""`document import` and `document export`: a plant's own spreadsheet into documents, and documents into one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.documents import texts
from gaugetrail_collector.documents.desk import Declined, known_life
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.counts import counted
from gaugetrail_contract.documents.editions import DocumentKind, Life
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.toml_words import TomlFault
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.document_words import File

Sheet = Annotated[str | None, typer.Option(help="name of the sheet; left out: the first")]
Mapped = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="a TOML file that says under which headings of yours our columns are"),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="what holds for the whole document: id=CP-1001, revision=C"),
]
DocumentIds = Annotated[
    list[str],
    typer.Argument(metavar="ID", help="the document's id, as document ls lists it; of orders as many as you like"),
]
TABLES = (DocumentKind.PLAN, DocumentKind.GAUGES, DocumentKind.PEOPLE, DocumentKind.ORDER)


def import_table(
    file: File,
    kind: Annotated[DocumentKind, typer.Option(help="plan, gauges, people or order")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="where the documents are written; nothing is replaced")],
    sheet: Sheet = None,
    mapping: Mapped = None,
    set_: Sets = None,
    as_json: AsJson = False,
) -> None:
    """Make documents of a table (.csv or .xlsx). For document new to take in; every fault is told with row and column,
    and with one nothing is written. A plan's table has the columns of AIAG's control plan; a plan is made for each
    operation.
    """
    from gaugetrail_collector.documents.from_tables.importing import documents_of

    _can_be_a_table(kind)
    with imported():
        found = documents_of(kind, file, heads(set_ or ()), sheet=sheet, mapping=mapping)
    paths = [to / one.name for one in found]
    if twice := sorted({path.name for path in paths if paths.count(path) > 1}):
        raise fail(f"two of them would be written as {twice[0]}; nothing is imported: their ids differ by signs alone")
    if there := [path for path in paths if path.exists()]:
        raise fail(f"{there[0]} is there already; nothing is imported: move it away, or say another folder")
    try:
        for path, one in zip(paths, found, strict=True):
            write_whole(path, one.text.encode())
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)  # none of them was there before
        raise fail(f"{to} can't be written, and nothing is imported: {error.strerror or error}") from error
    if as_json:
        answer({"written": [str(path) for path in paths]})
        return
    if kind is DocumentKind.ORDER:
        say(f"{counted(len(paths), 'order')} written to {to}; take them in: document orders FILE, the table itself")
        return
    for path in paths:
        say(f"{path}: read it, then gaugetrail-collector document new {kind} {path} --by NAME --config FILE")


@contextlib.contextmanager
def imported() -> Iterator[None]:
    """Ends the command with every fault of a table."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise fail(f"{counted(len(error.problems), 'fault')}; nothing is imported") from error


def export_table(documents: DocumentIds, config: ConfigFile) -> None:
    """Print the edition that holds as CSV. Without one, the newest: a plan, a gauge register or a people list; or
    orders, as many as are named, in one table.
    """
    with opened_store(configuration.load(config)) as store:
        try:
            register = read_register(store)
            found = {one: _exported(store, known_life(register, one)) for one in dict.fromkeys(documents)}
        except (Declined, texts.TextMissing) as error:
            raise fail(str(error)) from error
    kinds = {kind for kind, _ in found.values()}
    for kind in sorted(kinds):
        _can_be_a_table(kind)
    if len(found) > 1 and kinds != {DocumentKind.ORDER}:
        raise fail("only orders stand in one table together: export each of the others by itself")
    sys.stdout.write(_table(kinds.pop(), {name: content for name, (_, content) in found.items()}))


def _exported(store: Store, life: Life) -> tuple[DocumentKind, bytes]:
    edition = life.holding(WallClock().now_us()) or life.editions[-1]
    return life.kind, texts.stored_text(store, edition.draft.sha256)


def _table(kind: DocumentKind, contents: Mapping[str, bytes]) -> str:
    from gaugetrail_collector.documents.from_tables.importing import order_table_of, table_of

    try:
        if kind is DocumentKind.ORDER:
            return order_table_of(contents)
        return table_of(kind, *contents.values())
    except (ConfigError, ValidationError, TomlFault, UnicodeDecodeError) as error:
        raise fail(f"no table of {kind} can be written: {error}") from error


def _can_be_a_table(kind: DocumentKind) -> None:
    if kind not in TABLES:
        raise fail(f"{kind} is no table: {', '.join(TABLES)} are")


def heads(words: Sequence[str]) -> dict[str, str]:
    """What `--set` says, by key."""
    head = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise fail(f"--set {word!r}: write it as key=value, such as id=CP-1001")
        head[key.strip()] = value.strip()
    return head
