"""Evidence through the whole path: what a store loses comes back, collectors stand in for one another, keys hold."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from floor import Floor, Operator, until

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents send again after a second."""
    monkeypatch.setenv("GAUGETRAIL_AGENT_MQTT__RESEND_SECS", "1")


QUICK = "[readback]\nlook_secs = 0.3\ngrace_secs = 0.3\nwhole_secs = 0.6\n"


SLOW = "[readback]\nlook_secs = 0.3\ngrace_secs = 600\nwhole_secs = 3600\n"


def started(floor: Floor, count: int, readback: str = QUICK) -> Operator:
    """Everything running, and that many inspections told, stored and confirmed."""
    floor.broker()
    floor.write_agent()
    path = floor.write_collector()
    path.write_text(path.read_text() + readback)
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(count):
        operator.inspect(f"SN{number}")
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    return operator


LOGGED_ON = 1
"""That somebody logged on is a record of its own."""


def whole(floor: Floor, count: int) -> bool:
    proof = floor.verify()
    return (
        proof["ok"] is True and sum(a["records"] for a in proof["agents"] if a["agent"] == "pc1") == count + LOGGED_ON
    )  # type: ignore[attr-defined]


def test_a6_what_the_store_loses_comes_back_from_the_spool(floor: Floor) -> None:
    """Confirmed long ago, then gone from the database: found by reading back, asked for again, stored again."""
    operator = started(floor, 6)
    with closing(sqlite3.connect(floor.folder / "store.db", timeout=30)) as db, db:
        db.execute("DELETE FROM record WHERE seq IN (1, 3, 4, 6)")
    until(lambda: whole(floor, 6), "all six are there again")
    assert "missing in the store, asked for" in floor.log("collector")
    assert "asks for records" in floor.log("agent")
    operator.close()


@pytest.mark.parametrize("gone", ["store.db*", "store.db-*"], ids=["the store", "its write-ahead log"])
def test_a_store_whose_files_are_deleted_under_the_collector_is_made_whole_at_once(floor: Floor, gone: str) -> None:
    """What is written to files without a name is gone at the next start, and every receipt for it was untrue."""
    operator = started(floor, 5, SLOW)
    for file in floor.folder.glob(gone):
        file.unlink()
    operator.inspect("SN9")
    until(lambda: whole(floor, 6), "all six stand in the new files")
    until(lambda: floor.waiting() == 0, "and have their receipts")
    assert "was deleted or replaced while it was open" in floor.log("collector")
    floor.stop("collector")
    assert whole(floor, 6)
    operator.close()


def test_a_stand_in_counts_once_a_known_collector_has_introduced_it(floor: Floor) -> None:
    """Until then its receipts delete nothing, and the line says what to do; then what waits goes by itself."""
    operator = started(floor, 2)
    floor.kill("collector")
    floor.write_collector(name="stand-in")
    floor.collector("stand-in")
    operator.inspect("SN9")

    def said() -> str:
        _, out, _ = floor.ask_here("gaugetrail-agent", "status", "--config", "agent.toml")
        return next((line.strip() for line in out.splitlines() if "is not known here" in line), "")

    until(lambda: said().startswith("collector: the collector 'stand-in' answers with the key "), "the line says so")
    assert "-> if it is yours: gaugetrail-collector keys introduce stand-in " in said()
    assert floor.waiting() == 1
    floor.introduce("collector", "stand-in")
    floor.collector()
    until(lambda: floor.waiting() == 0, "what it had stored is confirmed")
    until(lambda: "introduced by collector" in floor.log("agent"), "the agent knows it now")
    floor.kill("collector")
    operator.inspect("SN10")
    until(lambda: floor.waiting() == 0, "the stand-in's receipt counts")
    _, out, _ = floor.ask_here("gaugetrail-agent", "key", "--config", "agent.toml", "--json")
    known = json.loads(out)
    assert (list(known["collectors"]), known["introduced"]["stand-in"]["by"]) == (["collector"], "collector")
    _, out, _ = floor.ask_here("gaugetrail-collector", "keys", "ls", "--config", "stand-in.toml", "--json")
    assert known["key"] == json.loads(out)["key"]
    assert whole(floor, 4)
    until(lambda: said() == "", "and nothing is said any more")
    operator.close()


def test_two_collectors_at_once_store_each_record_once(floor: Floor) -> None:
    """They share the messages, have introduced each other, and one dies in between."""
    operator = started(floor, 3)
    path = floor.write_collector(name="other")
    path.write_text(path.read_text() + QUICK)
    floor.introduce("collector", "other")
    floor.introduce("other", "collector")
    floor.collector("other")
    until(lambda: "ready: other" in floor.log("other"), "both are there")
    for number in range(10, 18):
        operator.inspect(f"SN{number}")
    until(lambda: "introduced by collector" in floor.log("agent"), "the agent knows the other one")
    floor.kill("collector")
    for number in range(18, 22):
        operator.inspect(f"SN{number}")
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    assert whole(floor, 15)
    operator.close()


def test_a_line_pc_set_up_anew_is_refused_until_its_key_is_registered(floor: Floor) -> None:
    """The same name with another key could be anybody: its records wait, and one command lets them in."""
    operator = started(floor, 1)
    floor.stop("agent")
    operator.close()
    (floor.folder / "agent-data" / "agent.key").unlink()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN7")
    until(lambda: "is known by" in floor.log("collector"), "the collector says why")
    assert floor.waiting() == 1
    _, out, _ = floor.ask("gaugetrail-agent", "key", "--config", "agent.toml", "--json")
    code, _, err = floor.ask(
        "gaugetrail-collector", "keys", "add", "pc1", json.loads(out)["key"], "--config", "collector.toml"
    )
    assert code == 0, err
    until(lambda: floor.waiting() == 0, "the agent has sent it again and it is confirmed")
    assert whole(floor, 2)
    code, _, err = floor.ask("gaugetrail-collector", "set-aside", "retry", "--config", "collector.toml")
    assert code == 0, err
    operator.close()


def test_a_collector_whose_host_is_set_up_anew_is_believed_again_with_its_key_put_back(floor: Floor) -> None:
    """Under its old id with a new key the line says so for as long, and keeps its records; nothing is done there."""
    operator = started(floor, 2)
    collector, config = "gaugetrail-collector", ("--config", "collector.toml")
    code, _, err = floor.ask(collector, "keys", "backup", "keys.zip", *config)
    assert code == 0, err
    _, before, _ = floor.ask_here(collector, "keys", "own", *config)
    floor.stop("collector")
    shutil.rmtree(floor.folder / "collector-data")
    floor.collector()
    operator.inspect("SN7")

    def said() -> str:
        _, out, _ = floor.ask_here("gaugetrail-agent", "status", "--config", "agent.toml")
        return next((line.strip() for line in out.splitlines() if "was set up anew without its key" in line), "")

    cure = "-> on that host: gaugetrail-collector keys restore FILE; nothing is to be done here"
    until(lambda: said().endswith(cure), "the line says just that")
    assert said().startswith("broker: the collector 'collector' signs with ")
    assert floor.waiting() == 1
    code, _, err = floor.ask_here(collector, "keys", "restore", "keys.zip", *config)
    assert (code, "stop it first" in err) == (1, True)
    floor.stop("collector")
    code, out, err = floor.ask(collector, "keys", "restore", "keys.zip", *config)
    assert code == 0, err
    assert "nothing is to be done at the line PCs" in out
    _, after, _ = floor.ask_here(collector, "keys", "own", *config)
    assert before == after
    floor.collector()
    until(lambda: floor.waiting() == 0, "its receipts are believed again")
    until(lambda: said() == "", "and nothing is said any more")
    operator.close()


def test_an_anchor_is_made_at_the_stop(floor: Floor) -> None:
    operator = started(floor, 2)
    operator.close()
    assert floor.stop("collector") == 0
    code, out, err = floor.ask("gaugetrail-collector", "anchors", "check", "--config", "collector.toml", "--json")
    assert code == 0, err
    assert json.loads(out)["anchored"] == 2, "the head of pc1 and the anchor itself"
