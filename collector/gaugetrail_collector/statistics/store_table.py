"""A table for statistics out of the store: `--characteristic C --since 30d`, in place of `--data F.csv`.

Promise: only the columns that the options name are read, `--where` holds as for a file, and a store that is down,
settings that aren't there or a time that is none end in one sentence. What amendments did to the values is left in
`args.notes`, for the answer's warnings. Who has a store open already (the console) gives it as `args.store`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_collector.statistics.series import SeriesTable
    from gaugetrail_collector.stores import Store
    from gaugetrail_collector.tracing.trace import Question

TERMS = ("station",)
"""Of `--where`: what leads to the records in the store. A record is found under the station that sealed it; whatever an
amendment may have changed is held against what the store gives.
"""


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """What is asked of the store."""
    parser.add_argument("--characteristic", metavar="C", help="in place of --data: this one's values out of the store")
    parser.add_argument("--since", metavar="TIME", help="of the store: from then on, 2026-11-01 or 30d ago")
    parser.add_argument("--until", metavar="TIME", help="of the store: before then")
    parser.add_argument("--last", metavar="SPAN", help="of the store: the last 30d, 12h, 45m …")
    parser.add_argument("--raw", action="store_true", help="of the store: as sealed, without what amendments say")
    parser.set_defaults(notes=(), store=None, most_records=None)
    parser.add_argument("--config", "-c", type=Path, metavar="FILE", help="of the store: the collector's settings file")


def store_table(args: argparse.Namespace) -> SeriesTable:
    """The rows that the options name, before `--where`. Raises `Refused`."""
    from gaugetrail_collector.statistics.series import series

    if args.data is not None:
        raise Refused("values come from a table or from the store: give --data or --characteristic, not both")
    question = question_of(args)
    columns = columns_of(args)
    with opened(args.config) if args.store is None else contextlib.nullcontext(args.store) as store:
        found = series(store, question, args.characteristic, columns, raw=args.raw, most_records=args.most_records)
    if not len(found):
        raise Refused(f"the store has no value of characteristic {args.characteristic}{_asked_for(args)}")
    return found


def _asked_for(args: argparse.Namespace) -> str:
    terms = [condition for condition in args.where if condition.partition("=")[0] in TERMS]
    time = " in that time" if args.since or args.until or args.last else ""
    return f"{' with ' if terms else ''}{', '.join(terms)}{time}"


def question_of(args: argparse.Namespace) -> Question:
    """The records that can hold what is asked. Raises `Refused`."""
    from gaugetrail_collector.stores.question import Asked
    from gaugetrail_collector.tracing.time_words import window_of
    from gaugetrail_collector.tracing.trace import Question
    from gaugetrail_contract.clock import WallClock

    wanted = [condition.partition("=") for condition in args.where]
    terms = tuple(Asked(name, value.strip()) for name, equals, value in wanted if equals and name in TERMS)
    try:
        return Question(terms, window_of(args.since, args.until, args.last, WallClock().now_us()))
    except ValueError as error:
        raise Refused(str(error)) from error


def columns_of(args: argparse.Namespace) -> list[str]:
    """Every column that an option names; numbers in a column's place are none."""
    from gaugetrail_collector.statistics.series import KNOWN

    named = [
        word
        for given in vars(args).values()
        for word in (given if isinstance(given, list) else [given])
        if isinstance(word, str) and word in KNOWN
    ]
    return list(dict.fromkeys(["value", *named, *(condition.partition("=")[0] for condition in args.where)]))


@contextlib.contextmanager
def opened(config: Path | None) -> Iterator[Store]:
    """The configured store, open. Raises `Refused` where it is down."""
    from gaugetrail_collector import config as configuration
    from gaugetrail_collector.stores import StoreDown
    from gaugetrail_service import settings_file

    named = os.environ.get(settings_file.VARIABLE)
    path = config or (Path(named) if named else settings_file.default_file("collector"))
    store = configuration.load(path).store()
    try:
        store.open()
        yield store
    except StoreDown as error:
        raise Refused(f"the store can't answer: {error}") from error
    finally:
        store.close()
