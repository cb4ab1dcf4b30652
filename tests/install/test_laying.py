"""A service laid in a root folder by the real commands, laid again, and taken off; its unit judged by systemd."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gaugetrail_agent import cli as agent_cli
from gaugetrail_agent import config as agent_config
from gaugetrail_agent.install.service import UNIT as AGENT_UNIT
from gaugetrail_agent.install.service import first_settings as agent_settings
from gaugetrail_agent.spool import Origin, Spool
from gaugetrail_collector import cli as collector_cli
from gaugetrail_collector import config as collector_config
from gaugetrail_collector.install.service import UNIT as COLLECTOR_UNIT
from gaugetrail_collector.install.service import first_settings as collector_settings
from gaugetrail_contract.clock import FixedClock
from gaugetrail_service.install import score
from gaugetrail_service.install.steps import NotDone, SystemTold, ask
from gaugetrail_service.install.unit import SHUT_AWAY, Allowed, LeftOff

CLIS = {"agent": agent_cli.app, "collector": collector_cli.app}
UNITS = {"agent": AGENT_UNIT, "collector": COLLECTOR_UNIT}
PLAN = """
id = "CP-1"
revision = "A"
part = "P"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "bore_diameter"
unit = "mm"
lsl = "1.0"
usl = "2.0"
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a Debian as useradd asks for."""
    top = tmp_path / "root"
    (top / "etc").mkdir(parents=True)
    for name, text in (
        ("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
        ("group", "root:x:0:\n"),
        ("shadow", "root:*:1::::::\n"),
    ):
        (top / "etc" / name).write_text(text)
    (top / "etc" / "gshadow").write_text("root:*::\n")
    return top


def run(part: str, *words: str) -> Result:
    return CliRunner().invoke(CLIS[part], list(words), catch_exceptions=False)


def install(part: str, root: Path, *more: str, code: int = 0) -> str:
    program = f"/opt/gaugetrail-{part}/bin/gaugetrail-{part}"
    done = run(part, "install", "--root", str(root), "--program", program, *more)
    assert done.exit_code == code, done.output
    return done.output


def files(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    return {
        str(path.relative_to(root)): (
            (found := path.lstat()).st_mode,
            found.st_uid,
            found.st_gid,
            path.read_bytes() if stat.S_ISREG(found.st_mode) else b"",
        )
        for path in sorted(root.rglob("*"))
    }


@needs_root
@pytest.mark.parametrize("part", CLIS)
def test_what_is_laid_is_whose_it_should_be(part: str, root: Path) -> None:
    install(part, root)
    (line,) = [one for one in (root / "etc/passwd").read_text().splitlines() if one.startswith("gaugetrail:")]
    number = int(line.split(":")[2])
    assert line.endswith(":/usr/sbin/nologin")
    wanted = {
        "etc/gaugetrail": (0o750, 0, number),
        f"etc/gaugetrail/{part}.toml": (0o640, 0, number),
        "var/lib/gaugetrail": (0o755, 0, 0),
        f"var/lib/gaugetrail/{part}": (0o700, number, number),
        f"etc/systemd/system/gaugetrail-{part}.service": (0o644, 0, 0),
    }
    found = {name: (stat.S_IMODE(mode), uid, gid) for name, (mode, uid, gid, _) in files(root).items()}
    assert wanted == {name: found[name] for name in wanted}
    link = root / f"etc/systemd/system/multi-user.target.wants/gaugetrail-{part}.service"
    assert str(link.readlink()) == f"/etc/systemd/system/gaugetrail-{part}.service"


@needs_root
@pytest.mark.parametrize("part", CLIS)
def test_installing_twice_is_installing_once(part: str, root: Path) -> None:
    install(part, root)
    before = files(root)
    assert "done:" not in install(part, root)
    assert files(root) == before


@needs_root
def test_settings_that_somebody_has_written_are_never_written_over(root: Path) -> None:
    install("agent", root)
    mine = root / "etc/gaugetrail/agent.toml"
    mine.write_text("# mine\n")
    mine.chmod(0o600)
    install("agent", root, "--id", "another")
    assert (mine.read_text(), stat.S_IMODE(mine.stat().st_mode)) == ("# mine\n", 0o600)


@needs_root
def test_what_was_bent_is_made_right(root: Path) -> None:
    """A unit of an older version, a folder with the wrong mode, a link that leads elsewhere."""
    install("agent", root)
    before = files(root)
    (root / "etc/systemd/system/gaugetrail-agent.service").write_text("old")
    (root / "var/lib/gaugetrail/agent").chmod(0o777)
    link = root / "etc/systemd/system/multi-user.target.wants/gaugetrail-agent.service"
    link.unlink()
    link.symlink_to("/elsewhere")
    os.chown(root / "etc/gaugetrail", 12, 12)
    install("agent", root)
    assert files(root) == before


@pytest.mark.parametrize("part", CLIS)
def test_a_dry_run_says_all_of_it_and_does_nothing(part: str, root: Path) -> None:
    before = files(root)
    said = install(part, root, "--dry-run")
    for word in ("add the system user gaugetrail", "/etc/gaugetrail", f"/var/lib/gaugetrail/{part}", ".service"):
        assert re.search(rf"^would .*{re.escape(word)}", said, re.M), word
    assert "exposure" in said
    assert files(root) == before
    run(part, "uninstall", "--root", str(root), "--dry-run")
    assert files(root) == before


@needs_root
@pytest.mark.parametrize("part", CLIS)
def test_taking_it_off_leaves_data_and_settings_and_says_where_they_lie(part: str, root: Path) -> None:
    install(part, root, *(["--udev", "bore=usb:0403:6001:A5"] if part == "agent" else []))
    (root / f"var/lib/gaugetrail/{part}/some.db").write_text("records")
    done = run(part, "uninstall", "--root", str(root))
    assert done.exit_code == 0
    assert f"left: its data in {root}/var/lib/gaugetrail/{part}" in done.output
    assert f"left: its settings in {root}/etc/gaugetrail/{part}.toml" in done.output
    left = {name for name in files(root) if (root / name).is_file() and not name.startswith("etc/systemd")}
    assert {f"var/lib/gaugetrail/{part}/some.db", f"etc/gaugetrail/{part}.toml"} <= left
    assert [name for name in files(root) if name.endswith((".service", ".rules"))] == []
    again = run(part, "uninstall", "--root", str(root))
    assert (again.exit_code, "done:" in again.output) == (0, False)


@needs_root
def test_records_that_wait_are_named_when_the_agent_is_taken_off(root: Path) -> None:
    install("agent", root)
    one = Spool(root / "var/lib/gaugetrail/agent/spool.db", agent="pc1", clock=FixedClock())
    one.open()
    for _ in range(3):
        one.append(Origin("pc1", "s", "l").due("test", {})).result(10)
    one.close()
    done = run("agent", "uninstall", "--root", str(root))
    assert "NOTE: 3 records wait in " in done.output
    (root / "var/lib/gaugetrail/agent/spool.db").write_bytes(b"x" * 9000)
    done = run("agent", "uninstall", "--root", str(root))
    assert (done.exit_code, "can't be told" in done.output) == (0, True)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/home/me/.venv/bin/gaugetrail-agent", "shuts /home away (ProtectHome)"),
        ("/root/x", "shuts /root away (ProtectHome)"),
        ("/tmp/x", "shuts /tmp away (PrivateTmp)"),
        ("gaugetrail-agent", "is no absolute path"),
    ],
)
def test_a_program_that_the_service_could_not_reach_is_refused(root: Path, program: str, said: str) -> None:
    before = files(root)
    done = run("agent", "install", "--root", str(root), "--program", program)
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr
    assert files(root) == before


@pytest.mark.parametrize("part", CLIS)
def test_names_that_cannot_be_are_refused(part: str, root: Path) -> None:
    done = run(part, "install", "--root", str(root), "--program", "/opt/x", "--id", "a/b")
    assert (done.exit_code, "a/b" in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)
    assert run(part, "install", "--root", str(root / "none"), "--program", "/opt/x").exit_code == 1
    assert "is no folder" in run(part, "uninstall", "--root", str(root / "none")).stderr


def test_a_step_that_fails_stops_with_the_tools_own_words(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = root.parent / "tools"
    tools.mkdir()
    (tools / "useradd").write_text("#!/bin/sh\necho no room for users >&2\nexit 3\n")
    (tools / "useradd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    said = install("agent", root, code=1)
    assert "not installed: useradd --system" in said
    assert "failed: no room for users" in said


def test_without_such_a_tool_it_says_so(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(NotDone, match="useradd: "):
        ask(["useradd"])


def test_another_root_hears_nothing_of_it(tmp_path: Path) -> None:
    assert SystemTold(("sh", "-c", "exit 1"), "why").there(tmp_path)


@pytest.mark.parametrize("part", CLIS)
def test_first_settings_are_good_and_carry_the_ids(part: str, tmp_path: Path) -> None:
    path = tmp_path / f"{part}.toml"
    if part == "agent":
        path.write_text(agent_settings("pc-7", "site-2", "line-3"))
        table = agent_config.load(path, {}).settings.agent
        assert (table.id, table.site, table.line) == ("pc-7", "site-2", "line-3")
        assert str(table.data_dir) == "/var/lib/gaugetrail/agent"
    else:
        path.write_text(collector_settings("c-7"))
        settings = collector_config.load(path, {}).settings
        assert (settings.id, str(settings.data_dir)) == ("c-7", "/var/lib/gaugetrail/collector")
    assert "@" not in path.read_text()


def test_every_example_in_the_first_settings_is_good_too(tmp_path: Path) -> None:
    """What stands behind a # is what a setter uncomments."""
    text = agent_settings("pc-7", "s", "l").partition("# --- a gauge")[2]
    lines = [line.removeprefix("#").strip() for line in text.splitlines()[1:]]
    shown = "\n".join(line for line in lines if re.match(r"\[|\w+ = ", line))
    tables = tomllib.loads(shown)
    assert (tables["link"][0]["port"], tables["station"][0]["name"]) == ("/dev/gauges/bore", "OP20")
    path = tmp_path / "agent.toml"
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "piston.toml").write_text(PLAN)
    path.write_text(agent_settings("pc-7", "s", "l") + shown)
    assert agent_config.load(path, {}).settings.device[0].name == "bore"


# --- the units


@pytest.mark.parametrize("part", CLIS)
def test_the_unit_says_what_the_daemon_needs(part: str) -> None:
    text = UNITS[part].text("/usr/bin/x", "/etc/gaugetrail/x.toml")
    for line in (
        "Type=notify",
        "ExecStart=/usr/bin/x run --config /etc/gaugetrail/x.toml",
        "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'",
        "User=gaugetrail",
        f"StateDirectory=gaugetrail/{part}",
        "RestartPreventExitStatus=78",
        "Restart=always",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "WantedBy=multi-user.target",
    ):
        assert line in text.splitlines()
    assert re.search(r"^WatchdogSec=[0-9]+$", text, re.M)


@pytest.mark.parametrize("part", CLIS)
def test_no_setting_stands_twice_and_each_that_is_left_off_has_its_reason(part: str) -> None:
    settings = [*UNITS[part].own, *SHUT_AWAY]
    on = [one.setting for one in settings if isinstance(one, Allowed)]
    assert len(on) == len(set(on))
    off = [one for one in settings if isinstance(one, LeftOff)]
    text = UNITS[part].text("/usr/bin/x", "/etc/x")
    assert all(one.reason and f"# left off: {one.setting}: {one.reason}" in text.splitlines() for one in off)
    assert {one.setting for one in off}.isdisjoint(on)


BOUND = {"agent": 2.0, "collector": 1.3}
"""What `systemd-analyze security` gave when the units were made, with a little room for another systemd."""


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here; on Debian: apt-get install systemd"
)
@pytest.mark.parametrize("part", CLIS)
def test_systemd_finds_the_unit_whole_and_little_exposed(part: str, tmp_path: Path) -> None:
    """Verified and judged offline; the program is any that is there."""
    unit = tmp_path / f"gaugetrail-{part}.service"
    unit.write_text(UNITS[part].text("/bin/true", "/etc/x"))
    ask(["systemd-analyze", "verify", str(unit)])
    said = score.exposure(unit.stem, unit.read_text())
    match = re.fullmatch(rf"Overall exposure level for {unit.stem}\.service: ([0-9.]+) OK", said)
    assert match, said
    assert float(match[1]) <= BOUND[part]


def test_an_exposure_that_cannot_be_known_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert score.exposure("x", "") == "exposure not known: systemd-analyze is not here"
    (tmp_path / "systemd-analyze").write_text("#!/bin/sh\necho unknown option >&2; exit 1\n")
    (tmp_path / "systemd-analyze").chmod(0o755)
    assert "unknown option" in score.exposure("x", "")
    assert score.exposure("x", "").startswith("exposure not known: ")
