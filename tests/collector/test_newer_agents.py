"""Agents may be updated before their collector: every record ends in the store, and the collector says it is old."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from made import chain, opened
from places import Place
from rich.console import Console
from samples import full_amendment, full_event, full_inspection

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing import record_rows, trace_tables
from gaugetrail_collector.tracing.genealogy import Thing, links_of
from gaugetrail_collector.tracing.trace import Known, Page, read, trace
from gaugetrail_contract import topics
from gaugetrail_contract.record import reading
from gaugetrail_contract.seal import Opened, Sealed, seal_of

AGENT = "line1-pc1"
BODIES = (full_inspection(), full_event(), full_amendment())
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
    bench.take(*[opened(seq, body=body).sealed.line() for seq, body in enumerate(BODIES, 1)])
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
        first = {start: decoder for start, decoder in reading._DECODERS.items() if b"gaugetrail/1" in start}
        yesterday.setattr(reading, "SCHEMAS", ("gaugetrail/1",))
        yesterday.setattr(reading, "_DECODERS", first)
        Bench(store, aside).take(one.sealed.line())
        assert store.count() == 0
        assert "unknown schema 'gaugetrail/2'" in aside.entries()[0].reason
        assert retry(store, aside, aside.entries(), None).settled == []
    assert len(retry(store, aside, aside.entries(), None).settled) == 1
    assert [one.sealed.data] == [row.data for row in store.find("SN000001", "serial")]
    store.close()


SAID = {
    "machine": "M-3",
    "operation": "OP20",
    "shift": "late",
    "customer": "ACME",
    "order_line": "10",
    "verifier": "OP-13",
    "bypass": "BP-9",
    "unit_state": "hold",
    "again_reason": "fixture was dirty",
    "plan_title": "Bores of the housing",
    "plan_effective": "2026-09-01",
    "class": "CC",
    "requirement": "drawing",
    "plausible_low": "0",
    "plausible_high": "100.0",
    "lsl_kind": "specification",
    "usl_kind": "natural",
    "lcl": "73.98",
    "cl": "74.00",
    "ucl": "74.02",
    "control_version": "7",
    "subgroup": "SG-12",
    "subgroup_position": "2",
    "subgroup_size": "5",
    "skipped": "gauge at the calibration laboratory",
    "gauge_check": "GC-4711",
    "certificate": "CERT 2026/17",
    "typed_twice": "yes",
    "uncertainty": "0.0021",
}


def test_every_key_has_its_column() -> None:
    """Plain ones as text, the others as JSON; a record without them has empty cells."""
    full = opened(1, body=full_inspection())
    row, other = record_rows.rows([known(full)], [])
    assert SAID.items() <= row.items()
    parts = {
        name: json.loads(row[name]) for name in ("override", "conditions", "route", "built_in", "signals", "found")
    }
    assert json.loads(full.sealed.data)["built_in"] == parts["built_in"]
    assert parts["signals"] == [{"rule": "nelson-2", "limits": "7"}]
    assert set(row) <= set(record_rows.COLUMNS)
    (empty,) = record_rows.rows([known(opened(2, measurements=()))], [])
    assert {""} == {empty.get(name, "") for name in SAID}
    assert other["class"] == ""


def test_a_person_reads_every_key_of_a_trace() -> None:
    page = Page(tuple(known(opened(seq, body=body)) for seq, body in enumerate(BODIES, 1)), (), None)
    out = Console(file=io.StringIO(), width=4000, markup=False)
    for shown in trace_tables.tables(page):
        out.print(shown)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    for value in (
        *(one for name, one in SAID.items() if name != "typed_twice"),
        "8D-2026-4",
        "label.jpg",
        "torn label",
    ):
        assert value in text, value


def known(one: Opened) -> Known:
    return read(Row(one.agent, one.epoch, one.seq, one.sealed.sha256, one.sealed.data, one.time_us))


def test_a_lot_that_was_built_in_leads_to_the_assembly() -> None:
    links = list(links_of(opened(1, body=full_inspection()).record))
    assert (Thing("lot", "L-55"), Thing("serial", "SN000001")) in links
    assert (Thing("serial", "C-2"), Thing("serial", "SN000001")) in links
