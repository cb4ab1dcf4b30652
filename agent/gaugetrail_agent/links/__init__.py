"""Links: the wires a device sits on. A link moves bytes and knows nothing of what they mean.

Every link answers to `ByteLink`; each third-party library is met in one module only (`serial_port`: pyserial,
`modbus`: pymodbus). Opening does the first I/O; making the object does none, so `check` can build a whole agent.
"""

from __future__ import annotations

from typing import Protocol


class ByteLink(Protocol):
    """A two-way stream of bytes. All methods raise `errors.DeviceGone` when the wire is not there or has broken."""

    @property
    def name(self) -> str:
        """How messages call it: the port or address as configured."""

    async def open(self) -> None:
        """Open the port or connect; raises `DeviceGone` with what the system said."""

    async def read(self, timeout_secs: float) -> bytes:
        """What has arrived, at least one byte; `b""` when nothing came in `timeout_secs`."""

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""

    async def close(self) -> None:
        """Give the port back; never raises, may be called twice."""
