"""The stories of `station_stories` at a line of real processes: gauges on ptys, kills, and what has to be recorded.

Whoever plays them, at the line terminal or on the screen's page, holds against the rehearsal what is shown after each
line, and at the end what the line PC's spool holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floor import Floor, until
from line_pc import PtyDevice
from modbus_floor import PlcThread
from station_stories import STORIES, StationStory
from stories_on_paper import device_of, plcs_of, script_of, write_stories

from gaugetrail_agent.reading import Reading
from gaugetrail_agent.rehearsal.cues import Expect, OfferBlock, ScriptLine, Wait
from gaugetrail_agent.rehearsal.script import read_script
from gaugetrail_agent.spool import visit

REFUSED = "station.refused"
"""How often a refusal becomes a record depends on the time that passes, which a rehearsal makes up."""


@dataclass
class StoryLine:
    """The processes, and the gauges' ends of their ports."""

    floor: Floor
    gauges: dict[str, PtyDevice]
    presses: PlcThread | None = None
    """The PLCs of all automatic stations, unit by unit."""
    played: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Story -> what has to be recorded."""

    def start(self) -> None:
        """The agent, until every port is open."""
        before = self.floor.log("agent").count("is open") if (self.floor.folder / "agent.log").exists() else 0
        self.floor.agent()
        until(lambda: self.floor.log("agent").count("is open") >= before + len(self.gauges), "every port is open")

    def restart(self) -> None:
        """Killed, without a warning, and started anew."""
        self.floor.kill("agent")
        self.start()

    def measures(self, device: str, reading: Reading) -> None:
        """A gauge's key is pressed: it sends a sign, and eight places with the digits that the story says."""
        self.gauges[device].send(f"01A+{reading.value:0>8}\r".encode())

    def offers(self, story: StationStory, block: OfferBlock) -> int:
        """The story's PLC offers a part, and waits for the echo; the code that stands beside it."""
        assert self.presses is not None, "a line with an automatic station has PLCs"
        return self.presses.offer(plcs_of(STORIES)[story.key], block.texts["serial"], block.values["force"])

    def acts(
        self, story: StationStory, outcomes: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[ScriptLine, dict[str, Any]]]:
        """What somebody does, each with what came of it, once all before is recorded; what only the rehearsal does is
        left out.
        """
        devices = (device_of(story),)
        script = read_script(
            script_of(story), name="story", day="2026-11-28", devices=devices, blocks=story.is_automatic
        )
        for number, (one, outcome) in enumerate(zip(script.lines, outcomes, strict=True)):
            if not isinstance(one.cue, Wait | Expect):
                self.is_recorded(story, outcomes[:number])
                yield one, dict(outcome)
        self.is_recorded(story, outcomes)

    def is_recorded(self, story: StationStory, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Wait until the spool holds what the rehearsal recorded so far, and nothing else. What is looked for in the
        records (a suspect window) is there after what is shown.
        """
        effects = [effect for outcome in outcomes for effect in outcome["effects"]]
        made = [kinds(one) for effect in effects for one in effect.values() if isinstance(one, dict) and "kind" in one]
        wanted = [one for one in made if one[1] != REFUSED]
        until(
            lambda: recorded_at(self.floor.folder, story.key) == wanted,
            f"{story.name}: the spool holds {wanted}",
        )
        self.played[story.key] = wanted


@contextmanager
def story_line(folder: Path, more: str = "", broker: bool = False) -> Iterator[StoryLine]:
    """An agent with every story's station and gauge; `more` are tables of its settings."""
    with Floor(folder) as floor:
        floor.write_collector()
        names = [device_of(story) for story in STORIES if 'name = "bore"' in story.plan]
        gauges = {name: PtyDevice(folder / name) for name in names}
        presses = PlcThread(len(plcs_of(STORIES)))
        try:
            write_stories(folder, STORIES, floor.mqtt_port, more, presses.port)
            made = StoryLine(floor, gauges, presses)
            if broker:
                floor.broker()
            made.start()
            yield made
        finally:
            presses.close()
            for gauge in gauges.values():
                gauge.pull()


def kinds(record: Mapping[str, Any]) -> tuple[str, str]:
    """What a record is, as rehearsal and line are compared."""
    return str(record["kind"]), str(record.get("verdict") or record.get("type"))


def recorded_at(folder: Path, station: str) -> list[tuple[str, str]]:
    """What the line PC's spool holds of a station."""
    path = folder / "agent-data" / "spool.db"
    found = [entry for state in visit.STATES for entry in visit.entries(path, state, 10_000)[0]]
    heads = [entry.head() for entry in sorted(found, key=lambda entry: entry.seq or 0)]
    return [kinds(one) for one in heads if one["station"] == station and one.get("type") != REFUSED]


def code_told(outcome: Mapping[str, Any]) -> int:
    """What the PLC was told in the rehearsal."""
    (told,) = [effect["plc"]["code"] for effect in outcome["effects"] if "plc" in effect]
    return int(told)
