"""`store`: setting the store up, and looking at the whole of it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.copy import copy
from gaugetrail_collector.config import CollectorConfig, InfluxTable
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.files import trouble_of, write_whole
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="Set the store up, look at it, copy it.")


@app.command()
def stats(config: ConfigFile, as_json: AsJson = False) -> None:
    """How large the store is and how near to its bounds. Records, series, disk, oldest, newest, how long it keeps."""
    with opened_store(configuration.load(config)) as store:
        found = store.stats()
    if as_json:
        answer(found.as_json())
        return
    for line in found.lines():
        say(line)


@app.command()
def init(
    config: ConfigFile,
    keep_days: Annotated[
        int | None, typer.Option(min=1, help="drop what is older; left out: as it is, and for ever where it is new")
    ] = None,
    roll_ups: Annotated[
        bool, typer.Option("--roll-ups", help="InfluxDB 1: hourly figures of each characteristic, kept for ever")
    ] = False,
    admin_file: Annotated[
        Path | None,
        typer.Option(help="InfluxDB: file with an administrator's token, on 1.x user:password; for this command alone"),
    ] = None,
    reader: Annotated[
        Path | None,
        typer.Option(help="InfluxDB: make a user who may only read; what Grafana needs of it goes into this file"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make what the store needs. Database or bucket, retention, shards, the v1 mapping of 2.x; what is there stays.
    Limits of the server that would be in the way are told where it tells them.
    """
    loaded = configuration.load(config)
    admin = None if admin_file is None else _secret(admin_file)
    try:
        done = _init(loaded.store(admin), keep_days, roll_ups=roll_ups)
        if reader is not None:
            done += _reader(loaded, admin, reader)
        # With the collector's own rights, which need not be those that set it up.
        with contextlib.closing(loaded.store()) as store:
            store.open()
            in_the_way = store.limits()
    except StoreDown as error:
        raise fail(f"the store can't be set up: {error}") from error
    if as_json:
        answer({"ok": True, "done": done, "findings": [one.as_json() for one in in_the_way]})
        return
    for line in [*done, *(f"worth a look: {one.line()}" for one in in_the_way)]:
        say(line)


def _init(store: Store, keep_days: int | None, *, roll_ups: bool) -> list[str]:
    with contextlib.closing(store):
        return store.init(keep_days, roll_ups=roll_ups)


def _reader(loaded: CollectorConfig, admin: str | None, path: Path) -> list[str]:
    """The file is a systemd EnvironmentFile. One that is there stays, since Grafana may use it."""
    table = loaded.settings.store
    if not isinstance(table, InfluxTable):
        raise fail("a SQLite store has no users; leave --reader out")
    if path.exists():
        return [f"{path} is there: its user stays as it is; delete the file to draw another password"]
    from gaugetrail_collector.stores.influx.reader import make_reader

    variables, done = make_reader(loaded.influx_address(table, admin))
    try:
        write_whole(path, "".join(f"{name}={value}\n" for name, value in variables.items()).encode())
    except OSError as error:
        raise fail(f"{path} can't be written: {error.strerror}; run this again with another file") from error
    return [*done, f"{path} has what Grafana needs; name it in its service: EnvironmentFile={path}"]


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"--admin-file {path} can't be read: {trouble_of(error, path)}") from error


app.command("copy")(copy)
