"""The console's pages say what the store says, literally, and turn every bad question into one clear sentence."""

from __future__ import annotations

import html
import http.client
import sqlite3
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import NASTY, Pages, amendment, inspection, measurement, sealed
from floor import until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.web.server import Web


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    bad = inspection("SN2", verdict="fail", measurements=(measurement("bore", "74.063", "fail"), measurement("depth")))
    records = sealed(
        [inspection("SN1"), bad, amendment("pc1/abcdefgh/1"), *(inspection(text, lot=None) for text in NASTY)]
    )
    made = Pages(tmp_path, records)
    yield made
    made.close()


def test_a_serial_is_found_and_its_history_shows_limits_seal_and_amendment(pages: Pages) -> None:
    found = pages.ask("/search", {"q": "SN1"})
    assert found.status_code == 200
    assert "/history?id=SN1&amp;kind=serial" in found.text
    page = pages.ask("/history", {"id": "SN1", "kind": "serial"})
    assert page.status_code == 200
    for word in ("74.010", "73.950", "74.050", "G-0017", "PASS", "label mixed up", "QE-3", "CP-1001", "pc1/abcdefgh/1"):
        assert word in page.text
    assert "+01:00" in page.text, "the time on the station's wall"


def test_a_lot_leads_to_its_units(pages: Pages) -> None:
    page = pages.ask("/search", {"q": "L7"}).text
    assert "found as lot" in page
    assert "/history?id=SN1&amp;kind=serial" in page
    assert "/history?id=SN2&amp;kind=serial" in page


@pytest.mark.parametrize("serial", NASTY)
def test_a13_a_nasty_serial_is_literal_and_finds_itself_alone(pages: Pages, serial: str) -> None:
    before = pages.count()
    for path in ("/search", "/history"):
        page = pages.ask(path, {"q": serial, "id": serial})
        assert page.status_code == 200
        assert html.escape(serial, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page.text
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "SN2" not in page.text
    answer = pages.ask("/api/trace", {"id": serial}).json()
    assert [one["serial"] for one in answer["inspections"]] == [serial]
    assert pages.count() == before


@pytest.mark.parametrize("bad", ["SN1\n", "SN\r\n1", "SN\x001", "\x1b[2J", "x" * 201, "e\u0301"])
def test_what_can_be_no_identifier_is_refused_with_the_reason(pages: Pages, bad: str) -> None:
    for path in ("/search", "/history", "/api/trace"):
        answer = pages.ask(path, {"q": bad, "id": bad})
        assert answer.status_code == 400
        assert "be an identifier" in answer.text
        assert "\x1b" not in answer.text
        assert "\x00" not in answer.text


def test_invisible_signs_in_a_serial_are_shown(tmp_path: Path) -> None:
    """A right-to-left override would turn SN-1 into 1-NS for the reader; he sees that it is there."""
    pages = Pages(tmp_path, sealed([inspection("SN\u202e1")]))
    page = pages.ask("/history", {"id": "SN\u202e1"})
    assert page.status_code == 200
    assert "\u202e" not in page.text
    assert "SN\\u202e1" in page.text
    pages.close()


def test_an_unknown_identifier_gets_one_sentence(pages: Pages) -> None:
    assert "Nothing is known of" in pages.ask("/search", {"q": "SN404"}).text
    page = pages.ask("/history", {"id": "SN404"})
    assert page.status_code == 404
    assert "Nothing is known of" in page.text
    assert pages.ask("/api/trace", {"id": "SN404"}).status_code == 404


def test_an_altered_record_is_shown_as_one_that_cannot_be_believed(pages: Pages) -> None:
    db = sqlite3.connect(pages.path)
    db.execute("UPDATE record SET data = CAST(replace(CAST(data AS TEXT), '74.010', '74.011') AS BLOB) WHERE seq = 1")
    db.commit()
    db.close()
    page = pages.ask("/history", {"id": "SN1"})
    assert page.text.count("T BE BELIEVED") == 2, "in its place, and as the last word on the part"
    assert "74.011" not in page.text
    assert "✓</b> PASS" not in page.text


def test_a_store_that_is_down_is_said_and_found_again(pages: Pages, tmp_path: Path) -> None:
    good = pages.path.read_bytes()
    pages.path.write_bytes(b"this is no database, whatever it may have been before")
    page = pages.ask("/search", {"q": "SN1"})
    assert page.status_code == 503
    assert "can&#39;t answer" in page.text
    assert pages.ask("/api/trace", {"id": "SN1"}).json()["error"].startswith("the store can't answer")
    pages.path.write_bytes(good)
    assert pages.ask("/history", {"id": "SN1"}).status_code == 200


def test_set_aside_shows_bytes_as_escapes(pages: Pages) -> None:
    pages.put_aside(b"bore=74.0?2\x00\r\n<b>\xff", "not a wire line: <i>it</i>")
    for path in ("/set-aside", "/set-aside/1"):
        page = pages.ask(path)
        assert page.status_code == 200
        assert "bore=74.0?2\\x00\\r\\n&lt;b&gt;\\xff" in page.text
        assert "&lt;i&gt;it&lt;/i&gt;" in page.text
    assert pages.ask("/set-aside/2").status_code == 404


def test_verify_runs_beside_and_names_what_is_broken(pages: Pages) -> None:
    assert pages.press("/verify").status_code == 303
    until(lambda: "Nothing is missing or altered" in pages.ask("/verify").text, "the result shows")
    db = sqlite3.connect(pages.path)
    db.execute("DELETE FROM record WHERE seq = 2")
    db.commit()
    db.close()
    pages.press("/verify")
    until(lambda: "Something is missing or altered" in pages.ask("/verify").text, "the loss shows")
    assert pages.ask("/api/verify").json()["proof"]["ok"] is False


def test_a_long_verification_tells_how_far_it_is_and_a_second_waits_for_it(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = SqliteStore.rows

    def rows(self: SqliteStore, agent: str, epoch: str, branch: str = "") -> Iterator[Row]:
        for number, row in enumerate(real(self, agent, epoch, branch)):
            if number == 5:
                assert goes_on.wait(60)
            yield row

    monkeypatch.setattr(SqliteStore, "rows", rows)
    monkeypatch.setattr("gaugetrail_collector.evidence.chain.OUT_OF_PLACE", 0)
    pages.press("/verify")
    until(lambda: "5 records proven so far" in pages.ask("/verify").text, "it says how far it is")
    assert pages.press("/verify").status_code == 303
    assert not pages.facts.verifying.begin(), "one at a time"
    assert "SN1" in pages.ask("/history", {"id": "SN1"}).text, "other questions are answered meanwhile"
    goes_on.set()
    until(lambda: "Nothing is missing or altered" in pages.ask("/verify").text, "the result shows")


def test_the_line_says_when_it_shows_only_a_share(pages: Pages) -> None:
    """The broker hands each record to one of the collectors."""
    for name in ("collector-1", "collector-2"):
        assert "share the work" not in pages.ask("/").text
        document = CollectorStatus(online=True, collector=name, store="up")
        pages.neighbours.hear(topics.collector_status(name), document.model_dump_json().encode())
    assert "those that collector-1 has stored" in pages.ask("/").text


def test_the_api_is_described_and_no_page_draws_on_a_foreign_server(pages: Pages) -> None:
    description = pages.ask("/openapi.json").json()
    assert {"/api/line", "/api/services", "/api/trace", "/api/verify"} <= set(description["paths"])
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert pages.ask(path).status_code == 404
    for path in ("/", "/search", "/set-aside", "/verify", "/services"):
        page = pages.ask(path).text
        assert "http://" not in page
        assert "https://" not in page
        assert "style=" not in page
        assert "javascript:" not in page
        assert page.count("<script") == page.count('<script src="/static/console.js" defer></script>') == 1


def test_live_pages_end_at_once_when_the_collector_stops(
    pages: Pages, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A screen on the wall is always connected; it must hold up no restart and leave no traceback."""
    web = Web("console", pages.app, "127.0.0.1", 0, tmp_path / "console.port", pages.facts.close)
    web.start()
    port = int(
        str(until(lambda: (path := tmp_path / "console.port").exists() and path.read_text(), "it says its port"))
    )
    screens = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(3)]
    for screen in screens:
        screen.request("GET", "/live/line")
        answer = screen.getresponse()
        assert answer.status == 200
        assert answer.readline().startswith(b"data: ")
        screen.answer = answer  # type: ignore[attr-defined]
    web.stop()
    for screen in screens:
        screen.answer.read()  # type: ignore[attr-defined]
        screen.close()
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
PATHS = st.one_of(
    st.sampled_from(["/", "/search", "/history", "/set-aside", "/verify", "/services", "/api/line", "/api/trace"]),
    st.builds(lambda head, tail: f"/{head}/{tail}", st.sampled_from(["set-aside", "static", "api", "live", ""]), TEXT),
    st.builds(lambda text: f"/{text}", TEXT),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=PATHS,
    query=st.dictionaries(st.sampled_from(["q", "id", "kind", "after", "x"]), TEXT, max_size=3),
    method=st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]),
)
def test_any_question_gets_an_answer_and_never_a_fault(
    pages: Pages, path: str, query: dict[str, str], method: str
) -> None:
    """Fuzz: no path, query or method ends in a 500, and what comes back always carries the content policy."""
    if path.startswith("/live/") and path.removeprefix("/live/") in ("line", "verify", "services"):
        return  # streams for ever
    quoted = "/" + "/".join(urllib.parse.quote(part, safe="") for part in path.split("/")[1:])
    answer = pages.ask(quoted, query, method=method, headers={"content-length": "0"} if method == "POST" else None)
    assert answer.status_code < 500, (path, query)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
