"""Makes records of what the clock does: each step is an event, a wrong year ends an epoch, and early records are put
right once the clock is.

A record's time is never changed. Order and identity come from its number; its time carries its trust, its monotonic
time and the boot that belongs to. Times only rise within an epoch, so a clock that goes back leaves them creeping on
until it has caught up. Where that would take more than a day and a time source says that the clock is right, the spool
goes on in a new epoch (`spool.retimed`), whose times begin at the right one. It is an alarm as long as it lasts, and so
is a clock that nobody keeps and that stands more than a year ahead of what was recorded before.
"""

from __future__ import annotations

import json
from concurrent.futures import Future

from gaugetrail_agent.clock.correcting import Correcting
from gaugetrail_agent.clock.trust import STEP_US, TOO_EARLY_US, Step, WatchedClock
from gaugetrail_agent.spool import ALWAYS, Appended, OldEpoch, Origin, Spool
from gaugetrail_contract.clock import DAY_US, ClockTrust, utc_text, utc_us
from gaugetrail_contract.events.clock import ClockStepped
from gaugetrail_contract.events.spool import SpoolRetimed
from gaugetrail_contract.record import EventBody

SETTLED_SECS = 10.0
"""A clock must have been right for so long before anything is put right by it."""
SLEPT_NS = 1_000_000_000
YEAR_US = 366 * DAY_US
LEAP_KEY = "clock.leap"
"""Remembered: the boot and the time of the last record before it, where this boot began more than a year later."""


class ClockWatch:
    """`start` once, then `look` every second; neither waits for anything."""

    def __init__(self, clock: WatchedClock, spool: Spool, origin: Origin) -> None:
        self._clock = clock
        self._spool = spool
        self._origin = origin
        self._telling: set[Step] = set()
        self._right_since_ns: int | None = None
        self._correcting = Correcting(spool, origin.agent, clock.boot())
        self._turning: Future[Appended | None] | None = None
        self._leapt_from_us: int | None = None

    def start(self) -> None:
        """Before anything is sealed: a step while the agent was not there shows against the newest record."""
        boot, _, leapt_from = (self._spool.recall(LEAP_KEY) or "").rpartition(" ")
        if boot == self._clock.boot():
            self._leapt_from_us = int(leapt_from)
        if (newest := self._spool.newest()) == 0:
            return
        for entry in self._spool.held(newest - 1, 1):
            record = json.loads(entry.sealed.data)
            if record["boot"] == self._clock.boot():
                self._look_back(utc_us(record["time"]), record["mono_ns"], ClockTrust(record["clock"]))
            elif self._clock.now_us() - utc_us(record["time"]) > YEAR_US:
                self._leapt_from_us = utc_us(record["time"])
                self._spool.remember(LEAP_KEY, f"{self._clock.boot()} {self._leapt_from_us}")

    def _look_back(self, last_us: int, last_ns: int, trust: ClockTrust) -> None:
        """The newest record was sealed in this boot."""
        if trust is ClockTrust.STEPPED or self._clock.slept_ns() > SLEPT_NS:
            return
        wall_us, mono_ns = self._clock.now_us(), self._clock.mono_ns()
        jump_us = wall_us - last_us - (mono_ns - last_ns) // 1000
        if abs(jump_us) > STEP_US:
            self._clock.note(Step(last_us, last_ns, wall_us, mono_ns, jump_us))

    def look(self) -> str | None:
        """Notice steps, put right what can be put right; returns what is wrong with the clock, null if nothing is."""
        for step in self._clock.steps():
            if step not in self._telling:
                self._tell(step)
        trust, now_ns = self._clock.trust(), self._clock.mono_ns()
        if trust is not ClockTrust.SYNCED:
            self._right_since_ns = None
        elif self._right_since_ns is None:
            self._right_since_ns = now_ns
        elif now_ns - self._right_since_ns >= SETTLED_SECS * 1e9:
            self._put_right()
        return self._trouble(trust)

    def _trouble(self, trust: ClockTrust) -> str | None:
        now_us, last_us = self._clock.now_us(), self._spool.ticker.last
        if now_us < TOO_EARLY_US:
            return (
                f"the clock of this PC says a day before {utc_text(TOO_EARLY_US)[:10]}: set it; records keep their "
                "order and are put right when a time source has set it"
            )
        if last_us - now_us > DAY_US:
            return (
                f"the clock of this PC is more than a day behind the last record's time, of {utc_text(last_us)[:10]}: "
                "records are sealed with wrong times until a time source says that the clock is right"
            )
        leapt_us = self._leapt_from_us
        if leapt_us is not None and now_us - leapt_us > YEAR_US and trust is not ClockTrust.SYNCED:
            return (
                f"the clock of this PC is more than a year ahead of the last record before its start, of "
                f"{utc_text(leapt_us)[:10]}, and no time source keeps it: is its year right?"
            )
        return None

    def _tell(self, step: Step) -> None:
        """Until the spool takes the event, the clock goes on saying `stepped`, and it is tried again."""
        self._telling.add(step)

        def told(future: Future[Appended]) -> None:
            self._telling.discard(step)
            if future.exception() is None:
                self._clock.told(step)

        event = step_event(self._origin, step, self._clock.boot())
        self._spool.append(event, room=ALWAYS).add_done_callback(told)

    def _put_right(self) -> None:
        """A wrong year first: what comes after it is sealed with right times while the early records are corrected."""
        if self._turning is not None:
            if not self._turning.done():
                return
            if self._turning.exception() is None:
                self._correcting.begin_again()
            self._turning = None
        now_us = self._clock.now_us()
        if self._spool.ticker.last - now_us > DAY_US:
            if self._correcting.at_rest:
                self._leave_wrong_year(now_us)
        elif self._clock.slept_ns() <= SLEPT_NS:
            self._correcting.more(now_us - self._clock.mono_ns() // 1000)

    def _leave_wrong_year(self, now_us: int) -> None:
        def say(end: OldEpoch) -> SpoolRetimed:
            return SpoolRetimed(
                reason="the clock is right and stands more than a day before the times that were used last",
                old_epoch=end.epoch,
                last_seq=end.seq,
                last_seal=end.sha256,
                last_time=utc_text(end.time_us),
            )

        remember = self._correcting.again()
        self._turning = self._spool.begin_epoch(self._spool.epoch, say, time_us=now_us, remember=remember)


def step_event(origin: Origin, step: Step, boot: str) -> EventBody:
    """`clock.step`, with both readings of both clocks."""
    return origin.event(
        ClockStepped(
            wall_before=utc_text(max(0, step.wall_before_us)),
            wall_after=utc_text(max(0, step.wall_after_us)),
            mono_before_ns=step.mono_before_ns,
            mono_after_ns=step.mono_after_ns,
            jump_us=step.jump_us,
            boot=boot,
        )
    )
