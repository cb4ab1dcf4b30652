"""A running agent, cut off from every broker, as documents come and their moments do: which station works by what."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from documents_on_paper import listed
from floor import free_port, until
from running_agent import AGENT, PLAN, RunningAgent
from spool_bodies import events

from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import root_of, write_root
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.signing import Signer

pytestmark = pytest.mark.waits

TYPED = PLAN + 'capture = "typed"\n'
SECOND = TYPED.replace("CP-1", "CP-2")
GAUGED = PLAN.replace("CP-1", "CP-2").replace('revision = "C"', 'revision = "D"')
NEXT = TYPED.replace('revision = "C"', 'revision = "D"')
STATION = '[[station]]\nname = "{name}"\nplan = {{document = "{plan}"}}\nunit_pattern = "SN[0-9]+"\n'
PLANT = Signer.new()


class Sender:
    """What the collector that writes says, as the agent's connection would hand it on."""

    def __init__(self, running: RunningAgent) -> None:
        self.hear = running.agent.documents.hear
        self.issue = 0

    def says(self, texts: dict[ListedEdition, str]) -> None:
        self.issue += 1
        pages = pages_of(texts)
        self.hear(topics.DOCUMENTS_ROOT, write_root(root_of(pages, self.issue, WallClock().now_us()), PLANT, "c1"))
        for number, page in enumerate(pages):
            self.hear(topics.document_page(number), page)
        for text in texts.values():
            self.hear(topics.document_part(hashlib.sha256(text.encode()).hexdigest(), 1), text.encode())


def plan_of(running: RunningAgent, station: str) -> Plan:
    return running.agent.stations[station].setup.plan


def works_by(running: RunningAgent, station: str) -> str:
    """Revision, or the id of the sentence that says why nothing is taken."""
    setup = running.agent.stations[station].setup
    return setup.plan.ref.revision if setup.refusal is None else setup.refusal.id


def becomes(running: RunningAgent, **wanted: str) -> None:
    until(lambda: all(works_by(running, name) == how for name, how in wanted.items()), str(wanted))


def test_each_station_works_by_what_is_in_force_and_one_that_cant_stops_no_other(tmp_path: Path) -> None:
    """From nothing, over an edition that only one of two can work by, to a moment that comes by itself."""
    stations = STATION.format(name="OP10", plan="CP-1") + STATION.format(name="OP20", plan="CP-2")
    (tmp_path / "agent.toml").write_text(f"{AGENT}[mqtt]\nport = {free_port()}\n{stations}")
    one, two = listed("CP-1", TYPED), listed("CP-2", SECOND)
    with RunningAgent(tmp_path) as running:
        assert (works_by(running, "OP10"), works_by(running, "OP20")) == ("document.no_list",) * 2
        assert running.told("OP10: CP-1 is not here: no list of documents")
        office = Sender(running)
        office.says({one: TYPED, two: SECOND})
        becomes(running, OP10="C", OP20="C")
        running.typed("OP10", "OP-1", "SN1")
        begun = until(lambda: running.agent.stations["OP10"].state.unit, "a unit is in hand")

        soon = listed("CP-1", NEXT, 2, "approved", effective=utc_text(WallClock().now_us() + 1_500_000))
        office.says({one: TYPED, soon: NEXT, listed("CP-2", GAUGED, 2): GAUGED})
        becomes(running, OP10="C", OP20="document.at_fault")
        until(lambda: running.agent.renewal._aim.plans["OP10"][0].ref.revision == "D", "it is handed over")
        assert (plan_of(running, "OP10").ref.revision, running.agent.stations["OP10"].state.unit) == ("C", begun)
        running.typed("OP10", "1.5")
        becomes(running, OP10="D", OP20="document.at_fault")
        assert running.agent.config.plans["OP10"] == (plan_of(running, "OP10"),)

        office.says({listed("CP-1", NEXT, 2): NEXT, listed("CP-2", SECOND, 3): SECOND})
        becomes(running, OP10="D", OP20="C")
        until(lambda: not any(one.startswith("plan ") for one in running.agent.health.alarms()), "the alarm is gone")


def test_what_is_read_anew_is_an_event_with_the_keys_that_changed(tmp_path: Path) -> None:
    """A file in place of a document, and a people list."""
    text = f"{AGENT}[mqtt]\nport = {free_port()}\n{STATION.format(name='OP10', plan='CP-1')}"
    (tmp_path / "agent.toml").write_text(text)
    (tmp_path / "plan.toml").write_text(TYPED)
    (tmp_path / "people.csv").write_text("id,name,qualification\nOP-1,Ann,\n")
    with RunningAgent(tmp_path) as running:
        changed = text.replace('{document = "CP-1"}', '"plan.toml"').replace("[mqtt]", 'people = "people.csv"\n[mqtt]')
        (tmp_path / "agent.toml").write_text(changed)
        running.do(running.agent.reread)
        becomes(running, OP10="C")
        spool = running.agent.spool
        until(lambda: len(spool.waiting(0, 1_000_000)) >= 3, "the changes are recorded")
        found = {str(one.payload["what"]): dict(one.payload) for one in events(spool) if one.type == "station.changed"}
    assert set(found) == {"plan", "people", "settings"}
    assert found["settings"]["keys"] == ["agent.people", "station[1].plan"]
    assert (found["plan"]["revision"], found["people"]["document"]) == ("C", "people.csv")
    assert found["settings"]["before"] == hashlib.sha256(text.encode()).hexdigest()
    assert found["settings"]["after"] == hashlib.sha256(changed.encode()).hexdigest()
