"""A station that works from a folder of documents, without a broker and a collector, and changes between two units."""

from __future__ import annotations

from pathlib import Path

import pytest
from floor import free_port, until
from running_agent import AGENT, PLAN, RunningAgent, asked
from spool_bodies import events

pytestmark = pytest.mark.waits

FIRST = PLAN + 'capture = "typed"\n'
STATION = '[[station]]\nname = "OP10"\nplan = {document = "CP-1"}\nunit_pattern = "SN[0-9]+"\n'


def types(running: RunningAgent) -> list[str]:
    return [one.type for one in events(running.agent.spool)]


def test_a_station_works_from_the_folder_and_changes_between_two_units(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(f'{AGENT}[documents]\nfolder = "own"\n[mqtt]\nport = {free_port()}\n{STATION}')

    def done(*words: str) -> None:
        code, _, err = asked("document", *words, "--config", str(config))
        assert code == 0, err

    def approved(text: str) -> None:
        (tmp_path / "plan.toml").write_text(text)
        done("new", "plan", str(tmp_path / "plan.toml"), "--by", "eva")
        done("submit", "CP-1", "--by", "eva")
        done("approve", "CP-1", "--by", "ida")

    done("init", "--by", "ida")
    approved(FIRST)
    with RunningAgent(tmp_path) as running:
        station = running.agent.stations["OP10"]

        def revision() -> str:
            return station.setup.plan.ref.revision if station.setup.refusal is None else station.setup.refusal.id

        assert revision() == "C"
        running.typed("OP10", "OP-1", "SN1")
        until(lambda: station.state.unit, "a unit is in hand")
        approved(FIRST.replace('revision = "C"', 'revision = "D"'))
        until(lambda: running.agent.renewal._aim.plans["OP10"][0].ref.revision == "D", "it is handed over")
        assert (revision(), station.state.unit is not None) == ("C", True)
        running.typed("OP10", "1.5")
        until(lambda: revision() == "D", "the next unit goes by it")
        done("withdraw", "CP-1", "--by", "ida", "--comment", "recalled")
        until(lambda: revision() == "document.withdrawn", "no unit is taken")
        until(lambda: types(running).count("station.changed") >= 2, "both changes are records")
        told = types(running)
        assert (told.count("station.changed") >= 2, told.count("document.step")) == (True, 7)
