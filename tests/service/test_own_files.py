"""Attacks A46 and A47 on what a service keeps: what others could read or change refuses the start, with the command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from floor import Floor, command

from gaugetrail_contract.findings import Finding
from gaugetrail_service.files import own_files
from gaugetrail_service.files.own_files import ServiceUser, folder_faults, settings_faults, store_faults

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing there")
ME = ServiceUser.here()
SOMEBODY = ServiceUser(ME.uid + 1, ME.gid + 1)
THEIR_NAME = own_files.user_name(SOMEBODY.uid)


def lay(path: Path, mode: int) -> None:
    """A file with just these rights, whatever the umask."""
    path.touch()
    path.chmod(mode)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as an agent leaves it."""
    folder = tmp_path / "agent's data"
    (folder / "plans").mkdir(parents=True)
    folder.chmod(0o700)
    for name in ("agent.key", "spool.db", "spool.mark", "plans/one"):
        (folder / name).touch(0o600)
    return folder


def mended(faults: Callable[[], list[Finding]]) -> list[str]:
    """What is told; the commands are carried out as they stand, and then nothing is wrong any more."""
    found = faults()
    for one in found:
        if not one.cure.startswith(("data_dir", "--config", "sudo")):
            subprocess.run(one.cure, shell=True, check=True)
    left = [one.what for one in faults()]
    assert left == [one.what for one in found if one.cure.startswith(("data_dir", "--config", "sudo"))]
    return [f"{one.about} {one.what}" for one in found]


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o750 | 0o001, 0o770, 0o707, 0o704])
def test_a46_a_data_folder_that_others_enter_or_change(data: Path, mode: int) -> None:
    data.chmod(mode)
    assert mended(lambda: list(folder_faults(data, ME))) == [f"{data} is open to others (mode {mode:o})"]
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o500 | 0o200])
def test_a_group_may_look_into_it_for_a_backup(data: Path, mode: int) -> None:
    data.chmod(mode)
    (data / "spool.db").chmod(0o640)
    assert list(folder_faults(data, ME)) == []


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o666])
@pytest.mark.parametrize("name", ["agent.key", "spool.db"])
def test_a46_a_key_or_a_database_that_others_read_or_change(data: Path, name: str, mode: int) -> None:
    (data / name).chmod(mode)
    assert mended(lambda: list(folder_faults(data, ME))) == [f"{data / name} is open to others (mode {mode:o})"]


def test_several_are_one_command(data: Path) -> None:
    for name in ("agent.key", "spool.db", "spool.mark"):
        (data / name).chmod(0o644)
    assert mended(lambda: list(folder_faults(data, ME))) == [
        f"{data / 'agent.key'} is open to others (mode 644), as are 1 more"
    ]
    assert (data / "spool.mark").stat().st_mode & 0o777 == 0o644, "which holds no secret, in a folder that is closed"


def test_a46_what_belongs_to_somebody_else(data: Path) -> None:
    """Told once: what is in a folder of another's is another's."""
    (one,) = folder_faults(data, SOMEBODY)
    assert one.about == str(data)
    assert f"belongs to {own_files.user_name(ME.uid)}, and this runs as {THEIR_NAME}" in one.what
    assert shlex.split(one.cure) == ["sudo", "chown", "-R", f"{THEIR_NAME}:", str(data)]


def test_what_the_file_system_keeps_for_itself_is_no_fault(data: Path) -> None:
    """A data folder that is a disk of its own."""
    (data / "lost+found").symlink_to("/root")
    assert list(folder_faults(data, ME)) == []


@pytest.mark.parametrize("name", ["spool.db", "spool.lock", "spool.mark.new", "agent.key", "plans/two"])
@pytest.mark.parametrize("hard", [False, True])
def test_a47_a_link_among_its_files(data: Path, name: str, hard: bool) -> None:
    target = data.parent / "theirs"
    target.write_bytes(b"theirs")
    target.chmod(0o600)
    (data / name).unlink(missing_ok=True)
    (data / name).hardlink_to(target) if hard else (data / name).symlink_to(target)
    (told,) = mended(lambda: list(folder_faults(data, ME)))
    assert told.startswith(f"{data / name}: it ")
    assert ("second name" if hard else f"is a link to {target}") in told
    assert (target.read_bytes(), target.stat().st_nlink) == (b"theirs", 1)


def test_a47_a_link_in_the_folders_own_place(data: Path) -> None:
    link = data.parent / "data"
    link.symlink_to(data)
    (one,) = folder_faults(link, ME)
    assert (one.what, one.cure.startswith(f'data_dir = "{data}"')) == (f"is a link to {data}", True)


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    note = tmp_path / "data"
    note.write_text("a note")
    (one,) = folder_faults(note, ME)
    assert (one.what, one.cure) == ("is no folder", f"mv {note} {note}.old")


def test_what_was_put_away_is_looked_at_no_more(data: Path) -> None:
    (data / "spool-damaged-1").mkdir()
    (data / "spool-damaged-1" / "spool.db").symlink_to("/nowhere")
    assert list(folder_faults(data, ME)) == []
    assert list(folder_faults(data.parent / "not there yet", ME)) == []


def test_a_store_in_a_file_is_as_the_rest(data: Path) -> None:
    store, log = data.parent / "store.db", data.parent / "store.db-wal"
    lay(store, 0o644)
    log.symlink_to(data / "agent.key")
    assert mended(lambda: list(store_faults([store, log], ME))) == [
        f"{store} is open to others (mode 644)",
        f"{log}: it is a link to {data / 'agent.key'}; nothing is written through it",
    ]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    lay(path, 0o644)
    return path


def told(path: Path, text: str = "", *secrets: Path, user: ServiceUser = ME) -> list[str]:
    return [
        one.partition(f"{path.parent}/")[2] for one in mended(lambda: list(settings_faults(path, text, secrets, user)))
    ]


@pytest.mark.parametrize(
    ("mode", "user", "said"),
    [
        (0o644, ME, []),
        (0o600, ME, []),
        (0o664, ME, []),  # the service's own group
        (0o666, ME, ["agent.toml can be changed by others (mode 666)"]),
        (0o646, ME, ["agent.toml can be changed by others (mode 646)"]),
        (0o664, ServiceUser(ME.uid, ME.gid + 1), ["agent.toml can be changed by others (mode 664)"]),
    ],
)
def test_a46_settings_may_be_read_and_not_changed(
    settings: Path, mode: int, user: ServiceUser, said: list[str]
) -> None:
    settings.chmod(mode)
    assert told(settings, user=user) == said


@pytest.mark.parametrize(("mode", "wrong"), [(0o644, True), (0o640, False), (0o600, False)])
def test_a46_settings_with_a_password_are_not_for_everybody(settings: Path, mode: int, wrong: bool) -> None:
    settings.chmod(mode)
    said = f"agent.toml holds a password and can be read by every user (mode {mode:o})"
    assert told(settings, '[mqtt]\npassword = "secret"\n') == ([said] if wrong else [])


def test_a46_a_file_of_secrets_is_not_for_everybody_and_may_be_a_link(settings: Path) -> None:
    key, link = settings.parent / "own.key", settings.parent / "live.pem"
    lay(key, 0o644)
    link.symlink_to(key)
    assert told(settings, "", link) == ["live.pem can be read by every user (mode 644)"]
    key.chmod(0o620)
    assert told(settings, "", key, settings.parent / "gone") == []
    key.chmod(0o602)
    assert told(settings, "", key) == ["own.key can be changed by others (mode 602)"]


def test_a46_settings_of_another_user(settings: Path) -> None:
    settings.chmod(0o644)
    found = list(settings_faults(settings, "", (), SOMEBODY))
    if ME.uid == 0:
        assert found == [], "what is root's may be the service's settings"
    else:
        assert [one.cure for one in found] == [f"sudo chown root {settings}"]


def test_a47_a_link_in_the_place_of_settings(settings: Path) -> None:
    link = settings.parent / "gaugetrail.toml"
    link.symlink_to(settings)
    (one,) = settings_faults(link, "", (), ME)
    assert one.cure.startswith(f"--config {settings}")


def test_what_is_mounted_read_only_is_not_ours_to_mend(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and secrets of a container. (No mount can be had here: the answer to `statvfs` is made up.)"""
    settings.chmod(0o666)
    there = os.statvfs(settings)
    made_up = os.statvfs_result((*there[:8], there.f_flag | os.ST_RDONLY, there[9]))
    monkeypatch.setattr(os, "statvfs", lambda _: made_up)
    assert list(settings_faults(settings, 'token = "x"', [settings], SOMEBODY)) == []


def run(floor: Floor, name: str, **more: int) -> subprocess.CompletedProcess[str]:
    words = (command(f"gaugetrail-{name}"), "run", "--config", f"{floor.folder}/{name}.toml")
    return subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=floor.folder, check=False, **more)


@pytest.mark.processes
def test_a46_an_agent_says_all_of_it_and_check_says_it_before(floor: Floor) -> None:
    floor.write_agent()
    data, settings = floor.folder / "agent-data", floor.folder / "agent.toml"
    data.mkdir(0o700)
    data.chmod(0o755)
    lay(data / "agent.key", 0o644)
    said = [
        f"{data} is open to others (mode 755); mend it with: chmod 700 {data}",
        f"{data}/agent.key is open to others (mode 644); mend it with: chmod 600 {data}/agent.key",
    ]
    done = run(floor, "agent")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [f"the agent can't start: {one}" for one in said]
    settings.chmod(0o666)
    words = (command("gaugetrail-agent"), "check", "--config", str(settings))
    checked = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    wrong = f"{settings} can be changed by others (mode 666); mend it with: chmod go-w {settings}"
    assert checked.returncode == 0
    assert [line for line in checked.stderr.splitlines() if "mend it with" in line] == [
        f"{settings}: warning: will refuse the start: {one}" for one in (*said, wrong)
    ]
    data.chmod(0o700)
    (data / "agent.key").chmod(0o600)
    assert run(floor, "agent").stderr == f"the agent can't start: {wrong}\n"


@pytest.mark.processes
def test_a46_a_collector_too_and_of_its_store_in_a_file(floor: Floor) -> None:
    floor.write_collector()
    (floor.folder / "collector-data").mkdir(0o700)
    (floor.folder / "collector-data" / "keys.db").symlink_to(floor.folder / "theirs")
    (floor.folder / "store.db").touch()
    (floor.folder / "store.db").chmod(0o604)
    done = run(floor, "collector")
    assert (done.returncode, done.stdout) == (1, "")
    link = floor.folder / "collector-data" / "keys.db"
    told_link, told_store = done.stderr.splitlines()
    assert told_link.startswith(f"the collector can't start: {link}: it is a link to {floor.folder}/theirs; nothing is")
    assert told_link.endswith(f"; mend it with: rm {link}")
    store = f"{floor.folder}/store.db"
    assert told_store == (
        f"the collector can't start: {store} is open to others (mode 604); mend it with: chmod 600 {store}"
    )
    assert not (floor.folder / "theirs").exists()


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a46_what_a_service_makes_is_its_own_whatever_the_shell_gives_away(floor: Floor) -> None:
    """Started with umask 000, stopped, and started again: it does not refuse what it has made itself."""
    floor.broker()
    floor.write_agent()
    before = os.umask(0)
    try:
        for _ in range(2):
            floor.agent()
            floor.stop("agent")
    finally:
        os.umask(before)
    made = [floor.folder / "agent-data", *(floor.folder / "agent-data").rglob("*")]
    assert [path for path in made if path.stat().st_mode & 0o077] == []
    assert len(made) > 4
