"""A shop floor of real processes for the tests: broker, InfluxDB, agent, collector, and an operator at the terminal.

The operator's view is the oracle: `Operator.inspect` returns only after the station has said that the unit is recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from typer.testing import CliRunner

import gaugetrail_agent.cli
import gaugetrail_collector.cli
from gaugetrail_contract.problems import ConfigError
from gaugetrail_service.cli import BAD_CONFIG

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
DEADLINE = 40.0
OURS = {"gaugetrail-agent": gaugetrail_agent.cli.app, "gaugetrail-collector": gaugetrail_collector.cli.app}


def program(name: str) -> str | None:
    """Where a server's program lies; null where it is not installed."""
    return shutil.which(name, path=PATH)


def command(name: str) -> str:
    """One of our own commands, from the environment the tests run in."""
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(found: Callable[[], object], what: str, deadline: float = DEADLINE) -> object:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {deadline:g} s: {what}")


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


class Floor:
    """Processes by name, each with its log; whatever still runs at the end is killed by its id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mqtt_port = free_port()
        self.influx_port = free_port()
        self.influx_rpc = free_port()
        self._influx_user: tuple[str, str] | None = None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Floor:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self.processes)):
            self.kill(name)

    def start(
        self, name: str, *words: str, env: Mapping[str, str] | None = None, stderr: int | None = None
    ) -> subprocess.Popen[bytes]:
        """`stderr`: where that goes instead of the process's log file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                words,
                stdout=log,
                stderr=log if stderr is None else stderr,
                cwd=self.folder,
                env={**os.environ, **(env or {})},
            )
        self.processes[name] = process
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def kill(self, name: str) -> None:
        """SIGKILL: no warning, no clean-up."""
        process = self.processes.pop(name, None)
        if process is not None:
            process.kill()
            process.wait(10)

    def stop(self, name: str) -> int:
        """SIGTERM and the exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    # --- servers

    def broker(self, more: str = "") -> None:
        conf = self.folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            f"max_inflight_messages 0\nmax_queued_messages 0\n{more}"
        )
        path = program("mosquitto")
        assert path is not None
        self.start("mosquitto", path, "-c", str(conf))
        until(lambda: answers(self.mqtt_port), "mosquitto listens")

    def influxd(
        self,
        more_http: str = "",
        database: str | None = "gaugetrail",
        *,
        tls: tuple[Path, Path] | None = None,
        user: tuple[str, str] | None = None,
    ) -> None:
        """With `tls`, a certificate and its key, it speaks nothing else; then the collector makes the database. With
        `user`, a name and its password, the tests' own questions are that user's.
        """
        self._influx_user = user
        if tls is not None:
            more_http += f'https-enabled = true\nhttps-certificate = "{tls[0]}"\nhttps-private-key = "{tls[1]}"\n'
        data = self.folder / "influx"
        conf = self.folder / "influx.conf"
        conf.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{self.influx_rpc}"\n'
            f'[meta]\ndir = "{data}/meta"\n'
            f'[data]\ndir = "{data}/data"\nwal-dir = "{data}/wal"\nquery-log-enabled = false\n'
            f'[http]\nbind-address = "127.0.0.1:{self.influx_port}"\nlog-enabled = false\n{more_http}'
            "[monitor]\nstore-enabled = false\n"
        )
        path = program("influxd")
        assert path is not None
        self.start("influxd", path, "-config", str(conf))
        if tls is not None:
            until(lambda: answers(self.influx_port), "influxd listens")
            return
        until(self._influx_up, "influxd answers")
        if database is not None:
            self.influx(f"CREATE DATABASE {database}")

    def _influx_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.influx_port}/ping", timeout=1) as answer:
                return bool(answer.status == 204)
        except OSError:
            return False

    def influx(self, query: str, database: str = "gaugetrail") -> dict[str, object]:
        user = "" if self._influx_user is None else "&u={}&p={}".format(*self._influx_user)
        url = f"http://127.0.0.1:{self.influx_port}/query?db={database}{user}"
        body = urllib.parse.urlencode({"q": query}).encode()
        with urllib.request.urlopen(url, body, timeout=10) as answer:
            return dict(json.load(answer))

    def write_lines(self, database: str, lines: str) -> None:
        url = f"http://127.0.0.1:{self.influx_port}/write?db={database}"
        with urllib.request.urlopen(url, lines.encode(), timeout=10):
            pass

    # --- ours

    def write_agent(self, **more: str) -> Path:
        """An agent with one station whose only characteristic is typed, so that no device is needed."""
        (self.folder / "plan.toml").write_text(
            'id = "CP-1"\nrevision = "A"\npart = "PR-1"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
            '[[characteristic]]\nname = "depth"\nunit = "mm"\nlsl = "1.0"\nusl = "2.0"\ncapture = "typed"\n'
        )
        path = self.folder / "agent.toml"
        path.write_text(
            '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "agent-data"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {self.mqtt_port}\n[terminal]\n'
            '[[station]]\nname = "OP10"\nplan = "plan.toml"\nunit_pattern = "SN[0-9]+"\n' + more.get("extra", "")
        )
        return path

    def write_collector(self, store: str = "sqlite", port: int | None = None, name: str = "collector") -> Path:
        path = self.folder / f"{name}.toml"
        tables = {
            "sqlite": f'[store]\nkind = "sqlite"\npath = "{self.folder}/store.db"\n',
            "influxdb": (
                f'[store]\nkind = "influxdb"\nurl = "http://127.0.0.1:{port or self.influx_port}"\nversion = "1"\n'
                'database = "gaugetrail"\n'
            ),
        }
        path.write_text(
            f'id = "{name}"\ndata_dir = "{name}-data"\n[mqtt]\nhost = "127.0.0.1"\nport = {self.mqtt_port}\n'
            + tables[store]
        )
        return path

    def agent(self) -> None:
        (self.folder / "agent-data" / "terminal.port").unlink(missing_ok=True)
        self.start("agent", command("gaugetrail-agent"), "run", "--config", str(self.folder / "agent.toml"))
        until(lambda: (self.folder / "agent-data" / "terminal.port").exists(), "the agent is ready")

    def collector(self, name: str = "collector") -> None:
        self.start(name, command("gaugetrail-collector"), "run", "--config", str(self.folder / f"{name}.toml"))

    def introduce(self, at: str, other: str) -> None:
        """One collector lets another be known, at every agent that knows it."""
        _, out, err = self.ask_here("gaugetrail-collector", "keys", "own", "--config", f"{other}.toml", "--json")
        own = json.loads(out or "{}")
        assert own, err
        words = ("keys", "introduce", own["collector"], own["key"], "--config", f"{at}.toml")
        code, _, err = self.ask_here("gaugetrail-collector", *words)
        assert code == 0, err

    def ask(self, *words: str) -> tuple[int, str, str]:
        """One of our commands run to its end: exit code, standard output, standard error."""
        done = subprocess.run(
            (command(words[0]), *words[1:]), capture_output=True, text=True, timeout=60, cwd=self.folder
        )
        return done.returncode, done.stdout, done.stderr

    def ask_here(self, *words: str) -> tuple[int, str, str]:
        """The same in this process, for what is asked while waiting: to start Python again and again would take the
        time of those who are waited for.
        """
        with contextlib.chdir(self.folder):
            try:
                done = CliRunner().invoke(OURS[words[0]], words[1:], catch_exceptions=False)
            except ConfigError as error:  # as the command's own frame says it
                return BAD_CONFIG, "", f"{error}\n"
        return done.exit_code, done.stdout, done.stderr

    def verify(self, config: str = "collector.toml") -> dict[str, object]:
        _, out, err = self.ask_here("gaugetrail-collector", "verify", "--config", config, "--json")
        assert out, err
        return dict(json.loads(out))

    def waiting(self) -> int:
        _, out, err = self.ask_here("gaugetrail-agent", "spool", "stats", "--config", "agent.toml", "--json")
        assert out, err
        return int(json.loads(out)["waiting"])


class Operator:
    """A person at the station's terminal, who believes only what it shows."""

    def __init__(self, floor: Floor, station: str = "OP10") -> None:
        data = floor.folder / "agent-data"
        self._socket = socket.create_connection(("127.0.0.1", int((data / "terminal.port").read_text())), 10)
        self._socket.settimeout(DEADLINE)
        self._lines = self._socket.makefile("rb")
        self._send({"token": (data / "terminal.token").read_text()})
        self._send({"station": station})
        self.display: dict[str, object] = {}
        self.told: list[str] = []

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _send(self, line: dict[str, str]) -> None:
        self._socket.sendall(json.dumps(line).encode() + b"\n")

    def see(self, wanted: Callable[[dict[str, object]], object]) -> dict[str, object]:
        """Read displays until one is as wanted."""
        while not (self.display and wanted(self.display)):
            try:
                line = self._lines.readline()
            except TimeoutError as e:
                raise AssertionError(f"not shown within {DEADLINE:.0f} s; the terminal shows {self.display}") from e
            assert line, "the agent has closed the terminal"
            self.display = json.loads(line)
        return self.display

    def type(self, text: str) -> None:
        self._send({"typed": text})

    def log_on(self, badge: str = "OP-1") -> None:
        self.type(badge)
        self.see(lambda now: now["operator"] == badge)

    def inspect(self, serial: str, depth: str = "1.50") -> None:
        """Scan, measure, and wait to be told that it is recorded."""
        self.type(serial)
        self.see(lambda now: now["serial"] == serial)
        self.type(depth)
        self.see(lambda now: isinstance(now["last"], dict) and now["last"]["serial"] == serial)
        self.told.append(serial)


class HoldingProxy:
    """A TCP proxy that passes requests on to InfluxDB and, while `hold` is set, keeps every answer back."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.hold = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._sockets: list[socket.socket] = []
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closing = True
        for one in (self._server, *self._sockets):
            with_shutdown(one)

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._server.accept()
                upstream = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [client, upstream]
            threading.Thread(target=self._pump, args=(client, upstream, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(upstream, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        try:
            while data := source.recv(65536):
                if is_answer and self.hold.is_set():
                    continue
                target.sendall(data)
        except OSError:
            pass
        with_shutdown(target)


def with_shutdown(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
