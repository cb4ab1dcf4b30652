"""Good frames with a byte lost, hit or put in, through every profile, driver and code reader; a million in `make fuzz`.

Cheaper than Hypothesis's examples, so that numbers are had; the seeds are fixed, so a failure comes again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import settings
from shipped_profiles import SHIPPED, GoodFrame, good_frames, values

from gaugetrail_agent.barcodes import PROFILE_NAMES, read_scan
from gaugetrail_agent.drivers import StreamDriver, catalogue
from gaugetrail_agent.drivers.chroma_bin import framed
from gaugetrail_agent.drivers.open_protocol.messages import telegram
from gaugetrail_agent.drivers.profile.driver import ProfileDriver, run
from gaugetrail_agent.drivers.toledo_cont import checksum_of
from gaugetrail_agent.reading import WITH_VALUE

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
            assert set(values(frame.read(damaged))) <= good, damaged


def test_fuzz_with_mutated_scans() -> None:
    """Any code gives a scan; what is not valid has no identifier that failed."""
    for number, data in enumerate(mutated(SCANS, "scans")):
        scan = read_scan(data, profile=(None, *PROFILE_NAMES)[number % (len(PROFILE_NAMES) + 1)])
        assert scan.valid in (True, False, None)
        assert scan.raw == data
