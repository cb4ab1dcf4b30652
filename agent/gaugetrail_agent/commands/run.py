"""Commands about the service as a whole: `run`, `check`, `terminal`.

What one of them needs is imported inside it: to check a file takes no broker's client and no terminal, and `--help` not
the settings' models.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_contract.counts import counted
from gaugetrail_contract.settings import ConfigError, Problem
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_service.cli import BAD_CONFIG, answer, fail, runs_on, say
from gaugetrail_service.files.own_files import ServiceUser, folder_faults, refuse_to_start
from gaugetrail_service.logs.lines import set_up_logging


def run(config: ConfigFile) -> None:
    """Run the agent until SIGTERM or Ctrl-C. Exit code 78 for bad settings, so that systemd doesn't restart it."""
    from gaugetrail_agent import config as configuration
    from gaugetrail_agent.app import Agent
    from gaugetrail_agent.doubts.doors import refuse_open_doors, settings_of
    from gaugetrail_agent.inquiries.asking import CantAsk, desk_for
    from gaugetrail_agent.spool import SpoolBroken

    with contextlib.suppress(CantAsk):  # what is at fault in the file is said below
        refuse_to_start("agent", folder_faults(desk_for(config).data_dir, ServiceUser.here()))
    loaded = configuration.load(config)
    refuse_open_doors(loaded)
    refuse_to_start("agent", settings_of(loaded, config, ServiceUser.here()))
    set_up_logging(loaded.settings.log.level, loaded.settings.log.form)
    try:
        loaded.data_dir.mkdir(parents=True, exist_ok=True)
        agent = Agent(loaded)
        runs_on()
        asyncio.run(agent.run())
    except SpoolBroken as error:
        raise fail(f"the agent can't start: {error}") from error
    except OSError as error:
        raise fail(f"the agent can't start: {error.filename or 'terminal port'}: {error.strerror or error}") from error


def check(
    config: ConfigFile,
    probe: Annotated[bool, typer.Option(help="also look whether ports and addresses are there (warnings)")] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, plans, registers and drivers. Every fault is told with file, line, key and what is allowed."""
    from gaugetrail_agent import config as configuration
    from gaugetrail_agent.doubts.collectors import collector_doubts
    from gaugetrail_agent.doubts.doors import refuse_open_doors, start_refusals
    from gaugetrail_agent.doubts.gauge_sharing import shared_gauges
    from gaugetrail_agent.doubts.line_check import line_settings
    from gaugetrail_agent.doubts.line_check import probe as probe_ports
    from gaugetrail_agent.doubts.locks_ahead import locks_ahead
    from gaugetrail_agent.doubts.odd_settings import doubts
    from gaugetrail_agent.health.calibration import calibration_doubts

    try:
        loaded = configuration.load(config)
        refuse_open_doors(loaded)
    except ConfigError as error:
        _tell(list(error.problems), as_json)
        raise typer.Exit(BAD_CONFIG) from error
    today = datetime.now(UTC).date()
    warnings = [
        *calibration_doubts(loaded, today),
        *locks_ahead(loaded, today),
        *collector_doubts(loaded),
        *loaded.document_remarks,
        *doubts(loaded),
        *line_settings(loaded),
        *shared_gauges(loaded),
        *(probe_ports(loaded) if probe else []),
        *start_refusals(loaded, config),
    ]
    _tell(warnings, as_json)
    if not as_json:
        settings = loaded.settings
        say(
            f"{config}: good. {counted(len(settings.link), 'link')}, {counted(len(settings.device), 'device')}, "
            f"{counted(len(settings.station), 'station')}, {counted(len(warnings), 'warning')}"
        )


def _tell(problems: list[Problem], as_json: bool) -> None:
    if as_json:
        answer({"ok": all(p.warning for p in problems), "problems": [problem.as_json() for problem in problems]})
        return
    for problem in problems:
        print(problem, file=sys.stderr)


def terminal(
    station: Annotated[str, typer.Argument(help="name of the [[station]]")],
    config: ConfigFile,
    lines: Annotated[bool, typer.Option("--lines", help="a line for each change: for scripts and logs")] = False,
) -> None:
    """The operator's terminal of a station, on the whole console. What is typed there counts as a scan.

    It waits for its agent, also for one that is started later or anew. Ctrl-C ends it.
    """
    from gaugetrail_agent import config as configuration
    from gaugetrail_agent.terminal.console import run_terminal
    from gaugetrail_agent.terminal.session import AgentPlace

    loaded = configuration.load(config)
    if loaded.settings.terminal is None:
        raise fail(f"{config}: add a [terminal] table, then restart the agent")
    names = [table.name for table in loaded.settings.station]
    if station not in names:
        there = f"there {'is' if len(names) < 2 else 'are'} {', '.join(names) or 'none'}"
        raise fail(f"there is no station {station!r} in {config}; {there}{did_you_mean(station, names)}")
    raise typer.Exit(asyncio.run(run_terminal(AgentPlace(loaded.data_dir), station, as_lines=lines)))
