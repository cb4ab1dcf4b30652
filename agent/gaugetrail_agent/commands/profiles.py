"""`gaugetrail-agent profiles`: list, show, test and begin gauge profiles."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.commands import AsJson
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile import driver
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=False, invoke_without_command=True, help=__doc__)

Folders = Annotated[list[Path] | None, typer.Option("--profiles", help="folder with your own profiles")]


@app.callback()
def names(context: typer.Context, profiles: Folders = None, as_json: AsJson = False) -> None:
    """Without a sub-command: the names a [[device]] can give as its driver."""
    if context.invoked_subcommand is not None:
        return
    known = catalogue.driver_names(tuple(profiles or ()))
    if as_json:
        answer(known)
    else:
        for name in known:
            say(name)


@app.command("ls")
def ls(
    word: Annotated[str | None, typer.Argument(help="only what has this in name, maker or models")] = None,
    profiles: Folders = None,
    as_json: AsJson = False,
) -> None:
    """List profiles and drivers with maker, models and state of proof."""
    found = [one for one in catalogue.listed(tuple(profiles or ())) if word is None or one.holds(word)]
    if not found:
        raise fail(f"no profile or driver has {word!r} in its name, maker or models; without a word, all are listed")
    if as_json:
        answer([asdict(one) for one in found])
        return
    width = max(len(one.name) for one in found)
    for one in found:
        say(f"{one.name:{width}}  {one.proof or 'not said':8}  {one.maker}: {'; '.join(one.models)}")


@app.command("show")
def show_file(name: str, profiles: Folders = None) -> None:
    """Print a profile's file: the start of one of your own."""
    say_file(file_of(name, tuple(profiles or ())))


def file_of(name: str, folders: tuple[Path, ...]) -> Path:
    """The file of a profile by name, or the file itself. A wrong name is a usage error that lists the known ones."""
    if name.endswith(".toml"):
        return Path(name)
    try:
        return catalogue.profile_path(name, folders)
    except catalogue.UnknownDriver as error:
        raise fail(str(error), 2) from error


def say_file(path: Path) -> None:
    """The text as it stands."""
    for line in path.read_text("utf-8").splitlines():
        say(line)


@app.command("test")
def run_examples(
    name: Annotated[str | None, typer.Argument(help="a profile's name or file; none: all of them")] = None,
    profiles: Folders = None,
) -> None:
    """Run a profile's own examples: bytes in, expected reading out."""
    folders = tuple(profiles or ())
    paths = catalogue.profile_paths(folders) if name is None else [file_of(name, folders)]
    bad = 0
    for path in paths:
        loaded = driver.load_profile(path)
        results = driver.run_examples(loaded)
        failed = [result for result in results if not result.passed]
        bad += len(failed)
        say(f"{'FAIL' if failed else 'ok  '} {loaded.name}: {len(results) - len(failed)} of {len(results)} examples")
        for result in failed:
            say(f"     {result}")
    if bad:
        raise fail(f"{bad} examples don't hold")


@app.command("new")
def new(name: str) -> None:
    """Print a commented skeleton for a profile of your own."""
    print(driver.new_profile_text(name))
