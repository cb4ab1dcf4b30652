"""`store`: setting the store up, and looking at the whole of it."""

from __future__ import annotations

from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.copy import copy
from gaugetrail_collector.stores import StoreDown
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
    as_json: AsJson = False,
) -> None:
    """Make what the store needs. Database or bucket, retention, the v1 mapping of 2.x; what is there stays."""
    store = configuration.load(config).store()
    try:
        done = store.init(keep_days, roll_ups=roll_ups)
        store.open()
    except StoreDown as error:
        raise fail(f"the store can't be set up: {error}") from error
    finally:
        store.close()
    if as_json:
        answer({"ok": True, "done": done})
        return
    for line in done:
        say(line)


app.command("copy")(copy)
