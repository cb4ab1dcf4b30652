"""What people at stations suggested: listed, answered by the office, told to the line until it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from amending_office import made_office
from console_floor import NASTY
from document_office import PaperOffice
from hypothesis import given
from hypothesis import strategies as st
from made import opened
from samples import T0
from small_plant import fill
from test_console_amendments import Amending

from gaugetrail_collector.holds.answers_told import TOLD_US
from gaugetrail_collector.holds.words_known import WordsKnown
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.suggestions.known import Suggestion, fold_suggestions, read_suggestions
from gaugetrail_contract.events.passing_on import SuggestionAnswered, SuggestionAnswerRead, SuggestionMade
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.line_list import hold_pages, open_hold_page
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.record import EventBody, Subject
from gaugetrail_contract.seal import Opened

OFFICE = "collector:c1"


def body(
    said: SuggestionMade | SuggestionAnswered | SuggestionAnswerRead, by: str, line: str = "line1", **more: str
) -> EventBody:
    return EventBody(
        site="plant1",
        line=line,
        station="OP20",
        type=said.TYPE,
        subject=Subject(kind="station", id="OP20"),
        payload=said.written(),
        by=by,
        **more,
    )


def suggested(seq: int, text: str = "more light", line: str = "line1", **about: str) -> Opened:
    return opened(seq, body=body(SuggestionMade.model_validate({"text": text, **about}), "OP-12", line))


def answered(seq: int, made: Opened, text: str = "it comes", agent: str = OFFICE) -> Opened:
    said = SuggestionAnswered(suggestion=made.record.id, text=text, to="OP-12", said="more light")
    return opened(seq, body=body(said, "eva", made.record.line, role="quality engineer"), agent=agent)


def read(seq: int, answer: Opened, made: Opened, agent: str = "line1-pc1") -> Opened:
    said = SuggestionAnswerRead(suggestion=made.record.id, answer=answer.record.id)
    return opened(seq, body=body(said, "OP-12"), agent=agent)


MADE = suggested(1, part="PR-74", plan="CP-1", characteristic="bore", serial="SN1")
ANSWER = answered(2, MADE)
READ = read(3, ANSWER, MADE)


def fold(*records: Opened) -> list[Suggestion]:
    return fold_suggestions(one.record for one in records)


def told(*records: Opened, line: str = "line1", now_us: int = T0 + 10_000) -> list[ListedState]:
    words = WordsKnown()
    for one in records:
        words.add(one.record)
    return list(words.listed(line, now_us))


# --- what the records make


@given(st.permutations([MADE, ANSWER, READ, suggested(4, "a stop"), answered(5, MADE, "it is built in")]))
def test_the_same_records_give_the_same_list_in_any_order(records: list[Opened]) -> None:
    first, second = fold(*records)
    assert [(one.text, one.read_us) for one in first.answers] == [
        ("it comes", READ.record.time_us),
        ("it is built in", None),
    ]
    assert (first.about, second.said.text, second.last) == (
        "part PR-74, plan CP-1, measuring bore, unit SN1",
        "a stop",
        None,
    )
    again = read(6, answered(5, MADE, "it is built in"), MADE)
    assert [one.text for one in told(*records)] == ["it is built in"]
    assert told(*records, again) == []


def test_only_the_office_answers_and_only_the_agent_that_asked_says_it_was_read() -> None:
    forged = answered(2, MADE, agent="line1-pc2")
    assert fold(MADE, forged)[0].answers == ()
    assert told(MADE, forged) == []
    anothers = read(3, ANSWER, MADE, agent="line1-pc2")
    (one,) = fold(MADE, ANSWER, anothers)
    assert one.answers[0].read_us is None
    assert len(told(MADE, ANSWER, anothers)) == 1


def test_the_line_is_told_the_answer_until_it_is_read_or_too_old() -> None:
    (entry,) = told(MADE, ANSWER)
    assert (entry.kind, entry.id, entry.record) == ("answer", MADE.record.id, ANSWER.record.id)
    assert (entry.station, entry.to, entry.by, entry.why, entry.text) == (
        "OP20",
        "OP-12",
        "eva",
        "more light",
        "it comes",
    )
    assert told(MADE, ANSWER, line="line2") == []
    assert told(MADE, ANSWER, READ) == []
    assert len(told(MADE, ANSWER, now_us=ANSWER.record.time_us + TOLD_US - 1)) == 1
    assert told(MADE, ANSWER, now_us=ANSWER.record.time_us + TOLD_US) == []
    words = WordsKnown()
    assert [words.add(one.record) for one in (MADE, ANSWER, ANSWER, READ)] == [False, True, False, True]
    assert (words.count, words.lines()) == (2, {"line1"})


def test_an_answer_on_a_page_is_no_unit_and_no_gauge() -> None:
    pages = hold_pages(told(MADE, ANSWER))
    assert pages is not None
    now = HeldNow.of([one for page in pages for one in open_hold_page(page)], T0)
    assert (now.entries, [one.text for one in now.answers]) == ({}, ["it comes"])


# --- commands


def test_the_quality_office_answers_by_command(tmp_path: Path) -> None:
    office = made_office(tmp_path)
    assert office.good("suggestion", "list") == "nothing is open\n"
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    first, second = suggested(900, part="PR-74"), suggested(901, "a stop for the ring")
    fill(store, [first, second])
    store.close()
    listed = office.good("suggestion", "list")
    assert f"{first.record.id}: 2026-" in listed
    assert "line1 OP20 OP-12: more light (part PR-74)\n" in listed
    said = office.good("suggestion", "answer", "900", "--text", "a lamp is ordered", by="eva")
    assert said.startswith(f"{first.record.id}: answered; OP-12 is shown it at OP20 (record collector:collector-1/")
    assert "more light" not in office.good("suggestion", "list")
    assert "eva: a lamp is ordered (not read yet)" in office.good("suggestion", "list", "--all")
    again = ("suggestion", "answer", "900", "--text", "it hangs")
    for words, by, why in (
        (again, "uwe", "eva has answered it already: a lamp is ordered"),
        (again, "olaf", "olaf answers no suggestions"),
        (("suggestion", "answer", "7", "--text", "no"), "eva", "there is no suggestion 7"),
        (("suggestion", "answer", "901", "--text", "x" * 501), "eva", "501 characters; 500 are allowed"),
    ):
        code, out = office.run(*words, by=by)
        assert (code, why in out, "Traceback" in out) == (1, True, False), out
    office.good(*again, "--again", by="uwe")
    found = [json.loads(line) for line in office.good("suggestion", "list", "--all", "--json").splitlines()]
    assert [[one["text"] for one in each["answers"]] for each in found] == [["a lamp is ordered", "it hangs"], []]
    assert found[0]["answers"][1]["by"] == "uwe"
    assert office.run("suggestion", "answer", "901", "--text", "no", by="eva", password="guessed")[0] == 1
    assert "event: suggestion.answered station OP20" in office.good("trace", first.record.id, "--kind", "record")


# --- the console


@pytest.fixture
def desks(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amending]:
    office = PaperOffice(tmp_path_factory.mktemp("office"))
    office.open()
    made = Amending(tmp_path, office)
    try:
        yield made
    finally:
        made.pages.close()


def test_a_suggestion_is_answered_on_its_page(desks: Amending) -> None:
    store = SqliteStore(desks.path)
    store.open()
    nasty = suggested(900, NASTY[0])
    fill(store, [nasty, suggested(901, "a stop for the ring", plan="CP-1001")])
    store.close()
    page = desks.ask("/suggestions", "eva").text
    assert (page.count(">Answer</a>"), "<script>alert" in page) == (2, False)
    assert "plan CP-1001" in page
    where = {"id": nasty.record.id}
    form = desks.pages.ask("/suggestion", where, headers={"cookie": desks.cookie("eva")}).text
    assert "What OP-12 is shown at OP20" in form
    given = {**where, "seen": "", "text": "<b>it comes</b>"}
    wrong = desks.press("/suggestion", "eva", **given, password="guessed")
    assert (wrong.status_code, "&lt;b&gt;it comes&lt;/b&gt;" in wrong.text, "guessed" in wrong.text) == (
        403,
        True,
        False,
    )
    assert "answers no suggestions" in desks.press("/suggestion", "olaf", **given).text
    done = desks.press("/suggestion", "eva", **given)
    assert (done.status_code, done.text.count(">Answer</a>")) == (200, 1)
    assert "It is answered, and shown at the station" in done.text
    assert "&lt;b&gt;it comes&lt;/b&gt;" in done.text
    late = desks.press("/suggestion", "uwe", **given)
    assert (late.status_code, "Eva has answered it already" in late.text) == (409, True), late.text
    found = desks.ask("/api/suggestions", "uwe").json()
    assert [one["text"] for one in found["open"]] == ["a stop for the ring"]
    (answer,) = found["answered"][0]["answers"]
    assert (answer["text"], answer["by"], answer["read_us"]) == ("<b>it comes</b>", "eva", None)
    again = desks.press("/suggestion", "uwe", **{**given, "seen": answer["record"], "text": "it is here"})
    assert "it is here" in again.text
    assert desks.ask("/suggestion?id=none", "eva").status_code == 404
    store.open()
    assert [len(one.answers) for one in read_suggestions(store)] == [2, 0]
    store.close()


def test_who_may_not_answer_is_told_so_before(desks: Amending) -> None:
    store = SqliteStore(desks.path)
    store.open()
    fill(store, [suggested(900)])
    store.close()
    page = desks.ask("/suggestion?id=900", "olaf").text
    assert "Olaf answers no suggestions" in page
    assert "<form class" not in page.partition("</nav>")[2].replace('<form class="quick"', "").replace(
        '<form class="off"', ""
    )
