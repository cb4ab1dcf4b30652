"""The demo's own folder and the files in it.

Nothing outside the folder is touched, and a folder is wiped only if an earlier demo made it.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gaugetrail_sim.demo.papers import GAUGES, ORDER_TABLE, PEOPLE, piston_plan, press_plan, reaction_plan
from gaugetrail_sim.demo.settings_files import Ports, agent_settings, collector_settings
from gaugetrail_sim.line import pieces
from gaugetrail_sim.line.names import PLAN_ID, REACTION_ID

if sys.platform != "win32":
    import fcntl

LOCK = "demo.lock"


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A folder that this demo alone uses, for as long as it runs."""

    path: Path
    lock: TextIO

    @property
    def agent_config(self) -> Path:
        """The agent's settings file."""
        return self.path / "agent.toml"

    @property
    def collector_config(self) -> Path:
        """The collector's settings file."""
        return self.path / "collector.toml"

    @property
    def console_url(self) -> str | None:
        """Where the collector's pages are; null while it has not said so."""
        return self._url("collector-data/console.port")

    @property
    def screen_url(self) -> str | None:
        """Where the stations' screens are; null while the agent has not said so."""
        return self._url("agent-data/screen.port")

    def _url(self, port_file: str) -> str | None:
        try:
            return f"http://127.0.0.1:{int((self.path / port_file).read_text())}/"
        except (OSError, ValueError):
            return None

    def port(self, name: str) -> Path:
        """The simulated serial port of that name."""
        return self.path / "ports" / name

    @property
    def users(self) -> Path:
        """The console's users, each with what a password is recognised by."""
        return self.path / "users"

    def plan_text(self, revision: str) -> Path:
        """The text of that revision of the piston's plan, written now."""
        path = self.path / "office" / f"{PLAN_ID}-{revision}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(piston_plan(revision))
        return path

    def reaction_text(self) -> Path:
        """What is done when a bore fails, written now."""
        path = self.path / "office" / f"{REACTION_ID}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(reaction_plan())
        return path

    def write_agent(self, ports: Ports, *, documents: bool = False) -> None:
        """Settings, plans, gauge register and people list of the agent."""
        plans = self.path / "plans"
        plans.mkdir(exist_ok=True)
        (plans / "piston.toml").write_text(piston_plan(pieces.FIRST_REVISION))
        (plans / "press.toml").write_text(press_plan())
        (self.path / "gauges.csv").write_text(GAUGES)
        (self.path / "people.csv").write_text(PEOPLE)
        self.agent_config.write_text(agent_settings(self.path, ports, documents=documents))

    def write_collector(self, broker: int, console: int, store: str) -> None:
        """Settings of the collector; `store` is the body of its `[store]` table. And what the ERP has dropped."""
        orders = self.path / "orders"
        orders.mkdir(exist_ok=True)
        (orders / "monday.csv").write_text(ORDER_TABLE)
        self.collector_config.write_text(collector_settings(broker, console, store))


def claim_folder(wanted: Path, *, wiped: bool = True) -> DemoFolder:
    """Take `wanted`, wiped unless its spool is to go on, or a numbered neighbour if another demo is using it.

    Raises `FileExistsError` if there is something in it that no demo made, `OSError` on Windows.
    """
    if sys.platform == "win32":
        raise OSError("the demo's simulated serial ports need ptys, which Windows lacks: use Linux, macOS or WSL")
    wanted = wanted.absolute()
    for number in range(1, 100):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        if path.exists() and any(path.iterdir()) and not (path / LOCK).exists():
            raise FileExistsError(f"{path} holds something that is no demo's: choose another folder with --dir")
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / LOCK).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        for old in path.iterdir():
            if wiped and old.name != LOCK:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        return DemoFolder(path, lock)
    raise FileExistsError(f"{wanted} and its neighbours are all in use by other demos")
