"""Simulated gauges and scales on a serial port: what their manuals say they send, and what goes wrong on the way.

A protocol here is written from the maker's manual alone, apart from the agent's reading of it, so that one misread page
can't be wrong in the same way twice. Frames, with their sources, are proved by tests/simulators.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar

from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.devices.ptys import PtyPort

CUT_SECS = 0.03
"""The pause inside a frame that comes in two pieces: longer than any reader's single look at the port."""
SETTLE_SECS = 0.02
"""How long a scale's pan moves after a load; a real one takes 1 to 3 s, which would only make the demo slower."""
STREAM_SECS = 0.1
"""A&D stream mode and MT-SICS SIR send about ten frames a second (A&D EK-L manual p. 28)."""


class SimulatedGauge(ABC):
    """One gauge on one port. `load` puts a piece on it, `press` is its DATA or print key."""

    protocol: ClassVar[str]
    asked_by_host: ClassVar[bool] = False
    """Whether hosts usually ask it, so that nobody presses its key."""

    def __init__(self, port: PtyPort, decimals: int) -> None:
        self.port = port
        self.decimals = decimals
        self.value = Decimal(0)
        self._faults: list[Fault] = []

    def open(self) -> None:
        """Plug it in. Inside a running event loop."""
        self.port.open(self.received)

    def close(self) -> None:
        """Pull the plug."""
        self.port.close()

    def load(self, value: Decimal, faults: Sequence[Fault] = ()) -> None:
        """Put a piece on it; each of `faults` hits one of the next frames, in order."""
        self.value = value
        self._faults = list(faults)

    def shown(self) -> str:
        """What its display says."""
        return str(self.value)

    def press(self) -> None:
        """The DATA, print or transfer key."""
        self._send(self.frame(self.value))

    def received(self, data: bytes) -> None:
        """Bytes from the host; most gauges have no ears."""
        del data

    @abstractmethod
    def frame(self, value: Decimal) -> bytes:
        """A good reading."""

    @abstractmethod
    def overload_frame(self) -> bytes:
        """What it sends when it is beyond its range."""

    def _send(self, frame: bytes) -> None:
        """Put a frame on the wire, with the next fault."""
        fault = self._faults.pop(0) if self._faults else None
        if fault is Fault.CUT:
            half = len(frame) // 2
            self.port.write(frame[:half])
            asyncio.get_running_loop().call_later(CUT_SECS, self.port.write, frame[half:])
        elif fault is Fault.GARBLED:
            self.port.write(garbled(frame))
        elif fault is Fault.OVERLOAD:
            self.port.write(self.overload_frame())
        elif fault is Fault.GLUED:
            self.port.write(frame + frame)
        else:
            self.port.write(frame)


def garbled(frame: bytes) -> bytes:
    """One bit of the last digit is hit: `5` becomes `u`, so the frame keeps its length and its end."""
    for place in range(len(frame) - 1, -1, -1):
        if frame[place : place + 1].isdigit():
            return frame[:place] + bytes([frame[place] ^ 0x40]) + frame[place + 1 :]
    return frame[1:]


class MitutoyoGauge(SimulatedGauge):
    """Mitutoyo's 13-byte format: `0`, channel, `A`, sign, eight characters with the point, CR; no unit.

    Sent by the DATA key or foot switch (QM-Height manual 99MAF600B p. 67; the same bytes come from USB-ITN and from
    MUX-10 multiplexers, ASDQMS GageMux manual p. 7). It can also be asked: any command that ends with CR.
    """

    protocol = "digimatic-13"

    def __init__(self, port: PtyPort, decimals: int = 3, channel: str = "1") -> None:
        super().__init__(port, decimals)
        self._channel = channel

    def frame(self, value: Decimal) -> bytes:
        """Zero-filled to eight characters; a value that needs more doesn't fit this format."""
        digits = f"{abs(value):08.{self.decimals}f}"
        if len(digits) != 8:
            raise ValueError(f"{value} with {self.decimals} decimals doesn't fit into eight characters")
        return f"0{self._channel}A{'-' if value < 0 else '+'}{digits}\r".encode()

    def overload_frame(self) -> bytes:
        """The bare error number that interfaces of this family send; the maker's meaning of 911 is not published."""
        return b"911\r"

    def received(self, data: bytes) -> None:
        """A host request: one reading for each CR."""
        for _ in range(data.count(b"\r")):
            self.press()


class Scale(SimulatedGauge):
    """What polled scales share: lines from the host, a pan that settles, a stream that can be switched on."""

    asked_by_host = True

    def __init__(self, port: PtyPort, decimals: int, unit: str = "g") -> None:
        super().__init__(port, decimals)
        self.unit = unit
        self.stable = True
        self._line = bytearray()
        self._waiting = False
        self._settling: asyncio.TimerHandle | None = None
        self._stream: asyncio.TimerHandle | None = None

    def load(self, value: Decimal, faults: Sequence[Fault] = ()) -> None:
        """The pan moves, then settles; a request for a stable weight waits for that."""
        super().load(value, faults)
        self.stable = False
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(SETTLE_SECS, self._settled)

    def unload(self) -> None:
        """Take the piece off: the pan swings back to zero."""
        self.load(Decimal(0))

    def close(self) -> None:
        """Pull the plug."""
        for timer in (self._settling, self._stream):
            if timer is not None:
                timer.cancel()
        super().close()

    def received(self, data: bytes) -> None:
        """Commands end with CR LF; half a command waits."""
        self._line += data
        while b"\n" in self._line:
            line, _, rest = self._line.partition(b"\n")
            self._line = bytearray(rest)
            self.command(line.strip(b"\r").decode("ascii", "replace"))

    @abstractmethod
    def command(self, text: str) -> None:
        """One command of the host's."""

    @abstractmethod
    def moving_frame(self, value: Decimal) -> bytes:
        """A reading while the pan moves."""

    def stream(self, on: bool) -> None:
        """Switch the stream of readings on or off."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None
        if on:
            self._streamed()

    def press(self) -> None:
        """The print key waits for a stable weight."""
        self.answer_when_stable()

    def answer_when_stable(self) -> None:
        """One reading as soon as the pan stands still."""
        if self.stable:
            self._send(self.frame(self.value))
        else:
            self._waiting = True

    def answer_now(self) -> None:
        """One reading, moving or not."""
        self._send(self.frame(self.value) if self.stable else self.moving_frame(self.value))

    def _settled(self) -> None:
        self.stable = True
        if self._waiting:
            self._waiting = False
            self._send(self.frame(self.value))

    def _streamed(self) -> None:
        self.answer_now()
        self._stream = asyncio.get_running_loop().call_later(STREAM_SECS, self._streamed)


class MettlerScale(Scale):
    """Mettler Toledo MT-SICS level 0 and 1: `S S     100.00 g` CR LF (AL-IC manual p. 72).

    `S` waits for a stable weight, `SI` answers at once (`S D` while moving), `SIR` repeats, `@` stops and answers with
    the serial number, `Z` and `T` zero and tare, anything else is `ES` (syntax error).
    """

    protocol = "mt-sics"

    def __init__(self, port: PtyPort, decimals: int = 2, unit: str = "g") -> None:
        super().__init__(port, decimals, unit)

    def frame(self, value: Decimal) -> bytes:
        """Status S: stable. The weight is right-aligned in ten characters."""
        return f"S S {value:10.{self.decimals}f} {self.unit}\r\n".encode()

    def moving_frame(self, value: Decimal) -> bytes:
        """Status D: dynamic."""
        return f"S D {value:10.{self.decimals}f} {self.unit}\r\n".encode()

    def overload_frame(self) -> bytes:
        """Status +: above the weighing range."""
        return b"S +\r\n"

    def command(self, text: str) -> None:
        """One command, as the manual lists them."""
        answers: dict[str, Callable[[], None]] = {
            "S": self.answer_when_stable,
            "SI": self.answer_now,
            "SIR": lambda: self.stream(True),
            "Z": lambda: self.port.write(b"Z A\r\n"),
            "T": lambda: self.port.write(f"T S {0:10.{self.decimals}f} {self.unit}\r\n".encode()),
            "I4": lambda: self.port.write(b'I4 A "B021002593"\r\n'),
            "@": lambda: self.port.write(b'I4 A "B021002593"\r\n'),
        }
        if text != "SIR":  # a new command ends the stream
            self.stream(False)
        answers.get(text, lambda: self.port.write(b"ES\r\n"))()


class AndScale(Scale):
    """A&D's standard format: `ST,+001234.5  g` CR LF, status, sign and eight characters, unit in three (EK-L p. 28).

    Streams by itself when switched so; `Q` asks for a reading at once, `S` for a stable one, `SIR` and `C` start and
    stop the stream.
    """

    protocol = "and-std"

    def __init__(self, port: PtyPort, decimals: int = 1, unit: str = "g") -> None:
        super().__init__(port, decimals, unit)

    def frame(self, value: Decimal) -> bytes:
        """ST: stable."""
        return self._frame("ST", value)

    def moving_frame(self, value: Decimal) -> bytes:
        """US: unstable."""
        return self._frame("US", value)

    def overload_frame(self) -> bytes:
        """OL, with nines that are filler and no weight."""
        nines = "9" * (7 - self.decimals) + "." + "9" * self.decimals
        return f"OL,+{nines}{self.unit:>3}\r\n".encode()

    def command(self, text: str) -> None:
        """One command; a scale that doesn't know it says `?`."""
        answers: dict[str, Callable[[], None]] = {
            "Q": self.answer_now,
            "S": self.answer_when_stable,
            "SI": self.answer_now,
            "SIR": lambda: self.stream(True),
            "C": lambda: self.stream(False),
        }
        answers.get(text, lambda: self.port.write(b"?\r\n"))()

    def _frame(self, header: str, value: Decimal) -> bytes:
        digits = f"{abs(value):08.{self.decimals}f}"
        if len(digits) != 8:
            raise ValueError(f"{value} with {self.decimals} decimals doesn't fit into eight characters")
        return f"{header},{'-' if value < 0 else '+'}{digits}{self.unit:>3}\r\n".encode()


class ToledoScale(Scale):
    """Toledo continuous output with a checksum: STX, three status words, six digits, six of tare, CR, checksum.

    Word A places the point (4: two decimals), word B says net, minus, out of range, in motion and kg, bit by bit; the
    checksum brings the low seven bits of all bytes to a sum of zero (Rice Lake 520 manual 13.8.1; IND445 manual p. 50).
    The digits have neither point nor sign.
    """

    protocol = "toledo-cont"

    def __init__(self, port: PtyPort, decimals: int = 2, unit: str = "kg") -> None:
        super().__init__(port, decimals, unit)

    def frame(self, value: Decimal) -> bytes:
        """At rest."""
        return self._frame(value)

    def moving_frame(self, value: Decimal) -> bytes:
        """Word B, bit 3."""
        return self._frame(value, 0x08)

    def overload_frame(self) -> bytes:
        """Word B, bit 2; the digits mean nothing."""
        return self._frame(Decimal(0), 0x04)

    def command(self, text: str) -> None:
        """Continuous output has no ears."""

    def _frame(self, value: Decimal, flags: int = 0) -> bytes:
        digits = str(int(abs(value).scaleb(self.decimals))).rjust(6, "0")
        if len(digits) != 6:
            raise ValueError(f"{value} with {self.decimals} decimals doesn't fit into six digits")
        # 0x20 makes each word a printable character; 0x08 in word A: steps of one.
        words = (0x28 | self.decimals + 2, 0x20 | flags | 0x02 * (value < 0) | 0x10 * (self.unit == "kg"), 0x20)
        body = bytes((2, *words)) + digits.encode() + b"000000\r"
        return body + bytes((-sum(byte & 0x7F for byte in body) & 0x7F,))
