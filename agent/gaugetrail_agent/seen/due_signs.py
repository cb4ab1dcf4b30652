"""The sampling clock: when what is measured of some units only is measured next, as signs with words. Pure.

Promise: amber when it is due, red when it is overdue, and before that how many minutes and units are left; by the same
rules and moments as the station's own (`sampling.due`). The soonest first, at most `MOST_SIGNS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.station.choosing.plan_choice import at_work
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.samples import Samples
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.notice import Sign
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.sampling.due import Upcoming, lateness, samples_of, upcoming
from gaugetrail_contract.documents.plan import Plan

MOST_SIGNS = 4
US_PER_MIN = 60_000_000


@dataclass(frozen=True, slots=True)
class DueSign:
    """One check. Green: not yet; of `mins` and `units` whichever comes first."""

    title: str
    sign: Sign
    mins: int | None = None
    units: int | None = None

    @property
    def soon(self) -> tuple[int, int]:
        """What it is sorted by."""
        nearest = min((one for one in (self.mins, self.units) if one is not None), default=0)
        return ("red", "amber", "green").index(self.sign), nearest


def due_signs(setup: Setup, state: StationState, now: Moment) -> tuple[DueSign, ...]:
    """Of the plan in work; between units of those that have been worked by."""
    setup, samples = at_work(setup, state), state.memory.samples
    plans = (setup.plan,) if state.unit is not None else setup.plans
    worked = (plan for plan in plans if len(plans) == 1 or plan.ref.id in samples.plans)
    found = (
        sign
        for plan in worked
        for one in upcoming(samples, plan, now)
        if (sign := _sign(samples, plan, one, now)) is not None
    )
    return tuple(sorted(found, key=lambda one: one.soon)[:MOST_SIGNS])


def _sign(samples: Samples, plan: Plan, one: Upcoming, now: Moment) -> DueSign | None:
    wanted = one.characteristic
    title = wanted.title or wanted.name
    check = samples_of(samples, plan).checks.get(wanted.name)
    if check is not None and lateness(wanted, check, now) in ("overdue", "missed"):
        return DueSign(title, "red")
    if one.now:
        return DueSign(title, "amber")
    mins = None if one.at_us is None else -((now.at_us - one.at_us) // US_PER_MIN)
    if mins is None and one.units is None:
        return None
    return DueSign(title, "green", mins, one.units)
