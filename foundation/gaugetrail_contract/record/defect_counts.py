"""What a unit adds to a chart of counts: out of an attribute's result and its defects, or a count.

Promise: the station and the office count alike. A unit that is not ok is one defective and has one defect at least,
named or not. The value of a count is what somebody, or something, has counted already.
"""

from __future__ import annotations

from decimal import Decimal

from gaugetrail_contract.record.measurement import Measurement
from gaugetrail_contract.record.parts import CharacteristicKind


def defectives(one: Measurement) -> Decimal | None:
    """1 for a unit that is not ok, 0 for one that is; a count as it stands; `None` where nothing was found out."""
    if one.kind is CharacteristicKind.ATTRIBUTE:
        return None if one.result is None else Decimal(one.result == "nok")
    return _counted(one)


def defects(one: Measurement) -> Decimal | None:
    """The unit's defects, those at a place by their number, further codes once each; a count as it stands."""
    if one.kind is not CharacteristicKind.ATTRIBUTE:
        return _counted(one)
    if one.result is None:
        return None
    placed = {each.code for each in one.found}
    named = sum(each.count for each in one.found) + sum(code not in placed for code in one.defects)
    return Decimal(max(named, one.result == "nok"))


def _counted(one: Measurement) -> Decimal | None:
    return None if one.kind is not CharacteristicKind.COUNT or one.value is None else Decimal(one.value)
