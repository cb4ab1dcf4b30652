"""`gaugetrail-agent document`: controlled documents of this PC, where no collector writes any (`[documents] folder`).

The words, states and sentences are those of `gaugetrail-collector document`. Of the settings only what documents need
is read. Who a person is, is proved by a password where `[documents] users` names a file of them; else the command says
that nobody has proved it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ConfigDict

from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.documents.journal import DocumentJournal, JournalAltered, NoJournal, read_journal
from gaugetrail_agent.documents.own_desk import OwnDesk, OwnEdition, StepNotTaken, known, text_of_edition
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.text_parts import MOST_TEXT_BYTES
from gaugetrail_contract.documents import wording
from gaugetrail_contract.documents.editions import Edition, EditionState, Life, StepKind
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.settings import Settings, load_settings
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.document_words import (
    Comment,
    DocumentId,
    Effective,
    File,
    Id,
    KindWord,
    Number,
    ReviewBy,
    Revision,
    Stdin,
    Title,
    Why,
    checked_text,
    one_of,
    typed_day,
    typed_password,
)

PREFIX = "GAUGETRAIL_AGENT"
"""Of variables of the environment, as for `run`."""
NOT_PROVED = "nobody has proved that it is {by}: name a file of passwords in [documents] users to have them asked for"

By = Annotated[str, typer.Option("--by", metavar="NAME", help="who you are: once a people list holds, your badge")]
At = Annotated[str | None, typer.Option(metavar="TIME", help="as it was then: 2026-03-01")]

app = typer.Typer(no_args_is_help=True, help="Controlled documents of this PC, where no collector writes any.")


class _Here(Settings):
    """The settings file, as far as documents are concerned."""

    model_config = ConfigDict(extra="ignore")

    documents: DocumentsSettings = DocumentsSettings()


@dataclass(frozen=True, slots=True)
class _Office:
    desk: OwnDesk
    users: Path | None

    def prove(self, by: str, *, stdin: bool) -> None:
        """Ends the command where that is not the person's password."""
        if self.users is None:
            print(NOT_PROVED.format(by=by), file=sys.stderr)
            return
        from gaugetrail_service.web.console_users import read_users

        try:
            users = read_users(self.users)
        except (OSError, ValueError) as error:
            raise fail(f"[documents] users: {trouble_of(error)}") from error
        if not users.knows(by, typed_password(by, stdin=stdin)):
            raise fail(f"that is not the password of {by}, or nobody is called so in {self.users}; nothing was done")

    def journal(self) -> DocumentJournal:
        return read_journal(self.desk.folder)[0]


@contextlib.contextmanager
def _office(config: Path) -> Iterator[_Office]:
    table = load_settings(_Here, config, prefix=PREFIX, environ=os.environ).settings.documents
    if table.folder is None:
        raise fail(
            f"{config} names no folder of documents: set [documents] folder where no collector writes any; else "
            "gaugetrail-collector document does this, on the host of the collector that writes"
        )
    beside = config.resolve().parent
    users = None if table.users is None else beside / table.users
    try:
        yield _Office(OwnDesk(beside / table.folder, WallClock(), table.approver), users)
    except (StepNotTaken, NoJournal, JournalAltered) as error:
        raise fail(str(error)) from error
    except OSError as error:
        raise fail(f"the documents can't be read: {trouble_of(error)}; run this as the agent's user") from error


@app.command("init")
def init(config: ConfigFile, by: By, comment: Comment = "", stdin: Stdin = False) -> None:
    """Begin with documents on this PC. You become the first administrator, who approves until a people document says
    who may.
    """
    with _office(config) as office:
        office.prove(by, stdin=stdin)
        office.desk.begin(by, comment)
        say(f"documents of this PC are written in {office.desk.folder}; {by} is administrator")
        say("back that folder up, with its key: what it holds is nowhere else")


@app.command("new")
def new(
    kind: KindWord,
    file: File,
    config: ConfigFile,
    by: By,
    document: Id = None,
    revision: Revision = None,
    title: Title = None,
    effective: Effective = None,
    review_by: ReviewBy = None,
    comment: Comment = "",
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Take a text in as a new edition. It is checked first; then it is a draft until you submit it."""
    content, said = checked_text(kind, file, MOST_TEXT_BYTES)
    if said.pictures or said.file_sha256 is not None:
        raise fail(f"{file} is about files beside it, which a folder of documents doesn't keep; a collector does")
    name = one_of("id", said.id, document)
    if name is None:
        raise fail("--id is required: a text of this kind has none", 2)
    wanted = OwnEdition(
        kind,
        name,
        content,
        one_of("revision", said.revision, revision),
        title or said.title,
        _moment(effective),
        typed_day(review_by) or said.valid_until,
        said.line,
    )
    with _office(config) as office:
        office.prove(by, stdin=stdin)
        _tell(*office.desk.new(wanted, by, comment), as_json=as_json)


@app.command("check")
def check(kind: KindWord, file: File, as_json: AsJson = False) -> None:
    """Check a text as new does, and take nothing in. Every fault is told with its line."""
    _, said = checked_text(kind, file, MOST_TEXT_BYTES)
    if as_json:
        answer({"ok": True, "id": said.id, "revision": said.revision, "remarks": list(said.remarks)})
        return
    for remark in said.remarks:
        say(f"worth a look: {remark}")
    say(f"{file}: good. {' '.join(one for one in (said.id, said.revision, said.title) if one)}")


@app.command("submit")
def submit(
    document: DocumentId,
    config: ConfigFile,
    by: By,
    comment: Comment = "",
    edition: Number = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Hand a draft in for approval."""
    _step(StepKind.SUBMIT, document, config, by, comment, edition, stdin=stdin, as_json=as_json)


@app.command("approve")
def approve(
    document: DocumentId,
    config: ConfigFile,
    by: By,
    comment: Comment = "",
    edition: Number = None,
    effective: Effective = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Approve an edition that is in review. It holds at once, or from the moment on that was set; the edition before it
    is superseded then.
    """
    _step(StepKind.APPROVE, document, config, by, comment, edition, effective, stdin=stdin, as_json=as_json)


@app.command("reject")
def reject(
    document: DocumentId,
    config: ConfigFile,
    by: By,
    comment: Why,
    edition: Number = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Send an edition that is in review back to its author."""
    _step(StepKind.REJECT, document, config, by, comment, edition, stdin=stdin, as_json=as_json)


@app.command("withdraw")
def withdraw(
    document: DocumentId,
    config: ConfigFile,
    by: By,
    comment: Why,
    edition: Number = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Take an edition out of force. None comes back in its place: make a new edition."""
    _step(StepKind.WITHDRAW, document, config, by, comment, edition, stdin=stdin, as_json=as_json)


@app.command("ls")
def list_documents(
    config: ConfigFile,
    waiting: Annotated[bool, typer.Option("--waiting", help="only what waits for somebody")] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """List the documents. Each with the edition that holds, and what waits for somebody."""
    now_us = _moment(at) or WallClock().now_us()
    with _office(config) as office:
        for life in (one.until(now_us) for one in office.journal().lives.values()):
            for edition in wording.current(life, now_us):
                waits = life.state(edition, now_us) in (EditionState.DRAFT, EditionState.IN_REVIEW)
                if waits or not waiting:
                    _row(life, edition, now_us, as_json=as_json)


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
    now_us = _moment(at) or WallClock().now_us()
    with _office(config) as office:
        life = known(office.journal(), document).until(now_us)
        chosen = life.edition(edition) if edition else life.holding(now_us) or (life.editions or (None,))[-1]
        if chosen is None:
            raise fail(f"{document} had no edition{f' {edition}' if edition else ''} then; document history lists them")
        if text:
            _print_text(office.desk.folder, life, chosen)
        elif as_json:
            answer(wording.edition_json(life, chosen, now_us))
        else:
            for line in wording.facts(life, chosen, now_us):
                say(line)


@app.command("history")
def history(document: DocumentId, config: ConfigFile, as_json: AsJson = False) -> None:
    """List every step that was taken with a document. Who, when, what and why."""
    with _office(config) as office:
        life = known(office.journal(), document)
    for step in life.steps:
        if as_json:
            answer(wording.step_json(life, step))
        else:
            say(wording.step_line(life, step))


def _step(
    what: StepKind,
    document: str,
    config: Path,
    by: str,
    comment: str,
    edition: int | None,
    effective: str | None = None,
    *,
    stdin: bool,
    as_json: bool,
) -> None:
    moment = _moment(effective)
    with _office(config) as office:
        # Judged first: nobody is told what they say by a step that is refused.
        chosen = office.desk.judge(what, document, by, comment, edition)
        if (meaning := wording.MEANING.get(what)) is not None:
            print(f"{by} says by this of {document} {chosen.draft.revision}: {meaning}", file=sys.stderr)
        office.prove(by, stdin=stdin)
        _tell(*office.desk.step(what, document, by, comment, chosen.number, moment), as_json=as_json)


def _tell(life: Life, edition: Edition, *, as_json: bool) -> None:
    now_us = WallClock().now_us()
    if as_json:
        answer(wording.edition_json(life, edition, now_us))
    else:
        say(wording.after_step(life, edition, now_us))


def _row(life: Life, edition: Edition, now_us: int, *, as_json: bool) -> None:
    if as_json:
        answer(wording.edition_json(life, edition, now_us))
    else:
        say(wording.row(life, edition, now_us))


def _print_text(folder: Path, life: Life, edition: Edition) -> None:
    """Byte for byte, but on a terminal, which would obey some of them."""
    content = text_of_edition(folder, edition.draft.sha256, edition.draft.size)
    if content is None:
        raise fail(f"the text of {wording.name(life, edition)} is gone or was altered; put the folder back")
    if sys.stdout.isatty():
        for line in content.decode("utf-8", "replace").splitlines():
            say(line)
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


# --- what was typed


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    except (ValueError, OverflowError) as error:
        raise fail(f"{text!r} is no moment; write 2026-12-01 or 2026-12-01T06:00+01:00", 2) from error
