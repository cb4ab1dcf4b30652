"""What only a whole control plan can tell: faults that keep it from being used, and remarks of a quality engineer.

Promise: pure, and the same for whoever asks: a station's `check`, the office's, an import. Each finding names its key;
nothing is guessed from a remark, and no remark keeps anybody from working.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gaugetrail_contract.documents.plan import NUMBERS, Characteristic, PlanFile
from gaugetrail_contract.record import CharacteristicKind
from gaugetrail_contract.settings import Steps
from gaugetrail_contract.suggestions import did_you_mean

TENTH = 10
"""A gauge divides the tolerance into at least so many steps (AIAG, Measurement Systems Analysis, the 10-to-1 rule)."""


@dataclass(frozen=True, slots=True)
class PlanFinding:
    """One thing, at its key."""

    steps: Steps
    says: str


def plan_faults(plan: PlanFile) -> Iterator[PlanFinding]:
    """What keeps the plan from being used."""
    for number, one in enumerate(plan.characteristic):
        if one.derivation is not None:
            yield from _formula_faults(("characteristic", number, "formula"), one, plan.characteristic[:number], plan)
    parts = [(one.part, one.revision) for one in plan.parts]
    for number, part in enumerate(parts):
        if part in parts[:number]:
            yield PlanFinding(("also_for", number - 1, "part"), f"the plan is for {part[0]} already; leave it out here")


def plan_remarks(plan: PlanFile) -> Iterator[PlanFinding]:
    """What a quality engineer would ask about."""
    yield from _wiring(plan)
    lacking = [one.name for one in plan.characteristic if _can_fail(one) and not one.reaction]
    if lacking:
        yield PlanFinding((), f"no reaction is planned for {', '.join(lacking)}: say what is to be done when it fails")
    for number, one in enumerate(plan.characteristic):
        yield from _coarse(number, one)
        if one.sample_size is not None and not (one.every_units or one.every_mins or one.at):
            what = f"{one.name}: {one.sample_size} units are measured, but how often? (every_units, every_mins, at)"
            yield PlanFinding(("characteristic", number, "sample_size"), what)


def too_coarse(one: Characteristic, step: str) -> str | None:
    """The tolerance, where steps of this size divide it into fewer than ten; null where they are fine enough."""
    if one.lsl is None or one.usl is None:
        return None
    tolerance = Decimal(one.usl) - Decimal(one.lsl)
    return f"{tolerance:f}" if Decimal(step) * TENTH > tolerance else None


def _formula_faults(
    steps: Steps, one: Characteristic, before: Sequence[Characteristic], plan: PlanFile
) -> Iterator[PlanFinding]:
    assert one.derivation is not None, "it was asked before"
    kinds = {other.name: other.kind for other in before}
    everywhere = {other.name for other in plan.characteristic}
    for name in one.derivation.names:
        if name in kinds and kinds[name] not in NUMBERS:
            yield PlanFinding(steps, f"{one.name} can't be made of {name}, whose kind is {kinds[name]}, no number")
        elif name not in kinds and name in everywhere:
            yield PlanFinding(steps, f"{one.name} is made of {name}, which must stand before it in the plan")
        elif name not in kinds:
            hint = did_you_mean(name, kinds)
            yield PlanFinding(steps, f"{one.name} is made of {name!r}, which is no characteristic of this plan{hint}")
    if (why := one.derivation.never) is not None:
        yield PlanFinding(steps, f"{one.name} never has a result: {why.words} in its formula")


def _wiring(plan: PlanFile) -> Iterator[PlanFinding]:
    named = [number for number, one in enumerate(plan.characteristic) if one.device is not None]
    if named:
        devices = ", ".join(dict.fromkeys(str(plan.characteristic[number].device) for number in named))
        what = (
            f"the plan names devices of a station ({devices}): say them in the station's [[station.wiring]], so that "
            "the plan serves every station and a changed port changes no approved text"
        )
        yield PlanFinding(("characteristic", named[0], "device"), what)


def _can_fail(one: Characteristic) -> bool:
    return one.kind is CharacteristicKind.ATTRIBUTE or one.lsl is not None or one.usl is not None


def _coarse(number: int, one: Characteristic) -> Iterator[PlanFinding]:
    steps = {"resolution": one.resolution}
    if one.decimals is not None:
        steps["decimals"] = f"{Decimal(1).scaleb(-one.decimals):f}"
    for key, step in steps.items():
        tolerance = None if step is None else too_coarse(one, step)
        if tolerance is not None:
            what = f"{one.name}: steps of {step} are coarser than a tenth of the tolerance, which is {tolerance}"
            yield PlanFinding(("characteristic", number, key), what)
