"""Chroma 19071/19072/19073 hipot testers over RS-485/RS-232: binary frames with a checksum.

    0xAB  destination  source  length  command  data …  checksum

`length` counts command and data; the checksum brings the sum of all bytes after 0xAB to a multiple of 256; numbers are
little-endian (user's manual chapter 5). The tester answers only: `ask` queries the last step's result (command 0xB1),
a channel names another step, `1` to `10`.

A result gives voltage (kV) and current (mA) of an AC or DC step; what the manual calls the judgement (PASS, HIGH FAIL
and so on) stands in `judgement`. Promise: a running test is `unstable`; a result read for the second time, a stopped or
skipped test, the manual's "maximum" and "not value" numbers carry no value. IR, GC and OS steps have other units, which
we have not seen on a wire: their judgement is given, their numbers are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings
from gaugetrail_agent.reading import Reading, Status

NAME = "chroma-bin"
MAKER: Final = "Chroma"
MODELS: Final = ("19071", "19072", "19073")
PROOF: Final = "printed"
HEADER: Final = 0xAB
RESULT, REPLY, IDENTITY = 0xB1, 0x7F, 0x90
LONGEST_NOISE = 512
# Every item of a result but the reserved one: mode, voltage, current, ramp, test and fall time (manual p. 5-19).
ITEMS = 0xD7
ITEM_SIZES = {0x01: 1, 0x02: 2, 0x04: 4, 0x08: 4, 0x10: 2, 0x20: 2, 0x40: 2, 0x80: 2}
ITEM_NAMES = {0x10: "ramp_secs", 0x20: "dwell_secs", 0x40: "test_secs", 0x80: "fall_secs"}
MODES = {1: "AC", 2: "DC", 3: "IR", 4: "GC", 5: "OS"}
VOLT_MAXIMUM, VOLT_NONE = 30_000, 31_000
CURRENT_MAXIMUM, CURRENT_NONE = 1_000_000_000, 1_100_000_000

REPLIES = {0: "", 1: "command or execution error", 2: "parameter error"}

# Result codes that hold for every mode (manual p. 5-21).
GENERAL_RESULTS = {
    0x70: "STOP",
    0x71: "USER INTERRUPT",
    0x72: "CAN NOT TEST",
    0x73: "TESTING",
    0x74: "PASS",
    0x75: "SKIPPED",
    0x79: "GFI TRIPPED",
    0x7A: "SLAVE FAIL",
    0x7B: "SHORT FAIL",
}
# Low half of a result code; the high half is the mode (1 AC … 4 GC, 6 OS).
MODE_RESULTS = {
    1: "HIGH FAIL",
    2: "LOW FAIL",
    3: "ARC FAIL",
    4: "I/O FAIL",
    5: "NO OUTPUT",
    6: "VOLTAGE OVER",
    7: "CURRENT OVER",
    8: "INRUSH FAIL",
}
OPEN_SHORT_RESULTS = {1: "SHORT FAIL", 2: "OPEN FAIL"}
NO_VALUE_RESULTS = frozenset({"STOP", "USER INTERRUPT", "SKIPPED"})
TESTER_FAULTS = frozenset({"CAN NOT TEST", "GFI TRIPPED", "SLAVE FAIL", "I/O FAIL", "NO OUTPUT", "VOLTAGE OVER"})


class ChromaSettings(DriverSettings):
    """Who is who on the bus."""

    address: int = Field(1, ge=0, le=255, description="the tester's address, as its menu shows it")
    own_address: int = Field(0x70, ge=0, le=255, description="the PC's address; the manual's examples use 112")


Settings = ChromaSettings


def make(settings: ChromaSettings) -> StreamDriver:
    """The driver as set."""
    return ChromaDriver(settings.address, settings.own_address)


def framed(destination: int, source: int, command: int, data: bytes = b"") -> bytes:
    """A frame with its checksum."""
    body = bytes((destination, source, len(data) + 1, command)) + data
    return bytes((HEADER,)) + body + bytes((-sum(body) & 0xFF,))


class ChromaDriver(StreamDriver):
    """One tester on a wire; on a bus with several, each its own driver and address."""

    name = NAME
    channels = ("voltage", "current")
    triggers = True  # a result that was read before carries no value, so what an answer holds is new

    def __init__(self, address: int = 1, own_address: int = 0x70) -> None:
        self._address = address
        self._own = own_address
        self._buffer = bytearray()
        self._noise = bytearray()

    def opened(self) -> Sequence[Action]:
        """Forget half a frame."""
        self._buffer.clear()
        self._noise.clear()
        return ()

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        """Query a step's result; 0 is the last step that ran."""
        step = int(channel) if channel and channel.isascii() and channel.isdigit() and len(channel) < 3 else 0
        return (Send(framed(self._address, self._own, RESULT, bytes((step, ITEMS)))),)

    def received(self, data: bytes) -> Sequence[Action]:
        """Find frames by header, length and checksum; a false header is noise and the search goes on behind it."""
        self._buffer += data
        readings: list[Action] = []
        while self._buffer:
            if self._buffer[0] != HEADER:
                self._skip_one(readings)
                continue
            if len(self._buffer) < 4 or len(self._buffer) < self._buffer[3] + 5:
                break
            frame = bytes(self._buffer[: self._buffer[3] + 5])
            if frame[3] == 0 or sum(frame[1:]) & 0xFF:
                self._skip_one(readings)
                continue
            del self._buffer[: len(frame)]
            self._end_noise(readings)
            readings.extend(decoded(frame))
        return readings

    def quiet(self) -> Sequence[Action]:
        """Silence ends noise."""
        readings: list[Action] = []
        self._end_noise(readings)
        return readings

    def rest(self) -> Reading | None:
        """A frame that lacks its end is incomplete; anything else is garbled."""
        left = bytes(self._noise + self._buffer)
        if not left:
            return None
        return Reading(Status.GARBLED if self._noise else Status.INCOMPLETE, left)

    def _skip_one(self, readings: list[Action]) -> None:
        self._noise.append(self._buffer.pop(0))
        if len(self._noise) >= LONGEST_NOISE:
            self._end_noise(readings)

    def _end_noise(self, readings: list[Action]) -> None:
        if self._noise:
            readings.append(Reading(Status.GARBLED, bytes(self._noise)))
            self._noise.clear()


def decoded(frame: bytes) -> list[Reading]:
    """The readings of one frame whose checksum fits."""
    command, data = frame[4], frame[5:-1]
    if command == REPLY and len(data) == 1:
        if data[0] == 0:
            return [Reading(Status.ACK, frame)]
        words = REPLIES.get(data[0], "unknown reply")
        return [Reading(Status.ERROR, frame, error_code=str(data[0]), text=words)]
    if command == RESULT and len(data) > 2:
        return _result(frame, data)
    # An echo of our own request on a two-wire bus, or the answer to a setting that someone else queried.
    text = data.decode("ascii", "replace") if command == IDENTITY else None
    return [Reading(Status.INFO, frame, text=text, extra={"command": f"{command:02X}"})]


def _result(frame: bytes, data: bytes) -> list[Reading]:
    """`data`: new flag, step, result code, items, then the items in the order of their weight."""
    if len(data) < 4:
        return [Reading(Status.GARBLED, frame, extra={"reason": "the result is cut short"})]
    fresh, step, code, items = data[:4]
    fields: dict[int, int] = {}
    place = 4
    for weight, size in ITEM_SIZES.items():
        if items & weight:
            fields[weight] = int.from_bytes(data[place : place + size], "little")
            place += size
    if place != len(data):
        return [Reading(Status.GARBLED, frame, extra={"reason": "the result's length does not fit its items"})]
    mode = MODES.get(fields.get(0x01, 0), "")
    judgement = _judgement(code)
    extra: dict[str, str | int | bool] = {"step": step, "judgement": judgement}
    if mode:
        extra["mode"] = mode
    extra |= {ITEM_NAMES[weight]: _tenths(fields[weight]) for weight in ITEM_NAMES if weight in fields}
    refusal = _refused(frame, bool(fresh), judgement, mode, extra)
    if refusal is not None:
        return [refusal]
    status = Status.UNSTABLE if judgement == "TESTING" else Status.OK
    readings = []
    if 0x02 in fields:
        readings.append(_voltage(frame, status, fields[0x02], extra))
    if 0x04 in fields:
        readings.append(_current(frame, status, fields[0x04], mode, extra))
    return readings or [Reading(Status.INFO, frame, text=judgement, extra=extra)]


def _judgement(code: int) -> str:
    if code in GENERAL_RESULTS:
        return GENERAL_RESULTS[code]
    table = (
        OPEN_SHORT_RESULTS | {4: "I/O FAIL", 6: "VOLTAGE OVER", 7: "CURRENT OVER"} if code >> 4 == 6 else MODE_RESULTS
    )
    known = table.get(code & 0x0F) if 1 <= code >> 4 <= 6 and code >> 4 != 5 else None
    return known or f"code {code:02X}"


def _refused(
    frame: bytes, fresh: bool, judgement: str, mode: str, extra: Mapping[str, str | int | bool]
) -> Reading | None:
    """Why a result holds no measurement; null when it does."""
    if judgement in TESTER_FAULTS or judgement.startswith("code "):
        return Reading(Status.ERROR, frame, error_code=judgement, extra=extra)
    if judgement in NO_VALUE_RESULTS:
        return Reading(Status.NO_VALUE, frame, text=judgement, extra=extra)
    if not fresh:
        return Reading(Status.NO_VALUE, frame, text="this result has been read before", extra=extra)
    if mode not in ("AC", "DC"):
        text = f"{mode} step" if mode else "the answer does not say which kind of step"
        return Reading(Status.INFO, frame, text=f"{text}: {judgement}", extra=extra)
    return None


def _voltage(frame: bytes, status: Status, volts: int, extra: Mapping[str, str | int | bool]) -> Reading:
    if volts >= VOLT_NONE:
        return Reading(Status.NO_VALUE, frame, channel="voltage", extra=extra)
    if volts >= VOLT_MAXIMUM:
        return Reading(Status.OVERRANGE, frame, channel="voltage", extra=extra)
    value = f"{volts // 1000}.{volts % 1000:03d}"
    return Reading(status, frame, value=value, unit="kV", channel="voltage", extra=extra)


def _current(
    frame: bytes, status: Status, tenth_microamps: int, mode: str, extra: Mapping[str, str | int | bool]
) -> Reading:
    if tenth_microamps >= CURRENT_NONE:
        return Reading(Status.NO_VALUE, frame, channel="current", extra=extra)
    if tenth_microamps >= CURRENT_MAXIMUM:
        return Reading(Status.OVERRANGE, frame, channel="current", extra=extra)
    value = f"{tenth_microamps // 10_000}.{tenth_microamps % 10_000:04d}"
    # The wire counts 0.1 uA, AC is measured in 1 uA: the manual shows 90 as 0.009 mA, and that last 0 is no digit.
    if mode == "AC" and value.endswith("0"):
        value = value[:-1]
    return Reading(status, frame, value=value, unit="mA", channel="current", extra=extra)


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"
