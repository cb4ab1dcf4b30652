"""What is due of a plan at a moment, from what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.moment import US_PER_SEC
from gaugetrail_agent.station.memory.samples import Check, PlanSamples, Samples
from gaugetrail_contract.documents.plan import Characteristic, Plan

SECS_PER_MIN = 60
Lateness = Literal["not yet", "due", "overdue", "missed"]


def is_sampled(one: Characteristic) -> bool:
    """Whether it is measured of some units only. What has no frequency is measured of each."""
    return bool(one.every_units or one.every_mins or one.at)


def is_governed(plan: Plan) -> bool:
    """Whether anything of a plan is sampled at all."""
    file = plan.file
    return file.sampling == "by_frequency" or file.first_piece != "none" or file.skip_lot is not None


def samples_of(samples: Samples, plan: Plan) -> PlanSamples:
    """What is remembered of the plan under this edition. Another edition begins with a first piece and all checks."""
    found = samples.plans.get(plan.ref.id)
    return found if found is not None and found.edition == plan.ref.sha256 else PlanSamples(edition=plan.ref.sha256)


def wants_first(samples: Samples, plan: Plan) -> bool:
    """Whether the next unit is a first piece: none has passed yet, or none since something that asks for one."""
    if plan.file.first_piece == "none":
        return False
    own = samples_of(samples, plan)
    return not own.first_passed or _has_happened(samples.happened, own.first_seen, plan.file.first_piece_after)


def is_due(samples: Samples, plan: Plan, one: Characteristic, now: Moment) -> bool:
    """Whether the characteristic is measured of the unit that comes now."""
    if not is_sampled(one) or plan.file.sampling != "by_frequency":
        return True
    check = samples_of(samples, plan).checks.get(one.name)
    if check is None or check.last is None or check.measured:
        return True  # never checked, or in the middle of it
    if one.every_units is not None and check.units >= one.every_units:
        return True
    return lateness(one, check, now) != "not yet" or _has_happened(samples.happened, check.seen, one.at)


def lateness(one: Characteristic, check: Check, now: Moment) -> Lateness:
    """How a check by time stands. It is missed once the one after it would be due."""
    if one.every_mins is None or check.last is None:
        return "not yet"
    every = one.every_mins * SECS_PER_MIN
    late = every / 2 if one.late_mins is None else one.late_mins * SECS_PER_MIN
    gone = check.last.secs_until(now) - check.missed * every
    if gone >= 2 * every:
        return "missed"
    if check.missed or gone >= every + late:
        return "overdue"
    return "due" if gone >= every else "not yet"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """When a characteristic is measured next: now, after so many units, at that moment, or whichever comes first."""

    characteristic: Characteristic
    now: bool
    units: int | None = None
    at_us: int | None = None


def upcoming(samples: Samples, plan: Plan, now: Moment) -> list[Upcoming]:
    """Of all that is measured of some units only, for people who want to know what comes."""
    if plan.file.sampling != "by_frequency":
        return []
    found, checks = [], samples_of(samples, plan).checks
    for one in (one for one in plan.characteristics if is_sampled(one)):
        check = checks.get(one.name, Check())
        units = None if one.every_units is None else max(0, one.every_units - check.units)
        mins, last = one.every_mins, check.last
        at_us = None if mins is None or last is None else now.at_us + _us(mins * SECS_PER_MIN - last.secs_until(now))
        found.append(Upcoming(one, is_due(samples, plan, one, now), units, at_us))
    return found


def _us(secs: float) -> int:
    return int(secs * US_PER_SEC)


def is_skipped_lot(samples: Samples, plan: Plan) -> bool:
    """Whether the lot in work is one of those that the plan lets by."""
    rule, own = plan.file.skip_lot, samples_of(samples, plan)
    return rule is not None and not own.bad and own.good_lots >= rule.after_good_lots and own.skipped > 0


def _has_happened(happened: Mapping[str, int], seen: Mapping[str, int], asked: tuple[str, ...]) -> bool:
    return any(happened.get(one, 0) > seen.get(one, 0) for one in asked)
