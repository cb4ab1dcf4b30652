"""The command `export`: records for other programs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import ConfigFile, opened_store
from gaugetrail_collector.commands.progress import watched
from gaugetrail_collector.commands.tracing.asking import (
    Last,
    Raw,
    Since,
    Until,
    Wanted,
    ZoneName,
    in_words,
    question_of,
    zone_of,
)
from gaugetrail_collector.tracing import trace as tracing
from gaugetrail_collector.tracing.export import FORMS, sound, write_csv
from gaugetrail_collector.tracing.export_parquet import NoParquet
from gaugetrail_collector.tracing.trace import Known
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.files import whole_file
from gaugetrail_service.cli import fail

MOST_NAMED = 20


def export(
    config: ConfigFile,
    form: Annotated[
        Literal["jsonl", "csv", "parquet"],
        typer.Option("--format", help="jsonl: the sealed records as wire lines; csv, parquet: one row a measurement"),
    ] = "jsonl",
    out: Annotated[Path | None, typer.Option(help="the file; left out: standard output")] = None,
    serial: Wanted = None,
    component: Wanted = None,
    lot: Wanted = None,
    heat: Wanted = None,
    supplier_lot: Wanted = None,
    order: Wanted = None,
    operator: Wanted = None,
    gauge: Wanted = None,
    plan: Wanted = None,
    part: Wanted = None,
    station: Wanted = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    zone: ZoneName = None,
    raw: Raw = False,
) -> None:
    """Write records for other programs. All of them, or those that the options name, oldest first; a file is there
    whole or not at all.

    A record whose seal doesn't hold is left out and named; then the exit code is 1.
    """
    wanted = {"serial": serial, "component": component, "lot": lot, "heat": heat, "supplier_lot": supplier_lot}
    wanted |= {"order": order, "operator": operator, "gauge": gauge, "plan": plan, "part": part, "station": station}
    where = zone_of(zone)
    question = question_of(wanted, since, until, last, zone=where)
    if form == "parquet" and out is None and sys.stdout.isatty():
        raise fail("Parquet is not for a terminal; give --out FILE.parquet", 2)
    left_out = _LeftOut()
    write = partial(write_csv, raw=raw) if form == "csv" else FORMS[form]
    with opened_store(configuration.load(config)) as store:
        pages = watched(tracing.pages(store, question), "records", weigh=lambda page: len(page.known))
        try:
            with _open(out) as target:
                count = write(sound(pages, left_out), target, where)
        except NoParquet as error:
            raise fail(str(error)) from error
        except OSError as error:
            raise fail(f"{out or 'standard output'} can't be written: {error.strerror or error}") from error
    what = counted(count, "record" if form == "jsonl" else "row")
    print(visible(f"{what} of {in_words(question)}{f' in {out}' if out else ''}"), file=sys.stderr)
    if left_out.count:
        raise fail(f"left out for a seal that doesn't hold: {counted(left_out.count, 'record')}; verify names them all")


class _LeftOut:
    """Counts what is left out, and names the first of it."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, known: Known) -> None:
        self.count += 1
        if self.count <= MOST_NAMED:
            print(visible(f"left out: {known.id}: {known.broken}"), file=sys.stderr)


@contextlib.contextmanager
def _open(out: Path | None) -> Iterator[BinaryIO]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with whole_file(out) as target:
            yield target
