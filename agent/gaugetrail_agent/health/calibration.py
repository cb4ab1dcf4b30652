"""How the gauges of this agent stand with their calibration, as the register has it, and who takes no value of them.

Pure: settings and a day in, a `Standing` a gauge out. What `check`, `status`, `/ready`, the terminal and the status
document say of gauges is made of these. Whether one value may be recorded is asked in `station.measurement`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from gaugetrail_agent.config import AgentConfig
from gaugetrail_contract.documents.gauges import Calibration
from gaugetrail_contract.settings import Problem
from gaugetrail_contract.status import GaugeStatus

SOON_DAYS = 14
"""So long before its calibration ends a gauge is named."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One gauge on one day."""

    gauge: str
    device: str
    due: str | None
    calibration: Calibration
    days_left: int | None
    refused_at: tuple[str, ...]
    """Stations that measure with it and take no value of it."""
    taken_at: tuple[str, ...]
    """Those that take its values though it is overdue or blocked, because their settings or its grace say so."""
    grace: str | None = None
    """Until when it may be overdue, and who says so."""

    @property
    def soon(self) -> bool:
        """Whether its calibration ends soon, and hasn't yet."""
        fit = self.calibration in ("valid", "due")
        return fit and self.days_left is not None and self.days_left <= SOON_DAYS

    @property
    def alarm(self) -> str | None:
        """What is wrong with it, in a sentence; null while it is fit."""
        if self.calibration not in ("overdue", "blocked"):
            return None
        wrong = f"the gauge {self.gauge} ({self.device}) is {self._how()}"
        if self.grace is not None:
            return f"{wrong}; its values are taken until {self.grace}; have it calibrated by then"
        if self.refused_at:
            return f"{wrong}: no value of it is taken at {', '.join(self.refused_at)}; {self._cure()}"
        if self.taken_at:
            return f"{wrong}; its values are taken all the same at {', '.join(self.taken_at)}, as the settings say"
        return f"{wrong}; {self._cure()}"

    def _how(self) -> str:
        return "blocked" if self.calibration == "blocked" else f"overdue for calibration since {self.due}"

    def _cure(self) -> str:
        if self.calibration == "blocked":
            return "use another one, or release it in the gauge register"
        return "have it calibrated and enter the new date in the gauge register, or use another one"

    def status(self) -> GaugeStatus:
        """As it stands in the status document."""
        return GaugeStatus(
            device=self.device,
            calibration=self.calibration,
            due=self.due,
            due_soon=self.soon,
            refused_at=self.refused_at,
            detail=self.alarm or (f"due for calibration on {self.due}" if self.soon else ""),
        )


def standings(config: AgentConfig, today: date) -> list[Standing]:
    """Every gauge that a device names, in the settings' order."""
    return [_standing(config, table.gauge, table.name, today) for table in config.settings.device if table.gauge]


def calibration_doubts(config: AgentConfig, today: date) -> Iterator[Problem]:
    """What `check` warns of: gauges of which a station takes no value today, and those that are due soon."""
    numbers = {table.name: number for number, table in enumerate(config.settings.device)}
    for one in standings(config, today):
        what = one.alarm or (
            f"the gauge {one.gauge} ({one.device}) is due for calibration on {one.due}; from the day after, "
            f"no value of it is taken{_at(_measuring(config, one.device))}"
        )
        if one.alarm is not None or one.soon:
            yield config.loaded.problem(("device", numbers[one.device], "gauge"), what, warning=True)


def _at(stations: Iterable[str]) -> str:
    names = ", ".join(stations)
    return f" at {names}" if names else ""


def _standing(config: AgentConfig, gauge: str, device: str, today: date) -> Standing:
    row = config.gauges.get(gauge)
    calibration: Calibration = "unknown" if row is None else row.calibration(today)
    due = None if row is None else row.calibration_due
    stations = _measuring(config, device) if calibration in ("overdue", "blocked") else {}
    if row is not None and row.in_grace(today):
        ends = date.fromisoformat(row.calibration_due or "")
        grace = f"{ends + timedelta(days=row.grace_days)}, as {row.grace_approved_by} allows"
        return Standing(gauge, device, due, calibration, (ends - today).days, (), tuple(stations), grace)
    return Standing(
        gauge,
        device,
        due,
        calibration,
        None if due is None else (date.fromisoformat(due) - today).days,
        refused_at=tuple(name for name, locks in stations.items() if calibration in locks),
        taken_at=tuple(name for name, locks in stations.items() if calibration not in locks),
    )


def _measuring(config: AgentConfig, device: str) -> dict[str, frozenset[str]]:
    """Stations whose plan measures with the device, and what of a gauge each refuses."""
    return {
        table.name: table.gauge_locks
        for table in config.settings.station
        if any(one.device == device for plan in config.plans[table.name] for one in plan.characteristics)
    }
