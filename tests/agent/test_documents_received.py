"""What an agent believes of documents, what it keeps, and what it says of both; forged, old and altered ones, too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from gaugetrail_agent.documents import receiving
from gaugetrail_agent.documents.assembling import AT_ONCE, BadPart, TextsComing
from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.receiving import DocumentReceiver
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_contract import topics
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import root_of, write_root
from gaugetrail_contract.distribution.text_parts import text_part, text_part_count
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import DocumentsHeld

PLANT, STRANGER = Signer.new(), Signer.new()
HOUR = 3_600_000_000
START = FixedClock().us
LARGE = b"".join(b"%08d \xff\n" % number for number in range(10_000))
"""110,000 bytes: two parts."""


def listed(document: str = "CP-1", text: bytes = b"one", edition: int = 1, **more: object) -> ListedEdition:
    said = {"kind": "plan", "state": "effective", "effective": utc_text(START - HOUR), "revision": chr(64 + edition)}
    digest = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
    return ListedEdition.model_validate({"id": document, "edition": edition, **said, **digest, **more})


class Office:
    """What the collector that writes says, and an agent that hears it."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.settings = DocumentsSettings.model_validate(settings)
        self.asked: list[str] = []
        self.left: list[str] = []
        self.agent = self.start()

    def start(self) -> DocumentReceiver:
        """Another life of the agent on the same disk."""
        self.agent = DocumentReceiver(
            DocumentCabinet(self.folder, self.settings.max_mb), self.settings, "line1", self.clock
        )
        self.agent.subscribe, self.agent.unsubscribe = self.asked.extend, self.left.extend
        self.agent.open()
        return self.agent

    def says(self, issue: int, *entries: ListedEdition, signer: Signer = PLANT, age_us: int = 0) -> None:
        """A root with its pages."""
        pages = pages_of(entries)
        self.root(issue, pages, signer, age_us)
        for number, page in enumerate(pages):
            self.agent.hear(topics.document_page(number), page)

    def root(self, issue: int, pages: list[bytes], signer: Signer = PLANT, age_us: int = 0) -> None:
        payload = write_root(root_of(pages, issue, self.clock.us - age_us), signer, "c1")
        self.agent.hear(topics.DOCUMENTS_ROOT, payload)

    def text(self, text: bytes, sha256: str | None = None) -> None:
        sha256 = sha256 or hashlib.sha256(text).hexdigest()
        for number in range(1, text_part_count(len(text)) + 1):
            self.agent.hear(topics.document_part(sha256, number), text_part(text, number))

    def held(self) -> tuple[int | None, list[str]]:
        """The number of the list that is held in full, and what is lacked."""
        state = self.agent.state()
        return state.issue, [one.id for one in state.lacks]

    def files(self, name: str) -> list[Path]:
        return sorted((self.folder / "documents" / name).iterdir())

    def works_by(self, document: str = "CP-1") -> str:
        """The edition in force, or how it stands."""
        found = self.agent.shelf().here.standing(document)
        return str(found.edition) if found.how == "holds" else f"{found.how} {found.edition or ''}".strip()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_list_with_its_texts_is_held_in_full(office: Office) -> None:
    assert office.agent.state() == DocumentsHeld(), "it waits for one"
    office.says(1, listed(), listed("CP-2", LARGE))
    assert office.held() == (None, ["CP-1", "CP-2"])
    office.text(b"one")
    office.text(LARGE)
    state = office.agent.state()
    assert (state.issue, state.root, state.detail, state.refused) == (1, state.heard, "", 0)
    assert (state.since, state.said) == (utc_text(START), utc_text(START))
    one = office.agent.shelf().here.standing("CP-2").edition
    assert isinstance(one, ListedEdition)
    assert office.agent.text(one) == LARGE
    assert [topics.document_parts(one.sha256) for one in (listed(), listed("CP-2", LARGE))] == office.asked
    assert office.asked == office.left


def test_without_a_list_nothing_can_be_worked_by(office: Office) -> None:
    assert office.works_by() == "no_list"


def test_nothing_is_asked_for_again_at_once_nor_where_all_is_here(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.says(1, listed())
    office.agent.topics()
    office.asked.clear()
    office.agent.look()
    assert office.asked == []
    office.text(b"one")
    monkeypatch.setattr(receiving, "AGAIN_SECS", 0.0)
    office.agent.look()
    assert office.asked == []
    office.root(2, pages_of([listed(edition=2)]))
    office.agent.look()
    assert office.asked == [topics.DOCUMENT_PAGES]


def test_pages_may_come_before_their_root(office: Office) -> None:
    """What is retained comes in any order."""
    (page,) = pages_of([listed()])
    office.agent.hear(topics.document_page(0), page)
    office.root(1, [page])
    assert office.held() == (None, ["CP-1"])


def test_it_is_all_there_at_the_next_start_and_says_nothing_new(office: Office) -> None:
    office.says(1, listed())
    office.text(b"one")
    office.start()
    assert office.held() == (1, [])
    assert office.works_by() == "CP-1 A, edition 1"
    assert office.agent.topics() == [topics.DOCUMENTS_ROOT, topics.DOCUMENT_PAGES]


def test_what_was_on_its_way_at_a_kill_is_asked_for_again(office: Office) -> None:
    office.says(1, listed())
    office.start()
    assert office.held() == (None, ["CP-1"])
    assert topics.document_parts(listed().sha256) in office.agent.topics()
    pages = pages_of([listed(edition=2, text=b"two")])
    office.root(2, pages)
    office.start()
    office.says(2, listed(edition=2, text=b"two"))
    office.text(b"two")
    assert office.held() == (2, [])


def test_a_new_edition_takes_the_place_of_the_old_one_and_the_old_text_goes(office: Office) -> None:
    office.says(1, listed())
    office.text(b"one")
    office.says(2, listed(edition=2, text=b"two"))
    assert office.works_by() == "not_here CP-1 B, edition 2"
    assert office.held() == (None, ["CP-1"])
    office.text(b"two")
    assert office.works_by() == "CP-1 B, edition 2"
    assert [path.read_bytes() for path in office.files("texts")] == [b"two"]
    assert len(office.files("pages")) == 1


def test_an_approved_edition_holds_from_its_moment_on_without_a_connection(office: Office) -> None:
    soon = utc_text(START + HOUR)
    office.says(1, listed(), listed(edition=2, text=b"two", state="approved", effective=soon))
    office.text(b"one")
    office.text(b"two")
    assert office.works_by() == "CP-1 A, edition 1"
    office.clock.us += HOUR
    assert office.works_by() == "CP-1 B, edition 2"


def test_a_line_keeps_only_what_is_for_it(office: Office) -> None:
    office.says(1, listed(line="line2"), listed("CP-2", b"two", line="line1"))
    office.text(b"two")
    assert office.held() == (1, [])
    assert office.works_by() == "unknown"


# --- A7: forged


def test_a_line_asks_for_its_part_of_a_people_list_and_for_no_other(office: Office) -> None:
    texts = {None: b"everybody's", "line1": b"ours", "line2": b"theirs"}
    office.says(1, *(listed("PL-1", text, kind="people", line=line) for line, text in texts.items()))
    parts = [topic for topic in (*office.asked, *office.agent.topics()) if "/parts/" in topic]
    assert set(parts) == {topics.document_parts(hashlib.sha256(b"ours").hexdigest())}
    for text in texts.values():
        office.text(text)
    assert [path.read_bytes() for path in office.files("texts")] == [b"ours"]


def test_a7_a_forged_root_changes_nothing_and_is_told(office: Office) -> None:
    """Attack A7: another plan under its right name, without the plant's key."""
    office.says(1, listed())
    office.text(b"one")
    good = write_root(root_of(pages_of([listed(text=b"bad")]), 2, START), PLANT, "c1")
    for payload in (b"{}", good.replace(b'"issue":2', b'"issue":3'), b"x" * 5000):
        office.agent.hear(topics.DOCUMENTS_ROOT, payload)
        assert "a list of documents is not believed" in (office.agent.alarm() or "")
    office.says(2, listed(text=b"bad"), signer=STRANGER)
    assert "somebody imitates it" in (office.agent.alarm() or "")
    assert (office.held(), office.works_by()) == ((1, []), "CP-1 A, edition 1")
    state = office.agent.state()
    assert state.refused == 4


def test_a7_the_first_key_is_kept_and_a_listed_one_counts_alone(tmp_path: Path) -> None:
    """Attack A7: who comes first can't be told from the plant, so settings can name the key."""
    first = Office(tmp_path / "first")
    first.says(1, listed())
    first.start()
    first.says(9, listed(edition=2), signer=STRANGER)
    assert first.held() == (None, ["CP-1"])
    assert (tmp_path / "first" / "document-key").read_text() == PLANT.key
    named = Office(tmp_path / "named", key=[PLANT.key])
    named.says(9, listed(), signer=STRANGER)
    assert "is believed" in (named.agent.alarm() or "")
    named.says(1, listed())
    assert named.held() == (None, ["CP-1"])
    assert not (tmp_path / "named" / "document-key").exists()


def test_a7_a_forged_text_is_refused_and_asked_for_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack A7: other limits under the digest of the right plan."""
    one = listed("CP-1", LARGE)
    office.says(1, one)
    office.text(b"?" + LARGE[1:], one.sha256)
    assert "is another one: its digest is not the one on the list" in (office.agent.alarm() or "")
    office.agent.hear(topics.document_part(one.sha256, 1), b"")
    assert "has 0 bytes, which is not what the list says" in (office.agent.alarm() or "")
    for number in ("0", "3", "x", "99999999999", "²"):
        office.agent.hear(f"{topics.ALL_DOCUMENTS}parts/{one.sha256}/{number}", b"part")
    assert office.files("texts") == []
    office.asked.clear()
    monkeypatch.setattr(receiving, "AGAIN_SECS", 0.0)
    office.agent.look()
    assert office.asked == [topics.document_parts(one.sha256)]
    office.text(LARGE)
    assert office.held() == (1, [])


def test_a7_a_page_that_no_list_names_is_told(office: Office) -> None:
    """Attack A7."""
    office.says(1, listed())
    office.text(b"one")
    office.agent.hear(topics.document_page(0), pages_of([listed(text=b"bad")])[0])
    office.agent.look()
    assert office.agent.alarm() is None, "its root may be on its way"
    office.agent.look()
    assert "a page of documents came that no list names" in (office.agent.alarm() or "")
    office.agent.hear(topics.document_page(0), b"x" * 60_001)
    assert "60,001 bytes" in (office.agent.alarm() or "")
    assert office.held() == (1, [])


@pytest.mark.parametrize("what", ["text", "page", "listed", "root"])
def test_a7_an_altered_cache_is_refused_and_asked_for_again(office: Office, what: str) -> None:
    """Attack A7: whoever can write into the folder can't make another plan hold."""
    office.says(1, listed())
    office.text(b"one")
    folder = office.folder / "documents"
    path = {"text": office.files("texts")[0], "page": office.files("pages")[0]}.get(what, folder / what)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2").replace(b"o", b"0"))
    office.start()
    assert "was altered" in (office.agent.alarm() or "")
    office.says(1, listed())
    office.text(b"one")
    assert (office.held(), office.works_by()) == ((1, []), "CP-1 A, edition 1")


def test_a7_a_text_altered_while_it_is_here_is_never_handed_out(office: Office) -> None:
    """Attack A7."""
    office.says(1, listed())
    office.text(b"one")
    office.files("texts")[0].write_bytes(b"two")
    office.asked.clear()
    assert office.agent.text(listed()) is None
    assert office.asked == [topics.document_parts(listed().sha256)]
    assert office.works_by() == "not_here CP-1 A, edition 1"


# --- A8: old ones, and none


def test_a8_an_old_root_said_again_is_refused_also_after_a_restart(office: Office) -> None:
    """Attack A8: a root that goes back, with its true signature."""
    office.says(1, listed())
    office.says(2, listed(edition=2, text=b"two"))
    office.text(b"two")
    for _ in range(2):
        office.says(1, listed(), age_us=HOUR)
        assert "the list of documents goes back: number 1" in (office.agent.alarm() or "")
        assert (office.held(), office.works_by()) == ((2, []), "CP-1 B, edition 2")
        office.start()


def test_a8_a_root_of_which_nothing_else_has_come_holds_off_older_ones_too(office: Office) -> None:
    """Attack A8: whoever keeps pages back gains nothing by it."""
    office.says(1, listed())
    office.root(3, pages_of([listed(edition=3)]))
    office.start()
    office.says(2, listed(edition=2))
    assert "goes back: number 2" in (office.agent.alarm() or "")


def test_a8_a_newer_list_that_takes_a_document_back_is_refused(office: Office) -> None:
    """Attack A8: an older edition under a newer root."""
    office.says(1, listed(edition=2, text=b"two"))
    office.text(b"two")
    office.says(2, listed())
    assert office.agent.alarm() == "the list of documents takes CP-1 B, edition 2 back to edition 1"
    assert office.works_by() == "CP-1 B, edition 2"
    office.says(3, listed(edition=3, text=b"three"))
    office.text(b"three")
    assert office.held() == (3, [])


def test_a8_an_empty_message_that_clears_changes_nothing_and_is_told(office: Office) -> None:
    """Attack A8."""
    office.agent.hear(topics.DOCUMENTS_ROOT, b"")
    assert office.agent.alarm() is None, "nothing was held"
    office.says(1, listed())
    office.text(b"one")
    office.agent.hear(topics.DOCUMENTS_ROOT, b"")
    assert "somebody has cleared the list of documents at the broker" in (office.agent.alarm() or "")
    office.agent.hear(topics.document_page(0), b"")
    office.agent.hear(topics.document_part(listed().sha256, 1), b"")
    assert (office.held(), office.works_by()) == ((1, []), "CP-1 A, edition 1")


def test_a8_one_plan_under_anothers_name_is_refused(office: Office) -> None:
    """Attack A8: the list says which digest each document has."""
    office.says(1, listed("CP-1", b"one"), listed("CP-2", b"two"))
    office.text(b"two", listed("CP-1", b"one").sha256)
    assert "what came as the text of CP-1" in (office.agent.alarm() or "")
    assert office.held() == (None, ["CP-1", "CP-2"])


def test_a8_no_withdrawn_edition_and_none_before_it_is_worked_by(office: Office) -> None:
    """Attack A8."""
    office.says(1, listed())
    office.text(b"one")
    office.says(2, listed(state="withdrawn"))
    assert office.works_by() == "withdrawn CP-1 A, edition 1"
    assert office.held() == (2, [])


# --- cut off


def test_how_old_the_list_is_warns_and_then_refuses(tmp_path: Path) -> None:
    office = Office(tmp_path, warn_hours=2, refuse_hours=4)
    office.says(1, listed())
    office.text(b"one")
    office.clock.us += 2 * HOUR - 1
    assert office.agent.alarm() is None
    office.clock.us += 1
    assert "nobody has said since 2026-09-21 14:13Z which documents count" in (office.agent.alarm() or "")
    assert office.works_by() == "CP-1 A, edition 1"
    office.start()
    assert office.agent.alarm() is not None
    office.clock.us += 2 * HOUR
    assert office.works_by() == "too_old CP-1 A, edition 1"
    office.says(1, listed())
    assert (office.agent.alarm(), office.works_by()) == (None, "CP-1 A, edition 1")


def test_a_root_that_only_says_again_asks_for_nothing(office: Office) -> None:
    office.says(1, listed())
    office.text(b"one")
    office.asked.clear()
    office.clock.us += HOUR
    office.root(1, pages_of([listed()]))
    state = office.agent.state()
    assert (state.issue, state.since, state.said) == (1, utc_text(START), utc_text(START + HOUR))
    assert office.asked == []


def test_a_year_missed_comes_a_few_at_a_time(office: Office) -> None:
    texts = [b"text %d" % number for number in range(50)]
    office.says(1000, *(listed(f"CP-{number:02}", text) for number, text in enumerate(texts)))
    state = office.agent.state()
    assert (len(state.lacks), state.lacking) == (20, 50)
    assert len(office.asked) == AT_ONCE
    for text in texts:
        office.text(text)
    assert office.held() == (1000, [])
    assert len(set(office.asked)) == 50


def test_what_does_not_fit_is_told_and_all_else_is_here(tmp_path: Path) -> None:
    office = Office(tmp_path, max_mb=1)
    office.says(1, listed("CP-1", b"x" * 1_000_001), listed("CP-2", b"two"))
    office.text(b"two")
    assert office.held() == (None, ["CP-1"])
    assert office.agent.alarm() == "the documents need more than 1 MB, so some are not here: raise [documents] max_mb"
    assert office.works_by("CP-2") == "CP-2 A, edition 1"


def test_a_disk_that_takes_nothing_is_told_and_all_else_goes_on(office: Office) -> None:
    office.says(1, listed())
    (office.folder / "documents" / "texts").rmdir()
    (office.folder / "documents" / "texts").write_text("in the way")
    office.text(b"one")
    assert "what came of documents can't be kept in" in (office.agent.alarm() or "")
    (office.folder / "documents" / "texts").unlink()
    office.agent.topics()
    office.text(b"one")
    assert (office.held(), office.agent.alarm()) == ((1, []), None)


def test_a7_a_spoilt_key_file_lets_nobody_in(tmp_path: Path) -> None:
    """Attack A7: who can spoil the pin has not made their own key the plant's."""
    (tmp_path / "document-key").write_text("no key")
    office = Office(tmp_path)
    assert "holds no public key: no list of documents is believed; remove it" in (office.agent.alarm() or "")
    office.says(1, listed(), signer=STRANGER)
    assert office.works_by() == "no_list"
    assert office.agent.state().refused == 1
    (tmp_path / "document-key").unlink()
    office.start()
    office.says(1, listed())
    office.text(b"one")
    assert (office.held(), office.agent.alarm()) == ((1, []), None)


@pytest.mark.parametrize("spoilt", [None, "", "no key", "ab" * 5000])
def test_a7_a_key_file_that_is_gone_or_spoilt_leaves_the_key_of_the_held_list(
    office: Office, spoilt: str | None
) -> None:
    """Attack A7: the next key that is shown is not believed for it."""
    office.says(1, listed())
    office.text(b"one")
    pin = office.folder / "document-key"
    pin.unlink() if spoilt is None else pin.write_text(spoilt)
    office.start()
    assert f"of the list that is held here counts on; to have another one believed, move {office.folder}" in (
        office.agent.alarm() or ""
    )
    assert pin.read_text() == PLANT.key
    office.says(9, listed(edition=2), signer=STRANGER)
    assert "somebody imitates it" in (office.agent.alarm() or "")
    assert (office.held(), office.works_by()) == ((1, []), "CP-1 A, edition 1")


def test_a_key_file_counts_for_nothing_where_settings_name_the_keys(tmp_path: Path) -> None:
    (tmp_path / "document-key").write_text("no key")
    office = Office(tmp_path, key=[PLANT.key])
    office.says(1, listed())
    office.text(b"one")
    assert (office.held(), office.agent.alarm()) == ((1, []), None)


def in_the_place_of(path: Path, what: str) -> None:
    """Something that is no file of ours, where one was."""
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"x" * 20_000_000)


@pytest.mark.parametrize("what", ["pipe", "folder", "bloat"])
@pytest.mark.parametrize("name", ["text", "page", "listed", "root"])
def test_a7_whatever_stands_in_a_files_place_is_told_and_holds_nothing_else_up(
    office: Office, name: str, what: str
) -> None:
    """Attack A7: a pipe would be waited for, a folder can't be put out, a large file isn't read."""
    office.says(1, listed(), listed("CP-2", b"two"))
    office.text(b"one")
    office.text(b"two")
    folder = office.folder / "documents"
    path = {"text": folder / "texts" / listed().sha256, "page": office.files("pages")[0]}.get(name, folder / name)
    in_the_place_of(path, what)
    office.start()
    assert str(path) in (office.agent.alarm() or "")
    if name == "text":
        assert (office.works_by("CP-2"), office.held()) == ("CP-2 A, edition 1", (None, ["CP-1"]))
    if what != "folder":
        office.says(1, listed(), listed("CP-2", b"two"))
        office.text(b"one")
        assert (office.held(), office.works_by()) == ((1, []), "CP-1 A, edition 1")


def test_parts_of_many_large_texts_are_not_all_in_memory() -> None:
    coming = TextsComing()
    large = [listed(f"CP-{number}", b"%d" % number).model_copy(update={"size": 16_000_000}) for number in range(5)]
    fresh, gone = coming.want(large)
    assert (len(fresh), gone) == (2, [])
    assert coming.want(large[1:])[1] == [large[0].sha256]
    with pytest.raises(BadPart):
        coming.take(large[1].sha256, 1, b"short")
    assert coming.take("0" * 64, 1, b"unknown") is None


def test_a7_whatever_comes_is_heard_without_a_fault(office: Office) -> None:
    """Attack A7: bytes of anybody, on every topic there is."""
    office.says(1, listed())
    noise: Sequence[bytes] = (b"", b"\x00\xff", b"{}", b'{"signature":{', b"[" * 5000, b"9" * 70_000)
    names = ("root", "pages/0", "pages/x/y", "parts", "parts/", f"parts/{listed().sha256}/1", "else", "")
    for name in names:
        for payload in noise:
            office.agent.hear(topics.ALL_DOCUMENTS + name, payload)
    office.text(b"one")
    assert office.held() == (1, [])


def test_pictures_of_an_instruction_are_kept_and_proved_as_texts_are_and_leave_with_it(office: Office) -> None:
    """Asked for behind the documents; one of another line isn't."""
    until = utc_text(START - HOUR)
    facts = {"kind": "file", "until": until, "line": "line1"}
    picture = listed("file", LARGE, **facts).model_copy(update={"id": f"file {digest(LARGE)}"})
    other = listed("file", b"other", **{**facts, "line": "line2"}).model_copy(update={"id": f"file {digest(b'other')}"})
    office.says(1, picture, other, listed("WI-7", b"text", kind="instruction"))
    assert office.held() == (None, ["WI-7", picture.id])
    office.text(b"altered", picture.sha256)
    assert office.held() == (None, ["WI-7", picture.id])
    office.text(LARGE)
    office.text(b"text")
    assert office.held() == (1, [])
    assert office.agent.text(picture) == LARGE
    office.says(2, listed("WI-7", b"text", kind="instruction"))
    assert office.held() == (2, [])
    assert [path.read_bytes() for path in office.files("texts")] == [b"text"]


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
