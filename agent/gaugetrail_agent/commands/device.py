"""The command for one device on the floor: `read`, raw bytes and readings side by side."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from gaugetrail_agent import config as configuration
from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.config import AgentConfig, ModbusDeviceTable
from gaugetrail_agent.devices import Devices
from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_service.cli import answer, fail, say

FIRST_READING_SECS = 30.0
ASK_AGAIN_SECS = 0.2


def read(
    device: Annotated[str, typer.Argument(help="name of the [[device]]")],
    config: ConfigFile,
    follow: Annotated[bool, typer.Option(help="go on until Ctrl-C; otherwise stop after the first reading")] = False,
    wait: Annotated[float, typer.Option(help="give up after so many seconds without a reading")] = FIRST_READING_SECS,
    all_orders: Annotated[
        bool, typer.Option("--all-orders", help="Modbus: each value read live, in every byte and word order")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a device's raw bytes beside what they mean. The agent must not hold the same port."""
    loaded = configuration.load(config)
    try:
        loaded.device(device)
    except KeyError as error:
        names = sorted(one.name for one in loaded.settings.device)
        there = f"there {'is' if len(names) < 2 else 'are'} {', '.join(names) or 'none'}"
        raise fail(f"there is no device {device!r} in {config}; {there}{did_you_mean(device, names)}") from error
    table = loaded.device(device)
    if all_orders and not isinstance(table, ModbusDeviceTable):
        raise fail(f"{device} is no Modbus device, so its values have one order only", 2)
    ways = table if all_orders and isinstance(table, ModbusDeviceTable) else None
    silent = asyncio.run(_watch(loaded, device, ways, follow=follow, wait=wait, as_json=as_json))
    if silent is not None:
        cure = silent or "press its DATA key, or look at cable, baud rate and settings"
        raise fail(f"{device}: no reading in {counted(wait, 'second')}; {cure}")


async def _watch(
    config: AgentConfig, name: str, ways: ModbusDeviceTable | None, *, follow: bool, wait: float, as_json: bool
) -> str | None:
    """Show readings until the first, or for ever. Where none came in time: why the device is silent as far as it knows,
    a port that another program holds, say. `ways`: show all orders of these.
    """
    first = asyncio.Event()
    trouble = ""

    def show(_: str, reading: Reading) -> None:
        answer(reading.as_json()) if as_json else say(side_by_side(reading))
        first.set()

    def show_block(_: str, batch: Batch) -> None:
        if ways is None:
            for reading in batch.readings:
                show(name, reading)
            return
        for shown in four_ways(ways, batch):
            answer(shown) if as_json else print(ways_side_by_side(shown))
        first.set()

    def state(_: str, now: DeviceState) -> None:
        nonlocal trouble
        trouble = "" if now.up else now.detail
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
        return trouble
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await devices.stop()
    return None


async def _ask(devices: Devices, name: str) -> None:
    """Trigger a reading as soon as the link is up, for devices that only speak when asked."""
    while True:
        try:
            await devices.ask(name, None)
        except DeviceGone:
            await asyncio.sleep(ASK_AGAIN_SECS)
        else:
            return


def four_ways(table: ModbusDeviceTable, batch: Batch) -> Iterator[dict[str, object]]:
    """Each value's registers as they were just read, and what they mean in each order; as set up, marked."""
    raw = {(reading.channel or "").partition("[")[0]: reading.raw for reading in batch.readings}
    for value in table.value:
        words: tuple[int, ...] = ()
        if value.function in ("holding", "input") and raw[value.name]:
            words = struct.unpack(f">{len(raw[value.name]) // 2}H", raw[value.name])[table.place(value).own]
        yield {
            "channel": value.name,
            "address": value.address,
            "registers": [f"0x{word:04X}" for word in words],
            "set": f"byte {value.byte_order}, word {value.word_order}",
            "ways": registers.all_orders_answer(words, value.spec()) if words else {},
        }


def ways_side_by_side(shown: Mapping[str, object]) -> str:
    """One value, a line for each order; the one that is set has a mark, one that can hardly be is doubted."""
    registers_, ways = shown["registers"], shown["ways"]
    assert isinstance(registers_, list)
    assert isinstance(ways, dict)
    lines = [f"{shown['channel']} at {shown['address']}: {' '.join(registers_) or 'refused'}"]
    for way, found in ways.items():
        mark = "*" if way == shown["set"] else " "
        doubt = f"  ({found['suspicious']})" if "suspicious" in found else ""
        lines.append(f"  {mark} {way:<30} {_short(found)}{doubt}")
    return "\n".join(lines)


def _short(found: Mapping[str, object]) -> str:
    """A value on a narrow screen: the wrong orders give numbers of forty digits."""
    text = str(found.get("text", found.get("error", found["value"])))
    number = found["value"]
    return f"{number:.5g}" if len(text) > 20 and isinstance(number, int | float) else text


def side_by_side(reading: Reading) -> str:
    """`01A+0000.123\\r   ok  0.123 mm  channel 1`."""
    value = " ".join(part for part in (reading.value, reading.unit) if part)
    rest = [f"channel {reading.channel}"] if reading.channel else []
    rest += [f"error {reading.error_code}"] if reading.error_code else []
    rest += [repr(reading.text)] if reading.text is not None else []
    rest += [f"{key} {value}" for key, value in reading.extra.items()]
    return f"{visible_bytes(reading.raw):<32}  {reading.status:<10}  {value:<16}  {', '.join(rest)}".rstrip()
