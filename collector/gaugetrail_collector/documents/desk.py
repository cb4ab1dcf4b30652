"""Where steps are taken: what the store says is read, the step judged, and what is to hold is written.

Promise: a step that returns is committed in the store, behind what was read when it was judged; nothing is written for
a step that is refused (`Declined`, with the sentence). Of an edition the text comes first and the step that names it
last: a crash between the two leaves a text that nobody named, and doing it again writes only what is missing.

One writer at a time: the processes of this machine wait for each other; where another collector was quicker, what it
wrote is read and the step judged anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gaugetrail_collector.documents import folding, texts
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_collector.documents.roles import role_book
from gaugetrail_collector.documents.written import master_body, part_bodies, said_body, step_body
from gaugetrail_collector.evidence.own_chain import (
    PREFIX,
    NeverStored,
    Overtaken,
    OwnChain,
    last_moment_us,
    locked,
)
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.documents.editions import (
    NEEDED,
    Approval,
    Approver,
    DocumentKind,
    Draft,
    Edition,
    EditionState,
    Life,
    LifeStep,
    StepKind,
    StepRefused,
    meant,
    take,
)
from gaugetrail_contract.documents.rights import RoleBook
from gaugetrail_contract.events.documents import DocumentsMaster
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import Body, EventBody
from gaugetrail_contract.record.parts import Attachment
from gaugetrail_contract.seal import Opened
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import PRINTABLE, refuse_identifier, visible

TRIES = 5
DECISIONS = "decisions"
"""What the chains of all else that the office decides are called (`evidence.own_chain`)."""
MOST_ATTACHMENTS = 50
MOST_WORDS = 2000
"""Characters of a comment or title."""


class Declined(Exception):
    """The step is not taken; the text says why and what to do."""


class NoneTaken(Declined):
    """Of several texts none is taken in, since these can't be; the text says why, a line for each."""


@dataclass(frozen=True, slots=True)
class NewEdition:
    """What somebody wants to have taken in."""

    kind: DocumentKind
    id: str
    content: bytes
    revision: str | None = None
    """Null: the number of the edition."""
    title: str = ""
    effective_us: int | None = None
    review_by: str | None = None
    attachments: tuple[Attachment, ...] = ()
    """Kept already (`attachments.keep`)."""
    line: str | None = None
    """The line that it is for; null: every line."""
    needs: Approval | None = None
    """Whose approval; null: what its kind needs."""
    travels: tuple[str, ...] = ()
    """Digests of those of its attachments that go to the stations."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """What came of a step: the document after it, the edition, and the record that says so."""

    life: Life
    edition: Edition
    record: str


Done = TypeVar("Done")


class Desk:
    """The collector that writes. One thread; other processes may be at it, too."""

    def __init__(
        self,
        store: Store,
        collector: str,
        lock: Path,
        clock: Clock,
        *,
        master: bool,
        approver: Approver = "another",
        read: Callable[[Store], DocumentRegister] = read_register,
    ) -> None:
        self.store = store
        self._read = read
        self._collector = collector
        self._lock = lock
        self._clock = clock
        self._master = master
        self._approver = approver

    def begin(self, administrator: str, comment: str, *, take_over: bool = False) -> str:
        """This collector writes from now on, and that person may approve; the record that says so. Raises `Declined`,
        `StoreDown`.
        """
        return self._alone(lambda register: self._begin(register, administrator, comment, take_over=take_over))

    def new(self, wanted: NewEdition, by: str, comment: str = "") -> StepDone:
        """A new edition. Raises `Declined`, `StoreDown`."""
        return self._alone(lambda register: self._new(register, wanted, by, comment))

    def take_in(
        self, wanted: Sequence[NewEdition], by: str, comment: str = "", *, role: str | None = None
    ) -> list[StepDone]:
        """New editions, all of them or none (`NoneTaken`); what is there already is passed over, so that it can be done
        again after a crash. `role`: in which it is done, where no person's role decides. Raises `Declined`,
        `StoreDown`.
        """
        return self._alone(lambda register: self._take_in(register, wanted, by, comment, role))

    def step(
        self,
        what: StepKind,
        document: str,
        by: str,
        comment: str = "",
        number: int | None = None,
        effective_us: int | None = None,
    ) -> StepDone:
        """Another step; without a number with the edition that is `meant`. Raises `Declined`, `StoreDown`."""

        def taken(register: DocumentRegister) -> StepDone:
            life = known_life(register, document)
            return self._take(register, life, self._asked(life, what, by, comment, number, effective_us))

        return self._alone(taken)

    def refuse_stranger(self, what: StepKind, kind: DocumentKind, by: str) -> None:
        """Whoever may not take such a step with any document of the kind. Raises `Declined`, `StoreDown`."""
        people = role_book(self.store, self._read(self.store), self._clock.now_us())
        if people.acts_as(by, what, kind) is None:
            raise Declined(people.refusal(by, what))

    def judge(self, what: StepKind, document: str, by: str, comment: str = "", number: int | None = None) -> Edition:
        """The edition that the step would be taken with now; nothing is written. Raises `Declined`, `StoreDown`."""
        register = self._read(self.store)
        if not self._master:
            raise Declined(self._not_master(register))
        life = known_life(register, document)
        asked = self._asked(life, what, by, comment, number)
        judged, _ = self._judge(register, life, asked)
        edition = judged.edition(asked.edition)
        assert edition is not None
        return edition

    def note(
        self,
        by: str,
        roles: frozenset[str],
        judge: Callable[[DocumentRegister], EventPayload],
        then: Callable[[], None],
    ) -> str:
        """Something by a person with one of these roles that is no step of a document; the record that says so. `then`
        is done while no other process of this machine is at it. Raises `Declined`, `StoreDown`.
        """

        def noted(register: DocumentRegister) -> str:
            self._judge_writer(register)
            _refuse_words({"the name": by}, {})
            fitting = sorted(role_book(self.store, register, self._clock.now_us()).of(by) & roles)
            if not fitting:
                raise Declined(f"{by} may not: that takes the role {' or '.join(sorted(roles))}")
            chain = self._chain(folding.PURPOSE)
            body = said_body(chain, judge(register), by, fitting[0])
            record = chain.append([body], after_us=self._after_us(register))[0].record
            then()
            return record.id

        return self._alone(noted)

    def decide(self, judge: Callable[[RoleBook, OwnChain], Sequence[Body]], at_us: int | None = None) -> list[Opened]:
        """What somebody decides that is about no document, in a chain of its own (`DECISIONS`): judged by who may
        do what now, or might when it was said (`at_us`), written while no other process of this machine is at it.
        Raises `Declined`, `StoreDown`.
        """

        def decided(register: DocumentRegister) -> list[Opened]:
            self._judge_writer(register)
            now_us = self._clock.now_us()
            people = role_book(self.store, register, now_us if at_us is None else min(at_us, now_us))
            chain = self._chain(DECISIONS)
            bodies = judge(people, chain)
            return chain.append(bodies, after_us=last_moment_us(self.store, chain.agent, self._clock))

        return self._alone(decided)

    @property
    def approver(self) -> Approver:
        """Who may approve: another than whoever asks, or anyone."""
        return self._approver

    def _asked(
        self, life: Life, what: StepKind, by: str, comment: str, number: int | None, effective_us: int | None = None
    ) -> LifeStep:
        now_us = self._clock.now_us()
        edition = number or meant(life, what, now_us).number
        return LifeStep(what, edition, by, now_us, comment, effective_us=effective_us)

    def _alone(self, act: Callable[[DocumentRegister], Done]) -> Done:
        if not self._master:
            raise Declined(self._not_master(self._read(self.store)))
        try:
            with locked(self._lock):
                for _ in range(TRIES):
                    try:
                        return act(self._read(self.store))
                    except Overtaken as error:
                        overtaken = error
        except sqlite3.Error as error:
            raise Declined(f"{self._lock} can't be used: {error}; another program may be writing, try again") from error
        except NeverStored as error:
            raise Declined(f"the store can't take it: {error}") from error
        raise Declined(f"it could not be written, and nothing was done: {overtaken}") from overtaken

    def _not_master(self, register: DocumentRegister) -> str:
        writer = register.writer
        if writer is None:
            return (
                "no collector writes documents yet: set [documents] master = true on one, then run document init there"
            )
        return f"documents are written by {writer_name(writer.agent)}, not by {self._collector}; do it there"

    # --- init

    def _begin(self, register: DocumentRegister, administrator: str, comment: str, *, take_over: bool) -> str:
        _refuse_words({"the administrator": administrator}, {"the comment": comment})
        writer = register.writer
        if writer is not None and writer.agent == PREFIX + self._collector:
            who = ", ".join(sorted(register.administrators))
            raise Declined(
                f"documents are begun already, since {utc_text(writer.since_us)[:16]}Z; administrator: {who}"
            )
        if writer is not None and not take_over:
            raise Declined(
                f"documents are written by {writer_name(writer.agent)}; if that collector is gone for good, "
                "add --take-over and say why with --comment"
            )
        if take_over and not comment:
            raise Declined("say why this collector takes over, with --comment")
        said = DocumentsMaster(
            number=writer.number + 1 if writer else 1,
            administrator=administrator,
            before=writer_name(writer.agent) if writer else None,
        )
        chain = self._chain(folding.PURPOSE)
        return chain.append([master_body(chain, said, comment)])[0].record.id

    # --- the life

    def _new(self, register: DocumentRegister, wanted: NewEdition, by: str, comment: str) -> StepDone:
        life, asked = self._drafted(register, wanted, by, comment)
        return self._take(register, life, asked, wanted.content)

    def _drafted(self, register: DocumentRegister, wanted: NewEdition, by: str, comment: str) -> tuple[Life, LifeStep]:
        """The life of the document as it is, and the step that would make its next edition. Raises `Declined`."""
        revision = {} if wanted.revision is None else {"the revision": wanted.revision}
        _refuse_words({"the id": wanted.id, **revision}, {"the title": wanted.title})
        if len(wanted.attachments) > MOST_ATTACHMENTS:
            raise Declined(f"a document has at most {MOST_ATTACHMENTS} attachments")
        life = register.life(wanted.kind, wanted.id)
        if life.kind is not wanted.kind:
            raise Declined(f"{wanted.id} is a document of kind {life.kind}; give the new one an id of its own")
        if len(wanted.content) > texts.MOST_BYTES:
            raise Declined(f"it has {len(wanted.content):,} bytes; a document has {texts.MOST_BYTES:,} at most")
        number = len(life.editions) + 1
        draft = Draft(
            wanted.revision or str(number),
            hashlib.sha256(wanted.content).hexdigest(),
            len(wanted.content),
            wanted.needs or self._needs(wanted.kind),
            wanted.title,
            wanted.effective_us,
            wanted.review_by,
            wanted.attachments,
            wanted.line,
            wanted.travels,
        )
        return life, LifeStep(StepKind.NEW, number, by, self._clock.now_us(), comment, draft)

    def _take_in(
        self, register: DocumentRegister, wanted: Sequence[NewEdition], by: str, comment: str, role: str | None
    ) -> list[StepDone]:
        self._judge_writer(register)
        _refuse_words({"the name": by}, {"the comment": comment})
        roles = {kind: role or self._role(register, by, kind) for kind in {one.kind for one in wanted}}
        taken: list[tuple[Life, LifeStep, bytes]] = []
        refused: list[str] = []
        for one in wanted:
            try:
                life, asked = self._drafted(register, one, by, comment)
            except Declined as error:
                refused.append(str(error))
                continue
            judged = take(life, asked)
            if isinstance(judged, StepRefused):
                refused += [] if _is_there(life, asked) else [judged.sentence]
            else:
                taken.append((judged, asked, one.content))
        if refused:
            raise NoneTaken("\n".join(refused))
        return self._write_all(register, taken, roles)

    def _role(self, register: DocumentRegister, by: str, kind: DocumentKind) -> str:
        people = role_book(self.store, register, self._clock.now_us())
        role = people.acts_as(by, StepKind.NEW, kind)
        if role is None:
            raise Declined(people.refusal(by, StepKind.NEW))
        return role

    def _write_all(
        self,
        register: DocumentRegister,
        taken: Sequence[tuple[Life, LifeStep, bytes]],
        roles: Mapping[DocumentKind, str],
    ) -> list[StepDone]:
        """Every text first, then the steps that name them."""
        if not taken:
            return []
        after_us = self._write_texts(register, [content for _, _, content in taken])
        chain = self._chain(folding.PURPOSE)
        bodies = [step_body(chain, life, asked, roles[life.kind]) for life, asked, _ in taken]
        records = chain.append(bodies, after_us=after_us)
        done = []
        for (life, asked, _), record in zip(taken, records, strict=True):
            edition = life.edition(asked.edition)
            assert edition is not None
            done.append(StepDone(life, edition, record.record.id))
        return done

    def _needs(self, kind: DocumentKind) -> Approval:
        needs = NEEDED[kind]
        return replace(needs, approver="anyone") if self._approver == "anyone" else needs

    def _judge(self, register: DocumentRegister, life: Life, asked: LifeStep) -> tuple[Life, str]:
        """The life with the step, and the role in which it is taken. Raises `Declined`."""
        self._judge_writer(register)
        _refuse_words({"the name": asked.by}, {"the comment": asked.comment})
        people = role_book(self.store, register, asked.at_us)
        role = people.acts_as(asked.by, asked.what, life.kind)
        if role is None:
            raise Declined(f"{life.id}: {people.refusal(asked.by, asked.what)}")
        judged = take(life, asked)
        if isinstance(judged, StepRefused):
            raise Declined(judged.sentence)
        return judged, role

    def _take(self, register: DocumentRegister, life: Life, asked: LifeStep, content: bytes | None = None) -> StepDone:
        judged, role = self._judge(register, life, asked)
        after_us = self._after_us(register) if content is None else self._write_texts(register, [content])
        chain = self._chain(folding.PURPOSE)
        record = chain.append([step_body(chain, judged, asked, role)], after_us=after_us)[0].record
        after = take(life, replace(asked, at_us=record.time_us))
        assert isinstance(after, Life)
        edition = after.edition(asked.edition)
        assert edition is not None
        return StepDone(after, edition, record.id)

    def _judge_writer(self, register: DocumentRegister) -> None:
        writer = register.writer
        if writer is None:
            raise Declined("documents are not begun yet: run document init on this collector's host")
        if writer.agent != PREFIX + self._collector:
            raise Declined(
                f"two collectors say that they write documents: {writer_name(writer.agent)} was the last to begin, and "
                f"[documents] master is true on {self._collector}, too; set it to false on one of them"
            )

    def _write_texts(self, register: DocumentRegister, contents: Sequence[bytes]) -> int:
        """The last moment of all documents then."""
        chain = self._chain(texts.PURPOSE)
        last_us, bodies = self._after_us(register), list[EventBody]()
        for sha256, content in {hashlib.sha256(one).hexdigest(): one for one in contents}.items():
            there = texts.stored_parts(self.store, sha256)
            last_us = max(last_us, there.last_us or 0)
            bodies += part_bodies(chain, sha256, content, there.parts)
        return chain.append(bodies, self._last_text_us(register), last_us)[-1].time_us if bodies else last_us

    def _after_us(self, register: DocumentRegister) -> int:
        """The last moment of all that this collector has decided: a store takes no two of its records of one moment."""
        return max(register.last_us, last_moment_us(self.store, PREFIX + self._collector, self._clock))

    def _last_text_us(self, register: DocumentRegister) -> int | None:
        """When the last known text was written: the chain of texts needn't be read from its beginning."""
        return None if register.last_sha256 is None else texts.stored_parts(self.store, register.last_sha256).last_us

    def _chain(self, purpose: str) -> OwnChain:
        return OwnChain(self.store, self._collector, purpose, self._clock)


def _is_there(life: Life, asked: LifeStep) -> bool:
    """Whether the last edition is that text already, in force or on its way."""
    last = life.editions[-1] if life.editions else None
    if last is None or asked.draft is None or last.stage is EditionState.WITHDRAWN:
        return False
    return last.draft.sha256 == asked.draft.sha256


def known_life(register: DocumentRegister, document: str) -> Life:
    """The life of a document that there is. Raises `Declined`."""
    life = register.lives.get(document)
    if life is None:
        raise Declined(
            f"there is no document {document}{did_you_mean(document, register.lives)}; document ls lists them"
        )
    return life


def _refuse_words(names: Mapping[str, str], words: Mapping[str, str]) -> None:
    """What can't stand in a record is told before anything is written. Raises `Declined`."""
    for what, name in names.items():
        if (reason := refuse_identifier(name)) is not None:
            raise Declined(f"{what} {visible(name)}: {reason}")
    for what, text in words.items():
        if len(text) > MOST_WORDS or not PRINTABLE.holds(text):
            raise Declined(f"{what}: it is one line of at most {MOST_WORDS:,} characters, without control characters")


def writer_name(agent: str) -> str:
    """The collector's id."""
    return agent.removeprefix(PREFIX)
