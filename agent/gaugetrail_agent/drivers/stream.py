"""Runs one driver on one link: the device as the agent sees it.

Promise: `run` goes on until it is cancelled. A broken link is closed and opened again, at first after one second, then
ever more rarely up to 30 s; a port that is not there is looked for every half second, so that one that is plugged in
again is open within two. Half a frame from before is forgotten. Polls stand on a fixed grid (start + n x period) and
never drift; a poll that falls into an outage is left out, not made up for. A device that does not answer is counted and
said; its last value is never given again. One that speaks and is not understood, three frames in a row, is an alarm
with the bytes until a frame is understood. A fault of our own in driver or link is an outage too: counted, said with
its traceback, and the device is shown as down until a frame is understood again.

Not promised: that `on_state` may fail. It belongs to the caller and is called in the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.faults import own_faults, say_gone
from gaugetrail_agent.errors import DeviceGone, DriverFault, PortMissing
from gaugetrail_agent.links import ByteLink
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status

log = logging.getLogger(__name__)

FIRST_RETRY_SECS = 1.0
LONGEST_RETRY_SECS = 30.0
MISSING_PORT_SECS = 0.5
"""A port that returns may be the system's own for a moment still; with a second's pause behind it that makes two."""
REFUSED_FRAMES = 3
"""One or two refused frames are noise; so many in a row are a wrong setting."""
UNREAD = frozenset({Status.GARBLED, Status.INCOMPLETE})
JITTER = 0.1
"""Retries spread by this part of their pause, so that twenty devices behind one switch don't return in one instant."""
LONGEST_READ_SECS = 1.0
STABLE_SECS = 10.0
"""A link that stays up so long, or brings a frame, starts again with short pauses when it next breaks."""

Jitter = Callable[[float, float], float]


TroubleKind = Literal[
    "not_connected", "no_answer", "silent", "unintelligible", "fault", "stands_still", "wrong_values", "lost_parts"
]


@dataclass(frozen=True, slots=True)
class DeviceTrouble:
    """What is wrong with a device: its kind, for whoever stands before it, and why, in words that don't pass."""

    kind: TroubleKind
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How a device does: for health, the terminal and `status`.

    `since` is when `up` last changed and `last_reading` when the last value came (both monotonic seconds); `frames`
    counts every frame, `readings` those with a value, `garbled` the rejected, `unanswered` the polls without answer,
    `faults` what failed in our own code.
    `detail` is a sentence for the person who asks why it is silent; empty when all is well. `alarm` says the same
    without what counts up or passes, so that one trouble is one alarm however long it lasts; `trouble` is its kind.
    """

    up: bool
    since: float
    detail: str = ""
    alarm: str = ""
    trouble: DeviceTrouble | None = None
    frames: int = 0
    readings: int = 0
    garbled: int = 0
    unanswered: int = 0
    faults: int = 0
    last_reading: float | None = None


class _Grid:
    """Points in time at start + n x period."""

    def __init__(self, start: float, period: float | None) -> None:
        self._start = start
        self._period = period
        self._done = 0

    def next(self) -> float:
        return math.inf if self._period is None else self._start + (self._done + 1) * self._period

    def due(self, now: float) -> int | None:
        """The number of the newest point that has come, once; points missed before it are left out."""
        if self._period is None or now < self.next():
            return None
        self._done = max(self._done + 1, math.floor((now - self._start) / self._period))
        return self._done


class StreamDevice:
    """One `StreamDriver` on one `ByteLink`, kept alive."""

    def __init__(
        self,
        name: str,
        link: ByteLink,
        driver: StreamDriver,
        *,
        emit: Callable[[str, Reading], None],
        on_state: Callable[[str, DeviceState], None],
        poll_secs: float | None = None,
        poll_channels: tuple[str | None, ...] = (None,),
        silence_secs: float | None = None,
        look_secs: float | None = None,
        on_raw: Callable[[str, bytes], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Jitter = random.uniform,
    ) -> None:
        self.name = name
        self.driver = driver
        self._link = link
        self._emit = emit
        self._on_state = on_state
        self._poll_secs = poll_secs
        self._poll_channels = poll_channels or (None,)
        self._silence_secs = silence_secs
        self._look_secs = look_secs
        self._on_raw = on_raw
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter
        self._writing = asyncio.Lock()
        self._state = DeviceState(up=False, since=monotonic(), detail=f"{name}: not opened yet")
        self._open = False
        self._broken: DeviceGone | None = None
        self._fault: DriverFault | None = None
        self._waiting_since: float | None = None
        self._unanswered_in_a_row = 0
        self._last_frame = 0.0
        self._look_at = math.inf
        self._looks = 0
        self._silent = False
        self._tries = 0
        self._hits = 0
        self._refused_in_a_row = 0

    @property
    def state(self) -> DeviceState:
        """How the device does now."""
        return self._state

    async def run(self) -> None:
        """Open, listen, reopen; until cancelled, which closes the link."""
        complaint = ""
        while True:
            try:
                with own_faults():
                    await self._link.open()
                    await self._listen()
            except DeviceGone as error:
                self._open = False
                await self._link.close()
                complaint = await self._wait_to_reopen(error, complaint)
            finally:
                await self._link.close()

    async def ask(self, channel: str | None = None) -> None:
        """Ask the device for a reading now; it comes by `emit`. Raises `DeviceGone` if the link is down."""
        if not self._open:
            raise DeviceGone(self._state.detail or f"{self.name}: {self._link.name} is not open")
        try:
            with own_faults():
                await self._do(self.driver.ask(channel))
        except DeviceGone as error:
            self._broken = error  # the listener closes and reopens; a write may fail while reads stay silent
            raise

    async def _listen(self) -> None:
        opened = self._monotonic()
        self._broken = None
        self._waiting_since = None
        self._unanswered_in_a_row = 0
        self._refused_in_a_row = 0
        self._last_frame = opened
        self._look_later(opened)
        self._silent = False
        self._open = True
        if self._fault is None:
            self._change(up=True, since=opened, detail="", alarm="", trouble=None)
        log.info("%s: %s is open", self.name, self._link.name, extra={"event": "device_open", "device": self.name})
        await self._do(self.driver.opened())
        slot = None if self._poll_secs is None else self._poll_secs / len(self._poll_channels)
        polls, ticks = _Grid(opened, slot), _Grid(opened, self.driver.tick_secs)
        quiet_at = math.inf
        while True:
            now = self._monotonic()
            wake = min(polls.next(), ticks.next(), quiet_at, self._look_at, now + LONGEST_READ_SECS)
            data = await self._link.read(max(wake - now, 0.0))
            if self._broken is not None:
                raise self._broken
            now = self._monotonic()
            if data:
                if self._on_raw is not None:
                    self._on_raw(self.name, data)
                quiet_at = now + self.driver.quiet_secs
                self._look_later(now)
                await self._do(self.driver.received(data))
            elif now >= quiet_at:
                quiet_at = math.inf
                await self._do(self.driver.quiet())
            if ticks.due(now) is not None:
                await self._do(self.driver.ticked(now))
            if (number := polls.due(now)) is not None:
                await self._poll(number, now)
            if now >= self._look_at:
                await self._look(now)
            self._watch(now, opened)

    def poll(self, channels: tuple[str | None, ...]) -> None:
        """Ask for other channels from the next poll on; at the pace of before until the link opens again."""
        self._poll_channels = channels or (None,)

    async def _poll(self, number: int, now: float) -> None:
        """Ask the channel whose turn it is; each has its own place in the period."""
        if self._waiting_since is not None:
            self._count_unanswered(now - self._waiting_since)
        actions = self.driver.ask(self._poll_channels[number % len(self._poll_channels)])
        if any(isinstance(action, Send) for action in actions) and self._waiting_since is None:
            self._waiting_since = now
        await self._do(actions)

    async def _look(self, now: float) -> None:
        """Ask a device that says nothing by itself. One without ears is not blamed for its silence."""
        self._look_later(now)
        channel = self._poll_channels[self._looks % len(self._poll_channels)]
        self._looks += 1
        await self._do(self.driver.ask(channel))

    def _look_later(self, now: float) -> None:
        self._look_at = math.inf if self._look_secs is None else now + self._look_secs

    def _count_unanswered(self, secs: float) -> None:
        self._unanswered_in_a_row += 1
        times = self._unanswered_in_a_row
        cure = "is the gauge on, out of its menus, and set to the same line settings?"
        detail = (
            f"{self.name}: no answer to {times} poll{'s' if times > 1 else ''} on {self._link.name} for {secs:.0f} s; "
            f"{cure}"
        )
        alarm = f"{self.name}: no answer to polls on {self._link.name}; {cure}"
        if self._unintelligible:  # it answers; what it says is the trouble
            self._change(unanswered=self._state.unanswered + 1)
            return
        trouble = DeviceTrouble("no_answer")
        self._change(unanswered=self._state.unanswered + 1, detail=detail, alarm=alarm, trouble=trouble)
        if _is_power_of_two(times):
            log.warning("%s", detail, extra={"event": "device_no_answer", "device": self.name})

    def _watch(self, now: float, opened: float) -> None:
        """Say it once when a device that should speak has been silent too long."""
        if now - opened >= STABLE_SECS:
            self._tries = self._hits = 0
        if (
            self._silence_secs is None
            or self._silent
            or self._unintelligible
            or now - self._last_frame < self._silence_secs
        ):
            return
        self._silent = True
        cure = "the gauge may sleep or stand in a menu, or its cable is off"
        detail = f"{self.name}: nothing from {self._link.name} for {now - self._last_frame:.0f} s; {cure}"
        alarm = f"{self.name}: nothing from {self._link.name} for long; {cure}"
        self._change(detail=detail, alarm=alarm, trouble=DeviceTrouble("silent"))
        log.warning("%s", detail, extra={"event": "device_silent", "device": self.name})

    async def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                async with self._writing:
                    await self._link.write(action.data)
            else:
                self._take(action)

    def _take(self, reading: Reading) -> None:
        now = self._monotonic()
        garbled = reading.status is Status.GARBLED
        if reading.status in UNREAD:
            self._not_understood(reading.raw)
        else:
            self._answered(now)
            if reading.status is not Status.ERROR:
                # A device that only refuses (no free session) is not asked every second for ever.
                self._tries = self._hits = 0
        with_value = reading.status in WITH_VALUE and (reading.value is not None or reading.text is not None)
        self._change(
            frames=self._state.frames + 1,
            readings=self._state.readings + with_value,
            garbled=self._state.garbled + garbled,
            last_reading=now if with_value else self._state.last_reading,
        )
        self._emit(self.name, reading)

    def _answered(self, now: float) -> None:
        self._last_frame = now
        self._waiting_since = None
        if self._fault is not None:
            self._fault = None
            self._change(up=True, since=now, detail="", alarm="", trouble=None)
        if self._silent or self._unanswered_in_a_row or self._unintelligible:
            log.info("%s: answers again", self.name, extra={"event": "device_answers", "device": self.name})
            self._change(detail="", alarm="", trouble=None)
        self._silent = False
        self._unanswered_in_a_row = 0
        self._refused_in_a_row = 0

    @property
    def _unintelligible(self) -> bool:
        return self._refused_in_a_row >= REFUSED_FRAMES

    def _not_understood(self, raw: bytes) -> None:
        """Say it at the third frame; the alarm keeps that frame's bytes, the detail has the latest."""
        self._refused_in_a_row += 1
        if not self._unintelligible:
            return
        told = f"{self.name}: speaks, but not intelligibly: baud rate, parity or driver? It sent {raw[:24].hex(' ')}"
        if self._refused_in_a_row > REFUSED_FRAMES:
            self._change(detail=told)
            return
        self._change(detail=told, alarm=told, trouble=DeviceTrouble("unintelligible"))
        log.warning("%s", told, extra={"event": "device_unintelligible", "device": self.name})

    async def _wait_to_reopen(self, error: DeviceGone, complaint: str) -> str:
        """Say what happened, wait; returns what was complained of, so that the same is not said every 30 s."""
        self._tries += 1
        pause = self._pause(error)
        detail = f"{self.name}: {error}; reopening in {pause:g} s (try {self._tries})"
        if isinstance(error, DriverFault):
            self._fault = error
        since = self._monotonic() if self._state.up else self._state.since
        faults = self._state.faults + isinstance(error, DriverFault)
        alarm = f"{self.name}: {error}; reopening until it is back"
        self._change(up=False, since=since, detail=detail, alarm=alarm, faults=faults, trouble=gone(error))
        if str(error) != complaint or _is_power_of_two(self._tries):
            say_gone(log, self.name, error, detail)
        await self._sleep(pause * self._jitter(1 - JITTER, 1 + JITTER))
        return str(error)

    def _pause(self, error: DeviceGone) -> float:
        """A port that is not there is looked for often; whatever else is wrong is left alone ever longer."""
        if isinstance(error, PortMissing):
            return MISSING_PORT_SECS
        self._hits += 1
        return min(FIRST_RETRY_SECS * (1 << min(self._hits - 1, 10)), LONGEST_RETRY_SECS)

    def _change(self, **fields: object) -> None:
        self._state = replace(self._state, **fields)  # type: ignore[arg-type]  # the names are this module's own
        self._on_state(self.name, self._state)


def gone(error: DeviceGone) -> DeviceTrouble:
    """The trouble that a link or a driver has met."""
    return DeviceTrouble("fault" if isinstance(error, DriverFault) else "not_connected", str(error))


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
