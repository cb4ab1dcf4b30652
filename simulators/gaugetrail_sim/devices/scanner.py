"""A simulated barcode scanner on a serial port: the code, then CR, as scanners leave the factory."""

from __future__ import annotations

from gaugetrail_sim.devices.ptys import PtyPort


class SimulatedScanner:
    """One scanner. It hears nothing; it only reads codes."""

    def __init__(self, port: PtyPort, suffix: bytes = b"\r") -> None:
        self.port = port
        self._suffix = suffix

    def open(self) -> None:
        """Plug it in. Inside a running event loop."""
        self.port.open(lambda _: None)

    def close(self) -> None:
        """Pull the plug."""
        self.port.close()

    def scan(self, code: str, *, times: int = 1) -> None:
        """Read a code; `times=2` is the double scan of a nervous trigger finger."""
        self.port.write((code.encode() + self._suffix) * times)
