"""Approving and rejecting in the console: as by the command, and never by a browser that somebody left open."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from console_floor import HOST, Pages
from document_office import PASSWORDS, PaperOffice, worked_records

from gaugetrail_collector.console.app import make_app
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.stores import StoreDown
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.documents.editions import EditionState, Life
from gaugetrail_contract.record import Event
from gaugetrail_contract.seal import Sealed, open_sealed
from gaugetrail_service.web.console_users import UsersFile
from gaugetrail_service.web.sessions import FREE_GUESSES, Sessions

MEANING = "I have read this edition, it is right, and it may be worked by."


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> PaperOffice:
    made = PaperOffice(tmp_path_factory.mktemp("office"))
    made.open()
    return made


class Desks:
    """A console of the collector that writes (or of another) over a store of its own, where somebody has logged on."""

    def __init__(self, folder: Path, office: PaperOffice, *, master: bool = True) -> None:
        shutil.copy(office.folder / "store.db", folder / "store.db")
        here = DocumentsHere("collector-1", folder, folder / "documents.news", (folder / "attachments",), master=True)
        if not master:
            here = replace(here, collector="collector-2", master=False)
        self.folder = folder
        self.pages = Pages(folder, worked_records(), here=here)
        self.clock = [1000.0]
        sessions = Sessions(UsersFile(office.folder / "users").now, lambda: self.clock[0])
        self.pages.app = make_app(self.pages.facts, ("127.0.0.1",), sessions)
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, by: str) -> httpx.Response:
        return self.pages.ask(path, headers={"cookie": self.cookie(by)})

    def cookie(self, by: str) -> str:
        if by not in self.cookies:
            answer = self.pages.press("/login", {"name": by, "password": PASSWORDS[by]})
            self.cookies[by] = answer.headers["set-cookie"].partition(";")[0]
        return self.cookies[by]

    def sign(self, by: str, what: str = "approve", password: str | None = None, **fields: str) -> httpx.Response:
        form = {"document": "CP-1001", "edition": "2", "what": what, "password": password or PASSWORDS[by]} | fields
        return self.pages.press("/approval", form, cookie=self.cookie(by))

    def life(self, document: str = "CP-1001") -> Life:
        store = SqliteStore(self.folder / "store.db")
        store.open()
        try:
            return read_register(store).lives[document]
        finally:
            store.close()

    def last_record(self) -> Event:
        store = SqliteStore(self.folder / "store.db")
        store.open()
        try:
            row = store.find("CP-1001", "document")[-1]
        finally:
            store.close()
        record = open_sealed(Sealed(row.sha256, row.data))
        assert isinstance(record, Event)
        return record


@pytest.fixture
def desks(tmp_path: Path, office: PaperOffice) -> Iterator[Desks]:
    made = Desks(tmp_path, office)
    yield made
    made.pages.close()


def form_on(page: str) -> bool:
    return '<form class="sign" method="post" action="/approval">' in page


def test_what_waits_is_parted_into_mine_and_others_with_the_reason(desks: Desks) -> None:
    assert "1 awaits your approval" in desks.ask("/documents", "ida").text
    assert [one["id"] for one in desks.ask("/api/approvals", "uwe").json()["mine"]] == ["CP-1001"]
    for who, reason in (("eva", "eva may not approve it: that takes the role"), ("olaf", "gives olaf no role")):
        answer = desks.ask("/api/approvals", who).json()
        assert answer["mine"] == []
        assert reason in answer["others"][0]["refusal"]
        page = desks.ask("/approvals", who).text
        assert "Nothing waits for you" in page
        assert reason in page


def test_what_changes_stands_before_the_form_limits_and_what_they_would_have_meant_first(desks: Desks) -> None:
    page = desks.ask("/approval?id=CP-1001&edition=2", "ida").text
    changes = re.findall(r"<li[^>]*>(.*?)</li>", page.partition('<ol class="changes">')[2].partition("</ol>")[0])
    limit = "bore_diameter upper limit 74.050 → 74.040: tighter; 2 of the last 3 would fail"
    assert changes == [limit, "revision C → D"]
    assert page.index(limit) < page.index(MEANING) < page.index('name="password"')
    assert "I, ida, say of CP-1001 D, edition 2" in page
    found = desks.ask("/api/approval?id=CP-1001&edition=2", "ida").json()
    assert (found["against"], found["refusal"], found["changes"][0]["would_fail"]) == (1, None, 2)


def test_an_approval_writes_what_the_commands_writes(desks: Desks) -> None:
    done = desks.sign("ida", comment=" against the drawing ")
    assert done.status_code == 200
    assert "CP-1001 D, edition 2: effective since" in done.text
    record = desks.last_record()
    assert (record.by, record.role, record.reason) == ("ida", "administrator", "against the drawing")
    assert (record.payload["step"], record.payload["edition"], record.payload["meaning"]) == ("approve", 2, MEANING)
    assert record.agent == "collector:collector-1"
    assert (desks.folder / "documents.news").exists(), "so that stations hear of it at once"
    old = desks.ask("/document?id=CP-1001&edition=1", "ida").text
    assert "this edition is superseded; revision D, edition 2, is in force" in old
    again = desks.sign("uwe")
    assert again.status_code == 409
    assert "there is nothing to approve" in again.text


def test_it_may_hold_from_a_later_moment_on(desks: Desks) -> None:
    assert "approved from 2099-01-01 05:00Z (uwe)" in desks.sign("uwe", effective="2099-01-01T06:00+01:00").text
    page = desks.ask("/document?id=CP-1001&edition=2", "ida").text
    assert "NOT YET</strong> approved, and holds from 2099-01-01 05:00Z; until then revision C, edition 1," in page
    assert [one["id"] for one in desks.ask("/api/documents?show=coming", "ida").json()["documents"]] == ["CP-1001"]


def test_a_rejection_goes_back_to_its_author_and_says_why(desks: Desks) -> None:
    refused = desks.sign("ida", "reject")
    assert refused.status_code == 409
    assert "say why, in the comment. Nothing was done" in refused.text
    assert desks.sign("ida", "reject", comment="wrong unit").status_code == 200
    assert desks.life().editions[1].stage is EditionState.DRAFT
    assert "wrong unit" in desks.ask("/document?id=CP-1001&edition=2", "eva").text


@pytest.mark.parametrize(("who", "reason"), [("eva", "eva may not approve it"), ("olaf", "olaf may not approve it")])
def test_who_may_not_sees_no_form_and_signs_nothing(desks: Desks, who: str, reason: str) -> None:
    page = desks.ask("/approval?id=CP-1001&edition=2", who).text
    assert reason in page
    assert not form_on(page)
    answer = desks.sign(who)
    assert answer.status_code == 409
    assert reason in answer.text
    assert desks.life().editions[1].stage is EditionState.IN_REVIEW


def test_a_session_alone_signs_nothing_and_guesses_get_slow(desks: Desks) -> None:
    for _ in range(FREE_GUESSES):
        answer = desks.sign("ida", password="a wrong guess", comment="kept")
        assert answer.status_code == 403
        assert "no such name and password; nothing was done" in answer.text
        assert 'value="kept"' in answer.text
        assert "a wrong guess" not in answer.text
    assert "too many wrong passwords for this name" in desks.sign("ida").text
    assert desks.life().editions[1].stage is EditionState.IN_REVIEW
    desks.clock[0] += 3
    assert desks.sign("ida").status_code == 200


def test_another_ones_page_or_no_session_signs_nothing(desks: Desks) -> None:
    form = {"document": "CP-1001", "edition": "2", "what": "approve", "password": PASSWORDS["ida"]}
    mine = {"cookie": desks.cookie("ida"), "origin": f"http://{HOST}"}
    no_token = desks.pages.ask("/approval", method="POST", headers=mine, form=form)
    foreign = desks.pages.press("/approval", form, cookie=desks.cookie("ida"), origin="http://evil.example")
    stranger = desks.pages.press("/approval", form)
    assert (no_token.status_code, foreign.status_code, stranger.status_code) == (403, 403, 303)
    assert desks.life().editions[1].stage is EditionState.IN_REVIEW


NO_FORMS = (
    *({"edition": "two"}, {"edition": ""}, {"edition": "9" * 30}, {"what": "withdraw"}, {"what": ""}),
    *({"effective": "tomorrow"}, {"document": "CP-9"}, {"document": "<i>"}, {"edition": "7"}),
)


def test_a_form_that_is_no_form_of_ours_is_refused_in_a_sentence(desks: Desks) -> None:
    for fields in NO_FORMS:
        answer = desks.sign("ida", **fields)
        assert answer.status_code in (400, 404), fields
        assert 'role="alert"' in answer.text
        assert "<i>" not in answer.text
    assert desks.life().editions[1].stage is EditionState.IN_REVIEW


def test_a_comment_that_no_record_can_hold_is_told(desks: Desks) -> None:
    answer = desks.sign("ida", comment="one\ntwo")
    assert answer.status_code == 409
    assert "the comment: it is one line" in answer.text


def test_a_store_that_stops_answering_says_to_look_before_signing_again(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks.cookie("ida")

    def gone(*_: object) -> None:
        raise StoreDown("the disk is away")

    monkeypatch.setattr(desks.pages.facts.documents, "take", gone)
    answer = desks.sign("ida")
    assert answer.status_code == 503
    assert "(the disk is away): look at the document&#39;s history before you sign again" in answer.text


def test_another_collector_shows_everything_and_says_where_it_is_signed(tmp_path: Path, office: PaperOffice) -> None:
    desks = Desks(tmp_path, office, master=False)
    try:
        page = desks.ask("/approvals", "ida").text
        assert "Documents are written by collector-1, not by collector-2: approve them in the console there." in page
        shown = desks.ask("/approval?id=CP-1001&edition=2", "ida").text
        assert "74.050 → 74.040" in shown
        assert not form_on(shown)
        answer = desks.sign("ida")
        assert answer.status_code == 409
        assert "documents are written by collector-1, not by collector-2; do it there" in answer.text
        assert desks.life().editions[1].stage is EditionState.IN_REVIEW
    finally:
        desks.pages.close()


def test_without_users_nobody_signs_and_the_page_says_how(tmp_path: Path, office: PaperOffice) -> None:
    shutil.copy(office.folder / "store.db", tmp_path / "store.db")
    pages = Pages(tmp_path)
    try:
        assert "name users under <code>[console]</code>" in pages.ask("/approvals").text
        assert not form_on(pages.ask("/approval?id=CP-1001&edition=2").text)
        assert pages.press("/approval", {"document": "CP-1001", "edition": "2", "what": "approve"}).status_code == 405
    finally:
        pages.close()
