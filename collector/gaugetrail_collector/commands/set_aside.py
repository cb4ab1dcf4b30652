"""Commands about what is set aside: `set-aside ls`, `show`, `retry`, `close`, `export`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.keys import opened_keys
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.intake.aside.reasons import in_words
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside, SetAsideFull
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_contract.files import refuse_links, trouble_of
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="What could not be understood or stored, and why.")


@contextlib.contextmanager
def opened_list(config: CollectorConfig) -> Iterator[SetAside]:
    """The collector's list, open; a file that can't be read ends the command with one sentence."""
    entries = SetAside(config.set_aside_path)
    try:
        entries.open()
        yield entries
    except (OSError, sqlite3.Error, SetAsideFull) as error:
        raise fail(f"{config.set_aside_path} can't be used: {trouble_of(error, config.set_aside_path)}") from error
    finally:
        entries.close()


@app.command("ls")
def list_entries(
    config: ConfigFile,
    closed: Annotated[bool, typer.Option("--closed", help="what somebody closed, with who, when and why")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is set aside, oldest first."""
    last = 0
    with opened_list(configuration.load(config)) as entries:
        while page := entries.entries(last, closed=closed):
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
    if cure := in_words(entry.reason).cure:
        say(f"what to do: {cure}")
    print(visible_bytes(entry.raw))


@app.command("retry")
def retry_entries(
    config: ConfigFile,
    numbers: Annotated[list[int] | None, typer.Argument(help="the entries' numbers; none: all of them")] = None,
    vouch: Annotated[bool, typer.Option(help="take records too that are not signed as their agent's must be")] = False,
    as_json: AsJson = False,
) -> None:
    """Try entries again, once their cause is mended. They go through the collector's door: what the store takes, or has
    by now, leaves the list; the rest stays with today's reason. Exit code 1 when any is left.
    """
    loaded = configuration.load(config)
    settled, left = 0, 0
    with opened_list(loaded) as entries, opened_keys(loaded) as keys, opened_store(loaded, keys) as store:
        for page in _pages(entries, numbers):
            done = retry(store, entries, page, None if vouch else keys)
            settled, left = settled + len(done.settled), left + len(done.left)
            if not as_json:
                for entry, reason in done.left:
                    say(f"{entry.id}: stays: {reason}")
    if as_json:
        answer({"stored": settled, "left": left})
    else:
        say(f"{settled} in the store now, {left} still set aside")
    if left:
        raise typer.Exit(1)


@app.command("close")
def close_entries(
    numbers: Annotated[list[int], typer.Argument(help="the entries' numbers")],
    config: ConfigFile,
    by: Annotated[str, typer.Option(help="your name")],
    because: Annotated[str, typer.Option(help="why nothing is to be done about them")],
    as_json: AsJson = False,
) -> None:
    """Let entries be. They leave the list and the count and are kept, with your name and reason (ls --closed)."""
    for option, text in (("--by", by), ("--because", because)):
        if reason := refuse_identifier(text):
            raise fail(f"{option}: {reason}")
    with opened_list(configuration.load(config)) as entries:
        page = next(_pages(entries, numbers))
        entries.close_entries([entry.id for entry in page], by, because, time.time_ns() // 1000)
        left = entries.count()
    if as_json:
        answer({"closed": [entry.id for entry in page], "left": left})
    else:
        say(f"{counted(len(page), 'entry')} closed, {left} still on the list; set-aside ls --closed shows them")


def _pages(entries: SetAside, numbers: list[int] | None) -> Iterator[list[Entry]]:
    if numbers:
        found = [entries.get(number) for number in numbers]
        missing = [str(number) for number, entry in zip(numbers, found, strict=True) if entry is None]
        if missing:
            raise fail(f"there is no entry {', '.join(missing)}; set-aside ls lists them")
        yield [entry for entry in found if entry is not None]
        return
    last = 0
    while page := entries.entries(last, 500):
        last = page[-1].id
        yield page


@app.command("export")
def export_entries(
    config: ConfigFile,
    file: Annotated[str, typer.Argument(help="where to; - is standard output")] = "-",
) -> None:
    """Write every entry as a line of JSON, with its bytes in hex. The list stays as it is."""
    count = 0
    with opened_list(configuration.load(config)) as entries, contextlib.ExitStack() as stack:
        try:
            out = sys.stdout if file == "-" else stack.enter_context(_opened(Path(file)))
            for page in _pages(entries, None):
                for entry in page:
                    out.write(json.dumps(_entry_json(entry), ensure_ascii=False) + "\n")
                    count += 1
        except OSError as error:
            raise fail(f"{file} can't be written: {error.strerror}") from error
    if file != "-":
        say(f"{counted(count, 'entry')} in {file}")


def _opened(path: Path) -> TextIO:
    refuse_links(path)
    return path.open("w", encoding="utf-8")


def _entry_line(entry: Entry) -> str:
    identity = f" {entry.agent}/{entry.epoch}/{entry.seq}" if entry.seq is not None else ""
    times = f" ({entry.times} times)" if entry.times > 1 else ""
    where = f"{utc_text(entry.first_us)} {entry.topic}{identity}"
    line = f"{entry.id}: {where}: {_reason(entry)}{times}; {counted(len(entry.raw), 'byte')}"
    if entry.closed_us is None:
        return line
    return f"{line}; closed {utc_text(entry.closed_us)} by {entry.closed_by}: {entry.closed_why}"


def _reason(entry: Entry) -> str:
    what = in_words(entry.reason).what
    return what if what == entry.reason else f"{what} ({entry.reason})"


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
    } | _closing(entry)


def _closing(entry: Entry) -> dict[str, object]:
    if entry.closed_us is None:
        return {}
    return {"closed": utc_text(entry.closed_us), "closed_by": entry.closed_by, "closed_why": entry.closed_why}
