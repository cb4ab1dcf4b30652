"""Where steps are taken with documents at this PC, where no collector writes any (`[documents] folder`).

Promise: a step that returns is in the folder's journal, durable and signed; nothing is written for a step that is
refused (`StepNotTaken`, with the sentence). The life and who may do what are the same as at a collector. The text of an
edition is written before the step that names it. One writer at a time: the programs of this PC wait for each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gaugetrail_agent.documents.journal import (
    DocumentJournal,
    NoJournal,
    SaidStep,
    append,
    begin,
    read_journal,
    said_draft,
    text_path,
)
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.documents.editions import (
    NEEDED,
    Approver,
    DocumentKind,
    Draft,
    Edition,
    Life,
    LifeStep,
    StepKind,
    StepRefused,
    meant,
    take,
)
from gaugetrail_contract.documents.lists import people_of_text
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.documents.rights import RoleBook, roles_of
from gaugetrail_contract.files import read_bounded, write_whole
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.signing import BadKeyFile, Signer
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import PRINTABLE, refuse_identifier, visible
from gaugetrail_service.files.sqlite_files import open_database

log = logging.getLogger(__name__)

LOCK_SECS = 30.0
MOST_WORDS = 2000
"""Characters of a comment or title."""


class StepNotTaken(Exception):
    """The step is not taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class OwnEdition:
    """What somebody wants to have taken in. `revision`: null for the number of the edition."""

    kind: DocumentKind
    id: str
    content: bytes
    revision: str | None = None
    title: str = ""
    effective_us: int | None = None
    review_by: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """The folder of one PC."""

    folder: Path
    clock: Clock
    approver: Approver = "another"

    def begin(self, administrator: str, comment: str) -> None:
        """Documents are written here from now on, and that person may approve. Raises `StepNotTaken`, and as
        `read_journal`.
        """
        _refuse_words({"the administrator": administrator}, {"the comment": comment})
        with self._locked():
            try:
                journal, _ = read_journal(self.folder)
            except NoJournal:
                begin(self.folder, administrator, comment, self.clock.now_us())
                return
        raise StepNotTaken(f"documents are begun already; administrator: {journal.administrator}")

    def new(self, wanted: OwnEdition, by: str, comment: str) -> tuple[Life, Edition]:
        """A new edition. Raises `StepNotTaken`, and as `read_journal`."""
        revision = {} if wanted.revision is None else {"the revision": wanted.revision}
        _refuse_words({"the id": wanted.id, **revision}, {"the title": wanted.title})
        with self._locked():
            journal, signer = read_journal(self.folder)
            life = journal.lives.get(wanted.id) or Life(wanted.kind, wanted.id)
            if life.kind is not wanted.kind:
                raise StepNotTaken(f"{wanted.id} is a document of kind {life.kind}; give the new one an id of its own")
            step = self._drafted(life, wanted, by, comment, self._now_us(journal))
            role = self._judge(journal, life, step)[1]
            sha256 = hashlib.sha256(wanted.content).hexdigest()
            write_whole(text_path(self.folder, sha256), wanted.content)
            return self._write(journal, signer, life, step, role)

    def judge(self, what: StepKind, document: str, by: str, comment: str, number: int | None) -> Edition:
        """The edition that the step would be taken with now; nothing is written. Raises as `step`."""
        journal, _ = read_journal(self.folder)
        life = known(journal, document)
        step = self._asked(journal, life, what, by, comment, number)
        edition = self._judge(journal, life, step)[0].edition(step.edition)
        assert edition is not None
        return edition

    def step(
        self,
        what: StepKind,
        document: str,
        by: str,
        comment: str,
        number: int | None,
        effective_us: int | None = None,
    ) -> tuple[Life, Edition]:
        """Another step; without a number with the edition that is `meant`. Raises as `new`."""
        with self._locked():
            journal, signer = read_journal(self.folder)
            life = known(journal, document)
            step = replace(self._asked(journal, life, what, by, comment, number), effective_us=effective_us)
            return self._write(journal, signer, life, step, self._judge(journal, life, step)[1])

    def _drafted(self, life: Life, wanted: OwnEdition, by: str, comment: str, now_us: int) -> LifeStep:
        number, needs = len(life.editions) + 1, NEEDED[wanted.kind]
        draft = Draft(
            wanted.revision or str(number),
            hashlib.sha256(wanted.content).hexdigest(),
            len(wanted.content),
            replace(needs, approver="anyone") if self.approver == "anyone" else needs,
            wanted.title,
            wanted.effective_us,
            wanted.review_by,
            line=wanted.line,
        )
        return LifeStep(StepKind.NEW, number, by, now_us, comment, draft)

    def _asked(
        self, journal: DocumentJournal, life: Life, what: StepKind, by: str, comment: str, number: int | None
    ) -> LifeStep:
        now_us = self._now_us(journal)
        return LifeStep(what, number or meant(life, what, now_us).number, by, now_us, comment)

    def _now_us(self, journal: DocumentJournal) -> int:
        """Later than every step before, whatever the clock says."""
        return max(self.clock.now_us(), journal.last_us + 1)

    def _judge(self, journal: DocumentJournal, life: Life, step: LifeStep) -> tuple[Life, str]:
        _refuse_words({"the name": step.by}, {"the comment": step.comment})
        people = role_book(self.folder, journal, step.at_us)
        role = people.acts_as(step.by, step.what, life.kind)
        if role is None:
            raise StepNotTaken(f"{life.id}: {people.refusal(step.by, step.what)}")
        after = take(life, step)
        if isinstance(after, StepRefused):
            raise StepNotTaken(after.sentence)
        return after, role

    def _write(
        self, journal: DocumentJournal, signer: Signer, life: Life, step: LifeStep, role: str
    ) -> tuple[Life, Edition]:
        said = SaidStep.model_validate(
            {
                "number": journal.number + 1,
                "before": journal.digest,
                "time": utc_text(step.at_us),
                "by": step.by,
                "role": role,
                "what": str(step.what),
                "id": life.id,
                "edition": step.edition,
                "comment": step.comment,
                "draft": None if step.draft is None else said_draft(life.kind, step.draft),
                "effective": None if step.effective_us is None else utc_text(step.effective_us),
            }
        )
        after = append(self.folder, journal, said, signer).lives[life.id]
        edition = after.edition(step.edition)
        assert edition is not None
        return after, edition

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """SQLite's lock ends with its process, on every system."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.closing(open_database(self.folder / "lock", timeout=LOCK_SECS)) as db:
                db.execute("BEGIN EXCLUSIVE")
                yield
        except (OSError, BadKeyFile, sqlite3.Error) as error:
            raise StepNotTaken(f"{self.folder} can't be written: {error}; run this as the agent's user") from error


def known(journal: DocumentJournal, document: str) -> Life:
    """The life of a document that there is. Raises `StepNotTaken`."""
    life = journal.lives.get(document)
    if life is None:
        raise StepNotTaken(
            f"there is no document {document}{did_you_mean(document, journal.lives)}; document ls lists them"
        )
    return life


def text_of_edition(folder: Path, sha256: str, size: int) -> bytes | None:
    """The text, proved; null where it isn't there as it was."""
    try:
        found = read_bounded(text_path(folder, sha256), size)
    except OSError:
        return None
    return found if hashlib.sha256(found).hexdigest() == sha256 else None


def role_book(folder: Path, journal: DocumentJournal, now_us: int) -> RoleBook:
    """Who may do what at that moment."""
    lives = (life for life in journal.lives.values() if life.kind is DocumentKind.PEOPLE)
    lists = (_people(folder, life, holding) for life in lives if (holding := life.holding(now_us)) is not None)
    return RoleBook(frozenset({journal.administrator}), roles_of(one for one in lists if one is not None))


def _people(folder: Path, life: Life, holding: Edition) -> PeopleList | None:
    text = text_of_edition(folder, holding.draft.sha256, holding.draft.size)
    try:
        if text is not None:
            return people_of_text(text, life.id)
        why = "its text is not there as it was"
    except ConfigError as error:
        why = str(error)
    log.warning("the people document %s gives nobody a role: %s", life.id, why)
    return None


def _refuse_words(names: Mapping[str, str], words: Mapping[str, str]) -> None:
    """What can't stand in a step is told before anything is written. Raises `StepNotTaken`."""
    for what, name in names.items():
        if (reason := refuse_identifier(name)) is not None:
            raise StepNotTaken(f"{what} {visible(name)}: {reason}")
    for what, text in words.items():
        if len(text) > MOST_WORDS or not PRINTABLE.holds(text):
            raise StepNotTaken(
                f"{what}: it is one line of at most {MOST_WORDS:,} characters, without control characters"
            )
