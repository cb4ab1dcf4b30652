"""One simulated device for first steps: `gaugetrail-sim gauge`, `scanner`, `plc` and `torque`, until Ctrl-C."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, cycle
from pathlib import Path

from gaugetrail_sim.devices.faults import WIRE_FAULTS
from gaugetrail_sim.devices.gauge import Scale
from gaugetrail_sim.devices.keyboard import SimulatedKeyboard
from gaugetrail_sim.devices.models import Model
from gaugetrail_sim.devices.plc import LAST_SEQ, PlcTold, Press
from gaugetrail_sim.devices.ptys import PtyPort
from gaugetrail_sim.devices.scanner import SimulatedScanner
from gaugetrail_sim.devices.torque import TorqueController
from gaugetrail_sim.line.pieces import make_piece

Say = Callable[[str], None]

CODE_TEXT = {1: "stored, pass", 2: "stored, fail", 3: "had it already", 4: "rejected", 5: "not ready"}


async def gauge(
    protocol: str, model: Model, link: Path, every_secs: float, value: Decimal | None, seed: int, say: Say
) -> None:
    """A gauge that gets a new piece again and again, and whose DATA key is pressed; every tenth frame goes wrong.

    A scale's piece is taken off again half-way.
    """
    gauge = model.make(PtyPort(link))
    dice = random.Random(seed)
    gauge.open()
    habit = "it streams, with a new piece" if model.streams else "its key is pressed"
    say(f"a {protocol} gauge, unit {model.unit}, on {link}; {habit} every {every_secs:g} s (Ctrl-C ends it)")
    try:
        if isinstance(gauge, Scale):
            gauge.stream(model.streams)
        for number in count(1):
            steps = Decimal(dice.gauss(0, 0.3)).quantize(Decimal("0.001"))
            shown = value if value is not None else model.nominal + steps * model.spread
            fault = [dice.choice(WIRE_FAULTS)] if number % 10 == 0 else []
            gauge.load(shown.quantize(Decimal(1).scaleb(-gauge.decimals)), fault)
            if not model.streams:
                gauge.press()
            say(f"{number}: {gauge.shown()}{f' ({fault[0]})' if fault else ''}")
            await asyncio.sleep(every_secs / 2)
            if isinstance(gauge, Scale):
                gauge.unload()
            await asyncio.sleep(every_secs / 2)
    finally:
        gauge.close()


async def scanner(link: Path, codes: Sequence[str], every_secs: float, say: Say, layout: str | None = None) -> None:
    """A scanner that reads the given codes in turn, or serials counting up; with a layout, one that types."""
    port = PtyPort(link)
    scanner: SimulatedScanner | SimulatedKeyboard
    scanner = SimulatedScanner(port) if layout is None else SimulatedKeyboard(port, layout)
    scanner.open()
    what = "a barcode scanner" if layout is None else f"a keyboard scanner ({layout})"
    say(f"{what} on {link}; it reads a code every {every_secs:g} s (Ctrl-C ends it)")
    try:
        for code in cycle(codes) if codes else (f"SN{number:06d}" for number in count(1)):
            scanner.scan(code)
            say(code)
            await asyncio.sleep(every_secs)
    finally:
        scanner.close()


async def plc(port: int, every_secs: float, seed: int, say: Say) -> None:
    """A press that offers a part at an interval and says what it was told of it. Raises `RuntimeError`: port taken."""
    press = Press()
    await press.start(port)
    say(
        f"a PLC on Modbus TCP 127.0.0.1:{press.port}, unit 1; holding registers, 0-based: seq 0, heartbeat 1, "
        "serial 10-17, force 18-19, depth 20-21 (float, high word first); it reads result 100, echo 101, heartbeat 102"
    )
    try:
        for number in range(1, LAST_SEQ + 1):
            piece = make_piece(seed, number)
            say(f"{piece.serial}: force {piece.force_kn} kN, depth {piece.depth_mm} mm; waiting for the echo")
            say(_told(await press.press(piece.serial, piece.force_kn, piece.depth_mm)))
            await asyncio.sleep(every_secs)
    finally:
        await press.stop()


async def torque(port: int, every_secs: float, seed: int, say: Say) -> None:
    """A torque controller whose tool tightens a screw at an interval. Raises `OSError`: port taken."""
    controller = TorqueController()
    controller.clock = _controllers_clock
    dice = random.Random(seed)
    await controller.start(port)
    say(f"a torque controller, Open Protocol on TCP 127.0.0.1:{controller.port}; a screw every {every_secs:g} s")
    try:
        while True:
            torque = Decimal(dice.gauss(11.2, 0.8)).quantize(Decimal("0.01"))
            one = controller.tighten(torque, dice.randrange(40, 120), _controllers_clock())
            heard = "sent" if controller.subscribed else "kept: nobody has subscribed"
            say(f"{one.number}: {one.torque} N.m, {one.angle} deg, {'OK' if one.ok else 'NOK'}; {heard}")
            await asyncio.sleep(every_secs)
    finally:
        await controller.stop()


def _controllers_clock() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d:%H:%M:%S")


def _told(told: PlcTold) -> str:
    return f"{told.serial}: code {told.code} ({CODE_TEXT[told.code]}) after {told.secs * 1000:.0f} ms"
