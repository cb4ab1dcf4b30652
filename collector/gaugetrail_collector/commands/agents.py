"""Commands about line PCs that were retired: `agents let-go`, `agents back`, `agents ls`."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.let_go import LetGo
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="Line PCs that were retired: let go, so that they are no alarm.")

AgentName = Annotated[str, typer.Argument(help="the agent's name")]


@contextlib.contextmanager
def opened_let_go(config: CollectorConfig) -> Iterator[LetGo]:
    """The collector's list, open; a file that can't be used ends the command with one sentence."""
    listed = LetGo(config.let_go_path)
    try:
        listed.open()
        yield listed
    except (OSError, sqlite3.Error) as error:
        raise fail(f"{config.let_go_path} can't be used: {trouble_of(error, config.let_go_path)}") from error
    finally:
        listed.close()


@app.command("ls")
def list_agents(config: ConfigFile, as_json: AsJson = False) -> None:
    """List the agents that were let go. When, by whom, why, and when one spoke again."""
    with opened_let_go(configuration.load(config)) as listed:
        for one in listed.all():
            back = None if one.back_us is None else utc_text(one.back_us)
            if as_json:
                answer({"agent": one.agent, "time": utc_text(one.at_us), "by": one.by, "why": one.why, "back": back})
            else:
                still = "" if back is None else f"; back since {back}"
                say(f"{one.agent}: let go {utc_text(one.at_us)} by {one.by}: {one.why}{still}")


@app.command("let-go")
def let_go(
    agent: AgentName,
    config: ConfigFile,
    by: Annotated[str, typer.Option(help="your name")],
    because: Annotated[str, typer.Option(help="why it is gone for good")],
) -> None:
    """Let a retired line PC go. It is no alarm and has no tile in the console until it speaks again; what it recorded
    stays in the store.
    """
    for option, text in (("AGENT", agent), ("--by", by), ("--because", because)):
        if reason := refuse_identifier(text):
            raise fail(f"{option}: {reason}")
    with opened_let_go(configuration.load(config)) as listed:
        if not listed.let_go(agent, by, because, time.time_ns() // 1000):
            raise fail(f"{agent} is let go already; agents ls says by whom")
    say(f"{agent} is let go; it comes back by itself as soon as it speaks")


@app.command("back")
def back(agent: AgentName, config: ConfigFile) -> None:
    """Take an agent back that was let go by mistake."""
    with opened_let_go(configuration.load(config)) as listed:
        if not listed.back(agent, time.time_ns() // 1000):
            raise fail(f"{agent} isn't let go; agents ls lists who is")
    say(f"{agent} is back")
