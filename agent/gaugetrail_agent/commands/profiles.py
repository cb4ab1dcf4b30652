"""`gaugetrail-agent profiles`: list, show, test and begin gauge profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.barcodes import label_files
from gaugetrail_agent.commands import AsJson
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile import driver
from gaugetrail_contract.counts import counted
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=False, invoke_without_command=True, help="List, show, test and begin gauge profiles.")

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
    name: Annotated[str | None, typer.Argument(help="a profile's or label's name or file; none: all of them")] = None,
    profiles: Folders = None,
) -> None:
    """Run a profile's or label's own examples. Bytes in, expected reading out."""
    folders = tuple(profiles or ())
    labels = label_files.label_paths(folders)
    if name is None:
        bad = _labels_that_fail(labels.values()) + _profiles_that_fail(catalogue.profile_paths(folders))
    elif name in labels or Path(name).parent.name == label_files.FOLDER:
        bad = _labels_that_fail([labels.get(name, Path(name))])
    else:
        bad = _profiles_that_fail([file_of(name, folders)])
    if bad:
        raise fail(f"{counted(bad, 'example')} {'does' if bad == 1 else 'do'}n't hold")


@app.command("labels")
def label_names(profiles: Folders = None, as_json: AsJson = False) -> None:
    """The customers' own labels that unit_code and scan --profile know."""
    known = list(label_files.label_paths(tuple(profiles or ())))
    if as_json:
        answer(known)
    else:
        for name in known:
            say(name)


def _labels_that_fail(paths: Iterable[Path]) -> int:
    bad = 0
    for path in paths:
        loaded = label_files.load_label(path)
        bad += _told(loaded.name, label_files.run_examples(loaded))
    return bad


def _profiles_that_fail(paths: Iterable[Path]) -> int:
    bad = 0
    for path in paths:
        loaded = driver.load_profile(path)
        bad += _told(loaded.name, driver.run_examples(loaded))
    return bad


def _told(name: str, results: Sequence[driver.ExampleResult | label_files.LabelResult]) -> int:
    """Say how many of a file's examples hold, and show those that don't; how many these are."""
    failed = [result for result in results if not result.passed]
    good = f"{len(results) - len(failed)} of {counted(len(results), 'example')}"
    say(f"{'FAIL' if failed else 'ok  '} {name}: {good}")
    for result in failed:
        say(f"     {result}")
    return len(failed)


@app.command("new")
def new(name: str) -> None:
    """Print a commented skeleton for a profile of your own."""
    print(driver.new_profile_text(name))
