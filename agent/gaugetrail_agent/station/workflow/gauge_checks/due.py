"""Which gauges must be checked here, and whether one may measure now. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gaugetrail_agent.languages.sentences import SentenceValue, said
from gaugetrail_agent.station.memory import Moment, StationMemory
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Tick, ValueCame, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.words.unit import Lock, Unit
from gaugetrail_contract.documents.master_check import MasterCheck
from gaugetrail_contract.documents.plan import Characteristic, Plan

Standing = Literal["fresh", "due", "overdue"]
NOTICE = "master check "
MINUTE = 60
CHECK = "%CHECK"


def how_to_check(setup: Setup) -> SentenceValue:
    """What is to be done where a check is wanted: nobody scans anything at an automatic station."""
    return said("check.at_the_machine") if setup.mode == "automatic" else CHECK


@dataclass(frozen=True, slots=True)
class CheckHere:
    """One `[[check]]` with the gauge that is meant by it at this station."""

    plan: Plan
    check: MasterCheck
    wanted: Characteristic
    device: str
    gauge: str


def checks_here(setup: Setup, plans: tuple[Plan, ...]) -> Iterator[CheckHere]:
    """All checks of these plans; one whose device has no gauge number can't be told apart from another gauge's."""
    for plan in plans:
        planned = {one.name: one for one in plan.characteristics}
        for check in plan.file.check:
            wanted = planned[check.characteristic]
            facts = setup.devices.get(wanted.device or "")
            if wanted.device is not None and facts is not None and facts.gauge is not None:
                yield CheckHere(plan, check, wanted, wanted.device, facts.gauge)


def checks_with(setup: Setup, master: str) -> tuple[CheckHere, ...]:
    """What is checked here with the piece of that number; nothing where it is no master."""
    return tuple(one for one in checks_here(setup, setup.plans) if one.check.master == master)


def standing(memory: StationMemory, one: CheckHere, now: Moment) -> Standing:
    """How the check stands at that moment. A gauge that never passed one here is overdue."""
    known = memory.gauge_checks.of(one.gauge, one.check.characteristic)
    if known.good is None:
        return "overdue"
    if one.check.per_shift and memory.samples.happened.get("shift", 0) != known.shifts:
        return "overdue"
    if one.check.every_mins is None:
        return "fresh"
    late = known.good.secs_until(now) - one.check.every_mins * MINUTE
    if late <= 0:
        return "fresh"
    return "due" if late <= one.check.grace_mins * MINUTE else "overdue"


def gauge_not_checked(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame
) -> Lock | None:
    """Why nothing may be measured with this gauge now: it is blocked here, or its check is overdue."""
    gauge = setup.devices[event.device].gauge
    blocked = state.memory.gauge_checks.blocked.get(gauge or "")
    if gauge is None:
        return None
    if blocked is not None:
        says = said("value.gauge_blocked_here", gauge=gauge, why=blocked.why, check=how_to_check(setup))
        return Lock(says, (says.id, gauge, ""))
    now = Moment(event.at_us, event.mono_ns, state.boot)
    plan = setup.plan if unit.plan is None else unit.plan
    for one in checks_here(setup, (plan,)):
        if one.gauge == gauge and standing(state.memory, one, now) == "overdue":
            says = said("value.gauge_check_overdue", gauge=gauge, master=one.check.master, check=how_to_check(setup))
            return Lock(says, (says.id, gauge, ""))
    return None


def checks_told(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What is due or overdue, and which gauges are blocked, stands among the notices."""
    others = {about: one for about, one in state.notices.items() if not about.startswith(NOTICE)}
    notices = dict(others)
    for one in checks_here(setup, setup.plans):
        stands = standing(state.memory, one, event.now)
        if stands != "fresh" and one.gauge not in state.memory.gauge_checks.blocked:
            says = said("check.wanted", gauge=one.gauge, master=one.check.master, check=how_to_check(setup))
            notices[f"{NOTICE}{one.gauge}"] = Notice("red" if stands == "overdue" else "amber", says)
    for gauge, why in state.memory.gauge_checks.blocked.items():
        notices[f"{NOTICE}{gauge}"] = Notice("red", said("check.blocked", gauge=gauge, why=why.why))
    return (state if notices == state.notices else replace(state, notices=notices)), ()
