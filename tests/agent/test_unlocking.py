"""Who is locked at a PC after wrong PINs is unlocked by a role, with its own PIN, and that is an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from floor import until
from running_agent import AGENT, PLAN, RunningAgent
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_agent.documents.pin_guesses import KEY, PinGuesses
from gaugetrail_agent.documents.pins import PinBook
from gaugetrail_agent.documents.unlocking import Unlocking
from gaugetrail_agent.spool import Origin, Spool, visit
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.pins import PinList, pin_hash, write_pins
from gaugetrail_contract.signing import Signer

PIN, PLANT = "482913", Signer.new()
PEOPLE = PeopleList.model_validate(
    {
        "person": [
            {"badge": "OP-12"},
            {"badge": "QE-3", "roles": ("quality engineer",)},
            {"badge": "AD-1", "roles": ("administrator",)},
        ]
    }
)


@dataclass
class Pc:
    """A PC where OP-12 and QE-3 are locked, with a real spool."""

    path: Path
    spool: Spool
    pins: PinBook
    guesses: PinGuesses
    unlocking: Unlocking

    def ask(self, badge: str = "OP-12", by: str = "QE-3", why: str = "mistyped", **more: str) -> dict[str, object]:
        return dict(self.unlocking.answer({"badge": badge, "by": by, "why": why, **more}))

    def has_pin(self, badge: str) -> None:
        state = self.pins.state(())
        assert state is not None
        people = PinList(changed_us=1, issue=1, people={badge: pin_hash(PIN)})
        self.pins.hear(write_pins(people, "pc1", state.key, PLANT, "c1"))


@pytest.fixture
def pc(tmp_path: Path) -> Iterator[Pc]:
    with closing(Spool(tmp_path / "spool.db", agent="pc1", clock=FixedClock())) as spool:
        spool.open()
        spool.remember(KEY, json.dumps({"OP-12": 5})).result(10)
        pins = PinBook(tmp_path, "pc1", "l", Signer.new(), lambda: [PLANT.key])
        pins.open()
        guesses = PinGuesses(spool, pins.is_right, FixedClock(), 5)
        guesses.open()
        origin = Origin("pc1", "s", "l")
        yield Pc(
            tmp_path / "spool.db", spool, pins, guesses, Unlocking(lambda: [None, PEOPLE], pins, guesses, spool, origin)
        )


@pytest.mark.parametrize(("by", "role"), [("QE-3", "quality engineer"), ("AD-1", "administrator")])
def test_a_role_unlocks_and_that_is_an_event_under_both_badges(pc: Pc, by: str, role: str) -> None:
    answer = pc.ask(by=by)
    assert answer["unlocked"] == "OP-12"
    assert pc.guesses.locked() == []
    assert json.loads(pc.spool.recall(KEY) or "") == {}
    (found,), _ = visit.entries(pc.path, "waiting", 10)
    event = found.head()
    assert answer["record"] == f"pc1/{event['epoch']}/{event['seq']}"
    assert (event["type"], event["payload"]) == ("person.pin", {"badge": "OP-12", "what": "unlocked"})
    assert (event["by"], event["role"], event["reason"]) == (by, role, "mistyped")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"by": "OP-12"}, "OP-12 is no administrator and no quality engineer on the people list of this line"),
        ({"by": "QE-9"}, "QE-9 is no administrator and no quality engineer on the people list of this line"),
        ({"by": ""}, " is no administrator and no quality engineer on the people list of this line"),
        ({"badge": "QE-3"}, "QE-3 can't unlock themselves: somebody else must"),
        ({"badge": "OP-7"}, "OP-7 is not locked here"),
        ({"why": ""}, "the reason can't be used: it is empty"),
        ({"why": "x" * 201}, "the reason can't be used: it has more than 200 characters"),
    ],
)
def test_who_may_not_unlocks_nobody(pc: Pc, asked: dict[str, str], error: str) -> None:
    assert pc.ask(**asked) == {"error": f"{error}; nothing was done"}
    assert pc.guesses.locked() == ["OP-12"]


def test_whoever_has_a_pin_types_it_first_and_a_wrong_one_is_counted(pc: Pc) -> None:
    pc.has_pin("QE-3")
    assert pc.ask() == {"pin": "QE-3"}
    refused = pc.ask(pin="591824")
    assert refused == {"error": "that was not the PIN of QE-3, or it was not tried: wait 2 s, then try again"}
    assert json.loads(pc.spool.recall(KEY) or "") == {"OP-12": 5, "QE-3": 1}
    assert pc.guesses.clear("QE-3") is None
    assert pc.ask(pin=PIN)["unlocked"] == "OP-12"


def test_the_command_asks_the_running_agent(tmp_path: Path) -> None:
    """OP-12 is locked from the agent's last life; the status says so until somebody unlocks."""
    (tmp_path / "plan.toml").write_text(PLAN.replace('unit = "mm"\n', 'unit = "mm"\ncapture = "typed"\n'))
    (tmp_path / "people.csv").write_text("id,name,qualification,roles\nOP-12,Ada,,\nQE-3,Eve,,quality engineer\n")
    station = 'people = "people.csv"\n[[station]]\nname = "OP10"\nplan = "plan.toml"\n'
    (tmp_path / "agent.toml").write_text(AGENT + station)
    (tmp_path / "data").mkdir(mode=0o700)
    with closing(Spool(tmp_path / "data" / "spool.db", agent="pc1", clock=FixedClock())) as spool:
        spool.open()
        spool.remember(KEY, json.dumps({"OP-12": 5})).result(10)
    words = ["people", "unlock", "OP-12", "--why", "mistyped", "--config", str(tmp_path / "agent.toml")]

    def unlock(by: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.app, [*words, "--by", by])
        return done.exit_code, done.output

    assert "no agent runs with the settings" in unlock("QE-3")[1]
    with RunningAgent(tmp_path) as running:
        alarm = "locked here after wrong PINs: OP-12; gaugetrail-agent people unlock, or %ALLOW there"
        until(lambda: alarm in running.agent.health.alarms().values(), "the office is told")
        code, said = unlock("OP-12")
        assert (code, "is no administrator" in said) == (1, True)
        code, said = unlock("QE-3")
        assert (code, "OP-12 may try again (record " in said) == (0, True)
        until(lambda: alarm not in running.agent.health.alarms().values(), "the alarm ends")
