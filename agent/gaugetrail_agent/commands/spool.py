"""`gaugetrail-agent spool`: look into the durable queue, even while the agent runs."""

from __future__ import annotations

import typer

from gaugetrail_agent import config as configuration
from gaugetrail_agent.commands import AsJson, ConfigFile, answer, fail, say
from gaugetrail_agent.spool import SpoolBroken, statistics

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def spool() -> None:
    """Look into the durable queue, even while the agent runs."""


@app.command("stats")
def stats(config: ConfigFile, as_json: AsJson = False) -> None:
    """How many records are sealed, confirmed and waiting, and the time from commit to receipt."""
    path = configuration.load(config).data_dir / "spool.db"
    if not path.exists():
        raise fail(f"there is no spool yet at {path}; the agent makes it when it starts")
    try:
        figures = statistics(path)
    except SpoolBroken as error:
        raise fail(str(error)) from error
    if as_json:
        answer(figures)
        return
    for key, value in figures.items():
        say(f"{key:<12} {value}")
