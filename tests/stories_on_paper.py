"""The stories of `station_stories` laid out as a line PC's settings: a station and a gauge for each; and rehearsed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from station_stories import STORIES, StationStory
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_sim.devices import plc

PEOPLE = """\
id,name,qualification,roles
OP-12,Ada,,operator
OP-20,Ida,,inspector
OP-3,Eve,,quality engineer
"""
GAUGE = """
[[link]]
name = "{name}-port"
kind = "serial"
port = "{folder}/{name}"
[[device]]
name = "{name}"
link = "{name}-port"
driver = "digimatic-13"
gauge = "G-{name}"
bounce_secs = 0
repeat_secs = 0
settings = {{ unit = "mm" }}
"""
PLC_LINK = """
[[link]]
name = "plc-net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
"""
PLC = f"""
[[device]]
name = "{{name}}"
link = "plc-net"
driver = "modbus"
unit_id = {{unit}}
gauge = "G-{{name}}"
poll_secs = 0.2
trigger = {{{{ seq = {plc.SEQ}, result = {plc.RESULT}, echo = {plc.ECHO} }}}}
[[device.value]]
name = "serial"
address = {plc.SERIAL}
type = "string[{plc.SERIAL_REGISTERS}]"
[[device.value]]
name = "force"
address = {plc.FORCE}
type = "float32"
unit = "kN"
"""
AUTOMATIC = """
[[station]]
name = "{key}"
mode = "automatic"
plan = "plan-{key}.toml"
device = "{device}"
unit_pattern = "SN[0-9]+"
{more}
"""
STATION = """
[[station]]
name = "{key}"
plan = "plan-{key}.toml"
badge_pattern = "OP-[0-9]+"
{more}
[[station.wiring]]
characteristic = "bore"
device = "{device}"
"""
PLAN = """\
id = "CP-{number}"
revision = "A"
part = "PR-{number}"
approved_by = "QE-3"
approved_on = "2026-11-01"
"""


def device_of(story: StationStory) -> str:
    """The story's gauge, which scripts call bore; or the PLC of an automatic station."""
    return f"press-{story.key}" if story.is_automatic else f"bore-{story.key}"


def plcs_of(stories: Sequence[StationStory]) -> dict[str, int]:
    """Story at an automatic station -> the unit number of its PLC, behind one address with the others."""
    return {story.key: unit for unit, story in enumerate((one for one in stories if one.is_automatic), 1)}


def script_of(story: StationStory) -> str:
    """With the gauge's name as the settings have it."""
    lines = story.script.splitlines()
    return "\n".join(line.replace("bore ", f"{device_of(story)} ", 1) if _sends(line) else line for line in lines)


def _sends(line: str) -> bool:
    return line.lstrip().startswith("bore ")


def write_stories(
    folder: Path, stories: Sequence[StationStory], mqtt_port: int = 1883, more: str = "", plc_port: int = 502
) -> None:
    """Settings, plans and the people list; `more` are tables of the settings."""
    (folder / "people.csv").write_text(PEOPLE)
    text = (
        '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "agent-data"\npeople = "people.csv"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {mqtt_port}\n[terminal]\n{more}'
    )
    units = plcs_of(stories)
    if units:
        text += PLC_LINK.format(port=plc_port)
    for story in stories:
        number = STORIES.index(story) + 1  # the same where it stands alone
        (folder / f"plan-{story.key}.toml").write_text(PLAN.format(number=number) + story.plan)
        table = AUTOMATIC if story.is_automatic else STATION
        station = table.format(key=story.key, more=story.station, device=device_of(story))
        if story.is_automatic:
            text += PLC.format(name=device_of(story), unit=units[story.key])
        elif 'name = "bore"' in story.plan:
            text += GAUGE.format(name=device_of(story), folder=folder)
        else:
            station = station.partition("[[station.wiring]]")[0]
        text += station
    (folder / "agent.toml").write_text(text)


def rehearsed(folder: Path, story: StationStory) -> list[dict[str, Any]]:
    """What the command says of each line of the script, by settings in which the story's station is the only one."""
    own = folder / f"rehearsed-{story.key}"
    own.mkdir()
    write_stories(own, [story])
    words = ["station", story.key, "--config", str(own / "agent.toml"), "--script", "-", "--day", "2026-11-28"]
    done = CliRunner().invoke(cli.app, words, input=script_of(story))
    assert done.stdout, done.output
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
