"""What a person reads of an answer: a heading for each inspection, a table of its measurements, a line for the rest.

Markup is off and control characters show as escapes, whatever an identifier holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from rich.table import Table
from rich.text import Text

from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.time_words import in_zone
from gaugetrail_collector.tracing.trace import Known, Page
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.events.amendments import AmendmentRefused, AmendmentRequested
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, UnitStateSaid
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Amendment, Event, Inspection, Measurement, Verdict
from gaugetrail_contract.record.words import further

STYLE = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCOMPLETE: "yellow", Verdict.VOID: "dim"}


def tables(page: Page, zone: tzinfo = UTC) -> Iterator[Table | Text]:
    """A page of an answer, times in that zone: what happened, in its order; then amendments that came later."""
    told: set[str] = set()
    for known in page.known:
        told.add(known.id)
        if isinstance(known.record, Inspection):
            yield _heading(known, known.record, zone)
            now = effective(known, page.amendments)
            if now is not None and (words := now.words()):
                yield Text(visible(f"as amended: {words}"), style="bold yellow")
            yield _measurements(known.record.measurements)
        elif known.record is None:
            yield Text(visible(f"{known.id}: can't be believed: {known.broken}"), style="bold red")
        else:
            yield other(known, zone)
    later = {one.id: one for one in page.amendments if one.id not in told}
    yield from (other(one, zone) for one in later.values())


def _heading(known: Known, record: Inspection, zone: tzinfo) -> Text:
    context: list[tuple[str, str | None]] = [
        ("part", f"{record.part} {record.revision or ''}".strip()),
        ("serial", record.serial),
        ("lot", record.lot),
        ("order", record.order),
        ("operator", record.operator or "automatic"),
        ("plan", f"{record.plan.id} rev {record.plan.revision}"),
        ("reason", str(record.reason)),
        ("attempt", str(record.attempt)),
    ]
    context += [("plan title", record.plan.title), ("plan effective", record.plan.effective), *further(record)]
    words = "  ".join(f"{key} {visible(value)}" for key, value in context if value)
    place = visible(f"{record.site}/{record.line}/{record.station}")
    pieces = f", piece {record.piece} of {record.pieces}" if record.pieces > 1 else ""
    text = Text()
    text.append(f"{in_zone(record.time, zone)}  {place}  ")
    text.append(f"{record.verdict}{pieces}", style=STYLE[record.verdict])
    text.append(f"\n{words}\nrecord {visible(known.id)}  seal {known.row.sha256[:16]}…  clock {record.clock}")
    if known.misdated:
        text.append(f"\n{known.misdated}", style="yellow")
    if known.row.branch:
        text.append(f"\nof a second history of epoch {record.epoch}: its PC was put back or copied", style="yellow")
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
        more = "  ".join(f"{key} {words}" for key, words in further(one))
        if more:
            table.add_row("", Text(visible(more)), style="dim")
    return table


def other(known: Known, zone: tzinfo = UTC) -> Text:
    """One line for an event or an amendment."""
    record, misdated = known.record, f"  ({known.misdated})" if known.misdated else ""
    if isinstance(record, Amendment):
        change = f" {record.field}: {record.old} -> {record.new}" if record.field else ""
        who = f"requested by {record.requested_by}, approved by {record.approved_by or 'nobody'}"
        words = f"{record.action}{change} of {record.target} ({record.reason}; {who})"
        return Text(visible(f"{in_zone(record.time, zone)}  amendment: {words}{_further(record)}{misdated}"))
    if isinstance(record, Event):
        about = f"{record.type} {record.subject.kind} {record.subject.id}{_decided(record)}{_why(record)}"
        return Text(visible(f"{in_zone(record.time, zone)}  event: {about}{_further(record)}{misdated}"))
    return Text(visible(f"{known.id}: {known.broken}"), style="bold red")


def _decided(record: Event) -> str:
    """What somebody said of a unit, lot or gauge, or asked for."""
    said = payload_of(record.type, record.subject.kind, record.payload)
    if isinstance(said, UnitStateSaid | GaugeStateSaid):
        return f": {said.state}"
    if isinstance(said, AmendmentRequested):
        change = f" {said.field}" if said.field else ""
        change += f": {said.old or 'nothing'} -> {said.new}" if said.new is not None else ""
        return f": {said.action}{change} of {said.target}"
    return f": {said.what} {said.request}" if isinstance(said, AmendmentRefused) else ""


def _why(record: Event) -> str:
    """The sentence that an event's payload gives as its reason, and how often it holds."""
    reason, count = record.payload.get("reason"), record.payload.get("count")
    times = f" ({count} times)" if isinstance(count, int) and count > 1 else ""
    return f": {reason}{times}" if isinstance(reason, str) and reason else ""


def _further(record: Amendment | Event) -> str:
    return "".join(f"  {key} {words}" for key, words in further(record))
