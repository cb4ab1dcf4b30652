"""Plays a script: each of its lines gives an outcome, once nothing is left to do.

{"line": 4, "at": "2026-11-28T08:00:05.000000Z", "event": "bore 74.012 mm", "shown": {…},
 "effects": [{"show": {…}}, {"record": {…}}, …]}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gaugetrail_agent.drivers.stream import DeviceTrouble
from gaugetrail_agent.health.notices import broker_notice, device_notice, disk_notice, spool_notice
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.rehearsal.cues import (
    Expect,
    FillDisk,
    HasPin,
    OfferBlock,
    Restart,
    ScanCode,
    Script,
    ScriptLine,
    SendValue,
    StepClock,
    Tell,
    Wait,
)
from gaugetrail_agent.rehearsal.expecting import found, is_met
from gaugetrail_agent.rehearsal.stage import Effect, RehearsedStation, Stage
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.status import DeliveryStatus

EVERY_US = 250_000
"""What streams sends as often."""


@dataclass(frozen=True, slots=True)
class PlayedLine:
    """What became of a line: what the station let out since the one before, and what it shows now."""

    line: ScriptLine
    at: str
    shown: Effect
    effects: tuple[Effect, ...]
    found: tuple[str, ...] | None = None
    """What there was of what the line expects; null where it expects nothing."""

    @property
    def is_met(self) -> bool:
        """Whether what the line expects came so."""
        return not isinstance(self.line.cue, Expect) or is_met(self.line.cue, self.found or ())

    def as_json(self) -> dict[str, object]:
        """One line of the answer."""
        return {
            "line": self.line.number,
            "at": self.at,
            "event": self.line.text,
            "shown": self.shown,
            "effects": list(self.effects),
            **({} if self.found is None else {"met": self.is_met, "found": list(self.found)}),
        }


def play(script: Script, place: RehearsedStation) -> Iterator[PlayedLine]:
    """The outcomes, each as soon as it is there."""
    play_of = _Play(script, place)
    try:
        for line in script.lines:
            yield play_of.outcome(line)
    finally:
        play_of.stage.end()


class _Play:
    """What lasts longer than a life of the station: its clock, its spool's folder, and all that is around it."""

    def __init__(self, script: Script, place: RehearsedStation) -> None:
        self._place = place
        self._clock = FixedClock(us=script.at_us)
        self._begin_ns = self._clock.mono
        self._pins: dict[str, str] = {}
        self._unwell: dict[str, Notice] = {}
        self._full = False
        self._since: tuple[Effect, ...] = ()
        """What the last event that was no expectation has brought."""
        self.stage = Stage(place, self._clock, self._pins)

    def outcome(self, line: ScriptLine) -> PlayedLine:
        """Time passes up to the line, then it happens."""
        passed_us = (self._clock.mono - self._begin_ns) // 1000
        self.stage.pass_time(max(0, line.mono_us - passed_us))
        self._perform(line)
        self.stage.pass_time()
        effects, self.stage.effects = tuple(self.stage.effects), []
        if isinstance(line.cue, Expect):
            self._since = (*self._since, *effects)
            there = found(line.cue, self.stage.shown, self._since)
            return PlayedLine(line, utc_text(self._clock.us), self.stage.shown, effects, tuple(there))
        self._since = effects
        return PlayedLine(line, utc_text(self._clock.us), self.stage.shown, effects)

    def _perform(self, line: ScriptLine) -> None:
        match line.cue:
            case ScanCode() as cue:
                self.stage.scan(cue)
            case SendValue() as cue:
                self._send(cue)
            case OfferBlock() as cue:
                self.stage.offer(cue)
            case Restart():
                self._restart()
            case Tell(about, well):
                self._tell(about, None if well else notice_of(about))
            case HasPin(badge, pin):
                self._pins[badge] = pin
                self.stage.know_pins()
            case FillDisk(full):
                self._full = full
                self.stage.refuse(full)
            case StepClock(by_us):
                self._clock.us += by_us
            case Wait() | Expect():
                pass

    def _send(self, cue: SendValue) -> None:
        """What streams sends up to the end of its time, and at least once."""
        self.stage.send(cue)
        for _ in range(EVERY_US, cue.for_us + 1, EVERY_US):
            self.stage.pass_time(EVERY_US)
            self.stage.send(cue)

    def _tell(self, about: str, notice: Notice | None) -> None:
        self._unwell.pop(about, None)
        if notice is not None:
            self._unwell[about] = notice
        self.stage.tell(about, notice)

    def _restart(self) -> None:
        """What is around the station is as it was: the agent finds it so within a second."""
        before = self.stage.effects
        self.stage.end()
        self.stage = Stage(self._place, self._clock, self._pins)
        self.stage.effects = before
        self.stage.refuse(self._full)
        self.stage.know_pins()
        for about, notice in self._unwell.items():
            self.stage.tell(about, notice)


def notice_of(about: str) -> Notice:
    """What people at the station are told of it."""
    kind, _, device = about.partition(" ")
    found: Notice | None
    match kind:
        case "device":
            found = device_notice(device, DeviceTrouble("no_answer"))
        case "broker":
            found = broker_notice(DeliveryStatus(connected=False))
        case "disk":
            found = disk_notice(None, spool_full=True)
        case "spool":
            found = spool_notice("the disk can't be written")
        case "clock":
            found = Notice("amber", said("notice.clock_wrong"))
        case _:
            found = Notice("amber", said("notice.copied"))
    assert found is not None, "each of these is a trouble"
    return found
