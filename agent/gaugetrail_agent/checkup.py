"""What `doctor` looks at on a line PC and `status` can't: rights, the clock against others', the broker's limits,
versions apart, a spool that somebody holds who doesn't answer. The agent may run or not; nothing of it is changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gaugetrail_agent.config import AgentConfig, ModbusAsciiTable, ModbusRtuTable, SerialLinkTable
from gaugetrail_agent.delivery.messages import MESSAGE_BYTES
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.inquiries.address import NobodyAnswers, desk_of
from gaugetrail_agent.links.serial_port import resolve
from gaugetrail_agent.spool import SpoolBroken, schema
from gaugetrail_contract import topics
from gaugetrail_contract.findings import Finding
from gaugetrail_service.clock_source import kernel_synced
from gaugetrail_service.files.holders import holders_of
from gaugetrail_service.files.rights import folder_rights, named_files, settings_rights
from gaugetrail_service.mqtt.broker_visit import visit, where_of
from gaugetrail_service.mqtt.neighbourhood import (
    Neighbour,
    broker_limits,
    clocks_apart,
    latest,
    neighbours,
    two_with_one_id,
    versions_apart,
)
from gaugetrail_service.process import own_version

NEEDS_BYTES = MESSAGE_BYTES + 10_000
"""A message of records with its signature."""


def examine(config: AgentConfig, secs: float) -> list[Finding]:
    """Everything; the broker is listened to for at most `secs`."""
    return [
        *folder_rights(config.data_dir),
        *settings_rights(config.loaded.path, config.loaded.text, map(config.path, named_files(config.loaded.text))),
        *port_rights(config),
        *spool_holder(config),
        *clock_source(),
        *around_the_broker(config, secs),
    ]


def port_rights(config: AgentConfig) -> Iterator[Finding]:
    """Serial ports that this user may not open: the service's user, if it is the service's user who asks."""
    for link in config.settings.link:
        if not isinstance(link, SerialLinkTable | ModbusRtuTable | ModbusAsciiTable) or "://" in link.port:
            continue
        try:
            port = resolve(link.port)
        except DeviceGone:
            continue  # `check --probe` says so
        if Path(port).exists() and not os.access(port, os.R_OK | os.W_OK):
            cure = "usermod -aG dialout USER for the service's user, then start the service again"
            yield Finding(f"link {link.name}", f"this user may not open {port}", cure)


def spool_holder(config: AgentConfig) -> Iterator[Finding]:
    """A spool that is held while nobody answers at the desk; or nobody there at all."""
    try:
        line, _ = desk_of(config.data_dir).connect()
        line.close()
    except (NobodyAnswers, PermissionError):
        yield from _held(config.data_dir / "spool.db")


def _held(spool: Path) -> Iterator[Finding]:
    if not spool.with_suffix(".lock").exists():
        yield _NOT_RUNNING
        return
    try:
        schema.claim(spool).close()
    except SpoolBroken:
        who = ", ".join(holders_of(str(spool.with_suffix(".lock")))) or "another program"
        yield Finding("spool", f"{spool} is held by {who}, which doesn't answer here", "stop it, then start the agent")
    else:
        yield _NOT_RUNNING


_NOT_RUNNING = Finding(
    "agent", "no agent runs with these settings", "start it: gaugetrail-agent run --config F", wrong=False
)


def clock_source() -> Iterator[Finding]:
    """A clock that nobody sets."""
    if sys.platform.startswith("linux") and not kernel_synced():
        what = "no time source sets this PC's clock; each record says so"
        yield Finding("clock", what, "timedatectl set-ntp true, and name the plant's time server in timesyncd.conf")


def around_the_broker(config: AgentConfig, secs: float) -> Iterator[Finding]:
    """What the broker allows and who is there."""
    mqtt, agent = config.settings.mqtt, config.settings.agent.id
    wanted = (topics.status(agent), topics.ALL_COLLECTOR_STATUS)
    largest = (topics.agent_trial(agent), NEEDS_BYTES)
    found = visit(mqtt, wanted, secs=secs, largest=largest)
    yield from broker_limits(found, where_of(mqtt), needs_bytes=NEEDS_BYTES, window=mqtt.window, shared=False)
    if found.refusal:
        return
    heard = neighbours(found.words)
    yield from two_with_one_id(heard)
    yield from clocks_apart(heard, "collector")
    yield from versions_apart(heard, own_version(), "collector", "agent")
    yield from _collectors(heard)


def _collectors(heard: Sequence[Neighbour]) -> Iterator[Finding]:
    there = latest(heard, "collector")
    if not there:
        yield Finding("collector", "none has ever been on this broker", "start one; until then records wait here")
    elif not any(one.document.online for one in there.values()):
        yield Finding("collector", f"{', '.join(there)} is gone", "start it; until then records wait here")
