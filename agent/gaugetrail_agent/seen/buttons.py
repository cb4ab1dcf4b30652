"""What can be pressed at a station now: each button is a word that a scan or a key would send. Pure.

Promise: nothing is offered that the station would not take in this state; what it makes of it, its rules decide. A
word's text on the button is a message of the page's catalogues (`N_`), an answer's is the station's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.choosing.order_choice import NO_ORDER
from gaugetrail_agent.station.choosing.plan_choice import at_work
from gaugetrail_agent.station.display import next_characteristic, waits_for
from gaugetrail_agent.station.locks.allowing import ALLOW
from gaugetrail_agent.station.locks.pin_asking import LOGOFF
from gaugetrail_agent.station.readings.entering import NOK_CODE, OK_CODE
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL, GO_ON
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.bypassing import BYPASS, OFF
from gaugetrail_agent.station.workflow.messages.handover import HANDOVER
from gaugetrail_agent.station.workflow.messages.suggesting import SUGGEST
from gaugetrail_agent.station.workflow.order_list import ORDERS
from gaugetrail_agent.station.workflow.sampling.words import CHANGED, REASON
from gaugetrail_agent.station.workflow.speaking_up import ABOUT_CALL, ABOUT_NOTE, CALL, HERE, NOTE
from gaugetrail_agent.station.workflow.steps_back import AGAIN, BY_HAND, SKIP, UNDO
from gaugetrail_agent.station.workflow.unit_states.deciding import CONCESSION, HOLD, RELEASE, REWORK, SCRAP
from gaugetrail_contract.record import Capture, CharacteristicKind
from gaugetrail_contract.unit_states.changes import DECIDING, JUDGING, SORTING, Deciders

Look = Literal["good", "bad", "plain"]
Pad = Literal["", "pin", "number", "letters", "more", "papers", "defects"]
"""What lies open to touch: `more` lists every word that there is, `papers` the documents that hold; on `defects` a
defect is put together of its code, its place and how many there are.
"""


def N_(message: str) -> str:  # noqa: N802 (the name that message catalogues are made by)
    """Marks a message for the catalogues."""
    return message


@dataclass(frozen=True, slots=True)
class Button:
    """One button. `sends` goes to the station at once; with `opens` it stands before what is typed on that pad."""

    text: str
    sends: str
    look: Look = "plain"
    opens: Pad = ""
    more: str = ""
    """What stands on it beside the text and is never translated: a defect code."""
    says: Sentence | None = None
    """What stands on it instead, in the station's words."""


MOST_ALTERNATIVES = 6
MORE = Button(N_("More"), "", opens="more")
PAPERS = Button(N_("Documents"), "", opens="papers")


def buttons(setup: Setup, state: StationState, defects: tuple[str, ...] = ()) -> tuple[Button, ...]:
    """All of them, in their order on the screen."""
    setup = at_work(setup, state)
    match waits_for(state, setup.mode):
        case "wait_operator":
            return (Button(N_("Type the badge"), "", opens="letters"),)
        case "wait_pin":
            return (Button(N_("Not me"), LOGOFF),)
        case "wait_answer":
            return () if state.dialog is None else (*_answers(state.dialog), *_meanwhile(state, state.dialog))
        case "wait_unit":
            leaving = (*_passing_on(between_units=True), Button(N_("Log off"), LOGOFF), PAPERS, MORE)
            return (*_between_units(setup, state), *_deciding(setup, state), *_speaking_up(state), *leaving)
        case "measuring":
            speaking = (*_speaking_up(state), *_passing_on(between_units=False), PAPERS, MORE)
            return (*_with_unit(setup, state, defects), *_deciding(setup, state), *speaking)
        case _:
            return ()


def pad_of(setup: Setup, state: StationState) -> Pad:
    """The pad that lies open by itself, because a value is typed or a PIN."""
    if state.pin is not None:
        return "pin"
    if state.dialog is not None:
        return "" if state.dialog.choices or state.dialog.takes_badge else "letters"
    wanted = next_characteristic(setup, state)
    if wanted is None or wanted.device is not None or wanted.entry == "scanned":
        return ""
    by_kind: dict[CharacteristicKind, Pad] = {
        CharacteristicKind.ATTRIBUTE: "",
        CharacteristicKind.TEXT: "letters",
        CharacteristicKind.COUNT: "number",
        CharacteristicKind.VARIABLE: "number",
    }
    return by_kind[wanted.kind]


def _between_units(setup: Setup, state: StationState) -> Iterator[Button]:
    if state.unfinished is not None:
        yield Button(N_("Go on with it"), GO_ON, "good")
        yield Button(N_("End it incomplete"), CANCEL, "bad")
        return
    yield Button(N_("Type the unit"), "", opens="letters")
    if setup.orders is not None:
        yield Button(N_("Choose the order"), ORDERS)
    if state.order is not None:
        yield Button(N_("No order any more"), NO_ORDER)
    yield Button(N_("Why it is inspected"), REASON)
    yield Button(N_("Something was changed"), CHANGED)
    yield from _alternatives(setup, state)
    yield from _allowing(setup, state)


def _alternatives(setup: Setup, state: StationState) -> Iterator[Button]:
    """Approved alternative controls, each with the reason that is typed; or the planned way again."""
    if state.memory.bypasses.open:
        yield Button(N_("The planned way again"), f"{BYPASS}:{OFF}")
    in_force = {one.id for one in state.memory.bypasses.open}
    named = dict.fromkeys(one.id for plan in setup.plans for one in plan.file.bypass if one.id not in in_force)
    for name in list(named)[:MOST_ALTERNATIVES]:
        yield Button(N_("Alternative control: say why"), f"{BYPASS}:{name} ", opens="letters", more=name)


def _answers(dialog: Dialog) -> Iterator[Button]:
    """To what is asked; a text of one's own is typed."""
    for one in dialog.choices:
        yield Button("", one.code, says=one.says)
    if dialog.takes_badge:
        yield Button(N_("Type the badge"), "", opens="letters")
    if dialog.takes_unit and dialog.choices:
        yield Button(N_("Type the unit"), "", opens="letters")
    if dialog.may_cancel:
        yield Button(N_("Leave it as it was"), CANCEL)


def _meanwhile(state: StationState, dialog: Dialog) -> Iterator[Button]:
    """What may be done while something is asked."""
    if dialog.about not in (ABOUT_CALL, ABOUT_NOTE):
        yield Button(N_("Note"), NOTE)
        yield Button(N_("Call somebody"), CALL)
        if state.memory.calls.waiting:
            yield Button(N_("Somebody is here"), f"{CALL}:{HERE}")
    yield PAPERS


def _speaking_up(state: StationState) -> Iterator[Button]:
    yield Button(N_("Note"), NOTE)
    yield Button(N_("Call somebody"), CALL)
    if state.memory.calls.waiting:
        yield Button(N_("Somebody is here"), f"{CALL}:{HERE}")


def _passing_on(*, between_units: bool) -> Iterator[Button]:
    yield Button(N_("Suggest something"), SUGGEST)
    if between_units:
        yield Button(N_("Note to whoever comes next"), HANDOVER)


DECISIONS = (
    (Button(N_("Hold"), HOLD), None),
    (Button(N_("Rework"), REWORK), SORTING),
    (Button(N_("Scrap"), SCRAP), JUDGING),
    (Button(N_("Release"), RELEASE), JUDGING),
    (Button(N_("Concession"), CONCESSION), DECIDING),
)
"""What may be said of a unit, and of which roles somebody is who says it themself; null: everybody."""


def _deciding(setup: Setup, state: StationState) -> Iterator[Button]:
    """Whoever hasn't the role finds these words under More, and asks somebody for their badge. What lets go isn't said
    of the unit in hand.
    """
    if state.unfinished is not None:
        return
    person = None if setup.people is None else setup.people.get(state.operator)
    roles = frozenset[str]() if person is None else frozenset(person.roles)
    for button, deciders in DECISIONS:
        in_hand = state.unit is not None and button.sends in (RELEASE, CONCESSION)
        if not in_hand and (deciders is None or _is_one_of(deciders, roles)):
            yield button


def _is_one_of(deciders: Deciders, roles: frozenset[str]) -> bool:
    return any(deciders.include(role) for role in roles)


def _with_unit(setup: Setup, state: StationState, defects: tuple[str, ...]) -> Iterator[Button]:
    if state.question is not None:
        yield Button(N_("The value is true"), OK_CODE, "good")
    wanted = next_characteristic(setup, state)
    if wanted is not None and wanted.device is None and wanted.kind is CharacteristicKind.ATTRIBUTE:
        yield Button(N_("OK"), OK_CODE, "good")
        yield Button(N_("Not OK"), NOK_CODE, "bad")
        for code in wanted.defects or defects:
            yield Button(N_("Not OK"), f"{NOK_CODE}:{code}", "bad", more=code)
        if wanted.defects or defects:
            yield Button(N_("Not OK: where, how many"), f"{NOK_CODE}:", "bad", opens="defects")
        if not wanted.defects:
            yield Button(N_("Not OK: type the defect"), f"{NOK_CODE}:", "bad", opens="letters")
    yield from _steps_back(state)
    if wanted is not None and wanted.skip != "never":
        yield Button(N_("Leave this out"), SKIP)
    yield from _allowing(setup, state)
    yield Button(N_("End it incomplete"), CANCEL)


def _steps_back(state: StationState) -> Iterator[Button]:
    """What was taken last once more; what a person entered is taken back without a reason."""
    taken = () if state.unit is None else state.unit.taken
    last = next((one for one in reversed(taken) if one.capture is not Capture.DERIVED), None)
    if last is not None:
        yield Button(N_("Measure again"), AGAIN)
    if last is not None and last.capture in BY_HAND:
        yield Button(N_("Take back"), UNDO)


def _allowing(setup: Setup, state: StationState) -> Iterator[Button]:
    if state.lock is not None and setup.override_roles:
        yield Button(N_("Ask to allow it: say why"), f"{ALLOW}:", opens="letters")
