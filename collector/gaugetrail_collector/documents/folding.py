"""From the records of documents to their lives. Pure, but for reading the records.

Promise: the same records give the same lives, in whatever order a store gives them. A step is counted in its turn, by
its number in the life of its document; one that is missing, stands twice or can't have been taken is told (`faults`)
and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gaugetrail_collector.evidence.own_chain import own_chains
from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.documents.editions import (
    Approval,
    DocumentKind,
    Draft,
    Life,
    LifeStep,
    StepKind,
    take,
)
from gaugetrail_contract.events.documents import DocumentsMaster, DocumentStepTaken
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Event
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

PURPOSE = "documents"
"""What the chains of steps are called (`evidence.own_chain`)."""


@dataclass(frozen=True, slots=True)
class DocumentsWriter:
    """The collector that writes documents, since when, and whom it was begun with."""

    agent: str
    administrator: str
    number: int
    since_us: int


@dataclass(frozen=True, slots=True)
class DocumentRegister:
    """Every document, and who writes them; null where nobody has begun."""

    lives: Mapping[str, Life] = field(default_factory=dict)
    writer: DocumentsWriter | None = None
    administrators: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    last_sha256: str | None = None
    """Digest of the text that was written last."""
    last_us: int = 0
    """When the last of all these records was sealed."""

    def life(self, kind: DocumentKind, document: str) -> Life:
        """The document's life; a new one where there is none."""
        return self.lives.get(document, Life(kind, document))


def read_register(store: Store) -> DocumentRegister:
    """What the store says now. Raises `StoreDown`."""
    rows = (row for chain in own_chains(store, PURPOSE) for row in store.rows(*chain))
    return fold(event for row in rows if (event := event_of(row)) is not None)


def event_of(row: Row) -> Event | None:
    """Null for what can't be believed; verify names it."""
    try:
        record = open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None
    return record if isinstance(record, Event) else None


def fold(events: Iterable[Event]) -> DocumentRegister:
    """The register that the events make."""
    folding = Folding()
    for event in events:
        folding.add(event)
    return folding.register()


class Folding:
    """Events as they come, and the register of those that came: what is added costs no more than what it changes."""

    def __init__(self) -> None:
        self._writers: list[DocumentsWriter] = []
        self._steps: dict[str, list[tuple[Event, DocumentStepTaken]]] = {}
        self._changed: set[str] = set()
        self._lives: dict[str, Life] = {}
        self._faults: dict[str, list[str]] = {}
        self._last_text = (0, "")
        self._last_us = 0

    def add(self, event: Event) -> None:
        """One of whatever chain; what isn't of documents changes nothing."""
        said = payload_of(event.type, event.subject.kind, event.payload)
        if isinstance(said, DocumentsMaster):
            self._writers.append(DocumentsWriter(event.agent, said.administrator, said.number, event.time_us))
        elif isinstance(said, DocumentStepTaken):
            self._steps.setdefault(event.subject.id, []).append((event, said))
            self._changed.add(event.subject.id)
            if said.size is not None:
                self._last_text = max(self._last_text, (event.time_us, said.sha256))
        else:
            return
        self._last_us = max(self._last_us, event.time_us)

    def register(self) -> DocumentRegister:
        """What all of them make, in whatever order they came."""
        for document in self._changed:
            faults: list[str] = []
            life = _life(document, self._steps[document], faults)
            self._lives.pop(document, None)
            if life is not None:
                self._lives[document] = life
            self._faults[document] = faults
        self._changed.clear()
        writers = sorted(self._writers, key=lambda one: (one.number, one.since_us, one.agent))
        return DocumentRegister(
            dict(sorted(self._lives.items())),
            writers[-1] if writers else None,
            frozenset(one.administrator for one in writers),
            tuple(fault for document in sorted(self._faults) for fault in self._faults[document]),
            self._last_text[1] or None,
            self._last_us,
        )


def _life(document: str, steps: list[tuple[Event, DocumentStepTaken]], faults: list[str]) -> Life | None:
    life: Life | None = None
    wanted = 1
    for event, said in sorted(steps, key=lambda one: (one[1].number, one[0].time_us, one[0].id)):
        where = f"document {document}: step {said.number} ({said.step} by {event.by or 'nobody'}, record {event.id})"
        if said.number < wanted:
            faults.append(f"{where} stands beside another one of that number, and is not counted")
            continue
        if said.number > wanted:
            faults.append(f"{where} comes behind a gap: {said.number - wanted} before it missing from the store")
        wanted = said.number + 1
        life = _further(life, document, event, said, where, faults)
    return life if life is not None and life.editions else None


def _further(
    life: Life | None, document: str, event: Event, said: DocumentStepTaken, where: str, faults: list[str]
) -> Life | None:
    step = _step(event, said)
    if life is None and said.kind in set(DocumentKind):
        life = Life(DocumentKind(said.kind), document)
    if step is None or life is None:
        faults.append(f"{where} is of a form that this version doesn't know, and is not counted")
        return life
    after = take(life, step)
    if isinstance(after, Life):
        return after
    faults.append(f"{where} can't have been taken, and is not counted: {after.sentence}")
    return life


def _step(event: Event, said: DocumentStepTaken) -> LifeStep | None:
    if said.step not in set(StepKind):
        return None
    draft = None
    if said.step == StepKind.NEW:
        draft = _draft(said, event)
        if draft is None:
            return None
    effective_us = None if said.effective is None else utc_us(said.effective)
    what = StepKind(said.step)
    return LifeStep(what, said.edition, event.by or "", event.time_us, event.reason or "", draft, effective_us)


def _draft(said: DocumentStepTaken, event: Event) -> Draft | None:
    if said.size is None or said.people is None or said.approver not in ("another", "anyone"):
        return None
    return Draft(
        said.revision,
        said.sha256,
        said.size,
        Approval(said.people, "anyone" if said.approver == "anyone" else "another"),
        said.title or "",
        None if said.effective is None else utc_us(said.effective),
        said.review_by,
        event.attachments,
        said.line,
        said.travels,
    )
