"""Agents may be updated before their collector: every record ends in the store, and the collector says it is old."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from made import chain, opened
from places import Place
from samples import full_amendment, full_event, full_inspection

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.intake.retry import retry
from gaugetrail_collector.intake.set_aside import SetAside
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.sqlite import SqliteStore
from gaugetrail_collector.tracing.trace import trace
from gaugetrail_contract import record_bytes, topics
from gaugetrail_contract.seal import Opened, Sealed, seal_of

AGENT = "line1-pc1"
TOPIC = topics.records(AGENT)


def newer(one: Opened) -> Sealed:
    """The record as an agent of tomorrow writes it."""
    record = json.loads(one.sealed.data) | {"colour": "red", "axes": [{"x": 1}]}
    data = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return Sealed(seal_of(data), data)


@pytest.fixture
def aside(tmp_path: Path) -> SetAside:
    made = SetAside(tmp_path / "set-aside.db")
    made.open()
    return made


class Bench:
    """A store and a list with what stands before and behind them."""

    def __init__(self, store: Store, aside: SetAside) -> None:
        self.account = Account(lambda: 1)
        self._storing = Storing(store, aside, lambda: 1)

    def take(self, *lines: bytes) -> None:
        self.account.confirm(self._storing.store_all([decode(Message(TOPIC, b"\n".join(lines), 1))]))


def test_records_with_unknown_keys_are_stored_and_said_once(
    place: Place, aside: SetAside, caplog: pytest.LogCaptureFixture
) -> None:
    """In every store, with their bytes; found by what is known of them."""
    store = place.opened(place.store())
    bench = Bench(store, aside)
    lines = [newer(one) for one in chain(3)]
    with caplog.at_level(logging.WARNING):
        bench.take(*[one.line() for one in lines[:2]])
        bench.take(lines[2].line())
    assert store.count() == 3
    assert aside.entries() == []
    assert [lines[1].data] == [row.data for row in store.find("SN000002", "serial")]
    assert [one.as_json()["colour"] for one in trace(store, "SN000003").inspections] == ["red"]
    said = [one for one in caplog.records if getattr(one, "event", "") == "newer_agent"]
    assert len(said) == 1
    assert "line1-pc1" in said[0].getMessage()
    assert "colour" in said[0].getMessage()
    assert bench.account.newer == {AGENT: ("colour", "axes")}


def test_what_this_version_knows_is_no_news(place: Place, aside: SetAside) -> None:
    """Every key of today's schema, in every store."""
    store = place.opened(place.store())
    bench = Bench(store, aside)
    bodies = (full_inspection(), full_event(), full_amendment())
    bench.take(*[opened(seq, body=body).sealed.line() for seq, body in enumerate(bodies, 1)])
    assert store.count() == 3
    assert bench.account.newer == {}
    for kind, identifier in (("component", "C-2"), ("lot", "L-55"), ("customer", "ACME"), ("operator", "OP-13")):
        assert [row.seq for row in store.find(identifier, kind)] == [1]
    assert [row.seq for row in store.find("8D-2026-4", "complaint")] == [2, 3]


def test_a_schema_that_is_not_known_yet_waits_for_the_update(
    tmp_path: Path, aside: SetAside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector of yesterday sets today's records aside; the updated one takes them from there."""
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    one = opened(1)
    with monkeypatch.context() as yesterday:
        first = {start: decoder for start, decoder in record_bytes._DECODERS.items() if b"gaugetrail/1" in start}
        yesterday.setattr(record_bytes, "SCHEMAS", ("gaugetrail/1",))
        yesterday.setattr(record_bytes, "_DECODERS", first)
        Bench(store, aside).take(one.sealed.line())
        assert store.count() == 0
        assert "unknown schema 'gaugetrail/2'" in aside.entries()[0].reason
        assert retry(store, aside, aside.entries(), None).settled == []
    assert len(retry(store, aside, aside.entries(), None).settled) == 1
    assert [one.sealed.data] == [row.data for row in store.find("SN000001", "serial")]
    store.close()
