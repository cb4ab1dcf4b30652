"""What `doctor` looks at for a collector and `status` doesn't: rights, the clock against agents', limits of broker and
database, versions apart, two services with one id. The collector may run or not; nothing is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.overview import EVERYBODY, certificates
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract import topics
from gaugetrail_contract.clock import DAY_US
from gaugetrail_contract.counts import counted
from gaugetrail_contract.findings import Finding
from gaugetrail_service.clock_source import kernel_synced
from gaugetrail_service.files.rights import folder_rights, named_files, settings_rights
from gaugetrail_service.mqtt.broker_visit import Visit, visit, where_of
from gaugetrail_service.mqtt.neighbourhood import (
    broker_limits,
    clocks_apart,
    neighbours,
    two_with_one_id,
    versions_apart,
)
from gaugetrail_service.process import own_version

NEEDS_BYTES = 210_000
"""The largest message that an agent sends."""
SHARED = f"$share/gaugetrail-doctor/{topics.ALL_COLLECTOR_STATUS}"
"""A shared subscription that takes nothing from anybody."""


def examine(config: CollectorConfig, secs: float) -> list[Finding]:
    """Everything; the broker is listened to for at most `secs`."""
    loaded = config.loaded
    secrets = [config.path(path) for path in named_files(loaded.text)]
    return [
        *folder_rights(config.data_dir),
        *settings_rights(loaded.path, loaded.text, secrets),
        *certificates(config),
        *attachments_backed_up(config),
        *clock_source(),
        *store_limits(config),
        *around_the_broker(config, secs),
    ]


def clock_source() -> Iterator[Finding]:
    """A clock that nobody sets."""
    if sys.platform.startswith("linux") and not kernel_synced():
        what = "no time source sets this machine's clock, which late records and anchors are told by"
        yield Finding("clock", what, "timedatectl set-ntp true, and name the plant's time server in timesyncd.conf")


def attachments_backed_up(config: CollectorConfig) -> Iterator[Finding]:
    """What only the disk of the collector that writes documents has."""
    table = config.settings.documents
    if table.master and table.attachments_backup is None:
        what = f"what is attached to them stands in {config.attachment_folders[0]} alone"
        yield Finding("documents", what, "name a folder on another disk in [documents] attachments_backup", wrong=False)


def documents_kept(store: Store) -> Iterator[Finding]:
    """A database that drops what is old drops the editions that hold since long, too."""
    keeps_us = store.keeps_us()
    if keeps_us is not None:
        what = f"the database drops records after {counted(round(keeps_us / DAY_US, 2), 'day')}, documents among them"
        cure = "let it keep records for ever, or longer than any edition holds, and archive what is older"
        yield Finding("documents", what, cure)


def store_limits(config: CollectorConfig) -> Iterator[Finding]:
    """What the database's own settings are in the way of; a store that is down is `status`'s matter, and said too."""
    store = config.store()
    try:
        store.open()
        yield from store.limits()
        if config.settings.documents.master:
            yield from documents_kept(store)
    except StoreDown as error:
        yield Finding("store", str(error), "gaugetrail-collector status says more; its limits can't be asked now")
    finally:
        store.close()


def around_the_broker(config: CollectorConfig, secs: float) -> Iterator[Finding]:
    """What the broker allows and who is there."""
    mqtt, name = config.settings.mqtt, config.settings.id
    largest = (topics.collector_trial(name), NEEDS_BYTES)
    found: Visit = visit(mqtt, (*EVERYBODY, SHARED), secs=secs, largest=largest)
    yield from broker_limits(
        found,
        where_of(mqtt),
        needs_bytes=NEEDS_BYTES,
        window=0,
        shared=bool(config.settings.mqtt.group),
    )
    if not found.refusal:
        heard, version = neighbours(found.words), own_version()
        yield from two_with_one_id(heard)
        yield from clocks_apart(heard, "agent")
        yield from versions_apart(heard, version, "agent", "collector")
        yield from versions_apart(heard, version, "collector", "collector")
