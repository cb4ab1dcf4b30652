"""A spoilt or restored spool, with real processes: what the operator was told arrives once, and chains are whole."""

from __future__ import annotations

import json
import shutil

import pytest
from floor import Floor, Operator, until

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]


def told_before_the_broker_is_there(floor: Floor, serials: range) -> list[str]:
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in serials:
        operator.inspect(f"SN{number}")
    operator.close()
    return operator.told


def all_arrive_once(floor: Floor, told: list[str]) -> dict[str, str]:
    """Everything told stands in the store once; the store's epochs, each with the type of its first record."""
    floor.broker()
    floor.collector()
    floor.agent()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    proof = floor.verify()
    assert proof["ok"] is True, proof
    assert sum(agent["records"] for agent in proof["agents"]) == len(told) + 2  # type: ignore[attr-defined]
    for serial in (told[0], told[-1]):
        code, out, err = floor.ask_here("gaugetrail-collector", "trace", serial, "--config", "collector.toml", "--json")
        assert code == 0, err
        assert [serial] == [inspection["serial"] for inspection in json.loads(out)["inspections"]]
    _, out, _ = floor.ask("gaugetrail-agent", "spool", "ls", "--state", "confirmed", "--config", "agent.toml", "--json")
    first = [entry for entry in json.loads(out) if entry["seq"] == 1]
    return {entry["epoch"]: entry.get("type", entry["kind"]) for entry in first}


def test_a_spool_without_a_head_loses_nothing_that_was_told(floor: Floor) -> None:
    """The agent is killed and the start of its file is overwritten: it starts by itself and sends all it had."""
    floor.write_agent()
    floor.write_collector()
    told = told_before_the_broker_is_there(floor, range(6))
    floor.kill("agent")
    spool = floor.folder / "agent-data" / "spool.db"
    raw = spool.read_bytes()
    spool.write_bytes(b"\xff" * 512 + raw[512:])
    assert sorted(all_arrive_once(floor, told).values()) == ["person.logged_on", "spool.repaired"]
    assert list((floor.folder / "agent-data").glob("spool-damaged-*"))
    assert "is damaged" in floor.log("agent")


def test_a49_a_spool_put_back_from_a_backup_makes_no_fork(floor: Floor) -> None:
    """What it seals again goes into an epoch of its own, so that no number stands twice with another seal."""
    floor.broker()
    floor.write_agent()
    floor.write_collector()
    floor.collector()
    told = told_before_the_broker_is_there(floor, range(3))
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    assert floor.stop("agent") == 0
    spool = floor.folder / "agent-data" / "spool.db"
    shutil.copy(spool, floor.folder / "backup.db")
    told += told_before_the_broker_is_there(floor, range(3, 6))
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    assert floor.stop("agent") == 0
    floor.kill("collector")
    floor.kill("mosquitto")
    shutil.copyfile(floor.folder / "backup.db", spool)
    told += told_before_the_broker_is_there(floor, range(6, 9))
    floor.kill("agent")
    assert sorted(all_arrive_once(floor, told).values()) == ["person.logged_on", "spool.restored"]
    code, out, _ = floor.ask_here("gaugetrail-collector", "set-aside", "ls", "--config", "collector.toml", "--json")
    assert (code, json.loads(out or "[]")) == (0, [])


@pytest.mark.parametrize("pattern", ["spool.db*", "spool.db-*"], ids=["all files", "the log"])
def test_a_spool_deleted_under_the_running_agent_loses_nothing_that_was_told(floor: Floor, pattern: str) -> None:
    """Told before and after the deletion, while nobody could take it, then a kill: it had looked green and was gone."""
    floor.write_agent()
    floor.write_collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(4):
        operator.inspect(f"SN{number}")
    for file in (floor.folder / "agent-data").glob(pattern):
        file.unlink()
    for number in range(4, 10):
        operator.inspect(f"SN{number}")
    operator.close()
    floor.kill("agent")
    assert sorted(all_arrive_once(floor, operator.told).values()) == ["person.logged_on", "spool.saved"]


def test_what_went_with_a_lost_spool_is_missing_in_the_proof(floor: Floor) -> None:
    """The agent stood still when its files went: its next epoch says how far it had come, and `verify` counts on it."""
    floor.broker()
    floor.write_agent()
    floor.write_collector()
    floor.collector()
    told_before_the_broker_is_there(floor, range(3))
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    floor.stop("collector")
    operator = Operator(floor)
    operator.inspect("SN3")
    operator.inspect("SN4")
    operator.close()
    floor.kill("agent")
    for file in (floor.folder / "agent-data").glob("spool.db*"):
        file.unlink()
    floor.agent()
    floor.collector()
    until(lambda: floor.waiting() == 0, "the word of the loss has its receipt")
    proof = floor.verify()
    assert proof["ok"] is False
    missing = {tuple(gap) for agent in proof["agents"] for gap in agent["gaps"]}  # type: ignore[attr-defined]
    assert missing == {(5, 6)}
