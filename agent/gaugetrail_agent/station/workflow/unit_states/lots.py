"""When a lot may go: every characteristic of its plan was measured and passed in it, no unit of it has failed, lacks
something or stands still. What this PC can't know is said. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.looking_back import FoundRecords, FoundUnit
from gaugetrail_agent.station.memory.held import STANDING, HeldUnits
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.record import Verdict

MOST_SHOWN = 8


def open_of_lot(setup: Setup, held: HeldUnits, lot: str, found: FoundRecords) -> Sentence | None:
    """What is open of the lot; null: it may go."""
    if not found.units:
        return said("lot.nothing", lot=lot)
    if not found.whole:
        return said("lot.not_whole", lot=lot)
    units = [_named(one, lot) for one in found.units if one.verdict is not Verdict.PASS]
    if units:
        return said("lot.units", lot=lot, units=_list(units))
    standing = [one.serial for one in found.units if one.serial and _stands(held, one.serial)]
    if standing:
        return said("lot.standing", lot=lot, units=_list(standing))
    lacking = list(dict.fromkeys(_lacking(setup, found)))
    return said("lot.lacking", lot=lot, names=_list(lacking)) if lacking else None


def _named(one: FoundUnit, lot: str) -> str:
    return f"{one.serial or lot} {one.verdict}"


def _stands(held: HeldUnits, serial: str) -> bool:
    known = held.of("serial", serial)
    return known is not None and known.state in STANDING


def _lacking(setup: Setup, found: FoundRecords) -> Iterator[str]:
    """What of each plan that the lot was measured by has passed in none of its units."""
    for plan in setup.texts:
        mine = [one for one in found.units if one.plan == plan.ref.id]
        passed = {name for one in mine for name in one.passed}
        if mine:
            yield from (one.name for one in plan.characteristics if one.name not in passed)
    known = {plan.ref.id for plan in setup.texts}
    yield from (one.plan for one in found.units if one.plan not in known)


def _list(names: list[str]) -> str:
    return ", ".join(names[:MOST_SHOWN]) + (f" … ({len(names)})" if len(names) > MOST_SHOWN else "")
