"""`check --probe`: are the ports and addresses of a configuration there? Findings are warnings, never faults."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from gaugetrail_agent.config import Config, ModbusAsciiTable, ModbusRtuTable, SerialLinkTable
from gaugetrail_agent.links.ports import list_ports, port_exists
from gaugetrail_contract.settings import Problem

CONNECT_SECS = 2.0


def probe(config: Config) -> list[Problem]:
    """A warning for each serial port that isn't there and each address that takes no connection."""
    return [*_links(config), *_broker(config)]


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
