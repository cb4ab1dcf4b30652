"""What scanners and gauges type becomes the bytes of their codes, whatever the host is set to; read from one device."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent import config
from gaugetrail_agent.devices import byte_link, stream_device
from gaugetrail_agent.doubts.line_check import probe
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links import ByteLink, input_devices
from gaugetrail_agent.links.input_devices import EVENT, InputDevice, KeyboardInfo, find_input, installed_keyboards
from gaugetrail_agent.links.key_layouts import DEAD, LAYOUTS, ROWS
from gaugetrail_agent.links.keyboard import EV_KEY, EV_SYN, LOST, SYN_DROPPED, Keyboard, KeyEvent, key_text
from gaugetrail_agent.links.wedge import WedgeLink, WedgeSettings, open_input
from gaugetrail_contract.settings import ConfigError
from gaugetrail_sim.devices.keyboard import KEYS as SIMULATED
from gaugetrail_sim.devices.keyboard import SimulatedKeyboard
from gaugetrail_sim.devices.keyboard import typed as typed_events
from gaugetrail_sim.devices.ptys import PtyPort

ALT_GR = 100
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


def test_the_edges_of_alt_codes() -> None:
    """ALT+127 is the last of ASCII, 128 the first of code page 437, 255 the last; a code ends with the last Alt key."""
    digits = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True))
    for number, text in (("127", "\x7f"), ("128", "Ç"), ("255", "\u00a0"), ("0255", "ÿ")):
        typed_digits = [event for digit in number for event in press(digits[digit])]
        assert key_text([KeyEvent(EV_KEY, ALT, 1), *typed_digits, KeyEvent(EV_KEY, ALT, 0)]).decode() == text
    keyboard = Keyboard()
    both = [KeyEvent(EV_KEY, ALT, 1), KeyEvent(EV_KEY, ALT_GR, 1), *press(77), *press(76)]
    assert keyboard.translate([*both, KeyEvent(EV_KEY, ALT_GR, 0)]) == b""
    assert keyboard.translate([KeyEvent(EV_KEY, ALT, 0)]) == b"A"


def test_the_keypad_types_digits_and_signs() -> None:
    """Whatever num lock says: what a gauge types there is meant as a number."""
    codes = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 74, 78, 55, 98, 121, 83, 96)
    assert key_text([event for code in codes for event in press(code)]) == b"0123456789-+*/,.\r"


def test_caps_lock_of_the_scanner_counts_and_repeats_do_not() -> None:
    """Some scanners press caps lock around letters; a held key is one key."""
    events = [*press(CAPS), *typed("a1"), *press(CAPS), *typed("a"), KeyEvent(EV_KEY, 30, 2), KeyEvent(EV_KEY, 30, 2)]
    assert key_text(events) == b"A1a"


def test_lost_events_spoil_the_scan_instead_of_shortening_it() -> None:
    """12 of 13 digits would be another article."""
    assert LOST in key_text([*typed("59012"), KeyEvent(EV_SYN, SYN_DROPPED, 0), *typed("34123457\r")])


@pytest.mark.parametrize(
    ("layout", "keys", "text"),
    [
        ("de", [(21,), (44,), (SHIFT, 8), (12,), (27,), (SHIFT, 13), (57,)], "zy/ß+`"),
        ("de", [(ALT_GR, 8), (ALT_GR, 12), (ALT_GR, 16), (CTRL, ALT, 11), (83,)], "{\\@},"),
        ("fr", [(16,), (2,), (SHIFT, 2), (50,), (ALT_GR, 5), (ALT_GR, 10), (83,)], "a&1,{^."),
        ("uk", [(SHIFT, 3), (SHIFT, 40), (86,), (ALT_GR, 5), (43,)], '"@\\€#'),
        ("es", [(39,), (SHIFT, 12), (ALT_GR, 26), (ALT_GR, 43), (SHIFT, 8)], "ñ?[}/"),
        ("it", [(26,), (ALT_GR, 39), (ALT_GR, 26), (ALT_GR, SHIFT, 26), (SHIFT, 13)], "è@[{^"),
        ("ch", [(26,), (SHIFT, 26), (ALT_GR, 40), (21,), (SHIFT, 2)], "üè{z+"),
        ("us", [(21,), (SHIFT, 40), (43,), (SHIFT, 43)], 'y"\\|'),
    ],
)
def test_each_layout_types_its_own_characters(layout: str, keys: list[tuple[int, ...]], text: str) -> None:
    """Letters that moved, signs behind AltGr (or Ctrl and Alt, as on Windows), and the keypad's decimal."""
    events = [event for codes in keys for event in press(*codes)]
    assert key_text([*events, *press(28)], layout).decode() == f"{text}\r"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([(41,), (30,)], "â"),
        ([(41,), (57,)], "^"),
        ([(41,), (2,)], "^1"),
        ([(41,), (41,)], "^^"),
        ([(13,), (18,)], "é"),
        ([(SHIFT, 13), (SHIFT, 18)], "È"),
        ([(13,), (28,)], "´\r"),
    ],
)
def test_dead_keys_put_their_accent_on_the_next_letter(keys: list[tuple[int, ...]], text: str) -> None:
    """German: ^ and ´; before a blank, a digit or Enter they are signs of their own."""
    assert key_text([event for codes in keys for event in press(*codes)], "de").decode() == text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_every_key_and_all_that_a_code_may_hold(layout: str) -> None:
    """48 keys; each printable ASCII character by some key, dead ones before a blank."""
    found = LAYOUTS[layout]
    assert set(found.levels[0]) == {code for row in ROWS for code in row}
    chars = {DEAD.get(char, char)[0] for level in found.levels for char in level.values()} | {" "}
    missing = {chr(n) for n in range(0x21, 0x7F)} - chars
    assert missing == ({"`", "~"} if layout == "it" else set())
    assert all(len(char) == 1 for level in found.levels for char in level.values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_control_keys_are_the_separators_in_every_layout(layout: str) -> None:
    """Ctrl and the key of ] on a US keyboard is GS, whatever that key types; Ctrl+D is EOT by its letter."""
    letter = next(code for code, char in LAYOUTS[layout].levels[0].items() if char == "d")
    assert key_text([*press(CTRL, 27), *press(CTRL, letter)], layout) == b"\x1d\x04"


def test_caps_lock_leaves_the_french_row_of_digits_alone() -> None:
    """Its é has a digit behind Shift, no capital letter."""
    assert key_text([*press(CAPS), *press(3), *press(16), *press(CAPS), *press(3)], "fr").decode() == "éAé"


@given(st.text(st.sampled_from(sorted(set(SIMULATED["de"]) - {"\r"}))))
def test_what_a_simulated_scanner_types_is_read_as_it_was_meant(text: str) -> None:
    """Its tables are another's work than ours; a German one needs no German host."""
    for layout in ("us", "de"):
        raw = typed_events("".join(char for char in text if layout == "de" or char.isascii()), SIMULATED[layout])
        events = [KeyEvent(*one[2:]) for one in EVENT.iter_unpack(raw)]
        assert key_text(events, layout).decode() == "".join(c for c in text if layout == "de" or c.isascii())


@given(
    st.lists(st.builds(KeyEvent, st.integers(0, 5), st.integers(0, 300), st.integers(0, 2))),
    st.sampled_from(sorted(LAYOUTS)),
)
def test_any_events_in_any_layout_give_bytes(events: list[KeyEvent], layout: str) -> None:
    assert isinstance(key_text(events, layout), bytes)


def wedge(path: str, opener: object = open_input, layout: str = "us") -> WedgeLink:
    settings = WedgeSettings.model_validate({"port": path, "layout": layout})
    return WedgeLink(settings, opener=opener)  # type: ignore[arg-type]  # the tests' devices are what it needs


class Pipe:
    """An input device over a pipe: what the kernel does, without a kernel device."""

    def __init__(self, *, held: bool = False) -> None:
        self.fd, self._far = os.pipe()
        self.is_file = False
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
        link = wedge("/dev/input/by-id/scanner", lambda path: device)
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
        link = wedge("/dev/input/event7", lambda path: device)
        await link.open()
        device.gone = True
        device.type([])
        with pytest.raises(DeviceGone, match=r"event7.*No such device"):
            await link.read(5)
        with pytest.raises(DeviceGone, match="takes no commands"):
            await link.write(b"LON\r")
        await link.close()

    async def held() -> None:
        link = wedge("/dev/input/event7", lambda path: Pipe(held=True))
        with pytest.raises(DeviceGone, match="another program holds"):
            await link.open()

    asyncio.run(pulled())
    asyncio.run(held())


async def read_line(link: WedgeLink) -> bytes:
    data = b""
    async with asyncio.timeout(10):
        while not data.endswith(b"\r"):
            data += await link.read(1)
    return data


def test_events_are_read_as_the_kernel_writes_them_however_they_are_cut(tmp_path: Path) -> None:
    """A FIFO in the place of /dev/input/eventN; half an event waits for its other half, times and scan codes are
    passed over.
    """
    fifo = tmp_path / "event7"
    os.mkfifo(fifo)
    raw = typed_events("[)>\x1e06\x1dPÄ-4\x1e\x04\r", SIMULATED["de"])

    async def scan() -> None:
        link = wedge(str(fifo), layout="de")
        await link.open()
        writer = os.open(fifo, os.O_WRONLY)
        for start in range(0, len(raw), 7):
            os.write(writer, raw[start : start + 7])
        assert await read_line(link) == "[)>\x1e06\x1dPÄ-4\x1e\x04\r".encode()
        os.close(writer)
        assert await link.read(0) == b""
        await link.close()

    asyncio.run(scan())


def test_a_recording_is_read_once_and_then_silent(tmp_path: Path) -> None:
    """`cat /dev/input/eventN > FILE`; more than one read of it, and no scan twice."""
    recording = tmp_path / "scans.events"
    recording.write_bytes(typed_events("SN-000042\r" * 30, SIMULATED["us"]))

    async def scan() -> None:
        link = wedge(str(recording))
        await link.open()
        data = b""
        while typed := await link.read(0.01):
            data += typed
        assert data == b"SN-000042\r" * 30
        assert await link.read(0) == b""
        await link.close()

    asyncio.run(scan())


def test_a_pulled_device_is_found_again_by_its_lasting_name(tmp_path: Path) -> None:
    """Its number is another one by then; the name is a link, as udev makes it."""

    async def replug() -> None:
        port = PtyPort(tmp_path / "by-id")
        scanner = SimulatedKeyboard(port)
        scanner.open()
        link = wedge(str(tmp_path / "by-id"))
        await link.open()
        scanner.scan("SN1")
        assert await read_line(link) == b"SN1\r"
        scanner.close()
        with pytest.raises(DeviceGone, match="by-id: the device is gone"):
            await read_line(link)
        await link.close()
        with pytest.raises(DeviceGone, match=r"no such input device: No such file.*is it plugged in"):
            await link.open()
        scanner.open()
        await link.open()
        scanner.scan("SN2")
        assert await read_line(link) == b"SN2\r"
        await link.close()
        scanner.close()

    asyncio.run(replug())


def test_a18_an_input_device_is_grabbed_and_a_refused_grab_is_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no kernel device to be had here, so the call itself is watched: EVIOCGRAB with 1, and EBUSY counts."""
    (tmp_path / "events").write_bytes(b"")
    asked: list[tuple[int, int]] = []

    def ioctl(fd: int, request: int, value: int) -> None:
        asked.append((request, value))
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(input_devices.fcntl, "ioctl", ioctl)
    with pytest.raises(DeviceGone, match="another program holds it: Device or resource busy"):
        asyncio.run(wedge(str(tmp_path / "events")).open())
    assert asked == [(0x40044590, 1)]


def system(folder: Path) -> Path:
    """A /sys/class/input with a scanner twice, a gauge, a keyboard without serial number, a mouse and a switch."""
    keyboard = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
    for number, name, vid, pid, serial, keys in (
        (3, "Honeywell 1950g", "0c2e", "0901", "S1", keyboard),
        (12, "Honeywell 1950g", "0c2e", "0901", "S2", keyboard),
        (4, "Mitutoyo USB-ITN", "0fe7", "4001", "", keyboard),
        (5, "Generic", "1a2c", "0e24", "", keyboard),
        (6, "Generic", "1a2c", "0e24", "", keyboard),
        (0, "Mouse", "046d", "c077", "", "ff0000 0 0 0 0"),
        (1, "Power Button", "0000", "0001", "", "10000000000000 0"),
    ):
        device = folder / f"event{number}" / "device"
        (device / "id").mkdir(parents=True)
        (device / "capabilities").mkdir()
        for what, text in (("id/vendor", vid), ("id/product", pid), ("capabilities/key", keys), ("name", name)):
            (device / what).write_text(f"{text}\n")
        (device / "uniq").write_text(f"{serial}\n")
        (device / "phys").write_text(f"usb-1.{number}/input0\n")
    (folder / "event9").mkdir()
    return folder


def test_keyboards_are_told_from_mice_and_switches(tmp_path: Path) -> None:
    """By the keys that they have; in the order of their numbers."""
    found = installed_keyboards(system(tmp_path), Path("/dev/input"))
    assert [one.device.removeprefix("/dev/input/event") for one in found] == ["3", "4", "5", "6", "12"]
    assert [one.usb for one in found[:2]] == ["usb:0c2e:0901:S1", "usb:0fe7:4001"]
    assert installed_keyboards(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("port", "device"),
    [("usb:0c2e:0901:s2", "event12"), ("usb:0FE7:4001", "event4"), ("/dev/input/by-path/x", "by-path/x")],
)
def test_one_of_several_is_found_by_id_or_path(tmp_path: Path, port: str, device: str) -> None:
    assert find_input(port, installed_keyboards(system(tmp_path))) == f"/dev/input/{device}"


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("usb:0c2e:0901", r"fits 2 keyboards: /dev/input/event3 \(usb:0c2e:0901:S1, Honeywell 1950g, at usb-1.3"),
        ("usb:1a2c:0e24", r"below /dev/input/by-path instead"),
        ("usb:1111:2222", r"no such keyboard; there are /dev/input/event3 \(usb:0c2e:0901:S1, Honeywell 1950g\)"),
        ("usb:0c2e:0901:S3", r"no such keyboard"),
    ],
)
def test_none_or_several_are_named_with_the_way_out(tmp_path: Path, port: str, said: str) -> None:
    with pytest.raises(DeviceGone, match=said):
        find_input(port, installed_keyboards(system(tmp_path)))


def test_no_keyboard_at_all_another_system_and_no_right_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows the message names the scanner mode that works there."""
    with pytest.raises(DeviceGone, match="shows no keyboard at all"):
        find_input("usb:0c2e:0901", [])

    def forbidden(path: str) -> InputDevice:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("gaugetrail_agent.links.wedge.InputDevice", forbidden)
    with pytest.raises(DeviceGone, match="into the group 'input'"):
        open_input("/dev/input/event7")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(DeviceGone, match=r"Linux only.*USB-COM"):
        open_input("/dev/input/event7")


AGENT = """
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "keys"
kind = "wedge"
port = "/dev/input/by-id/usb-none-event-kbd"
layout = "de"
[[device]]
name = "scanner"
link = "keys"
driver = "scanner"
"""


def load(folder: Path, text: str) -> config.AgentConfig:
    (folder / "agent.toml").write_text(text)
    return config.load(folder / "agent.toml", {})


def test_the_settings_know_it_and_make_a_scanner_of_it(tmp_path: Path) -> None:
    """What the docs call a link can be written into the settings file; without a device it is a warning, no fault."""
    loaded = load(tmp_path, AGENT)
    table = loaded.device("scanner")
    assert isinstance(table, config.StreamDeviceTable)
    assert isinstance(byte_link(loaded.link("keys")), WedgeLink)
    device = stream_device(loaded, table, lambda *_: None, lambda *_: None)
    assert "/dev/input/by-id/usb-none-event-kbd" in device._link.name
    assert any("no input device /dev/input/by-id/usb-none-event-kbd" in found.message for found in probe(loaded))
    by_id = load(tmp_path, AGENT.replace("/dev/input/by-id/usb-none-event-kbd", "usb:0c2e:0901"))
    assert any("usb:0c2e:0901: no such keyboard" in found.message for found in probe(by_id))


@pytest.mark.parametrize(
    ("changed", "into", "said"),
    [
        ('layout = "de"', 'layout = "xx"', "us"),
        ("/dev/input/by-id/usb-none-event-kbd", "event7", "neither usb:VID:PID nor a path"),
        ("/dev/input/by-id/usb-none-event-kbd", "usb:0c2e", "is not usb:VID:PID or usb:VID:PID:SERIAL"),
        ('driver = "scanner"', 'driver = "scanner"\npoll_secs = 1', "takes no commands: leave it out"),
        ('driver = "scanner"', 'driver = "scanner"\nsettings = { trigger = "LON" }', "leave trigger out"),
        ('driver = "scanner"', 'driver = "scanner"\nsettings = { encoding = "gbk" }', "say the keyboard's layout"),
    ],
)
def test_what_a_keyboard_cannot_do_is_a_fault_of_the_settings(
    tmp_path: Path, changed: str, into: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, AGENT.replace(changed, into))
    assert said in str(refused.value)


def test_two_of_a_kind_are_two_links(tmp_path: Path) -> None:
    """Each by its own id; the same id twice is a fault."""
    second = AGENT.partition("[[link]]")[2].replace("keys", "keys2").replace('"scanner"\nlink', '"scanner2"\nlink')
    both = f"{AGENT}\n[[link]]{second}"
    assert len(load(tmp_path, both.replace("usb-none", "usb-other", 1)).settings.link) == 2
    with pytest.raises(ConfigError, match="belongs to the link 'keys' already"):
        load(tmp_path, both)


def test_info_says_how_the_settings_name_it() -> None:
    assert KeyboardInfo("/dev/input/event3", "x", 0x0C2E, 0x901, "", "usb-1").usb == "usb:0c2e:0901"
