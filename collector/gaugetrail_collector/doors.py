"""Which of this collector's doors the network reaches without a lock, and which of its files other users here do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gaugetrail_collector.config import CollectorConfig, InfluxTable
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.settings import ConfigError, Problem
from gaugetrail_service.files.own_files import ServiceUser, folder_faults, refusals, settings_faults, store_faults
from gaugetrail_service.files.rights import named_files
from gaugetrail_service.open_doors import OpenDoor, broker_door, database_door, page_door, without_reason


def open_doors(config: CollectorConfig) -> Iterator[OpenDoor]:
    """Those with a reason and those without."""
    settings = config.settings
    yield from broker_door(settings.mqtt)
    if isinstance(settings.store, InfluxTable):
        held = [name for name in ("token", "password") if getattr(settings.store, name) is not None]
        secret = held[0] if held else None
        yield from database_door(settings.store.url, secret=secret, reason=settings.store.insecure)
    if (metrics := settings.metrics) is not None:
        yield from page_door("metrics", metrics.host, "figures for whoever asks", metrics.insecure)
    if (console := settings.console) is not None:
        what = "pages for whoever asks" if console.users is None else "pages, and passwords typed in them, unencrypted"
        yield from page_door("console", console.host, what, console.insecure)


def refuse_open_doors(config: CollectorConfig) -> None:
    """Raises `ConfigError` that names each one without a reason."""
    if faults := without_reason(open_doors(config), config.loaded):
        raise ConfigError(faults)


def rights_of(config: CollectorConfig, path: Path, user: ServiceUser) -> Iterator[Finding]:
    """What others could do to the collector's folder, its store in a file, and the settings that `path` names."""
    yield from folder_faults(config.data_dir, user)
    yield from store_faults(config.store_files, user)
    secrets = map(config.path, named_files(config.loaded.text))
    yield from settings_faults(path, config.loaded.text, secrets, user)


def start_refusals(config: CollectorConfig, path: Path) -> list[Problem]:
    """What of these would refuse a start, asked by whomever."""
    return refusals(path, rights_of(config, path, ServiceUser.behind(config.data_dir, path)))
