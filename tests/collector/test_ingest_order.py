"""The order that everything rests on: commit, then receipt, then acknowledgement; nothing at all until the commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from made import chain, twin

from gaugetrail_collector import config as configuration
from gaugetrail_collector.app import Collector
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAsideFull
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.stores import Doubt, Outcome, StoreDown
from gaugetrail_contract import topics
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.seal import Opened

TOPIC = topics.records("line1-pc1")


class Line:
    """What happened, in order, seen from outside: by the store, the broker and the set-aside list."""

    def __init__(self, collector: Collector) -> None:
        self.events: list[str] = []
        self.failures: list[Exception] = []
        self.aside_failures: list[Exception] = []
        self._write = collector.store.write
        self._put = collector.set_aside.put
        collector.store.write = self.write  # type: ignore[method-assign]
        collector.set_aside.put = self.put  # type: ignore[method-assign]
        collector.subscriber.publish_receipt = self.receipt  # type: ignore[method-assign]
        collector.subscriber.acknowledge = self.acknowledge  # type: ignore[method-assign]

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[Outcome]:
        if self.failures:
            self.events.append("store fails")
            raise self.failures.pop(0)
        outcomes = self._write(batch, vouched=vouched, doubt=doubt)
        self.events.append(f"committed {len(batch)}")
        return outcomes

    def put(self, entries: Sequence[Entry]) -> None:
        kept = list(entries)
        if kept and self.aside_failures:
            self.events.append("set aside fails")
            raise self.aside_failures.pop(0)
        self._put(kept)
        if kept:
            self.events.append(f"set aside {len(kept)}")

    def receipt(self, agent: str, receipt: Receipt) -> None:
        self.events.append(f"receipt {agent} {[list(part[:2]) for part in receipt.stored]}")

    def acknowledge(self, messages: Iterable[Message]) -> None:
        self.events += [f"ack {message.token}" for message in messages]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """A whole collector over SQLite, without a broker."""
    path = tmp_path / "collector.toml"
    path.write_text('id = "c"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    made = Collector(configuration.load(path, {}))
    made.set_aside.open()
    made.keys.open()
    made.store.open()
    yield made
    made.store.close()
    made.keys.close()
    made.set_aside.close()


def message(token: int, *records: Opened, more: bytes = b"") -> Message:
    lines = [one.sealed.line() for one in records] + ([more] if more else [])
    return Message(TOPIC, b"\n".join(lines), token)


def test_receipts_follow_the_commit_and_acknowledgements_the_receipts(collector: Collector) -> None:
    line = Line(collector)
    records = chain(5)
    collector._finish([decode(message(1, *records[:3])), decode(message(2, *records[3:], more=b"garbage"))])
    assert line.events == ["committed 5", "set aside 1", "receipt line1-pc1 [[1, 5]]", "ack 1", "ack 2"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_store_that_is_down_gets_the_same_batch_again(collector: Collector, times: int) -> None:
    """Nothing is receipted, acknowledged or dropped meanwhile."""
    line = Line(collector)
    line.failures = [StoreDown("it is down")] * times
    collector._finish([decode(message(1, *chain(2)))])
    assert line.events == ["store fails"] * times + ["committed 2", "receipt line1-pc1 [[1, 2]]", "ack 1"]
    assert collector.store.count() == 2
    assert collector.status().store == "up"


def test_a_set_aside_list_that_is_full_holds_the_batch_back(collector: Collector) -> None:
    """What can't be kept may not be acknowledged; the records of the same batch are written again, harmlessly."""
    line = Line(collector)
    line.aside_failures = [SetAsideFull("no space left on device")]
    collector._finish([decode(message(1, *chain(2), more=b"garbage"))])
    assert line.events == [
        "committed 2",
        "set aside fails",
        "committed 2",
        "set aside 1",
        "receipt line1-pc1 [[1, 2]]",
        "ack 1",
    ]
    assert collector.store.count() == 2
    assert collector.set_aside.count() == 1


def test_a_stop_in_the_middle_of_an_outage_confirms_nothing(collector: Collector) -> None:
    line = Line(collector)
    line.failures = [StoreDown("it is down")] * 100
    collector.stop()
    collector._finish([decode(message(1, *chain(2)))])
    assert set(line.events) == {"store fails"}


def test_the_status_says_that_the_store_is_down_and_why(collector: Collector) -> None:
    line = Line(collector)
    line.failures = [StoreDown("InfluxDB at http://influx:8086 doesn't answer")] * 100
    collector.stop()
    collector._finish([decode(message(1, *chain(2)))])
    assert collector.status().store == "down"
    assert "http://influx:8086 doesn't answer" in collector.status().store_detail


def test_poison_is_acknowledged_once_it_is_kept(collector: Collector) -> None:
    """A message without a single good line doesn't stand at the head of the stream for ever."""
    line = Line(collector)
    collector._finish([decode(Message(TOPIC, b"\x00\xff not a record", 1)), decode(message(2, *chain(1)))])
    assert line.events == ["committed 1", "set aside 1", "receipt line1-pc1 [[1, 1]]", "ack 1", "ack 2"]
    (entry,) = collector.set_aside.entries()
    assert entry.raw == b"\x00\xff not a record"


def test_a_fork_is_acknowledged_and_never_receipted(collector: Collector) -> None:
    line = Line(collector)
    pair = twin(1)
    collector._finish([decode(message(1, pair.first))])
    collector._finish([decode(message(2, pair.other))])
    assert line.events[-2:] == ["set aside 1", "ack 2"]
    assert collector.status().forks == 1
