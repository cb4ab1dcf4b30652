"""A spool that came from a backup is noticed: it goes on in an epoch of its own, and says so in its first record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from spool_bodies import chained, events, lay, lying_there, put, receipt, settle, spool

from gaugetrail_agent.spool import Spool


def told_of(one: Spool, epoch: str, last_seq: int, last_seal: str) -> None:
    """The new epoch's first record names the old one and how far it goes here."""
    assert one.epoch != epoch
    (event,) = events(one)
    assert (event.seq, event.type) == (1, "spool.restored")
    assert (event.payload["old_epoch"], event.payload["last_seq"]) == (epoch, last_seq)
    assert event.payload["last_seal"] == last_seal


def test_a_backup_of_an_earlier_run_is_noticed(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told, epoch = put(one, 5), one.epoch
    backup = (tmp_path / "spool.db").read_bytes()
    with spool(tmp_path) as one:
        put(one, 5, 6)
    (tmp_path / "spool.db").write_bytes(backup)
    with spool(tmp_path) as one:
        told_of(one, epoch, 5, told[4].sha256)
        assert put(one, 1)[0].record_id == f"pc1/{one.epoch}/2"
        assert chained(one, epoch) == [1, 2, 3, 4, 5]


def test_a_backup_of_the_same_run_is_noticed_by_how_far_it_had_come(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told, epoch = put(one, 5), one.epoch
        backup = lying_there(tmp_path)
        put(one, 1, 6)
        mark = (tmp_path / "spool.mark").read_bytes()
    lay(tmp_path, backup | {"spool.mark": mark})
    with spool(tmp_path) as one:
        told_of(one, epoch, 5, told[4].sha256)
        assert events(one)[0].payload["known_seq"] == 6


def test_a_folder_restored_whole_is_noticed_because_its_files_are_others(tmp_path: Path) -> None:
    (tmp_path / "now").mkdir()
    with spool(tmp_path / "now") as one:
        told, epoch = put(one, 5), one.epoch
    shutil.copytree(tmp_path / "now", tmp_path / "backup")
    with spool(tmp_path / "backup") as one:
        told_of(one, epoch, 5, told[4].sha256)


def test_a_spool_without_its_mark_is_taken_for_a_copy(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told, epoch = put(one, 3), one.epoch
    (tmp_path / "spool.mark").unlink()
    with spool(tmp_path) as one:
        told_of(one, epoch, 3, told[2].sha256)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 512])
def test_a_mark_that_cannot_be_read_is_taken_for_none(tmp_path: Path, damage: bytes) -> None:
    with spool(tmp_path) as one:
        told, epoch = put(one, 3), one.epoch
    (tmp_path / "spool.mark").write_bytes(damage)
    with spool(tmp_path) as one:
        told_of(one, epoch, 3, told[2].sha256)


def test_a_spool_that_is_gone_is_missed(tmp_path: Path) -> None:
    """What waited in it is lost, and that is a record."""
    with spool(tmp_path) as one:
        told, epoch = put(one, 3), one.epoch
    (tmp_path / "spool.db").unlink()
    with spool(tmp_path) as one:
        (event,) = events(one)
        assert (event.seq, event.type) == (1, "spool.lost")
        assert (event.payload["old_epoch"], event.payload["last_seq"]) == (epoch, 3)
        assert event.payload["last_seal"] == told[2].sha256


def test_restarts_and_kills_draw_no_epoch(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        epoch = one.epoch
        put(one, 3)
    for number in range(4):
        with spool(tmp_path) as one:
            put(one, 1, number)
            killed = lying_there(tmp_path)
        lay(tmp_path, killed)
    with spool(tmp_path) as one:
        assert one.epoch == epoch
        assert chained(one, epoch) == [1, 2, 3, 4, 5, 6, 7]


def test_records_of_both_epochs_are_confirmed_and_given_again(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told, epoch = put(one, 5), one.epoch
    (tmp_path / "spool.mark").unlink()
    with spool(tmp_path) as one:
        new = put(one, 2)
        one.confirm(receipt(one, (1, 5, told[4].sha256)).model_copy(update={"epoch": epoch}))
        one.confirm(receipt(one, (2, 3, new[1].sha256)))
        settle(one)
        assert [event.type for event in events(one)] == ["spool.restored"]
        assert one.state().waiting == 1
        assert [entry.sealed.sha256 for entry in one.again(epoch, 4, 9).records] == [d.sha256 for d in told[3:]]
        assert one.again(epoch, 4, 9).gone == ((6, 9),)
        assert [entry.sealed.sha256 for entry in one.again(one.epoch, 2, 3).records] == [d.sha256 for d in new]
