"""PINs at the collector: set and cleared by whoever may, kept as what guesses are held against, sent to one PC each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.to_stations import pin_sending
from gaugetrail_collector.documents.to_stations.pin_sending import PinSender
from gaugetrail_collector.documents.to_stations.pins import PinsBroken, read_pins, set_pin
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.pins import OWN_KEY, BoxKey, is_pin, open_pins
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, PinsHeld

PIN = "482913"
PLANT = Signer.new()
PEOPLE = b"""
[[person]]
badge = "OP-1"
line = ["line1"]
[[person]]
badge = "OP-2"
line = ["line2"]
[[person]]
badge = "QE-3"
roles = ["quality engineer"]
[[person]]
badge = "AP-4"
roles = ["approver"]
"""


class TickingClock(FixedClock):
    """A millisecond passes with each look at it."""

    def now_us(self) -> int:
        self.us += 1000
        return self.us


class Pc:
    """A line PC as its status tells of it, and what it makes of what is sent to it."""

    def __init__(self, name: str, line: str) -> None:
        self.name, self.line = name, line
        self.signer, self.box = Signer.new(), BoxKey.new()
        self.held: str | None = None
        self.people: dict[str, str] = {}
        self.came = 0

    def status(self, **changes: object) -> Heard[AgentStatus]:
        key = self.box.public
        signed = self.signer.sign(OWN_KEY, self.name, self.line, key)
        pins = PinsHeld(line=self.line, key=key, signed=signed, held=self.held)
        documents = DocumentsHeld(heard="0" * 64)
        said = {"online": True, "agent": self.name, "key": self.signer.key, "pins": pins, "documents": documents}
        return Heard(AgentStatus.model_validate(said | changes), 0)

    def hear(self, payload: bytes) -> None:
        word = open_pins(payload, self.name, self.box)
        assert word.key == PLANT.key
        self.people, self.held = word.pins.people, word.pins.digest
        self.came += 1


class Plant:
    """A desk, and PCs on their lines."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store, self.clock, self.path = store, TickingClock(), folder / "pins.json"
        self.desk = Desk(store, "c1", folder / "documents.lock", self.clock, master=True)
        self.desk.begin("ida", "")
        self.desk.new(NewEdition(DocumentKind.PEOPLE, "PL-1", PEOPLE, "A"), "eva")
        self.desk.step(StepKind.SUBMIT, "PL-1", "eva")
        self.desk.step(StepKind.APPROVE, "PL-1", "ida")
        self.pcs = {one.name: one for one in (Pc("pc1", "line1"), Pc("pc2", "line2"), Pc("pc3", "line1"))}
        self.vouched = {"pc1", "pc2"}
        self.said: list[tuple[str, bytes]] = []
        self.sender = PinSender("c1", self.path, self, lambda agent, _: agent in self.vouched)

    def publish_pins(self, topic: str, payload: bytes) -> bool:
        self.said.append((topic, payload))
        return True

    def pin(self, badge: str, pin: str | None = PIN, by: str = "ida") -> str:
        return set_pin(self.desk, self.path, badge, pin, by, self.clock.now_us)

    def round(self, **changes: object) -> list[str]:
        """Who was told something."""
        self.said.clear()
        agents = {name: pc.status(**changes) for name, pc in self.pcs.items()}
        now_us, register = self.clock.now_us(), read_register(self.store)
        self.sender.say(register, 1, now_us, self.store, lambda: PLANT, agents)
        for topic, payload in self.said:
            pc = self.pcs[topic.split("/")[2]]
            assert topic == topics.pins(pc.name)
            pc.hear(payload)
        return [topic.split("/")[2] for topic, _ in self.said]


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.open()
        yield Plant(tmp_path, store)


# --- set and cleared


def test_a_pin_that_is_set_is_kept_as_what_a_guess_is_held_against_and_is_an_event(plant: Plant) -> None:
    record = plant.pin("OP-1")
    kept = read_pins(plant.path)
    assert kept is not None
    assert is_pin(PIN, kept.people["OP-1"])
    assert PIN.encode() not in plant.path.read_bytes()
    assert plant.path.stat().st_mode & 0o077 == 0
    (row,) = [row for row in plant.store.find("OP-1", "operator") if row.id == record]
    event = json.loads(row.data)
    assert (event["type"], event["payload"]) == ("person.pin", {"badge": "OP-1", "what": "set"})
    assert (event["by"], event["role"]) == ("ida", "administrator")
    assert PIN.encode() not in bytes(row.data)


def test_documents_go_on_past_the_events_of_pins(plant: Plant) -> None:
    plant.pin("OP-1")
    plant.desk.new(NewEdition(DocumentKind.PEOPLE, "PL-1", PEOPLE + b"# more", "B"), "QE-3")
    assert [one.number for one in read_register(plant.store).lives["PL-1"].editions] == [1, 2]
    assert read_register(plant.store).faults == ()


def test_a_cleared_pin_is_gone_and_the_later_word_shows(plant: Plant) -> None:
    plant.pin("OP-1")
    plant.pin("QE-3", by="QE-3")
    before = read_pins(plant.path)
    plant.pin("OP-1", None)
    after = read_pins(plant.path)
    assert before is not None
    assert after is not None
    assert (list(after.people), after.changed_us > before.changed_us) == (["QE-3"], True)


@pytest.mark.parametrize(
    ("badge", "pin", "by", "why"),
    [
        ("OP-1", "123456", "ida", "that can't be the PIN of OP-1: everybody tries that one first"),
        ("OP-1", "4829", "ida", "that can't be the PIN of OP-1: a PIN has 6 to 12 digits"),
        ("OP-9", PIN, "ida", "OP-9 is on no people list that holds"),
        ("OP-1", None, "ida", "OP-1 has no PIN"),
        ("OP-1", PIN, "AP-4", "AP-4 may not: that takes the role administrator or quality engineer"),
        ("OP-1", PIN, "OP-1", "OP-1 may not: that takes the role administrator or quality engineer"),
    ],
)
def test_what_may_not_be_set_is_refused_and_nothing_is_kept(
    plant: Plant, badge: str, pin: str | None, by: str, why: str
) -> None:
    with pytest.raises(Declined) as caught:
        plant.pin(badge, pin, by)
    assert str(caught.value).startswith(why)
    assert not plant.path.exists()
    assert not [row for row in plant.store.find(badge, "operator") if b"person.pin" in bytes(row.data)]


def test_a_spoilt_file_is_told_and_nothing_is_written_over_it(plant: Plant) -> None:
    plant.pin("OP-1")
    plant.path.write_text("{")
    with pytest.raises(PinsBroken, match="keys restore brings them back"):
        plant.pin("QE-3")
    assert plant.path.read_text() == "{"
    assert plant.round() == []
    assert "can't be read" in plant.sender.troubles["file"]


# --- sent


def test_each_pc_is_told_of_its_own_people_in_a_box_of_its_own(plant: Plant) -> None:
    plant.vouched.add("pc3")
    for badge in ("OP-1", "OP-2", "QE-3"):
        plant.pin(badge)
    assert plant.round() == ["pc1", "pc2", "pc3"]
    assert {name: list(pc.people) for name, pc in plant.pcs.items()} == {
        "pc1": ["OP-1", "QE-3"],
        "pc2": ["OP-2", "QE-3"],
        "pc3": ["OP-1", "QE-3"],
    }
    assert is_pin(PIN, plant.pcs["pc2"].people["OP-2"])
    for _, payload in plant.said:
        assert b"OP-" not in payload
        assert b"argon2" not in payload
    assert plant.round() == [], "who holds it is not told again"
    plant.pin("OP-2", None)
    assert plant.round() == ["pc2"], "nor who has nothing new"
    assert list(plant.pcs["pc2"].people) == ["QE-3"]


def test_where_nobody_has_a_pin_nothing_is_said(plant: Plant) -> None:
    assert plant.round() == []
    plant.pin("OP-2")
    assert plant.round() == ["pc2"]


def test_a_pc_that_nobody_has_vouched_for_is_told_nothing_and_the_office_what_to_do(plant: Plant) -> None:
    """Whoever calls himself an agent of the line gets nothing to guess at."""
    plant.pin("OP-1")
    assert plant.round() == ["pc1"]
    assert "gaugetrail-collector keys register pc3" in plant.sender.troubles["pc3"]
    plant.vouched.add("pc3")
    assert plant.round() == ["pc3"]
    assert plant.round() == []
    assert plant.sender.troubles == {}


def test_a_key_that_the_pc_has_not_signed_is_told_nothing(plant: Plant) -> None:
    """Somebody at the broker speaks under the PC's name, with a key of his own for the box."""
    plant.pin("OP-1")
    thief = Pc("pc1", "line1")
    thief.signer = Signer.new()
    claims = thief.status().document.pins
    assert plant.round(pins=claims) == []
    assert plant.sender.troubles["pc1"] == (
        "PINs are not sent to pc1: its status is not signed as its own; somebody speaks under its name"
    )
    assert plant.round(key=None) == []
    assert plant.round() == ["pc1"]


def test_a_pc_of_another_line_is_what_it_has_signed(plant: Plant) -> None:
    plant.pin("OP-1")
    pc = plant.pcs["pc2"]
    said = pc.status().document.pins
    assert said is not None
    assert plant.round(pins=said.model_copy(update={"line": "line1"})) == []


def test_what_is_not_taken_is_said_again_ever_more_rarely(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(pin_sending.time, "monotonic", lambda: now[0])
    plant.pin("OP-1")
    times = []
    for second in range(1000):
        now[0] = float(second)
        plant.pcs["pc1"].held = None
        if plant.round():
            times.append(second)
    assert times == [0, 10, 30, 70, 150, 310, 630, 950]


def test_a_pc_that_is_gone_or_wants_none_is_told_nothing(plant: Plant) -> None:
    plant.pin("OP-1")
    assert plant.round(online=False) == []
    assert plant.round(pins=None) == []
    assert plant.round(documents=DocumentsHeld()) == [], "it believes no document key yet"
    assert plant.round(documents=None) == []


def test_more_people_than_one_pc_is_told_of_are_told_to_the_office(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_sending, "MOST_PEOPLE", 1)
    for badge in ("OP-1", "QE-3"):
        plant.pin(badge)
    assert plant.round() == ["pc2"]
    assert plant.sender.troubles["line line1"] == (
        "2 people of the line line1 have a PIN, and 1 are the most: say in the people list who works on which line"
    )
