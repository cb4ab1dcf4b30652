"""Suggestions with their answers, and whether whoever made them has read the last one. Pure, but for reading them.

An answer counts where the office's chain holds it, and is read by the agent whose suggestion it is; anybody else's word
is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.evidence.own_chain import PREFIX
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Asked
from gaugetrail_contract.events.passing_on import SuggestionAnswered, SuggestionAnswerRead, SuggestionMade
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Event, Record
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

TYPES = (SuggestionMade.TYPE, SuggestionAnswered.TYPE, SuggestionAnswerRead.TYPE)


@dataclass(frozen=True, slots=True)
class OfficeAnswer:
    """What the office answered; `read_us`: when whoever had suggested it had read it, null: not yet."""

    event: Event
    text: str
    read_us: int | None = None

    def as_json(self) -> dict[str, object]:
        """For programs."""
        told = {"record": self.event.id, "text": self.text, "by": self.event.by, "time": self.event.time}
        return {**told, "read_us": self.read_us}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What somebody suggested."""

    event: Event
    said: SuggestionMade
    answers: tuple[OfficeAnswer, ...] = field(default=())
    """The oldest first."""

    @property
    def id(self) -> str:
        """What it is called: its record."""
        return self.event.id

    @property
    def last(self) -> OfficeAnswer | None:
        """The answer that counts."""
        return self.answers[-1] if self.answers else None

    @property
    def seen(self) -> str:
        """The record of the last answer; empty: it is open."""
        return "" if self.last is None else self.last.event.id

    @property
    def about(self) -> str:
        """What was worked on, in a few words."""
        said = self.said
        named = (("part", said.part), ("plan", said.plan), ("measuring", said.characteristic))
        units = (("unit", said.serial), ("lot", said.lot))
        return ", ".join(f"{what} {name}" for what, name in (*named, *units) if name is not None)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        event = self.event
        told = {"suggestion": self.id, "by": event.by, "time": event.time, "line": event.line}
        told |= {"station": event.station, **self.said.written()}
        return {**told, "answers": [one.as_json() for one in self.answers]}


def read_suggestions(store: Store) -> list[Suggestion]:
    """All of them, oldest first. Raises `StoreDown`."""
    rows = (row for name in TYPES for row in store.search(Asked("type", name)))
    return fold_suggestions(record for row in rows if (record := _record(row)) is not None)


def named_suggestion(found: Sequence[Suggestion], name: str) -> Suggestion:
    """The one of that id; its end is enough where no other ends so. Raises `Declined`."""
    fitting = [one for one in found if one.id == name] or [one for one in found if one.id.endswith(f"/{name}")]
    if not fitting:
        raise Declined(f"there is no suggestion {name}; look at the list")
    if len(fitting) > 1:
        raise Declined(f"{len(fitting)} suggestions end in /{name}: say the whole id, like {fitting[0].id}")
    return fitting[0]


def fold_suggestions(records: Iterable[Record]) -> list[Suggestion]:
    """What the records make, oldest first."""
    made: dict[str, tuple[Event, SuggestionMade]] = {}
    answers: dict[str, dict[str, OfficeAnswer]] = {}
    reads: dict[tuple[str, str, str], int] = {}
    for event in sorted((one for one in records if isinstance(one, Event)), key=_order):
        said = payload_of(event.type, event.subject.kind, event.payload)
        if isinstance(said, SuggestionMade):
            made.setdefault(event.id, (event, said))
        elif isinstance(said, SuggestionAnswered) and event.agent.startswith(PREFIX):
            answers.setdefault(said.suggestion, {}).setdefault(event.id, OfficeAnswer(event, said.text))
        elif isinstance(said, SuggestionAnswerRead):
            reads.setdefault((event.agent, said.suggestion, said.answer), event.time_us)
    return [
        Suggestion(event, said, tuple(_read(one, event, reads) for one in answers.get(name, {}).values()))
        for name, (event, said) in made.items()
    ]


def _read(one: OfficeAnswer, made: Event, reads: dict[tuple[str, str, str], int]) -> OfficeAnswer:
    return OfficeAnswer(one.event, one.text, reads.get((made.agent, made.id, one.event.id)))


def _order(event: Event) -> tuple[int, str, str, int]:
    return event.time_us, event.agent, event.epoch, event.seq


def _record(row: Row) -> Record | None:
    """Null for what can't be believed; verify names it."""
    try:
        return open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None
