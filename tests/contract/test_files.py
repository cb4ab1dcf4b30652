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
