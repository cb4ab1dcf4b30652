"""Open Protocol over a serial line, as the MTF 6000 speaks it on RS-232.

The session is that of `open-protocol`; each telegram is wrapped in the bytes 07 09 07 09, STX, telegram, NUL, ETX.

Promise: the same as over TCP, tightening for tightening.
"""

from __future__ import annotations

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.open_protocol.driver import (
    MAKER,
    MODELS,
    PROOF,
    OpenProtocolSerialDriver,
    OpenProtocolSettings,
)

__all__ = ["MAKER", "MODELS", "PROOF", "Settings", "make"]


Settings = OpenProtocolSettings


def make(settings: OpenProtocolSettings) -> StreamDriver:
    """The driver over a serial line."""
    return OpenProtocolSerialDriver(settings)
