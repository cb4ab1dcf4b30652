"""`gaugetrail-agent people unlock`: a person who is locked at this PC after wrong PINs may try again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.commands import ConfigFile
from gaugetrail_agent.inquiries.asking import CantAsk, asked, desk_for
from gaugetrail_service.cli import fail, say

app = typer.Typer(no_args_is_help=True, help="People at this PC: unlock who is locked after wrong PINs.")


@app.callback()
def people() -> None:
    """Give the commands a group, of which there is one so far."""


@app.command("unlock")
def unlock(
    badge: Annotated[str, typer.Argument(metavar="BADGE", help="who is locked here")],
    config: ConfigFile,
    by: Annotated[str, typer.Option("--by", metavar="BADGE", help="who you are: an administrator or quality engineer")],
    why: Annotated[str, typer.Option("--why", help="why; stands in the event")],
    stdin: Annotated[bool, typer.Option("--stdin", help="read your PIN from standard input, its first line")] = False,
) -> None:
    """Let a person try their PIN again. The running agent does it; it asks for your own PIN where you have one."""
    question = {"ask": "unlock", "badge": badge, "by": by, "why": why}
    try:
        found = _asked(config, question)
        if "pin" in found:
            found = _asked(config, question | {"pin": _typed(by, stdin=stdin)})
    except CantAsk as error:
        raise fail(str(error)) from error
    say(f"{badge} may try again (record {found.get('record')})")


def _typed(by: str, *, stdin: bool) -> str:
    if sys.stdin.isatty() and not stdin:
        return str(typer.prompt(f"PIN of {by}", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _asked(config: Path, question: Mapping[str, str]) -> Mapping[str, object]:
    with asked(desk_for(config), config, question) as answers:
        for found in answers:
            return found
    raise CantAsk("the agent hung up without an answer; look at its log")
