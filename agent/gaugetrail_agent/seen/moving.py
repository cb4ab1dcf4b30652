"""The gauges that stations wait for, while they move.

Promise: only what the station waits for now is shown of a gauge, in the plan's unit; nothing else is guessed to be that
value. A gauge that streams is shown `SHOWN_A_SEC` times a second and no oftener, its newest value last; what a key
sends is taken or refused by the station, and shown then. On the agent's own loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gaugetrail_agent.reading import WITH_VALUE, Reading, Status
from gaugetrail_agent.seen.following import AtWork
from gaugetrail_agent.seen.scale import scale_of
from gaugetrail_agent.seen.snapshot import ShownMoment
from gaugetrail_contract.documents.plan import Characteristic

SHOWN_A_SEC = 20

Bar = dict[str, object]
"""JSON: `of` which characteristic, the `value` as the gauge gave it, `at` which place, whether it is `moving`."""


@dataclass(slots=True)
class _Awaited:
    """What a station waits for, and what its gauge shows."""

    wanted: Characteristic | None = None
    newest: Reading | None = None
    due: asyncio.TimerHandle | None = None
    shown_at: float = 0.0


class GaugesInMotion:
    """`show` is told of each bar, in its order."""

    def __init__(self, stations: Mapping[str, AtWork]) -> None:
        self._stations = stations
        self._awaited = {name: _Awaited() for name in stations}
        self.show: list[Callable[[str, Bar], None]] = []

    def draw(self, name: str, moment: ShownMoment) -> None:
        """Another characteristic: what was shown for the one before isn't shown for it."""
        one, wanted = self._awaited[name], moment.shown.next
        if wanted != one.wanted:
            one.wanted, one.newest = wanted, None

    def read(self, device: str, reading: Reading) -> None:
        """A device gave a reading."""
        for name, one in self._awaited.items():
            if one.wanted is not None and _is_of(one.wanted, device, reading) and self._streams(name, device):
                self._move(name, one, reading)

    def _streams(self, name: str, device: str) -> bool:
        """Whether the device shows something all the time."""
        facts = self._stations[name].setup.devices.get(device)
        return facts is not None and facts.rule.fresh != "event"

    def _move(self, name: str, one: _Awaited, reading: Reading) -> None:
        one.newest = reading
        if one.due is not None:
            return
        loop = asyncio.get_running_loop()
        wait = one.shown_at + 1 / SHOWN_A_SEC - loop.time()
        if wait > 0:
            one.due = loop.call_later(wait, self._show, name, one)
        else:
            self._show(name, one)

    def _show(self, name: str, one: _Awaited) -> None:
        one.due, one.shown_at = None, asyncio.get_running_loop().time()
        if one.wanted is not None and one.newest is not None:
            bar = bar_of(one.wanted, one.newest)
            for show in self.show:
                show(name, bar)


def bar_of(wanted: Characteristic, reading: Reading) -> Bar:
    """What is told of a gauge in motion."""
    scale = scale_of(wanted.nominal, wanted.lsl, wanted.usl)
    assert reading.value is not None, "what has no value isn't shown"
    return {
        "of": wanted.name,
        "value": reading.value,
        "at": None if scale is None else scale.place(reading.value),
        "moving": reading.status is Status.UNSTABLE,
    }


def _is_of(wanted: Characteristic, device: str, reading: Reading) -> bool:
    """Whether it is a value of what is wanted, in the plan's unit. A plan that says no channel of several is refused
    by the station, which says so.
    """
    return (
        wanted.device == device
        and reading.status in WITH_VALUE
        and wanted.channel in (None, reading.channel)
        and reading.unit in (None, wanted.unit)
    )
