"""What a unit changes of what is remembered: scanned, let by, or recorded."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from gaugetrail_agent.station.memory import Moment, StationMemory
from gaugetrail_agent.station.memory.samples import Check, PlanSamples, Samples
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.workflow.sampling.due import is_governed, is_sampled, samples_of
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.record import InspectionBody, Verdict
from gaugetrail_contract.record.parts import Reason


def happened(samples: Samples, occasion: str) -> Samples:
    """Something happened that may make checks due: tool_change, lot, shift …"""
    counts = {**samples.happened, occasion: samples.happened.get(occasion, 0) + 1}
    return msgspec.structs.replace(samples, happened=counts)


def at_lot(samples: Samples, plan: Plan, lot: str | None) -> Samples:
    """A unit of this order or lot comes: another one than before is an occasion, and the one before is judged."""
    own = samples_of(samples, plan)
    if lot == own.lot:
        return samples
    if own.lot is not None:
        samples = happened(samples, "lot")
    return _with_plan(samples, plan, _next_lot(own, plan, lot))


def _next_lot(own: PlanSamples, plan: Plan, lot: str | None) -> PlanSamples:
    rule = plan.file.skip_lot
    good = 0 if own.bad else own.good_lots + (own.lot is not None and not own.skipped)
    skipped = own.skipped
    if rule is not None and good >= rule.after_good_lots:
        skipped = (own.skipped + 1) % rule.one_in
    return msgspec.structs.replace(own, lot=lot, good_lots=good, skipped=0 if own.bad else skipped, bad=False)


def let_by(setup: Setup, samples: Samples, plan: Plan) -> Samples:
    """A unit of which nothing is measured: it counts, where scans are what is counted."""
    return _counted(samples, plan, frozenset(), 0 if setup.counter else 1)


def by_counter(samples: Samples, value: int) -> Samples:
    """The PLC's counter shows this. One that shows less than before has begun anew."""
    before = samples.counter
    samples = msgspec.structs.replace(samples, counter=value)
    more = 0 if before is None else value - before if value >= before else value
    plans = {name: _with_units(own, more) for name, own in samples.plans.items()} if more else samples.plans
    return msgspec.structs.replace(samples, plans=plans)


def _with_units(own: PlanSamples, more: int) -> PlanSamples:
    checks = {name: msgspec.structs.replace(one, units=one.units + more) for name, one in own.checks.items()}
    return msgspec.structs.replace(own, checks=checks)


def recorded(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """A unit is in the spool. One that was measured anew counts no second time, an audit is no check of the plan's."""
    plan = setup.plan_of(body.plan)
    if plan is None or not is_governed(plan):
        return memory
    samples = msgspec.structs.replace(memory.samples, reason=None)
    if body.attempt == 1:
        own_reason = body.reason in (Reason.RUNNING, Reason.FIRST)
        measured = {one.characteristic for one in body.measurements} if own_reason else frozenset()
        samples = _counted(samples, plan, measured, 0 if setup.counter else 1)
    own = samples_of(samples, plan)
    if body.verdict is Verdict.FAIL:
        own = msgspec.structs.replace(own, bad=True)
    if body.reason is Reason.FIRST and body.verdict is Verdict.PASS and _is_confirmed(plan, body):
        own = msgspec.structs.replace(own, first_passed=True, first_seen=samples.happened)
    return msgspec.structs.replace(memory, samples=_with_plan(samples, plan, own))


def _is_confirmed(plan: Plan, body: InspectionBody) -> bool:
    """Whether a second person has looked, where the plan wants two."""
    return plan.file.first_piece != "two_persons" or body.verifier is not None


def _counted(samples: Samples, plan: Plan, measured: Set[str], more: int) -> Samples:
    """A unit of which this was measured; `more`: how many units it counts for."""
    own = samples_of(samples, plan)
    checks = {
        one.name: _after(own.checks.get(one.name, Check()), samples, one.sample_size or 1, one.name in measured, more)
        for one in plan.characteristics
        if is_sampled(one)
    }
    return _with_plan(samples, plan, msgspec.structs.replace(own, checks=checks))


def _after(check: Check, samples: Samples, size: int, measured: bool, more: int) -> Check:
    """The check's count begins with the first unit that it measures, its time with the last."""
    if not measured:
        return msgspec.structs.replace(check, units=check.units + more)
    begun = check.measured > 0
    done, units = check.measured + 1, check.units + more if begun else more
    seen = check.seen if begun else samples.happened
    if done < size:
        group = check.group if begun or samples.began is None else utc_text(samples.began.at_us)
        return msgspec.structs.replace(check, units=units, measured=done, seen=seen, group=group)
    return Check(units=units, seen=seen, last=samples.began or Moment(0, 0, ""))


def _with_plan(samples: Samples, plan: Plan, own: PlanSamples) -> Samples:
    return msgspec.structs.replace(samples, plans={**samples.plans, plan.ref.id: own})
