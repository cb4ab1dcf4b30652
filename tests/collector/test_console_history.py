"""Search and history over many records: by gauge and time, page by page, and a unit's family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from console_floor import T0, Pages, inspection, own_status, sealed
from floor import until
from samples import full_amendment, full_event, full_inspection

from gaugetrail_collector.console.board import Board
from gaugetrail_collector.console.history import PAGE_OF_RECORDS
from gaugetrail_collector.console.questions import remember
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import utc_text

UNITS = 2 * PAGE_OF_RECORDS + 30


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    units = [inspection(f"SN{number:04d}", heat="H-1") for number in range(UNITS)]
    engine = inspection("ENG-1", lot=None, components=("SN0001", "SN0002"))
    made = Pages(tmp_path_factory.mktemp("console"), sealed([*units, engine]))
    yield made
    made.close()


@pytest.mark.parametrize(("path", "key"), [("/search", "q"), ("/history", "id")])
def test_a_big_lot_comes_page_by_page_and_each_unit_once(pages: Pages, path: str, key: str) -> None:
    seen: list[str] = []
    page = pages.ask(path, {key: "L7"}).text
    for _ in range(10):
        seen += sorted(set(re.findall(r'href="/history\?id=(SN[0-9]+)&amp;kind=serial"', page)))
        further = re.search(rf'href="({path}\?[^"]*after=[^"]+)"', page)
        if further is None:
            break
        page = pages.ask(unescape(further[1])).text
    assert seen == [f"SN{number:04d}" for number in range(UNITS)]


def test_a_gauge_leads_to_what_was_measured_with_it(pages: Pages) -> None:
    page = pages.ask("/search", {"q": "G-0017"}).text
    assert "found as gauge" in page
    assert "SN0001" in page


def test_a_time_narrows_the_question_and_a_malformed_one_gets_a_sentence(pages: Pages) -> None:
    since = utc_text(T0 + (UNITS - 1) * 1_000_000)[:19]
    page = pages.ask("/search", {"q": "L7", "since": since}).text
    assert "2 records" in page
    assert "SN0001" not in page
    for wrong in ("yesterday", "2026-13-01", "9" * 60):
        answer = pages.ask("/search", {"q": "L7", "since": wrong})
        assert answer.status_code == 400
        assert "is no time" in answer.text
    answer = pages.ask("/history", {"id": "L7", "after": "nowhere"})
    assert answer.status_code == 400
    assert "no place in an answer" in answer.text


def test_a_units_family_stands_on_its_history(pages: Pages) -> None:
    engine = pages.ask("/history", {"id": "ENG-1"}).text
    made_from = engine.partition("Made from")[2]
    for part in ("SN0001", "SN0002"):
        assert part in made_from
    for kind in ("serial", ""):
        piston = pages.ask("/history", {"id": "SN0002", "kind": kind}).text
        made_from, _, went_into = piston.partition("Made from")[2].partition("Went into")
        assert "L7" in made_from
        assert "H-1" in made_from
        assert "ENG-1" in went_into


def test_a_unit_of_a_big_lot_costs_no_walk_through_the_lot(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the store is asked for is bounded, whatever the lot holds."""
    asked: list[Asked | None] = []
    real = SqliteStore.search

    def search(self: SqliteStore, term: Asked | None, *rest: object) -> Iterator[Row]:
        asked.append(term)
        return real(self, term, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteStore, "search", search)
    assert pages.ask("/history", {"id": "SN0002", "kind": "serial"}).status_code == 200
    agents = [term for term in asked if term is not None and term.kind == "agent"]
    assert [term for term in asked if term not in agents] == [Asked("serial", "SN0002"), Asked("component", "SN0002")]
    assert agents == [Asked("agent", "pc1")] * 2, "what the agent tells of its epochs, once for each answer"


def test_the_api_answers_page_by_page_too(pages: Pages) -> None:
    first = pages.ask("/api/trace", {"id": "L7"}).json()
    assert len(first["inspections"]) == PAGE_OF_RECORDS
    second = pages.ask("/api/trace", {"id": "L7", "after": first["next"]}).json()
    assert second["inspections"][0]["serial"] == f"SN{PAGE_OF_RECORDS:04d}"


def test_a_board_that_has_just_started_remembers_the_last_half_hour(pages: Pages) -> None:
    board = Board(lambda: T0, Neighbours(lambda: T0), own_status)
    remember(lambda: SqliteStore(pages.path), T0 + (UNITS - 5) * 1_000_000, board.take_stored)
    until(lambda: board.view().stations and len(board.view().stations[0].looks) == 7, "the last seven units show")
    assert board.view().stations[0].looks[0].unit == "ENG-1"


def test_a_history_shows_what_the_second_schema_brought(tmp_path: Path) -> None:
    """Of the inspection, its measurements, and the events that name the unit among several subjects."""
    one = Pages(tmp_path, sealed([full_inspection(), full_event(), full_amendment()]))
    page = unescape(one.ask("/history", {"id": "SN000001", "kind": "serial"}).text)
    one.close()
    for words in (
        *("M-3", "hold", "ACME", "who QE-3, why first piece after repair", "temperature", "Order line"),
        *("class CC", "version 7", "rule nelson-2", "edge B", "plan_changed", "torn label", "label.jpg", "8D-2026-4"),
    ):
        assert words in page, words
