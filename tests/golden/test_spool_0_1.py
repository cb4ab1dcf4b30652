"""A line PC that 0.1 left in the middle of its work: its spool is opened, sent on, and nothing of it is lost.

The file is as a kill left it: a part of it stands in SQLite's log beside it. Of its 217 records 31 wait, one is set
aside by the collector, all others are confirmed and kept.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from floor import Floor, until
from golden_0_1 import differences, messages, read, seals
from played_0_1 import Played
from shop_0_1 import line_pc, pair
from typer.testing import CliRunner

from gaugetrail_agent.cli import app

THEN = json.loads(read("spool.json"))
LINES = [line.encode("utf-8") for line in THEN["lines"]]
SEALS = [one for line in LINES for one in seals(line)]
WAITING = THEN["waiting"]


def ask(config: Path, *words: str) -> object:
    done = CliRunner().invoke(app, ["spool", *words, "--config", str(config), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def exported(config: Path, *state: str) -> list[bytes]:
    file = config.parent / "out.jsonl"
    ask(config, "export", str(file), *state)
    return file.read_bytes().splitlines()


def test_the_spool_is_looked_into_without_an_agent(tmp_path: Path) -> None:
    """Before anything has been brought up to a newer format."""
    config = line_pc(tmp_path)
    assert exported(config) == LINES
    assert [one for line in exported(config, "--state", "waiting") for one in seals(line)] == WAITING
    (aside,) = ask(config, "ls", "--state", "set-aside")  # type: ignore[misc]
    assert "InfluxDB refuses it" in aside["reason"]


@pytest.mark.processes
@pytest.mark.mosquitto
def test_what_waited_goes_on_its_way_and_the_chain_goes_on(floor: Floor) -> None:
    """Both sides updated at once: the store ends with every record of the spool, in one chain without a gap."""
    shop = pair(floor)
    before = shop.records().splitlines()
    floor.collector()
    floor.agent()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    floor.stop("agent")
    floor.stop("collector")
    now = shop.records().splitlines()
    assert set(before) <= set(now)
    assert {line for line in LINES if seals(line)[0] in WAITING} <= set(now)
    (chain,) = [one for one in shop.verify()["agents"] if one["epoch"] == "000000000007"]  # type: ignore[attr-defined]
    refused = json.loads(next(line for line in LINES if line not in now))["record"]
    assert [[refused["seq"], refused["seq"]]] == chain["gaps"], "but for the one that a collector had set aside"
    config = floor.folder / "agent.toml"
    assert set(LINES) <= set(exported(config)), "what is confirmed is kept, byte for byte"
    ask(config, "retry", str(refused["seq"]), "--epoch", refused["epoch"])
    floor.collector()
    floor.agent()
    until(lambda: seals(shop.records()).count(SEALS[LINES.index(wire(refused, LINES))]) == 1, "it is in the store too")
    assert shop.verify()["ok"] is True


def wire(record: dict[str, object], lines: list[bytes]) -> bytes:
    return next(line for line in lines if json.loads(line)["record"] == record)


@pytest.mark.processes
@pytest.mark.mosquitto
def test_receipts_and_commands_of_0_1_are_understood(floor: Floor) -> None:
    """Today's line PC under a collector of 0.1: its receipts empty the spool, its command is carried out."""
    floor.broker()
    line_pc(floor.folder, floor.mqtt_port)
    with Played(floor.mqtt_port) as played:
        played.watch_records()
        floor.agent()
        until(lambda: set(WAITING) <= {one for line in played.lines for one in seals(line)}, "all that waits is sent")
        (command,) = [one for one in messages("words.jsonl") if one[0].endswith("/commands")]
        played.send(*command)
        asked = json.loads(command[1].splitlines()[0])
        wanted = {line for line in LINES if asked_for(asked, json.loads(line)["record"])}
        until(lambda: wanted <= set(played.lines), "what is asked for is given again")
        for topic, payload in messages("last-words.jsonl"):
            played.send(topic, payload)
        until(lambda: floor.waiting() == 0, "the receipts count")
        assert set(played.lines) <= set(LINES), "and nothing else was ever sent"


def asked_for(command: dict[str, object], record: dict[str, object]) -> bool:
    ranges: list[list[int]] = command["ranges"]  # type: ignore[assignment]
    return command["epoch"] == record["epoch"] and any(a <= record["seq"] <= b for a, b in ranges)  # type: ignore[operator]


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_spool_of_0_1_from_a_backup_begins_a_new_epoch_and_loses_nothing(floor: Floor) -> None:
    shop = pair(floor)
    (floor.folder / "agent-data" / "spool.mark").unlink()
    floor.collector()
    floor.agent()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    stored = shop.records()
    assert set(WAITING) <= set(seals(stored))
    last = [json.loads(line)["record"] for line in stored.splitlines() if b'"spool.restored"' in line][-1]
    assert (last["seq"], last["payload"]["old_epoch"]) == (1, "000000000007")


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_backup_of_0_1_is_put_back_by_todays_command(floor: Floor) -> None:
    shop = pair(floor)
    shutil.move(floor.folder / "agent-data" / "spool.db", floor.folder / "backup.db")
    shutil.move(floor.folder / "agent-data" / "spool.db-wal", floor.folder / "backup.db-wal")
    (floor.folder / "agent-data" / "spool.mark").unlink()
    done = ask(floor.folder / "agent.toml", "restore", str(floor.folder / "backup.db"))
    assert differences({"waiting": len(WAITING), "kept": None}, done) == []
    floor.collector()
    floor.agent()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    assert set(WAITING) <= set(seals(shop.records()))
