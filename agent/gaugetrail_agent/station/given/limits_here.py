"""Control limits that hold at a station, as the document in force says them. Pure data.

Promise: of several that fit a value, the narrowest judges: those that name the station before those that don't, then
the part, its revision, the operation. Charts of measured values take variables, charts of counts take attributes and
counts. A point is of `subgroup_size` units one after the other; a count is a whole sample by itself, of that many units
or opportunities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.limits import CHARTS, OF_COUNTS, ChartLimits, LimitsDocument
from gaugetrail_contract.record import CharacteristicKind, InspectionBody, Measurement
from gaugetrail_contract.record.defect_counts import defectives, defects
from gaugetrail_statistics.charts.attributes import BINOMIAL
from gaugetrail_statistics.charts.limits_version import Bounds, LimitsVersion
from gaugetrail_statistics.charts.memory import OWN_RULES
from gaugetrail_statistics.rules import rules_named


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
        return self.document.of(CHARTS[self.document.type][0])

    def judges(self, body: InspectionBody, one: Measurement) -> bool:
        """Whether they are for this value of a unit."""
        mine = self.document
        return (
            one.characteristic == mine.characteristic
            and self.adds(one) is not None
            and mine.unit in (None, one.unit)
            and mine.station in (None, body.station)
            and mine.is_for(body.part, body.revision, body.operation)
        )

    def adds(self, one: Measurement) -> float | None:
        """What a unit adds to its point; `None` where there is nothing that such a chart plots."""
        kind = self.document.type
        if kind in OF_COUNTS:
            found = defectives(one) if kind in BINOMIAL else defects(one)
        else:
            found = None if one.kind is not CharacteristicKind.VARIABLE or one.value is None else Decimal(one.value)
        return None if found is None else float(found)

    def units(self, one: Measurement) -> int:
        """How many units one after the other make a point."""
        return 1 if one.kind is CharacteristicKind.COUNT else self.document.subgroup_size


def limits_here(edition: ListedEdition, document: LimitsDocument) -> LimitsHere:
    """What a station judges by. Raises `Refused` where it can't."""
    own = OWN_RULES.get(document.type, ())
    version = LimitsVersion(
        version=edition.sha256,
        type=document.type,
        charts={one.name: Bounds(float(one.center), _number(one.ucl), _number(one.lcl)) for one in document.chart},
        rules=() if own else rules_named(",".join(document.rules)),
        own_rules=tuple(rule for rule in own if rule in document.rules),
        sigma=_number(document.sigma),
        subgroup_size=document.subgroup_size,
        weight=_number(document.weight),
        k=_number(document.k),
        sigma_z=_number(document.sigma_z),
    )
    return LimitsHere(edition, document, version)


def narrowest_first(limits: Sequence[LimitsHere]) -> tuple[LimitsHere, ...]:
    """In the order in which they are asked."""
    return tuple(sorted(limits, key=lambda one: [said is None for said in one.scope]))


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
