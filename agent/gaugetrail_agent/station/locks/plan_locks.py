"""The lock on a plan that is here and not in force: somebody with a role may lift it, for a reason, as any other. Pure.

Promise: lifted is that text of that plan, until somebody else is at the station or it works by something else; each
record says so (`override`). A plan that was withdrawn, is for another operation, can't be worked by or isn't here at
all is lifted by nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.unit import LiftedLock, Lock, LockKey

LIFTABLE = frozenset({"document.not_yet", "document.too_old", "plan.superseded"})


def lock_on_plan(setup: Setup, why: Sentence) -> Lock | None:
    """The lock behind what a unit was refused for; null where nobody can lift it."""
    if why.id not in LIFTABLE:
        return None
    barred = (plan for plan in setup.plans if setup.barred.get(plan.ref.id) == why)
    return next((Lock(why, (why.id, plan.ref.id, plan.ref.sha256)) for plan in barred), None)


def is_on_plan(key: LockKey) -> bool:
    """Whether it is such a lock."""
    return key[0] in LIFTABLE


def freed(setup: Setup, allowed: Collection[LiftedLock]) -> Setup:
    """The setup without what is allowed."""
    texts = {one.key[2] for one in allowed if is_on_plan(one.key)}
    free = {plan.ref.id for plan in setup.plans if plan.ref.sha256 in texts}
    return replace(setup, barred={name: why for name, why in setup.barred.items() if name not in free})


def without_plans(allowed: tuple[LiftedLock, ...]) -> tuple[LiftedLock, ...]:
    """What stays allowed when the station works by something else."""
    return tuple(one for one in allowed if not is_on_plan(one.key))
