"""Makes records of what the clock does: each step is an event, and early records are put right once the clock is.

A record's time is never changed. Order and identity come from its number; its time carries its trust, its monotonic
time and the boot that belongs to. Once a time source has set the clock, the true moment of every record of the same
boot is known: the monotonic time that lies between it and now. Records that were sealed while the clock was not to be
believed, and whose time is off by more than a second, are then corrected by amendments, each record once, even over
restarts within the boot. Records of earlier boots stay as they are: nothing measures the time between two boots. So do
all of a boot in which the machine slept, which monotonic time doesn't count. Measurement times of an inspection are off
by as much as its own time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future

from gaugetrail_agent.clock.trust import STEP_US, TOO_EARLY_US, Step, WatchedClock
from gaugetrail_agent.spool import ALWAYS, Appended, Origin, Spool, Waiting
from gaugetrail_contract.clock import ClockTrust, utc_text, utc_us
from gaugetrail_contract.events.clock import ClockStepped
from gaugetrail_contract.record import AmendmentBody, EventBody, record_id

SETTLED_SECS = 10.0
"""A clock must have been right for so long before anything is put right by it."""
AT_ONCE = 200
OFF_US = 1_000_000
SLEPT_NS = 1_000_000_000
KEY = "clock.repaired"
"""Remembered: the boot and the last place of it that was corrected."""


class ClockWatch:
    """`start` once, then `look` every second; neither waits for anything."""

    def __init__(self, clock: WatchedClock, spool: Spool, origin: Origin) -> None:
        self._clock = clock
        self._spool = spool
        self._origin = origin
        self._telling: set[Step] = set()
        self._right_since_ns: int | None = None
        self._place: int | None = None
        self._correcting: list[Future[Appended]] = []

    def start(self) -> None:
        """Before anything is sealed: a step while the agent was not there shows against the newest record."""
        if (newest := self._spool.newest()) == 0:
            return
        for entry in self._spool.held(newest - 1, 1):
            record = json.loads(entry.sealed.data)
            same = record["boot"] == self._clock.boot() and record["clock"] != ClockTrust.STEPPED
            if not same or self._clock.slept_ns() > SLEPT_NS:
                return
            wall_us, mono_ns = self._clock.now_us(), self._clock.mono_ns()
            jump_us = wall_us - utc_us(record["time"]) - (mono_ns - record["mono_ns"]) // 1000
            if abs(jump_us) > STEP_US:
                self._clock.note(Step(utc_us(record["time"]), record["mono_ns"], wall_us, mono_ns, jump_us))

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
        if self._clock.now_us() < TOO_EARLY_US:
            return (
                f"the clock of this PC says a day before {utc_text(TOO_EARLY_US)[:10]}: set it; records keep their "
                "order and are put right when a time source has set it"
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
        """Some more records of this boot, oldest first, once those before are durable."""
        if self._clock.slept_ns() > SLEPT_NS or not all(future.done() for future in self._correcting):
            return
        boot = self._clock.boot()
        if self._place is None or any(future.exception() is not None for future in self._correcting):
            known, _, place = (self._spool.recall(KEY) or "").rpartition(" ")
            self._place = int(place) if known == boot else self._spool.boot_place()
        offset_us = self._clock.now_us() - self._clock.mono_ns() // 1000
        self._correcting = []
        for entry in self._spool.held(self._place, AT_ONCE):
            self._place = entry.place
            body = correction(entry, offset_us, boot, self._origin.agent)
            if body is not None:
                # The place is remembered in the amendment's own transaction: each record is corrected just once.
                remember = {KEY: f"{boot} {entry.place}"}
                self._correcting.append(self._spool.append(body, remember, ALWAYS))


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


def correction(entry: Waiting, offset_us: int, boot: str, agent: str) -> AmendmentBody | None:
    """The amendment that gives a record its true time; null for one that needs none or can't be helped. `offset_us` is
    wall time minus monotonic time, now that the clock is right.
    """
    record: Mapping[str, object] = json.loads(entry.sealed.data)
    believed = record["clock"] == ClockTrust.SYNCED
    if believed or record["boot"] != boot or record["kind"] == "amendment":
        return None
    true_us = int(str(record["mono_ns"])) // 1000 + offset_us
    if abs(true_us - utc_us(str(record["time"]))) <= OFF_US:
        return None
    return AmendmentBody(
        site=str(record["site"]),
        line=str(record["line"]),
        station=str(record["station"]),
        target=record_id(str(record["agent"]), str(record["epoch"]), int(str(record["seq"]))),
        target_sha256=entry.sealed.sha256,
        action="correct",
        field="time",
        old=str(record["time"]),
        new=utc_text(true_us),
        reason=f"sealed while the clock was {record['clock']}; computed from the monotonic time of the same boot",
        requested_by=agent,
    )
