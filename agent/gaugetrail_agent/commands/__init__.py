"""The agent's commands by what they look at (`service`, `device`, `decoding`, `key`, `profiles`, `spool`); `cli` mounts
them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_contract.text import visible

BAD_CONFIG = 78

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the agent's settings file")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


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
