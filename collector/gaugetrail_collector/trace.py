"""Everything known of an identifier: the question asked of a part, a lot, a heat, an operator.

Answers come from the sealed bytes in the store, never from fields copied beside them, so what is shown is what was
sealed. Inspections come oldest first, each with the amendments that were made to it; the originals stand unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.record import Amendment, Event, Inspection, Measurement, Record, Verdict, record_id
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed
from gaugetrail_contract.text import visible


@dataclass(frozen=True, slots=True)
class Known:
    """A record as the store holds it, read; `broken` says why the bytes can't be believed."""

    row: Row
    record: Record | None
    broken: str | None = None

    @property
    def id(self) -> str:
        """`agent/epoch/seq`."""
        return record_id(self.row.agent, self.row.epoch, self.row.seq)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of one identifier, each list oldest first."""

    identifier: str
    inspections: tuple[Known, ...]
    events: tuple[Known, ...]
    amendments: tuple[Known, ...]

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.inspections or self.events or self.amendments)

    def as_json(self) -> dict[str, object]:
        """For programs: the records' own fields, their seals, and their amendments beside them."""
        return {
            "identifier": self.identifier,
            "inspections": [self._as_json(one) for one in self.inspections],
            "events": [self._as_json(one) for one in self.events],
            "amendments": [self._as_json(one) for one in self.amendments],
        }

    def _as_json(self, known: Known) -> dict[str, object]:
        fields = known.record.model_dump(mode="json", by_alias=True) if known.record is not None else {}
        amended = [other.id for other in self.amendments if _target(other) == known.id]
        return (
            {"id": known.id}
            | fields
            | {"sha256": known.row.sha256}
            | ({"amended_by": amended} if amended else {})
            | ({"broken": known.broken} if known.broken else {})
        )


def trace(store: Store, identifier: str, kind: str | None = None) -> Trace:
    """Ask the store. Raises `StoreDown` or `StoreRefuses`."""
    found = [_known(row) for row in store.find(identifier, kind)]
    found.sort(key=lambda known: (known.record.time if known.record else "", known.id))
    inspections = tuple(known for known in found if isinstance(known.record, Inspection) or known.record is None)
    amendments = {known.id: known for known in found if isinstance(known.record, Amendment)}
    for inspection in inspections:
        amendments |= {known.id: known for known in map(_known, store.find(inspection.id, "record"))}
    return Trace(
        identifier,
        inspections,
        tuple(known for known in found if isinstance(known.record, Event)),
        tuple(amendments.values()),
    )


def _known(row: Row) -> Known:
    try:
        return Known(row, open_sealed(Sealed(row.sha256, row.data)))
    except BadRecord as error:
        return Known(row, None, str(error))


def _target(known: Known) -> str | None:
    return known.record.target if isinstance(known.record, Amendment) else None


# --- for people


STYLE = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCOMPLETE: "yellow", Verdict.VOID: "dim"}


def tables(answer: Trace) -> list[Table | Text]:
    """What a person reads: a heading for each inspection, a table of its measurements, then what else is known."""
    shown: list[Table | Text] = []
    for known in answer.inspections:
        if isinstance(known.record, Inspection):
            shown += [_heading(known, known.record), _measurements(known.record.measurements)]
        else:
            shown.append(Text(f"{known.id}: can't be believed: {visible(known.broken or '')}", style="bold red"))
    for known in (*answer.events, *answer.amendments):
        shown.append(_other(known))
    return shown


def _heading(known: Known, record: Inspection) -> Text:
    context = [
        ("part", f"{record.part} {record.revision or ''}".strip()),
        ("serial", record.serial),
        ("lot", record.lot),
        ("order", record.order),
        ("operator", record.operator or "automatic"),
        ("plan", f"{record.plan.id} rev {record.plan.revision}"),
        ("reason", str(record.reason)),
        ("attempt", str(record.attempt)),
    ]
    words = "  ".join(f"{key} {visible(value)}" for key, value in context if value)
    place = visible(f"{record.site}/{record.line}/{record.station}")
    pieces = f", piece {record.piece} of {record.pieces}" if record.pieces > 1 else ""
    text = Text()
    text.append(f"{record.time}  {place}  ")
    text.append(f"{record.verdict}{pieces}", style=STYLE[record.verdict])
    text.append(f"\n{words}\nrecord {visible(known.id)}  seal {known.row.sha256[:16]}…  clock {record.clock}")
    return text


def _measurements(measurements: Sequence[Measurement]) -> Table:
    table = Table("characteristic", "value", "unit", "lower", "upper", "verdict", "gauge", "calibration", "captured")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    for one in measurements:
        value = one.value or one.text or one.result or "-"
        defects = f" {', '.join(one.defects)}" if one.defects else ""
        calibration = f"{one.calibration or '-'}{f' to {one.calibration_due}' if one.calibration_due else ''}"
        cells = (
            *(one.characteristic, value + defects, one.unit or "", one.lsl or "", one.usl or ""),
            *(str(one.verdict), one.gauge or "-", calibration, str(one.capture)),
        )
        table.add_row(
            *(Text(visible(cell)) for cell in cells), style=STYLE[one.verdict] if one.verdict != "pass" else ""
        )
    return table


def _other(known: Known) -> Text:
    record = known.record
    if isinstance(record, Amendment):
        change = f" {record.field}: {record.old} -> {record.new}" if record.field else ""
        who = f"requested by {record.requested_by}, approved by {record.approved_by or 'nobody'}"
        words = f"{record.action}{change} of {record.target} ({record.reason}; {who})"
        return Text(visible(f"{record.time}  amendment: {words}"))
    if isinstance(record, Event):
        return Text(visible(f"{record.time}  event: {record.type} {record.subject.kind} {record.subject.id}"))
    return Text(visible(f"{known.id}: {known.broken}"), style="bold red")
