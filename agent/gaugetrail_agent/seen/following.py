"""The stations as they are now: what is shown and recorded goes in, and each new moment goes to whoever draws it.

Promise: on the agent's own loop, and well under a millisecond a call: a moment is handed on as it is, and looked at
(`snapshot`) by who draws it, if somebody looks on at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from gaugetrail_agent.seen.due_signs import due_signs
from gaugetrail_agent.seen.made import MadeHere
from gaugetrail_agent.seen.snapshot import ShownMoment, charted
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.clock import Clock, utc_us
from gaugetrail_contract.record import Inspection, InspectionBody
from gaugetrail_contract.record.reading import read_record
from gaugetrail_contract.seal import Sealed


class AtWork(Protocol):
    """A station, as far as it is seen."""

    @property
    def setup(self) -> Setup:
        """What it works by now."""
        ...


Drawn = Callable[[str, ShownMoment], None]
"""Gets a station and its newest moment."""


class StationsSeen:
    """`draw` is told of each moment, in its order."""

    def __init__(self, shifts: tuple[str, ...], stations: Mapping[str, AtWork], clock: Clock) -> None:
        self._stations = stations
        self._clock = clock
        self._made = {name: MadeHere(shifts) for name in stations}
        self._shown: dict[str, Display] = {}
        self._marks: dict[str, tuple[object, ...]] = {}
        self.draw: list[Drawn] = []

    def remember(self, records: Iterable[Sealed]) -> None:
        """What was made before this start, as far as the spool still has it, in its order."""
        for one in records:
            record, _ = read_record(one.data)
            if isinstance(record, Inspection) and record.station in self._made:
                self._made[record.station].calendar = self._stations[record.station].setup.calendar
                self._made[record.station].add(record, utc_us(record.time))

    def show(self, shown: Display) -> None:
        """A station looks like this now."""
        self._shown[shown.station] = shown
        self._tell(shown.station)

    def recorded(self, body: InspectionBody) -> None:
        """An inspection is in the spool."""
        self._made[body.station].add(body, self._clock.now_us())
        self._tell(body.station)

    def time_passes(self) -> None:
        """Checks draw near, and shifts turn, also where nothing happens."""
        for name, shown in self._shown.items():
            if self._mark(name, shown) != self._marks.get(name):
                self._tell(name)

    def _mark(self, name: str, shown: Display) -> tuple[object, ...]:
        """What time alone changes of it."""
        setup, made = self._stations[name].setup, self._made[name]
        made.calendar = setup.calendar
        return made.shift(self._clock.now_us()), due_signs(setup, shown.state, self._now())

    def _now(self) -> Moment:
        return Moment(self._clock.now_us(), self._clock.mono_ns(), self._clock.boot())

    def _tell(self, name: str) -> None:
        shown = self._shown.get(name)
        if shown is None:
            return
        setup, made = self._stations[name].setup, self._made[name]
        plan, characteristic = charted(setup, shown.state, made.last)
        self._marks[name] = self._mark(name, shown)
        moment = ShownMoment(setup, shown, made.at(self._clock.now_us(), plan, characteristic), self._now())
        for draw in self.draw:
            draw(name, moment)
