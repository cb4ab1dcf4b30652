"""A word on the state of units or lots as events: many units are said in one, as long as it holds them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.memory.held import KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_contract.events.nonconformity import UnitStateSaid
from gaugetrail_contract.record import EventBody, Subject

SAME = ("state", "why", "by", "code", "reaction", "characteristic", "gauge", "window_since", "window_until", "record")


def state_events(setup: Setup, words: Iterable[KnownState], role: str | None = None) -> tuple[TellEvent, ...]:
    """The events that say these words; what is the same of many units is said once."""
    alike: dict[tuple[object, ...], list[KnownState]] = {}
    for word in words:
        key = (word.kind, *(getattr(word, name) for name in SAME))
        if word.kind == "lot":
            key = (*key, word.id)
        alike.setdefault(key, []).append(word)
    return tuple(TellEvent(body, sure=True) for some in alike.values() for body in _bodies(setup, some, role))


def _bodies(setup: Setup, words: list[KnownState], role: str | None) -> Iterator[EventBody]:
    first = words[0]
    said = UnitStateSaid.model_validate(
        {key: value for key in SAME if key != "by" and (value := getattr(first, key)) is not None}
    )
    if first.kind == "lot":
        yield event_here(setup, said, Subject(kind="lot", id=first.id), by=first.by, role=role)
        return
    for subject, piece in said.pieces_for([one.id for one in words]):
        yield event_here(setup, piece, Subject(kind="unit", id=subject), by=first.by, role=role)


def as_told(words: Iterable[KnownState]) -> tuple[KnownState, ...]:
    """The same words, said."""
    return tuple(msgspec.structs.replace(one, told=True) for one in words)
