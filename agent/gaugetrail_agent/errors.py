"""The decisions a fault can lead to: each exception says what its catcher does.

`DeviceGone`: close, wait, reopen. Two kinds of it: `PortMissing`, nothing is plugged in, look again soon;
`DriverFault`, our own code failed, the same, counted, the traceback in the log. `BadReading`: keep the bytes, count, go
on. (`ConfigError`, stop with exit code 78, belongs to the contract's settings, since both services read settings.)
"""

from __future__ import annotations

from typing import Self


class DeviceGone(Exception):
    """The link is not there or has broken: whoever holds it closes it, waits and opens it again.

    The text names the port and what the system said: `/dev/ttyUSB0: no such port`.
    """


class PortMissing(DeviceGone):
    """The port itself is not there: nothing is plugged in. To look again costs nobody anything, so it is done often."""


class DriverFault(DeviceGone):
    """Our own code has failed, not the device. The text names the exception and the function, and nothing that changes
    from one time to the next; the cause carries the traceback.
    """

    @classmethod
    def of(cls, error: Exception) -> Self:
        """What to raise in the place of an exception that nobody foresaw."""
        fault = cls(
            f"a fault of ours in {_function(error)} ({type(error).__name__}), not of the device; please report it with "
            "the traceback in the log"
        )
        fault.__cause__ = error
        return fault


def _function(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "its driver" if trace is None else trace.tb_frame.f_code.co_qualname


class BadReading(Exception):
    """Bytes came that no rule of this device explains: keep them, count them, go on with the next frame."""

    def __init__(self, reason: str, raw: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw
