"""`--cases FILE` of `decode`, `registers` and `scan`: a thousand cases for one start.

Promise: each line of the file is a JSON object with an `id`, and gives one line `{"id": …, "results": […]}`. The
results are what the command alone prints for it, line by line, for it is the command alone that is run. What it refuses
is one result `{"error": …}` in its own words. A line that is no case is told on standard error with its number, and the
exit code is 1; the others go on.

A key of a case is an option of the command by its name, or by one of the names in `KEYS`; keys that are neither
(`source`, `expect`, `note` …) are the reader's own. Numbers reach the command with the digits that stand in the file.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gaugetrail_contract.problems import ConfigError
from gaugetrail_service.cli import answer, fail

KEYS = {
    "bytes_hex": "hex",
    "raw_hex": "hex",
    "protocol": "profile",
    "config": "set",
    "byteorder": "byte-order",
    "wordorder": "word-order",
    "registers": "register",
    "separator": "separator",
}
"""Keys of a case that are called otherwise on the command line; one whose option the command lacks is refused."""


class NoCase(ValueError):
    """A line that holds no case, or a case that can't be asked."""


def _run(context: typer.Context, path: Path | None) -> None:
    """The option's callback: it takes the place of the single run."""
    if path is None or context.resilient_parsing:
        return
    bad = 0
    for number, line in _lines(path):
        try:
            name, case = _case(line)
        except NoCase as error:
            bad += 1
            fail(f"{path}:{number}: {error}")
        else:
            answer({"id": name, "results": results(context.command, case)})
    raise typer.Exit(1 if bad else 0)


Cases = Annotated[
    Path | None,
    typer.Option(
        "--cases", callback=_run, is_eager=True, metavar="FILE", help="one case a line as JSON, in place of all else"
    ),
]


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of the file, or of standard input for `-`, numbered; without the empty ones."""
    try:
        with contextlib.ExitStack() as stack:
            file = sys.stdin.buffer if str(path) == "-" else stack.enter_context(path.open("rb"))
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise fail(f"{path} can't be read: {error.strerror or error}") from error


def _case(line: bytes) -> tuple[str | int, Mapping[str, Any]]:
    """A line's id and what it asks, numbers as text. Raises `NoCase`."""
    try:
        name = json.loads(line)
        case = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise NoCase(f"is no JSON: {error}") from error
    if not isinstance(case, dict) or not isinstance(name.get("id"), str | int) or isinstance(name["id"], bool):
        raise NoCase('is no case: it wants an object with an "id"')
    return name["id"], case


def results(command: Any, case: Mapping[str, Any]) -> list[object]:  # noqa: ANN401 (typer's, of no public type)
    """What the command prints for one case; where it refuses, its words."""
    said, complaint = io.StringIO(), io.StringIO()
    try:
        words = words_of(command, case)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
            code = command.main(words, prog_name=command.name, standalone_mode=False)
    except (NoCase, ConfigError) as error:
        return [{"error": str(error)}]
    except typer.TyperException as error:
        return [{"error": error.format_message()}]
    found = [json.loads(line) for line in said.getvalue().splitlines()]
    return [*found, {"error": complaint.getvalue().strip()}] if code else found


def words_of(command: Any, case: Mapping[str, Any]) -> list[str]:  # noqa: ANN401 (the same)
    """The case as a person would type it. Raises `NoCase` for what can't be typed."""
    known = {max(one.opts, key=len).lstrip("-").replace("_", "-"): one for one in command.params}
    options: list[str] = []
    arguments: list[str] = []
    for key, value in case.items():
        name = KEYS.get(key, key.replace("_", "-"))
        if value is None or name in ("cases", "help") or (name not in known and key not in KEYS):
            continue
        if name not in known:
            raise NoCase(f"{command.name} takes no {key}")
        one = known[name]
        if one.param_type_name == "argument":
            arguments += _texts(key, value, several=one.nargs == -1)
        elif one.is_flag:
            options += [f"--{name}"] * _truth(key, value)
        else:
            options += [f"--{name}={text}" for text in _texts(key, value, several=one.multiple)]
    return [*options, "--", *arguments] if arguments else options


def _texts(key: str, value: object, *, several: bool) -> list[str]:
    if isinstance(value, dict) and several:
        return [f"{name}={_text(key, one)}" for name, one in value.items()]
    if isinstance(value, list) and several:
        return [_text(key, one) for one in value]
    return [_text(key, value)]


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise NoCase(f"{key} can't be {json.dumps(value, ensure_ascii=False)[:40]}")


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise NoCase(f"{key} is true or false")
    return value
