"""What the other stations and the office know of a unit: whether it may begin here, and what its record says of it.

Three things are looked at: what is held on this line (`state.held`), what the store knows of this unit (`state.past`,
asked when it is scanned), and what the plan wants of it (`after`, `on_unknown`). The later word on a unit counts, so
that a release which the list has already lifts a hold of a moment before. A unit in rework, or with a concession, is
let through, and its record says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.choosing.order_choice import order_code
from gaugetrail_agent.station.choosing.unit_code import bare_scan, identified
from gaugetrail_agent.station.memory.held import KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import BatchCame, HeldKnown, PastKnown, Scanned, StationEvent
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.gauge_checks.due import checks_with
from gaugetrail_contract.clock import to_the_minute
from gaugetrail_contract.documents.gauges import Gauge
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.history import UnitHistory, missing_operations
from gaugetrail_contract.record.parts import PastOperation, Reason, UnitState

EVERY_OPERATION = "*"
"""Stands in the route of a unit whose past nobody could tell, where the plan names no operations."""
LET_GO = frozenset({UnitState.CONCESSION, UnitState.RELEASED})
LET_ON = LET_GO | {UnitState.REWORK}
STOPPED = frozenset({UnitState.HOLD, UnitState.SCRAP})


def heard(state: StationState, event: HeldKnown | PastKnown) -> StationState:
    """What is known from now on."""
    return replace(state, held=event.held) if isinstance(event, HeldKnown) else replace(state, past=event)


def asks_about(setup: Setup, state: StationState, event: StationEvent) -> str | None:
    """The serial whose past is to be asked for before this is taken; null: it begins no unit that has one. Where nobody
    stands a PLC waits, so there it is asked only where a plan wants to know.
    """
    if setup.mode == "automatic":
        return _of_block(setup, event) if isinstance(event, BatchCame) else None
    if not isinstance(event, Scanned) or not _may_begin(state):
        return None
    scan = bare_scan(event)
    if isinstance(scan, Sentence) or scan.text.startswith("%") or setup.badge.fullmatch(scan.text):
        return None
    if setup.orders is not None and order_code(setup, scan) is not None:
        return None
    ids = identified(setup, scan)
    return None if isinstance(ids, Sentence) else ids.get("serial")


def _may_begin(state: StationState) -> bool:
    waits = (state.unit, state.sealing, state.unfinished, state.dialog, state.pin)
    return state.operator is not None and all(one is None for one in waits)


def _of_block(setup: Setup, event: BatchCame) -> str | None:
    if not any(_wants_past(plan.file) for plan in setup.plans):
        return None
    texts = (one.text for one in event.readings if one.channel == setup.serial_channel and one.text)
    serial = next(texts, "").strip()
    return serial if serial and not checks_with(setup, serial) else None


def _wants_past(plan: PlanFile) -> bool:
    return bool(plan.after) or plan.on_unknown == "refuse"


# --- whether it may begin


def barred_unit(setup: Setup, state: StationState, unit: Unit) -> Sentence | None:
    """Why the unit may not be measured here now, for all that is known of it."""
    held = state.held.barred(unit.ids.get("serial"), unit.ids.get("lot"), unit.started_us)
    held = held or _barred_by_past(setup, state, unit)
    if held is not None and _decided_here_since(state, unit, held):
        held = None
    return _route_fault(setup, state, unit) if held is None else _held(held)


def _decided_here_since(state: StationState, unit: Unit, held: ListedState) -> bool:
    """Somebody let it go, or sent it to rework, at this station, and nobody else knows yet."""
    known = state.memory.held.of("serial", unit.ids.get("serial"))
    return known is not None and known.at > held.since and known.state in LET_ON


def held_meanwhile(state: StationState, unit: Unit, now_us: int) -> UnitState | None:
    """What a unit that was begun has become by somebody's word since: on hold or scrap, so that it must not pass."""
    for kind in ("serial", "lot"):
        here = state.memory.held.of(kind, unit.ids.get(kind))
        if here is not None and here.state in STOPPED and not outdated(state, here, now_us):
            return UnitState(here.state)
    held = state.held.barred(unit.ids.get("serial"), unit.ids.get("lot"), now_us)
    if held is None or held.state not in STOPPED or _decided_here_since(state, unit, held):
        return None
    return UnitState(held.state)


def outdated(state: StationState, known: KnownState, now_us: int) -> bool:
    """Whether somebody elsewhere has let it go, or sent it to rework, after what was said of it at this station."""
    later = said_elsewhere(state, known.kind, known.id, now_us)
    return later is not None and later.since > known.at and later.state in LET_ON


def said_elsewhere(state: StationState, kind: str, name: str, now_us: int) -> ListedState | None:
    """The last word of the line's list or of the store; null: they say nothing."""
    if kind == "lot":
        return state.held.of_lot(name, now_us)
    past = state.past.history if state.past is not None and state.past.serial == name else None
    found = [one for one in (state.held.of_unit(name, now_us), None if past is None else past.unit) if one is not None]
    return max(found, key=lambda one: one.since, default=None)


def _barred_by_past(setup: Setup, state: StationState, unit: Unit) -> ListedState | None:
    """What the store says, unless a later word is on the list already."""
    past = _past_of(state, unit)
    found = None if past is None else past.barred(setup.operation or setup.station)
    listed = None if found is None else state.held.of_unit(found.id, unit.started_us)
    return found if found is None or listed is None or listed.since <= found.since else None


def _past_of(state: StationState, unit: Unit) -> UnitHistory | None:
    """What the store knows of just this unit."""
    past = state.past
    return past.history if past is not None and past.serial == unit.ids.get("serial") else None


def _held(found: ListedState) -> Sentence:
    since = to_the_minute(found.since)
    return said("unit.held", unit=found.id, state=Term(found.state), since=since, why=found.why)


def _route_fault(setup: Setup, state: StationState, unit: Unit) -> Sentence | None:
    """What the plan wants of its past, and doesn't find."""
    plan, past = _plan_of(setup, unit).file, _past_of(state, unit)
    if past is None:
        return _unknown(state, unit) if plan.on_unknown == "refuse" else None
    known = _known_state(state, unit)
    if known is not None and known.state in LET_GO:
        return None
    missing = missing_operations(past.route(setup.operation), plan.after)
    return said("unit.not_passed", serial=unit.serial, operations=", ".join(missing)) if missing else None


def _plan_of(setup: Setup, unit: Unit) -> Plan:
    return setup.plan if unit.plan is None else unit.plan


def _unknown(state: StationState, unit: Unit) -> Sentence:
    asked = state.past is not None and state.past.serial == unit.ids.get("serial")
    why = state.past.why if state.past is not None and asked else said("past.not_asked")
    return said("unit.past_unknown", serial=unit.serial, why=why)


# --- what its record says


def with_past(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """The unit with its route and its state, as far as they are known; what nobody could tell is marked."""
    known = _known_state(state, unit)
    unit_state = None if known is None else UnitState(known.state)
    reason = unit.reason
    if unit_state is UnitState.REWORK and reason is Reason.RUNNING:
        reason = Reason.REWORK
    return state, replace(unit, route=_route(setup, state, unit), unit_state=unit_state, reason=reason)


def _route(setup: Setup, state: StationState, unit: Unit) -> tuple[PastOperation, ...]:
    past, asked = _past_of(state, unit), state.past is not None and state.past.serial == unit.ids.get("serial")
    if past is not None:
        return past.route(setup.operation)
    wanted = _plan_of(setup, unit).file.after or ((EVERY_OPERATION,) if asked else ())
    return tuple(PastOperation(operation=one) for one in wanted)


def _known_state(state: StationState, unit: Unit) -> ListedState | None:
    """The later of what the list and the store say of the unit; of its lot where nothing is said of itself."""
    serial, lot, past = unit.ids.get("serial"), unit.ids.get("lot"), _past_of(state, unit)
    listed = None if serial is None else state.held.of_unit(serial, unit.started_us)
    found = [one for one in (listed, None if past is None else past.unit) if one is not None]
    if found:
        return max(found, key=lambda one: one.since)
    return None if lot is None else state.held.of_lot(lot, unit.started_us)


# --- gauges


def with_blocked(setup: Setup, state: StationState) -> Setup:
    """The gauges with those blocked that somebody has blocked since the register was written. Of one that failed its
    check at this very station, the check says more (`gauge_checks`).
    """
    here = state.memory.gauge_checks.blocked
    numbers = (one.gauge for one in setup.devices.values() if one.gauge and one.gauge not in here)
    blocked = {number: None for number in numbers if state.held.blocked(number)}
    if not blocked:
        return setup
    gauges: Mapping[str, Gauge] = {
        number: setup.gauges.get(number, Gauge(id=number)).model_copy(update={"status": "blocked"})
        for number in blocked
        if number is not None
    }
    return replace(setup, gauges={**setup.gauges, **gauges})
