"""`gaugetrail-collector`: collects records into the store, answers what became of a part, proves the store whole.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gaugetrail_collector import config as configuration
from gaugetrail_collector import trace as tracing
from gaugetrail_collector import verify as proving
from gaugetrail_collector.app import Collector
from gaugetrail_collector.config import Config
from gaugetrail_collector.set_aside import Entry, SetAside
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.logs import set_up_logging
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.text import visible, visible_bytes

BAD_CONFIG = 78

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Collects records into the store, answers what became of a part, proves the store whole.",
)
aside = typer.Typer(no_args_is_help=True, help="What could not be understood or stored, with its bytes and the reason.")
app.add_typer(aside, name="set-aside")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the collector's settings file")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


def main() -> None:
    """Entry of the command."""
    os.umask(0o077)
    try:
        app()
    except ConfigError as error:
        for line in str(error).splitlines():
            print(visible(line), file=sys.stderr)
        sys.exit(BAD_CONFIG)


def fail(message: str) -> typer.Exit:
    """Say on standard error what is wrong; the caller raises what comes back."""
    print(visible(message), file=sys.stderr)
    return typer.Exit(1)


@contextlib.contextmanager
def _store(config: Config) -> Iterator[Store]:
    store = config.store()
    try:
        store.open()
        yield store
    except StoreDown as error:
        raise fail(f"the store can't answer: {error}") from error
    finally:
        store.close()


@app.command()
def run(config: ConfigFile) -> None:
    """Collect until SIGTERM or Ctrl-C. Exit code 78 for bad settings, so that systemd doesn't restart it."""
    loaded = configuration.load(config)
    set_up_logging(loaded.settings.log.level, loaded.settings.log.form)
    try:
        Collector(loaded).run()
    except (OSError, sqlite3.Error) as error:
        raise fail(f"the collector can't start: {loaded.set_aside_path}: {error}") from error


@app.command()
def check(config: ConfigFile, as_json: AsJson = False) -> None:
    """Check the settings: every fault with file, line, key and what is allowed. Nothing is connected."""
    try:
        loaded = configuration.load(config)
    except ConfigError as error:
        if not as_json:
            raise
        print(json.dumps({"ok": False, "problems": [problem.as_json() for problem in error.problems]}))
        raise typer.Exit(BAD_CONFIG) from error
    if as_json:
        print(json.dumps({"ok": True, "problems": []}))
    else:
        print(visible(f"{config}: good. {loaded.settings.id} stores into {loaded.store().health()}"))


@app.command()
def trace(
    identifier: Annotated[str, typer.Argument(help="a serial, lot, order, heat, operator, component …")],
    config: ConfigFile,
    kind: Annotated[str | None, typer.Option(help="only as this kind of identifier: serial, lot, component …")] = None,
    as_json: AsJson = False,
) -> None:
    """Everything known of an identifier, newest last. Exit code 1 when nothing is."""
    with _store(configuration.load(config)) as store:
        answer = tracing.trace(store, identifier, kind)
    if not answer:
        raise fail(f"nothing is known of {identifier!r}{f' as {kind}' if kind else ''}")
    if as_json:
        print(json.dumps(answer.as_json(), ensure_ascii=False))
        return
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=140)
    for shown in tracing.tables(answer):
        console.print(shown)


@app.command()
def verify(config: ConfigFile, as_json: AsJson = False) -> None:
    """Recompute every seal and walk every chain in the store. Exit code 1 when anything is missing or altered."""
    with _store(configuration.load(config)) as store:
        proof = proving.verify(store)
    if as_json:
        print(json.dumps(proof.as_json(), ensure_ascii=False))
    else:
        for line in proof.lines():
            print(visible(line))
    if not proof.ok:
        raise typer.Exit(1)


@app.command()
def status(config: ConfigFile, as_json: AsJson = False) -> None:
    """What is in the store and what is set aside."""
    loaded = configuration.load(config)
    with _store(loaded) as store:
        figures = {"store": store.health(), "records": store.count(), "set_aside": _set_aside_count(loaded)}
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for key, value in figures.items():
            print(visible(f"{key:<10} {value}"))


def _set_aside_count(config: Config) -> int:
    if not config.set_aside_path.exists():
        return 0
    with _set_aside(config) as entries:
        return entries.count()


@contextlib.contextmanager
def _set_aside(config: Config) -> Iterator[SetAside]:
    entries = SetAside(config.set_aside_path)
    try:
        entries.open()
        yield entries
    except (OSError, sqlite3.Error) as error:
        raise fail(f"{config.set_aside_path} can't be read: {error}") from error
    finally:
        entries.close()


@aside.command("ls")
def list_entries(config: ConfigFile, as_json: AsJson = False) -> None:
    """List what is set aside, oldest first."""
    last = 0
    with _set_aside(configuration.load(config)) as entries:
        while page := entries.entries(last):
            for entry in page:
                print(json.dumps(_entry_json(entry), ensure_ascii=False) if as_json else _entry_line(entry))
            last = page[-1].id


@aside.command("show")
def show_entry(number: Annotated[int, typer.Argument(help="the entry's number")], config: ConfigFile) -> None:
    """Show one entry whole, with its bytes."""
    with _set_aside(configuration.load(config)) as entries:
        entry = entries.get(number)
    if entry is None:
        raise fail(f"there is no entry {number}; set-aside ls lists them")
    print(_entry_line(entry))
    print(visible_bytes(entry.raw))


def _entry_line(entry: Entry) -> str:
    identity = f" {entry.agent}/{entry.epoch}/{entry.seq}" if entry.seq is not None else ""
    times = f" ({entry.times} times)" if entry.times > 1 else ""
    where = f"{utc_text(entry.first_us)} {entry.topic}{identity}"
    return visible(f"{entry.id}: {where}: {entry.reason}{times}; {len(entry.raw)} bytes")


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
