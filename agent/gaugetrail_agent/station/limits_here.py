"""Control limits that hold at a station, as the document in force says them. Pure data.

Promise: of several that fit a value, the narrowest judges: those that name the station before those that don't, then
the part, its revision, the operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.limits import ChartLimits, LimitsDocument
from gaugetrail_contract.record import CharacteristicKind, InspectionBody, Measurement
from gaugetrail_statistics.charts.judging import Bounds, LimitsVersion
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import rules_named

POINT_BY_POINT = ("imr", "xbar_r", "xbar_s")
"""Charts of measured values. Counts need the size that was inspected, EWMA and CUSUM more than the limits say."""


@dataclass(frozen=True, slots=True)
class LimitsHere:
    """An edition of a limits document, and what judges by it."""

    edition: ListedEdition
    document: LimitsDocument = field(compare=False)
    version: LimitsVersion = field(compare=False)

    @property
    def scope(self) -> tuple[str | None, ...]:
        """For whom it is, the narrowest first; two of the same scope contradict each other."""
        one = self.document
        return one.station, one.part, one.part_revision, one.operation, one.characteristic, one.unit

    @property
    def shown(self) -> ChartLimits:
        """The limits of the values or their means, which a record says."""
        return self.document.of("i" if self.document.type == "imr" else "xbar")

    def judges(self, body: InspectionBody, one: Measurement) -> bool:
        """Whether they are for this value of a unit."""
        mine = self.document
        return (
            one.kind is CharacteristicKind.VARIABLE
            and one.value is not None
            and one.characteristic == mine.characteristic
            and mine.unit in (None, one.unit)
            and mine.station in (None, body.station)
            and mine.is_for(body.part, body.revision, body.operation)
        )


def limits_here(edition: ListedEdition, document: LimitsDocument) -> LimitsHere:
    """What a station judges by. Raises `Refused` where it can't."""
    if document.type not in POINT_BY_POINT:
        raise Refused(f"a station judges by {', '.join(POINT_BY_POINT)}, and this is {document.type}")
    version = LimitsVersion(
        version=edition.sha256,
        type=document.type,
        charts={one.name: Bounds(float(one.center), _number(one.ucl), _number(one.lcl)) for one in document.chart},
        rules=rules_named(",".join(document.rules)),
        sigma=_number(document.sigma),
        subgroup_size=document.subgroup_size,
    )
    return LimitsHere(edition, document, version)


def narrowest_first(limits: Sequence[LimitsHere]) -> tuple[LimitsHere, ...]:
    """In the order in which they are asked."""
    return tuple(sorted(limits, key=lambda one: [said is None for said in one.scope]))


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
