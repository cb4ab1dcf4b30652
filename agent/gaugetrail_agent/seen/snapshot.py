"""One moment of a station, whole, as its page shows it. Pure: from the setup, the state and what was made.

Promise: a value always stands beside the characteristic that it is of; what is shown as pass or fail is committed (the
station shows nothing else, G11). Sentences stay ids until they are drawn in somebody's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence, Term
from gaugetrail_agent.seen.buttons import Button, Pad, buttons, pad_of
from gaugetrail_agent.seen.due_signs import DueSign, due_signs
from gaugetrail_agent.seen.forms.open_form import Form, open_form
from gaugetrail_agent.seen.made import Made
from gaugetrail_agent.seen.papers import Paper, papers_of
from gaugetrail_agent.seen.scale import LimitScale, scale_of
from gaugetrail_agent.station.choosing.plan_choice import at_work, part_of
from gaugetrail_agent.station.display import WORST_FIRST, Display, Waits, next_characteristic
from gaugetrail_agent.station.given.instructions_here import InstructionShown
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.standing_messages import StandingMessage
from gaugetrail_agent.station.words.dialog import Choice
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.before_unit.instruction import shown_for
from gaugetrail_contract.documents.limits import ChartLimits
from gaugetrail_contract.documents.people import Person
from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.record import CharacteristicKind, InspectionBody, Measurement, PlanRef, Verdict

Answer = Literal["", "pass", "fail", "incomplete", "stop", "look"]
"""The whole screen's word: what became of the part; `stop`: refused; `look`: something is asked of the operator."""
Tone = Literal["", "good", "bad", "refused"]
TONES: Mapping[Answer, Tone] = {
    "": "",
    "pass": "good",
    "fail": "bad",
    "incomplete": "refused",
    "stop": "refused",
    "look": "refused",
}

SIGNS: Mapping[str, str] = {"pass": "✓", "fail": "✗", "incomplete": "…", "void": "∅", "stop": "✗", "look": "!"}
"""What stands before an answer's or a verdict's word, for who sees no colours."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A characteristic with its limits, and what was measured of it: null while nothing was."""

    name: str
    title: str
    number: str | None
    unit: str | None
    nominal: str | None
    lsl: str | None
    usl: str | None
    lcl: str | None = None
    ucl: str | None = None
    device: str | None = None
    channel: str | None = None
    where: str = ""
    """Where and how it is measured, in the plan's words."""
    class_: str | None = None
    taken: Measurement | None = None

    @property
    def scale(self) -> LimitScale | None:
        """The bar that its values stand on."""
        return scale_of(self.nominal, self.lsl, self.usl)

    @property
    def result(self) -> str | None:
        """What was measured, as it is shown."""
        one = self.taken
        return None if one is None else one.value or one.text or " ".join(filter(None, (one.result, *one.defects)))


@dataclass(frozen=True, slots=True)
class UnitInHand:
    """The unit that is measured now, or was recorded last."""

    serial: str
    part: str
    revision: str | None
    in_hand: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the page shows of a station."""

    station: str
    waits: Waits
    speaks: tuple[str | None, ...]
    asks: Sentence
    says: Sentence | None
    answer: Answer
    masked: bool
    operator: str | None
    person: str
    plan: PlanRef | None
    unit: UnitInHand | None
    steps: tuple[Looked, ...]
    wanted: Looked | None
    """What is measured next."""
    last: Looked | None
    """What was measured last of that unit."""
    notices: tuple[Notice, ...]
    order: tuple[str, int, int] | None
    """Order, how many are done, how many were ordered."""
    buttons: tuple[Button, ...]
    pad: Pad
    made: Made
    charted: Looked | None = None
    """Of which characteristic `made` holds the last values."""
    messages: tuple[StandingMessage, ...] = ()
    """To be read by whoever is here; each by a name where it is known."""
    how: InstructionShown | None = None
    """How that is measured which is wanted."""
    pictures_here: frozenset[str] = frozenset()
    """Those of its pictures that have come to this PC."""
    papers: tuple[Paper, ...] = ()
    """The documents that hold now."""
    defects: tuple[str, ...] = ()
    """The codes that a defect may have."""
    form: Form | None = None
    """What is asked in several parts."""
    due: tuple[DueSign, ...] = ()
    """When what is measured of some units only is measured next."""
    choices: tuple[Choice, ...] = ()
    """What may be answered to what is asked, also where that is shown as a form."""

    @property
    def tone(self) -> Tone:
        """What is heard when it is new."""
        return TONES[self.answer]

    @property
    def step_number(self) -> int | None:
        """The wanted step's number, from one."""
        names = [one.name for one in self.steps]
        return names.index(self.wanted.name) + 1 if self.wanted is not None and self.wanted.name in names else None


@dataclass(frozen=True, slots=True)
class ShownMoment:
    """What a snapshot is made of, as the agent's loop hands it on."""

    setup: Setup
    shown: Display
    made: Made
    now: Moment | None = None
    has_file: Callable[[str], bool] = field(default=lambda _: False, compare=False)
    """Whether a picture has come to this PC."""


def charted(setup: Setup, state: StationState, last: InspectionBody | None) -> tuple[str, str]:
    """Plan and characteristic whose last values are worth a look: the one measured now, else the last one with a
    value.
    """
    wanted = next_characteristic(setup, state)
    if wanted is not None:
        return at_work(setup, state).plan.ref.id, wanted.name
    valued = [one for one in last.measurements if one.value is not None] if last is not None else []
    return (last.plan.id, _worth_a_look(valued, in_hand=False)) if last is not None else ("", "")


def snapshot(moment: ShownMoment) -> Snapshot:
    """The moment, looked at."""
    shown, made, state = moment.shown, moment.made, moment.shown.state
    setup = at_work(moment.setup, state)
    person = None if setup.people is None else setup.people.get(state.operator)
    plan = _plan(setup, state, made)
    taken = _taken(state, made)
    steps = tuple(_steps(setup, plan, taken)) if plan is not None else ()
    by_name = {one.name: one for one in steps}
    wanted = None if shown.next is None else by_name.get(shown.next.name)
    _, of_chart = charted(setup, state, made.last)
    form = open_form(setup, state)
    how = None if shown.next is None else shown_for(setup, setup.plan, state.unit, shown.next)
    return Snapshot(
        station=shown.station,
        waits=shown.waits,
        speaks=shown.speaks,
        asks=shown.asks,
        says=state.says,
        answer=answer(shown),
        masked=state.pin is not None,
        operator=state.operator,
        person=_called(person, state.operator),
        plan=shown.plan if plan is None else plan.ref,
        unit=_unit(setup, state, made),
        steps=steps,
        wanted=wanted,
        last=by_name.get(_worth_a_look(taken, in_hand=state.unit is not None)),
        notices=tuple(sorted(state.notices.values(), key=lambda one: WORST_FIRST.index(one.sign))),
        order=None if state.order is None else _order(state),
        buttons=tuple(one for one in buttons(setup, state, made.defects) if form is None or one.says is None),
        pad=pad_of(setup, state),
        made=made,
        charted=by_name.get(of_chart),
        messages=tuple(_messages(setup, shown)),
        how=how,
        pictures_here=frozenset(filter(moment.has_file, _pictures(how))),
        papers=papers_of(moment.setup, state),
        defects=() if shown.next is None else (shown.next.defects or made.defects),
        form=form,
        due=() if moment.now is None else due_signs(moment.setup, state, moment.now),
        choices=() if state.dialog is None else state.dialog.choices,
    )


def _pictures(how: InstructionShown | None) -> Iterator[str]:
    return (one.sha256 for step in (() if how is None else how.steps) for one in step.picture)


def _messages(setup: Setup, shown: Display) -> Iterator[StandingMessage]:
    for one in shown.messages:
        person = None if setup.people is None else setup.people.get(one.by)
        yield replace(one, by=_called(person, one.by))


def answer(shown: Display) -> Answer:
    """What the light says, in a word."""
    state = shown.state
    match shown.light:
        case "green":
            return "pass"
        case "amber":
            return "look"
        case "red":
            return _red(state)
        case "off":
            return ""


def _red(state: StationState) -> Answer:
    """A part that failed, or something that was refused."""
    says = state.says
    if says is not None and isinstance(recorded := says.values.get("recorded"), Sentence):
        says = recorded  # of a first piece: what became of it, and what that means for the next
    if says is None or says.id.partition(".")[0] not in ("record", "value"):
        return "stop"
    verdict = says.values.get("verdict")
    if says.id == "value.taken_and":
        return "fail"
    if not isinstance(verdict, Term):
        return "stop"
    return "incomplete" if verdict.name == Verdict.INCOMPLETE else "fail"


def _called(person: Person | None, badge: str | None) -> str:
    return (person.name if person is not None else "") or badge or ""


def _order(state: StationState) -> tuple[str, int, int]:
    assert state.order is not None
    return state.order.order.id, state.order.count.done, state.order.order.quantity


# --- the unit and what was measured of it


def _plan(setup: Setup, state: StationState, made: Made) -> Plan | None:
    """The plan of the unit in hand, else of the one that is or was recorded last; of a station with one plan, that."""
    if state.unit is not None:
        return setup.plan
    body = state.sealing or made.last
    found = None if body is None else setup.plan_of(body.plan)
    return found or (setup.plans[0] if len(setup.plans) == 1 else None)


def _taken(state: StationState, made: Made) -> tuple[Measurement, ...]:
    if state.unit is not None:
        return state.unit.taken
    body = state.sealing or made.last
    return () if body is None else body.measurements


def _worth_a_look(taken: Sequence[Measurement], *, in_hand: bool) -> str:
    """Of a unit in hand the newest; of one that is recorded what failed, for that is asked."""
    failed = [one for one in taken if one.verdict is Verdict.FAIL and not in_hand]
    return (failed[0] if failed else taken[-1]).characteristic if taken else ""


def _unit(setup: Setup, state: StationState, made: Made) -> UnitInHand | None:
    if state.unit is not None:
        part = part_of(setup.plan, state.unit.ids)
        return UnitInHand(state.unit.serial, part.part, part.revision, in_hand=True)
    body = state.sealing or made.last
    if body is None:
        return None
    return UnitInHand(body.serial or body.lot or "", body.part, body.revision, in_hand=state.sealing is not None)


def _steps(setup: Setup, plan: Plan, taken: tuple[Measurement, ...]) -> Iterator[Looked]:
    by_name = {one.characteristic: one for one in taken}
    for one in plan.characteristics:
        limits = _control(setup, plan, one)
        yield Looked(
            name=one.name,
            title=one.title or one.name,
            number=one.balloon or one.number,
            unit=one.unit,
            nominal=one.nominal,
            lsl=one.lsl,
            usl=one.usl,
            lcl=None if limits is None else limits.lcl,
            ucl=None if limits is None else limits.ucl,
            device=one.device,
            channel=one.channel,
            where=" · ".join(filter(None, (one.instruction, one.method))),
            class_=one.class_,
            taken=by_name.get(one.name),
        )


def _control(setup: Setup, plan: Plan, one: Characteristic) -> ChartLimits | None:
    """Control limits of single values; those of means would be read as if they were of each value."""
    if one.kind is not CharacteristicKind.VARIABLE:
        return None
    found = next((limits for limits in setup.limits if _is_for(limits, setup, plan, one)), None)
    return None if found is None else found.document.of("i")


def _is_for(limits: LimitsHere, setup: Setup, plan: Plan, one: Characteristic) -> bool:
    mine = limits.document
    return (
        mine.type == "imr"
        and mine.characteristic == one.name
        and mine.unit in (None, one.unit)
        and mine.station in (None, setup.station)
        and any(mine.is_for(part.part, part.revision, setup.operation) for part in plan.file.parts)
    )
