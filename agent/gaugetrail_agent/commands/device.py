"""Commands for one device on the floor: `read` (raw bytes and readings side by side) and `ports`."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated

import typer

from gaugetrail_agent import config as configuration
from gaugetrail_agent.commands import AsJson, ConfigFile, answer, fail, say
from gaugetrail_agent.config import Config
from gaugetrail_agent.devices import Devices
from gaugetrail_agent.drivers.modbus import Batch
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.ports import list_ports
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.text import visible_bytes

FIRST_READING_SECS = 30.0
ASK_AGAIN_SECS = 0.2


def read(
    device: Annotated[str, typer.Argument(help="name of the [[device]]")],
    config: ConfigFile,
    follow: Annotated[bool, typer.Option(help="go on until Ctrl-C; otherwise stop after the first reading")] = False,
    wait: Annotated[float, typer.Option(help="give up after so many seconds without a reading")] = FIRST_READING_SECS,
    as_json: AsJson = False,
) -> None:
    """Print the device's raw bytes and the decoded reading side by side. The agent must not hold the same port."""
    loaded = configuration.load(config)
    try:
        loaded.device(device)
    except KeyError as error:
        known = ", ".join(sorted(d.name for d in loaded.settings.device)) or "none"
        raise fail(f"there is no device {device!r} in {config}; there is {known}") from error
    got = asyncio.run(_watch(loaded, device, follow=follow, wait=wait, as_json=as_json))
    if not got:
        raise fail(f"{device}: no reading in {wait:g} s; press its DATA key, or look at cable, baud rate and settings")


async def _watch(config: Config, name: str, *, follow: bool, wait: float, as_json: bool) -> bool:
    """Show readings until the first, or for ever; false when none came in time."""
    first = asyncio.Event()

    def show(_: str, reading: Reading) -> None:
        answer(reading.as_json()) if as_json else say(side_by_side(reading))
        first.set()

    def show_block(_: str, batch: Batch) -> None:
        for reading in batch.readings:
            show(name, reading)

    def state(_: str, now: DeviceState) -> None:
        if now.detail and not as_json:
            say(now.detail)

    devices = Devices(config, show, show_block, state, only=name)
    devices.start()
    asking = asyncio.create_task(_ask(devices, name))
    try:
        if follow:
            await asyncio.Event().wait()
        async with asyncio.timeout(wait):
            await first.wait()
    except TimeoutError:
        return False
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await devices.stop()
    return True


async def _ask(devices: Devices, name: str) -> None:
    """Trigger a reading as soon as the link is up, for devices that only speak when asked."""
    while True:
        try:
            await devices.ask(name, None)
        except DeviceGone:
            await asyncio.sleep(ASK_AGAIN_SECS)
        else:
            return


def ports(as_json: AsJson = False) -> None:
    """List the serial ports of this PC, with the usb: name that survives a replug."""
    found = list_ports()
    if as_json:
        answer([dataclasses.asdict(port) for port in found])
        return
    for port in found:
        say("  ".join(str(value) for value in dataclasses.asdict(port).values() if value))
    if not found:
        say("no serial port found; is the adapter plugged in, is its driver there?")


def side_by_side(reading: Reading) -> str:
    """`01A+0000.123\\r   ok  0.123 mm  channel 1`."""
    value = " ".join(part for part in (reading.value, reading.unit) if part)
    rest = [f"channel {reading.channel}"] if reading.channel else []
    rest += [f"error {reading.error_code}"] if reading.error_code else []
    rest += [repr(reading.text)] if reading.text is not None else []
    rest += [f"{key} {value}" for key, value in reading.extra.items()]
    return f"{visible_bytes(reading.raw):<32}  {reading.status:<10}  {value:<16}  {', '.join(rest)}".rstrip()
