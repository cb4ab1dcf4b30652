"""What is to happen to a station, a line for each event; written by whoever knows the work.

    # Everything behind a # that stands alone is a remark.
    08:00:00 scan OP-17             a code reader reads; 08:00:00 is UTC, a date may stand before it
    +2s      scan "SN1\\x1d"         two seconds after the line above; in quotes, with escapes
    +3s      bore 74.012 mm         a gauge sends; with a channel: press/force 15.2 kN
             bore unstable 74.1 mm  a value in motion; overrange, underrange, no_value and error have none
             scale 250.1 g for 3 s  four times a second, as what streams does
             type 12,5              a person types at the terminal
             press OK               the button of a command: the same as its code, %OK
    wait 10 min                     time passes; what is due by then happens
    08:30    restart                the agent is killed, and starts again on the same spool
             notice broker          something around the station isn't well; well broker: it is again
             pin OP-17 482193       from here on this badge has that PIN
             disk full              the spool refuses from here on; disk well: it takes records again
             clock 06:00:00         the wall clock jumps; clock +1 h, clock -2 min
             plc {"serial": "SN1", "force": 15.2}      a PLC offers a block; "trigger" counts by itself

    expect light green             the event above has brought this, else exit code 1 (see expecting)

A device that is called like a word of this list is written behind `gauge`: gauge scan 12.0 g.

Promise: each line is read, or all faults are told, each with its line and with what could stand there. Time never goes
back from one line to the next. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gaugetrail_agent.reading import WITH_VALUE, Reading, Status, normal_decimal
from gaugetrail_agent.rehearsal.cues import (
    Cue,
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
from gaugetrail_agent.rehearsal.expecting import read_expectation
from gaugetrail_agent.rehearsal.script_words import duration_us, leading_moment, plain_text
from gaugetrail_agent.station.workflow.commands import COMMANDS
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.pins import FORM
from gaugetrail_contract.problems import ConfigError, Problem
from gaugetrail_contract.suggestions import did_you_mean

NOTICES = ("broker", "disk", "spool", "clock", "copy")
"""What may be told of besides devices."""
SENDS_NO_VALUE = (Status.OVERRANGE, Status.UNDERRANGE, Status.NO_VALUE, Status.ERROR)
SPOKEN = (Status.UNSTABLE, *SENDS_NO_VALUE)
"""What may stand in a value's place, or before it."""


@dataclass(slots=True)
class _Reading:
    """How far the script is read."""

    name: str
    day: str
    devices: tuple[str, ...]
    blocks: bool
    now_us: int | None = None
    mono_us: int = 0
    begin_us: int = 0
    stepped: bool = False
    lines: list[ScriptLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_script(text: str, *, name: str, day: str, devices: tuple[str, ...], blocks: bool) -> Script:
    """The script. `day`: that of the first time of day; `devices`: those of the station; `blocks`: a PLC offers them.
    Raises `ConfigError`.
    """
    reading = _Reading(name, day, devices, blocks)
    for number, raw in enumerate(text.splitlines(), 1):
        line = _without_remark(raw).strip()
        if line:
            try:
                _take_line(reading, number, line)
            except ValueError as error:
                reading.problems.append(Problem(name, "", str(error), number))
    if not reading.lines and not reading.problems:
        reading.problems.append(Problem(name, "", "nothing happens in it: write a line like 08:00 scan OP-17"))
    if reading.problems:
        raise ConfigError(reading.problems)
    return Script(reading.begin_us, tuple(reading.lines))


def _without_remark(line: str) -> str:
    """A # within a code belongs to it."""
    quoted = False
    for place, sign in enumerate(line):
        if sign == '"' and line[place - 1 : place] != "\\":
            quoted = not quoted
        if sign == "#" and not quoted and (place == 0 or line[place - 1].isspace()):
            return line[:place]
    return line


def _take_line(reading: _Reading, number: int, line: str) -> None:
    before = reading.now_us
    moment, rest = leading_moment(line, before, reading.day)
    if moment is None:
        moment = leading_moment("06:00", None, reading.day)[0] if before is None else before
        assert moment is not None, "a time of day is a moment"
    if before is None:
        reading.begin_us = moment
    elif moment < before:
        hint = "after the clock was set" if reading.stepped else "for the next day write its date before the time"
        raise ValueError(f"{utc_text(moment)[:19]}Z lies before the line above, {utc_text(before)[:19]}Z: {hint}")
    else:
        reading.mono_us += moment - before
    reading.now_us = moment
    cue = _cue(reading, rest)
    lasts_us = cue.us if isinstance(cue, _WaitFor) else cue.for_us if isinstance(cue, SendValue) else 0
    mono_us = reading.mono_us
    reading.now_us, reading.mono_us = moment + lasts_us, mono_us + lasts_us
    if isinstance(cue, _WaitFor):
        cue, mono_us = Wait(), reading.mono_us
    reading.lines.append(ScriptLine(number, rest, mono_us, cue))
    if isinstance(cue, StepClock):
        reading.now_us, reading.stepped = reading.now_us + cue.by_us, True


@dataclass(frozen=True, slots=True)
class _WaitFor:
    us: int


def _cue(reading: _Reading, text: str) -> Cue | _WaitFor:
    if not text:
        return Wait()
    verb, _, rest = text.partition(" ")
    rest = rest.strip()
    if verb == "gauge":
        return _value(reading, rest)
    read = _VERBS.get(verb)
    if read is not None:
        return read(reading, rest)
    if verb in reading.devices or verb.partition("/")[0] in reading.devices:
        return _value(reading, text)
    there = sorted((*_VERBS, *reading.devices))
    raise ValueError(f"{verb!r} is no event and no device{did_you_mean(verb, there)} (there are: {', '.join(there)})")


# --- what people do


def _scan(_: _Reading, rest: str) -> Cue:
    return ScanCode(plain_text(rest), typed=False)


def _type(_: _Reading, rest: str) -> Cue:
    return ScanCode(plain_text(rest), typed=True)


def _press(_: _Reading, rest: str) -> Cue:
    """A button sends what its code would."""
    word, colon, more = plain_text(rest).removeprefix("%").partition(":")
    known = [command.word.removeprefix("%") for command in COMMANDS]
    if word.upper() not in known:
        raise ValueError(f"there is no command {word!r}{did_you_mean(word, known)} (there are: {', '.join(known)})")
    return ScanCode(f"%{word.upper()}{colon}{more}", typed=True)


def _pin(_: _Reading, rest: str) -> Cue:
    words = rest.split()
    if len(words) != 2 or FORM.fullmatch(words[1]) is None:
        raise ValueError("write the badge and its PIN, digits alone, like pin OP-17 482193")
    return HasPin(*words)


# --- what devices do


def _value(reading: _Reading, text: str) -> Cue:
    """A device, perhaps with a channel, perhaps a status, a value, perhaps its unit, perhaps for how long."""
    text, streams, long = text.partition(" for ")
    for_us = duration_us(long.strip()) if streams else 0
    device, channel, words = _device(reading, text)
    status = Status(words.pop(0)) if words and words[0] in SPOKEN else Status.OK
    if status in SENDS_NO_VALUE and not words:
        return SendValue(device, Reading(status, text.encode(), channel=channel), for_us)
    if status not in WITH_VALUE or len(words) not in (1, 2) or not _is_number(words[0]):
        raise ValueError(f"write what {device} sends, like {device} 74.012 mm, or one of {', '.join(SPOKEN)}")
    unit = words[1] if len(words) == 2 else None
    value = normal_decimal(words[0])
    return SendValue(device, Reading(status, text.encode(), value=value, unit=unit, channel=channel), for_us)


def _device(reading: _Reading, text: str) -> tuple[str, str | None, list[str]]:
    """Which device, which channel of it, and the other words."""
    first, *words = text.split() or [""]
    device, _, channel = (first, "", "") if first in reading.devices else first.partition("/")
    if device not in reading.devices:
        hint = did_you_mean(device, reading.devices)
        raise ValueError(f"there is no device {device!r}{hint} (there are: {', '.join(reading.devices) or 'none'})")
    return device, channel or None, words


def _is_number(word: str) -> bool:
    try:
        normal_decimal(word)
    except ValueError:
        return False
    return True


def _plc(reading: _Reading, rest: str) -> Cue:
    if not reading.blocks:
        raise ValueError("this station is an operator's: a PLC offers it no block; write device and value")
    try:
        block = json.loads(rest, parse_float=_Digits, parse_int=_Digits)
    except ValueError as error:
        raise ValueError(f'is no block: write JSON, like plc {{"serial": "SN1", "force": 15.2}} ({error})') from error
    if not isinstance(block, dict):
        raise ValueError('is no block: write a JSON object, like plc {"serial": "SN1", "force": 15.2}')
    trigger = block.pop("trigger", None)
    if trigger is not None and (not isinstance(trigger, _Digits) or re.fullmatch("[1-9][0-9]{0,8}", trigger) is None):
        raise ValueError('"trigger" is a whole number from 1 on, or left out: then it counts')
    strange = [name for name, value in block.items() if not isinstance(value, str | None)]
    if strange:
        raise ValueError(f"{strange[0]!r} is neither a number nor a text nor null")
    numbers = {name: value for name, value in block.items() if value is None or isinstance(value, _Digits)}
    values = {name: _decimal(name, value) for name, value in numbers.items()}
    texts = {name: value for name, value in block.items() if name not in values}
    return OfferBlock(values, texts, None if trigger is None else int(trigger))


class _Digits(str):
    """A number of JSON as it is written: 15.20 is not 15.2."""

    __slots__ = ()


def _decimal(name: str, value: str | None) -> str | None:
    try:
        return None if value is None else normal_decimal(value)
    except ValueError as error:
        raise ValueError(f"{name!r}: {error}; write it without an exponent") from error


# --- what happens around


def _wait(_: _Reading, rest: str) -> _WaitFor:
    return _WaitFor(duration_us(rest))


def _restart(_: _Reading, rest: str) -> Cue:
    if rest:
        raise ValueError(f"restart stands alone; what is {rest[:40]!r}?")
    return Restart()


def _notice(reading: _Reading, rest: str) -> Cue:
    return Tell(_about(reading, rest), well=False)


def _well(reading: _Reading, rest: str) -> Cue:
    return Tell(_about(reading, rest), well=True)


def _about(reading: _Reading, rest: str) -> str:
    known = (*NOTICES, *(f"device {name}" for name in reading.devices))
    if rest not in known:
        raise ValueError(f"nothing is told of {rest!r}{did_you_mean(rest, known)} (there are: {', '.join(known)})")
    return rest


def _disk(_: _Reading, rest: str) -> Cue:
    if rest not in ("full", "well"):
        raise ValueError(f"the disk is full or well, not {rest!r}")
    return FillDisk(rest == "full")


def _clock(reading: _Reading, rest: str) -> Cue:
    assert reading.now_us is not None, "a line has its moment"
    if rest[:1] in ("+", "-") and rest[1:]:
        by = duration_us(rest[1:].strip())
        return StepClock(by if rest[0] == "+" else -by)
    moment, more = leading_moment(rest, reading.now_us, reading.day)
    if moment is None or more:
        raise ValueError(f"{rest!r} is no time of a clock: write 06:00:00, with a date before it, +1 h or -2 min")
    return StepClock(moment - reading.now_us)


def _expect(_: _Reading, rest: str) -> Cue:
    return read_expectation(rest)


_VERBS: Mapping[str, Callable[[_Reading, str], Cue | _WaitFor]] = {
    "scan": _scan,
    "type": _type,
    "press": _press,
    "pin": _pin,
    "plc": _plc,
    "wait": _wait,
    "restart": _restart,
    "notice": _notice,
    "well": _well,
    "disk": _disk,
    "clock": _clock,
    "expect": _expect,
}
