"""The frame of a command: lines for people, JSON for programs, complaints, and the exit code that systemd understands.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable

import typer

from gaugetrail_contract.escapes import visible
from gaugetrail_contract.problems import ConfigError

BAD_CONFIG = 78
USUAL = gc.get_threshold()


def say(text: str) -> None:
    """A line for people on standard output, at once even into a pipe; control characters show as escapes."""
    print(visible(text), flush=True)


def answer(value: object) -> None:
    """One JSON value on one line of standard output, at once even into a pipe."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def fail(message: str, code: int = 1) -> typer.Exit:
    """Say on standard error what is wrong and what to do; the caller raises what comes back."""
    for line in message.splitlines():
        print(visible(line), file=sys.stderr)
    return typer.Exit(code)


def hex_bytes(text: str) -> bytes:
    """The bytes of a `--hex` option; blanks and colons between them are fine. Raises a usage error otherwise."""
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError as error:
        raise typer.BadParameter(f"{text[:40]!r} is no hex: two digits a byte, like 30 31 41 ({error})") from error


def run(app: Callable[[], object]) -> None:
    """Entry of a command: what it writes is nobody else's; bad settings are said in lines and end it with 78."""
    os.umask(0o077)  # spool, exports, archives and what is printed of them
    # Code and settings stay once they are loaded: to look for garbage among them takes a third of a start.
    gc.set_threshold(100_000, *USUAL[1:])
    # Nor does pydantic read what every installed package says of itself, in search of plug-ins that nobody here has.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except ConfigError as error:
        fail(str(error))
        sys.exit(BAD_CONFIG)


def runs_on() -> None:
    """A service has started: from now on garbage is looked for as usual, but not among what is loaded."""
    gc.freeze()
    gc.set_threshold(*USUAL)
