"""The steps that were taken with the documents of this PC, where no collector writes any: one JSON line for each.

    FOLDER/journal        {"said":{"number":1,"before":"<64 zeros>","time":…,"what":"init",…},"ed25519":"<128 hex>"}
    FOLDER/head           number and digest of the last line
    FOLDER/texts/         the texts, each under its digest
    FOLDER/document.key   this PC's document key, made at init

Promise: each line names the digest of the line before and is signed; all of it is proved whenever it is read, and each
step judged by the rules of the life. A line that was changed, is missing or stands elsewhere is refused and told
(`JournalAltered`), and nothing is read past it. `head` tells of lines that are missing at the end. A file is there
whole or not at all, so a power cut leaves the journal of before.

Not promised: whoever may write here and has the key can write another journal. The agent takes none that goes back
behind what it has heard, nor one under another key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from gaugetrail_contract.clock import moment_us, utc_text
from gaugetrail_contract.distribution.text_parts import MOST_TEXT_BYTES
from gaugetrail_contract.documents.editions import (
    Approval,
    Approver,
    DocumentKind,
    Draft,
    Life,
    LifeStep,
    StepKind,
    StepRefused,
    take,
)
from gaugetrail_contract.files import read_bounded, write_whole
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.signing import BadKeyFile, BadSignature, Signer, check, signer_at
from gaugetrail_contract.text import DateText, Hex256, Identifier, Text, TopicName, UtcText

KIND = "document step"
"""What is signed, so that the key's word serves for nothing else."""
NOTHING_BEFORE = "0" * 64
MOST_BYTES = 50_000_000
_LINE = re.compile(rb'\{"said":(\{.*\}),"ed25519":"([0-9a-f]{128})"\}')
_HEAD = re.compile(rb"([1-9][0-9]{0,8}) ([0-9a-f]{64})\n")


class NoJournal(Exception):
    """Documents are not begun in the folder; the text says what to do."""


class JournalAltered(Exception):
    """The journal is not as it was written; the text says where and what to do."""


class SaidDraft(Frozen):
    """What a new edition is."""

    kind: DocumentKind
    revision: Identifier
    sha256: Hex256
    size: int = Field(ge=0, le=MOST_TEXT_BYTES)
    title: Text = ""
    people: int = Field(ge=0)
    approver: Approver
    effective: UtcText | None = None
    review_by: DateText | None = None
    line: TopicName | None = None


class SaidStep(Frozen):
    """One line, without its signature."""

    number: int = Field(ge=1)
    before: Hex256
    time: UtcText
    by: Identifier
    role: Identifier
    what: Literal["init", "new", "submit", "approve", "reject", "withdraw"]
    id: Identifier | None = None
    edition: int | None = Field(None, ge=1)
    comment: Text = ""
    draft: SaidDraft | None = None
    effective: UtcText | None = None


@dataclass(frozen=True, slots=True)
class DocumentJournal:
    """All of it, proved: the lives that it says, and who began it."""

    administrator: str
    lives: Mapping[str, Life]
    number: int
    """Of the last line."""
    digest: str
    last_us: int
    steps: tuple[SaidStep, ...] = field(repr=False)
    """Every line, in its order."""
    content: bytes = field(repr=False)


def key_path(folder: Path) -> Path:
    """Where the document key of this PC lies."""
    return folder / "document.key"


def text_path(folder: Path, sha256: str) -> Path:
    """Where the text of that digest lies."""
    return folder / "texts" / sha256


def step_of(said: SaidStep) -> LifeStep | None:
    """As the life takes it; null for the beginning."""
    if said.what == "init" or said.edition is None:
        return None
    draft = None if said.draft is None else _draft(said.draft)
    at_us = moment_us(said.time) or 0
    return LifeStep(StepKind(said.what), said.edition, said.by, at_us, said.comment, draft, _us(said.effective))


def said_draft(kind: DocumentKind, draft: Draft) -> SaidDraft:
    """As it is written."""
    return SaidDraft(
        kind=kind,
        revision=draft.revision,
        sha256=draft.sha256,
        size=draft.size,
        title=draft.title,
        people=draft.needs.people,
        approver=draft.needs.approver,
        effective=None if draft.effective_us is None else utc_text(draft.effective_us),
        review_by=draft.review_by,
        line=draft.line,
    )


def _draft(said: SaidDraft) -> Draft:
    needs = Approval(said.people, said.approver)
    effective_us = _us(said.effective)
    return Draft(said.revision, said.sha256, said.size, needs, said.title, effective_us, said.review_by, line=said.line)


def _us(moment: str | None) -> int | None:
    return None if moment is None else moment_us(moment)


# --- reading


def read_journal(folder: Path) -> tuple[DocumentJournal, Signer]:
    """The journal, proved, and the key that signs it. Raises `NoJournal`, `JournalAltered`, `OSError`."""
    content, head = _read(folder / "journal"), _read(folder / "head")
    if content is None and head is None and not key_path(folder).exists():
        raise NoJournal(f"no documents are begun in {folder} yet: gaugetrail-agent document init --by NAME")
    if content is None or not key_path(folder).exists():
        if content is None and head is None:
            raise NoJournal(f"no documents are begun in {folder} yet: gaugetrail-agent document init --by NAME")
        lacking = folder / "journal" if content is None else key_path(folder)
        raise JournalAltered(f"{lacking} is gone: put the folder back from its backup")
    try:
        signer = signer_at(key_path(folder))
    except BadKeyFile as error:
        raise JournalAltered(str(error)) from error
    try:
        return prove(content, head, signer.key), signer
    except ValueError as error:
        raise JournalAltered(
            f"{folder / 'journal'} is not as it was written: {error}; put the folder back from its backup"
        ) from error


def _read(path: Path) -> bytes | None:
    try:
        return read_bounded(path, MOST_BYTES)
    except FileNotFoundError:
        return None


def prove(content: bytes, head: bytes | None, key: str) -> DocumentJournal:
    """The journal in these bytes. Raises `ValueError` with what is wrong, and in which line."""
    if not content.endswith(b"\n"):
        raise ValueError("it ends within a line")
    lives: dict[str, Life] = {}
    digests = [NOTHING_BEFORE]
    steps: list[SaidStep] = []
    for number, line in enumerate(content[:-1].split(b"\n"), 1):
        try:
            said = _proved(line, number, digests[-1], key)
            _add(lives, said)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        steps.append(said)
        digests.append(_digest(line))
    _judge_head(head, digests)
    last_us = _us(steps[-1].time) or 0
    return DocumentJournal(steps[0].by, lives, len(steps), digests[-1], last_us, tuple(steps), content)


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _proved(line: bytes, number: int, before: str, key: str) -> SaidStep:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError("it is no step")
    try:
        check(key, match[2].decode("ascii"), KIND, hashlib.sha256(match[1]).hexdigest())
        said = SaidStep.model_validate_json(match[1])
    except BadSignature as error:
        raise ValueError("it was changed, or is another key's: its signature doesn't hold") from error
    except ValidationError as error:
        raise ValueError("it is a step of a newer version; install that one") from error
    if (said.number, said.before) != (number, before):
        raise ValueError(f"step {said.number} stands there; a line is missing or stands elsewhere")
    return said


def _add(lives: dict[str, Life], said: SaidStep) -> None:
    if (said.what == "init") != (said.number == 1):
        raise ValueError("documents begin there once more, or never did")
    step = step_of(said)
    if step is None or said.id is None:
        return
    if said.id not in lives and said.draft is None:
        raise ValueError(f"there is no document {said.id}")
    known = lives.get(said.id)
    after = take(known or Life(said.draft.kind, said.id) if said.draft is not None else lives[said.id], step)
    if isinstance(after, StepRefused):
        raise ValueError(after.sentence)
    lives[said.id] = after


def _judge_head(head: bytes | None, digests: list[str]) -> None:
    """The head may be one step behind, where the power went between the two files."""
    last = len(digests) - 1
    if head is None:
        if last > 1:
            raise ValueError("the file head beside it is gone")
        return
    match = _HEAD.fullmatch(head)
    if match is None:
        raise ValueError("the file head beside it is none")
    number = int(match[1])
    if number > last:
        raise ValueError(f"it ends with step {last}, and there were {number}")
    if number < last - 1 or digests[number] != match[2].decode("ascii"):
        raise ValueError(f"the file head beside it names another step {number}")


# --- writing


def begin(folder: Path, by: str, comment: str, now_us: int) -> DocumentJournal:
    """The first line, and the key. Raises `BadKeyFile`, `OSError`."""
    signer = signer_at(key_path(folder))
    said = SaidStep(
        number=1,
        before=NOTHING_BEFORE,
        time=utc_text(now_us),
        by=by,
        role="administrator",
        what="init",
        comment=comment,
    )
    return _written(folder, b"", said, signer)


def append(folder: Path, journal: DocumentJournal, said: SaidStep, signer: Signer) -> DocumentJournal:
    """One line more; durable when this returns. Raises `OSError`."""
    return _written(folder, journal.content, said, signer)


def _written(folder: Path, before: bytes, said: SaidStep, signer: Signer) -> DocumentJournal:
    body = said.model_dump_json(exclude_none=True).encode("utf-8")
    signed = signer.sign(KIND, hashlib.sha256(body).hexdigest())
    line = b'{"said":' + body + b',"ed25519":"' + signed.encode("ascii") + b'"}'
    content, head = before + line + b"\n", f"{said.number} {_digest(line)}\n".encode("ascii")
    journal = prove(content, head, signer.key)  # nothing is written that wouldn't be read again
    write_whole(folder / "journal", content)
    write_whole(folder / "head", head)
    return journal
