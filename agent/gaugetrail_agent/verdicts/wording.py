"""What is said of an inspection that is recorded. Pure."""

from __future__ import annotations

from gaugetrail_agent.spool import Appended
from gaugetrail_agent.station.memory.held import HeldUnits
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import InspectionBody
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.verdicts import ToldVerdict


def told_verdict(body: InspectionBody, appended: Appended, held: HeldUnits) -> ToldVerdict:
    """`held`: what the station knows to be held with this record."""
    return ToldVerdict(
        line=body.line,
        station=body.station,
        part=body.part,
        revision=body.revision,
        serial=body.serial,
        lot=body.lot,
        order=body.order,
        verdict=body.verdict,
        reason=body.reason,
        attempt=body.attempt,
        state=_state(body, held),
        time=utc_text(appended.time_us),
        record=appended.record_id,
        sha256=appended.sha256,
    )


def _state(body: InspectionBody, held: HeldUnits) -> UnitState | None:
    """The last word on the unit, else on its lot, else what the record itself says of it."""
    for kind, identifier in (("serial", body.serial), ("lot", body.lot)):
        known = held.of(kind, identifier)
        if known is not None:
            return UnitState(known.state)
    return body.unit_state
