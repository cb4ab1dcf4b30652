"""Doors that the network reaches without a lock: a password in the clear, pages or figures for whoever asks.

Promise: what only this machine reaches is left alone. Any other open door is a fault of the settings, at `check` and at
the start, unless its table says `insecure = "why"`; then the door and the reason stand in the service's status.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from gaugetrail_contract.findings import Finding
from gaugetrail_contract.settings import Loaded, M, Problem
from gaugetrail_service.mqtt.settings import BrokerSettings


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """The key of `[table]` that opens it, what that lets the network do, how to close it, and why it may stay."""

    table: str
    key: str
    what: str
    cure: str
    reason: str | None

    def problem(self, loaded: Loaded[M]) -> Problem:
        """For one that nobody gave a reason for."""
        message = f'{self.what}; {self.cure}, or give the reason why it may stay: insecure = "…"'
        return loaded.problem((self.table, self.key), message)

    def finding(self) -> Finding:
        """For one that has a reason."""
        return Finding(f"[{self.table}]", f"{self.what}, because: {self.reason}", self.cure, wrong=False)


def without_reason(doors: Iterable[OpenDoor], loaded: Loaded[M]) -> list[Problem]:
    """The faults among them."""
    return [door.problem(loaded) for door in doors if door.reason is None]


def told(doors: Iterable[OpenDoor]) -> tuple[str, ...]:
    """The others, for the status document."""
    return tuple(f"[{door.table}] {door.what}, because: {door.reason}" for door in doors if door.reason is not None)


def broker_door(mqtt: BrokerSettings) -> Iterator[OpenDoor]:
    """The broker's password without TLS."""
    if mqtt.password is not None and mqtt.tls_ca is None and not is_loopback(mqtt.host):
        cure = "name the CA of its certificate (tls_ca, with port = 8883)"
        yield OpenDoor("mqtt", "host", f"the password goes to {mqtt.host} unencrypted", cure, mqtt.insecure)


def database_door(url: str, *, secret: str | None, reason: str | None) -> Iterator[OpenDoor]:
    """The database's password or token over plain HTTP; `secret` names which, null where there is none."""
    address = urlsplit(url)
    secret = "password" if address.password else secret
    if secret is not None and address.scheme == "http" and not is_loopback(address.hostname or ""):
        what = f"the {secret} goes to {address.hostname} unencrypted"
        yield OpenDoor("store", "url", what, "let the database speak HTTPS (url = https://…)", reason)


def page_door(table: str, host: str, what: str, reason: str | None) -> Iterator[OpenDoor]:
    """Pages or figures that are served on the network, which is always plain HTTP."""
    if not is_loopback(host):
        cure = "leave host out and let a reverse proxy with TLS and a log-on stand in front"
        yield OpenDoor(table, "host", f"{what} at {host}", cure, reason)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
