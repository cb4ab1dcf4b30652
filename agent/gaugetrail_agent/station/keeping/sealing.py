"""How an inspection becomes records: in pieces where it is large, what may be dropped of it one day, and what a PLC is
told of it. Pure.
"""

from __future__ import annotations

import msgspec

from gaugetrail_agent.spool import Room
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import EventBody, InspectionBody, Measurement, Verdict

PIECE_MEASUREMENTS = 60
PIECE_BYTES = 45_000
"""A record holds 60,000: beside its measurements there is room for what it says of the unit."""


def pieces(body: InspectionBody) -> tuple[InspectionBody, ...]:
    """The inspection whole, or in numbered pieces where it has more measurements than a record holds."""
    parts: list[list[Measurement]] = []
    room = 0
    for one in body.measurements:
        size = len(msgspec.json.encode(one)) + 1
        if size > room or len(parts[-1]) == PIECE_MEASUREMENTS:
            parts.append([])
            room = PIECE_BYTES
        parts[-1].append(one)
        room -= size
    if len(parts) <= 1:
        return (body,)
    return tuple(
        msgspec.structs.replace(body, measurements=tuple(part), piece=number, pieces=len(parts))
        for number, part in enumerate(parts, 1)
    )


def room_for(setup: Setup, body: InspectionBody | EventBody, pieces: int = 1) -> Room:
    """What happens to a record of this station when the spool is full. Only a whole inspection that passed may be
    dropped one day, and only if its plan has a drop_class and none of its characteristics says keep.
    """
    dropping = setup.on_spool_full == "drop_lowest"
    if not dropping or not isinstance(body, InspectionBody) or body.verdict is not Verdict.PASS or pieces > 1:
        return Room(dropping, None)
    plan = setup.plan_of(body.plan)
    keep = plan is None or any(one.on_spool_full == "keep" for one in plan.characteristics)
    return Room(dropping, None if plan is None or keep else plan.file.drop_class)


def answer_to(effect: SealIt) -> ResultCode:
    """What the PLC is told of a part; one that was measured with a gauge that may not is rejected."""
    return ResultCode.REJECTED if effect.locked else result_code(effect.body)


def result_code(body: InspectionBody | EventBody) -> ResultCode:
    """What the PLC is told of a record that is in the spool; an incomplete inspection releases nothing."""
    if isinstance(body, EventBody):
        return ResultCode.REJECTED
    return ResultCode.STORED_PASS if body.verdict is Verdict.PASS else ResultCode.STORED_FAIL
