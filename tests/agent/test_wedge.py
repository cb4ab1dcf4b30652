"""A keyboard scanner's keys become the bytes of its code, whatever layout, caps lock or desktop the host has."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent import config
from gaugetrail_agent.devices import byte_link, stream_device
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.line_check import probe
from gaugetrail_agent.links import ByteLink
from gaugetrail_agent.links.wedge import EV_KEY, EV_SYN, LOST, SYN_DROPPED, KeyEvent, WedgeLink, key_text, open_evdev

SHIFT, CTRL, ALT, CAPS, ENTER = 42, 29, 56, 58, 28
KEYS = {
    **{char: (2 + place, False) for place, char in enumerate("1234567890-=")},
    **{char: (2 + place, True) for place, char in enumerate("!@#$%^&*()_+")},
    **{char: (16 + place, False) for place, char in enumerate("qwertyuiop[]")},
    **{char: (16 + place, True) for place, char in enumerate("QWERTYUIOP{}")},
    **{char: (30 + place, False) for place, char in enumerate("asdfghjkl")},
    **{char: (30 + place, True) for place, char in enumerate("ASDFGHJKL")},
    **{char: (44 + place, False) for place, char in enumerate("zxcvbnm,./")},
    **{char: (44 + place, True) for place, char in enumerate("ZXCVBNM<>?")},
    "\r": (ENTER, False),
}


def press(*codes: int) -> list[KeyEvent]:
    """Keys pressed in order and released in the opposite one, as a scanner's HID reports give them."""
    down = [KeyEvent(EV_KEY, code, 1) for code in codes]
    return [*down, *(KeyEvent(EV_KEY, code, 0) for code in reversed(codes)), KeyEvent(EV_SYN, 0, 0)]


def typed(text: str) -> list[KeyEvent]:
    events: list[KeyEvent] = []
    for char in text:
        code, shifted = KEYS[char]
        events += press(SHIFT, code) if shifted else press(code)
    return events


def test_letters_digits_and_signs_are_read_as_the_us_layout() -> None:
    """The host may be German; `[)>` stays `[)>`."""
    assert key_text(typed("[)>06P86511bp-T5/x\r")) == b"[)>06P86511bp-T5/x\r"


@pytest.mark.parametrize(
    ("keys", "byte"),
    [((CTRL, 27), b"\x1d"), ((CTRL, 7), b"\x1e"), ((CTRL, SHIFT, 7), b"\x1e"), ((CTRL, 32), b"\x04")],
    ids=["ctrl+]", "ctrl+6", "ctrl+^", "ctrl+D"],
)
def test_control_keys_are_the_separators(keys: tuple[int, ...], byte: bytes) -> None:
    """GS, RS and EOT of an envelope."""
    assert key_text([*press(*keys), *typed("A")]) == byte + b"A"


def test_alt_codes_are_characters() -> None:
    """ALT+029 is GS, ALT+0228 an ä of Windows-1252, ALT+132 the same of code page 437; ALT+300 is none."""
    gs = [KeyEvent(EV_KEY, ALT, 1), *press(82), *press(80), *press(73), KeyEvent(EV_KEY, ALT, 0)]
    windows = [KeyEvent(EV_KEY, ALT, 1), *press(82), *press(80), *press(80), *press(72), KeyEvent(EV_KEY, ALT, 0)]
    dos = [KeyEvent(EV_KEY, ALT, 1), *press(79), *press(81), *press(80), KeyEvent(EV_KEY, ALT, 0)]
    too_high = [KeyEvent(EV_KEY, ALT, 1), *press(81), *press(82), *press(82), KeyEvent(EV_KEY, ALT, 0)]
    assert key_text([*gs, *windows, *dos, *too_high, *typed("P")]) == b"\x1d" + "ää".encode() + LOST + b"P"


def test_caps_lock_of_the_scanner_counts_and_repeats_do_not() -> None:
    """Some scanners press caps lock around letters; a held key is one key."""
    events = [*press(CAPS), *typed("a1"), *press(CAPS), *typed("a"), KeyEvent(EV_KEY, 30, 2), KeyEvent(EV_KEY, 30, 2)]
    assert key_text(events) == b"A1a"


def test_lost_events_spoil_the_scan_instead_of_shortening_it() -> None:
    """12 of 13 digits would be another article."""
    assert LOST in key_text([*typed("59012"), KeyEvent(EV_SYN, SYN_DROPPED, 0), *typed("34123457\r")])


@given(st.lists(st.builds(KeyEvent, st.integers(0, 5), st.integers(0, 300), st.integers(0, 2))))
def test_any_events_give_bytes(events: list[KeyEvent]) -> None:
    """No event of any device raises."""
    assert isinstance(key_text(events), bytes)


class Pipe:
    """An input device over a pipe: what the kernel does, without a kernel device."""

    def __init__(self, *, held: bool = False) -> None:
        self.fd, self._far = os.pipe()
        os.set_blocking(self.fd, False)
        self._events: list[KeyEvent] = []
        self._held = held
        self.grabbed = False
        self.gone = False

    def type(self, events: Iterable[KeyEvent]) -> None:
        self._events += events
        os.write(self._far, b"x")

    def grab(self) -> None:
        if self._held:
            raise OSError(16, "Device or resource busy")
        self.grabbed = True

    def read(self) -> Iterable[KeyEvent]:
        os.read(self.fd, 64)
        if self.gone:
            raise OSError(19, "No such device")
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        if self._far >= 0:
            os.close(self.fd)
            os.close(self._far)
            self._far = -1
        self.grabbed = False


def test_link_grabs_reads_and_gives_back() -> None:
    """A scan arrives as bytes; key releases alone are no data; closing frees the scanner, twice over."""

    async def scan() -> None:
        device = Pipe()
        link = WedgeLink("/dev/input/by-id/scanner", opener=lambda path: device)
        surely: ByteLink = link
        await surely.open()
        assert device.grabbed
        assert await link.read(0) == b""
        device.type([KeyEvent(EV_KEY, 30, 0)])
        asyncio.get_running_loop().call_later(0.01, device.type, typed("4711\r"))
        assert await link.read(5) == b"4711\r"
        await link.close()
        await link.close()
        assert not device.grabbed
        with pytest.raises(DeviceGone, match="not open"):
            await link.read(0)

    asyncio.run(scan())


def test_scanner_pulled_out_or_held_by_another_is_gone() -> None:
    """Both say the device's name and what the system said."""

    async def pulled() -> None:
        device = Pipe()
        link = WedgeLink("/dev/input/event7", opener=lambda path: device)
        await link.open()
        device.gone = True
        device.type([])
        with pytest.raises(DeviceGone, match=r"event7.*No such device"):
            await link.read(5)
        with pytest.raises(DeviceGone, match="takes no commands"):
            await link.write(b"LON\r")
        await link.close()

    async def held() -> None:
        link = WedgeLink("/dev/input/event7", opener=lambda path: Pipe(held=True))
        with pytest.raises(DeviceGone, match="another program holds"):
            await link.open()

    asyncio.run(pulled())
    asyncio.run(held())


def test_missing_package_or_system_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without evdev, and on Windows, the message names the scanner mode that needs neither."""
    monkeypatch.setitem(__import__("sys").modules, "evdev", None)
    with pytest.raises(DeviceGone, match=r"extra wedge is not installed.*USB-COM"):
        open_evdev("/dev/input/event7")
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(DeviceGone, match=r"Linux only.*USB-COM"):
        open_evdev("COM3")


def test_the_settings_know_it_and_make_a_scanner_of_it(tmp_path: Path) -> None:
    """What the docs call a link can be written into the settings file; without a device it is a warning, no fault."""
    (tmp_path / "agent.toml").write_text(
        '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n'
        '[[link]]\nname = "keys"\nkind = "wedge"\nport = "/dev/input/by-id/usb-none-event-kbd"\n'
        '[[device]]\nname = "scanner"\nlink = "keys"\ndriver = "scanner"\n'
    )
    loaded = config.load(tmp_path / "agent.toml", {})
    table = loaded.device("scanner")
    assert isinstance(table, config.StreamDeviceTable)
    assert isinstance(byte_link(loaded.link("keys")), WedgeLink)
    device = stream_device(loaded, table, lambda *_: None, lambda *_: None)
    assert "/dev/input/by-id/usb-none-event-kbd" in device._link.name
    assert any("no input device /dev/input/by-id/usb-none-event-kbd" in found.message for found in probe(loaded))
