"""Which serial ports there are, for people and for `check --probe`; opens none of them."""

from __future__ import annotations

import os
from collections.abc import Callable

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.serial_port import PortInfo, installed_ports, resolve

__all__ = ["PortInfo", "list_ports", "port_exists"]


def list_ports() -> list[PortInfo]:
    """The serial ports of this machine now, in the order of their names."""
    return installed_ports()


def port_exists(port: str, installed: Callable[[], list[PortInfo]] = installed_ports) -> bool:
    """Whether `port` is there now. A serial server (`socket://`, `rfc2217://`) counts as there: only opening tells."""
    if "://" in port:
        return True
    try:
        device = resolve(port, installed)
    except DeviceGone:
        return False
    # A path may be a link to a port, or a port that no list shows; COM3 is no path and stands in the list.
    return os.path.exists(device) or device in {info.device for info in installed()}  # noqa: PTH110 (COM3 is no path)
