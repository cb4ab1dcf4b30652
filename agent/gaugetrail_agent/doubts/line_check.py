"""What `check` warns of: line settings left to defaults where the gauge is delivered otherwise, and with `--probe`
ports and addresses that are not there, and values that a Modbus unit refuses. Findings are warnings, never faults.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

from gaugetrail_agent.config import (
    AgentConfig,
    ByteLinkTable,
    ModbusAsciiTable,
    ModbusDeviceTable,
    ModbusRtuTable,
    SerialLinkTable,
    StreamDeviceTable,
    WedgeLinkTable,
)
from gaugetrail_agent.drivers.catalogue import UnknownDriver, profile_path
from gaugetrail_agent.drivers.modbus.device import Batch, ModbusDevice
from gaugetrail_agent.drivers.profile.driver import load_profile
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.input_devices import find_input, installed_keyboards, there_are
from gaugetrail_agent.links.modbus import ModbusLink
from gaugetrail_agent.links.modbus_frames import RequestRefused
from gaugetrail_agent.links.ports import list_ports, port_exists
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.settings import Problem

CONNECT_SECS = 2.0


def probe(config: AgentConfig) -> list[Problem]:
    """A warning for each port that isn't there, each address that takes no connection, each value that is refused."""
    found = list(_links(config))
    return [*found, *(_modbus_values(config) if not found else ()), *_broker(config)]


def line_settings(config: AgentConfig) -> Iterator[Problem]:
    """A warning for each line setting that the file doesn't say and that the gauge's profile has otherwise.

    What the file does say counts: a gauge's menu may be set differently from how it was delivered.
    """
    for device in config.settings.device:
        link = config.link(device.link)
        if not isinstance(device, StreamDeviceTable) or not isinstance(link, SerialLinkTable):
            continue
        try:
            line = load_profile(profile_path(device.driver, config.profile_dirs)).line
        except UnknownDriver:
            continue  # a driver in Python says on its page what the device is set to
        for key in ("baud", "bytesize", "parity", "stopbits", "xonxoff", "dtr", "rts"):
            if line is not None and key not in link.model_fields_set and getattr(line, key) != getattr(link, key):
                source = line.sources.get(key, line.source)
                message = (
                    f"{key} is left at {getattr(link, key)!r}, but {device.driver} ({device.name}) has "
                    f"{getattr(line, key)!r} ({source}); write what the gauge's menu says"
                )
                number = config.settings.link.index(link)
                yield config.loaded.problem(("link", number, key), message, warning=True)


def _links(config: AgentConfig) -> Iterator[Problem]:
    for number, link in enumerate(config.settings.link):
        if isinstance(link, SerialLinkTable | ModbusRtuTable | ModbusAsciiTable):
            if not port_exists(link.port):
                there = [port.device for port in list_ports()]
                message = f"the port {link.port} doesn't exist on this PC now"
                where = ("link", number, "port")
                yield config.loaded.problem(where, message, there=there or ["no port found"], warning=True)
        elif isinstance(link, WedgeLinkTable):
            reason = _no_keyboard(link.port)
            if reason is not None:
                yield config.loaded.problem(("link", number, "port"), reason, warning=True)
        else:
            reason = _refuses(link.host, link.port)
            if reason is not None:
                message = f"{link.host}:{link.port} takes no connection: {reason}"
                yield config.loaded.problem(("link", number, "host"), message, warning=True)


def _no_keyboard(port: str) -> str | None:
    """Why a device that types can't be read now; null when it is there."""
    try:
        path = find_input(port)
    except DeviceGone as error:
        return str(error)
    if Path(path).exists():
        return None
    return f"there is no input device {path} on this PC now; {there_are(installed_keyboards())}"


def _modbus_values(config: AgentConfig) -> list[Problem]:
    """Every declared value of every Modbus unit asked once, alone where the block is refused; the agent must not run on
    the same port.
    """
    return asyncio.run(_asked(config))


async def _asked(config: AgentConfig) -> list[Problem]:
    found: list[Problem] = []
    for number, device in enumerate(config.settings.device):
        if not isinstance(device, ModbusDeviceTable):
            continue
        table = config.link(device.link)
        assert not isinstance(table, ByteLinkTable)
        link = ModbusLink(table)
        batches: list[Batch] = []

        def took(_: str, batch: Batch, to: list[Batch] = batches) -> None:
            to.append(batch)

        unit = ModbusDevice(device.name, link, device, emit_batch=took, on_state=_not_needed)
        try:
            await unit.ask()
        except DeviceGone as error:
            found.append(config.loaded.problem(("device", number, "unit_id"), f"{device.name}: {error}", warning=True))
        finally:
            await link.close()
        refused = {reading.channel: reading for batch in batches for reading in batch.readings}
        for place, value in enumerate(device.value):
            reading = refused.get(value.name)
            if reading is not None and reading.status in (Status.ERROR, Status.GARBLED):
                message = f"{device.name} gives no {value.name} at {value.address}: {_reason(reading)}"
                keys = ("device", number, "value", place, "address")
                found.append(config.loaded.problem(keys, message, warning=True))
    return found


def _reason(reading: Reading) -> str:
    code = (reading.error_code or "").removeprefix("exception ")
    if code.isdigit():
        return str(RequestRefused(int(code)))
    return str(reading.extra.get("why", f"its registers ({reading.raw.hex()}) are no such type ({code})"))


def _not_needed(_name: str, _state: DeviceState) -> None:
    """What the device says of itself comes out as a warning."""


def _broker(config: AgentConfig) -> Iterator[Problem]:
    mqtt = config.settings.mqtt
    reason = _refuses(mqtt.host, mqtt.port)
    if reason is not None:
        message = f"the broker {mqtt.host}:{mqtt.port} takes no connection: {reason}; the agent starts all the same"
        yield config.loaded.problem(("mqtt", "host"), message, warning=True)


def _refuses(host: str, port: int) -> str | None:
    try:
        with socket.create_connection((host, port), CONNECT_SECS):
            return None
    except OSError as error:
        return error.strerror or str(error)
