"""The change-over: what was in use and what is to be, and all of its checks with what has been answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gaugetrail_agent.station.memory.change_over import ChangeOver
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.state import StationState

SHOWN_IN_USE = ("machine", "tool", "fixture", "heat", "supplier_lot")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check. `answers`: what was answered so far, the one that counts last."""

    text: str
    answers: tuple[str, ...]
    done: bool
    tiles: tuple[Choice, ...] = ()
    """What may be answered now."""
    now: bool = False


@dataclass(frozen=True, slots=True)
class ChangeOverForm:
    """All of it."""

    changed: str
    """part, tool, fixture, machine or material."""
    before: str
    to: str
    in_use: tuple[tuple[str, str], ...]
    checks: tuple[CheckRow, ...]
    kind: str = "change_over"


def change_over_form(state: StationState, dialog: Dialog) -> ChangeOverForm:
    """Of the change-over that is open."""
    open_, known = state.memory.change_over, state.memory.changes.known
    in_use = tuple((kind, known[kind]) for kind in SHOWN_IN_USE if kind in known and kind != open_.changed)
    return ChangeOverForm(open_.changed, open_.before, open_.to, in_use, tuple(_rows(open_, dialog)))


def _rows(open_: ChangeOver, dialog: Dialog) -> Iterator[CheckRow]:
    answers = _answers(open_)
    left = [one.text for one in open_.left]
    for text, given in answers.items():
        if text not in left:
            yield CheckRow(text, given, done=True)
    for number, text in enumerate(left):
        now = number == 0
        yield CheckRow(text, answers.get(text, ()), done=False, tiles=dialog.choices if now else (), now=now)


def _answers(open_: ChangeOver) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in open_.given:
        found[one.check] = (*found.get(one.check, ()), one.answer)
    return found
