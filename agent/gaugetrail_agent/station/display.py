"""What a station shows: what it waits for, what it asks for now, and what it has just said.

A `Display` holds sentences by id; `document` puts them into words of a language, for a terminal. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.languages.sentences import Language, Sentence, said
from gaugetrail_agent.station.choosing.order_choice import as_told
from gaugetrail_agent.station.choosing.plan_choice import at_work
from gaugetrail_agent.station.finishing import still_open
from gaugetrail_agent.station.freshness import Obstacle
from gaugetrail_agent.station.readings.placements import waits_on, why
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.standing_messages import StandingMessage, messages
from gaugetrail_agent.station.unfinished import CANCEL, GO_ON
from gaugetrail_agent.station.words.dialog import Choice
from gaugetrail_agent.station.words.notice import Light, Sign
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import InspectionBody, PlanRef

Waits = Literal["wait_operator", "wait_pin", "wait_answer", "wait_unit", "measuring", "sealing", "refused", "wait_plc"]
WORST_FIRST: tuple[Sign, ...] = ("red", "amber", "green")
TO_DO = frozenset({Obstacle.SPENT, Obstacle.BEFORE_START, Obstacle.BEFORE_SCAN})
"""What stays so until the operator does something about it."""


@dataclass(frozen=True, slots=True)
class Display:
    """One moment of a station."""

    station: str
    waits: Waits
    plan: PlanRef | None
    """Null while no unit says which of several it is."""
    asks: Sentence
    light: Light
    next: Characteristic | None
    state: StationState
    speaks: tuple[str | None, ...] = ()
    """Codes of the languages for whoever is here: their own, then the station's."""
    messages: tuple[StandingMessage, ...] = ()
    """To be read by whoever is here."""

    def document(self, language: Language) -> dict[str, object]:
        """The JSON object that terminals get: each sentence in words, with its id beside it."""
        wanted, state = self.next, self.state
        return {
            "station": self.station,
            "state": self.waits,
            "prompt": language.text(self.asks),
            "asks": self.asks.id,
            "masked": state.pin is not None,
            "operator": state.operator,
            "plan": self.plan.id if self.plan else None,
            "revision": self.plan.revision if self.plan else None,
            "plan_sha256": self.plan.sha256 if self.plan else None,
            "serial": state.unit.serial if state.unit else None,
            "next": wanted.name if wanted else None,
            "device": wanted.device if wanted else None,
            "unit": wanted.unit if wanted else None,
            "light": self.light,
            "message": language.text(state.says) if state.says else "",
            "says": state.says.id if state.says else None,
            "last": self._last(),
            "sign": self.sign,
            "notices": [self._notice(about, language) for about in self._noticed()],
            "messages": [self._message(one, language) for one in self.messages],
            "all_well": language.text(said("notice.all_well")),
            "overrides": state.overrides,
            "order": as_told(state.order),
            "choices": [self._choice(one, language) for one in state.dialog.choices] if state.dialog else [],
        }

    @property
    def sign(self) -> Sign:
        """The worst of what is told; green when nothing is."""
        signs = {notice.sign for notice in self.state.notices.values()}
        return next((sign for sign in WORST_FIRST if sign in signs), "green")

    def _noticed(self) -> list[str]:
        """What is told of, the worst first."""
        notices = self.state.notices
        return sorted(notices, key=lambda about: (WORST_FIRST.index(notices[about].sign), about))

    def _notice(self, about: str, language: Language) -> dict[str, str]:
        one = self.state.notices[about]
        return {"about": about, "sign": one.sign, "says": one.says.id, "text": language.text(one.says)}

    @staticmethod
    def _message(one: StandingMessage, language: Language) -> dict[str, str]:
        return {"key": one.key, "kind": one.kind, "text": language.text(one.says)}

    @staticmethod
    def _choice(one: Choice, language: Language) -> dict[str, str]:
        return {"code": one.code, "says": one.says.id, "text": language.text(one.says)}

    def _last(self) -> dict[str, object] | None:
        """What was recorded last, and nothing that is not."""
        last = self.state.last
        if last is None:
            return None
        return {"serial": last.serial, "verdict": str(last.verdict), "record": last.record, "recorded": True}


def display(setup: Setup, state: StationState) -> Display:
    """What the station shows of this state."""
    setup = at_work(setup, state)
    return Display(
        station=setup.station,
        waits=waits_for(state, setup.mode),
        plan=setup.plan.ref if len(setup.plans) == 1 or state.unit is not None else None,
        asks=prompt(setup, state),
        light=_light(setup, state),
        next=next_characteristic(setup, state),
        state=state,
        speaks=(_language(setup, state), setup.language),
        messages=messages(setup, state),
    )


def _language(setup: Setup, state: StationState) -> str | None:
    here = state.operator if state.pin is None else state.pin.badge
    person = None if setup.people is None else setup.people.get(here)
    return None if person is None else person.language


def next_characteristic(setup: Setup, state: StationState) -> Characteristic | None:
    """The first characteristic of the plan that the unit in hand still lacks; null without a unit."""
    if state.unit is None:
        return None
    setup = at_work(setup, state)
    return next(iter(still_open(setup, state.unit)), None)


def waits_for(state: StationState, mode: str) -> Waits:
    """One word for the status document and the terminal."""
    if state.sealing is not None:
        return "refused" if state.refused else "sealing"
    if mode == "automatic":
        return "wait_plc"
    if state.pin is not None:
        return "wait_pin"
    if state.operator is None:
        return "wait_operator"
    if state.dialog is not None:
        return "wait_answer"
    return "wait_unit" if state.unit is None else "measuring"


def prompt(setup: Setup, state: StationState) -> Sentence:
    """What the operator is asked to do now."""
    setup = at_work(setup, state)
    left = state.unfinished
    match waits_for(state, setup.mode):
        case "wait_operator":
            return said("prompt.scan_badge") if left is None else said("prompt.unfinished_badge", serial=_serial(left))
        case "wait_pin":
            assert state.pin is not None, "a PIN is waited for"
            return said("prompt.enter_pin", badge=state.pin.badge)
        case "wait_answer":
            assert state.dialog is not None, "something is asked"
            return state.dialog.asks
        case "wait_unit":
            return _scan_unit(setup, state) if left is None else _go_on_or_cancel(left)
        case "measuring":
            assert state.unit is not None, "something is measured"
            return _measure(setup, state, state.unit)
        case "sealing":
            return said("record.being_recorded")
        case "refused":
            return said("prompt.not_recorded")
        case "wait_plc":
            return said("prompt.wait_plc")


def _scan_unit(setup: Setup, state: StationState) -> Sentence:
    if state.order is None and setup.orders_wanted == "required":
        return said("prompt.scan_order")
    if state.order is None:
        return said("prompt.scan_unit")
    order, done = state.order.order, str(state.order.count.done)
    return said("prompt.scan_unit_of", order=order.id, done=done, quantity=str(order.quantity))


def _go_on_or_cancel(left: InspectionBody) -> Sentence:
    return said("prompt.unfinished", serial=_serial(left), go_on=GO_ON, cancel=CANCEL)


def _serial(left: InspectionBody) -> str:
    return left.serial or left.lot or ""


def _measure(setup: Setup, state: StationState, unit: Unit) -> Sentence:
    """What is wanted now; or why it can't be had yet, and what to do about that."""
    wanted = _next(setup, state)
    title = wanted.title or wanted.name
    if wanted.device is None:
        return said("prompt.enter", characteristic=title)
    trouble = state.notices.get(f"device {wanted.device}")
    if trouble is not None:
        return said("prompt.trouble", characteristic=title, trouble=trouble.says)
    kept = waits_on(setup, state, unit, wanted)
    if kept is not None:
        return why(setup, state, unit, wanted, kept)
    then = _same_gauge(setup, unit, wanted)
    if then is not None:
        return said("prompt.measure_first", characteristic=title, device=wanted.device, then=then.title or then.name)
    return said("prompt.measure", characteristic=title, device=wanted.device)


def _same_gauge(setup: Setup, unit: Unit, wanted: Characteristic) -> Characteristic | None:
    """What the same gauge measures after this one, where only the order tells the two apart."""
    later = (one for one in still_open(setup, unit) if one.device == wanted.device and one.name != wanted.name)
    return next((one for one in later if None in (one.channel, wanted.channel) or one.channel == wanted.channel), None)


def _next(setup: Setup, state: StationState) -> Characteristic:
    wanted = next_characteristic(setup, state)
    assert wanted is not None, "a unit in hand lacks something, else it were being recorded"
    return wanted


def _light(setup: Setup, state: StationState) -> Light:
    """Amber while the part waits for the operator; a red or green light stays."""
    if state.light != "off" or state.unit is None or state.sealing is not None:
        return state.light
    wanted = _next(setup, state)
    return "amber" if waits_on(setup, state, state.unit, wanted) in TO_DO else "off"
