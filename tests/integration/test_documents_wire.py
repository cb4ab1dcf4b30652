"""Documents from the collector that writes to a line PC, through a real broker; and what somebody else says there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from floor import Floor, until
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.stores.sqlite import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import open_root, root_of, write_root
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.signing import Signer, signer_at

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

LARGE = b"".join(b"%08d \xff\n" % number for number in range(10_000))

PEOPLE = b"""\
badge,name,qualification,line
OP-1,Ada,,l
OP-2,Bob,,line2
"""


class Somebody:
    """A connection of nobody's: hears what is said of documents and of agents, and says what it likes."""

    def __init__(self, port: int) -> None:
        self.heard: dict[str, bytes] = {}
        self.roots: list[bytes] = []
        self.status: dict[str, object] = {}
        self._news = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topics.ALL_DOCUMENTS + "#", 1), (topics.ALL_AGENT_STATUS, 1)])
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(20)

    def documents(self) -> dict[str, object]:
        """What the agent says of them."""
        told = self.status.get("documents")
        return dict(told) if isinstance(told, dict) else {}

    def _on_message(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.status = json.loads(message.payload)
            return
        payload = bytes(message.payload)
        self.heard[message.topic] = payload
        if message.topic == topics.DOCUMENTS_ROOT and payload:
            self.roots.append(payload)


class Office:
    """The desk at the collector's host, beside the running service."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "collector-data"
        self.store = SqliteStore(folder / "store.db")
        self.store.open()
        self.desk = Desk(self.store, "collector", self.data / "documents.lock", WallClock(), master=True)
        self.key = signer_at(self.data / "documents.key").key
        self.desk.begin("ida", "")

    def take_in(self, document: str, content: bytes, revision: str, kind: DocumentKind = DocumentKind.PLAN) -> None:
        self.desk.new(NewEdition(kind, document, content, revision), "eva")
        self.desk.step(StepKind.SUBMIT, document, "eva")
        self.desk.step(StepKind.APPROVE, document, "ida")
        (self.data / "documents.news").touch()


@contextmanager
def plant(floor: Floor) -> Iterator[tuple[Office, Somebody]]:
    floor.broker()
    path = floor.write_collector()
    path.write_text(path.read_text() + "[documents]\nmaster = true\n")
    floor.write_agent()
    office = Office(floor.folder)
    with closing(office.store), closing(Somebody(floor.mqtt_port)) as somebody:
        office.take_in("CP-1", LARGE, "A")
        floor.collector()
        floor.agent()
        yield office, somebody


def test_a7_a8_documents_reach_a_line_pc_and_no_forged_or_old_word_moves_it(floor: Floor) -> None:
    """Attacks A7 and A8 at a real broker: a root of another key, the true one of before, and one that clears."""
    with plant(floor) as (office, somebody):
        until(lambda: somebody.documents().get("root"), "the agent holds the list in full")
        first = somebody.documents()["root"]
        texts = floor.folder / "agent-data" / "documents" / "texts"
        assert [path.read_bytes() for path in texts.iterdir()] == [LARGE]

        office.take_in("CP-1", b"another", "B")
        until(lambda: somebody.documents().get("root") not in (None, first), "the new edition is there")
        held = somebody.documents()
        assert [path.read_bytes() for path in texts.iterdir()] == [b"another"]
        old, newest = somebody.roots[0], open_root(somebody.roots[-1]).root
        assert (open_root(old).key, newest.digest) == (office.key, held["root"])

        refused = int(str(held["refused"]))
        stranger = write_root(root_of(pages_of([]), newest.issue + 5, newest.time_us), Signer.new(), "collector")
        for payload in (stranger, b"", old):
            somebody.say(topics.DOCUMENTS_ROOT, payload)
        until(lambda: somebody.documents().get("refused") == refused + 3, "each is refused and counted")
        assert "goes back" in str(somebody.documents()["detail"])
        assert somebody.documents()["root"] == held["root"]

        config = str(floor.folder / "collector.toml")
        done = CliRunner().invoke(cli.app, ["document", "stations", "--listen", "0.3", "--config", config])
        assert "pc1: holds every document of the newest list, since" in done.output
        assert "OP10: CP-1 A; STALE: its text is that of no edition: it works by a file of its PC" in done.output
        assert done.exit_code == 1

        office.take_in("PL-1", PEOPLE, "1", DocumentKind.PEOPLE)
        until(lambda: somebody.documents().get("root") not in (None, held["root"]), "the people list is there")
        kept = b"".join(path.read_bytes() for path in (floor.folder / "agent-data").rglob("*") if path.is_file())
        assert b"Ada" in kept
        assert b"Bob" not in kept, "nobody of another line is named on this PC"
        assert b"OP-2" not in kept
