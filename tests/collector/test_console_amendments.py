"""Amending in the console: from a record's history to the request, and from what waits to the approval."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from console_floor import NASTY, Pages, inspection, measurement, sealed
from document_office import PASSWORDS, PaperOffice
from test_station_amendments import approves, asks, said_at_station

from gaugetrail_collector.amendments.hearing import StationAmendments
from gaugetrail_collector.amendments.requests import AmendmentRequest, read_requests
from gaugetrail_collector.console.app import make_app
from gaugetrail_collector.console.facts import now_us
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.trace import trace
from gaugetrail_contract.record import Amendment
from gaugetrail_service.web.console_users import UsersFile
from gaugetrail_service.web.sessions import Sessions

UNITS = sealed([inspection("SN1"), inspection("SN2"), inspection(NASTY[0], measurements=(measurement(NASTY[1]),))])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> PaperOffice:
    made = PaperOffice(tmp_path_factory.mktemp("office"))
    made.open()
    return made


class Amending:
    """A console of the collector that writes, where people have logged on."""

    def __init__(self, folder: Path, office: PaperOffice) -> None:
        shutil.copy(office.folder / "store.db", folder / "store.db")
        here = DocumentsHere("collector-1", folder, folder / "documents.news", (), master=True)
        self.pages = Pages(folder, UNITS, here=here)
        self.pages.app = make_app(self.pages.facts, ("127.0.0.1",), Sessions(UsersFile(office.folder / "users").now))
        self.path = folder / "store.db"
        self.cookies: dict[str, str] = {}

    def cookie(self, by: str) -> str:
        if by not in self.cookies:
            answer = self.pages.press("/login", {"name": by, "password": PASSWORDS[by]})
            self.cookies[by] = answer.headers["set-cookie"].partition(";")[0]
        return self.cookies[by]

    def ask(self, path: str, by: str) -> httpx.Response:
        return self.pages.ask(path, headers={"cookie": self.cookie(by)})

    def press(self, path: str, by: str, **fields: str) -> httpx.Response:
        return self.pages.press(path, {"password": PASSWORDS[by]} | fields, cookie=self.cookie(by))

    def form(self, number: int, by: str = "eva") -> dict[str, str]:
        """The hidden fields of the form on the page of that unit."""
        page = self.ask(f"/amend?record={UNITS[number].record.time_us}:{UNITS[number].record.id}", by).text
        hidden = re.findall(r'<input type="hidden" name="(record|seen)" value="([^"]*)">', page)
        return {name: unescape(value) for name, value in hidden}

    def wants(self, number: int, by: str = "eva", **fields: str) -> httpx.Response:
        return self.press("/amend", by, **(self.form(number, by) | {"reason": "read upside down"} | fields))

    def requests(self) -> list[AmendmentRequest]:
        store = SqliteStore(self.path)
        store.open()
        try:
            return read_requests(store)
        finally:
            store.close()

    def amendments(self, serial: str) -> list[Amendment]:
        store = SqliteStore(self.path)
        store.open()
        try:
            found = trace(store, serial, "serial").amendments
        finally:
            store.close()
        return [one.record for one in found if isinstance(one.record, Amendment)]


@pytest.fixture
def desks(tmp_path: Path, office: PaperOffice) -> Iterator[Amending]:
    made = Amending(tmp_path, office)
    yield made
    made.pages.close()


def test_a_record_is_put_right_from_its_history_and_by_two_persons(desks: Amending) -> None:
    history = desks.ask("/history?id=SN1&kind=serial", "eva").text
    (link,) = re.findall(r'href="(/amend\?record=[^"]+)">put right', history)
    page = desks.ask(unescape(link), "eva").text
    assert '<option value="bore" >bore: 74.010</option>' in page
    assert '<option value="lot" >lot: L7</option>' in page
    asked = desks.wants(0, action="correct", field="bore", new="74.021", code="R7")
    assert "It waits for another person&#39;s approval (record collector:collector-1/decisions0001" in asked.text
    assert asked.text.count("<strong>Waits:</strong>") == 1
    assert "As amended" not in desks.ask("/history?id=SN1&kind=serial", "eva").text
    assert "Nothing waits for you" in desks.ask("/amendments", "eva").text
    assert "eva asked for it: another person approves" in desks.ask("/amendments", "eva").text
    mine = desks.ask("/api/amendments", "uwe").json()["mine"]
    assert [(one["target"], one["old"], one["new"], one["reason_code"]) for one in mine] == [
        (UNITS[0].record.id, "74.010", "74.021", "R7")
    ]
    question = desks.ask(f"/amendment?id={mine[0]['request']}", "uwe").text
    assert "I have looked at the record and the reason" in question
    said = desks.press("/amendment", "uwe", id=mine[0]["request"], what="approve")
    assert said.status_code == 200
    assert "read upside down (eva, " in said.text
    assert "Nothing waits for you" in said.text
    (amendment,) = desks.amendments("SN1")
    assert (amendment.requested_by, amendment.approved_by, amendment.new) == ("eva", "uwe", "74.021")
    history = desks.ask("/history?id=SN1&kind=serial", "eva").text
    assert "<strong>As amended:</strong> bore 74.021" in history
    assert "74.010" in history, "the original"
    again = desks.press("/amendment", "ida", id=mine[0]["request"], what="approve")
    assert again.status_code == 404
    assert "wait any more: approved by uwe" in again.text


def test_every_action_has_its_place_on_the_form(desks: Amending) -> None:
    """What doesn't belong to an action is left out, whatever the form's fields held."""
    note = desks.wants(0, action="annotate", field="lot", new="L9")
    assert "It holds from now on" in note.text
    for fields in (
        {"action": "re-attribute", "field": "lot", "new": " L8 "},
        {"action": "exclude", "field": "bore", "new": "x"},
        {"action": "void", "field": "bore", "new": "x"},
    ):
        assert desks.wants(1, **fields).status_code == 200
    asked = [(one.action, one.said.field, one.said.new) for one in desks.requests()]
    assert asked == [("re-attribute", "lot", "L8"), ("exclude", "bore", None), ("void", None, None)]
    first, second, third = (one.id for one in desks.requests())
    assert "take it back" in desks.ask(f"/amendment?id={first}", "eva").text
    assert desks.press("/amendment", "eva", id=first, what="reject", reason="my mistake").status_code == 200
    assert desks.press("/amendment", "ida", id=second, what="reject").status_code == 409
    assert desks.press("/amendment", "ida", id=third, what="approve").status_code == 200
    assert [one.fate for one in desks.requests()] == ["withdrawn", "waits", "approved"]
    assert "is void" in desks.wants(1, action="exclude").text
    taken_back = desks.ask("/history?id=SN2&kind=serial", "eva").text
    assert "take back or annotate" in taken_back


def test_what_cannot_be_is_told_and_what_was_typed_stands_there_still(desks: Amending) -> None:
    fresh = desks.form(0)
    for fields, code, why in (
        ({"action": "correct", "field": "bore", "new": "seventy"}, 409, "a number in digits"),
        ({"action": "correct", "new": "74.02"}, 409, "say the characteristic"),
        ({"action": "re-attribute", "field": "sha256", "new": "ab"}, 409, "can&#39;t be re-attributed"),
        ({"action": "destroy"}, 409, "say what is to become of it"),
        ({"action": "void", "reason": " "}, 409, "say why"),
        ({"action": "void", "password": "guessed"}, 403, "nothing was done"),
        ({"action": "void", "seen": "nothing"}, 409, "amended since you opened the page"),
        ({"action": "void", "record": "nowhere"}, 400, "no place in an answer"),
        ({"action": "void", "record": fresh["record"].replace("/1", "/77")}, 404, "isn&#39;t in the store"),
    ):
        answer = desks.press("/amend", "eva", **(fresh | {"reason": "kept words"} | fields))
        assert (answer.status_code, why.lower() in answer.text.lower()) == (code, True), fields
        assert ('value="kept words"' in answer.text) is (code in (409, 403) and fields.get("reason") is None)
    assert desks.requests() == []
    assert "olaf may not ask" in desks.ask(f"/amend?record={fresh['record']}", "olaf").text.lower()
    assert desks.pages.press("/amend", fresh).status_code == 303, "whoever hasn't logged on is asked to"
    no_token = desks.pages.ask("/amend", method="POST", headers={"cookie": desks.cookie("eva")}, form=fresh)
    assert no_token.status_code == 403
    assert desks.ask("/amendment?id=nothing", "ida").status_code == 404


def test_whatever_a_record_holds_is_text_on_these_pages(desks: Amending) -> None:
    asked = desks.wants(2, action="correct", field=NASTY[1], new="74.02", reason=NASTY[0])
    assert asked.status_code == 200
    name = desks.requests()[0].id
    for page in (asked.text, desks.ask("/amendments", "ida").text, desks.ask(f"/amendment?id={name}", "ida").text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_without_users_the_pages_say_how(tmp_path: Path, office: PaperOffice) -> None:
    shutil.copy(office.folder / "store.db", tmp_path / "store.db")
    pages = Pages(tmp_path, UNITS)
    try:
        assert "name users under <code>[console]</code>" in pages.ask("/amendments").text
        shown = pages.ask(f"/amend?record={UNITS[0].record.time_us}:{UNITS[0].record.id}").text
        assert "name users under [console]" in shown
        assert '<form class="sign"' not in shown
        assert pages.press("/amend", {}).status_code == 405
    finally:
        pages.close()


def test_a_unit_is_held_and_released_from_its_history(desks: Amending) -> None:
    assert 'href="/unit?kind=serial&amp;id=SN1">Hold or release' in desks.ask("/history?id=SN1&kind=serial", "eva").text
    shown = desks.ask("/unit?id=SN1", "eva").text
    assert "<h2>PASS</h2>" in shown
    unit = {"id": "SN1", "kind": "serial", "reason": "burr at the seat"}
    held = desks.press("/unit", "eva", **unit, state="hold", code="H3")
    assert "It is hold now (record collector:collector-1/decisions0001" in held.text
    assert "<h2>HOLD</h2>" in held.text
    assert "eva (quality engineer)" in held.text
    for fields, code, why in (
        ({"state": "pass"}, 409, "say what is to become of it"),
        ({"state": "released", "until": "2020-01-01"}, 409, "lies ahead"),
        ({"state": "released", "until": "soon"}, 400, "is no time"),
        ({"state": "released", "kind": "operator"}, 400, "of a serial or of a lot"),
        ({"state": "released", "reason": ""}, 409, "say why"),
        ({"state": "released", "password": "guessed"}, 403, "nothing was done"),
    ):
        answer = desks.press("/unit", "eva", **(unit | fields))
        assert (answer.status_code, why in answer.text.lower()) == (code, True), fields
    assert "nothing that olaf may say of it" in desks.ask("/unit?id=SN1", "olaf").text.lower()
    lot = {"id": "L7", "kind": "lot", "reason": "all inspected", "state": "released"}
    assert "of 3 that aren&#39;t done: SN1 is hold" in desks.press("/unit", "eva", **lot).text
    assert "<h2>RELEASED</h2>" in desks.press("/unit", "eva", **unit, state="released", until="2099-01-01").text
    assert "<h2>RELEASED</h2>" in desks.press("/unit", "eva", **lot).text
    assert "Nothing is known of it" in desks.ask("/unit?id=SN-NONE", "eva").text
    assert desks.ask("/unit?id=", "eva").status_code == 400


def test_what_a_station_said_and_could_not_be_written_waits_with_why(desks: Amending) -> None:
    """Whoever approved it there believes that it is done."""
    store = SqliteStore(desks.path)
    store.open()
    try:
        said = said_at_station(asks(UNITS[1], by="OP-12"), lambda names: approves(names[0], "OP-12"), at_us=now_us())
        store.write(said)
        desk = desks.pages.facts.documents.here.desk(store)
        StationAmendments(lambda _: desk, lambda: store).round()
    finally:
        store.close()
    why = "set aside: OP-12 asked for it: another person approves"
    page = unescape(desks.ask("/amendments", "uwe").text)
    assert f"asked for at OP20 and approved there by OP-12, {why}" in page
    (mine,) = desks.ask("/api/amendments", "uwe").json()["mine"]
    assert (mine["station"], mine["approved_at_station_by"]) == ("OP20", "OP-12")
    assert mine["set_aside"].startswith("OP-12 asked for it")
    assert why in unescape(desks.ask(f"/amendment?id={said[0].record.id}", "uwe").text)
    assert desks.press("/amendment", "uwe", id=said[0].record.id, what="approve").status_code == 200
    assert [one.approved_by for one in desks.amendments("SN2")] == ["uwe"]
