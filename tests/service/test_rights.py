"""A first start by hand as root, then the service's own user: said whose file it is, and the command that mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from floor import Floor, command

from gaugetrail_service.files.own_files import ServiceUser, folder_faults

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="files of another user take root"),
]
NOBODY = 65534
WITHOUT_RIGHT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root who may not open what is another's: as a service's user stands before what root has left."""


def started(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    words = (*WITHOUT_RIGHT, command(f"gaugetrail-{name}"), "run", "--config", f"{folder}/{name}.toml")
    return subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=folder, check=False)


@pytest.mark.parametrize("left", ["agent-data", "agent-data/spool.db"])
def test_an_agent_names_what_an_earlier_start_has_left(floor: Floor, left: str) -> None:
    floor.write_agent()
    (floor.folder / "agent-data").mkdir(0o700)
    (floor.folder / "agent-data" / "spool.db").touch(0o600)
    os.chown(floor.folder / left, NOBODY, NOBODY)
    done = started(floor.folder, "agent")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"the agent can't start: {floor.folder}/{left} belongs to nobody, and this runs as root: it was started as "
        f"nobody once; mend it with: sudo chown -R root: {floor.folder}/agent-data\n"
    )


@pytest.mark.parametrize("left", ["collector-data/keys.db", "store.db-wal"])
def test_a_collector_does_too_and_of_its_store_in_a_file(floor: Floor, left: str) -> None:
    floor.write_collector()
    (floor.folder / "collector-data").mkdir(0o700)
    (floor.folder / left).touch(0o600)
    os.chown(floor.folder / left, NOBODY, NOBODY)
    done = started(floor.folder, "collector")
    assert done.returncode == 1
    given_back = left if left.startswith("store") else "collector-data"
    assert f"{left} belongs to nobody, and this runs as root" in done.stderr
    assert done.stderr.endswith(f"mend it with: sudo chown -R root: {floor.folder}/{given_back}\n")


def test_what_is_ours_or_not_there_yet_is_well(tmp_path: Path) -> None:
    (tmp_path / "agent.key").touch(0o600)
    assert [*folder_faults(tmp_path, ServiceUser.here()), *folder_faults(tmp_path / "no", ServiceUser.here())] == []


def test_a_user_without_a_name_is_told_by_number(tmp_path: Path) -> None:
    """A file from another machine, or of a container."""
    (tmp_path / "spool.db").touch(0o600)
    os.chown(tmp_path / "spool.db", 54321, 54321)
    (one,) = folder_faults(tmp_path, ServiceUser.here())
    assert one.what == "belongs to 54321, and this runs as root: it was started as 54321 once"
