"""What a station shows: what it waits for, what it asks for now, and what it has just said.

A `Display` holds sentences by id; `document` puts them into words of a language, for a terminal. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.languages.sentences import Language, Sentence, said
from gaugetrail_agent.station.finishing import still_open
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words import StationState
from gaugetrail_contract.documents.files import Characteristic
from gaugetrail_contract.record import PlanRef

Waits = Literal["wait_operator", "wait_unit", "measuring", "sealing", "refused", "wait_plc"]


@dataclass(frozen=True, slots=True)
class Display:
    """One moment of a station."""

    station: str
    waits: Waits
    plan: PlanRef
    asks: Sentence
    next: Characteristic | None
    state: StationState

    def document(self, language: Language) -> dict[str, object]:
        """The JSON object that terminals get: each sentence in words, with its id beside it."""
        wanted, state = self.next, self.state
        return {
            "station": self.station,
            "state": self.waits,
            "prompt": language.text(self.asks),
            "asks": self.asks.id,
            "operator": state.operator,
            "plan": self.plan.id,
            "revision": self.plan.revision,
            "plan_sha256": self.plan.sha256,
            "serial": state.unit.serial if state.unit else None,
            "next": wanted.name if wanted else None,
            "device": wanted.device if wanted else None,
            "unit": wanted.unit if wanted else None,
            "light": state.light,
            "message": language.text(state.says) if state.says else "",
            "says": state.says.id if state.says else None,
            "last": self._last(),
        }

    def _last(self) -> dict[str, object] | None:
        """What was recorded last, and nothing that is not."""
        last = self.state.last
        if last is None:
            return None
        return {"serial": last.serial, "verdict": str(last.verdict), "record": last.record, "recorded": True}


def display(setup: Setup, state: StationState) -> Display:
    """What the station shows of this state."""
    return Display(
        station=setup.station,
        waits=waits_for(state, setup.mode),
        plan=setup.plan.ref,
        asks=prompt(setup, state),
        next=next_characteristic(setup, state),
        state=state,
    )


def next_characteristic(setup: Setup, state: StationState) -> Characteristic | None:
    """The first characteristic of the plan that the unit in hand still lacks; null without a unit."""
    if state.unit is None:
        return None
    return next(iter(still_open(setup, state.unit)), None)


def waits_for(state: StationState, mode: str) -> Waits:
    """One word for the status document and the terminal."""
    if state.sealing is not None:
        return "refused" if state.refused else "sealing"
    if mode == "automatic":
        return "wait_plc"
    if state.operator is None:
        return "wait_operator"
    return "wait_unit" if state.unit is None else "measuring"


def prompt(setup: Setup, state: StationState) -> Sentence:
    """What the operator is asked to do now."""
    match waits_for(state, setup.mode):
        case "wait_operator":
            return said("prompt.scan_badge")
        case "wait_unit":
            return said("prompt.scan_unit")
        case "measuring":
            return _measure(next_characteristic(setup, state))
        case "sealing":
            return said("record.being_recorded")
        case "refused":
            return said("prompt.not_recorded")
        case "wait_plc":
            return said("prompt.wait_plc")


def _measure(wanted: Characteristic | None) -> Sentence:
    assert wanted is not None, "a unit in hand lacks something, else it were being recorded"
    title = wanted.title or wanted.name
    if wanted.device is None:
        return said("prompt.enter", characteristic=title)
    return said("prompt.measure", characteristic=title, device=wanted.device)
