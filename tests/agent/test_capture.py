"""`gaugetrail-agent capture`: what came on a port is kept byte for byte, as examples that a profile takes."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gaugetrail_agent.commands.capture import Burst, as_examples
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile.driver import run
from gaugetrail_agent.drivers.profile.file import Example
from gaugetrail_sim.devices import replay

AGENT = str(Path(sys.executable).with_name("gaugetrail-agent"))
SIM = str(Path(sys.executable).with_name("gaugetrail-sim"))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Path]:
    """A simulated gauge whose key is pressed all the time."""
    link = tmp_path / "gauge0"
    words = (SIM, "gauge", "--port-link", str(link), "--every", "0.6", "--value", "12.5")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield link
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.mark.processes
def test_what_a_gauge_sends_is_shown_decoded_and_kept(tmp_path: Path, port: Path) -> None:
    out = tmp_path / "capture.toml"
    words = (AGENT, "capture", str(port), "--for", "1.5", "--profile", "digimatic-13", "--set", "unit=mm")
    done = subprocess.run((*words, "--out", str(out)), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "01A+0012.500\\r" in done.stdout
    assert "-> ok 12.500 mm" in done.stdout
    examples = [Example.model_validate(one) for one in tomllib.loads(out.read_text("utf-8"))["example"]]
    assert examples[0].data == b"01A+0012.500\r"
    assert examples[0].readings == ({"status": "ok", "value": "12.500", "unit": "mm", "channel": "1"},)
    again = subprocess.run((*words, "--out", str(out)), capture_output=True, text=True, timeout=30)
    assert (again.returncode, "is there already" in again.stderr) == (1, True), "a capture is never overwritten"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("/dev/no-such-port",), 1, "/dev/no-such-port"),
        (("/dev/no-such-port", "--parity", "nome"), 2, "parity"),
        (("/dev/no-such-port", "--profile", "digimatic"), 2, "did you mean digimatic-13?"),
        (("/dev/no-such-port", "--send", "\\x0"), 2, "--send"),
    ],
)
def test_fault_is_a_sentence(words: tuple[str, ...], code: int, said: str) -> None:
    done = subprocess.run((AGENT, "capture", *words, "--for", "0.2"), capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_file_of_a_capture_is_played_by_the_simulator(tmp_path: Path) -> None:
    """Whatever bytes came, and whatever a setting holds."""
    bursts = [Burst(0.5, b"S S     250.12 g\r\n"), Burst(1.0, bytes(range(256)))]

    def read(data: bytes):
        return run(catalogue.make_driver("mt-sics", {}), data)

    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    text = "\n".join(as_examples(bursts, 'odd"port', "9600 8N1", now, {"unit": 'a"b\\\x7f'}, read))
    file = tomllib.loads(text)
    assert [bytes.fromhex(one["hex"]) for one in file["example"]] == [burst.data for burst in bursts]
    assert file["example"][0]["settings"] == {"unit": 'a"b\\\x7f'}
    path = tmp_path / "capture.toml"
    path.write_text(text, "utf-8")
    assert str(replay.model_of(path).nominal) == "250.12"
