"""What `check` warns of: line settings left to defaults where the gauge is delivered otherwise, and with `--probe`
ports and addresses that are not there. Findings are warnings, never faults.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from gaugetrail_agent.config import Config, ModbusAsciiTable, ModbusRtuTable, SerialLinkTable, StreamDeviceTable
from gaugetrail_agent.drivers.catalogue import UnknownDriver, profile_path
from gaugetrail_agent.drivers.profile import load_profile
from gaugetrail_agent.links.ports import list_ports, port_exists
from gaugetrail_contract.settings import Problem

CONNECT_SECS = 2.0


def probe(config: Config) -> list[Problem]:
    """A warning for each serial port that isn't there and each address that takes no connection."""
    return [*_links(config), *_broker(config)]


def line_settings(config: Config) -> Iterator[Problem]:
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


def _links(config: Config) -> Iterator[Problem]:
    for number, link in enumerate(config.settings.link):
        if isinstance(link, SerialLinkTable | ModbusRtuTable | ModbusAsciiTable):
            if not port_exists(link.port):
                there = [port.device for port in list_ports()]
                message = f"the port {link.port} doesn't exist on this PC now"
                yield config.loaded.problem(("link", number, "port"), message, there or ["no port found"], warning=True)
        else:
            reason = _refuses(link.host, link.port)
            if reason is not None:
                message = f"{link.host}:{link.port} takes no connection: {reason}"
                yield config.loaded.problem(("link", number, "host"), message, warning=True)


def _broker(config: Config) -> Iterator[Problem]:
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
