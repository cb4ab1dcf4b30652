"""An agent of 0.1 with a collector of today: every record ends in the store, and the agent can read all it is told."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from floor import Floor, until
from golden_0_1 import FILES, differences, lines, messages, read, seals, unpack
from played_0_1 import Played
from shop_0_1 import SQLITE, Shop, empty_shop
from wire_0_1 import faults, opened

MESSAGES = messages("messages.jsonl")
WORDS = messages("words.jsonl") + messages("last-words.jsonl")
OWN = "collector:collector-1"


def agent_of(topic: str) -> str:
    return topic.split("/")[2]


def chains(wire_lines: bytes, without: str = OWN) -> dict[str, str]:
    """`agent/epoch/seq` -> seal, without the collector's own anchors: those of today are others."""
    found = {}
    for line in wire_lines.splitlines():
        sealed = json.loads(line)
        record = sealed["record"]
        if record["agent"] != without:
            found[f"{record['agent']}/{record['epoch']}/{record['seq']}"] = sealed["sha256"]
    return found


STORED = chains(read("records.jsonl"))


FORKS = messages("forks.jsonl")
FORKED = {one for _, payload in FORKS for one in seals(payload.rpartition(b"\n")[0])}


def aside(listed: str) -> set[tuple[str, str | None, str]]:
    """Topic, seal and bytes of what `set-aside ls --json` lists."""
    return {(one["topic"], one["sha256"], one["raw_hex"]) for one in map(json.loads, listed.splitlines())}


# --- how strict 0.1 is


@pytest.mark.parametrize(("topic", "payload"), WORDS)
def test_what_0_1_said_is_read_as_0_1_read_it(topic: str, payload: bytes) -> None:
    kind = {"receipts": "receipt", "commands": "command"}.get(topic.split("/")[-1])
    if kind is not None:
        assert faults(kind, opened(kind, agent_of(topic), payload)) == []
    elif "/collectors/" in topic:
        assert faults("collector-status", payload) == []


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        ("receipt", {"branch": ""}, "doesn't know receipt.branch"),
        ("receipt", {"set_aside": [{"seq": 0, "sha256": "0" * 64, "reason": ""}]}, "below 1"),
        ("receipt", {"set_aside": [{"seq": 1, "sha256": "0" * 64, "reason": "a\nb"}]}, "not like"),
        ("receipt", {"stored": [[3, 1, "0" * 64]]}, "none"),
        ("receipt", {"stored": [[1, 3, "0" * 64, ""]]}, "more than 3"),
        ("receipt", {"epoch": 7}, "no string"),
        ("command", {"ranges": []}, "fewer than 1"),
        ("command", {"command": "sleep"}, "not again"),
        ("command", {"branch": None}, "doesn't know command.branch"),
        ("collector-status", {"store": "sideways"}, "none of"),
        ("collector-status", {"records": -1}, "below 0"),
        ("collector-status", {"online": 1}, "no boolean"),
    ],
)
def test_what_0_1_would_refuse_is_refused_here(name: str, more: dict[str, Any], why: str) -> None:
    """Else a word that no agent of then can read would pass these tests."""
    good: dict[str, dict[str, Any]] = {
        "receipt": {"epoch": "abcdefgh"},
        "command": {"command": "again", "epoch": "abcdefgh", "ranges": [[1, 2]]},
        "collector-status": {"online": True, "collector": "c"},
    }
    assert faults(name, json.dumps(good[name]).encode()) == []
    assert any(why in fault for fault in faults(name, json.dumps(good[name] | more).encode()))


# --- played against a real collector

QUICK = "[readback]\nlook_secs = 0.2\ngrace_secs = 0.2\nwhole_secs = 0.5\n"


Plant = tuple[Floor, Played, Shop]


@contextmanager
def started(floor: Floor, more: str = QUICK) -> Iterator[Plant]:
    """A broker, a collector of today without a record and with the key of 0.1's, and 0.1's agents played by hand."""
    floor.broker()
    unpack("collector", floor.folder)
    for name in ("store.db", "data/keys.db", "data/anchors.json", "data/set-aside.db"):
        (floor.folder / name).unlink()
    shop = empty_shop(floor.folder, SQLITE, f"[mqtt]\nport = {floor.mqtt_port}\n{more}")
    floor.collector()
    with Played(floor.mqtt_port) as played:
        until(lambda: played.status("collector-1").get("store") == "up", "the collector is there")
        yield floor, played, shop


@pytest.fixture
def plant(floor: Floor) -> Iterator[Plant]:
    with started(floor) as made:
        yield made


def all_readable(played: Played) -> None:
    """Each word that was said to an agent of then, and what the collector says of itself."""
    assert [fault for body in played.receipts for fault in faults("receipt", body)] == []
    assert [fault for body in played.commands for fault in faults("command", body)] == []
    assert played.statuses
    assert [fault for body in played.statuses for fault in faults("collector-status", body)] == []


@pytest.mark.processes
@pytest.mark.mosquitto
def test_agents_of_0_1_end_with_every_record_in_the_store(plant: Plant) -> None:
    floor, played, shop = plant
    for topic, payload in MESSAGES:
        played.send(topic, payload)
    until(lambda: played.confirmed.items() >= STORED.items(), "a receipt for every record")
    all_readable(played)
    assert played.confirmed == STORED, "and for nothing else"
    assert floor.stop("collector") == 0
    assert chains(shop.records()) == STORED
    assert shop.verify()["ok"] is True
    (then,) = [one["out"] for one in lines("answers.jsonl") if one["words"][0] == "set-aside"]
    # What is a fork may be stored by a later version: the test below.
    assert {one for one in aside(then) if one[1] not in FORKED} == aside(shop.ask("set-aside", "ls", "--json").stdout)


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_fork_of_0_1_is_never_lost_and_never_confirmed_in_words_that_0_1_mistakes(
    plant: Plant,
) -> None:
    """The clone's records are in the store or set aside; no receipt names them as the chain's own."""
    _, played, shop = plant
    for topic, payload in [*MESSAGES, *FORKS]:
        played.send(topic, payload)

    def kept() -> set[str | None]:
        listed = shop.ask("set-aside", "ls", "--json").stdout
        return {*seals(shop.records()), *(sha256 for _, sha256, _ in aside(listed))}

    until(lambda: kept() >= FORKED, "every line of the clone is kept")
    until(lambda: played.confirmed.items() >= STORED.items(), "a receipt for every record")
    assert played.confirmed == STORED
    readable = [body for body in played.receipts if not faults("receipt", body)]
    assert [one for body in readable for one in played.seals_in(body) if one in FORKED] == []


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_gap_is_asked_for_in_words_that_0_1_reads(plant: Plant) -> None:
    """A message that the broker has lost: the collector asks again, the agent gives it, and nothing is missing."""
    _, played, shop = plant
    own = [payload for topic, payload in MESSAGES if agent_of(topic) == "Prüfplatz 2,b=1"]
    topic = "gaugetrail/v1/Prüfplatz 2,b=1/records"
    for payload in [*own[:1], *own[2:]]:
        played.send(topic, payload)
    missing = [json.loads(line)["record"] for line in own[1].splitlines()]
    until(lambda: played.commands, "the collector asks again")
    all_readable(played)
    asked = json.loads(played.commands[0])
    assert missing[0]["epoch"] == asked["epoch"]
    assert [[missing[0]["seq"], missing[-1]["seq"]]] == asked["ranges"]
    played.send(topic, own[1])
    until(lambda: len(chains(shop.records())) == sum(len(one.splitlines()) for one in own), "all of them are there")


@pytest.mark.processes
@pytest.mark.mosquitto
def test_an_archive_of_0_1_restores_a_store(floor: Floor) -> None:
    """Its lines are what agents send: given to a collector that vouches for them, the store is there again."""
    everything = chains(read("records.jsonl"), without="")
    with started(floor, '[evidence]\nagent_keys = "off"\n') as (_, played, shop):
        for topic, payload in archived():
            played.send(topic, payload)
        until(lambda: everything.items() <= chains(shop.records(), without="").items(), "every record is back")
        now = shop.verify()
    (then,) = [json.loads(one["out"]) for one in lines("answers.jsonl") if one["words"] == ["verify", "--json"]]
    assert differences(*([one for one in proof["agents"] if one["agent"] != OWN] for proof in (then, now))) == []


def archived() -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(FILES / "archive.zip") as packed:
        for name in [one for one in packed.namelist() if one.startswith("chains/")]:
            found = packed.read(name).splitlines()
            agent = json.loads(found[0])["record"]["agent"]
            for at in range(0, len(found), 20):
                yield f"gaugetrail/v1/{agent}/records", b"\n".join(found[at : at + 20])
