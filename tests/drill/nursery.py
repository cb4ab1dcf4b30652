"""Starts agents and collectors in a tenth of a second: a process that has imported their code and forks.

A fresh Python needs about a second to import an agent, and 200 kills would be 200 seconds of importing. What is forked
here is a process of its own with a session, a log and a working folder of its own; it runs the command's `main` with
its words and is killed with a real SIGKILL. Nothing of an earlier life is in it, because the nursery itself never runs
one. Drills start every tenth process by the installed command all the same.

As a script it serves orders, one JSON line each: `{"start": [command, words…], "out": path, "err": path, "cwd": path}`
is answered with `{"pid": n}`, `{"wait": pid}` with `{"code": n}` or null. When its input ends it kills its children.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

PR_SET_PDEATHSIG = 1
WARM = (
    "gaugetrail_agent.commands.run",
    "gaugetrail_agent.app",
    "gaugetrail_collector.commands.run",
    "gaugetrail_collector.commands.verify",
    "gaugetrail_collector.app",
    "gaugetrail_collector.stores.influx.store",
    "gaugetrail_collector.stores.sqlite.store",
    "gaugetrail_service.web.console_users",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "encodings.idna",
)
"""What a command loads only once it is told to run; without these each child would load them anew."""


class Hatched:
    """One process of the nursery, as `subprocess.Popen` would show it."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; null while it runs."""
        return self._wait(0.0)

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, by its id, unless it is known to have ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _wait(self, secs: float) -> int | None:
        # Each order is quick, so that one who waits doesn't hold up one who starts.
        end = time.monotonic() + secs
        while self.returncode is None:
            self.returncode = self._nursery.order({"wait": self.pid})["code"]
            if self.returncode is not None or time.monotonic() >= end:
                break
            time.sleep(0.01)
        return self.returncode


class Nursery:
    """The parent's end. May be used from several threads."""

    def __init__(self, log: Path, env: Mapping[str, str] | None = None) -> None:
        self._lock = threading.Lock()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                (sys.executable, __file__),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(env or {})},
            )

    _shared: ClassVar[dict[str, Nursery]] = {}
    _sharing: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def shared(cls, preload: str = "") -> Nursery:
        """This process's nursery, or that of children with a library loaded before all others; ended at its exit."""
        with cls._sharing:
            if preload not in cls._shared:
                errors = Path(tempfile.gettempdir()) / f"nursery-{os.getpid()}-{len(cls._shared)}.log"
                cls._shared[preload] = nursery = cls(errors, {"LD_PRELOAD": preload} if preload else None)
                atexit.register(nursery.close)
                atexit.register(errors.unlink, missing_ok=True)
            return cls._shared[preload]

    def start(
        self, words: Sequence[str], out: Path, err: Path, folder: Path, env: Mapping[str, str] | None = None
    ) -> Hatched:
        """Fork one: `words` are the command's name and its arguments."""
        order = {"start": words, "out": str(out), "err": str(err), "cwd": str(folder), "env": dict(env or {})}
        answer = self.order(order)
        return Hatched(self, answer["pid"])

    def order(self, order: dict[str, object]) -> dict[str, int]:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the nursery has ended; its log says why"
        return dict(json.loads(line))

    def close(self) -> None:
        """End it with all its children."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def serve() -> None:
    """Take orders until the input ends; then nothing of it is left."""
    import gaugetrail_agent.cli
    import gaugetrail_collector.cli

    for name in WARM:
        importlib.import_module(name)
    mains = {"gaugetrail-agent": gaugetrail_agent.cli.main, "gaugetrail-collector": gaugetrail_collector.cli.main}
    gc.collect()
    gc.freeze()  # what is imported is not looked at again in each child
    children: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                _live(parent, order, mains[order["start"][0]])
            children.add(pid)
            answer: dict[str, int | None] = {"pid": pid}
        else:
            ended, status = os.waitpid(order["wait"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if ended else None}
            children.discard(ended)
        print(json.dumps(answer), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _live(parent: int, order: dict, main) -> NoReturn:
    """The child: a session of its own, its log as both outputs, and the command."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setsid()
    with (
        Path(os.devnull).open("rb") as nothing,
        Path(order["out"]).open("ab") as out,
        Path(order["err"]).open("ab") as err,
    ):
        for number, file in ((0, nothing), (1, out), (2, err)):
            os.dup2(file.fileno(), number)
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    sys.argv = list(order["start"])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - the top of a process
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
