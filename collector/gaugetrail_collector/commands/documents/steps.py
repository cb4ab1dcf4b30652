"""The commands that write documents: `document init`, `new`, `take-over`, `submit`, `approve`, `reject`, `withdraw`;
and `check`.

Only at the collector that is master. Who writes gives a password of the console's users: nobody acts in another one's
name by typing it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.documents import attachments, taking_over, texts
from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition, StepDone
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.documents.named import naming_remarks
from gaugetrail_collector.tracing.time_words import moment_us
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents import checks, wording
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.documents.files import load_plan, plan_in
from gaugetrail_contract.documents.wording import MEANING
from gaugetrail_contract.record.parts import Attachment
from gaugetrail_contract.signing import BadKeyFile, fingerprint, signer_at
from gaugetrail_contract.text import refuse_identifier
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

By = Annotated[str, typer.Option("--by", metavar="NAME", help="who you are: a user of the console")]


def init(
    config: ConfigFile,
    by: By,
    comment: Comment = "",
    take_over: Annotated[bool, typer.Option(help="the collector that wrote documents is gone for good")] = False,
    stdin: Stdin = False,
) -> None:
    """Begin with documents on this collector. You become the first administrator, who approves until a people document
    says who may.
    """
    # Here and not above: what else is looked at for a collector takes its time to load.
    from gaugetrail_collector.checkup import documents_kept

    with proven_desk(config, by, stdin) as desk:
        key = _document_key(configuration.load(config))
        record = desk.begin(by, comment, take_over=take_over)
        in_the_way = list(documents_kept(desk.store))
    say(f"this collector writes documents; {by} is administrator (record {record})")
    say(f"line PCs know its documents by the key {key}, fingerprint {fingerprint(key)}")
    say("back it up: gaugetrail-collector keys backup FILE; without it no line PC believes another list of documents")
    for one in in_the_way:
        say(f"worth a look: {one.line()}")


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
    attach: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="a drawing, a picture …; once for each")
    ] = None,
    comment: Comment = "",
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Take a text in as a new edition. It is checked first; then it is a draft until you submit it."""
    content, said = checked_text(kind, file, texts.MOST_BYTES)
    wanted = NewEdition(
        kind,
        one_of("id", said.id, document) or _required("id", "a text of this kind has none"),
        content,
        one_of("revision", said.revision, revision),
        title or said.title,
        typed_moment(effective),
        typed_day(review_by) or said.valid_until,
        line=said.line,
    )
    with proven_desk(config, by, stdin) as desk:
        # The files first: a record never names one that isn't there.
        settings = configuration.load(config)
        attached = _kept(settings, attach or [], said)
        travels = tuple(_travelling(attached, said, settings.settings.documents.picture_mb))
        _tell(desk.new(replace(wanted, attachments=attached, travels=travels), by, comment), as_json=as_json)


def take_over(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the plan's file, as a line PC has it")],
    config: ConfigFile,
    by: By,
    comment: Comment = "",
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Take over a plan that stations work by as a file. The same text, in force as it claims to be; you answer for it
    by your approval, once for each document. Line PCs know their file by its digest then.
    """
    content, _ = checked_text(DocumentKind.PLAN, file, texts.MOST_BYTES)
    plan = plan_in(content, str(file))[0].file
    with desk_open(config) as (loaded, desk):
        taking_over.refuse(desk, plan, by)
        print(f"{by} says by this of {plan.id} {plan.revision}: {MEANING[StepKind.APPROVE]}", file=sys.stderr)
        prove_person(loaded, by, stdin=stdin)
        _tell(taking_over.take_over(desk, plan, content, by, comment, WallClock().now_us()), as_json=as_json)


def check(
    kind: KindWord,
    file: File,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="settings of a collector: a plan is held against the documents there, too"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a text as new does, and take nothing in. Every fault is told with its line."""
    _, said = checked_text(kind, file, texts.MOST_BYTES)
    remarks = [*said.remarks, *_unnamed(kind, file, config)]
    if as_json:
        answer({"ok": True, "id": said.id, "revision": said.revision, "remarks": remarks})
    else:
        for remark in remarks:
            say(f"worth a look: {remark}")
        say(f"{file}: good. {' '.join(one for one in (said.id, said.revision, said.title) if one)}")


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
    """Approve an edition that is in review. Asks for your password and says what you say by it. It holds at once, or
    from the moment on that was set; the edition before it is superseded then.
    """
    _step(StepKind.APPROVE, document, config, by, comment, edition, effective, stdin=stdin, as_json=as_json)


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
    moment = typed_moment(effective)
    with desk_open(config) as (loaded, desk):
        # Judged first: nobody is told what they say by a step that is refused.
        chosen = desk.judge(what, document, by, comment, edition)
        if (meaning := MEANING.get(what)) is not None:
            print(f"{by} says by this of {document} {chosen.draft.revision}: {meaning}", file=sys.stderr)
        prove_person(loaded, by, stdin=stdin)
        _tell(desk.step(what, document, by, comment, chosen.number, moment), as_json=as_json)


def _document_key(config: CollectorConfig) -> str:
    """The plant's document key, made if need be; before the step is taken, for without it nothing could be sent."""
    if not config.settings.documents.master:
        return ""  # and the step is refused
    try:
        return signer_at(config.document_key_path).key
    except BadKeyFile as error:
        raise fail(str(error)) from error


@contextlib.contextmanager
def proven_desk(config: Path, by: str, stdin: bool) -> Iterator[Desk]:
    """The desk, once the person has proven who they are."""
    with desk_open(config) as (loaded, desk):
        prove_person(loaded, by, stdin=stdin)
        yield desk


@contextlib.contextmanager
def desk_open(config: Path) -> Iterator[tuple[CollectorConfig, Desk]]:
    """The settings and the desk, before anybody has proven who they are."""
    loaded = configuration.load(config)
    here = DocumentsHere.of(loaded)
    with opened_store(loaded) as store:
        try:
            yield loaded, here.desk(store)
        except Declined as error:
            raise fail(str(error)) from error
    here.told()


def prove_person(config: CollectorConfig, by: str, *, stdin: bool) -> None:
    """Ends the command where nobody is called so, or the password is another."""
    users = config.users_file()
    if users is None:
        raise fail(
            "nobody has a password here: make a line with gaugetrail-collector console password NAME, put it into a "
            "file and name that file in [console] users"
        )
    if not users.now().knows(by, typed_password(by, stdin=stdin)):
        raise fail(f"that is not the password of {by}, or {by} is no user of the console; nothing was done")


def _tell(taken: StepDone, *, as_json: bool) -> None:
    now_us = WallClock().now_us()
    if as_json:
        answer(wording.edition_json(taken.life, taken.edition, now_us) | {"record": taken.record})
    else:
        say(wording.after_step(taken.life, taken.edition, now_us))


# --- what was typed


def _unnamed(kind: DocumentKind, file: Path, config: Path | None) -> list[str]:
    """What a plan names and nobody has."""
    if config is None or kind is not DocumentKind.PLAN:
        return []
    with opened_store(configuration.load(config)) as store:
        register = read_register(store)
        return list(naming_remarks(load_plan(file)[0].file, register, store, WallClock().now_us()))


def _kept(config: CollectorConfig, files: list[Path], said: checks.SaidOfItself) -> tuple[Attachment, ...]:
    """A file that stands in another one's place is refused, and so is a text whose pictures aren't all here."""
    kept: list[Attachment] = []
    wanted = said.file_sha256
    there = [sha256 for file in files if (sha256 := _digest_of(file)) is not None]
    if lacking := [sha256 for sha256 in said.pictures if sha256 not in there]:
        raise fail(f"the text shows the file with the sha256 {lacking[0]}, which isn't attached: add --attach FILE")
    if files and wanted is not None and wanted not in there:
        raise fail(f"the text is about the file with the sha256 {wanted}, and none that is attached has it")
    for file in files:
        if (reason := refuse_identifier(file.name)) is not None:
            raise fail(f"{file}: its name can't stand in a record: {reason}")
        try:
            kept.append(attachments.keep(file, config.attachment_folders))
        except OSError as error:
            raise fail(f"{file} is not attached, and nothing was taken in: {error.strerror or error}") from error
    return tuple(kept)


def _travelling(attached: tuple[Attachment, ...], said: checks.SaidOfItself, most_mb: float) -> Iterator[str]:
    """Digests of the files that go to the stations; those that are too large for it are told."""
    for one in attached:
        if one.sha256 in said.pictures and one.size <= most_mb * 1_000_000:
            yield one.sha256
        elif one.sha256 in said.pictures:
            what = f"{one.name} has {one.size:,} bytes and does not go to the stations: [documents] picture_mb"
            print(f"worth a look: {what} = {most_mb:g}", file=sys.stderr)


def _digest_of(file: Path) -> str | None:
    try:
        return attachments.digest_of(file)[0]
    except OSError:
        return None  # to keep it says why


def _required(what: str, why: str) -> str:
    raise fail(f"--{what} is required: {why}", 2)


def typed_moment(text: str | None) -> int | None:
    """The moment that an option names; ends the command for what is none."""
    try:
        return None if text is None else moment_us(text, WallClock().now_us())
    except ValueError as error:
        raise fail(str(error), 2) from error
