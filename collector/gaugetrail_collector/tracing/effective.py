"""What holds of a record once its amendments are counted: a view, computed from the sealed bytes each time. Pure.

Promise: no record is changed, and the same amendments give the same view in whatever order a store gives them: they
count in the order of their own time. One that a later amendment voids doesn't count, nor does a void that is voided
itself. Only what is approved is an amendment at all; what waits is an event (`amendment.requested`) and changes
nothing. Verdicts stay as the station gave them: a unit is let through by an event of its own, or measured again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from gaugetrail_contract.amending.what import ATTRIBUTED, GAUGE_OF, READ_AS, attributed
from gaugetrail_contract.record import Amendment, Inspection, Measurement

if TYPE_CHECKING:
    from gaugetrail_collector.tracing.trace import Known


@dataclass(frozen=True, slots=True)
class EffectiveRecord:
    """An inspection as amendments say it is; `by` are those that count, oldest first."""

    record: Inspection
    void: bool = False
    excluded: frozenset[str] = frozenset()
    """Characteristics that statistics leave out."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """Characteristic, or what the record names, and what holds of it now."""
    by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"void": self.void, "excluded": sorted(self.excluded), "changes": dict(self.changes)}

    def words(self) -> str:
        """For people; empty where everything holds as it was sealed."""
        told = ["void"] if self.void else []
        told += [f"not in statistics: {', '.join(sorted(self.excluded))}"] if self.excluded else []
        names = {name: name.replace("_", " ") for name in ATTRIBUTED}
        told += [f"{names.get(name, name)} {new}" for name, new in self.changes.items()]
        return "; ".join(told)


def standing(amendments: Iterable[Known]) -> tuple[Known, ...]:
    """Those that count, oldest first: no later one that counts voids them."""
    ordered = sorted(amendments, key=lambda one: one.row.position)
    gone: set[tuple[str, str]] = set()
    kept: list[Known] = []
    for one in reversed(ordered):
        record = one.record
        if not isinstance(record, Amendment) or (one.named, one.row.sha256) in gone:
            continue
        kept.append(one)
        if record.action == "void":
            gone.add((record.target, record.target_sha256))
    return tuple(reversed(kept))


def effective(known: Known, amendments: Iterable[Known]) -> EffectiveRecord | None:
    """The inspection as these say it is, of which others' are passed over; null where it is none."""
    if not isinstance(known.record, Inspection):
        return None
    own = [one for one in standing(amendments) if known.amended_by(one)]
    said = [one.record for one in own if isinstance(one.record, Amendment)]
    changes = _changes(known.record, said)
    return EffectiveRecord(
        changed(known.record, changes),
        any(one.action == "void" for one in said),
        _excluded(known.record, said),
        changes,
        tuple(one.id for one in own),
    )


def counting(known: Sequence[Known]) -> list[Known]:
    """These records but for inspections that amendments among them void. An amendment is filed under its unit, so what
    the store has of a serial is whole in this.
    """
    voids = [one for one in standing(known) if isinstance(one.record, Amendment) and one.record.action == "void"]
    if not voids:
        return list(known)
    return [one for one in known if not any(one.amended_by(other) for other in voids)]


def _changes(record: Inspection, said: Sequence[Amendment]) -> dict[str, str]:
    """The last word on each; a time is told elsewhere (`epoch_order`)."""
    known = {*attributed(record), *(one.characteristic for one in record.measurements)}
    kept = (one for one in said if one.action in ("correct", "re-attribute"))
    return {one.field: one.new for one in kept if one.field in known and one.field is not None and one.new is not None}


def _excluded(record: Inspection, said: Sequence[Amendment]) -> frozenset[str]:
    """Of one without a field, every characteristic."""
    fields = {one.field for one in said if one.action == "exclude"}
    return frozenset(one.characteristic for one in record.measurements if fields & {None, one.characteristic})


def changed(record: Inspection, changes: Mapping[str, str]) -> Inspection:
    """The record with these in the place of what it says."""
    if not changes:
        return record
    contexts = {name: new for name, new in changes.items() if name in ATTRIBUTED}
    measurements = tuple(_corrected(one, changes) for one in record.measurements)
    return msgspec.structs.replace(record, measurements=measurements, **contexts)


def _corrected(one: Measurement, changes: Mapping[str, str]) -> Measurement:
    new = {READ_AS[one.kind]: changes.get(one.characteristic), "gauge": changes.get(GAUGE_OF + one.characteristic)}
    return msgspec.structs.replace(one, **{name: text for name, text in new.items() if text is not None})
