"""The simulated gauges send what the makers' manuals print, and every fault that the demo promises."""

from __future__ import annotations

import asyncio
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.devices.gauge import AndScale, MettlerScale, MitutoyoGauge, SimulatedGauge, ToledoScale
from gaugetrail_sim.devices.ptys import PtyPort
from gaugetrail_sim.devices.scanner import SimulatedScanner

FRAMES = tomllib.loads((Path(__file__).parent / "frames" / "text_gauges.toml").read_text("utf-8"))


def gauge_for(case: dict[str, object], link: Path | None = None) -> SimulatedGauge:
    port = PtyPort(link)
    made: SimulatedGauge
    if case["protocol"] == "digimatic-13":
        made = MitutoyoGauge(port)
    elif case["protocol"] == "mt-sics":
        made = MettlerScale(port, unit=str(case.get("unit", "g")))
    elif case["protocol"] == "toledo-cont":
        made = ToledoScale(port, unit=str(case.get("unit", "kg")))
    else:
        made = AndScale(port, unit=str(case.get("unit", "g")))
    made.decimals = int(str(case.get("decimals", made.decimals)))
    return made


@pytest.mark.parametrize("case", FRAMES["frame"], ids=lambda case: f"{case['protocol']} {case['value']}")
def test_frame_is_as_the_manual_prints_it(case) -> None:
    assert case["bytes"].encode() == gauge_for(case).frame(Decimal(case["value"]))


@pytest.mark.parametrize("case", FRAMES["overload"], ids=lambda case: case["protocol"])
def test_overload_is_as_the_manual_prints_it(case) -> None:
    assert case["bytes"].encode() == gauge_for(case).overload_frame()


@pytest.mark.parametrize("gauge", [MitutoyoGauge(PtyPort()), AndScale(PtyPort())], ids=lambda gauge: gauge.protocol)
def test_value_that_does_not_fit_the_format_is_refused(gauge: SimulatedGauge) -> None:
    """Better no frame than one with a lost digit."""
    with pytest.raises(ValueError, match="eight characters"):
        gauge.frame(Decimal("12345678.9"))


def run_with(gauge: SimulatedGauge, scene) -> None:
    """Play a scene with the gauge plugged in."""

    async def play() -> None:
        gauge.open()
        try:
            await scene()
        finally:
            gauge.close()

    asyncio.run(play())


def test_data_key_sends_one_frame_to_the_far_end(tmp_path: Path, host) -> None:
    gauge = MitutoyoGauge(PtyPort(tmp_path / "gauge0"))

    async def scene() -> None:
        pc = host(tmp_path / "gauge0")
        gauge.load(Decimal("74.012"))
        gauge.press()
        assert await pc.hears(b"01A+0074.012\r") == b"01A+0074.012\r"

    run_with(gauge, scene)
    assert not (tmp_path / "gauge0").is_symlink(), "the port's name goes with the gauge"


@pytest.mark.parametrize(
    ("fault", "wire"),
    [
        (Fault.GARBLED, b"01A+0074.01r\r"),
        (Fault.OVERLOAD, b"911\r"),
        (Fault.CUT, b"01A+0074.012\r"),
        (Fault.GLUED, b"01A+0074.012\r01A+0074.012\r"),
    ],
)
def test_fault_hits_the_next_frame_and_no_other(tmp_path: Path, host, fault: Fault, wire: bytes) -> None:
    gauge = MitutoyoGauge(PtyPort(tmp_path / "gauge0"))

    async def scene() -> None:
        pc = host(tmp_path / "gauge0")
        gauge.load(Decimal("74.012"), [fault])
        gauge.press()
        assert await pc.hears(wire) == wire
        pc.forget()
        gauge.press()
        assert await pc.hears(b"01A+0074.012\r") == b"01A+0074.012\r"

    run_with(gauge, scene)


def test_frame_cut_in_two_comes_with_a_pause(tmp_path: Path, host) -> None:
    """A reader that takes what one look at the port gives gets half a frame."""
    gauge = MitutoyoGauge(PtyPort(tmp_path / "gauge0"))

    async def scene() -> None:
        pc = host(tmp_path / "gauge0")
        gauge.load(Decimal("74.012"), [Fault.CUT])
        gauge.press()
        assert await pc.hears(len) == b"01A+00"
        assert await pc.hears(b"01A+0074.012\r") == b"01A+0074.012\r"

    run_with(gauge, scene)


def test_scale_asked_while_the_pan_moves_answers_once_it_stands(tmp_path: Path, host) -> None:
    """`S` waits for a stable weight; `SI` says at once that it isn't (AL-IC manual, pp. 72-73)."""
    scale = MettlerScale(PtyPort(tmp_path / "scale0"))

    async def scene() -> None:
        pc = host(tmp_path / "scale0")
        scale.load(Decimal("250.12"))
        scale.received(b"SI\r\n")
        scale.received(b"S\r\n")
        wanted = b"S D     250.12 g\r\nS S     250.12 g\r\n"
        assert await pc.hears(wanted) == wanted

    run_with(scale, scene)


def test_scale_takes_commands_from_the_wire_in_pieces(tmp_path: Path, host) -> None:
    scale = MettlerScale(PtyPort(tmp_path / "scale0"))

    async def scene() -> None:
        pc = host(tmp_path / "scale0")
        pc.say(b"Z\r")
        pc.say(b"\nQ\r\n")
        assert await pc.hears(b"Z A\r\nES\r\n") == b"Z A\r\nES\r\n"

    run_with(scale, scene)


def test_stream_runs_until_the_next_command(tmp_path: Path, host) -> None:
    """`SIR` repeats by itself and `@` ends it."""
    scale = MettlerScale(PtyPort(tmp_path / "scale0"))

    async def scene() -> None:
        pc = host(tmp_path / "scale0")
        pc.say(b"SIR\r\n")
        assert (await pc.hears(lambda heard: heard.count(b"\n") >= 3)).startswith(b"S S       0.00 g\r\n" * 3)
        pc.say(b"@\r\n")
        assert (await pc.hears(lambda heard: b"I4" in heard)).endswith(b'I4 A "B021002593"\r\n')

    run_with(scale, scene)


def test_and_scale_streams_unstable_then_stable(tmp_path: Path, host) -> None:
    scale = AndScale(PtyPort(tmp_path / "scale0"))

    async def scene() -> None:
        pc = host(tmp_path / "scale0")
        scale.load(Decimal("250.1"))
        scale.stream(True)
        heard = await pc.hears(lambda heard: b"ST" in heard)
        assert heard.startswith(b"US,+000250.1  g\r\n")
        assert heard.endswith(b"ST,+000250.1  g\r\n")

    run_with(scale, scene)


def test_scanner_ends_each_code_with_cr_and_can_read_twice(tmp_path: Path, host) -> None:
    scanner = SimulatedScanner(PtyPort(tmp_path / "scanner0"))

    async def play() -> None:
        scanner.open()
        pc = host(tmp_path / "scanner0")
        scanner.scan("SN004711", times=2)
        assert await pc.hears(b"SN004711\rSN004711\r") == b"SN004711\rSN004711\r"
        scanner.close()

    asyncio.run(play())


def test_port_passes_every_byte_unaltered_in_both_directions(tmp_path: Path, host) -> None:
    """No echo, no line ends turned, no XON/XOFF swallowed: binary protocols need all 256."""
    everything = bytes(range(256))
    port = PtyPort(tmp_path / "port0")

    async def play() -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        port.open(heard.put_nowait)
        pc = host(tmp_path / "port0")
        port.write(everything)
        assert await pc.hears(everything) == everything
        pc.say(everything)
        whole = b""
        async with asyncio.timeout(5):
            while len(whole) < 256:
                whole += await heard.get()
        assert whole == everything
        port.close()

    asyncio.run(play())


def test_port_takes_over_a_stale_link_and_nothing_else(tmp_path: Path) -> None:
    """A link left by a killed simulator is replaced; somebody's file of that name is not."""
    (tmp_path / "stale").symlink_to("/dev/pts/999")
    (tmp_path / "notes").write_text("mine")

    async def play() -> None:
        stale = PtyPort(tmp_path / "stale")
        stale.open(lambda _: None)
        stale.close()
        with pytest.raises(FileExistsError, match="choose another name"):
            PtyPort(tmp_path / "notes").open(lambda _: None)

    asyncio.run(play())
    assert (tmp_path / "notes").read_text() == "mine"
