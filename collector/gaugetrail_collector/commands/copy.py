"""The command `store copy`: from one store into another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, Vouch, opened_store
from gaugetrail_collector.commands.progress import watched
from gaugetrail_collector.commands.tracing.asking import Last, Since, Until, question_of
from gaugetrail_collector.tracing.copying import copy as copy_records
from gaugetrail_contract.counts import counted
from gaugetrail_service.cli import answer, fail, say


def copy(
    config: ConfigFile,
    to: Annotated[Path, typer.Option(help="settings file of the other store; only its [store] matters")],
    since: Since = None,
    until: Until = None,
    last: Last = None,
    vouch: Vouch = False,
    as_json: AsJson = False,
) -> None:
    """Copy every record into another store and compare both. Start it again where it was stopped.

    Exit code 1 when something was left out or the stores differ.
    """
    window = question_of({}, since, until, last).window
    source, target = configuration.load(config), configuration.load(to)
    if source.settings.store == target.settings.store and source.loaded.path.resolve() == target.loaded.path.resolve():
        raise fail("the store would be copied into itself; --to names another settings file", 2)
    with opened_store(source) as here, opened_store(target) as there:
        count = here.count
        done = copy_records(here, there, window, lambda rows: watched(rows, "records copied", count), vouch=vouch)
    if as_json:
        answer(done.as_json())
    else:
        say(f"{counted(done.written, 'record')} copied, {done.there} there already, {done.left_out} left out")
        for reason in done.reasons:
            say(f"  {reason}")
    if not done.ok:
        raise typer.Exit(1)
