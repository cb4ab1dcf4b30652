"""Documents in the console: what holds and what doesn't, who is qualified, which gauge is due, what stations hold."""

from __future__ import annotations

import hashlib
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import T0, Pages
from document_office import PLAN, PaperOffice, worked_records
from floor import until

from gaugetrail_collector.config import load
from gaugetrail_collector.console.documents import parts
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.documents.texts import stored_text
from gaugetrail_collector.documents.to_stations.at_stations import current_root
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, GaugeStatus, LackedDocument, StationStatus

ADDRESSES = (
    *("/documents", "/document?id=CP-1001", "/document?id=CP-1001&edition=2", "/document?id=GR-1"),
    *("/document?id=PL-1", "/document?id=WI-7", "/gauges", "/people", "/document-stations", "/approvals"),
    "/approval?id=CP-1001&edition=2",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> PaperOffice:
    made = PaperOffice(tmp_path_factory.mktemp("office"))
    made.open()
    drawing = made.folder / "drawing.pdf"
    drawing.write_bytes(b"%PDF a drawing" * 1000)
    external = f"id = 'DRW-7'\nrevision = 'D'\nissuer = 'a customer'\nsha256 = '{digest_of(drawing)}'\n"
    made.write("external", "external.toml", external, "--attach", str(drawing))
    return made


@pytest.fixture(scope="module")
def pages(office: PaperOffice) -> Iterator[Pages]:
    here = DocumentsHere.of(load(office.folder / "collector-1.toml", {}))
    made = Pages(office.folder, worked_records(), here=here)
    yield made
    made.close()


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def words(page: str) -> str:
    """What stands on it, tags apart."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def row_of(page: str, name: str) -> str:
    """The row of a table that begins with a name."""
    return next(one for one in map(words, re.findall(r"<tr.*?</tr>", page, re.DOTALL)) if one.startswith(name))


@pytest.mark.parametrize("path", ADDRESSES)
def test_each_page_says_on_paper_that_it_is_valid_on_that_day_only_and_has_an_answer_for_programs(
    pages: Pages, path: str
) -> None:
    page = pages.ask(path)
    assert page.status_code == 200
    today = utc_text(WallClock().now_us())[:10]
    assert f"Printed on {today}, valid on that day only." in words(page.text)
    assert page.text.count("<h1") == 1
    alone = re.sub(r"<label[ >].*?</label>", "", page.text, flags=re.DOTALL)
    for field in re.findall(r'<(?:input(?! type="hidden")|select)[^>]*>', alone):
        named = re.search(r' id="(\w+)"', field)
        assert "aria-label=" in field or (named is not None and f'<label for="{named[1]}">' in page.text), field
    assert pages.ask(f"/api{path}").headers["content-type"] == "application/json"


def test_the_list_shows_what_holds_and_what_comes_and_is_searched_by_id_title_part_and_kind(pages: Pages) -> None:
    page = pages.ask("/documents").text
    row = row_of(page, "CP-1001")
    assert "Housing, bores part 4711-A, 4711-B plan ✓ EFFECTIVE C, edition 1 since" in row
    assert "approved by ida … IN REVIEW D, edition 2 by eva" in row
    for question, found in (
        ("q=cp-10", ["CP-1001"]),
        ("q=BORES housing", ["CP-1001"]),
        ("q=4711-b", ["CP-1001"]),
        ("q=nowhere", []),
        ("kind=gauges", ["GR-1"]),
        ("show=waiting", ["CP-1001", "DRW-7"]),
        ("show=holding&kind=plan", ["CP-1001"]),
        ("show=coming", []),
        ("show=ended", []),
    ):
        listed = pages.ask(f"/api/documents?{question}").json()
        assert (found, len(found)) == ([one["id"] for one in listed["documents"]], listed["total"]), question
    one = pages.ask("/api/documents?q=CP-1001").json()["documents"][0]
    assert (one["holding"]["edition"], [it["state"] for it in one["waiting"]]) == (1, ["in review"])
    assert one["parts"] == ["4711-A", "4711-B"]


@pytest.mark.parametrize("ahead", [False, True])
def test_many_texts_are_looked_into_meanwhile_and_a_search_says_how_many_are_left(
    office: PaperOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ahead: bool
) -> None:
    """At the first search, or before anybody asks."""
    monkeypatch.setattr(parts, "AT_ONCE", 0)
    shutil.copy(office.folder / "store.db", tmp_path / "store.db")
    pages = Pages(tmp_path)
    known, plan = pages.facts.documents, hashlib.sha256(PLAN.encode()).hexdigest()
    try:
        if ahead:
            known.begin()
        else:
            assert pages.ask("/api/documents?q=4711-B").json()["texts_unread"] == 6, "two of them of the plan"
        until(lambda: known.parts.of(plan) == ("4711-A", "4711-B"), "the thread has read the plan")
        until(lambda: pages.ask("/api/documents?q=4711-B").json()["texts_unread"] == 0, "all are read")
        assert [one["id"] for one in pages.ask("/api/documents?q=4711-B").json()["documents"]] == ["CP-1001"]
    finally:
        pages.close()


def test_a_plan_is_read_as_a_table_and_to_the_letter(pages: Pages) -> None:
    page = pages.ask("/document?id=CP-1001").text
    assert "✓ VALID in force since" in words(page)
    assert "NOT VALID" not in page
    row = row_of(page, "10 7 Bore diameter")
    for cell in ("CC 74.000 73.950 74.050 mm", "bore gauge, to 0.001 mm", "5, 1/50", "RP-12: stop, sort, tell QE"):
        assert cell in row
    text = re.search(r'<pre class="raw">(.*?)</pre>', page, re.DOTALL)
    assert text is not None
    assert html.unescape(text[1]) == PLAN.rstrip("\n")
    assert "ida approved edition 1: held against the drawing" in words(page)
    assert pages.ask("/api/document?id=CP-1001").json()["text"] == PLAN


def test_an_edition_that_does_not_hold_says_so_and_leads_to_the_one_that_does(pages: Pages) -> None:
    page = pages.ask("/document?id=CP-1001&edition=2").text
    assert "✗ NOT VALID this edition is in review, nobody may work by it; revision C, edition 1, is in force" in words(
        page
    )
    assert '<p class="watermark" aria-hidden="true">NOT VALID</p>' in page
    assert 'href="/document?id=CP-1001"' in page
    assert pages.ask("/api/document?id=CP-1001&edition=2").json()["valid"] == "not valid"


def test_lists_are_tables_and_other_kinds_stand_as_the_text_that_they_are(pages: Pages) -> None:
    assert "bore gauge 2027-01-31 active" in row_of(pages.ask("/document?id=GR-1").text, "G-0017")
    person = row_of(pages.ask("/document?id=PL-1").text, "OP-12")
    assert "Olaf Oster operator OP20, 2020-01-15 to 2099-01-14 (TR-0042)" in person
    page = pages.ask("/document?id=WI-7").text
    assert "number 2 text en <b>Zero</b> the gauge. de Lehre auf Null. characteristic bore_diameter" in words(page)
    assert "{ en = &#34;&lt;b&gt;Zero&lt;/b&gt; the gauge.&#34;" in page, "and to the letter"
    assert "<b>Zero" not in page


def test_an_attached_file_is_given_whole_or_not_at_all(pages: Pages, office: PaperOffice) -> None:
    digest = digest_of(office.folder / "drawing.pdf")
    assert f"/document/file?sha256={digest}" in pages.ask("/document?id=DRW-7").text
    given = pages.ask(f"/document/file?sha256={digest}")
    assert given.content == (office.folder / "drawing.pdf").read_bytes()
    assert given.headers["content-disposition"] == 'attachment; filename="drawing.pdf"'
    assert given.headers["content-type"] == "application/octet-stream"
    place = pages.facts.documents.here.attachments[0] / digest[:2] / digest
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + b"!")
    assert pages.ask(f"/document/file?sha256={digest}").status_code == 404
    place.unlink()
    assert "drawing.pdf not here" in words(pages.ask("/document?id=DRW-7").text)
    place.write_bytes(whole)
    plan = hashlib.sha256(PLAN.encode()).hexdigest()
    for other in (plan, "ab" * 32):
        assert pages.ask(f"/document/file?sha256={other}").status_code == 404, "what is no attachment isn't given"
    assert pages.ask("/document/file?sha256=../users").status_code == 400


# --- gauges and people


def test_gauges_are_counted_and_shown_by_when_they_are_due_and_where_they_are(pages: Pages) -> None:
    told = AgentStatus(
        online=True, agent="pc1", gauges={"G-0017": GaugeStatus(calibration="valid"), "G-0018": GaugeStatus()}
    )
    pages.neighbours.hear(topics.status("pc1"), told.model_dump_json(exclude_none=True).encode())
    pages.facts.board.take_stored(one.record for one in worked_records())
    found = pages.ask("/api/gauges?days=0").json()
    assert found["counts"] == {"all": 3, "overdue": 1, "blocked": 1, "due": 0, "unknown": 0}
    assert [one["id"] for one in found["gauges"]] == ["G-0018", "G-0017", "G-0019"], "the first due first"
    due = pages.ask("/api/gauges?show=due&days=3650").json()["gauges"]
    assert [one["id"] for one in due] == ["G-0017"], "what is blocked isn't soon due"
    for place, there in (("line1", ["G-0018", "G-0017"]), ("pc1", ["G-0018", "G-0017"]), ("store room", ["G-0019"])):
        listed = pages.ask("/api/gauges", {"place": place}).json()
        assert [one["id"] for one in listed["gauges"]] == there
        assert listed["counts"]["all"] == len(there)
    page = pages.ask("/gauges?days=3650").text
    assert "✗ OVERDUE balance line 1, OP10 pc1, line1 GR-1" in row_of(page, "G-0018")
    assert "! DUE SOON" in row_of(page, "G-0017")
    assert "✗ BLOCKED" in row_of(page, "G-0019")
    assert "Due in 3650 days" in page
    assert [one["id"] for one in pages.ask("/api/gauges?q=three-point").json()["gauges"]] == ["G-0017"]


def test_people_are_shown_by_what_they_are_qualified_for_on_any_day(pages: Pages) -> None:
    page = pages.ask("/people").text
    assert "Olaf Oster operator ✓ to 2099-01-14 ✗ expired 2021-01-14" in row_of(page, "OP-12")
    assert "Eva Engel quality engineer – –" in row_of(page, "eva")
    long_ago = pages.ask("/people?at=2026-01-01")
    assert "No people list held on 2026-01-01" in long_ago.text, "whatever the list says that holds now"
    found = pages.ask("/api/people?show=expired").json()
    assert [one["badge"] for one in found["people"]] == ["OP-12"]
    assert [one["badge"] for one in pages.ask("/api/people?q=unger").json()["people"]] == ["uwe"]
    only = pages.ask("/api/people?subject=OP20").json()
    assert [one["badge"] for one in only["people"]] == ["OP-12"]
    assert only["counts"] == {"all": 4, "expiring": 0, "expired": 1}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/people?at=2026-02-30", "no day of the calendar"),
        ("/people?days=-1", "days"),
        ("/gauges?days=many", "days"),
        ("/gauges?show=stolen", "show"),
        ("/documents?kind=poem", "there is no kind"),
        ("/documents?after=-1", "after"),
        ("/worked-by?record=pc1/1", "is no place in an answer"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(pages: Pages, path: str, reason: str) -> None:
    for asked in (path, f"/api{path}"):
        answer = pages.ask(asked)
        assert answer.status_code == 400
        assert reason in html.unescape(answer.text)


@pytest.mark.parametrize("path", ["/document?id=CP-1002", "/document?id=CP-1001&edition=9"])
def test_what_is_not_there_is_told_in_a_sentence(pages: Pages, path: str) -> None:
    for asked in (path, f"/api{path}"):
        assert pages.ask(asked).status_code == 404
    assert "did you mean CP-1001" in pages.ask("/document?id=CP-1002").text


# --- stations


def test_stations_show_their_edition_what_is_stale_and_lacking_and_when_they_were_heard(
    pages: Pages, office: PaperOffice
) -> None:
    store = SqliteStore(office.folder / "store.db")
    store.open()
    register, now_us = read_register(store), WallClock().now_us()
    root = current_root(register, LineTexts(lambda sha256: stored_text(store, sha256)), now_us)
    store.close()
    good = DocumentsHeld(root=root.digest, issue=root.issue, since=utc_text(T0), heard=root.digest)
    lacks = (LackedDocument(id="CP-1001", edition=1, sha256="ab" * 32),)
    behind = DocumentsHeld(heard=root.digest, lacks=lacks, lacking=3)
    here = StationStatus(plan="CP-1001", revision="C", plan_sha256=hashlib.sha256(PLAN.encode()).hexdigest())
    file = StationStatus(plan="CP-9", revision="A", plan_sha256="cd" * 32)
    for name, held, station in (("pc2", good, here), ("pc3", behind, file)):
        told = AgentStatus(online=True, agent=name, documents=held, station_details={"OP20": station})
        pages.neighbours.hear(topics.status(name), told.model_dump_json(exclude_none=True).encode())
    page = pages.ask("/document-stations").text
    assert "✓ HOLDS ALL" in row_of(page, "pc2")
    assert "CP-1001 C, edition 1" in row_of(page, "OP20")
    stale = row_of(page, "pc3")
    assert "✗ STALE it lacks 3: CP-1001 edition 1 what it named CP-1001 edition 1 and 2 more 6" in stale
    assert "works by a file of its PC" in page
    answer = pages.ask("/api/document-stations?stale=true").json()
    assert "pc2" not in [one["agent"] for one in answer["pcs"]]
    assert next(one for one in answer["pcs"] if one["agent"] == "pc3")["heard"] == utc_text(T0)
    by_plan = pages.ask("/api/document-stations?document=CP-1001").json()
    assert [one["agent"] for one in by_plan["pcs"]] == ["pc2", "pc3"], "who works by it, and who lacks it"


# --- from a record


def test_a_history_leads_to_the_text_the_gauge_and_the_person_that_held_then(pages: Pages) -> None:
    history = html.unescape(pages.ask("/history?id=SN1&kind=serial").text)
    link = re.search(r'/worked-by\?record=[^"]+', history)
    assert link is not None
    page = pages.ask(link[0]).text
    assert "The exact text that held: its digest is the record's." in words(page)
    assert html.escape(PLAN.splitlines()[2], quote=True).replace("&quot;", "&#34;") in page
    assert "person OP-12 : in no document of the store that held then" in words(page), "the records are older"
    answer = pages.ask(f"/api{link[0]}").json()
    assert (answer["record"], answer["documents"][0]["text"]) == ("pc1/abcdefgh/1", PLAN)
    assert answer["unknown"] == [{"kind": "gauges", "id": "G-0017"}, {"kind": "people", "id": "OP-12"}]
    assert pages.ask("/worked-by", {"record": f"{T0}:pc1/abcdefgh/9"}).status_code == 404
