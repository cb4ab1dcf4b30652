"""Scanners and gauges that type like a keyboard (USB HID): read alone, without the desktop, with a key map of our own.

Promise: while the link is open no other window or shell receives a keystroke of this device (exclusive grab), and the
host's keyboard layout and caps lock change nothing: keys are read by the layout that the device is set to. One that was
pulled out is gone with a sentence, and found again by its id when it is back.

Linux only. Elsewhere, and for everything that matters, set the scanner to USB-COM or serial: it has no layouts, no lost
keys, and answers commands. Read in this order: `key_layouts`, `keyboard`, `input_devices`, this.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, Field

from gaugetrail_agent.errors import DeviceGone, PortMissing
from gaugetrail_agent.links.input_devices import USB, InputDevice, find_input
from gaugetrail_agent.links.key_layouts import LAYOUTS
from gaugetrail_agent.links.keyboard import Keyboard, KeyEvent
from gaugetrail_contract.settings import Settings

LayoutName = Literal["us", "uk", "de", "ch", "fr", "be", "es", "it", "pt", "dk", "no", "se"]


def _port(text: str) -> str:
    if text.lower().startswith("usb:"):
        if not USB.fullmatch(text):
            raise ValueError(f"{text!r} is not usb:VID:PID or usb:VID:PID:SERIAL, such as usb:0c2e:0901")
    elif not text.startswith("/") or "\0" in text:
        raise ValueError(f"{text!r} is neither usb:VID:PID nor a path such as /dev/input/by-id/usb-…-event-kbd")
    return text


class WedgeSettings(Settings):
    """A device that types, and the keyboard that it takes itself for."""

    port: Annotated[str, AfterValidator(_port)] = Field(
        description="the device's input device: usb:VID:PID[:SERIAL], or its name below /dev/input/by-id; of several "
        "alike without a serial number, each by its socket, below /dev/input/by-path",
        examples=["usb:0c2e:0901", "/dev/input/by-id/usb-Honeywell_1950g-event-kbd"],
    )
    layout: LayoutName = Field(
        "us", description="the keyboard layout (country) that the scanner or gauge is set to; not the PC's"
    )


class KeyDevice(Protocol):
    """What the link needs of an input device."""

    fd: int
    is_file: bool

    def grab(self) -> None:
        """Take the device for this process alone."""

    def read(self) -> Iterable[KeyEvent]:
        """Events that have arrived; raises `BlockingIOError` when none has."""

    def close(self) -> None:
        """Give the device back, grab included."""


def open_input(port: str) -> KeyDevice:
    """The real device; `DeviceGone` says what is missing and what to do."""
    if not sys.platform.startswith("linux"):
        raise DeviceGone(
            f"{port}: devices that type can be read alone on Linux only; set the scanner to USB-COM or serial"
        )
    path = find_input(port)
    try:
        return InputDevice(path)
    except PermissionError as error:
        raise DeviceGone(f"{path}: not allowed to read it; put the service's user into the group 'input'") from error
    except OSError as error:
        raise PortMissing(f"{path}: no such input device: {error.strerror or error}; is it plugged in?") from error


class WedgeLink:
    """A device that types as a `ByteLink`: bytes come as a serial scanner would send them, Enter as CR."""

    def __init__(self, settings: WedgeSettings, *, opener: Callable[[str], KeyDevice] = open_input) -> None:
        self._settings = settings
        self._opener = opener
        self._device: KeyDevice | None = None
        self._keyboard = Keyboard()

    @property
    def name(self) -> str:
        """The input device as configured."""
        return self._settings.port

    async def open(self) -> None:
        """Open and grab; a device that another process holds is not shared."""
        if self._device is not None:
            return
        device = self._opener(self.name)
        try:
            device.grab()
        except OSError as error:
            device.close()
            raise DeviceGone(f"{self.name}: another program holds it: {error.strerror or error}") from error
        self._keyboard = Keyboard(LAYOUTS[self._settings.layout])
        self._device = device

    async def read(self, timeout_secs: float) -> bytes:
        """What was typed; `b""` when no character came in `timeout_secs`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_secs
        while True:
            device = self._opened()
            typed = self._arrived(device)
            if typed:
                return typed
            left = max(0.0, deadline - loop.time())
            if device.is_file:
                await asyncio.sleep(left)  # a recording at its end: nothing more comes
                return b""
            if not await _readable(device.fd, left):
                return b""

    async def write(self, data: bytes) -> None:
        """A keyboard listens to nobody."""
        del data
        raise DeviceGone(f"{self.name}: a device that types takes no commands; set it to USB-COM or serial for that")

    async def close(self) -> None:
        """Give the device back to the desktop."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _opened(self) -> KeyDevice:
        if self._device is None:
            raise DeviceGone(f"{self.name}: the device is not open")
        return self._device

    def _arrived(self, device: KeyDevice) -> bytes:
        try:
            return self._keyboard.translate(device.read())
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DeviceGone(f"{self.name}: the device is gone: {error.strerror or error}") from error


async def _readable(fd: int, secs: float) -> bool:
    """Wait until there is something to read, `secs` at most; whether there is."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await asyncio.wait_for(ready.wait(), secs)
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(fd)
    return True
