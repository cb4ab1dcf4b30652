"""A spool of the previous format is taken over with its backlog; one of a newer format is left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from spool_bodies import body, chained, events, put, receipt, settle, spool

from gaugetrail_agent.spool import SpoolBroken, statistics
from gaugetrail_contract.clock import ClockTrust, FixedClock, utc_text
from gaugetrail_contract.record import FIRST_PREV, Head
from gaugetrail_contract.seal import seal

FORMAT_1 = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE record(
  seq INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, data BLOB NOT NULL, time_us INTEGER NOT NULL,
  committed_us INTEGER NOT NULL, confirmed_us INTEGER, state INTEGER NOT NULL DEFAULT 0, reason TEXT);
CREATE INDEX waiting ON record(seq) WHERE state = 0;
CREATE TABLE unit(
  station TEXT, part TEXT, serial TEXT, attempt INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY(station, part, serial)) WITHOUT ROWID;
CREATE TABLE memory(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
EPOCH = "f0f0f0f0f0f0"


def write_format_1(path: Path, count: int) -> list[str]:
    """A spool as 0.1.0's first builds wrote it: record 1 confirmed, 2 set aside, the others waiting. Their seals."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(FORMAT_1)
    db.execute("BEGIN")
    prev, seals, sizes = FIRST_PREV, [], []
    start = FixedClock().us - 1_000_000
    for seq in range(1, count + 1):
        head = Head(
            kind="inspection",
            agent="pc1",
            epoch=EPOCH,
            seq=seq,
            prev=prev,
            time=utc_text(start + seq),
            utc_offset_min=0,
            clock=ClockTrust.SYNCED,
            mono_ns=seq,
            boot="b",
            slot=1,
        )
        sealed = seal(head, body(f"SN{seq}"))
        state = {1: 1, 2: 2}.get(seq, 0)
        db.execute(
            "INSERT INTO record VALUES(?, ?, ?, ?, 0, ?, ?, ?)",
            (seq, sealed.sha256, sealed.data, start + seq, 5 if state else None, state, "odd" if state == 2 else None),
        )
        prev = sealed.sha256
        seals.append(sealed.sha256)
        sizes.append(len(sealed.data))
    weight = f"{count - 2} 1 1 {sum(sizes[2:])} {sizes[0]} {sizes[1]}"
    meta = {"agent": "pc1", "epoch": EPOCH, "last_us": start + count + 50, "weight": weight, "boot": "b", "boot_seq": 0}
    db.executemany("INSERT INTO meta VALUES(?, ?)", meta.items())
    db.execute("INSERT INTO unit VALUES('OP10', 'P', 'SN3', 2, 'pc1/x/3')")
    db.execute("INSERT INTO memory VALUES('press.seq', '17')")
    db.execute("PRAGMA user_version = 1")
    db.execute("COMMIT")
    db.close()
    return seals


def test_a_backlog_of_format_1_is_taken_over_and_its_chain_goes_on(tmp_path: Path) -> None:
    """Same epoch, same numbers, same seals; nothing that was confirmed goes out again."""
    seals = write_format_1(tmp_path / "spool.db", 50)
    with spool(tmp_path) as one:
        assert one.epoch == EPOCH
        assert [entry.sealed.sha256 for entry in one.waiting(0, 100)] == seals[2:]
        assert put(one, 1, 51)[0].seq == 51
        assert chained(one, EPOCH) == list(range(3, 52))
        assert events(one) == []
        assert one.last_attempt("OP10", "P", "SN3") == (2, "pc1/x/3")
        assert one.recall("press.seq") == "17"
        state = one.state()
        assert (state.waiting, state.set_aside, state.last_seq) == (49, 1, 51)
        one.confirm(receipt(one, (1, 50, seals[-1])))
        settle(one)
        assert [entry.place for entry in one.waiting(0, 10)] == [51]
    figures = statistics(tmp_path / "spool.db")
    assert (figures["sealed"], figures["confirmed"], figures["waiting"], figures["set_aside"]) == (51, 49, 1, 1)


def test_a_damaged_file_of_format_1_is_repaired_too(tmp_path: Path) -> None:
    seals = write_format_1(tmp_path / "spool.db", 50)
    raw = bytearray((tmp_path / "spool.db").read_bytes())
    raw[:4096] = b"\xff" * 4096
    (tmp_path / "spool.db").write_bytes(bytes(raw))
    with spool(tmp_path) as one:
        assert [entry.sealed.sha256 for entry in one.waiting(0, 100)][:-1] == seals[2:]
        assert [event.type for event in events(one)] == ["spool.repaired"]


def test_a_file_of_format_1_shrinks_once_its_backlog_has_gone(tmp_path: Path) -> None:
    seals = write_format_1(tmp_path / "spool.db", 6000)
    before = (tmp_path / "spool.db").stat().st_size
    with spool(tmp_path, keep_bytes=100_000) as one:
        one.confirm(receipt(one, (1, 6000, seals[-1])))
        for _ in range(40):
            settle(one)
        assert put(one, 1)[0].seq == 6001
    assert (tmp_path / "spool.db").stat().st_size < before // 2


def test_a_file_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = (tmp_path / "spool.db").read_bytes()
    with pytest.raises(SpoolBroken, match="newer Gaugetrail"), spool(tmp_path):
        pass
    assert (tmp_path / "spool.db").read_bytes() == before
