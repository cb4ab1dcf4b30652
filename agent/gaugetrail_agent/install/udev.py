"""Gauges by name: a udev rule gives a gauge's port the name `/dev/gauges/NAME`, whatever it is plugged in after.

A gauge is told from others by the maker, product and serial number of its USB adapter, or, where adapters carry no
serial number (or two the same one), by the socket that it is plugged into. Each rule says so in a comment that can be
read back, so a rule of a name that is given again takes the old one's place and all others stay.

A rule also keeps ModemManager away, which would send a modem's commands to the gauge (its documented device property
ID_MM_DEVICE_IGNORE).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gaugetrail_agent.links.serial_port import PortInfo

PATH = "/etc/udev/rules.d/60-gaugetrail-gauges.rules"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?", re.ASCII)
_SOCKET = re.compile(r"socket:([0-9]+-[0-9]+(?:\.[0-9]+)*(?::[0-9]+\.[0-9]+)?)", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9 #+\-.:=@_]", re.ASCII)
"""What udev itself allows in names; any other character of a serial number is met by `?`."""
_GIVEN = re.compile(r"^# (\S+) = (\S.*)$")


class NoRule(ValueError):
    """No rule can be made of it; the text says why and what would do."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Every gauge that has a name: name to `usb:VID:PID[:SERIAL]` or `socket:PATH`."""

    gauges: Mapping[str, str]

    def text(self) -> str:
        """The rules file."""
        lines = [
            "# Written by gaugetrail-agent install --udev NAME=PORT; a name given again takes the old one's place."
        ]
        for name, where in sorted(self.gauges.items()):
            lines += ["", f"# {name} = {where}", _rule(name, where)]
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, text: str) -> Rules:
        """The gauges of a file that `text` wrote; lines that somebody else put there are not known. Raises `NoRule`."""
        return cls(dict(checked(match[1], match[2]) for line in text.splitlines() if (match := _GIVEN.match(line))))

    def with_gauges(self, given: Sequence[str], ports: Sequence[PortInfo]) -> Rules:
        """These and `NAME=PORT` each. Raises `NoRule`."""
        return Rules({**self.gauges, **dict(_named(one, ports) for one in given)})


def checked(name: str, where: str) -> tuple[str, str]:
    """A name and a place that can stand in a rule. Raises `NoRule`."""
    if not _NAME.fullmatch(name):
        raise NoRule(f"{name!r} can't be a gauge's name: letters, digits, dot, dash and underscore, such as bore")
    if not _USB.fullmatch(where) and not _SOCKET.fullmatch(where):
        raise NoRule(f"{name}: {where!r} is neither usb:VID:PID[:SERIAL] nor socket:PATH; gaugetrail-agent ports lists")
    return name, where


def _named(given: str, ports: Sequence[PortInfo]) -> tuple[str, str]:
    name, equals, port = given.partition("=")
    if not equals:
        raise NoRule(f"{given!r} is not NAME=PORT, such as bore=/dev/ttyUSB0 or bore=usb:0403:6001:A50285BI")
    return checked(name, port if port.startswith(("usb:", "socket:")) else _place_of(port, ports))


def _place_of(port: str, ports: Sequence[PortInfo]) -> str:
    """What tells the adapter behind a port from all others that are plugged in now."""
    found = next((info for info in ports if port in (info.device, info.by_id)), None)
    if found is None:
        known = ", ".join(info.device for info in ports) or "none"
        raise NoRule(f"there is no port {port} here now; there are: {known}")
    alike = [info for info in ports if info.usb == found.usb]
    if found.usb is None:
        raise NoRule(f"{port} is not on USB: its name is the board's and stays; use it as it is")
    if found.serial_number and len(alike) == 1:
        return found.usb
    if found.location is None:
        raise NoRule(f"{port} shares {found.usb} with others and says not which socket it is in; use socket:PATH")
    return f"socket:{found.location}"


def _rule(name: str, where: str) -> str:
    if match := _USB.fullmatch(where):
        vendor, product, serial = match[1].lower(), match[2].lower(), match[3]
        tells = [f'ATTRS{{idVendor}}=="{vendor}"', f'ATTRS{{idProduct}}=="{product}"']
        tells += [f'ATTRS{{serial}}=="{_pattern(serial)}"'] if serial else []
    else:
        tells = [f'SUBSYSTEMS=="usb", KERNELS=="{where.removeprefix("socket:")}"']
    does = f'SYMLINK+="gauges/{name}", GROUP="dialout", MODE="0660", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
    return ", ".join(['SUBSYSTEM=="tty"', *tells, does])


def _pattern(serial: str) -> str:
    return "".join(letter if _PLAIN.fullmatch(letter) else "?" for letter in serial)
