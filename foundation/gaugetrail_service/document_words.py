"""What people type behind `document …`, at the office and at a PC that keeps documents of its own: the options, and
what becomes of them. A fault ends the command with what to do.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_contract.documents.checks import SaidOfItself, check
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.files import read_bounded
from gaugetrail_contract.settings import ConfigError
from gaugetrail_service.cli import fail

DocumentId = Annotated[str, typer.Argument(metavar="ID", help="the document's id, as document ls lists it")]
KindWord = Annotated[DocumentKind, typer.Argument(help="what sort of document it is")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="the text")]
Stdin = Annotated[bool, typer.Option("--stdin", help="read the password from standard input, its first line")]
Comment = Annotated[str, typer.Option("--comment", help="what you have to say of it; kept with the step")]
Why = Annotated[str, typer.Option("--comment", help="why; kept with the step")]
Number = Annotated[
    int | None, typer.Option("--edition", min=1, help="number of the edition; left out: the one that it can be")
]
Effective = Annotated[
    str | None, typer.Option(help="from when it holds: 2026-12-01, 2026-12-01T06:00+01:00 (UTC without an offset)")
]
Id = Annotated[str | None, typer.Option("--id", help="the document's id, where the text has none")]
Revision = Annotated[
    str | None, typer.Option(help="its revision, where the text has none; left out: the edition's number")
]
Title = Annotated[str | None, typer.Option(help="what people call it, where the text doesn't say")]
ReviewBy = Annotated[
    str | None, typer.Option(metavar="DAY", help="when somebody looks whether it is still right: 2027-11-01")
]


def checked_text(kind: DocumentKind, file: Path, most_bytes: int) -> tuple[bytes, SaidOfItself]:
    """The text, and what it says of itself."""
    try:
        content = read_bounded(file, most_bytes)
        return content, check(kind, file, content)
    except OSError as error:
        raise fail(f"{file} can't be read: {error.strerror or error}") from error
    except ConfigError as error:
        raise fail(str(error)) from error


def one_of(what: str, said: str | None, given: str | None) -> str | None:
    """The text's own word counts; another one beside it is refused."""
    if said is not None and given is not None and said != given:
        raise fail(f"the text says that its {what} is {said}, and --{what} says {given}; leave --{what} out")
    return said if said is not None else given


def typed_day(text: str | None) -> str | None:
    """A day of the calendar."""
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise fail(f"{text!r} is no day of the calendar; write 2027-11-01", 2) from error


def typed_password(by: str, *, stdin: bool) -> str:
    """Asked for where somebody sits at a terminal, else the first line of standard input."""
    if sys.stdin.isatty() and not stdin:
        return str(typer.prompt(f"password of {by}", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
