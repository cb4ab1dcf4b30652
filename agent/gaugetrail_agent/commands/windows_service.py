"""The agent as a service of Windows: `python -m gaugetrail_agent.commands.windows_service install`, `start`, `stop`,
`remove`, with the extra `windows` (pywin32, whose own command line this is).

Promise: Windows' word to stop reaches the agent from any thread and ends it cleanly; faulty settings stand in the event
log with file, line and key. What has been tried of it and what has not: docs/windows.md. The only module that meets
pywin32, and none imports it; its log is a file, since a service has no standard error.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import servicemanager
import win32service
import win32serviceutil

from gaugetrail_agent import config as configuration
from gaugetrail_agent.app import Agent
from gaugetrail_agent.doubts.doors import refuse_open_doors
from gaugetrail_agent.install.service import first_settings, name_of_this_pc
from gaugetrail_agent.spool import SpoolBroken
from gaugetrail_contract.files import refuse_links, write_whole
from gaugetrail_contract.settings import ConfigError
from gaugetrail_service.logs.lines import set_up_logging


class AgentService(win32serviceutil.ServiceFramework):
    """What Windows starts and stops. The names are pywin32's."""

    _svc_name_ = "gaugetrail-agent"
    _svc_display_name_ = "Gaugetrail agent"
    _svc_description_ = "Sealed records of what gauges and PLCs say"

    def __init__(self, words: object) -> None:
        super().__init__(words)
        self._lock = threading.Lock()
        self._stopped = False
        self._running: tuple[asyncio.AbstractEventLoop, Agent] | None = None

    def SvcDoRun(self) -> None:  # noqa: N802 (pywin32's name)
        """Run the agent until Windows says stop."""
        try:
            asyncio.run(self._run(folder_of(os.environ)))
        except (ConfigError, SpoolBroken, OSError) as error:
            servicemanager.LogErrorMsg(f"the agent can't run: {error}")

    def SvcStop(self) -> None:  # noqa: N802 (pywin32's name)
        """Called on a thread of Windows' own."""
        self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING)
        with self._lock:
            self._stopped = True
            if self._running is not None:
                loop, agent = self._running
                loop.call_soon_threadsafe(agent.stop)

    async def _run(self, folder: Path) -> None:
        loaded = configuration.load(folder / "agent.toml")
        refuse_open_doors(loaded)
        loaded.data_dir.mkdir(parents=True, exist_ok=True)
        refuse_links(loaded.data_dir / "agent.log")
        with (loaded.data_dir / "agent.log").open("a", encoding="utf-8") as log:
            set_up_logging(loaded.settings.log.level, loaded.settings.log.form, log)
            agent = Agent(loaded)
            with self._lock:
                self._running = asyncio.get_running_loop(), agent
                if self._stopped:
                    agent.stop()
            try:
                await agent.run()
            finally:
                for handler in logging.getLogger().handlers:
                    handler.flush()  # its thread writes on by itself, and the file closes here


def folder_of(environ: Mapping[str, str]) -> Path:
    """Where settings and data lie: `Gaugetrail` in the folder for programs' data."""
    return Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Gaugetrail"


def write_first_settings(folder: Path) -> bool:
    """Settings to begin with, where there are none yet; whether they were written. Raises `OSError`."""
    path = folder / "agent.toml"
    if path.exists():
        return False
    text = first_settings(name_of_this_pc(), "plant1", "line1", data_dir="agent")
    write_whole(path, text.encode("utf-8"))
    return True


def main(words: list[str]) -> int:
    """pywin32's commands; `install` also writes the first settings."""
    if "install" in words:
        folder = folder_of(os.environ)
        new = write_first_settings(folder)
        print(f"settings: {folder / 'agent.toml'}{', to be edited before the first start' if new else ', kept'}")
    return int(win32serviceutil.HandleCommandLine(AgentService, argv=words) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
