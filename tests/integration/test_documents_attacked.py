"""A running agent whose documents are attacked: at the broker by forged, old and altered words, and on its own disk.

Agent and broker are real; the collector that writes documents is played, with a key, since what it says is forged here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from documents_floor import PlayedPlant, Somebody, listed
from floor import Floor, Operator, until

from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.pages import page_digest, pages_of
from gaugetrail_contract.distribution.root import open_root, root_of, write_root
from gaugetrail_contract.record import Event
from gaugetrail_contract.seal import cut_line, open_sealed
from gaugetrail_contract.signing import Signer

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

OLD, NEW, OTHER, BAD = b"limits 1", b"limits 2", b"another plan", b"limits 9"
CURRENT = (listed("CP-11", NEW, 2), listed("CP-12", OTHER))
COMING = (*CURRENT, listed("CP-11", b"limits 3", 3, state="approved", effective="2099-01-01T00:00:00.000000Z"))
"""With an edition that will hold, whose text isn't there yet."""
FORGED = (listed("CP-11", BAD, 3), listed("CP-12", OTHER))
STRANGER = Signer.new()
FLOOD = 1000


@dataclass
class AttackedPlant:
    """What all attacks are made on."""

    floor: Floor
    somebody: Somebody
    plant: PlayedPlant
    old: bytes = b""
    """The root of before, with its true signature."""

    @property
    def folder(self) -> Path:
        return self.floor.folder / "agent-data" / "documents"

    def texts(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / "texts").iterdir()}

    def told(self, key: str) -> object:
        """What the agent says of its documents."""
        return self.somebody.documents().get(key)

    def refused(self, times: int, words: str) -> None:
        """The agent has refused that and says so, in its documents and as an alarm."""
        until(lambda: int(str(self.told("refused") or 0)) >= times, f"refused {times} times: {words}")
        until(lambda: words in str(self.told("detail")), words)
        until(lambda: words in str(self.somebody.status.get("alarms")), f"an alarm: {words}")

    def says_current(self) -> None:
        """The list that counts, as the collector says it again."""
        self.plant.says([NEW, OTHER], *CURRENT)

    def holds_current(self) -> None:
        """The newest list is held in full, with the texts that it names and no others."""
        until(lambda: self.told("issue") == self.plant.issue, "the newest list is held in full")
        assert sorted(self.texts().values()) == sorted([NEW, OTHER])


def causes(floor: Floor) -> dict[str, dict[str, object]]:
    """Cause -> the last event of it that the agent has sealed."""
    code, _, error = floor.ask_here("gaugetrail-agent", "spool", "export", "sealed.jsonl", "--config", "agent.toml")
    assert code == 0, error
    records = [open_sealed(cut_line(line)) for line in (floor.folder / "sealed.jsonl").read_bytes().splitlines()]
    found = [dict(one.payload) for one in records if isinstance(one, Event) and one.type == "document.refused"]
    (floor.folder / "sealed.jsonl").unlink()
    return {str(one["cause"]): one for one in found}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedPlant]:
    with Floor(tmp_path_factory.mktemp("attacked")) as floor:
        floor.broker()
        floor.write_agent()
        with closing(Somebody(floor.mqtt_port)) as somebody:
            made = AttackedPlant(floor, somebody, PlayedPlant(somebody))
            made.old = made.plant.says([OLD, OTHER], listed("CP-11", OLD), listed("CP-12", OTHER))
            floor.agent()
            until(lambda: made.told("issue") == 1, "the first list is held in full")
            made.says_current()
            made.holds_current()
            yield made


# --- at the broker

Attack = Callable[[PlayedPlant, Somebody], None]


def of_another_key(plant: PlayedPlant, somebody: Somebody) -> None:
    """With its pages and text, as if it were the plant's."""
    pages = pages_of(FORGED)
    for number, page in enumerate(pages):
        somebody.say(topics.document_page(number), page)
    plant.text(BAD)
    somebody.say(topics.DOCUMENTS_ROOT, plant.root(pages, plant.issue + 5, STRANGER))


def altered_under_its_signature(plant: PlayedPlant, somebody: Somebody) -> None:
    root = plant.root(pages_of(FORGED), plant.issue)
    somebody.say(topics.DOCUMENTS_ROOT, root.replace(b'"issue":%d' % plant.issue, b'"issue":%d' % (plant.issue + 1)))


def unsigned(plant: PlayedPlant, somebody: Somebody) -> None:
    somebody.say(topics.DOCUMENTS_ROOT, plant.root(pages_of(FORGED), plant.issue + 1).splitlines()[0])


def of_more_than_4_kb(_: PlayedPlant, somebody: Somebody) -> None:
    somebody.say(topics.DOCUMENTS_ROOT, b"{" + b" " * 4096)


def that_clears(_: PlayedPlant, somebody: Somebody) -> None:
    somebody.say(topics.DOCUMENTS_ROOT, b"")


def page_of_more_than_60_kb(_: PlayedPlant, somebody: Somebody) -> None:
    somebody.say(topics.document_page(0), b"[" + b" " * 60_000)


def that_takes_an_edition_back(plant: PlayedPlant, _: Somebody) -> None:
    """By the plant's own key: its store was put back, or somebody has the key."""
    plant.says([OLD], listed("CP-11", OLD), listed("CP-12", OTHER))


def that_forgets_a_document(plant: PlayedPlant, _: Somebody) -> None:
    plant.says([], listed("CP-11", NEW, 2))


def part_altered(plant: PlayedPlant, somebody: Somebody) -> None:
    """The list wants a text, and another one of its length comes first."""
    plant.says([], *COMING)
    somebody.say(topics.document_part(COMING[-1].sha256, 1), b"limits 8")


def part_too_long(plant: PlayedPlant, somebody: Somebody) -> None:
    plant.says([], *COMING)
    somebody.say(topics.document_part(COMING[-1].sha256, 1), b"x" * 60_000)


def one_plan_under_anothers_name(plant: PlayedPlant, _: Somebody) -> None:
    plant.says([], *COMING)
    plant.text(NEW, COMING[-1].sha256)


ON_THE_WIRE: dict[Attack, str] = {
    of_another_key: "somebody imitates it",
    altered_under_its_signature: "a list of documents is not believed",
    unsigned: "it carries no signature",
    of_more_than_4_kb: "a root has 4,096 at most",
    that_clears: "somebody has cleared the list of documents at the broker",
    page_of_more_than_60_kb: "60,000 are the most",
    that_takes_an_edition_back: "takes CP-11 B, edition 2 back to edition 1",
    that_forgets_a_document: "no longer knows CP-12 A, edition 1",
    part_altered: "its digest is not the one on the list",
    part_too_long: "has 60,000 bytes, which is not what the list says",
    one_plan_under_anothers_name: "its digest is not the one on the list",
}


@pytest.mark.parametrize("attack", ON_THE_WIRE, ids=lambda attack: attack.__name__)
def test_a7_a8_what_is_forged_at_the_broker_is_refused_and_told(attacked: AttackedPlant, attack: Attack) -> None:
    """Attacks A7 and A8: no text of it is kept, and the plant is heard afterwards as before."""
    before, refused = attacked.texts(), int(str(attacked.told("refused")))
    attack(attacked.plant, attacked.somebody)
    attacked.refused(refused + 1, ON_THE_WIRE[attack])
    assert attacked.texts() == before
    attacked.says_current()


def test_a8_a_root_of_before_said_again_is_refused_also_after_a_restart(attacked: AttackedPlant) -> None:
    """Attack A8: with its true signature, retained, with the text of then beside it."""
    attacked.holds_current()
    attacked.somebody.say(topics.DOCUMENTS_ROOT, attacked.old)
    attacked.plant.text(OLD)
    attacked.refused(1, "the list of documents goes back: number 1 of")
    attacked.floor.stop("agent")
    attacked.floor.agent()
    attacked.refused(1, "the list of documents goes back: number 1 of")
    attacked.holds_current()
    attacked.says_current()


def test_a7_a_page_altered_on_the_wire_is_told_and_the_true_one_counts(attacked: AttackedPlant) -> None:
    """Attack A7: the list before holds until the newer one's own page has come."""
    attacked.holds_current()
    newer = attacked.plant.root(pages_of(COMING))
    attacked.somebody.say(topics.document_page(0), pages_of(FORGED)[0])
    attacked.plant.text(BAD)
    attacked.somebody.say(topics.DOCUMENTS_ROOT, newer)
    until(lambda: attacked.told("heard") == open_root(newer).root.digest, "the newer list was heard of")
    assert sorted(attacked.texts().values()) == sorted([NEW, OTHER])
    attacked.says_current()
    attacked.holds_current()
    said = "a page of documents came that no list names: somebody else speaks under that topic"
    until(lambda: said in attacked.floor.log("agent"), "it is told, at the latest after two looks")


# --- on its disk


def texts_and_pages(folder: Path) -> None:
    """Bad limits in the place of the good ones, and a list that says so."""
    for path in (folder / "texts").iterdir():
        path.write_bytes(BAD)
    for path in (folder / "pages").iterdir():
        path.write_bytes(pages_of(FORGED)[0])


def both_roots(folder: Path) -> None:
    """By somebody's own key, which is as good a list as the plant's but for its signature."""
    pages = pages_of(FORGED)
    (folder / "pages" / page_digest(pages[0])).write_bytes(pages[0])
    (folder / "texts" / FORGED[0].sha256).write_bytes(BAD)
    for name in ("root", "listed"):
        (folder / name).write_bytes(write_root(root_of(pages, 99, WallClock().now_us()), STRANGER, "collector"))


def the_key_is_gone(folder: Path) -> None:
    """So that the next one that is shown might be believed."""
    (folder.parent / "document-key").unlink()


def pipes(folder: Path) -> None:
    """Which are read without end."""
    for path in (folder / "root", next((folder / "texts").iterdir())):
        path.unlink()
        os.mkfifo(path)


ON_DISK: dict[Callable[[Path], None], str] = {
    texts_and_pages: "was altered: it is put out and asked for again",
    both_roots: "which isn't believed, and counts no more",
    the_key_is_gone: "of the list that is held here counts on",
    pipes: "was altered",
}


@pytest.mark.parametrize("attack", ON_DISK, ids=lambda attack: attack.__name__)
def test_a7_what_is_altered_on_its_disk_is_refused_at_the_start_and_comes_again(
    attacked: AttackedPlant, attack: Callable[[Path], None]
) -> None:
    """Attack A7: and nobody else's key is believed for it."""
    attacked.floor.stop("agent")
    attack(attacked.folder)
    attacked.floor.agent()
    attacked.refused(1, ON_DISK[attack])
    attacked.holds_current()
    attacked.somebody.say(topics.DOCUMENTS_ROOT, attacked.plant.root([b"[]"], attacked.plant.issue + 5, STRANGER))
    attacked.refused(2, "somebody imitates it")
    attacked.says_current()


# --- and much of it


def test_a7_a_flood_of_forged_words_costs_few_lines_and_little_memory_and_no_part_waits(
    attacked: AttackedPlant,
) -> None:
    """Attack A7: a list of another key each, pages and parts of anything, while somebody measures."""
    attacked.says_current()
    attacked.holds_current()
    agent = psutil.Process(attacked.floor.processes["agent"].pid)
    lines, memory = len(attacked.floor.log("agent").splitlines()), agent.memory_info().rss
    refused = int(str(attacked.told("refused")))
    with closing(Operator(attacked.floor)) as operator:
        operator.log_on()
        for number in range(FLOOD):
            root = attacked.plant.root(pages_of(FORGED), attacked.plant.issue + number, Signer.new())
            attacked.somebody.shout(topics.DOCUMENTS_ROOT, root)
            attacked.somebody.shout(topics.document_page(number % 64), b"[%d%s]" % (number, b" " * 50_000))
            attacked.somebody.shout(topics.document_part(f"{number:064x}", 1), b"x" * 50_000)
            if number % 200 == 0:
                operator.inspect(f"SN{number:06}")
    until(lambda: int(str(attacked.told("refused"))) >= refused + FLOOD, "all of it is refused and counted")
    floods = causes(attacked.floor)["other_key"]
    assert floods["count"] == 1, "the first at once, the others in an hour"
    assert agent.memory_info().rss - memory < 40_000_000
    assert len(attacked.floor.log("agent").splitlines()) - lines < 60
    attacked.says_current()
    attacked.holds_current()


def test_a8_each_refusal_is_sealed_as_an_event_that_names_its_documents(attacked: AttackedPlant) -> None:
    """Attack A8: what was tried above is in the agent's own chain, counted, under the documents that it was about."""
    attacked.floor.stop("agent")
    found = causes(attacked.floor)
    assert set(found) >= {
        *("forged_list", "other_key", "older_list", "cleared_list", "edition_back", "strange_page", "large_page"),
        *("other_text", "altered_here"),
    }
    assert (found["other_text"]["documents"], found["edition_back"]["documents"]) == (["CP-11"], ["CP-12"])
    assert "somebody imitates it" in str(found["other_key"]["reason"])
    assert int(str(found["other_key"]["count"])) >= FLOOD - 1, "told when the agent stopped"
