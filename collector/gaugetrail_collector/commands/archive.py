"""The commands `archive FILE`, `archive verify FILE` and `archive restore FILE`: a period that proves itself without a
database, and back into one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, Vouch, opened_store
from gaugetrail_collector.commands.progress import watched
from gaugetrail_collector.commands.tracing.asking import Last, Since, Until, question_of
from gaugetrail_collector.evidence.archive import NotWhole, write_archive
from gaugetrail_collector.evidence.archive_proof import NoArchive, verify_archive
from gaugetrail_collector.evidence.archive_restore import prove, restore_archive
from gaugetrail_contract.counts import counted
from gaugetrail_service.cli import answer, fail, say


class WriteUnlessSaidOtherwise(TyperGroup):
    """`archive FILE …` means `archive write FILE …`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # typer's only one
        """Put the word in where no command is named."""
        if args and args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx):
            args = ["write", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=WriteUnlessSaidOtherwise,
    no_args_is_help=True,
    help="A period in one file that proves itself, without a database.",
)


@app.command()
def write(
    file: Annotated[Path, typer.Argument(help="the archive to write, such as 2026-11.zip; it must not be there yet")],
    config: ConfigFile,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """Archive the records of a period with their seals. `archive FILE` is short for it."""
    window = question_of({}, since, until, last).window
    if file.exists():
        raise fail(f"{file} is there already; an archive is never written over")
    with opened_store(configuration.load(config)) as store:
        try:
            manifest = write_archive(store, window, file, lambda rows: watched(rows, "records archived"))
        except NotWhole as error:
            raise fail(f"nothing was written: {error}") from error
        except OSError as error:
            raise fail(f"{file} can't be written: {error.strerror or error}") from error
    with file.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    if as_json:
        answer({"file": str(file), "sha256": sha256} | manifest.model_dump(mode="json"))
        return
    say(f"{file}: {counted(manifest.records, 'record')} of {counted(len(manifest.chains), 'chain')}")
    for chain in manifest.chains:
        say(f"  {chain.agent} epoch {chain.epoch}: {chain.first} to {chain.last}, head {chain.head[:16]}…")
    say(f"note this outside: sha256 {sha256}")


@app.command()
def verify(file: Annotated[Path, typer.Argument(help="the archive")], as_json: AsJson = False) -> None:
    """Prove an archive from itself. Exit code 1 when anything is missing or altered."""
    try:
        proof = verify_archive(file, lambda rows: watched(rows, "records proven"))
    except NoArchive as error:
        raise fail(str(error)) from error
    if as_json:
        answer(proof.as_json())
    else:
        for line in proof.lines():
            say(line)
    if not proof.ok:
        raise typer.Exit(1)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="the archive")],
    config: ConfigFile,
    vouch: Vouch = False,
    as_json: AsJson = False,
) -> None:
    """Read an archive back into the store. All of it has to prove itself first; what is there already stays as it is.

    Start it again where it was stopped. Exit code 1 when anything is not in the store afterwards.
    """
    try:
        proof = prove(file, lambda rows: watched(rows, "records proven"))
        with opened_store(configuration.load(config)) as store:
            total = proof.manifest.records
            done = restore_archive(
                proof, file, store, lambda them: watched(them, "records read back", lambda: total), vouch=vouch
            )
    except (NoArchive, OSError) as error:
        raise fail(str(error)) from error
    if as_json:
        answer(done.as_json())
    else:
        say(f"{done.written} records written, {done.there} were there already, {done.left_out} left out")
        for reason in done.reasons:
            say(f"  {reason}")
    if not done.ok:
        raise typer.Exit(1)
