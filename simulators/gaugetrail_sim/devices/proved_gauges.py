"""Simulated gauges whose frames carry a check: Yaohua indicators and Cosmo leak testers, from their makers' manuals.

The check is computed here apart from the agent's way, so that one misread page can't be wrong in the same way twice.
"""

from __future__ import annotations

from decimal import Decimal

from gaugetrail_sim.devices.gauge import Scale, SimulatedGauge
from gaugetrail_sim.devices.ptys import PtyPort


class YaohuaIndicator(Scale):
    """XK3190, continuous format 0: STX, sign, six digits, decimals, XOR of these eight in two hex characters, ETX.

    A nibble up to 9 is sent plus 30h, A to F plus 37h (XK3190-A26 manual pp. 12-13). Motion and overload are not told.
    """

    protocol = "yaohua-tf0"

    def __init__(self, port: PtyPort, decimals: int = 3, unit: str = "kg") -> None:
        super().__init__(port, decimals, unit)

    def frame(self, value: Decimal) -> bytes:
        """A weight with its sign and the place of its point."""
        digits = str(int(abs(value).scaleb(self.decimals))).rjust(6, "0")
        if len(digits) != 6:
            raise ValueError(f"{value} with {self.decimals} decimals doesn't fit into six digits")
        text = f"{'-' if value < 0 else '+'}{digits}{self.decimals}".encode()
        total = 0
        for byte in text:
            total ^= byte
        nibbles = (total >> 4, total & 0x0F)
        return b"\x02" + text + bytes(one + (0x30 if one <= 9 else 0x37) for one in nibbles) + b"\x03"

    def moving_frame(self, value: Decimal) -> bytes:
        """The same: the format has no place for motion."""
        return self.frame(value)

    def overload_frame(self) -> bytes:
        """The format has none; what an indicator sends then is not in the manual, so the frame is cut."""
        return b"\x02+------3\x03"

    def command(self, text: str) -> None:
        """Continuous output has no ears."""


class CosmoTester(SimulatedGauge):
    """LS-R700, T format: `#00 00 2 -000.4:32` CR, the two's complement of the sum of `#` to `:` (manual p. 38)."""

    protocol = "cosmo-ls"

    def __init__(self, port: PtyPort, decimals: int = 1) -> None:
        super().__init__(port, decimals)

    def frame(self, value: Decimal) -> bytes:
        """A good part: result 2."""
        return self._line("2", f"{value:+06.{self.decimals}f}")

    def overload_frame(self) -> bytes:
        """An error of the test: result D, and a leak of 999 that means nothing."""
        return self._line("D", "+999.0")

    def _line(self, result: str, leak: str) -> bytes:
        body = f"#00 00 {result} {leak}:".encode()
        return body + f"{(256 - sum(body) % 256) % 256:02X}\r".encode()
