"""Attacks A47, A48 and A61 on a line PC's spool: what is planted in its file never runs, and "recorded" stays true.

Planted while the agent is stopped, it is found at the start; while it runs, at the next commit, before the word is
given. Either way the file is kept whole beside a fresh one that has every record.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from spool_bodies import body, chained, events, put, records, settle, spool
from test_spool_epochs import parted
from test_spool_formats import EPOCH, write_format_1

from gaugetrail_agent.spool import Spool, SpoolBroken, repair, restoring, statistics, visit
from gaugetrail_contract.clock import FixedClock
from gaugetrail_service.files.sqlite_files import NotAsMade

EAT = "CREATE TRIGGER eat AFTER INSERT ON record BEGIN DELETE FROM record WHERE place = new.place; END"
BEND = "CREATE TRIGGER bend AFTER UPDATE ON meta BEGIN UPDATE record SET data = x'7b7d' WHERE place = 2; END"
HIDE = "CREATE TRIGGER hide AFTER INSERT ON record BEGIN UPDATE record SET state = 1; END"
FORGET = "CREATE TRIGGER forget AFTER INSERT ON memory BEGIN DELETE FROM memory; END"
VIEW = "ALTER TABLE memory RENAME TO memory_; CREATE VIEW memory AS SELECT 'press.seq' AS key, '99' AS value"
INDEX = "CREATE INDEX quick ON record(time_us)"
DEFAULT = "DROP TABLE request; CREATE TABLE request(place INTEGER PRIMARY KEY, more DEFAULT (random()))"
PLANTED = [
    pytest.param(EAT, "it holds the trigger eat on record, which is none of ours", id="eat"),
    pytest.param(BEND, "it holds the trigger bend on meta, which is none of ours", id="bend"),
    pytest.param(HIDE, "it holds the trigger hide on record, which is none of ours", id="hide"),
    pytest.param(FORGET, "it holds the trigger forget on memory, which is none of ours", id="forget"),
    pytest.param(VIEW, "it holds the table memory_, which is none of ours", id="view"),
    pytest.param(INDEX, "it holds the index quick on record, which is none of ours", id="index"),
    pytest.param(DEFAULT, "its table request is not as this program makes it", id="default"),
    pytest.param("DROP INDEX waiting", "its index waiting is missing", id="gone"),
]


def plant(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "spool.db")) as db, db:
        db.executescript(script)


def said(one: Spool) -> str:
    (event,) = events(one)
    assert event.type == "spool.repaired"
    return str(event.payload["reason"])


@pytest.mark.parametrize(("script", "reason"), PLANTED)
def test_a48_what_is_planted_before_a_start_is_found_and_taken_out_with_nothing_lost(
    tmp_path: Path, script: str, reason: str
) -> None:
    with spool(tmp_path) as one:
        epoch = one.epoch
        put(one, 3)
        one.remember("press.seq", "17").result(10)
    plant(tmp_path, script)
    with pytest.raises(SpoolBroken, match=r"spool\.db can't be read"):
        statistics(tmp_path / "spool.db")
    with spool(tmp_path) as one:
        assert said(one) == reason
        assert chained(one, epoch) == [1, 2, 3]
        assert one.recall("press.seq") == (None if script == VIEW else "17"), "nothing is asked of a planted view"
        assert put(one, 1, 4)[0].seq == 2, "the word is true again"
        assert len(records(one)) == 5
    (kept,) = tmp_path.glob("spool-damaged-*")
    assert (kept / "spool.db").exists(), "for whoever looks into it"
    with spool(tmp_path) as one:
        assert len(events(one)) == 1, "and that was that"


@pytest.mark.parametrize(("script", "reason"), PLANTED)
def test_a48_what_is_planted_in_a_running_spool_is_found_before_the_next_word(
    tmp_path: Path, script: str, reason: str
) -> None:
    """The part is told as recorded once it is in the fresh file, in the same breath."""
    with spool(tmp_path) as one:
        epoch = one.epoch
        put(one, 2)
        plant(tmp_path, script)
        told = one.append(body("SN3"), {"press.seq": "18"}).result(20)
        assert said(one) == reason
        assert (told.seq, one.recall("press.seq")) == (2, "18")
        assert [entry.sealed.sha256 for entry in one.waiting(0, 10)][-1] == told.sha256
        assert chained(one, epoch) == [1, 2]
        assert one.state().refuses is None


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (EAT, "the record at place 2"),
        (BEND, "the record at place 2"),
        (HIDE, "the record at place 2"),
        (FORGET, "what was to be remembered as press.seq"),
    ],
)
def test_what_was_written_is_read_back_before_the_word_is_given(tmp_path: Path, script: str, what: str) -> None:
    """Whatever changes it, though no comparison of the schema has found it: here a trigger of the connection's own."""
    with spool(tmp_path) as one:
        epoch = one.epoch
        put(one, 1)
        assert one._writer is not None
        one._writer.file.db.execute(script.replace("CREATE TRIGGER", "CREATE TEMP TRIGGER"))
        told = one.append(body("SN2"), {"press.seq": "18"}).result(20)
        assert said(one) == f"{what} is not in it as it was written"
        assert (told.seq, one.recall("press.seq")) == (2, "18")
        assert chained(one, epoch) == [1]


def test_a_mark_of_a_driver_is_read_back_too(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
        assert one._writer is not None
        one._writer.file.db.execute(FORGET.replace("CREATE TRIGGER", "CREATE TEMP TRIGGER"))
        one.remember("press.seq", "18").result(20)
        assert one.recall("press.seq") == "18"
        assert said(one).startswith("what was to be remembered as press.seq")


def test_a_file_that_is_planted_in_again_and_again_makes_the_station_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair that doesn't help is no reason to give the word; once it helps, it is given."""
    with spool(tmp_path) as one:
        put(one, 1)
        assert one._writer is not None
        mend = one._writer._mend

        def planted_again(fault: str):  # type: ignore[no-untyped-def]
            file = mend(fault)
            plant(tmp_path, EAT)
            return file

        monkeypatch.setattr(one._writer, "_mend", planted_again)
        plant(tmp_path, EAT)
        with pytest.raises(Exception, match="it holds the trigger eat on record") as told:
            one.append(body("SN2")).result(20)
        assert type(told.value).__name__ == "SpoolFull"
        monkeypatch.undo()
        assert put(one, 1, 2)[0].seq >= 2
        settle(one)
        assert one.state().refuses is None


def test_a_planted_file_of_format_1_is_taken_over_all_the_same(tmp_path: Path) -> None:
    seals = write_format_1(tmp_path / "spool.db", 9)
    plant(tmp_path, "CREATE TRIGGER eat AFTER UPDATE ON meta BEGIN DELETE FROM record; END")
    with spool(tmp_path) as one:
        assert said(one) == "it holds the trigger eat on meta, which is none of ours"
        assert [entry.sealed.sha256 for entry in one.waiting(0, 100)][:-1] == seals[2:]
        assert chained(one, EPOCH) == list(range(3, 10))


def test_a_planted_backup_is_not_put_back(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
    plant(tmp_path, EAT)
    backup = tmp_path / "backup.db"
    (tmp_path / "spool.db").rename(backup)
    with pytest.raises(SpoolBroken, match=r"backup\.db can't be read as a spool: it holds the trigger eat"):
        restoring.restore(tmp_path / "new" / "spool.db", backup, "pc1", FixedClock().us, even_so=True)
    assert not (tmp_path / "new" / "spool.db").exists()


def test_a61_a_newer_spool_is_refused_whatever_its_schema_and_nothing_is_touched(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
    plant(tmp_path, "CREATE TABLE morrow(x); PRAGMA user_version = 3; PRAGMA journal_mode = DELETE")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".lock"}
    with pytest.raises(SpoolBroken, match=r"newer Gaugetrail \(format 3, this one knows 2\); install that version"):
        spool(tmp_path).__enter__()
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".lock"} == before


@pytest.mark.parametrize("name", ["spool.db", "spool.db-wal", "spool.lock"])
@pytest.mark.parametrize("hard", [False, True])
def test_a47_a_link_in_the_spools_place_is_refused_and_its_target_untouched(
    tmp_path: Path, name: str, hard: bool
) -> None:
    (tmp_path / "data").mkdir()
    target = tmp_path / "theirs"
    target.write_bytes(b"theirs")
    link = tmp_path / "data" / name
    link.hardlink_to(target) if hard else link.symlink_to(target)
    with pytest.raises(SpoolBroken, match="second name elsewhere" if hard else "it is a link to"):
        spool(tmp_path / "data").__enter__()
    assert target.read_bytes() == b"theirs"


def test_a47_planted_names_of_files_of_a_moment_are_not_written_through(tmp_path: Path) -> None:
    """The mark's, a repair's and its note's: each is made anew."""
    target = tmp_path / "theirs"
    target.write_bytes(b"theirs")
    with spool(tmp_path / "data") as one:
        put(one, 1)
    for name in ("spool.mark.new", "spool.fresh", "spool.note.new", "spool.saving"):
        (tmp_path / "data" / name).symlink_to(target)
    plant(tmp_path / "data", EAT)
    with spool(tmp_path / "data") as one:
        assert said(one).startswith("it holds the trigger")
    assert target.read_bytes() == b"theirs"


def test_a47_an_export_goes_through_no_link(tmp_path: Path) -> None:
    target, out = tmp_path / "theirs", tmp_path / "out"
    target.write_bytes(b"theirs")
    out.symlink_to(target)
    with spool(tmp_path) as one:
        put(one, 1)
    with pytest.raises(OSError, match="it is a link to"):
        visit.export(tmp_path / "spool.db", out, visit.STATES)
    assert target.read_bytes() == b"theirs"


def test_a_begun_epoch_is_proven_as_well(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
        assert one._writer is not None
        one._writer.file.db.execute(EAT.replace("CREATE TRIGGER", "CREATE TEMP TRIGGER"))
        assert one.begin_epoch(one.epoch, parted).result(20) is None, "the repair has begun one"
        assert said(one) == "the record at place 2 is not in it as it was written"


def test_the_fault_counts_as_damage_and_not_as_a_full_disk() -> None:
    assert repair.schema.is_damage(NotAsMade("x"))
