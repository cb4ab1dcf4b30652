"""The gauges of the registers in force: when each is due, which are overdue or blocked, and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gaugetrail_collector.documents.at_a_moment.in_force import ListInForce
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.gauges import Calibration, Gauge, GaugeRegister

PAGE_OF_GAUGES = 200
MOST_PLACES = 200
MOST_DAYS = 3650


class ShowGauges(StrEnum):
    """Which of them."""

    ALL = "all"
    OVERDUE = "overdue"
    BLOCKED = "blocked"
    DUE = "due"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GaugeUse:
    """A line PC that has the gauge, its lines as their records name them, and the stations that take no value of it."""

    agent: str
    lines: tuple[str, ...] = ()
    refused_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GaugeRow:
    """A gauge on a day. `days_left` until its calibration ends, less than none where it has ended."""

    gauge: Gauge
    life: Life
    edition: Edition
    calibration: Calibration
    days_left: int | None
    in_grace: bool
    uses: tuple[GaugeUse, ...]

    @property
    def places(self) -> Iterator[str]:
        """Where it is, by every name for it."""
        if self.gauge.location:
            yield self.gauge.location
        for use in self.uses:
            yield from (use.agent, *use.lines)


@dataclass(frozen=True, slots=True)
class WantedGauges:
    """What somebody looks for; `days` is how soon due."""

    words: str = ""
    show: ShowGauges = ShowGauges.ALL
    place: str = ""
    days: int = 30
    after: int = 0


@dataclass(frozen=True, slots=True)
class GaugeListing:
    """A page of gauges, the first due first; `counts` are of all gauges in that place."""

    rows: tuple[GaugeRow, ...]
    total: int
    next: int | None
    counts: Mapping[ShowGauges, int]
    places: tuple[str, ...]
    registers: tuple[ListInForce[GaugeRegister], ...]


def gauge_listing(
    held: Iterable[ListInForce[GaugeRegister]], uses: Mapping[str, tuple[GaugeUse, ...]], wanted: WantedGauges, day: str
) -> GaugeListing:
    """The page of those gauges on that day. `uses` by number. Pure."""
    registers = tuple(held)
    rows = sorted(_rows(registers, uses, date.fromisoformat(day)), key=_soonest)
    places = sorted({place for row in rows for place in row.places})
    there = [row for row in rows if not wanted.place or wanted.place in row.places]
    counts = {show: sum(is_shown(row, show, wanted.days) for row in there) for show in ShowGauges}
    words = wanted.words.casefold().split()
    found = [row for row in there if is_shown(row, wanted.show, wanted.days) and _carries(words, row)]
    end = wanted.after + PAGE_OF_GAUGES
    following = end if end < len(found) else None
    page = tuple(found[wanted.after : end])
    return GaugeListing(page, len(found), following, counts, tuple(places[:MOST_PLACES]), registers)


def _rows(
    registers: Iterable[ListInForce[GaugeRegister]], uses: Mapping[str, tuple[GaugeUse, ...]], today: date
) -> Iterator[GaugeRow]:
    for held in registers:
        for gauge in held.listed.gauge if held.listed is not None else ():
            due = gauge.calibration_due
            left = None if due is None else (date.fromisoformat(due) - today).days
            used = uses.get(gauge.id, ())
            state, grace = gauge.calibration(today), gauge.in_grace(today)
            yield GaugeRow(gauge, held.life, held.edition, state, left, grace, used)


def is_shown(row: GaugeRow, show: ShowGauges, days: int) -> bool:
    """Whether it is one of these. Due is what will end within so many days, today included; not what is blocked."""
    if show is ShowGauges.DUE:
        return row.calibration in ("valid", "due") and row.days_left is not None and row.days_left <= days
    return show is ShowGauges.ALL or row.calibration == str(show)


def _soonest(row: GaugeRow) -> tuple[str, str]:
    return row.gauge.calibration_due or "9999", row.gauge.id


def _carries(words: list[str], row: GaugeRow) -> bool:
    one = row.gauge
    text = "\n".join((one.id, one.kind or "", one.description, one.certificate or "", *row.places)).casefold()
    return all(word in text for word in words)
