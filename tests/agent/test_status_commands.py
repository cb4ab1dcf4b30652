"""`status` and `tap` as processes beside a running agent: what they print, how they end, what they cost the device."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from floor import command, free_port, until
from running_agent import AGENT, PLAN, Pty, RunningAgent, asked

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def pty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pty]:
    made = Pty(tmp_path_factory.mktemp("port") / "gauge")
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pty: Pty) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("pc")
    with started(folder, pty) as agent:
        yield agent


@contextlib.contextmanager
def started(folder: Path, pty: Pty) -> Iterator[RunningAgent]:
    """An agent with one gauge and one station, whose gauge is open."""
    (folder / "plan.toml").write_text(PLAN + 'device = "bore"\n')
    (folder / "agent.toml").write_text(
        f'{AGENT}[mqtt]\nport = {free_port()}\n[[link]]\nname = "bore"\nkind = "serial"\nport = "{pty.port}"\n'
        '[[device]]\nname = "bore"\nlink = "bore"\ndriver = "mitutoyo-idh"\nsettings = { unit = "mm" }\n'
        '[[station]]\nname = "OP10"\nplan = "plan.toml"\nbadge_pattern = "OP-[0-9]+"\nunit_pattern = "SN[0-9]+"\n'
    )
    with RunningAgent(folder) as agent:
        until(lambda: agent.report()["devices"]["bore"]["open"], "the port is open")
        yield agent


class Shown:
    """A command that goes on until Ctrl-C, and its lines."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            (command("gaugetrail-agent"), *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Shown:
        self.too_long = threading.Timer(60, self.process.kill)
        self.too_long.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.too_long.cancel()
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def line(self) -> str:
        out: IO[str] | None = self.process.stdout
        assert out is not None
        return out.readline().rstrip("\n")

    def ctrl_c(self) -> tuple[int, str]:
        """Exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """The same, once it has ended by itself."""
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err


def test_tap_shows_the_bytes_of_a_running_device_until_ctrl_c(running: RunningAgent, pty: Pty) -> None:
    before = running.report()["devices"]["bore"]["readings"]
    with Shown("tap", "bore", "--config", str(running.config)) as shown:
        assert shown.line() == "bore: looking on; <- from the device, -> to it; Ctrl-C ends"
        pty.send(b"GN01,+1.500\r\n")
        first = shown.line()
        assert first[:15].replace(":", "").replace(".", "").isdigit()
        assert first[15:] == " <- 47 4e 30 31 2c 2b 31 2e 35 30 30 0d 0a  GN01,+1.500\\r\\n"
        assert shown.ctrl_c() == (0, "")
    until(lambda: running.report()["devices"]["bore"]["readings"] == before + 1, "the device has read it all the same")


def test_tap_for_programs(running: RunningAgent, pty: Pty) -> None:
    with Shown("tap", "bore", "--config", str(running.config), "--json") as shown:
        until(lambda: running.agent.devices.taps["bore"]._onlookers, "it looks on")
        pty.send(b"\xff")
        told = json.loads(shown.line())
        assert (told["way"], told["hex"], set(told)) == ("in", "ff", {"time", "way", "hex"})
        assert shown.ctrl_c() == (0, "")


def test_tap_of_a_device_that_there_isnt(running: RunningAgent) -> None:
    assert asked("tap", "none", "--config", str(running.config)) == (
        1,
        "",
        "this agent has no device 'none'; there is bore\n",
    )


def test_a_tap_ends_with_its_agent(tmp_path: Path) -> None:
    """No reader hangs on an agent that has stopped."""
    port = Pty(tmp_path / "gauge")
    (tmp_path / "agent.toml").write_text(
        f'{AGENT}[mqtt]\nport = {free_port()}\n[[link]]\nname = "bore"\nkind = "serial"\nport = "{port.port}"\n'
        '[[device]]\nname = "bore"\nlink = "bore"\ndriver = "mitutoyo-idh"\n'
    )
    with RunningAgent(tmp_path) as agent:
        shown = Shown("tap", "bore", "--config", str(agent.config))
        until(lambda: agent.agent.devices.taps["bore"]._onlookers, "it looks on")
    port.close()
    with shown:
        assert shown.ended() == (1, "the agent has hung up: it was stopped, or this reader took nothing for a minute\n")


def test_status_follows_what_happens(running: RunningAgent) -> None:
    words = ("status", "--follow", "--every", "0.1", "--json", "--config", str(running.config))
    with Shown(*words) as shown:
        assert json.loads(shown.line())["stations"]["OP10"]["person"] is None
        running.typed("OP10", "OP-1")
        until(lambda: json.loads(shown.line())["stations"]["OP10"]["person"] == "OP-1", "the badge shows")
        assert shown.ctrl_c() == (1, ""), "no broker: not well"


def test_status_for_people_has_a_line_for_each_thing(tmp_path: Path) -> None:
    """Of an agent of its own: what others have scanned at theirs waits in its spool, for want of a broker."""
    port = Pty(tmp_path / "gauge")
    try:
        with started(tmp_path, port) as agent:
            code, out, _ = asked("status", "--config", str(agent.config))
    finally:
        port.close()
    lines = out.splitlines()
    assert code == 1
    assert [line.split()[0] for line in lines[:7]] == [
        "agent",
        "device",
        "station",
        "broker",
        "spool",
        "disk",
        "clock",
    ]
    assert lines[0].startswith("agent     pc1 ")
    assert "NOT CONNECTED" in lines[3]
    assert lines[4].startswith("spool     0 wait; ")
    assert "NOT WELL: 1 thing to do" in lines
