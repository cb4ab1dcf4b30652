"""Linux input devices: found by id, grabbed for ourselves, read as the kernel writes them (`struct input_event`).

Promise: `InputDevice` gives whole events only, however the bytes are cut; `find_input` finds a keyboard again after a
replug under another number. A file, FIFO or pty that holds such events is read like a device, without a grab: for tests
and for recordings made with `cat /dev/input/eventN`.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_agent.errors import DeviceGone, PortMissing
from gaugetrail_agent.links.keyboard import KeyEvent

if sys.platform != "win32":
    import fcntl

EVENT = struct.Struct("@llHHi")
"""linux/input.h: seconds, microseconds, type, code, value, in this machine's own sizes and order."""
EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int) as x86 and ARM number it."""
MOST_EVENTS = 256

USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?", re.ASCII)
_NO_GRAB = frozenset({errno.ENOTTY, errno.EINVAL})
"""What a file, FIFO or pty answers to a grab: there is no other reader to keep away."""
# A keyboard has Enter and the digits: keys 28 and 2 to 11; a mouse or a power button has not.
_KEYS_OF_KEYBOARDS = 1 << 28 | 0b1111111111 << 2


@dataclass(frozen=True, slots=True)
class KeyboardInfo:
    """One keyboard of this machine."""

    device: str
    name: str
    vid: int
    pid: int
    serial: str
    place: str
    """Where it is plugged in, as the kernel says it."""

    @property
    def usb(self) -> str:
        """How a settings file names it for good."""
        return f"usb:{self.vid:04x}:{self.pid:04x}" + (f":{self.serial}" if self.serial else "")


class InputDevice:
    """An open input device. Raises `OSError` from the system as it comes; the link translates."""

    def __init__(self, path: str) -> None:
        mode = Path(path).stat().st_mode
        # A FIFO opened for both stays open when its writer goes.
        how = os.O_RDWR if stat.S_ISFIFO(mode) else os.O_RDONLY
        self.fd = os.open(path, how | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        self.is_file = stat.S_ISREG(mode)
        """Whether it is a recording with an end; the system can't wait for files."""
        self._rest = b""

    def grab(self) -> None:
        """Take the device for this process alone."""
        try:
            fcntl.ioctl(self.fd, EVIOCGRAB, 1)
        except OSError as error:
            if error.errno not in _NO_GRAB:
                raise

    def read(self) -> Iterable[KeyEvent]:
        """Events that have arrived; raises `BlockingIOError` when none has."""
        data = os.read(self.fd, EVENT.size * MOST_EVENTS)
        if not data and not self.is_file:
            raise OSError(errno.ENODEV, "the end of its events")
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        return [KeyEvent(kind, code, value) for _, _, kind, code, value in EVENT.iter_unpack(data[:whole])]

    def close(self) -> None:
        """Give the device back, grab included."""
        os.close(self.fd)


def installed_keyboards(
    system: Path = Path("/sys/class/input"), devices: Path = Path("/dev/input")
) -> list[KeyboardInfo]:
    """The keyboards there are now, in the order of their numbers; what types like one counts."""
    found = [_described(event, devices) for event in system.glob("event*")]
    return sorted((one for one in found if one is not None), key=lambda one: (len(one.device), one.device))


def _described(event: Path, devices: Path) -> KeyboardInfo | None:
    def told(what: str) -> str:
        try:
            return (event / "device" / what).read_text("utf-8", "replace").strip()
        except OSError:
            return ""

    try:
        keys = int(told("capabilities/key").split()[-1], 16)  # the last word holds the lowest keys
        vid, pid = int(told("id/vendor"), 16), int(told("id/product"), 16)
    except (ValueError, IndexError):
        return None
    if keys & _KEYS_OF_KEYBOARDS != _KEYS_OF_KEYBOARDS:
        return None
    return KeyboardInfo(str(devices / event.name), told("name"), vid, pid, told("uniq"), told("phys"))


def find_input(port: str, installed: list[KeyboardInfo] | None = None) -> str:
    """The device that `port` means now: `usb:…` is looked up, a path is itself. Raises `DeviceGone`."""
    match = USB.fullmatch(port)
    if match is None:
        return port
    keyboards = installed_keyboards() if installed is None else installed
    wanted = int(match[1], 16), int(match[2], 16)
    found = [one for one in keyboards if (one.vid, one.pid) == wanted]
    if match[3] is not None:
        found = [one for one in found if one.serial.casefold() == match[3].casefold()]
    if not found:
        raise PortMissing(f"{port}: no such keyboard; {there_are(keyboards)}")
    if len(found) > 1:
        names = ", ".join(f"{one.device} ({one.usb}, {one.name}, at {one.place})" for one in found)
        raise DeviceGone(
            f"{port}: fits {len(found)} keyboards: {names}; write its path below /dev/input/by-path instead"
        )
    return found[0].device


def there_are(keyboards: list[KeyboardInfo]) -> str:
    """The keyboards that there are, for a message."""
    if not keyboards:
        return "this machine shows no keyboard at all"
    return "there are " + ", ".join(f"{one.device} ({one.usb}, {one.name})" for one in keyboards)
