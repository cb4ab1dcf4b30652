"""Commands about what is set aside: `set-aside ls`, `set-aside show`."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, answer, fail, say
from gaugetrail_collector.config import Config
from gaugetrail_collector.set_aside import Entry, SetAside
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.text import visible_bytes

app = typer.Typer(no_args_is_help=True, help="What could not be understood or stored, with its bytes and the reason.")


@contextlib.contextmanager
def opened_list(config: Config) -> Iterator[SetAside]:
    """The collector's list, open; a file that can't be read ends the command with one sentence."""
    entries = SetAside(config.set_aside_path)
    try:
        entries.open()
        yield entries
    except (OSError, sqlite3.Error) as error:
        raise fail(f"{config.set_aside_path} can't be read: {error}") from error
    finally:
        entries.close()


@app.command("ls")
def list_entries(config: ConfigFile, as_json: AsJson = False) -> None:
    """List what is set aside, oldest first."""
    last = 0
    with opened_list(configuration.load(config)) as entries:
        while page := entries.entries(last):
            for entry in page:
                if as_json:
                    answer(_entry_json(entry))
                else:
                    say(_entry_line(entry))
            last = page[-1].id


@app.command("show")
def show_entry(number: Annotated[int, typer.Argument(help="the entry's number")], config: ConfigFile) -> None:
    """Show one entry whole, with its bytes."""
    with opened_list(configuration.load(config)) as entries:
        entry = entries.get(number)
    if entry is None:
        raise fail(f"there is no entry {number}; set-aside ls lists them")
    say(_entry_line(entry))
    print(visible_bytes(entry.raw))


def _entry_line(entry: Entry) -> str:
    identity = f" {entry.agent}/{entry.epoch}/{entry.seq}" if entry.seq is not None else ""
    times = f" ({entry.times} times)" if entry.times > 1 else ""
    where = f"{utc_text(entry.first_us)} {entry.topic}{identity}"
    return f"{entry.id}: {where}: {entry.reason}{times}; {len(entry.raw)} bytes"


def _entry_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "time": utc_text(entry.first_us),
        "topic": entry.topic,
        "reason": entry.reason,
        "times": entry.times,
        "agent": entry.agent,
        "epoch": entry.epoch,
        "seq": entry.seq,
        "sha256": entry.sha256,
        "raw_hex": entry.raw.hex(),
    }
