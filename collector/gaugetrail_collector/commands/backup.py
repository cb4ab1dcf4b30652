"""`gaugetrail-collector backup` and `restore`: the collector in one file, and back."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.backup import whole
from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.stores import StoreDown
from gaugetrail_contract.files import trouble_of
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.process import own_version

WithoutStore = Annotated[bool, typer.Option("--without-store", help="keys, settings and what is set aside alone")]
Rpc = Annotated[
    str | None,
    typer.Option("--influx-rpc", metavar="HOST:PORT", help="InfluxDB 1: where its own tool reaches it; port 8088"),
]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the backup to write; it must not be there yet")],
    config: ConfigFile,
    without_store: WithoutStore = False,
    rpc: Rpc = None,
    as_json: AsJson = False,
) -> None:
    """Put the collector and its store into one file. Keys, settings, what is set aside; beside the running collector.

    InfluxDB 1 is copied by its own tool, influxd backup. The file holds private keys: keep it so.
    """
    if file.exists():
        raise fail(f"{file} is there already; a backup is never written over")
    loaded = configuration.load(config)
    try:
        now_us = time.time_ns() // 1000
        contents = whole.back_up(loaded, file, now_us, own_version(), store=not without_store, rpc=rpc)
    except (OSError, sqlite3.Error, whole.ToolFailed, StoreDown) as error:
        raise fail(f"no backup is made: {trouble_of(error)}") from error
    if as_json:
        answer({"file": str(file)} | contents.model_dump(mode="json"))
        return
    say(f"{file}: {contents.id}, {len(contents.files)} files, {sum(one.bytes for one in contents.files)} bytes")
    for key, value in contents.counts.items():
        say(f"  {key}: {value}")
    for name, where in contents.elsewhere.items():
        say(f"  {where} is in it as {name}; a restore leaves it there, because it lies outside the settings' folder")
    if not contents.store:
        say("  the store is not in it")
    say("it holds private keys and passwords: keep it where only you can read it")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what backup has written")],
    config: Annotated[Path, typer.Option("--config", "-c", help="where the settings go; need not be there yet")],
    without_store: WithoutStore = False,
    rpc: Rpc = None,
    even_so: Annotated[bool, typer.Option(help="although the present store holds records; it is kept")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back, with the collector stopped. Here or on another server; what stands in the way is kept beside.

    A database of InfluxDB must not be there yet; agents send again what the store doesn't have.
    """
    try:
        now_us = time.time_ns() // 1000
        done = whole.restore(file, config, now_us, store=not without_store, rpc=rpc, even_so=even_so)
    except (whole.NoBackup, whole.NotRestored, whole.ToolFailed, OSError, sqlite3.Error) as error:
        raise fail(f"not restored: {trouble_of(error)}") from error
    if as_json:
        answer(done.as_json())
        return
    say(f"{done.contents.id} of {done.contents.made} is restored: settings {config}, data {done.data_dir}")
    for path in done.kept:
        say(f"kept: {path}")
    for one in done.left_out:
        say(f"left in the backup: {one}; put it there yourself if it is missing")
    say("start it, then: gaugetrail-collector verify. What came after the backup is asked for again from the agents")
