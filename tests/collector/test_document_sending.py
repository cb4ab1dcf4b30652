"""What stations are told of documents: what counts, signed, and no more than changed; again for those that lack it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from gaugetrail_collector.documents.attachments import keep
from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.roles import people_of
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.documents.to_stations import sending
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.documents.to_stations.sending import DocumentSender
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.distribution.current import issue_number, listed_editions
from gaugetrail_contract.distribution.judging import lacking, older_editions
from gaugetrail_contract.distribution.listing import FILE, ListedEdition, for_line
from gaugetrail_contract.distribution.pages import open_page
from gaugetrail_contract.distribution.root import open_root
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.signing import signer_at
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, LackedDocument

HOUR = 3_600_000_000
LARGE = b"".join(b"%08d \xff\n" % number for number in range(10_000))
"""110,000 bytes that are no text: two parts on the wire."""


class TickingClock(FixedClock):
    """A millisecond passes with each look at it."""

    def now_us(self) -> int:
        self.us += 1000
        return self.us


class Broker:
    """A line to a broker that keeps what is retained, or nothing."""

    def __init__(self) -> None:
        self.connection = 1
        self.retains = True
        self.said: list[tuple[str, bytes]] = []

    def publish_document(self, topic: str, payload: bytes) -> bool:
        if self.connection:
            self.said.append((topic, payload))
        return bool(self.connection)

    def cleared(self) -> list[str]:
        """The topics that were cleared since the last call of `topics`."""
        return [topic for topic, payload in self.said if payload == b""]

    def topics(self) -> list[str]:
        """Those said since the last call, without what they have in common."""
        said, self.said = self.said, []
        return [topic.removeprefix("gaugetrail/v1/documents/") for topic, _ in said]


class Plant:
    """A desk where steps are taken, and what the service says of them."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store, self.folder, self.clock, self.broker = store, folder, TickingClock(), Broker()
        self.desk = Desk(store, "c1", folder / "documents.lock", self.clock, master=True)
        self.desk.begin("ida", "")
        self.key = signer_at(folder / "documents.key").key
        self.agents: dict[str, Heard[AgentStatus]] = {}
        self.revision = 0
        self.last: dict[str, bytes] = {}
        """What was said last on each topic."""
        self.sender = self.another()

    def another(self, name: str = "c1") -> DocumentSender:
        return DocumentSender(
            lambda: SqliteStore(self.folder / "store.db"),
            name,
            key=self.folder / "documents.key",
            news=self.folder / "documents.news",
            line=self.broker,
            agents=lambda: self.agents,
            now_us=self.clock.now_us,
            renew_secs=300,
            attachments=(self.folder / "attachments", self.folder / "second"),
        )

    def take_in(
        self,
        document: str,
        content: bytes,
        revision: str = "A",
        *,
        approved: bool = True,
        kind: DocumentKind = DocumentKind.PLAN,
    ) -> None:
        self.desk.new(NewEdition(kind, document, content, revision), "eva")
        self.desk.step(StepKind.SUBMIT, document, "eva")
        if approved:
            self.desk.step(StepKind.APPROVE, document, "ida")
        (self.folder / "documents.news").touch()

    def round(self) -> list[str]:
        self.sender.round()
        return self.topics_said()

    def topics_said(self) -> list[str]:
        self.last |= self.broker.said
        return self.broker.topics()

    def listed(self) -> list[ListedEdition]:
        return list(listed_editions(read_register(self.store).lives.values(), self.clock.now_us(), self.people()))

    def people(self) -> LineTexts:
        return LineTexts(partial(stored_text, self.store))

    def issue(self) -> int:
        return issue_number(read_register(self.store).lives.values(), self.clock.now_us())

    def speaks(self, name: str, held: DocumentsHeld) -> None:
        document = AgentStatus(online=True, agent=name, documents=held)
        self.agents[name] = Heard(document, self.clock.now_us())


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.open()
        made = Plant(tmp_path, store)
        with closing(made.sender):
            yield made


# --- what counts


def test_of_each_document_what_holds_and_what_will_is_listed(plant: Plant) -> None:
    plant.take_in("CP-1", b"one", approved=False)
    assert plant.listed() == []
    plant.desk.step(StepKind.APPROVE, "CP-1", "ida")
    (one,) = plant.listed()
    assert (one.id, one.revision, one.edition, one.state, one.size) == ("CP-1", "A", 1, "effective", 3)
    soon = plant.clock.now_us() + HOUR
    plant.desk.new(NewEdition(DocumentKind.PLAN, "CP-1", b"two", "B", effective_us=soon), "eva")
    plant.desk.step(StepKind.SUBMIT, "CP-1", "eva")
    plant.desk.step(StepKind.APPROVE, "CP-1", "ida")
    assert [(one.edition, one.state) for one in plant.listed()] == [(1, "effective"), (2, "approved")]
    assert plant.listed()[1].effective == utc_text(soon)


def test_a8_what_is_withdrawn_stays_listed_so_that_no_older_one_comes_back(plant: Plant) -> None:
    """Attack A8: a station knows that it was withdrawn, and by which number."""
    plant.take_in("CP-1", b"one")
    plant.take_in("CP-1", b"two", "B")
    plant.desk.step(StepKind.WITHDRAW, "CP-1", "ida", "wrong")
    assert [(one.edition, one.state) for one in plant.listed()] == [(2, "withdrawn")]


def test_the_number_rises_with_steps_and_moments_and_is_the_same_everywhere(plant: Plant) -> None:
    numbers = [plant.issue()]
    plant.take_in("CP-1", b"one")
    numbers.append(plant.issue())
    plant.desk.new(NewEdition(DocumentKind.PLAN, "CP-1", b"two", "B"), "eva")
    plant.desk.step(StepKind.SUBMIT, "CP-1", "eva")
    plant.desk.step(StepKind.APPROVE, "CP-1", "ida", effective_us=plant.clock.now_us() + HOUR)
    numbers.append(plant.issue())
    register = read_register(plant.store)
    later = plant.clock.now_us() + HOUR
    numbers.append(issue_number(register.lives.values(), later))
    assert numbers == sorted(set(numbers))
    listed = listed_editions(register.lives.values(), later, plant.people())
    assert [(one.edition, one.state) for one in listed] == [(2, "effective")]
    assert issue_number(read_register(plant.store).lives.values(), later) == numbers[-1]


# --- what is said


def test_all_is_said_at_the_start_and_then_what_changed(plant: Plant) -> None:
    plant.take_in("CP-1", LARGE)
    (one,) = plant.listed()
    plant.sender.round()
    said = dict(plant.broker.said)
    root = open_root(said[topics.DOCUMENTS_ROOT])
    assert (plant.key, "c1", plant.issue()) == (root.key, root.collector, root.root.issue)
    assert [one] == list(open_page(said[topics.document_page(0)]))
    parts = [said[topics.document_part(one.sha256, number)] for number in (1, 2)]
    assert b"".join(parts) == LARGE
    plant.broker.topics()
    assert plant.round() == []
    plant.take_in("CP-2", b"two")
    (_, other) = plant.listed()
    assert plant.round() == ["root", "pages/0", f"parts/{other.sha256}/1"]


def test_a_text_that_holds_no_more_is_taken_from_the_broker(plant: Plant) -> None:
    plant.take_in("CP-1", LARGE)
    (one,) = plant.listed()
    plant.round()
    plant.take_in("CP-1", b"two", "B")
    plant.sender.round()
    cleared = plant.broker.cleared()
    assert [topics.document_part(one.sha256, number) for number in (1, 2)] == cleared
    plant.broker.said.clear()
    with closing(plant.another()) as anew:
        anew.round()
    assert plant.broker.cleared() == [*cleared, *map(topics.document_page, range(1, 64))], "a restart doesn't know"


def test_a_new_connection_hears_root_and_pages_and_no_texts(plant: Plant) -> None:
    """The broker may have lost what it retained; agents that lack a text say so."""
    plant.take_in("CP-1", b"one")
    plant.round()
    plant.broker.connection = 0
    assert plant.round() == []
    plant.broker.connection = 2
    assert plant.round() == ["root", "pages/0"]


def test_the_root_is_signed_anew_so_that_stations_know_that_it_still_counts(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.take_in("CP-1", b"one")
    plant.sender.round()
    first = open_root(plant.broker.said[0][1]).root
    plant.broker.topics()
    monkeypatch.setattr(plant.sender, "_renew_secs", 0.0)
    plant.clock.us += HOUR
    plant.sender.round()
    second = open_root(plant.broker.said[0][1]).root
    assert (first.digest, first.issue) == (second.digest, second.issue)
    assert second.order > first.order
    assert plant.broker.topics() == ["root"]


def test_what_an_agent_lacks_is_said_again_and_not_all_the_time(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.take_in("CP-1", b"one")
    (one,) = plant.listed()
    plant.round()
    current = plant.sender._current
    assert current is not None
    lacks = (
        LackedDocument(id="CP-1", edition=1, sha256=one.sha256),
        LackedDocument(id="?", edition=1, sha256="0" * 64),
    )
    plant.speaks("pc1", DocumentsHeld(heard=current.root.digest, lacks=lacks, lacking=2))
    assert plant.round() == []
    monkeypatch.setattr(sending, "AGAIN_SECS", 0.0)
    assert plant.round() == [f"parts/{one.sha256}/1"]


def test_an_agent_that_has_not_heard_of_the_list_hears_it_again(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the broker retains nothing, soon after its first word; ever more rarely where it doesn't help."""
    plant.take_in("CP-1", b"one")
    plant.round()
    plant.broker.retains = False
    monkeypatch.setattr(sending, "ROUND_SECS", 0.0)
    plant.speaks("pc1", DocumentsHeld())
    assert plant.round() == []
    assert plant.round() == ["root", "pages/0"]
    assert plant.round() == []
    plant.speaks("pc1", DocumentsHeld())
    assert plant.round() == [], "not before ten seconds"


def test_without_its_key_it_says_nothing_and_names_the_cure(plant: Plant) -> None:
    """A new key would be refused by every line PC."""
    plant.take_in("CP-1", b"one")
    (plant.folder / "documents.key").rename(plant.folder / "away")
    assert [topic for topic in plant.round() if topic == "root"] == []
    assert "keys restore brings the document key back" in plant.sender.alarms()[0]
    assert not (plant.folder / "documents.key").exists()
    (plant.folder / "away").rename(plant.folder / "documents.key")
    assert plant.round()[0] == "root"
    assert plant.sender.alarms() == ()


def test_a_collector_that_does_not_write_documents_says_nothing(plant: Plant) -> None:
    plant.take_in("CP-1", b"one")
    with closing(plant.another("c2")) as other:
        other.round()
    assert plant.broker.topics() == []


def test_a_text_that_the_store_lost_is_an_alarm_and_holds_up_no_other(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.take_in("CP-1", b"one")
    plant.take_in("CP-2", b"two")
    (one, other) = plant.listed()

    def lost(store: Store, sha256: str) -> bytes:
        if sha256 == one.sha256:
            raise TextMissing("the store lacks part 1 of 1")
        return stored_text(store, sha256)

    monkeypatch.setattr(sending, "stored_text", lost)
    assert [topic for topic in plant.round() if topic.startswith("parts")] == [f"parts/{other.sha256}/1"]
    assert "the text of CP-1 A, edition 1 can't be sent" in plant.sender.alarms()[0]


# --- people, by line

PEOPLE = b"""# Whoever reads this: Ida keeps the list.
own_qualification = ["weld"]
[[person]]
badge = "OP-1"
name = "Ada"
line = ["line1"]
[[person]]
badge = "OP-2"
name = "Bob"
line = ["line2", "line3"]
[[person.qualified]]
operation = "OP20"
issued = "2026-01-15"
[[person]]
badge = "QE-3"
name = "Eve"
"""
ADA_GONE = PEOPLE.replace(b"OP-1", b"OP-4").replace(b"Ada", b"Amy")


def sent_to(plant: Plant, line: str) -> PeopleList:
    """What a PC of that line is sent of the people list: out of everything that was said last on each topic."""
    root = open_root(plant.last[topics.DOCUMENTS_ROOT]).root
    pages = (plant.last[topics.document_page(number)] for number in range(len(root.pages)))
    (one,) = for_line([entry for page in pages for entry in open_page(page)], line)
    text = plant.last[topics.document_part(one.sha256, 1)]
    assert (one.sha256, one.size) == (sha256(text).hexdigest(), len(text))
    return people_of(text)


def test_a_line_is_sent_its_own_people_and_nobody_else(plant: Plant) -> None:
    """Nor a remark of the list's file; a line that the list doesn't name gets those of every line."""
    plant.take_in("PL-1", PEOPLE, kind=DocumentKind.PEOPLE)
    plant.round()
    badges = {line: [one.badge for one in sent_to(plant, line).person] for line in ("line1", "line2", "line3", "line9")}
    of_2 = ["OP-2", "QE-3"]
    assert badges == {"line1": ["OP-1", "QE-3"], "line2": of_2, "line3": of_2, "line9": ["QE-3"]}
    there = sent_to(plant, "line2")
    assert there.taken_from == sha256(PEOPLE).hexdigest()
    assert there.own_qualification == ("weld",)
    assert there.person[0].qualified[0].operation == "OP20"
    texts = [payload for topic, payload in plant.last.items() if "/parts/" in topic and payload]
    assert len(texts) == 3  # line2's and line3's are one
    for text in texts:
        assert b"Ida" not in text
        assert not (b"Ada" in text and b"Bob" in text)
        assert b"line" not in text


def test_a_list_that_is_for_one_line_is_told_to_that_line_alone(plant: Plant) -> None:
    for document, line in (("PL-1", "line1"), ("PL-9", "line9")):
        plant.desk.new(NewEdition(DocumentKind.PEOPLE, document, PEOPLE, "A", line=line), "eva")
        plant.desk.step(StepKind.SUBMIT, document, "eva")
        plant.desk.step(StepKind.APPROVE, document, "ida")
    (plant.folder / "documents.news").touch()
    plant.round()
    badges = {line: [one.badge for one in sent_to(plant, line).person] for line in ("line1", "line9")}
    assert badges == {"line1": ["OP-1", "QE-3"], "line9": ["QE-3"]}
    assert [one.line for one in plant.listed()] == ["line1", "line9"]


def test_the_part_of_a_line_that_ended_is_taken_from_the_broker_and_the_whole_never_was_there(plant: Plant) -> None:
    plant.take_in("PL-1", PEOPLE, kind=DocumentKind.PEOPLE)
    plant.round()
    before = {one.line: one.sha256 for one in plant.listed()}
    plant.take_in("PL-1", ADA_GONE, "B", kind=DocumentKind.PEOPLE)
    plant.sender.round()
    assert set(plant.broker.cleared()) == {topics.document_part(one, 1) for one in before.values()}
    plant.topics_said()
    assert [one.badge for one in sent_to(plant, "line1").person] == ["OP-4", "QE-3"]
    assert not plant.last.get(topics.document_part(sha256(PEOPLE).hexdigest(), 1))
    with closing(plant.another()) as anew:  # at a start everything that ever ended is cleared, of before 0.2 the whole
        anew.round()
    cleared = plant.broker.cleared()
    whole = (sha256(text).hexdigest() for text in (PEOPLE, ADA_GONE))
    ended = {topics.document_part(one, 1) for one in (*whole, *before.values())}
    assert ended <= set(cleared)


def test_a_people_list_that_cant_be_read_is_told_and_no_text_of_it_is_sent(plant: Plant) -> None:
    plant.take_in("PL-1", b"neither TOML nor a table", kind=DocumentKind.PEOPLE)
    plant.round()
    plant.round()
    assert not [topic for topic in plant.last if "/parts/" in topic]
    (alarm,) = plant.sender.alarms()
    assert alarm.startswith("the text of PL-1 A, edition 1 can't be sent to the stations: it can't be taken apart")


def test_a_people_list_without_lines_goes_as_it_is(plant: Plant) -> None:
    text = b'[[person]]\nbadge = "OP-1" # as written\n'
    plant.take_in("PL-1", text, kind=DocumentKind.PEOPLE)
    plant.round()
    assert plant.last[topics.document_part(sha256(text).hexdigest(), 1)] == text


# --- pictures and papers of instructions

PICTURE = bytes(range(256)) * 300
"""Two parts on the wire."""


def instruct(plant: Plant, *files: bytes, document: str = "WI-7", line: str | None = "L1", large: bytes = b"") -> None:
    """An instruction that shows these; `large` is attached to it and doesn't travel."""
    plant.revision = plant.revision + 1
    kept = []
    for number, content in enumerate((*files, *([large] if large else []))):
        path = plant.folder / f"{number}.png"
        path.write_bytes(content)
        kept.append(keep(path, [plant.folder / "attachments"]))
    revision, travels = f"R{plant.revision}", tuple(one.sha256 for one in kept[: len(files)])
    text = f"{document} {revision}".encode()
    wanted = NewEdition(
        DocumentKind.INSTRUCTION, document, text, revision, attachments=tuple(kept), line=line, travels=travels
    )
    plant.desk.new(wanted, "eva")
    plant.desk.step(StepKind.SUBMIT, document, "eva")
    plant.desk.step(StepKind.APPROVE, document, "ida")
    (plant.folder / "documents.news").touch()


def files_listed(plant: Plant) -> list[tuple[str, str | None]]:
    return [(one.sha256, one.line) for one in plant.listed() if one.kind == FILE]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_an_instruction_shows_travels_to_its_line_and_what_is_only_attached_stays(plant: Plant) -> None:
    instruct(plant, PICTURE, large=b"a film")
    (listed,) = (one for one in plant.listed() if one.kind == FILE)
    assert (listed.sha256, listed.size, listed.line) == (digest(PICTURE), len(PICTURE), "L1")
    assert (for_line([listed], "L1"), for_line([listed], "L2")) == ((listed,), ())
    said = plant.round()
    assert [f"parts/{digest(PICTURE)}/{number}" in said for number in (1, 2)] == [True, True]
    assert not any(digest(b"a film") in topic for topic in said)
    parts = [plant.last[topics.document_part(digest(PICTURE), number)] for number in (1, 2)]
    assert b"".join(parts) == PICTURE


def test_a_picture_of_two_instructions_is_listed_once_a_line_and_may_leave_at_any_time(plant: Plant) -> None:
    """An agent takes a list without it; without a document it would not."""
    instruct(plant, PICTURE, b"one", document="WI-7")
    instruct(plant, PICTURE, document="WI-8")
    instruct(plant, PICTURE, document="WI-9", line=None)
    both = sorted([(digest(PICTURE), "L1"), (digest(PICTURE), None), (digest(b"one"), "L1")], key=str)
    assert both == sorted(files_listed(plant), key=str)
    before, now = plant.listed(), utc_text(plant.clock.now_us())
    plant.round()
    instruct(plant, b"two", document="WI-7")
    assert digest(b"one") not in {one for one, _ in files_listed(plant)}
    assert older_editions(before, plant.listed(), now) == ()
    plant.desk.step(StepKind.WITHDRAW, "WI-9", "ida", "wrong")
    (plant.folder / "documents.news").touch()
    plant.round()
    assert plant.last[topics.document_part(digest(b"one"), 1)] == b"", "taken from the broker"
    assert plant.last[topics.document_part(digest(PICTURE), 1)] != b"", "WI-8 shows it still"


def test_a_file_that_no_folder_has_whole_is_an_alarm_and_the_second_folder_helps(plant: Plant) -> None:
    instruct(plant, PICTURE)
    place = next((plant.folder / "attachments").rglob(digest(PICTURE)))
    place.write_bytes(b"altered")
    plant.round()
    (alarm,) = plant.sender.alarms()
    assert f"the text of file {digest(PICTURE)} can't be sent to the stations: no folder of attachments" in alarm
    (plant.folder / "0.png").write_bytes(PICTURE)
    keep(plant.folder / "0.png", [plant.folder / "second"])
    again = plant.sender = plant.another()
    plant.round()
    assert again.alarms() == ()
    assert plant.last[topics.document_part(digest(PICTURE), 1)] == PICTURE[:60_000]


def test_documents_come_before_pictures(plant: Plant) -> None:
    instruct(plant, b"a picture")
    plant.take_in("CP-1", b"a plan")
    assert [one.kind for one in lacking(plant.listed(), ())] == ["instruction", "plan", FILE]
