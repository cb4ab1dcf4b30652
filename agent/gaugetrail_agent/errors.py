"""The decisions a fault can lead to: each exception says what its catcher does.

`DeviceGone`: close, wait, reopen. `BadReading`: keep the bytes, count, go on. (`ConfigError`, stop with exit code 78,
belongs to the contract's settings, since both services read settings.)
"""

from __future__ import annotations


class DeviceGone(Exception):
    """The link is not there or has broken: whoever holds it closes it, waits and opens it again.

    The text names the port and what the system said: `/dev/ttyUSB0: no such port`.
    """


class BadReading(Exception):
    """Bytes came that no rule of this device explains: keep them, count them, go on with the next frame."""

    def __init__(self, reason: str, raw: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw
