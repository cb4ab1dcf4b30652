"""A whole running agent on a thread of this process, with the devices that a test plays; asked by its own commands.

In one process, so that one start serves many questions. The commands are those that people type, without a shell.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from floor import until
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_agent.app import Agent
from gaugetrail_agent.clock.trust import WatchedClock
from gaugetrail_agent.config import load

PLAN = """id = "CP-1"
revision = "C"
part = "P"
approved_by = "QE-3"
approved_on = "2026-10-05"
[[characteristic]]
name = "width"
unit = "mm"
lsl = "1.0"
usl = "2.0"
"""
AGENT = """[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
"""


def asked(*words: str) -> tuple[int, str, str]:
    """A command of the agent: exit code, standard output, standard error."""
    done = CliRunner().invoke(cli.app, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


class Pty:
    """A serial port that isn't there: the gauge's end is ours."""

    def __init__(self, port: Path) -> None:
        self.ours, self.far = os.openpty()
        tty.setraw(self.far)
        self.port = port
        port.symlink_to(os.ttyname(self.far))

    def send(self, data: bytes) -> None:
        os.write(self.ours, data)

    def close(self) -> None:
        os.close(self.far)
        os.close(self.ours)
        self.port.unlink()


class RunningAgent:
    """An agent with the settings `agent.toml` of a folder, from `with` on until its end."""

    def __init__(self, folder: Path, clock: WatchedClock | None = None) -> None:
        self.config = folder / "agent.toml"
        self.loop = asyncio.new_event_loop()
        self.loop.add_signal_handler = self._no_signals  # type: ignore[assignment,method-assign]  # not the main thread
        self._fault: Exception | None = None
        self.agent = Agent(load(self.config, {}), clock)
        self._thread = threading.Thread(target=self._run, name="an agent under test")

    @staticmethod
    def _no_signals(*_: object) -> NoReturn:
        raise NotImplementedError

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self.agent.run())
        except Exception as error:  # noqa: BLE001 (the top of a thread; whoever waits for the agent raises it)
            self._fault = error
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def __enter__(self) -> RunningAgent:
        self._thread.start()
        until(self._ready, "the agent answers")
        return self

    def _ready(self) -> bool:
        if self._fault is not None:
            raise self._fault
        return (
            asked("status", "--config", str(self.config), "--json")[0] in (0, 1) and self.agent.report._told is not None
        )

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.agent.stop)
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self._fault is not None:
            raise self._fault

    def do(self, step: Callable[[], object]) -> None:
        """Call something on the agent's loop."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (step(), done.set()))
        assert done.wait(20)

    def typed(self, station: str, *texts: str) -> None:
        """Texts that are typed or scanned at a station."""
        for text in texts:
            self.do(lambda text=text: self.agent.stations[station].scanned(text))

    def report(self) -> dict[str, Any]:
        """What `status --json` says."""
        _, out, err = asked("status", "--config", str(self.config), "--json")
        assert out, err
        return dict(json.loads(out))

    def told(self, pattern: str) -> str:
        """The line of `status` that fits, once there is one; its exit code says that not all is well."""

        def line() -> str | None:
            code, out, _ = asked("status", "--config", str(self.config))
            found = [text.strip() for text in out.splitlines() if re.search(pattern, text)]
            assert code == 1 or not found or found[0].startswith("worth a look"), out
            return found[0] if found else None

        return str(until(line, f"status says {pattern}"))
