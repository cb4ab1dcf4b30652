"""Commands about the service as a whole: `run`, `check`."""

from __future__ import annotations

import sqlite3
import sys
from typing import Annotated

import typer

from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.doors import refuse_open_doors, rights_of, start_refusals
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.signing import BadKeyFile
from gaugetrail_service.cli import BAD_CONFIG, answer, fail, say
from gaugetrail_service.files.own_files import ServiceUser, refuse_to_start
from gaugetrail_service.logs.lines import set_up_logging


def run(config: ConfigFile) -> None:
    """Collect until SIGTERM or Ctrl-C. Exit code 78 for bad settings, so that systemd doesn't restart it."""
    # Here and not above: the web libraries would make every other command wait for half a second.
    from gaugetrail_collector import config as configuration
    from gaugetrail_collector.app import Collector

    loaded = configuration.load(config)
    refuse_open_doors(loaded)
    set_up_logging(loaded.settings.log.level, loaded.settings.log.form)
    refuse_to_start("collector", rights_of(loaded, config, ServiceUser.here()))
    try:
        Collector(loaded).run()
    except BadKeyFile as error:
        raise fail(f"the collector can't start: {error}") from error
    except (OSError, sqlite3.Error) as error:
        raise fail(f"the collector can't start: {loaded.data_dir}: {trouble_of(error, loaded.data_dir)}") from error


def check(
    config: ConfigFile,
    probe: Annotated[bool, typer.Option(help="also ask the store for limits that would be in the way")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the settings. Every fault is told with file, line, key and what is allowed, and certificates that end
    within a month; nothing is connected but by --probe.
    """
    from gaugetrail_collector import config as configuration
    from gaugetrail_collector.checkup import attachments_backed_up, store_limits
    from gaugetrail_collector.overview import certificates

    try:
        loaded = configuration.load(config)
        refuse_open_doors(loaded)
    except ConfigError as error:
        if not as_json:
            raise
        answer({"ok": False, "problems": [problem.as_json() for problem in error.problems]})
        raise typer.Exit(BAD_CONFIG) from error
    found = [*certificates(loaded), *attachments_backed_up(loaded), *(store_limits(loaded) if probe else ())]
    refused = start_refusals(loaded, config)
    if as_json:
        told = {"problems": [one.as_json() for one in refused], "findings": [one.as_json() for one in found]}
        answer({"ok": True, **told})
        return
    for problem in refused:
        print(problem, file=sys.stderr)
    for one in found:
        say(f"worth a look: {one.line()}")
    say(f"{config}: good. {loaded.settings.id} stores into {loaded.store().health()}")
