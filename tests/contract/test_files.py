"""Files that are relied on: whole, for their owner alone, and durable by name before anybody is told."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gaugetrail_contract import files


def test_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut may undo a rename whose folder was not synced; so the order is: bytes, name, folder."""
    target = tmp_path / "deep" / "agent.key"
    seen: list[str] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"bytes, named: {target.exists()}")
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    files.write_whole(target, b"one")
    assert seen == ["bytes, named: False", "folder"]
    files.write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [target] == list(target.parent.iterdir()), "nothing half is left behind"


def test_which_file_it_is_stays_with_it_and_not_with_its_name(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert files.file_id(one) is None
    one.write_bytes(b"1")
    known = files.file_id(one)
    one.rename(two)
    one.write_bytes(b"1")
    assert (files.file_id(two), files.file_id(one) == known) == (known, False)


def test_what_is_put_away_is_whole_in_its_folder_and_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    for name in ("spool.db", "spool.db-shm"):
        (tmp_path / name).write_text(name)
    folder = tmp_path / "kept"
    files.put_away([tmp_path / name for name in ("spool.db", "spool.db-wal", "spool.db-shm")], folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "spool.db": "spool.db",
        "spool.db-shm": "spool.db-shm",
    }
    assert [folder] == list(tmp_path.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_systems_error_is_told_by_file_and_reason_without_its_number(tmp_path: Path) -> None:
    lacking = tmp_path / "users.txt"
    with pytest.raises(OSError) as gone:  # noqa: PT011 (any of the system's)
        lacking.read_bytes()
    assert files.trouble_of(gone.value) == f"{lacking}: No such file or directory"
    assert files.trouble_of(gone.value, lacking) == "No such file or directory"
    assert files.trouble_of(ValueError("line 3 is no name")) == "line 3 is no name"
