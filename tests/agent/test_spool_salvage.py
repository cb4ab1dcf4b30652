"""What a spoilt log or page still holds whole arrives, wherever in the files it stands."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from spool_bodies import events, large_body, lay, lying_there, put, records, spool

from gaugetrail_agent.spool import Spool

HEADER, FRAME_HEADER, PAGE = 32, 24, 4096
LEAF, INTERIOR = 0x0D, 0x05
"""The first bytes of a page that holds rows, and of one that only leads to others (SQLite's file format, 1.6)."""


def one_by_one(one: Spool, count: int, start: int = 1) -> dict[int, bytes]:
    """So many commits, one behind the other: each record's bytes by its number."""
    for number in range(start, start + count):
        put(one, 1, number)
    return {entry.place: entry.sealed.data for entry in one.waiting(0, 1000)}


def in_a_log(folder: Path, count: int, at_rest: int) -> tuple[dict[str, bytes], dict[int, bytes]]:
    """So many records in the log; where there are some at rest, an earlier run has left them in the file itself."""
    if at_rest:
        with spool(folder) as one:
            one_by_one(one, at_rest)
    with spool(folder) as one:
        told = one_by_one(one, count, at_rest + 1)
        return lying_there(folder), told


def frames(log: bytes) -> Iterator[tuple[int, int, bool, bytes]]:
    """Where each frame's page begins, its number, whether it ends a commit, its bytes."""
    for at in range(HEADER, len(log), FRAME_HEADER + PAGE):
        page, commit = struct.unpack(">II", log[at : at + 8])
        yield at + FRAME_HEADER, page, commit > 0, log[at + FRAME_HEADER : at + FRAME_HEADER + PAGE]


def spoilt(log: bytes, which: Callable[[bool], bool]) -> bytes:
    """A bit in each of those frames, where no row stands: the frame's sum doesn't hold and its rows are whole."""
    raw = bytearray(log)
    for at, _, commit, page in frames(log):
        if which(commit):
            raw[at + page.index(bytes(8))] = 1
    return bytes(raw)


def carried(one: Spool) -> dict[int, bytes]:
    """All that waits of the epochs before this one, each proven on the way."""
    old = {record.seq for record in records(one) if record.epoch != one.epoch}
    return {entry.place: entry.sealed.data for entry in one.waiting(0, 1000) if entry.place in old}


def test_a_record_that_stands_whole_before_the_cut_of_a_log_arrives(tmp_path: Path) -> None:
    """The cut is within a page, behind its newest record and within an older one, which earlier pages hold whole."""
    with spool(tmp_path) as one:
        told = one_by_one(one, 23)
        files = lying_there(tmp_path)
    log = files["spool.db-wal"]
    cut = log.rindex(told[23]) + len(told[23])
    assert log.rindex(told[22]) + len(told[22]) > cut
    lay(tmp_path, files | {"spool.db-wal": log[:cut]})
    with spool(tmp_path) as one:
        assert told == carried(one)
        (event,) = events(one)
        assert event.payload["reason"] == "its log (spool.db-wal) has lost its end"
        assert (event.payload["last_seq"], event.payload["damaged"]) == (23, 0)


def test_a_record_that_the_cut_of_a_log_has_halved_is_kept_as_damaged(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told = one_by_one(one, 23)
        files = lying_there(tmp_path)
    log = files["spool.db-wal"]
    cut = log.index(told[23]) + len(told[23]) - 40
    lay(tmp_path, files | {"spool.db-wal": log[:cut]})
    with spool(tmp_path) as one:
        assert {number: told[number] for number in range(1, 23)} == carried(one)
        (event,) = events(one)
        assert (event.payload["last_seq"], event.payload["known_seq"], event.payload["damaged"]) == (22, 23, 1)


def test_a_log_that_is_cut_before_its_first_record_opens_as_it_was_left(tmp_path: Path) -> None:
    """Killed in the very first start: nobody was told anything, and nothing is repaired."""
    with spool(tmp_path) as one:
        files = lying_there(tmp_path)
        assert not events(one)
    lay(tmp_path, files | {"spool.db-wal": files["spool.db-wal"][:-1000]})
    with spool(tmp_path) as one:
        assert put(one, 1)[0].seq == 1


@pytest.mark.parametrize("at_rest", [0, 3], ids=["in the log", "in the file"])
def test_records_arrive_from_where_they_stood_before_they_were_moved(tmp_path: Path, at_rest: int) -> None:
    """When the first page is full, its records move to another one; the log ends between the two."""
    files, told = in_a_log(tmp_path, 12, at_rest)
    log = files["spool.db-wal"]
    root = next(page for _, page, _, data in frames(log) if told[at_rest + 1] in data)
    parted = next(at for at, page, _, data in frames(log) if page == root and data[0] == INTERIOR)
    new_leaf = next(at for at, _, _, data in frames(log) if at > parted and data[0] == LEAF)
    before = {number: data for number, data in told.items() if data in log[:parted] or data in files["spool.db"]}
    assert before
    lay(tmp_path, files | {"spool.db-wal": log[: new_leaf + 100]})
    with spool(tmp_path) as one:
        assert before == carried(one)


@pytest.mark.parametrize("at_rest", [0, 3], ids=["a new spool", "a later run"])
@pytest.mark.parametrize("every", [False, True], ids=["commits", "every page"])
def test_a_log_of_which_sqlite_can_take_nothing_is_repaired_and_not_begun_anew(
    tmp_path: Path, at_rest: int, every: bool
) -> None:
    """A flipped bit in each commit: SQLite passes over the whole log and would overwrite it."""
    files, told = in_a_log(tmp_path, 3, at_rest)
    lay(tmp_path, files | {"spool.db-wal": spoilt(files["spool.db-wal"], lambda commit: commit or every)})
    with spool(tmp_path) as one:
        assert told == carried(one)
        (event,) = events(one)
        assert event.payload["reason"] == "its log (spool.db-wal) is spoilt at its beginning"


def large_ones(folder: Path, values: int) -> tuple[dict[str, bytes], dict[int, bytes]]:
    """Six commits of a record each that SQLite lays over two pages (21 values, 4 kB) or three (60 values, 10 kB)."""
    with spool(folder) as one:
        for number in range(1, 7):
            one.append(large_body(f"SN{number}", values)).result(10)
        return lying_there(folder), {entry.place: entry.sealed.data for entry in one.waiting(0, 1000)}


def test_a_record_over_several_pages_arrives_where_only_their_heads_in_the_log_are_spoilt(tmp_path: Path) -> None:
    files, told = large_ones(tmp_path, 60)
    log = bytearray(files["spool.db-wal"])
    for at, _, _, page in frames(bytes(log)):
        if page[0] == 0:  # an overflow page begins with the number of the next one
            log[at - 1] ^= 1
    lay(tmp_path, files | {"spool.db-wal": bytes(log)})
    with spool(tmp_path) as one:
        assert told == carried(one)
        assert events(one)[0].payload["damaged"] == 0


def test_a_record_over_several_pages_arrives_where_the_log_is_cut_behind_its_end(tmp_path: Path) -> None:
    files, told = large_ones(tmp_path, 21)
    log = files["spool.db-wal"]
    at, _, _, last = list(frames(log))[-1]
    used = len(last.rstrip(b"\0"))
    assert told[6][-60:] in last
    assert used < PAGE - 100
    lay(tmp_path, files | {"spool.db-wal": log[: at + used]})
    with spool(tmp_path) as one:
        assert told == carried(one)
