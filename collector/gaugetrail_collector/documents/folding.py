"""From the records of documents to their lives. Pure, but for reading the records.

Promise: the same records give the same lives, in whatever order a store gives them. A step is counted in its turn, by
its number in the life of its document; one that is missing, stands twice or can't have been taken is told (`faults`)
and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gaugetrail_collector.evidence.own_chain import own_chains
from gaugetrail_collector.stores import Store
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
    return fold(_events(store))


def _events(store: Store) -> Iterator[Event]:
    """Those that can be believed; verify names the others."""
    for chain in own_chains(store, PURPOSE):
        for row in store.rows(*chain):
            try:
                record = open_sealed(Sealed(row.sha256, row.data))
            except BadRecord:
                continue
            if isinstance(record, Event):
                yield record


def fold(events: Iterable[Event]) -> DocumentRegister:
    """The register that the events make."""
    writers: list[DocumentsWriter] = []
    steps: dict[str, list[tuple[Event, DocumentStepTaken]]] = {}
    for event in events:
        said = payload_of(event.type, event.subject.kind, event.payload)
        if isinstance(said, DocumentsMaster):
            writers.append(DocumentsWriter(event.agent, said.administrator, said.number, event.time_us))
        elif isinstance(said, DocumentStepTaken):
            steps.setdefault(event.subject.id, []).append((event, said))
    writers.sort(key=lambda one: (one.number, one.since_us, one.agent))
    last_us = max([one.since_us for one in writers] + [one.time_us for some in steps.values() for one, _ in some] + [0])
    faults: list[str] = []
    lives = {one: life for one in sorted(steps) if (life := _life(one, steps[one], faults)) is not None}
    texts = [(event.time_us, said.sha256) for some in steps.values() for event, said in some if said.size is not None]
    return DocumentRegister(
        lives,
        writers[-1] if writers else None,
        frozenset(one.administrator for one in writers),
        tuple(faults),
        max(texts)[1] if texts else None,
        last_us,
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
    )
