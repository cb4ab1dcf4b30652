"""The README as a newcomer follows it: every command that it shows is run here, and a new one without a run fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, Operator, command, until

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BIN = re.compile(r"^(?:\.venv|gaugetrail)/bin/")
OURS = re.compile(r"(gaugetrail-\w+|make) ")

pytestmark = pytest.mark.processes


def shown() -> set[str]:
    """Every command of ours in the README, from its blocks and from its sentences, without comments and `&`."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.S))
    lines = [line.partition(" #")[0].strip().rstrip("&").strip() for line in blocks.splitlines()]
    words = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.S))
    return {line for line in (BIN.sub("", one) for one in (*lines, *words)) if OURS.match(line)}


RUN_BY = {
    "make demo": "test_two_commands",
    "make test": "test_two_commands",
    "make demo FOR=60 KEEP=1": "test_two_commands",
    "make drill": "test_two_commands",
    "make wheel": "test_examples",
    "gaugetrail-agent examples my-examples": "test_examples",
    "gaugetrail-sim gauge --protocol digimatic-13 --port-link /tmp/gauge0": "test_first_gauge",
    "gaugetrail-agent check --config my-agent.toml --probe": "test_first_gauge",
    "gaugetrail-agent read bore --config my-agent.toml": "test_first_gauge",
    "gaugetrail-agent run --config my-agent.toml": "test_station",
    "gaugetrail-agent terminal OP20 --config my-agent.toml": "test_station",
    "gaugetrail-agent status --config my-agent.toml": "test_station",
    "gaugetrail-collector check --config config/examples/collector.toml": "test_collector",
    "gaugetrail-collector run --config …": "test_station",
    "gaugetrail-collector set-aside ls": "test_station",
}
"""Command as the README shows it -> the test below that runs it."""


def test_every_command_of_the_readme_has_a_run() -> None:
    assert set(RUN_BY) == shown()
    assert {name for name in globals() if name.startswith("test_")} >= set(RUN_BY.values())


def run(folder: Path, *words: str, secs: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run((command(words[0]), *words[1:]), capture_output=True, text=True, timeout=secs, cwd=folder)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Path]:
    """A folder with the README's own `my-agent.toml` and its simulated gauge, whose port lies in the folder."""
    block = next(one for one in re.findall(r"```toml\n(.*?)```", README, re.S) if "[agent]" in one)
    port = tmp_path / "gauge0"
    (tmp_path / "my-agent.toml").write_text(textwrap.dedent(block).replace("/tmp/gauge0", str(port)))
    shutil.copytree(ROOT / "config", tmp_path / "config")
    words = (command("gaugetrail-sim"), "gauge", "--protocol", "digimatic-13", "--port-link", str(port))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as gauge:
        try:
            until(port.exists, "the simulated gauge has its port")
            yield tmp_path
        finally:
            gauge.terminate()


def test_first_gauge(newcomer: Path) -> None:
    """The three steps: the file as printed is good, and the gauge's bytes stand beside what they mean."""
    checked = run(newcomer, "gaugetrail-agent", "check", "--config", "my-agent.toml", "--probe")
    assert (checked.returncode, "good" in checked.stdout) == (0, True), checked.stderr
    assert run(newcomer, "gaugetrail-agent", "ports").returncode == 0
    read = run(newcomer, "gaugetrail-agent", "read", "bore", "--config", "my-agent.toml")
    assert read.returncode == 0, read.stderr
    assert re.search(r"01A\+[0-9.]+\\r +ok +[0-9.]+ mm", read.stdout), read.stdout


def test_collector(newcomer: Path) -> None:
    """The example is good as it stands."""
    done = run(newcomer, "gaugetrail-collector", "check", "--config", "config/examples/collector.toml")
    assert (done.returncode, "good" in done.stdout) == (0, True), done.stderr


def test_examples(tmp_path: Path) -> None:
    """What `examples` writes passes the check; the wheel that carries it is tried by tests/service/test_examples.py."""
    assert "build -q --wheel" in make("-n", "wheel").stdout
    assert run(tmp_path, "gaugetrail-agent", "examples", "my-examples").returncode == 0
    done = run(tmp_path, "gaugetrail-agent", "check", "--config", "my-examples/examples/agent.toml")
    assert (done.returncode, "good" in done.stdout) == (0, True), done.stderr


@pytest.mark.mosquitto
def test_station(newcomer: Path, floor: Floor) -> None:
    """A `[[station]]` added as the README says: the terminal leads the operator, and the part can be traced."""
    assert floor.folder == newcomer
    plan = (newcomer / "config/plans/piston.toml").read_text()
    assert 'name = "bore_diameter"' in plan
    with (newcomer / "my-agent.toml").open("a") as file:
        file.write(
            f'\n[mqtt]\nhost = "127.0.0.1"\nport = {floor.mqtt_port}\n[terminal]\n'
            '[[station]]\nname = "OP20"\nplan = "plan.toml"\nunit_pattern = "SN[0-9]+"\n'
        )
    floor.write_agent()  # for its plan with one typed characteristic
    floor.write_collector()
    floor.broker()
    floor.start("agent", command("gaugetrail-agent"), "run", "--config", "my-agent.toml")
    shutil.rmtree(newcomer / "agent-data", ignore_errors=True)
    until((newcomer / "my-data" / "terminal.port").exists, "the agent is ready")
    (newcomer / "agent-data").symlink_to(newcomer / "my-data")
    floor.start("collector", command("gaugetrail-collector"), "run", "--config", "collector.toml")
    operator = Operator(floor, "OP20")
    operator.log_on()
    operator.inspect("SN1")
    operator.close()
    terminal = subprocess.run(
        (command("gaugetrail-agent"), "terminal", "OP20", "--config", "my-agent.toml"),
        input="", capture_output=True, text=True, timeout=60, cwd=newcomer,
    )  # fmt: skip
    assert (terminal.returncode, "SN1 pass, recorded" in terminal.stdout) == (0, True), terminal.stdout
    status = run(newcomer, "gaugetrail-agent", "status", "--config", "my-agent.toml")
    assert re.search(r"^station +OP20", status.stdout, re.MULTILINE), status.stderr
    trace = ("gaugetrail-collector", "trace", "SN1", "--config", "collector.toml", "--json")
    until(lambda: run(newcomer, *trace).returncode == 0, "the part is in the store")
    assert json.loads(run(newcomer, *trace).stdout)["inspections"][0]["serial"] == "SN1"
    assert run(newcomer, "gaugetrail-collector", "verify", "--config", "collector.toml").returncode == 0
    assert run(newcomer, "gaugetrail-collector", "set-aside", "ls", "--config", "collector.toml").returncode == 0


def make(*words: str) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(("make", *words), capture_output=True, text=True, timeout=300, cwd=ROOT, env=environ)


def test_two_commands() -> None:
    """`make demo` and `make test` do what they say in the checkout that this test runs from."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.fail("run the tests with `make test`: they try the make targets of this checkout's own .venv")
    shown = make("demo", "FOR=3", "JSON=1")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout.splitlines()[-1])["lost"] == 0
    assert "--for 60 --keep" in " ".join(make("-n", "demo", "FOR=60", "KEEP=1").stdout.split())
    # A whole drill takes minutes; short ones are run by test_drill.
    assert "tests/drill/run.py agent-killed" in make("-n", "drill", "NAMES=agent-killed").stdout
    tested = make("test", "WORKERS=0", "ARGS=-q tests/contract/test_ranges.py tests/contract/test_signing.py")
    assert tested.returncode == 0, tested.stdout
    assert re.search(r"^[0-9]+ passed", tested.stdout, re.M), tested.stdout
