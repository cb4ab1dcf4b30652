"""What was made at a station: the last units, the last values of each characteristic, the shift's counts.

Promise: only what is recorded counts, once: a unit that is measured again is still one unit, and its last verdict is
its verdict; the first-pass yield looks at its first. It is remembered in memory, and read from the spool at the start.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from gaugetrail_contract.clock import EPOCH
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.record import InspectionBody, Measurement, Verdict

MOST_UNITS = 10
MOST_VALUES = 25
MOST_DEFECTS = 8
"""Defect codes that are offered as tiles."""


@dataclass(frozen=True, slots=True)
class UnitMade:
    """A unit as it was recorded last."""

    serial: str
    verdict: Verdict
    at_us: int


@dataclass(frozen=True, slots=True)
class ShiftCount:
    """Units since the shift's start, each once."""

    since: str
    """Its first minute on the wall, behind its name where a calendar has one."""
    units: int = 0
    good: int = 0
    first_good: int = 0

    @property
    def first_pass(self) -> float | None:
        """The share that was good at the first look; null without a unit."""
        return self.first_good / self.units if self.units else None


@dataclass(frozen=True, slots=True)
class Made:
    """All of it at one moment."""

    shift: ShiftCount
    units: tuple[UnitMade, ...] = ()
    """The newest first."""
    last: InspectionBody | None = None
    values: tuple[Measurement, ...] = ()
    """Of one characteristic, the oldest first."""
    defects: tuple[str, ...] = ()
    """Codes that were found of late, the most frequent first."""
    places: tuple[str, ...] = ()
    """Where on a part, likewise."""


@dataclass
class MadeHere:
    """One station's memory. `zone`: the wall clock's; null for this PC's."""

    shifts: tuple[str, ...]
    zone: tzinfo | None = None
    calendar: Calendar | None = None
    """Says when shifts begin, in place of `shifts`; between two of its shifts the one before goes on."""
    _units: deque[UnitMade] = field(default_factory=lambda: deque(maxlen=MOST_UNITS))
    _values: dict[tuple[str, str], deque[Measurement]] = field(default_factory=dict)
    _defects: deque[str] = field(default_factory=lambda: deque(maxlen=200))
    _places: deque[str] = field(default_factory=lambda: deque(maxlen=200))
    _good: dict[str, bool] = field(default_factory=dict)
    """Unit of this shift -> whether it is good, by its last verdict."""
    _sums: list[int] = field(default_factory=lambda: [0, 0])
    """How many are good, and how many were at the first look: a shift may have very many units."""
    _since: tuple[datetime, str] | None = None
    last: InspectionBody | None = None
    """What was recorded last."""

    def add(self, body: InspectionBody, at_us: int) -> None:
        """The inspection is recorded."""
        self._turn(at_us)
        serial = body.serial or body.lot or ""
        self._units.appendleft(UnitMade(serial, body.verdict, at_us))
        # Units of a lot have no serial of their own: each is one.
        self._count(body.serial or f"#{len(self._good)}", is_good=body.verdict is Verdict.PASS)
        self.last = body
        for one in body.measurements:
            self._defects.extend(one.defects)
            self._places.extend(found.place for found in one.found if found.place is not None)
            if one.value is not None:
                self._of(body.plan.id, one.characteristic).append(one)

    def at(self, now_us: int, plan: str = "", characteristic: str = "") -> Made:
        """As it is now, with the values of a plan's characteristic."""
        since = self._turn(now_us)
        shift = ShiftCount(since, len(self._good), *self._sums)
        values = tuple(self._values.get((plan, characteristic), ()))
        return Made(shift, tuple(self._units), self.last, values, _often(self._defects), _often(self._places))

    def _count(self, unit: str, *, is_good: bool) -> None:
        before = self._good.get(unit)
        self._sums[0] += is_good - bool(before)
        self._sums[1] += is_good and before is None
        self._good[unit] = is_good

    def _of(self, plan: str, characteristic: str) -> deque[Measurement]:
        return self._values.setdefault((plan, characteristic), deque(maxlen=MOST_VALUES))

    def shift(self, now_us: int) -> tuple[datetime, str] | None:
        """When the shift of that moment began, and what it is called; null between two of a calendar's."""
        if self.calendar is None:
            return began(self.shifts, (EPOCH + timedelta(microseconds=now_us)).astimezone(self.zone)), ""
        found = self.calendar.shift_at(now_us)
        if found is None:
            return None
        zone = ZoneInfo(self.calendar.time_zone)
        return (EPOCH + timedelta(microseconds=found.begins_us)).astimezone(zone), found.shift

    def _turn(self, now_us: int) -> str:
        """Count from nought where another shift has begun; what it is called, and its first minute on the wall."""
        begun = self.shift(now_us)
        if begun is None and self._since is None:
            begun = (EPOCH + timedelta(microseconds=now_us)).astimezone(self.zone), ""
        if begun is not None and (self._since is None or begun[0] > self._since[0]):
            self._since = begun
            self._good.clear()
            self._sums = [0, 0]
        assert self._since is not None, "a shift has begun, or this moment stands for one"
        return f"{self._since[1]} {self._since[0]:%H:%M}".strip()


def _often(found: Iterable[str]) -> tuple[str, ...]:
    """The most frequent first."""
    counts = Counter(found)
    return tuple(sorted(counts, key=lambda one: (-counts[one], one))[:MOST_DEFECTS])


def began(shifts: Iterable[str], now: datetime) -> datetime:
    """When the shift of that moment began, on the same wall clock."""
    starts = sorted(time.fromisoformat(text) for text in shifts)
    days = (now.date(), now.date() - timedelta(days=1))
    moments = (datetime.combine(day, start, now.tzinfo) for day in days for start in reversed(starts))
    return next(moment for moment in moments if moment <= now)
