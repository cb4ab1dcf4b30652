"""A daemon's word to systemd: spoken by the main loop itself, and to nobody where nobody listens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, command, until

from gaugetrail_service.install.supervisor import Supervisor


class Ear:
    """The socket that systemd would listen on."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        while True:
            try:
                self.heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    one = Ear(str(tmp_path / "notify"))
    yield one
    one.close()


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


def test_what_a_daemon_has_to_say_is_heard(ear: Ear, tmp_path: Path) -> None:
    one = Supervisor(environ(tmp_path, WATCHDOG_USEC="3000000"))
    one.ready()
    one.turned()
    one.stopping()
    assert ear.listen() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_address_is_understood() -> None:
    address = f"@gaugetrail-test-{os.getpid()}"
    ear = Ear(address)
    Supervisor({"NOTIFY_SOCKET": address}).ready()
    assert ear.listen() == ["READY=1"]
    ear.close()


def test_a_loop_that_turns_fast_says_so_a_third_of_the_silence_apart(ear: Ear, tmp_path: Path) -> None:
    now = 100.0
    one = Supervisor(environ(tmp_path, WATCHDOG_USEC="6000000", WATCHDOG_PID=str(os.getpid())), lambda: now)
    assert one.every_secs == 2.0
    for now in (100.0, 101.0, 101.9, 102.0, 103.9, 104.0):  # noqa: B007 (the clock of the supervisor)
        one.turned()
    assert ear.listen() == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize(
    "more",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}],
)
def test_where_no_watchdog_waits_for_this_process_none_is_fed(ear: Ear, tmp_path: Path, more: dict[str, str]) -> None:
    one = Supervisor(environ(tmp_path, **more))
    one.turned()
    assert (one.every_secs, ear.listen()) == (None, [])


def test_without_a_supervisor_nothing_is_sent_and_nothing_fails() -> None:
    one = Supervisor({"WATCHDOG_USEC": "3000000"})
    one.ready()
    one.turned()
    one.stopping()
    assert one.every_secs is None


def test_a_supervisor_that_is_gone_does_not_stop_the_work(tmp_path: Path) -> None:
    one = Supervisor(environ(tmp_path, WATCHDOG_USEC="3000000"))
    one.ready()
    one.turned()


def run(floor: Floor, part: str, **more: str) -> subprocess.Popen[bytes]:
    words = (command(f"gaugetrail-{part}"), "run", "--config", str(floor.folder / f"{part}.toml"))
    return floor.start(part, *words, env={**environ(floor.folder), "WATCHDOG_USEC": "600000", **more})


@pytest.mark.processes
@pytest.mark.parametrize("part", ["agent", "collector"])
def test_each_daemon_says_ready_turns_and_says_that_it_stops(floor: Floor, part: str) -> None:
    """With everything else down: no broker, and for the collector no store either."""
    ear = Ear(str(floor.folder / "notify"))
    floor.write_agent()
    floor.write_collector("influxdb", port=1)
    run(floor, part)
    until(lambda: ear.listen().count("WATCHDOG=1") >= 5, "it turns on and on")
    assert ear.heard[0] == "READY=1"
    assert floor.stop(part) == 0
    assert ear.listen()[-1] == "STOPPING=1"
    assert ear.heard.count("READY=1") == 1
    ear.close()


HUNG = """
import asyncio, sys, threading
from pathlib import Path
from gaugetrail_agent import config
from gaugetrail_agent.app import Agent

async def main():
    agent = Agent(config.load(Path(sys.argv[1])))
    def hang():
        print("hangs", flush=True)
        threading.Event().wait()
    def look():
        if Path(sys.argv[2]).exists():
            hang()
        asyncio.get_running_loop().call_later(0.05, look)
    look()
    await agent.run()
asyncio.run(main())
"""


@pytest.mark.processes
def test_an_agent_whose_loop_hangs_is_silent(floor: Floor, ear: Ear) -> None:
    """Its other threads live on: the spool's writer, the publisher. They don't speak for it."""
    config, word = floor.write_agent(), floor.folder / "hang"
    env = {**environ(floor.folder), "WATCHDOG_USEC": "300000"}
    process = floor.start("agent", sys.executable, "-c", HUNG, str(config), str(word), env=env)
    until(lambda: len(ear.listen()) > 1, "it speaks")
    word.touch()
    until(lambda: "hangs" in floor.log("agent"), "its loop hangs")
    before = len(ear.listen())
    threads = len(list(Path(f"/proc/{process.pid}/task").iterdir()))
    assert threads > 1
    with pytest.raises(AssertionError, match="not within"):
        until(lambda: len(ear.listen()) > before, "a word", deadline=2.0)
    process.send_signal(signal.SIGKILL)
