"""`station`: a station in rehearsal, by a script. What it needs is imported inside it, as with the others."""

from __future__ import annotations

import logging
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaugetrail_agent.commands import ConfigFile
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_service.cli import answer, fail, say

if TYPE_CHECKING:
    from gaugetrail_agent.config import AgentConfig
    from gaugetrail_agent.rehearsal.stage import RehearsedStation
    from gaugetrail_agent.station.setup import Setup


def station(
    name: Annotated[str, typer.Argument(metavar="STATION", help="name of the [[station]]")],
    config: ConfigFile,
    script: Annotated[Path, typer.Option(help="what happens, a line for each event; - for standard input")],
    day: Annotated[
        str | None, typer.Option(help="of the first time of day in the script, YYYY-MM-DD", show_default="today, UTC")
    ] = None,
    say_: Annotated[bool, typer.Option("--say", help="tell it for people, not as JSON lines")] = False,
) -> None:
    """Play a script at a station, without its devices.

    What is shown, recorded, refused, told to the PLC, a line each.
    The real rules and plans, no device, no broker; the spool lies in a folder that is thrown away (docs/rehearsal.md).
    Exit code 1 where the script expects what doesn't come.
    """
    from gaugetrail_agent import config as configuration
    from gaugetrail_agent.rehearsal.play import play
    from gaugetrail_agent.rehearsal.script import read_script
    from gaugetrail_agent.rehearsal.telling import told

    loaded = configuration.load(config)
    logging.getLogger().addHandler(logging.NullHandler())  # what the log would say, the effects do
    with tempfile.TemporaryDirectory(prefix="gaugetrail-rehearsal-") as folder:
        place = _place(loaded, config, name, Path(folder))
        devices, date = tuple(place.setup.devices), day or f"{datetime.now(UTC):%Y-%m-%d}"
        text = read_script(_text(script), name=str(script), day=date, devices=devices, blocks=place.plc is not None)
        as_expected = True
        for outcome in play(text, place):
            as_expected = as_expected and outcome.is_met
            if say_:
                for line in told(outcome):
                    say(line)
            else:
                answer(outcome.as_json())
    if not as_expected:
        raise fail(f"{script}: not all came as expected")


def _place(loaded: AgentConfig, config: Path, name: str, folder: Path) -> RehearsedStation:
    from gaugetrail_agent.config import ModbusDeviceTable
    from gaugetrail_agent.rehearsal.stage import RehearsedStation

    settings, setup = loaded.settings, setup_of(loaded, config, name)
    table = next(one for one in settings.station if one.name == name)
    plc = loaded.device(table.device) if table.mode == "automatic" and table.device is not None else None
    units = {value.name: value.unit for value in plc.value} if isinstance(plc, ModbusDeviceTable) else {}
    guesses = settings.documents.pin_guesses
    offers = None if plc is None else plc.name
    return RehearsedStation(setup, settings.agent.id, folder, offers, units, guesses)


def setup_of(loaded: AgentConfig, config: Path, name: str) -> Setup:
    """What the station of that name works by. Raises `typer.Exit` where the settings have none."""
    from gaugetrail_agent.app import setups

    found = setups(loaded)
    if name not in found:
        there = f"there {'is' if len(found) < 2 else 'are'} {', '.join(found) or 'none'}"
        raise fail(f"there is no station {name!r} in {config}; {there}{did_you_mean(name, found)}", 2)
    return found[name]


def _text(script: Path) -> str:
    try:
        return sys.stdin.read() if str(script) == "-" else script.read_text("utf-8")
    except OSError as error:
        raise fail(f"{script} can't be read: {error.strerror or error}", 2) from error
    except UnicodeDecodeError as error:
        raise fail(f"{script} is no UTF-8 text ({error})", 2) from error
