"""The agent under Windows, as far as it can be tried without one.

pywin32 is a double here (there is none for Linux), with the few names that are used; the agent in it is the real one.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from floor import until

from gaugetrail_agent import config as configuration
from gaugetrail_service.install.service import _may_write
from gaugetrail_service.install.steps import NotDone

ROOT = Path(__file__).parents[2]
UNIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty", "syslog"}


class Framework:
    """As much of pywin32's ServiceFramework as a service sees."""

    def __init__(self, words: object) -> None:
        self.reported: list[int] = []

    def ReportServiceStatus(self, status: int) -> None:  # noqa: N802
        self.reported.append(status)


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module, imported with doubles in pywin32's place and a folder for programs' data."""
    said: list[str] = []
    asked: list[object] = []
    doubles = {name: ModuleType(name) for name in ("servicemanager", "win32service", "win32serviceutil")}
    doubles["servicemanager"].LogErrorMsg = said.append  # type: ignore[attr-defined]
    doubles["win32service"].SERVICE_STOP_PENDING = 3  # type: ignore[attr-defined]
    doubles["win32serviceutil"].ServiceFramework = Framework  # type: ignore[attr-defined]
    doubles["win32serviceutil"].HandleCommandLine = lambda service, argv: asked.append((service, argv))  # type: ignore[attr-defined]
    for name, double in doubles.items():
        monkeypatch.setitem(sys.modules, name, double)
    monkeypatch.setenv("PROGRAMDATA", str(tmp_path))
    module = importlib.import_module("gaugetrail_agent.commands.windows_service")
    module.said, module.asked = said, asked  # type: ignore[attr-defined]
    yield module
    del sys.modules["gaugetrail_agent.commands.windows_service"]


def settings(tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "Gaugetrail" / "agent.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "agent"\n[terminal]\n{more}')
    return path


@pytest.mark.parametrize("when", ["running", "before it ran"])
def test_windows_word_to_stop_ends_the_agent_cleanly(windows: ModuleType, tmp_path: Path, when: str) -> None:
    """It comes on a thread of Windows' own, and may come before the agent is there."""
    settings(tmp_path)
    service = windows.AgentService(["gaugetrail-agent"])
    ready = tmp_path / "Gaugetrail" / "agent" / "terminal.port"
    if when == "running":
        stopper = threading.Thread(target=lambda: (until(ready.exists, "the agent is ready"), service.SvcStop()))
        stopper.start()
        service.SvcDoRun()
        stopper.join()
    else:
        service.SvcStop()
        service.SvcDoRun()
    assert service.reported == [3]
    log = (tmp_path / "Gaugetrail" / "agent" / "agent.log").read_text()
    assert "event=ready" in log
    assert log.splitlines()[-1].endswith("event=stopped")
    assert windows.said == []


def test_faulty_settings_stand_in_the_event_log_with_file_line_and_key(windows: ModuleType, tmp_path: Path) -> None:
    settings(tmp_path, "prot = 1\n")
    windows.AgentService(["gaugetrail-agent"]).SvcDoRun()
    (said,) = windows.said
    assert said.startswith("the agent can't run: ")
    assert "agent.toml:7: terminal.prot: unknown key; did you mean port?" in said


def test_install_writes_first_settings_once_and_hands_on_to_pywin32(
    windows: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Gaugetrail" / "agent.toml"
    assert windows.main(["x", "install"]) == 0
    assert "to be edited before the first start" in capsys.readouterr().out
    assert configuration.load(path, {}).data_dir == tmp_path / "Gaugetrail" / "agent"
    path.write_text("# mine\n")
    assert windows.main(["x", "install"]) == 0
    assert (path.read_text(), "kept" in capsys.readouterr().out) == ("# mine\n", True)
    assert windows.main(["x", "start"]) == 0
    assert windows.asked == [(windows.AgentService, ["x", words]) for words in ("install", "install", "start")]


def test_the_folder_is_windows_own_where_nothing_else_is_said(windows: ModuleType) -> None:
    assert windows.folder_of({}).parts[-1] == "Gaugetrail"
    assert windows.folder_of({"PROGRAMDATA": "/data"}) == Path("/data/Gaugetrail")


def test_systemds_install_says_whose_way_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        with pytest.raises(NotDone, match=r"docs/windows\.md"):
            _may_write(tmp_path, dry_run=True)


def test_no_module_of_ours_needs_what_only_unix_has() -> None:
    """Each such import stands behind a question for the system, so that Windows' Python loads the module."""
    needing = {
        str(path.relative_to(ROOT)): found
        for folder in ("foundation", "agent", "collector")
        for path in (ROOT / folder).rglob("*.py")
        if (found := _imports(ast.parse(path.read_text("utf-8"))) & UNIX_ONLY)
    }
    assert needing == {}


def _imports(module: ast.Module) -> set[str]:
    """What a module imports as soon as it is loaded."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
