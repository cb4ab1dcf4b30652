"""The command `stats`: what an engineer would compute and sign, of a table or of the store, kind by kind.

Promise: `stats KIND … --json` prints one JSON object and ends with 0; what is refused is one sentence on standard
error and exit 1; options that make no question end with 2. A kind's options are its door's (`statistics.doors`).
"""

from __future__ import annotations

import gc
from argparse import Action, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec
import typer
from typer.core import TyperCommand, TyperGroup

from gaugetrail_collector.statistics.answers import lines_for_people
from gaugetrail_collector.statistics.kinds import Unasked, ask, kinds, parsed, parser_of
from gaugetrail_collector.statistics.pictures.making import FORMS, picture
from gaugetrail_service.cli import fail, say
from gaugetrail_service.lazy_commands import lacking
from gaugetrail_statistics.refusing import Refused

EXTRAS = {"matplotlib": "pictures"}
"""Package -> the extra that brings it, where it isn't `statistics`."""


class KindCommand(TyperCommand):
    """One kind: its words go to its door's own parser."""

    def __init__(self, kind: str, about: str) -> None:
        super().__init__(kind, help=about, add_help_option=False, rich_markup_mode=None)
        self.kind = kind

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (typer's own, of no public type)
        """Keep the words for the door."""
        ctx.args = list(args)
        return []

    def invoke(self, ctx: Any) -> None:  # noqa: ANN401 (the same)
        """Ask the door and print what it answers."""
        print_answer(self.kind, ctx.args)

    def actions(self) -> list[Action]:
        """The options, for the page that lists them."""
        return parser_of(self.kind)._actions  # noqa: SLF001 (argparse shows them nowhere else)


class Kinds(TyperGroup):
    """Every kind that has a door."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (typer's own)
        super().__init__(**given)
        self.commands = {name: KindCommand(name, about) for name, about in kinds().items()}


app = typer.Typer(cls=Kinds, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def stats() -> None:
    """Statistics of a table: charts, rules, capability, studies. Each kind has options of its own: `stats chart
    --help`.
    """


def print_answer(kind: str, words: Sequence[str]) -> None:
    """The answer to these words, for programs or for people."""
    try:
        args = parsed(kind, words)
        with _uncollected():
            found = ask(kind, args)
        _write_pictures(args, found)
        if getattr(args, "record", False):
            # Here and not above: most questions need neither store nor people.
            from gaugetrail_collector.commands.statistics.sealing import record_study

            found["record"] = record_study(args, found)
    except Unasked as error:
        raise fail(str(error), 2) from error
    except Refused as error:
        raise fail(str(error)) from error
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("gaugetrail_") or not missing:
            raise
        raise fail(lacking(f"stats {kind}", missing, EXTRAS.get(missing, "statistics"))) from error
    if args.json:
        # As `gaugetrail_service.cli.answer` prints it, but quickly: each point of a chart has numbers of 17 digits.
        print(msgspec.json.encode(found).decode(), flush=True)
    else:
        for line in lines_for_people(found):
            say(line)


@contextmanager
def _uncollected() -> Iterator[None]:
    """A chart of 50,000 points is a million objects and no cycle: to look for one took a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write_pictures(args: Namespace, found: dict[str, object]) -> None:
    """The pictures that are asked for; a file that can't be written ends the command with a sentence."""
    for form in FORMS:
        path = getattr(args, form, None)
        if path is None:
            continue
        try:
            path.write_bytes(picture(found, form, title=args.title, about=_about(args), printed=_printed()))
        except OSError as error:
            raise fail(f"{path} can't be written: {error.strerror or error}") from error


def _about(args: Namespace) -> list[str]:
    """Where the data are from: file and column, or characteristic and period out of the store; filters."""
    if (characteristic := getattr(args, "characteristic", None)) is not None:
        period = (f"{word} {said}" for word in ("since", "until", "last") if (said := getattr(args, word)) is not None)
        return [", ".join((characteristic, *period, *args.where))]
    column = getattr(args, "value", None) or getattr(args, "count", None)
    return [", ".join(filter(None, (args.data and args.data.name, column, *args.where)))]


def _printed() -> str:
    return f"printed {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, gaugetrail {version('gaugetrail')}"
