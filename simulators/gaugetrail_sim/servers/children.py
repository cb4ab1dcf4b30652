"""The demo's processes: each with a log of its own, ended by its id, and never left behind.

A child gets no Ctrl-C from the terminal: the demo stops its children one after the other, in the order of the data
path. On Linux the system ends them when the demo is killed and can't.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

STOP_SECS = 15.0
TAIL_LINES = 25

_LEASH = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
os.getppid() == int(sys.argv[1]) or sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""prctl(PR_SET_PDEATHSIG, SIGTERM), then the program in the same process; see prctl(2)."""


class ChildFailed(Exception):
    """A process of the demo ended when it should run, or did not do its work. Carries the end of its log."""


class Child:
    """One process, started at once."""

    def __init__(
        self, name: str, words: tuple[str, ...], folder: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        if sys.platform == "linux":
            parent = str(os.getpid())
            words = (sys.executable, "-I", "-S", "-c", _LEASH, parent, *words)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (the words are the demo's own)
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environ, start_new_session=True
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    async def until(self, ready: Callable[[], bool], what: str, secs: float = 30.0) -> None:
        """Wait for `ready`. Raises `ChildFailed` when the process ends first or time runs out."""
        end = asyncio.get_running_loop().time() + secs
        while not ready():
            if not self.running:
                raise self.failed(f"ended with code {self.process.returncode} before {what}")
            if asyncio.get_running_loop().time() > end:
                raise self.failed(f"not within {secs:g} s: {what}")
            await asyncio.sleep(0.02)

    async def stop(self) -> int:
        """Ask it to end and wait; kill it if it doesn't. The exit code; may be called twice."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.process.wait, STOP_SECS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it without asking."""
        self.process.kill()
        return self.process.wait()

    def failed(self, what: str) -> ChildFailed:
        """The exception that says so, with the end of the log."""
        return ChildFailed(f"{self.name}: {what}; the end of {self.log}:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:]) or "(empty)"
