"""The question asked when a calibration fails: which units were measured with this gauge, and how close were they?

Every measurement that the gauge made is one `Measured`, with its margin to the nearest limit as it stood. Those that
failed, and then those with the smallest margin, are the ones to look at first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from heapq import nsmallest
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.limit_margin import Margin, margin, plain
from gaugetrail_collector.tracing.time_words import in_zone
from gaugetrail_collector.tracing.trace import Known, Page, inspection_of
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.record import Inspection, Measurement, Verdict

_FAR = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement made with the gauge, and how close it was."""

    known: Known
    inspection: Inspection
    measurement: Measurement
    margin: Margin | None
    amended_by: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether it was judged a failure, or lies outside its limits."""
        return self.measurement.verdict is Verdict.FAIL or (self.margin is not None and self.margin.distance < 0)

    @property
    def closeness(self) -> tuple[bool, Decimal, Decimal, str]:
        """Sorts the failed first, then the closest: by the share of the tolerance, without one by the distance."""
        if self.margin is None:
            return (not self.failed, _FAR, _FAR, self.inspection.time)
        share = _FAR if self.margin.percent is None else self.margin.percent
        return (not self.failed, share, self.margin.distance, self.inspection.time)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        unit, one = self.inspection, self.measurement
        percent = None if self.margin is None or self.margin.percent is None else plain(self.margin.percent)
        return {
            "record": self.known.id,
            "time": unit.time,
            "station": unit.station,
            "part": unit.part,
            "serial": unit.serial,
            "lot": unit.lot,
            "operator": unit.operator,
            "inspection_verdict": str(unit.verdict),
            "characteristic": one.characteristic,
            "value": one.value,
            "text": one.text,
            "result": one.result,
            "unit": one.unit,
            "lsl": one.lsl,
            "usl": one.usl,
            "verdict": str(one.verdict),
            "measured": one.time,
            "margin": None if self.margin is None else str(self.margin),
            "margin_percent": percent,
            "calibration": one.calibration,
            "calibration_due": one.calibration_due,
            "amended_by": list(self.amended_by),
            "misdated": self.known.misdated,
            "sha256": self.known.row.sha256,
        }


def measured_with(gauge: str, page: Page) -> Iterator[Measured]:
    """What the gauge measured in the records of a page, by the records or by what amendments say of them."""
    for known in page.known:
        inspection = inspection_of(known)
        if inspection is None:
            continue
        amended = tuple(one.id for one in page.amendments if known.amended_by(one))
        now = effective(known, page.amendments) if amended else None
        holds = inspection if now is None else now.record
        for one, then in zip(inspection.measurements, holds.measurements, strict=True):
            if gauge in (one.gauge, then.gauge):
                yield Measured(known, inspection, one, margin(one), amended)


def closest_first(measured: Iterable[Measured], most: int | None = None) -> list[Measured]:
    """The failed and the close ones first, at most `most` of them: all are looked at before any is left out. Without
    `most` this holds them all in memory.
    """
    if most is None:
        return sorted(measured, key=lambda one: one.closeness)
    return nsmallest(most, measured, key=lambda one: one.closeness)


def table(measured: Iterable[Measured], zone: tzinfo = UTC) -> Table:
    """For people, times in that zone. Nothing is cut off: what doesn't fit is folded."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = (
        "time",
        "serial",
        "part",
        "station",
        "characteristic",
        "value",
        "limits",
        "margin",
        "%",
        "verdict",
        "record",
    )
    for name in names:
        justify: Literal["left", "right"] = "right" if name in ("value", "margin", "%") else "left"
        shown.add_column(
            name,
            justify=justify,
            overflow="fold",
            min_width=len(name),
            no_wrap=name in ("time", "value", "limits", "margin"),
        )
    for one in measured:
        shown.add_row(*(Text(visible(cell)) for cell in _cells(one, zone)), style="bold red" if one.failed else "")
    return shown


def _cells(one: Measured, zone: tzinfo) -> tuple[str, ...]:
    unit, measured = one.inspection, one.measurement
    value = measured.value or measured.text or measured.result or "-"
    limits = f"{measured.lsl or ''} … {measured.usl or ''}" if measured.lsl or measured.usl else "-"
    margin_text = "-" if one.margin is None else str(one.margin)
    percent = "-" if one.margin is None or one.margin.percent is None else plain(one.margin.percent)
    return (
        *(in_zone(unit.time, zone, "seconds"), unit.serial or "-", unit.part, unit.station, measured.characteristic),
        *(f"{value} {measured.unit or ''}".strip(), limits, margin_text, percent, str(measured.verdict)),
        one.known.id + (" (amended)" if one.amended_by else "") + (" (of a wrong year)" if one.known.misdated else ""),
    )
