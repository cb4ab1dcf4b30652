"""What is derived of a unit: computed by the plan's formula, as soon as all that it is made of has been taken. Pure.

Promise: a derived value is a measurement like any other, judged, kept, shown and recorded, with capture `derived`.
Where something that it is made of has no value, where the values have no result, or where the result can't be true, it
has none: the unit is incomplete, its record says why, and so does the station. Never a number instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.readings.measurement import blank
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.formula import Formula, NoResult
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, Measurement, Verdict

COMPUTED = "ok"


def with_derived(setup: Setup, unit: Unit) -> Unit:
    """The unit with all that can be derived of what has been taken so far."""
    for wanted in setup.plan.characteristics:
        formula = wanted.derivation
        taken = {one.characteristic: one for one in unit.taken}
        if formula is not None and wanted.name not in taken and taken.keys() >= set(formula.names):
            time = unit.taken[-1].time if unit.taken else utc_text(unit.started_us)
            unit = replace(unit, taken=(*unit.taken, _derived(wanted, formula, taken, time)))
    return unit


def underived(measurements: tuple[Measurement, ...]) -> Sentence | None:
    """Why the first of what should have been derived has no value; null when all have."""
    without = (one for one in measurements if one.capture is Capture.DERIVED and one.status not in (None, COMPUTED))
    first = next(without, None)
    if first is None:
        return None
    return said("derived.no_result", characteristic=first.characteristic, why=Term(first.status or ""))


def _derived(wanted: Characteristic, formula: Formula, taken: Mapping[str, Measurement], time: str) -> Measurement:
    values = {name: value for name in formula.names if (value := taken[name].value) is not None}
    if lacking := [name for name in formula.names if name not in values]:
        return _without(wanted, time, "no_value", f"{', '.join(lacking)} has no value")
    try:
        value = formula.result(values, wanted.decimals or 0)
    except NoResult as error:
        return _without(wanted, time, str(error.why), error.why.words)
    if not wanted.is_plausible(value):
        return _without(wanted, time, "implausible", f"{value} lies outside what it can be")
    made = blank(wanted, time, Capture.DERIVED, wanted.judge(value))
    return msgspec.structs.replace(made, value=value, unit=wanted.unit, status=COMPUTED)


def _without(wanted: Characteristic, time: str, status: str, why: str) -> Measurement:
    made = blank(wanted, time, Capture.DERIVED, Verdict.INCOMPLETE)
    return msgspec.structs.replace(made, status=status, skipped=f"not derived: {why}"[:500])
