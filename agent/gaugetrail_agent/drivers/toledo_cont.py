"""Mettler/Toledo continuous output (8142, 8530, IND, PANTHER, JAGUAR and the many indicators that copy them).

The indicator sends by itself, several times a second, after each update of its display:

    STX  A  B  C  weight(6)  tare(6)  CR  [checksum]

The weight has no point, no sign and no unit; all three stand in the status words (Mettler Toledo Wildcat technical
manual tables 6-9 to 6-11; Rice Lake 520 manual 13.8.1; Kern FTC manual 5.2.2):

    A  bits 0-2  place of the point: 0 XXXX00, 1 XXXXX0, 2 XXXXXX, 3 XXXXX.X, 4 XXXX.XX … 7 X.XXXXX
    B  bit 0 net, 1 negative, 2 out of range, 3 in motion, 4 kg (else lb), 6 not zeroed since power-up
    C  bits 0-2  unit, where it is neither kg nor lb; 3 print key pressed; 4 display expanded ten times

The checksum is optional: the two's complement of the sum of the low seven bits of all that went before, STX and CR
included. Promise: a weight out of range, of an indicator not zeroed since power-up, or of an expanded display (whose
point the makers place differently) carries no value; a frame in motion is `unstable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from gaugetrail_agent.drivers import Action, StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status, normal_decimal

NAME = "toledo-cont"
MAKER: Final = "Mettler Toledo and many that copy it"
MODELS: Final = ("8142", "8530", "IND series", "PANTHER", "JAGUAR")
PROOF: Final = "built"
STX, LF, CR = 0x02, 0x0A, 0x0D
CR_PLACE = 16
LONGEST_NOISE = 256

# Status word C, bits 0-2; 0 leaves kg or lb to word B, 7 is a unit of the user's own.
UNITS = {1: "g", 2: "t", 3: "oz", 4: "ozt", 5: "dwt", 6: "ton"}


class ToledoSettings(DriverSettings):
    """What the terminal's menu says."""

    checksum: Literal["auto", "true", "false"] = Field(
        "auto",
        description="whether a checksum follows each frame: auto finds out from the first frames, true also refuses a "
        "frame that lost its checksum",
    )
    unit: str | None = Field(None, description="the unit, for a terminal that sends one of its own (code 7)")


Settings = ToledoSettings


def make(settings: ToledoSettings) -> StreamDriver:
    """The driver as set."""
    return ToledoDriver({"auto": None, "true": True, "false": False}[settings.checksum], settings.unit or None)


class ToledoDriver(StreamDriver):
    """`with_checksum`: null finds out from the first frames whether a checksum follows the CR."""

    name = NAME
    family = "scale"

    def __init__(self, with_checksum: bool | None, unit: str | None = None) -> None:
        self._configured = with_checksum
        self._with_checksum = with_checksum
        self._unit = unit
        self._frame = bytearray()
        self._noise = bytearray()

    def opened(self) -> Sequence[Action]:
        """Forget half a frame, and whether this indicator adds a checksum."""
        self._frame.clear()
        self._noise.clear()
        self._with_checksum = self._configured
        return ()

    def received(self, data: bytes) -> Sequence[Action]:
        """Split at STX; a frame ends at its CR or one byte later."""
        readings: list[Action] = []
        for byte in data:
            self._take(byte, readings)
        return readings

    def quiet(self) -> Sequence[Action]:
        """Silence ends a frame without checksum where none is known of, and noise."""
        readings: list[Action] = []
        if self._awaits_checksum() and self._with_checksum is None:
            self._end_frame(readings)
        self._end_noise(readings)
        return readings

    def rest(self) -> Reading | None:
        """A frame whose end is missing is incomplete; bytes that began with no STX are garbled."""
        if self._awaits_checksum() and self._with_checksum is None:
            return self._decoded(bytes(self._frame))
        if self._frame:
            return Reading(Status.INCOMPLETE, bytes(self._frame))
        return Reading(Status.GARBLED, bytes(self._noise)) if self._noise else None

    def _awaits_checksum(self) -> bool:
        return len(self._frame) == CR_PLACE + 1

    def _take(self, byte: int, readings: list[Action]) -> None:
        if self._awaits_checksum():
            if self._is_checksum(byte):
                self._frame.append(byte)
                self._end_frame(readings)
                return
            self._end_frame(readings)
        if byte == STX:
            self._noise += self._frame
            self._end_noise(readings)
            self._frame[:] = (STX,)
            return
        if not self._frame:
            if byte != LF or self._noise or self._with_checksum:
                self._add_noise(bytes((byte,)), readings)
            return
        self._frame.append(byte)
        misplaced = (byte == CR) != (len(self._frame) == CR_PLACE + 1)
        if misplaced:
            self._add_noise(bytes(self._frame), readings)
            self._frame.clear()
        elif self._awaits_checksum() and self._with_checksum is False:
            self._end_frame(readings)

    def _is_checksum(self, byte: int) -> bool:
        """Whether the byte after the CR belongs to the frame; the first clear case settles it for the connection."""
        if byte & 0x7F == checksum_of(self._frame) and self._with_checksum is not False:
            if byte != STX:
                self._with_checksum = True
            return True
        # An STX that does not fit begins the next frame; some copies of the indicator end with CR LF.
        begins_anew = byte == STX or (byte == LF and not self._with_checksum)
        if self._with_checksum is None:
            self._with_checksum = not begins_anew
        return not begins_anew

    def _end_frame(self, readings: list[Action]) -> None:
        frame = bytes(self._frame)
        self._frame.clear()
        self._end_noise(readings)
        readings.append(self._decoded(frame))

    def _add_noise(self, data: bytes, readings: list[Action]) -> None:
        self._noise += data
        if len(self._noise) >= LONGEST_NOISE:
            self._end_noise(readings)

    def _end_noise(self, readings: list[Action]) -> None:
        if self._noise:
            readings.append(Reading(Status.GARBLED, bytes(self._noise)))
            self._noise.clear()

    def _decoded(self, frame: bytes) -> Reading:
        if len(frame) == CR_PLACE + 2 and frame[-1] & 0x7F != checksum_of(frame[:-1]):
            return Reading(Status.GARBLED, frame, extra={"reason": "the checksum does not fit"})
        if len(frame) == CR_PLACE + 1 and self._with_checksum:
            reason = "the checksum is missing; if there is none, set checksum = false"
            return Reading(Status.GARBLED, frame, extra={"reason": reason})
        # Bit 7 is parity where it is anything; the words themselves are printable characters.
        word_a, word_b, word_c = (byte & 0x7F for byte in frame[1:4])
        if min(word_a, word_b, word_c) < 0x20:
            return Reading(Status.GARBLED, frame, extra={"reason": "the status words are none"})
        status, why = _status(word_b, word_c)
        unit = self._unit_of(word_b, word_c)
        extra: dict[str, str | int | bool] = {"kind": "net" if word_b & 0x01 else "gross"}
        if word_c & 0x08:
            extra["print_request"] = True
        tare = _weight(frame[10:CR_PLACE], word_a, negative=False)
        if tare is not None:
            extra["tare"] = tare
        if status not in WITH_VALUE:
            return Reading(status, frame, unit=None, text=why, extra=extra)
        digits = frame[4:10]
        value = _weight(digits, word_a, negative=bool(word_b & 0x02))
        if value is not None:
            return Reading(status, frame, value=value, unit=unit, extra=extra)
        if not digits.strip(b" -*._"):
            return Reading(Status.NO_VALUE, frame, text="the display shows no number", extra=extra)
        return Reading(Status.GARBLED, frame, extra={"reason": "the weight is not six digits"})

    def _unit_of(self, word_b: int, word_c: int) -> str | None:
        code = word_c & 0x07
        if code == 0:
            return "kg" if word_b & 0x10 else "lb"
        return UNITS.get(code, self._unit)


def checksum_of(before: bytes | bytearray) -> int:
    """Seven bits that bring the sum of the low seven bits of all bytes to zero."""
    return -sum(byte & 0x7F for byte in before) & 0x7F


def _status(word_b: int, word_c: int) -> tuple[Status, str | None]:
    if word_b & 0x04:
        if word_b & 0x02:
            return Status.UNDERRANGE, "below the weighing range"
        return Status.OVERRANGE, "above the weighing range"
    if word_b & 0x40:
        return Status.NO_VALUE, "not zeroed since power-up: empty the scale and press zero"
    if word_c & 0x10:
        return Status.NO_VALUE, "the display is expanded ten times: switch it back to normal"
    return (Status.UNSTABLE, None) if word_b & 0x08 else (Status.OK, None)


def _weight(field: bytes, word_a: int, *, negative: bool) -> str | None:
    """Six digits, perhaps with blanks for leading zeros, with the point where word A puts it."""
    digits = field.lstrip(b" ").decode("ascii", "replace")
    if not (digits.isascii() and digits.isdigit()):
        return None
    places = (word_a & 0x07) - 2
    if places <= 0:
        text = digits + "0" * -places
    else:
        digits = digits.rjust(places, "0")
        text = f"{digits[:-places]}.{digits[-places:]}"
    return normal_decimal("-" + text if negative else text)
