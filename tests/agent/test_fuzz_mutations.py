"""Good frames with a byte lost, hit or put in, through every profile, driver, label, key map and code reader; far more
than a million in `make fuzz`.

Two promises: nothing raises, and no value comes of a frame that is cut, or has a bit turned where a check covers it.
Cheaper than Hypothesis's examples, so that numbers are had; the seeds are fixed, so a failure comes again.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from fuzz_count import FRAMES
from hypothesis import settings
from shipped_profiles import SHIPPED, GoodFrame, good_frames, values

from gaugetrail_agent.barcodes import PROFILE_NAMES, label_files, read_scan
from gaugetrail_agent.drivers import StreamDriver, catalogue
from gaugetrail_agent.drivers.checks import FrameCheck
from gaugetrail_agent.drivers.chroma_bin import framed
from gaugetrail_agent.drivers.open_protocol.messages import telegram
from gaugetrail_agent.drivers.profile.driver import ProfileDriver, run
from gaugetrail_agent.drivers.toledo_cont import checksum_of
from gaugetrail_agent.links.input_devices import EVENT
from gaugetrail_agent.links.key_layouts import LAYOUTS
from gaugetrail_agent.links.keyboard import LOST, Keyboard, KeyEvent
from gaugetrail_agent.links.modbus_frames import Ask, ascii_answer, ascii_frame, rtu_answer, rtu_frame
from gaugetrail_agent.reading import WITH_VALUE
from gaugetrail_sim.devices.keyboard import KEYS, typed

ROUNDS = settings().max_examples * 6
"""Frames for each family: 600 by default, 24,000 with `--hypothesis-profile=long`."""

TOLEDO = b"\x02,0 012345000000\r"
CHROMA = bytes.fromhex("ab700112b1010174d70163005a0000000f001e0018007c")
TIGHTENING = (
    b"02310061001         010001020103airbag7                  04KPOL3456JKLO897          050006003070000080000090100"
    b"111120008401300140014001200150007391600000170999918000001900000202001-06-02:09:54:09212001-05-29:12:34:33221230000"
    b"345675\x00"
)
_STATION_FIELDS = (
    "0101020103000000471104010" + f"5{'Station 1':20}" + "062026-11-28:07:30:00" + f"070308{'Mode three':20}" + "091100"
    f"11{'SN000123':40}" + "1201" + "1301141151161" + "17  12.3418     9019  15.0020  10.0021    12022     30" + "2300"
)
POWER_MACS = telegram(106, 1, _STATION_FIELDS.encode())
PYTHON: Mapping[str, tuple[Mapping[str, str], Sequence[bytes]]] = {
    "toledo-cont": ({}, [TOLEDO + bytes([checksum_of(TOLEDO)]), TOLEDO]),
    "chroma-bin": ({}, [CHROMA, framed(0x70, 1, 0x7F, b"\x00")]),
    "open-protocol": ({}, [TIGHTENING, b"00260004            001802\x00", b"00209999            \x00"]),
    "open-protocol-serial": ({}, [b"\x07\x09\x07\x09\x02" + TIGHTENING + b"\x03"]),
    "power-macs": ({"step_results": "true"}, [POWER_MACS]),
    "csv-line": ({"value": "3", "status": "2", "ok": "ST", "over": "OL"}, [b"12,ST,+0012.340\r\n", b"12,OL,9\r\n"]),
    "scanner": ({}, [b"SN004711\r", b"[)>\x1e06\x1dP123\x1dQ10\x1e\x04\r", b"ER,LON,00\r"]),
}
SCANS = (
    b"[)>\x1e06\x1dP296-LM358\x1d1PLM358\x1dK\x1dQ10\x1d1TLOT4711\x1e\x04",
    b"]d20104150123456782101A234B5\x1d17151231211234567890123456a",
    b"[)>\x1e06\x1dVANFC\x1dP86511BP000T5G\x1dSBUT5\x1dE\x1dT260407P1PFA2329\x1d\x1e\x04",
    b"]Q2\\000026\xef\xbb\xbfSN-4711\xe2\x80\x8b",
    b"[)>\x1e06\x1dP123-4\x1dS0009\x1e05\x1d0109506000134352\x1e12\x1dSER 0009\x1e\x04",
    b"010950600013435210AB|21XY",
    b"https://id.gs1.org/01/07032069804988/10/ABC?17=210526",
    b"1HGCM82633A004352",
    b"4006381333931",
    b"(01)07032069804988(10)ABC123",
    b"[)><RS>06<GS>P123<GS>Q10<RS><EOT>",
)


def mutated(frames: Sequence[bytes], seed: str) -> Iterator[bytes]:
    """One to three bytes of a frame lost, changed or put in; now and then two frames glued."""
    dice = random.Random(seed)
    for _ in range(ROUNDS):
        data = bytearray(dice.choice(frames) + (dice.choice(frames) if dice.random() < 0.2 else b""))
        for _ in range(dice.choice((1, 1, 2, 3))):
            place = dice.randrange(len(data) + 1)
            what = dice.randrange(4)
            if what == 0:
                data.insert(place, dice.randrange(256))
            elif place < len(data) and what == 1:
                del data[place]
            elif place < len(data):
                data[place] = dice.randrange(256) if what == 2 else data[place] ^ 1 << dice.randrange(8)
        yield bytes(data)


def check(driver: StreamDriver, data: bytes) -> None:
    """Nothing raised, and a value only where the status says so."""
    FRAMES.add()
    for reading in run(driver, data):
        assert reading.value is None or reading.status in WITH_VALUE


@pytest.mark.parametrize("name", SHIPPED)
def test_fuzz_with_mutated_frames_of_a_profile(name: str) -> None:
    profile = SHIPPED[name]
    frames = [example.data for example in profile.example]
    driver = ProfileDriver(profile, profile.example[0].settings)
    for data in mutated(frames, name):
        check(driver, data)


@pytest.mark.parametrize("name", PYTHON)
def test_fuzz_with_mutated_frames_of_a_driver(name: str) -> None:
    chosen, frames = PYTHON[name]
    for data in mutated(frames, name):
        check(catalogue.make_driver(name, chosen), data)


@pytest.mark.parametrize(
    ("name", "chosen", "frame"),
    [("toledo-cont", {"checksum": "true"}, TOLEDO + bytes([checksum_of(TOLEDO)])), ("chroma-bin", {}, CHROMA)],
)
def test_fuzz_of_one_byte_under_a_checksum_never_brings_another_value(
    name: str, chosen: Mapping[str, str], frame: bytes
) -> None:
    """Every byte of the frame, set to each of the 255 others: the checksum tells, or it is the parity bit alone."""
    good = [reading.value for reading in run(catalogue.make_driver(name, chosen), frame)]
    for place in range(len(frame)):
        for byte in range(256):
            damaged = frame[:place] + bytes([byte]) + frame[place + 1 :]
            FRAMES.add()
            found = [reading.value for reading in run(catalogue.make_driver(name, chosen), damaged)]
            assert {value for value in found if value is not None} <= set(good), damaged


PROVED = [frame for frame in good_frames() if frame.profile.framing.check is not None and b"**" not in frame.data]
"""Frames that bring their check; `**` is a Panasonic sensor whose check is switched off."""


@pytest.mark.parametrize("frame", PROVED, ids=str)
def test_fuzz_of_one_bit_under_a_profiles_check_never_brings_another_value(frame: GoodFrame) -> None:
    """As above, for the families whose profile says what proves a frame: every bit of every byte."""
    good = set(values(frame.read(frame.data)))
    for place, byte in enumerate(frame.data):
        for bit in range(8):
            damaged = frame.data[:place] + bytes([byte ^ 1 << bit]) + frame.data[place + 1 :]
            FRAMES.add()
            assert set(values(frame.read(damaged))) <= good, damaged


def test_fuzz_with_mutated_scans() -> None:
    """Any code gives a scan; what is not valid has no identifier that failed."""
    for number, data in enumerate(mutated(SCANS, "scans")):
        FRAMES.add()
        scan = read_scan(data, profile=(None, *PROFILE_NAMES)[number % (len(PROFILE_NAMES) + 1)])
        assert scan.valid in (True, False, None)
        assert scan.raw == data


# --- frames that are cut, and frames of which a bit is turned


def with_other_digits(frame: GoodFrame, dice: random.Random) -> bytes:
    """The same frame with digits of its own, and the check that they need, computed from the maker's method."""
    rule = frame.profile.framing.check
    assert rule is not None
    check = rule.rule()
    place = check.place(frame.data)
    assert place is not None
    kept = range(*place.indices(len(frame.data)))
    data = bytearray(frame.data)
    for at, byte in enumerate(data):
        if at not in kept and 0x30 <= byte <= 0x39 and dice.random() < 0.5:
            data[at] = 0x30 + dice.randrange(10)
    data[place] = checked(check, bytes(data))
    return bytes(data)


def checked(check: FrameCheck, data: bytes) -> bytes:
    """What stands in the check's place when it fits: found by asking for the fault, which names it."""
    fault = check.fault(data)
    place = check.place(data)
    assert place is not None
    if fault is None:
        return data[place]
    return ast.literal_eval(fault.rpartition("computed ")[2])  # type: ignore[no-any-return]  # bytes, as it is printed


@pytest.mark.parametrize("frame", PROVED, ids=str)
def test_fuzz_of_a_turned_bit_in_frames_of_any_digits_brings_no_other_value(frame: GoodFrame) -> None:
    """As above, over frames with all kinds of digits, signs and lengths: a bit turned, or an end cut off."""
    dice = random.Random(str(frame))
    for _ in range(ROUNDS // 20):
        data = with_other_digits(frame, dice)
        good = set(values(frame.read(data)))
        FRAMES.add(9)
        for _ in range(8):
            place = dice.randrange(len(data))
            damaged = data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]
            assert set(values(frame.read(damaged))) <= good, (data, damaged)


CUT = [frame for frame in good_frames() if frame.ends_by_itself()]


def test_fuzz_of_frames_that_are_cut_brings_no_value() -> None:
    """Half a frame, alone or behind whole ones: what has not come whole is not measured."""
    dice = random.Random("cut")
    for number in range(ROUNDS * 4):
        frame = CUT[number % len(CUT)]
        before = frame.data * dice.randrange(2)
        piece = frame.data[: dice.randrange(1, max(2, len(frame.body())))]
        FRAMES.add()
        assert values(frame.read(before + piece)) == values(frame.read(before)), (before, piece)


ASKED = Ask.of(1, bytes.fromhex("03 0000 0004"))
ANSWERS: Mapping[str, tuple[Callable[[int, bytes], bytes], Callable[[bytes, Ask], bytes | None]]] = {
    "rtu": (rtu_frame, rtu_answer),
    "ascii": (ascii_frame, ascii_answer),
}


@pytest.mark.parametrize("wire", ANSWERS)
def test_fuzz_of_a_turned_bit_in_a_modbus_answer_is_no_answer(wire: str) -> None:
    """CRC and LRC cover unit, function, count and every register; cut or glued to noise it is the whole one or none."""
    dice = random.Random(wire)
    framed_as, answer = ANSWERS[wire]
    for _ in range(ROUNDS * 2):
        pdu = b"\x03\x08" + dice.randbytes(8)
        frame = framed_as(1, pdu)
        bit = dice.randrange(len(frame) * 8)
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        FRAMES.add(2)
        found = answer(bytes(damaged), ASKED)
        # In ASCII the case of a hex digit is one bit, and means the same.
        assert found is None or (wire == "ascii" and found == pdu), (frame, bytes(damaged))
        assert answer(frame[: dice.randrange(len(frame))], ASKED) is None


# --- labels, check digits and keyboards


@pytest.mark.parametrize("name", label_files.label_paths())
def test_fuzz_with_mutated_codes_of_a_label(name: str) -> None:
    """A code that no pattern of the label explains whole names no part and no serial."""
    loaded = label_files.load_label(label_files.label_paths()[name])
    own = loaded.label
    for data in mutated([example.data for example in loaded.example], name):
        FRAMES.add()
        scan = read_scan(data, label=own)
        assert scan.raw == data
        assert scan.valid or (scan.serial, scan.part_number, scan.lot) == (None, None, None), data


CHECKED = (
    (b"4006381333931", 0),
    (b"96385074", 0),
    (b"012345678905", 0),
    (b"]d20109506000134352", 5),
    (b"]C100373400306809981733", 5),
    (b"1M8GDM9AXKP042788", 1),
)
"""Codes that bring a check digit, and where what it covers begins."""


def test_fuzz_of_one_digit_under_a_check_digit_is_never_the_article() -> None:
    """Every digit that a check digit covers, set to each of the nine others."""
    for code, first in CHECKED:
        assert read_scan(code).valid, code
        for place in range(first, len(code)):
            for digit in b"0123456789" if code[place : place + 1].isdigit() else b"":
                damaged = code[:place] + bytes([digit]) + code[place + 1 :]
                if damaged == code:
                    continue
                FRAMES.add()
                scan = read_scan(damaged)
                assert (scan.gtin, scan.sscc) == (None, None), damaged
                assert scan.format != "vin" or scan.valid is False, damaged


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) & set(KEYS)))
def test_fuzz_with_mutated_keystrokes(layout: str) -> None:
    """Events lost, doubled, turned round, of no key at all: bytes come out, UTF-8 but for the sign of a loss."""
    dice = random.Random(layout)
    good = [KeyEvent(*event[2:]) for event in EVENT.iter_unpack(typed("[)>06P123-a/B|7\r", KEYS[layout]))]
    for _ in range(ROUNDS // 4):
        events = list(good)
        for _ in range(dice.choice((1, 2, 5, 20))):
            place = dice.randrange(len(events))
            match dice.randrange(4):
                case 0:
                    del events[place]
                case 1:
                    events.insert(place, events[place])
                case 2:
                    events.insert(place, KeyEvent(dice.randrange(4), dice.randrange(256), dice.randrange(-1, 4)))
                case _:
                    other = dice.randrange(len(events))
                    events[place], events[other] = events[other], events[place]
        FRAMES.add()
        said = Keyboard(LAYOUTS[layout]).translate(events)
        said.replace(LOST, b"").decode("utf-8")
