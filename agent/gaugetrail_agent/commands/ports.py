"""The command `ports`: which serial ports this PC has."""

from __future__ import annotations

import dataclasses

from gaugetrail_agent.commands import AsJson
from gaugetrail_agent.links.ports import list_ports
from gaugetrail_service.cli import answer, say


def ports(as_json: AsJson = False) -> None:
    """List the serial ports of this PC. The usb: name of a port survives a replug."""
    found = list_ports()
    if as_json:
        answer([dataclasses.asdict(port) for port in found])
        return
    for port in found:
        say("  ".join(str(value) for value in dataclasses.asdict(port).values() if value))
    if not found:
        say("no serial port found; is the adapter plugged in, is its driver there?")
