"""Commands about the console: `console password`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gaugetrail_service.cli import fail
from gaugetrail_service.web.console_users import line_of, refuse_name, refuse_password

app = typer.Typer(no_args_is_help=True, help="The console's users.")


@app.callback()
def _console() -> None:
    """The console's users."""


@app.command("password")
def password(
    name: Annotated[str, typer.Argument(help="what the user is called")],
    stdin: Annotated[
        bool, typer.Option("--stdin", help="read the password from standard input, its first line")
    ] = False,
) -> None:
    """Print a user's line for the file of passwords. [console] users names that file; nothing is stored by this."""
    reason = refuse_name(name)
    if reason is not None:
        raise fail(f"{name!r} can't be a user: {reason}")
    if sys.stdin.isatty() and not stdin:
        given = typer.prompt(f"password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    reason = refuse_password(given)
    if reason is not None:
        raise fail(reason)
    print(line_of(name, given))
