"""A person lets a set-aside entry be: off the list and the count, kept with name and reason, never asked for again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from console_floor import T0, Pages

from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside

RECORD = Entry("gaugetrail/v1/pc1/records", b"x", "fork: …", T0, "pc1", "abcdefgh", 4, "ab" * 32, told=True)
NOISE = Entry("gaugetrail/v1/pc1/records", b"noise", "not a wire line", T0)


@pytest.fixture
def aside(tmp_path: Path) -> Iterator[SetAside]:
    made = SetAside(tmp_path / "data" / "set-aside.db")
    made.open()
    made.put([NOISE, RECORD])
    yield made
    made.close()


def test_a_closed_entry_leaves_list_and_count_and_is_kept(aside: SetAside) -> None:
    aside.close_entries([1], "ann", "the painter's test", T0 + 5)
    assert [one.id for one in aside.entries()] == [2]
    assert (aside.count(), aside.count(closed=True)) == (1, 1)
    (closed,) = aside.entries(closed=True)
    assert (closed.raw, closed.closed_us, closed.closed_by, closed.closed_why) == (
        b"noise",
        T0 + 5,
        "ann",
        "the painter's test",
    )
    aside.close_entries([2], "ann", "known", T0 + 6)
    assert aside.newest() is None
    assert aside.numbers("pc1", "abcdefgh") == [4], "its agent was told, so it is no gap"


def test_closed_is_closed_though_it_comes_again_or_is_closed_by_another(aside: SetAside) -> None:
    aside.close_entries([1], "ann", "known", T0 + 5)
    aside.put([NOISE])
    aside.close_entries([1], "bob", "me too", T0 + 9)
    found = aside.get(1)
    assert found is not None
    assert (found.times, found.closed_by, found.closed_us) == (2, "ann", T0 + 5)
    assert aside.count() == 1


def test_a_list_of_before_can_be_closed_from(tmp_path: Path) -> None:
    path = tmp_path / "set-aside.db"
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE entry(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, raw BLOB NOT"
            " NULL, reason TEXT NOT NULL, first_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, agent TEXT,"
            " epoch TEXT, seq INTEGER, sha256 TEXT, told INTEGER NOT NULL DEFAULT 0)"
        )
        db.execute("INSERT INTO entry(digest, topic, raw, reason, first_us) VALUES ('d', 't', x'00', 'why', 1)")
    db.close()
    for _ in range(2):
        made = SetAside(path)
        made.open()
        made.close_entries([1], "ann", "old", 2)
        assert (made.count(), made.count(closed=True)) == (0, 1)
        made.close()


@pytest.mark.usefixtures("aside")
def test_the_command_closes_with_name_and_reason_and_lists_what_is_closed(tmp_path: Path) -> None:
    settings_file(tmp_path)
    code, out, _ = ask(tmp_path, "set-aside", "close", "1", "--by", "ann", "--because", "the painter's test")
    assert (code, out) == (0, "1 entry closed, 1 still on the list; set-aside ls --closed shows them\n")
    assert "noise" not in ask(tmp_path, "set-aside", "export")[1]
    listed = ask(tmp_path, "set-aside", "ls")[1].splitlines()
    assert [line.partition(":")[0] for line in listed] == ["2"]
    (line,) = ask(tmp_path, "set-aside", "ls", "--closed")[1].splitlines()
    assert line.startswith("1: ")
    assert line.endswith("Z by ann: the painter's test")
    told = json.loads(ask(tmp_path, "set-aside", "ls", "--closed", "--json")[1])
    assert (told["closed_by"], told["closed_why"]) == ("ann", "the painter's test")
    assert "what to do: look who else publishes" in ask(tmp_path, "set-aside", "show", "1")[1]


@pytest.mark.usefixtures("aside")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("9", "--by", "ann", "--because", "x"), "there is no entry 9; set-aside ls lists them"),
        (("1", "--by", "", "--because", "x"), "--by: it is empty"),
        (("1", "--by", "ann", "--because", "a\nb"), "--because: it holds the control character U+000A"),
    ],
)
def test_nothing_is_closed_without_name_reason_and_number(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    settings_file(tmp_path)
    code, _, err = ask(tmp_path, "set-aside", "close", *words)
    assert (code, said in err) == (1, True)
    assert len(ask(tmp_path, "set-aside", "ls")[1].splitlines()) == 2


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made = Pages(tmp_path)
    made.put_aside(b"noise")
    yield made
    made.close()


def test_a_user_who_has_logged_on_closes_an_entry_on_its_page(pages: Pages, tmp_path: Path) -> None:
    mine = pages.log_on(tmp_path)
    assert "Close it as ann" in pages.ask("/set-aside/1", headers=mine).text
    answer = pages.press("/set-aside/1/close", {"why": "the painter's <test>"}, **mine)
    assert "Closed by ann on" in answer.text
    assert "the painter&#39;s &lt;test&gt;" in answer.text
    assert pages.set_aside.count() == 0
    listed = pages.ask("/set-aside", headers=mine).text
    assert "Nothing is set aside" in listed
    assert "1 closed" in listed
    assert "closed by ann" in pages.ask("/set-aside?closed=true", headers=mine).text


def test_without_a_reason_or_for_no_entry_nothing_is_closed(pages: Pages, tmp_path: Path) -> None:
    mine = pages.log_on(tmp_path)
    assert "say why: it is empty" in pages.press("/set-aside/1/close", {"why": ""}, **mine).text
    assert pages.press("/set-aside/77/close", {"why": "x"}, **mine).status_code == 404
    assert pages.set_aside.count() == 1


def test_where_nobody_logs_on_nobody_closes(pages: Pages) -> None:
    """A name that isn't known is no name; the page names the command."""
    page = pages.ask("/set-aside/1").text
    assert "gaugetrail-collector set-aside close 1" in page
    assert "Close it as" not in page
    answer = pages.press("/set-aside/1/close", {"why": "because", "user": "ann"})
    assert (answer.status_code, "only a user who has logged on" in answer.text) == (400, True)
    assert pages.set_aside.count() == 1


def test_the_list_shows_the_reason_in_peoples_words_and_exactly(pages: Pages) -> None:
    page = pages.ask("/set-aside").text
    assert "Something that is no Gaugetrail record came where only line PCs write" in page
    assert "not a wire line" in page
