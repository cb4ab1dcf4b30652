"""What is refused of documents as events: at once, counted, never a flood, and never lost to a full spool."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from gaugetrail_agent.documents import refused_words
from gaugetrail_agent.documents.refused_words import HOUR_NS, RefusedWords, seal_refused
from gaugetrail_agent.spool.words import Origin
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.record import EventBody


def told(words: RefusedWords, *, the_rest: bool = False) -> list[tuple[str, tuple[str, ...], int]]:
    return [(one.cause, one.documents, one.count) for one in words.due(the_rest=the_rest)]


def test_the_first_of_a_cause_and_its_documents_is_told_at_once_and_the_others_an_hour_later() -> None:
    clock = FixedClock()
    words, start = RefusedWords(clock), clock.us
    words.note("other_text", "the first", ("CP-1",))
    words.note("other_text", "another", ("CP-2",))
    assert told(words) == [("other_text", ("CP-1",), 1), ("other_text", ("CP-2",), 1)]
    for number in range(3):
        clock.us = start + number
        words.note("other_text", f"again {number}", ("CP-1",))
    assert told(words) == []
    clock.mono += HOUR_NS
    (one,) = words.due()
    assert one.event().written() == {
        "cause": "other_text",
        "reason": "again 2",
        "count": 3,
        "since": utc_text(start),
        "documents": ["CP-1"],
    }
    assert told(words) == []


def test_what_has_gathered_is_told_when_the_agent_stops() -> None:
    words = RefusedWords(FixedClock())
    for _ in range(3):
        words.note("older_list", "it goes back")
    assert told(words) == [("older_list", (), 3)]
    words.note("older_list", "it goes back")
    assert (told(words), told(words, the_rest=True), told(words, the_rest=True)) == ([], [("older_list", (), 1)], [])


def test_many_documents_are_counted_together_and_memory_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(refused_words, "MOST_KEYS", 3)
    words = RefusedWords(FixedClock())
    for number in range(1000):
        words.note("other_text", "it is another", (f"CP-{number}",))
    assert told(words) == [("other_text", (f"CP-{number}",), 1) for number in range(3)] + [("other_text", (), 997)]


class FullSpool:
    """Takes nothing, then everything."""

    def __init__(self) -> None:
        self.full = True
        self.taken: list[EventBody] = []

    def append(self, body: EventBody) -> Future[object]:
        done: Future[object] = Future()
        if self.full:
            done.set_exception(RuntimeError("full"))
        else:
            self.taken.append(body)
            done.set_result(None)
        return done


class Keeper:
    def __init__(self, words: RefusedWords) -> None:
        self.refused_words = words.due
        self.put_back = words.put_back


def test_what_a_full_spool_refuses_counts_on_and_is_written_when_it_has_room() -> None:
    clock, spool = FixedClock(), FullSpool()
    words, start = RefusedWords(clock), clock.us
    words.note("other_key", "somebody imitates it")
    seal_refused(Keeper(words), spool, Origin("pc1", "s", "l"))  # type: ignore[arg-type] # as much of a spool as it asks
    clock.us += 5
    words.note("other_key", "somebody imitates it again")
    spool.full = False
    seal_refused(Keeper(words), spool, Origin("pc1", "s", "l"))  # type: ignore[arg-type] # the same
    (body,) = spool.taken
    assert (body.type, body.subject.kind, body.subject.id, body.line) == ("document.refused", "agent", "pc1", "l")
    assert (body.payload["count"], body.payload["since"]) == (2, utc_text(start))
    assert body.payload["reason"] == "somebody imitates it again"
    assert told(words) == []
