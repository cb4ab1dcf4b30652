"""Batches: every message once, in order, never more than one ahead, no waiting where there is nothing to wait for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from floor import until
from made import chain

from gaugetrail_collector.intake.batches import Batches
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.receiving.inbox import Inbox
from gaugetrail_contract import topics
from gaugetrail_contract.seal import Opened

TOPIC = topics.records("line1-pc1")


def messages(count: int, records: int = 1) -> list[Message]:
    lines = [one.sealed.line() for one in chain(count * records)]
    parts = [lines[at : at + records] for at in range(0, len(lines), records)]
    return [Message(TOPIC, b"\n".join(part), number) for number, part in enumerate(parts)]


def as_it_is(opened: Opened) -> Opened:
    return opened


@contextmanager
def taking(incoming: Inbox, prepare=as_it_is, *, max_points: int = 5000, max_secs: float = 0.05) -> Iterator[Batches]:
    batches = Batches(incoming, prepare, max_points=max_points, max_secs=max_secs)
    batches.start()
    try:
        yield batches
    finally:
        batches.stop()


def take(batches: Batches) -> list[int]:
    """The tokens of the next batch."""
    batch = until(lambda: batches.next(0.05), "a batch")
    assert isinstance(batch, list)
    return [decoded.message.token for decoded in batch]


def test_every_message_comes_once_and_in_order() -> None:
    incoming = Inbox()
    for message in messages(200):
        incoming.put(message)
    taken: list[int] = []
    with taking(incoming, max_points=40) as batches:
        while len(taken) < 200:
            taken += take(batches)
        assert batches.next(0.01) is None
    assert taken == list(range(200))


def test_a_lone_message_goes_at_once() -> None:
    """It isn't held back for company: the limit on waiting here is an hour."""
    incoming = Inbox()
    with taking(incoming, max_secs=3600) as batches:
        incoming.put(messages(1)[0])
        assert take(batches) == [0]


def test_a_batch_grows_while_the_store_is_busy() -> None:
    """Nobody calls `next`: what arrives meanwhile is one batch, however slowly it comes."""
    incoming = Inbox()
    seen = threading.Semaphore(0)

    def prepare(opened: Opened) -> Opened:
        seen.release()
        return opened

    with taking(incoming, prepare) as batches:
        for message in messages(20):
            incoming.put(message)
            assert seen.acquire(timeout=20)
        assert take(batches) == list(range(20))


def test_an_idle_store_gets_the_first_part_of_a_load_while_the_rest_is_taken() -> None:
    """It isn't kept waiting for a full batch: a tenth of one is worth a write."""
    incoming = Inbox()
    held = threading.Event()

    def prepare(opened: Opened) -> Opened:
        assert opened.record.seq <= 10 or held.wait(20), "the rest comes when the first part is out"
        return opened

    first: list[int] = []
    with taking(incoming, prepare, max_points=400, max_secs=3600) as batches:

        def idle_store() -> None:
            first.extend(decoded.message.token for decoded in batches.next(20) or ())

        store = threading.Thread(target=idle_store, daemon=True)
        store.start()
        until(lambda: batches.waited_for, "the store is idle")
        for message in messages(100):
            incoming.put(message)
        store.join(20)
        held.set()
    assert first == list(range(10))


def test_no_more_than_one_full_batch_is_taken_ahead() -> None:
    """While the store is down everything else stays with the broker."""
    incoming = Inbox()
    for message in messages(100):
        incoming.put(message)
    with taking(incoming, max_points=20) as batches:
        until(lambda: incoming.qsize() <= 90, "the first batch is taken")
        assert len(take(batches)) == 5
        until(lambda: incoming.qsize() <= 90, "the next ones are ahead")
        assert incoming.qsize() >= 100 - 3 * 5


def test_records_are_prepared_before_their_turn() -> None:
    incoming = Inbox()
    prepared: list[int] = []

    def prepare(opened: Opened) -> Opened:
        prepared.append(opened.record.seq)
        return opened

    with taking(incoming, prepare) as batches:
        incoming.put(messages(1, 3)[0])
        take(batches)
    assert prepared == [1, 2, 3]


def test_a_failure_while_taking_is_not_silence() -> None:
    """What should never be is raised where it is noticed, not swallowed by a thread."""
    incoming = Inbox()

    def prepare(opened: Opened) -> Opened:
        raise ZeroDivisionError

    with taking(incoming, prepare) as batches:
        incoming.put(messages(1)[0])
        with pytest.raises(ZeroDivisionError):
            until(lambda: batches.next(0.05), "the failure")


def test_stopping_waits_for_nobody() -> None:
    """A batch that nobody takes doesn't hold the end up; its messages come again from the agents."""
    incoming = Inbox()
    for message in messages(100):
        incoming.put(message)
    with taking(incoming, max_points=20):
        until(lambda: incoming.qsize() <= 90, "a batch waits")
