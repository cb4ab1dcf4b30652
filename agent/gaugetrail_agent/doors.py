"""Which of this agent's doors the network reaches without a lock."""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_agent.config import AgentConfig
from gaugetrail_contract.settings import ConfigError
from gaugetrail_service.open_doors import OpenDoor, broker_door, page_door, without_reason


def open_doors(config: AgentConfig) -> Iterator[OpenDoor]:
    """Those with a reason and those without."""
    settings = config.settings
    yield from broker_door(settings.mqtt)
    if settings.metrics is not None:
        yield from page_door("metrics", settings.metrics.host, "figures for whoever asks", settings.metrics.insecure)


def refuse_open_doors(config: AgentConfig) -> None:
    """Raises `ConfigError` that names each one without a reason."""
    if faults := without_reason(open_doors(config), config.loaded):
        raise ConfigError(faults)
