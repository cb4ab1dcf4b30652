"""`gaugetrail-sim gauge`, `scanner` and `plc` as a newcomer starts them: in the background of a shell."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

pytestmark = pytest.mark.processes

SIM = str(Path(sys.executable).with_name("gaugetrail-sim"))


@contextlib.contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The command, ended by SIGTERM and with exit code 0, as Ctrl-C ends it too."""
    with subprocess.Popen((SIM, *words), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("protocol", "frame"),
    [
        ("digimatic-13", rb"01A\+0012\.500\r"),
        ("mt-sics", rb"S S      12\.50 g\r\n"),
        ("and-std", rb"(US|ST),\+000012\.5  g\r\n"),
    ],
)
def test_gauge_presses_its_key_by_itself(tmp_path: Path, host, protocol: str, frame: bytes) -> None:
    link = tmp_path / "gauge0"
    words = ("gauge", "--protocol", protocol, "--port-link", str(link), "--every", "0.05", "--value", "12.5")
    with started(*words) as process:
        assert process.stdout is not None
        assert str(link) in process.stdout.readline()
        pc = host(link)
        heard = asyncio.run(pc.hears(lambda heard: re.search(frame, heard)))
        assert re.search(frame, heard), heard
    assert not link.is_symlink()


def test_device_in_the_background_of_a_script_ends_when_told(tmp_path: Path) -> None:
    """Shells start such a one with Ctrl-C ignored; SIGTERM must end it all the same."""
    words = (SIM, "scanner", "--port-link", str(tmp_path / "scanner0"))
    script = ("sh", "-c", 'trap "" INT; exec "$@"', "sh", *words)
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_scanner_reads_its_codes_in_turn(tmp_path: Path, host) -> None:
    link = tmp_path / "scanner0"
    with started("scanner", "--port-link", str(link), "--every", "0.05", "OP-12", "SN000001") as process:
        assert process.stdout is not None
        process.stdout.readline()
        heard = asyncio.run(host(link).hears(lambda heard: b"OP-12\rSN000001\rOP-12" in heard))
        assert b"OP-12\rSN000001\rOP-12" in heard


def test_plc_says_what_it_was_told() -> None:
    with started("plc", "--port", "0", "--every", "0.05") as process:
        assert process.stdout is not None
        found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None
        assert "waiting for the echo" in process.stdout.readline()
        asyncio.run(answer(int(found[1])))
        assert "code 2 (stored, fail)" in process.stdout.readline()


async def answer(port: int) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    await client.write_registers(100, [2, 1], device_id=1)
    client.close()


def test_unknown_protocol_names_the_known_ones(tmp_path: Path) -> None:
    words = (SIM, "gauge", "--protocol", "micrometer", "--port-link", str(tmp_path / "g"))
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert "digimatic-13, mt-sics, and-std" in " ".join(done.stderr.split())
