"""A PIN from the office to a line PC, through a real broker; wrong guesses that a killed agent has counted."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from floor import Floor, Operator, until
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.signing import signer_at

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

PIN, WRONG, PASSWORD = "482913", "591824", "quite long enough"
PEOPLE = "id,name,qualification,roles,line\nOP-1,Ada,,,l\nOP-2,Bob,,,other\nOP-3,Eve,,quality engineer,\n"


def office(folder: Path) -> None:
    """Documents are begun, Ada is on the list, and Ida has a password."""
    data = folder / "collector-data"
    with closing(SqliteStore(folder / "store.db")) as store:
        store.open()
        desk = Desk(store, "collector", data / "documents.lock", WallClock(), master=True)
        signer_at(data / "documents.key")
        desk.begin("ida", "")
        desk.new(NewEdition(DocumentKind.PEOPLE, "PL-1", PEOPLE.encode(), "A"), "eva")
        desk.step(StepKind.SUBMIT, "PL-1", "eva")
        desk.step(StepKind.APPROVE, "PL-1", "ida")
    quick = Argon2id(salt=b"ida" * 6, length=32, iterations=1, lanes=1, memory_cost=8)
    (folder / "users").write_text(f"ida:{quick.derive_phc_encoded(PASSWORD.encode())}\n")
    (folder / "people.csv").write_text(PEOPLE)
    settings = folder / "collector.toml"
    settings.write_text(settings.read_text() + "[documents]\nmaster = true\n")
    (folder / "office.toml").write_text(settings.read_text() + '[console]\nport = 0\nusers = "users"\n')
    agent = folder / "agent.toml"
    agent.write_text(agent.read_text().replace('line = "l"\n', 'line = "l"\npeople = "people.csv"\n'))


def set_pin(floor: Floor, *more: str, typed: str = f"{PASSWORD}\n{PIN}\n{PIN}\n") -> tuple[int, str]:
    words = ("people", "pin", *more, "--by", "ida", "--stdin", "--config", str(floor.folder / "office.toml"))
    done = CliRunner().invoke(cli.app, words, input=typed)
    return done.exit_code, done.output


def traced(floor: Floor, cause: str) -> bool:
    config = str(floor.folder / "collector.toml")
    return cause in CliRunner().invoke(cli.app, ["trace", "OP-1", "--config", config, "--json"]).output


def retained(floor: Floor) -> list[str]:
    """Every topic that the broker keeps something under."""
    found, done = [], threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)

    def came(_: object, __: object, message: mqtt.MQTTMessage) -> None:
        done.set() if message.topic == "the/end" else found.append(message.topic) if message.retain else None

    client.on_message = came
    client.connect("127.0.0.1", floor.mqtt_port)
    client.subscribe([("#", 1)])
    client.loop_start()
    client.publish("the/end", b"", qos=1)
    assert done.wait(10)
    client.disconnect()
    client.loop_stop()
    return found


def test_a19_a35_a_pin_reaches_one_pc_and_a_guess_counts_past_a_kill(floor: Floor) -> None:
    floor.broker()
    floor.write_collector()
    floor.write_agent()
    office(floor.folder)
    (floor.folder / "agent-data").mkdir(mode=0o700)
    key = signer_at(floor.folder / "agent-data" / "agent.key").key
    words = ["keys", "add", "pc1", key, "--config", str(floor.folder / "collector.toml")]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    floor.collector()
    floor.agent()
    code, said = set_pin(floor, "OP-1")
    assert (code, "OP-1 has a PIN from now on" in said) == (0, True), said
    assert set_pin(floor, "OP-1", typed=f"{PASSWORD}\n{PIN}\n{WRONG}\n")[0] == 1
    assert set_pin(floor, "OP-1", typed=f"another password\n{PIN}\n{PIN}\n")[0] == 1
    until(lambda: (floor.folder / "agent-data" / "pins").exists(), "the PC holds it")

    with closing(Operator(floor)) as ada:
        ada.type("OP-1")
        ada.see(lambda now: now["state"] == "wait_pin" and now["masked"])
        ada.type(WRONG)
        ada.see(lambda now: now["says"] == "pin.wrong" and now["operator"] is None)
    until(lambda: traced(floor, "pin.wrong"), "the wrong guess is found under the badge")
    assert traced(floor, "person.pin")
    floor.kill("agent")
    floor.agent()
    with closing(Operator(floor)) as ada:
        ada.type("OP-1")
        ada.see(lambda now: now["state"] == "wait_pin")  # cut off or not, it knows of the PIN from its disk
        ada.type(PIN)
        ada.see(lambda now: now["says"] == "pin.wait")

        def is_in() -> bool:
            ada.type(PIN)
            ada.see(lambda now: now["says"] not in ("pin.being_tried", None))
            ada.display, before = {}, ada.display
            return before["operator"] == "OP-1"

        until(is_in, "the wait is over, and the PIN is right")
    assert PIN not in json.dumps(ada.display)

    assert "gaugetrail/v1/pc1/pins" not in retained(floor), "a copied broker holds nothing to guess at"
    for secret in (PIN.encode(), b"Bob"):
        holding = [
            path for path in (floor.folder / "agent-data").rglob("*") if path.is_file() and secret in path.read_bytes()
        ]
        assert holding == []
    everywhere = [path for path in floor.folder.rglob("*") if path.is_file()]
    assert [path for path in everywhere if PIN.encode() in path.read_bytes()] == []
