"""The agent's status: each station with who works there, by which document, on what; read by both versions."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from gaugetrail_agent.app import Agent
from gaugetrail_agent.clock.trust import WatchedClock
from gaugetrail_agent.config import load
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.display import display
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.status import AgentStatus

PLAN = """id = "CP-1"
revision = "C"
part = "P"
approved_by = "QE-3"
approved_on = "2026-10-05"
[[characteristic]]
name = "looks"
kind = "attribute"
[[characteristic]]
name = "width"
capture = "typed"
unit = "mm"
"""
AGENT = """[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
[mqtt]
port = 1
[[station]]
name = "OP20"
plan = "plan.toml"
badge_pattern = "OP-[0-9]+"
unit_pattern = "SN[0-9]+"
"""


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """A whole agent with one station, without a broker."""
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "agent.toml").write_text(AGENT)
    return Agent(load(tmp_path / "agent.toml", {}), WatchedClock(FixedClock(), lambda: True))


def shift(agent: Agent, *texts: str) -> AgentStatus:
    """What the agent says of itself once these were scanned or typed at OP20, read as the collector reads it."""

    async def work() -> None:
        agent.stations["OP20"]._show()
        for text in texts:
            agent.stations["OP20"].scanned(text)
        await agent.stations["OP20"].finish()

    agent.spool.open()
    asyncio.run(work())
    document = agent.health.document(agent.spool.state())
    agent.spool.close()
    return AgentStatus.model_validate_json(document.model_dump_json(exclude_none=True))


def test_a_station_names_its_plan_before_anybody_works_there(agent: Agent) -> None:
    told = shift(agent).station_details["OP20"]
    assert (told.plan, told.revision) == ("CP-1", "C")
    assert told.plan_sha256 == hashlib.sha256(PLAN.encode()).hexdigest()
    assert (told.waits_for, told.person, told.unit, told.refused) == ("wait_operator", None, None, None)


def test_person_and_unit_stand_in_the_status_while_they_are_there(agent: Agent) -> None:
    told = shift(agent, "OP-12", "SN7", "%OK").station_details["OP20"]
    assert (told.waits_for, told.person, told.unit) == ("measuring", "OP-12", "SN7")


def test_a_recorded_unit_is_no_longer_in_hand(agent: Agent) -> None:
    told = shift(agent, "OP-12", "SN7", "%OK", "3.5").station_details["OP20"]
    assert (told.waits_for, told.person, told.unit) == ("wait_unit", "OP-12", None)


def test_what_could_not_be_recorded_is_said(agent: Agent) -> None:
    runner = agent.stations["OP20"]
    shown = display(runner.setup, runner.state).document(ENGLISH)
    agent.health.show("OP20", shown | {"state": "refused", "message": "hold the part: the disk is full"})
    assert agent.health.station_details["OP20"].refused == "hold the part: the disk is full"
    agent.health.show("OP20", shown)
    assert agent.health.station_details["OP20"].refused is None


def test_readers_of_0_1_find_the_stations_where_they_were(agent: Agent) -> None:
    """They take name -> word, and pass over what they don't know."""
    status = json.loads(shift(agent, "OP-12").model_dump_json(exclude_none=True))
    assert status["stations"] == {"OP20": "wait_unit"}


def test_an_agent_of_0_1_is_read_without_details() -> None:
    status = AgentStatus.model_validate_json('{"online":true,"agent":"pc1","stations":{"OP20":"wait_unit"}}')
    assert (status.stations, status.station_details) == ({"OP20": "wait_unit"}, {})
