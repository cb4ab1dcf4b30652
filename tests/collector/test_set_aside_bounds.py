"""How much is set aside at most: a stranger fills no disk, and what an agent was told is always kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gaugetrail_collector.intake.aside import set_aside
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside


@pytest.fixture
def aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SetAside]:
    monkeypatch.setattr(set_aside, "MOST_OF_A_TOPIC", (3, 100))
    monkeypatch.setattr(set_aside, "MOST_OF_ALL", (5, 1000))
    one = SetAside(tmp_path / "set-aside.db")
    one.open()
    yield one
    one.close()


def bad(topic: str, *lines: bytes, told: bool = False) -> list[Entry]:
    return [Entry(topic, raw, "no record", 1, told=told) for raw in lines]


def test_a24_each_topic_has_its_entries_and_all_together_theirs(aside: SetAside) -> None:
    aside.put(bad("a", b"1", b"2", b"3", b"4"))
    assert (aside.count(), aside.refused) == (3, 1)
    aside.put(bad("a", b"5"))
    aside.put(bad("b", b"1") + bad("c", b"1") + bad("d", b"1"))
    assert (aside.count(), aside.refused) == (5, 3)
    assert [entry.topic for entry in aside.entries()] == ["a", "a", "a", "b", "c"]


def test_a_topics_bytes_are_bounded_too(aside: SetAside) -> None:
    aside.put(bad("a", bytes(99), b"12", b"1"))
    assert [len(entry.raw) for entry in aside.entries()] == [99, 1]
    assert aside.refused == 1


def test_what_is_here_already_only_counts_up(aside: SetAside) -> None:
    aside.put(bad("a", b"1", b"2", b"3"))
    aside.put(bad("a", b"1", b"1"))
    assert [entry.times for entry in aside.entries()] == [3, 1, 1]
    assert aside.refused == 0


def test_a24_what_an_agent_was_told_is_kept_and_takes_no_room_from_others(aside: SetAside) -> None:
    aside.put(bad("a", *(b"t%d" % number for number in range(20)), told=True))
    assert (aside.count(), aside.refused) == (20, 0)
    aside.put(bad("a", b"1", b"2", b"3", b"4"))
    assert (aside.count(), aside.refused) == (23, 1)


def test_closing_and_settling_make_room(aside: SetAside) -> None:
    aside.put(bad("a", b"1", b"2", b"3"))
    first, second, _ = aside.entries()
    aside.close_entries([first.id], "QE-1", "a test", 2)
    aside.settled([second.id])
    aside.put(bad("a", b"4", b"5", b"6"))
    assert [entry.raw for entry in aside.entries()] == [b"3", b"4", b"5"]
    assert aside.refused == 1


def test_a_flood_is_said_once(aside: SetAside, caplog: pytest.LogCaptureFixture) -> None:
    aside.put(bad("a", *(b"%d" % number for number in range(50))))
    assert caplog.text.count("as much is set aside as may be, from a or in all") == 1
    assert aside.refused == 47
