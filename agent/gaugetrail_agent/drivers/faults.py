"""A fault of our own while a device is run: told as a device that is gone, so that it is closed, shown and tried again.

Promise: whatever our code raises comes out as `DriverFault`; what is logged of it has the traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from gaugetrail_agent.errors import DeviceGone, DriverFault


@contextmanager
def own_faults() -> Iterator[None]:
    """Around everything that runs a device. `DeviceGone` passes: it is a decision that was already made."""
    try:
        yield
    except DeviceGone:
        raise
    except Exception as error:
        raise DriverFault.of(error) from error


def say_gone(log: logging.Logger, device: str, error: DeviceGone, detail: str) -> None:
    """One line for a device that is gone; a fault of ours with its traceback, which is what its mender needs."""
    if isinstance(error, DriverFault):
        log.error("%s", detail, exc_info=error.__cause__, extra={"event": "driver_fault", "device": device})
    else:
        log.warning("%s", detail, extra={"event": "device_gone", "device": device})
