"""`read DEVICE`: what it says where nothing comes fits what is wrong."""

from __future__ import annotations

import fcntl
import os
import pty
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent.cli import app


@pytest.fixture
def port() -> Iterator[str]:
    """A serial port that somebody else has open, as a terminal program would."""
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def settings(folder: Path, port: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(
        f'[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n'
        f'[[link]]\nname = "p1"\nkind = "serial"\nport = "{port}"\n'
        '[[device]]\nname = "bore"\nlink = "p1"\ndriver = "digimatic-13"\ngauge = "G-1"\n'
    )
    return path


def read(path: Path, *words: str):
    return CliRunner().invoke(app, ["read", "-c", str(path), *words])


def test_a_port_that_another_program_holds_is_said_and_no_word_of_keys_and_cables(tmp_path: Path, port: str) -> None:
    """Who looks for a broken cable while a terminal program is open looks in the wrong place."""
    descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(descriptor, termios.TIOCEXCL)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = read(settings(tmp_path, port), "bore", "--wait", "1.0")
    finally:
        os.close(descriptor)
    assert done.exit_code == 1
    assert done.stderr.startswith("bore: no reading in 1 second; ")
    assert "busy: held by" in done.stderr
    assert "DATA key" not in done.output
    assert "cable" not in done.output


def test_a_port_that_is_open_and_silent_is_a_matter_of_keys_and_cables(tmp_path: Path, port: str) -> None:
    done = read(settings(tmp_path, port), "bore", "--wait", "0.5")
    assert done.exit_code == 1
    assert done.stderr == (
        "bore: no reading in 0.5 seconds; press its DATA key, or look at cable, baud rate and settings\n"
    )


def test_a_mistyped_device_is_told_the_one_that_was_meant(tmp_path: Path, port: str) -> None:
    path = settings(tmp_path, port)
    done = read(path, "boer")
    assert done.exit_code == 1
    assert done.stderr == f"there is no device 'boer' in {path}; there is bore; did you mean bore?\n"
