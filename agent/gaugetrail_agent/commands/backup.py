"""`gaugetrail-agent backup` and `restore`: the agent in one file, and back."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent import backup as whole
from gaugetrail_agent import config as configuration
from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.spool import SpoolBroken
from gaugetrail_contract.files import trouble_of
from gaugetrail_service.cli import answer, fail, say


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the backup to write, such as pc1.zip; not there yet")],
    config: ConfigFile,
    as_json: AsJson = False,
) -> None:
    """Put keys, settings and spool into one file. Beside the running agent; it holds private keys: keep it so."""
    if file.exists():
        raise fail(f"{file} is there already; a backup is never written over")
    try:
        contents = whole.back_up(configuration.load(config), file, time.time_ns() // 1000)
    except (OSError, SpoolBroken) as error:
        raise fail(f"no backup is made: {trouble_of(error)}") from error
    if as_json:
        answer({"file": str(file)} | contents.model_dump(mode="json"))
        return
    say(f"{file}: {contents.id}, {len(contents.files)} files, {sum(one.bytes for one in contents.files)} bytes")
    for key, value in contents.counts.items():
        say(f"  records {key}: {value}")
    for name, where in contents.elsewhere.items():
        say(f"  {where} is in it as {name}; a restore leaves it there, because it lies outside the settings' folder")
    say("it holds private keys and passwords: keep it where only you can read it")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what backup has written")],
    config: Annotated[Path, typer.Option("--config", "-c", help="where the settings go; need not be there yet")],
    even_so: Annotated[bool, typer.Option(help="although records wait in the present spool; it is kept")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back, with the agent stopped. Here or on another PC; what stands in the way is kept beside."""
    try:
        done = whole.restore(file, config, time.time_ns() // 1000, even_so=even_so)
    except (whole.NoBackup, SpoolBroken, OSError, sqlite3.Error) as error:
        raise fail(f"not restored: {trouble_of(error)}") from error
    if as_json:
        answer(done.as_json())
        return
    say(f"{done.contents.id} of {done.contents.made} is restored: settings {config}, data {done.data_dir}")
    if done.waiting is not None:
        say(f"{done.waiting} records wait in the spool; started, the agent sends them and goes on in a new epoch")
    for path in done.kept:
        say(f"kept: {path}")
    for one in done.left_out:
        say(f"left in the backup: {one}; put it there yourself if it is missing")
    say("start it only when the PC that it comes from is off, or two agents have one name")
