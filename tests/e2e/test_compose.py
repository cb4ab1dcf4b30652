"""compose.yaml without Docker: its files are there, its commands exist, and its line works against a far collector."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from floor import Floor, command, until

from gaugetrail_collector import config as collector_config

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")


def test_files_and_commands_of_compose_are_there() -> None:
    mounted = re.findall(r"- \./(\S+?):", COMPOSE) + re.findall(r"dockerfile: (\S+)", COMPOSE)
    assert len(mounted) >= 6
    assert [path for path in mounted if not (ROOT / path).exists()] == []
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "config/compose/Dockerfile").read_text("utf-8"), re.M)
    assert [path for paths in copied for path in paths.split() if not (ROOT / path).exists()] == []
    assert collector_config.load(ROOT / "config/compose/collector.toml", {}).settings.id == "collector-1"
    for words in re.findall(r"command: (\[.*\])", COMPOSE):
        name, subcommand, *options = json.loads(words)
        shown = subprocess.run((command(name), subcommand, "--help"), capture_output=True, text=True, timeout=60)
        assert shown.returncode == 0
        assert all(option in shown.stdout for option in options if option.startswith("--")), options


def inspections(floor: Floor) -> int:
    """How many there are in the store; what a station refused is a record besides."""
    code, out, err = floor.ask("gaugetrail-collector", "export", "--config", "collector.toml")
    assert code == 0, err
    return sum(json.loads(line)["record"]["kind"] == "inspection" for line in out.splitlines())


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_line_works_against_a_far_collector(floor: Floor) -> None:
    """What compose starts as `line`: devices, agent and operator, with broker and collector elsewhere."""
    floor.broker()
    floor.write_collector()
    floor.collector()
    until(lambda: "ready" in floor.log("collector"), "the collector is ready")
    words = ("gaugetrail-sim", "line", "--broker", f"127.0.0.1:{floor.mqtt_port}", "--dir", "line", "--for", "3")
    code, out, err = floor.ask(*words, "--every", "0.2")
    assert code == 0, err
    told = int(out.splitlines()[-1].split()[0])
    assert told > 3
    until(lambda: inspections(floor) == told, "all that the line was told is in the store")
    assert floor.verify()["ok"] is True


def test_a_broker_that_is_none_is_said(floor: Floor) -> None:
    code, _, err = floor.ask("gaugetrail-sim", "line", "--broker", "broker:http", "--dir", "line")
    assert (code, "host:port" in err) == (2, True)
