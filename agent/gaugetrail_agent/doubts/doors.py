"""Which of this agent's doors the network reaches without a lock, and which of its files other users of this PC do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gaugetrail_agent.config import AgentConfig
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.settings import ConfigError, Problem
from gaugetrail_service.files.own_files import ServiceUser, folder_faults, refusals, settings_faults
from gaugetrail_service.files.rights import named_files
from gaugetrail_service.open_doors import OpenDoor, broker_door, page_door, without_reason


def open_doors(config: AgentConfig) -> Iterator[OpenDoor]:
    """Those with a reason and those without."""
    settings = config.settings
    yield from broker_door(settings.mqtt)
    if settings.metrics is not None:
        yield from page_door("metrics", settings.metrics.host, "figures for whoever asks", settings.metrics.insecure)
    if settings.screen is not None:
        what = "whoever reaches the screen stands at the station"
        yield from page_door("screen", settings.screen.host, what, settings.screen.insecure)


def refuse_open_doors(config: AgentConfig) -> None:
    """Raises `ConfigError` that names each one without a reason."""
    if faults := without_reason(open_doors(config), config.loaded):
        raise ConfigError(faults)


def settings_of(config: AgentConfig, path: Path, user: ServiceUser) -> Iterator[Finding]:
    """What others could do to the settings that `path` names, and to the files of secrets in them."""
    secrets = map(config.path, named_files(config.loaded.text))
    yield from settings_faults(path, config.loaded.text, secrets, user)


def start_refusals(config: AgentConfig, path: Path) -> list[Problem]:
    """What of the agent's files would refuse a start, asked by whomever."""
    user = ServiceUser.behind(config.data_dir, path)
    return refusals(path, [*folder_faults(config.data_dir, user), *settings_of(config, path, user)])
