"""`doctor`: what is wrong around the collector and what to do about it, running or not."""

from __future__ import annotations

from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.checkup import examine
from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_contract.findings import in_lines
from gaugetrail_service.cli import answer, say

LISTEN_SECS = 7.0
"""Longer than the five seconds between two status documents of an agent."""


def doctor(
    config: ConfigFile,
    listen: Annotated[float, typer.Option(min=0.1, help="seconds to listen at the broker")] = LISTEN_SECS,
    as_json: AsJson = False,
) -> None:
    """What isn't well around the collector, and what to do about it. Rights, clock, limits of broker and database,
    versions; exit code 1 then.
    """
    found = examine(configuration.load(config), listen)
    wrong = [one for one in found if one.wrong]
    if as_json:
        answer({"well": not wrong, "findings": [one.as_json() for one in found]})
    else:
        for line in in_lines(found, "nothing is wrong"):
            say(line)
    if wrong:
        raise typer.Exit(1)
