"""The spool's files deleted or replaced under the running agent: what was told as recorded is there after a restart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from spool_bodies import body, chained, events, put, records, settle, spool

from gaugetrail_agent.health.report import spool_alarm
from gaugetrail_agent.spool import SpoolFull, saving
from gaugetrail_contract.record import Event


def unlink(folder: Path, pattern: str) -> None:
    for file in folder.glob(pattern):
        file.unlink()


def put_another(folder: Path) -> None:
    (folder / "other").write_bytes(b"x" * 9000)
    (folder / "other").replace(folder / "spool.db")


TAKEN = {
    "all files": lambda folder: unlink(folder, "spool.db*"),
    "the log and its index": lambda folder: unlink(folder, "spool.db-*"),
    "the index alone": lambda folder: unlink(folder, "spool.db-shm"),
    "the file alone": lambda folder: unlink(folder, "spool.db"),
    "moved elsewhere": lambda folder: (folder / "spool.db").rename(folder / "elsewhere.db"),
    "the folder": shutil.rmtree,
    "replaced by another": put_another,
}


@pytest.mark.parametrize("taken", TAKEN.values(), ids=TAKEN)
def test_what_is_told_after_the_files_were_taken_away_is_there_after_a_restart(tmp_path: Path, taken) -> None:
    """SQLite commits into files without a name as ever: fifty parts had got green and were gone."""
    home = tmp_path / "data"
    home.mkdir()
    with spool(home) as one:
        before, told = one.epoch, put(one, 20)
        taken(home)
        told += put(one, 50, 21)
        settle(one)
        assert one.epoch != before
        assert one.state().saved == 1
        assert "deleted or replaced while the agent ran" in str(spool_alarm(one.state(), None))
    with spool(home) as again:
        assert again.epoch == one.epoch
        there = {entry.sealed.sha256 for entry in again.waiting(0, 1000)}
        assert {done.sha256 for done in told} <= there
        first = next(record for record in records(again) if record.epoch == again.epoch)
        assert isinstance(first, Event)
        assert first.type == "spool.saved"
        old = chained(again, before)
        assert old == list(range(1, len(old) + 1))
        assert (first.payload["old_epoch"], first.payload["last_seq"]) == (before, len(old))
        assert first.payload["last_seal"] == told[len(old) - 1].sha256
        assert again.last_attempt("OP10", "P", "SN70") is not None


def test_what_an_earlier_try_has_left_is_taken_away_and_no_link_is_written_through(tmp_path: Path) -> None:
    """Attack A47: the copy's name is known beforehand."""
    home, target = tmp_path / "data", tmp_path / "theirs"
    home.mkdir()
    target.write_bytes(b"theirs")
    with spool(home) as one:
        put(one, 2)
        (home / "spool.saving").symlink_to(target)
        unlink(home, "spool.db")
        put(one, 1, 3)
        assert [event.type for event in events(one)] == ["spool.saved"]
        assert one.state().refuses is None
    assert target.read_bytes() == b"theirs"


def test_what_stood_in_the_spools_place_is_kept(tmp_path: Path) -> None:
    """It may be somebody's backup, put there by hand."""
    with spool(tmp_path) as one:
        put(one, 3)
        (tmp_path / "spool.db").unlink()
        (tmp_path / "spool.db").write_bytes(b"somebody's file")
        put(one, 1, 4)
        (event,) = events(one)
        assert event.type == "spool.saved"
        assert (tmp_path / str(event.payload["kept"]) / "spool.db").read_bytes() == b"somebody's file"
        # Noticed when idle, before the fourth was sealed, or behind its commit.
        assert event.payload["carried"] in (3, 4)


def test_nobody_is_told_anything_until_the_files_can_be_written_anew(tmp_path: Path, monkeypatch) -> None:
    """The copy has no room: the part is refused, and taken once there is some."""
    with spool(tmp_path) as one:
        put(one, 3)
        (tmp_path / "spool.db").unlink()
        (tmp_path / "spool.saving").mkdir()
        with pytest.raises(SpoolFull, match="was deleted or replaced, and can't be written anew"):
            one.append(body("SN4")).result(10)
        (tmp_path / "spool.saving").rmdir()
        put(one, 1, 5)
        assert one.state().full is False
    with spool(tmp_path) as again:
        assert {record.serial for record in records(again) if not isinstance(record, Event)} >= {
            "SN1",
            "SN2",
            "SN3",
            "SN5",
        }


@pytest.mark.parametrize("left", ["nothing", "the old file"])
def test_a_copy_that_was_whole_when_the_agent_ended_is_carried_on_with(tmp_path: Path, left: str) -> None:
    """Killed between the copy and its move: what it holds is more than what stands in the spool's place."""
    with spool(tmp_path) as one:
        told = put(one, 5)
        assert one._writer is not None
        if left == "nothing":
            for file in tmp_path.glob("spool.db*"):
                file.unlink()
        saving.save(one._writer.file.db, one.path, 1_790_000_000_000_000)
        lying = {file.name: file.read_bytes() for file in [*tmp_path.glob("spool.db*"), tmp_path / "spool.saved"]}
    for file in tmp_path.glob("spool.*"):
        file.unlink()
    for name, data in lying.items():
        (tmp_path / name).write_bytes(data)
    with spool(tmp_path) as again:
        assert {done.sha256 for done in told} <= {entry.sealed.sha256 for entry in again.waiting(0, 100)}
        assert events(again)[-1].type == "spool.saved"
        assert not (tmp_path / "spool.saved").exists()


def test_an_idle_spool_notices_too(tmp_path: Path) -> None:
    """Records that wait for a broker are saved before the agent is stopped, not when the next part comes."""
    with spool(tmp_path) as one:
        told = put(one, 5)
        for file in tmp_path.glob("spool.db*"):
            file.unlink()
        one.remember("looks", "round").result(10)
        assert (tmp_path / "spool.db").exists()
    with spool(tmp_path) as again:
        assert {done.sha256 for done in told} <= {entry.sealed.sha256 for entry in again.waiting(0, 100)}
