"""A Chroma 19071 hipot tester on a serial line: binary frames with a checksum, which answer and never speak first.

    0xAB  destination  source  length  command  data …  checksum

`length` counts command and data; the checksum brings the sum of everything behind 0xAB to a multiple of 256. Numbers
are little-endian. Command 0xB1 asks for a step's result: fresh or read before, step, judgement (0x74 PASS, 0x11 AC
high fail), the items that follow, and those: mode, volts, current in 0.1 uA, ramp, test and fall time in 0.1 s
(manual pp. 5-5, 5-19 to 5-22).
"""

from __future__ import annotations

from decimal import Decimal

from gaugetrail_sim.devices.gauge import SimulatedGauge
from gaugetrail_sim.devices.ptys import PtyPort

HEADER, RESULT, REPLY = 0xAB, 0xB1, 0x7F
HOST, TESTER = 0x70, 0x01
PASS, AC_HIGH_FAIL = 0x74, 0x11
ITEMS = 0xD7
VOLTS = 1500
CURRENT_MAXIMUM = 1_000_000_000
"""What the manual calls the maximum: the current was larger than can be measured."""
TIMES = (10, 30, 10)


def framed(command: int, data: bytes) -> bytes:
    """A frame from the tester to the PC."""
    body = bytes((HOST, TESTER, len(data) + 1, command)) + data
    return bytes((HEADER,)) + body + bytes((-sum(body) & 0xFF,))


class HipotTester(SimulatedGauge):
    """One AC step; the value is its current in mA. Its key does nothing on the wire: the PC has to ask."""

    protocol = "chroma-bin"
    asked_by_host = True

    def __init__(self, port: PtyPort, decimals: int = 4, limit: Decimal = Decimal("0.150")) -> None:
        super().__init__(port, decimals)
        self.limit = limit
        self._heard = bytearray()

    def press(self) -> None:
        """A test has run; the tester stays silent until it is asked."""

    def frame(self, value: Decimal) -> bytes:
        """The result of step 1."""
        judged = PASS if value <= self.limit else AC_HIGH_FAIL
        return self._result(judged, int(value.scaleb(4)))

    def overload_frame(self) -> bytes:
        """The step failed at once, with a current beyond measuring."""
        return self._result(AC_HIGH_FAIL, CURRENT_MAXIMUM)

    def received(self, data: bytes) -> None:
        """Queries, whole or in pieces; one with a wrong checksum is not answered."""
        self._heard += data
        while len(self._heard) > 3 and len(self._heard) >= self._heard[3] + 5:
            query = bytes(self._heard[: self._heard[3] + 5])
            del self._heard[: len(query)]
            if query[0] != HEADER or sum(query[1:]) & 0xFF or query[1] != TESTER:
                continue
            self._send(self.frame(self.value) if query[4] == RESULT else framed(REPLY, b"\x01"))

    def _result(self, judged: int, current: int) -> bytes:
        items = bytes((1,)) + VOLTS.to_bytes(2, "little") + current.to_bytes(4, "little")
        times = b"".join(tenths.to_bytes(2, "little") for tenths in TIMES)
        return framed(RESULT, bytes((1, 1, judged, ITEMS)) + items + times)
