"""The kinds of statistics by name, each behind a door of its own that is loaded when it is asked.

Promise: a module in `doors` is a kind, and there is no list to keep. Options are `argparse`'s, never abbreviated; a
value may begin with a minus.
"""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from gaugetrail_collector.statistics import doors
from gaugetrail_collector.statistics.answers import complete
from gaugetrail_collector.statistics.pictures import DRAWN
from gaugetrail_collector.statistics.pictures.making import FORMS

NEGATIVE = re.compile(r"-(\d|\.\d).*")


class Door(Protocol):
    """What a module in `doors` has."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the kind's options."""

    def answer(self, args: argparse.Namespace) -> dict[str, object]:
        """Compute. Raises `Refused`."""


class Unasked(Exception):
    """The options make no question; `args[0]` says why."""


class OptionParser(argparse.ArgumentParser):
    """argparse's, with a negative number taken as the value of the option before it."""

    def error(self, message: str) -> NoReturn:
        """What is wrong with the options, in one sentence."""
        raise Unasked(f"{message}; {self.prog} --help lists the options")


def kinds() -> dict[str, str]:
    """Every kind with what it answers: the first line of its module."""
    found = {}
    for folder in map(Path, doors.__path__):
        for path in sorted(folder.glob("*.py")):
            if path.stem != "__init__":
                found[path.stem.replace("_", "-")] = path.read_text("utf-8").partition("\n")[0].strip('"')
    return found


def door_of(kind: str) -> Door:
    """The module of a kind that there is."""
    module: Door = importlib.import_module(f"{doors.__name__}.{kind.replace('-', '_')}")
    return module


def parser_of(kind: str) -> OptionParser:
    """The options of a kind, with those that every kind has."""
    parser = OptionParser(
        prog=f"gaugetrail-collector stats {kind}", description=kinds()[kind], allow_abbrev=False, add_help=False
    )
    options = parser.add_argument_group("Options")
    options.add_argument("--help", action="help", help="show this message and exit")
    options.add_argument("--json", action="store_true", help="print one JSON object for programs")
    if kind in DRAWN:
        options.add_argument("--title", help="what the picture is headed by")
        for form in FORMS:
            options.add_argument(f"--{form}", type=Path, metavar="FILE", help=f"write the picture as {form.upper()}")
    door_of(kind).add_options(options)  # type: ignore[arg-type] # a group takes options as the parser does
    return parser


def parsed(kind: str, words: Sequence[str]) -> argparse.Namespace:
    """A kind's options out of words. Raises `Unasked`."""
    joined: list[str] = []
    for word in words:
        if NEGATIVE.fullmatch(word) and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    args = parser_of(kind).parse_args(joined)
    if getattr(args, "characteristic", None) is not None and getattr(args, "value", "") is None:
        args.value = "value"
    return args


def ask(kind: str, args: argparse.Namespace) -> dict[str, object]:
    """A kind's whole answer, with what its table has to tell. Raises `Refused`."""
    from gaugetrail_statistics.refusing import Refused

    try:
        found = complete(kind, door_of(kind).answer(args))
    except OverflowError as error:
        raise Refused(f"stats {kind}: numbers of this size can't be squared or added; take another unit") from error
    warnings, notes = found["warnings"], getattr(args, "notes", ())
    return found | {"warnings": [*warnings, *notes]} if isinstance(warnings, list) else found
