"""What time does to checks: they fall due, are overdue, and are missed once the next would be due.

Only while somebody works here: what fell due in the night is due in the morning, and nobody has missed it. What was
missed calls for what the reaction document says to `check_missed`; where that asks for the cause, it is asked there and
not twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.reactions import OpenReaction
from gaugetrail_agent.station.memory.samples import Check, Samples
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.signals.reactions_called import SignalSeen, opened
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.effect import Effect, TellEvent
from gaugetrail_agent.station.words.happening import Tick, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_agent.station.workflow.sampling.due import lateness, samples_of
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.events.checks import CheckMissed

CHECK = "check "
"""A check that is late is told under this and its characteristic's name."""
ABOUT_MISSED = "check missed"
MOST_CAUSES = 20


def time_passes(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What is late is told; what is missed is a record, and its cause is asked."""
    if isinstance(event, Woke):
        state = replace(state, boot=event.now.boot)
    state, effects = _missed(setup, state, event.now) if state.operator is not None else (state, ())
    return _asked(_with_notices(setup, state, event.now)), effects


def _checks(setup: Setup, samples: Samples) -> Iterator[tuple[Plan, Characteristic, Check]]:
    """All checks by time of the plans that have been worked by."""
    for plan in setup.plans:
        if plan.ref.id in samples.plans and plan.file.sampling == "by_frequency":
            own = samples_of(samples, plan).checks
            for one in plan.characteristics:
                if one.every_mins is not None and one.name in own:
                    yield plan, one, own[one.name]


def _missed(setup: Setup, state: StationState, now: Moment) -> Step:
    effects: list[Effect] = []
    for plan, one, check in list(_checks(setup, state.memory.samples)):
        if lateness(one, check, now) == "missed":
            state = _counted(state, plan, one, check)
            effects.append(_told(setup, state, plan, one))
            state = _reacted(setup, state, plan, one, now)
    return state, tuple(effects)


def _counted(state: StationState, plan: Plan, one: Characteristic, check: Check) -> StationState:
    samples = state.memory.samples
    own = samples_of(samples, plan)
    late = msgspec.structs.replace(check, missed=check.missed + 1)
    own = msgspec.structs.replace(own, checks={**own.checks, one.name: late})
    samples = msgspec.structs.replace(samples, plans={**samples.plans, plan.ref.id: own})
    return replace(state, memory=msgspec.structs.replace(state.memory, samples=samples))


def _reacted(setup: Setup, state: StationState, plan: Plan, one: Characteristic, now: Moment) -> StationState:
    """What the reaction document says to it; else its cause is asked. A reaction that is open is not opened twice."""
    facts = setup.devices.get(one.device or "")
    gauge = None if facts is None else facts.gauge
    memory = state.memory
    if not any(_is_open(each, one) for each in memory.reactions.open):
        seen = SignalSeen(("check_missed",), utc_text(now.at_us), one.name, plan.file.part, gauge=gauge)
        memory = opened(setup, memory, plan, seen)
    if any(_is_open(each, one) and each.waits for each in memory.reactions.open):
        return replace(state, memory=memory)
    causes = tuple(dict.fromkeys((*memory.samples.cause, one.name)))[-MOST_CAUSES:]
    samples = msgspec.structs.replace(memory.samples, cause=causes)
    return replace(state, memory=msgspec.structs.replace(memory, samples=samples))


def _is_open(reaction: OpenReaction, one: Characteristic) -> bool:
    return reaction.signal == "check_missed" and one.name in reaction.characteristics


def _told(setup: Setup, state: StationState, plan: Plan, one: Characteristic) -> TellEvent:
    missed = samples_of(state.memory.samples, plan).checks[one.name].missed
    payload = CheckMissed(characteristic=one.name, plan=plan.ref.id, every_mins=f"{one.every_mins:g}", missed=missed)
    return said_by_person(setup, state, payload)


def _with_notices(setup: Setup, state: StationState, now: Moment) -> StationState:
    others = {about: one for about, one in state.notices.items() if not about.startswith(CHECK)}
    notices = {**others, **_notices(setup, state.memory.samples, now)}
    return state if notices == state.notices else replace(state, notices=notices)


def _notices(setup: Setup, samples: Samples, now: Moment) -> Mapping[str, Notice]:
    told = {}
    for _, one, check in _checks(setup, samples):
        late, title = lateness(one, check, now), one.title or one.name
        if late == "due":
            told[f"{CHECK}{one.name}"] = Notice("amber", said("notice.check_due", characteristic=title))
        elif late != "not yet":
            told[f"{CHECK}{one.name}"] = Notice("red", said("notice.check_overdue", characteristic=title))
    return told


def _asked(state: StationState) -> StationState:
    """Between two units, once somebody is here."""
    busy = state.unit is not None or state.unfinished is not None or state.dialog is not None or state.pin is not None
    missed = state.memory.samples.cause
    if busy or state.operator is None or not missed:
        return state
    asks = said("check.why_missed", characteristics=", ".join(missed))
    return replace(state, dialog=Dialog(ABOUT_MISSED, asks, data=missed, may_cancel=False))
