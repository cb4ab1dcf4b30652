"""A short drill in the default suite, run as `make drill` runs it; the long one is published in docs/drills.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

RUN = Path(__file__).parents[1] / "drill" / "run.py"
KEYS = {
    "id",
    "faults",
    "acknowledged",
    "stored",
    "lost",
    "duplicated",
    "set_aside",
    "chain_ok",
    "recover_s",
}


def drill(*words: str) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, the figures on the last line, and all that was said."""
    done = subprocess.run(
        (sys.executable, str(RUN), *words, "--json"), capture_output=True, text=True, timeout=180, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])["scenarios"], done.stdout + done.stderr


def test_kills_of_agent_collector_and_broker_lose_and_double_nothing() -> None:
    """Six SIGKILLs of each while operators and PLCs work on; what they were told stands in the store once."""
    names = ("agent-killed", "collector-killed", "broker-killed")
    code, scenarios, said = drill(*names, "--faults", "6")
    assert code == 0, said
    assert list(names) == [one["id"] for one in scenarios]
    for one in scenarios:
        assert one.keys() >= KEYS
        assert tuple(one[key] for key in ("faults", "lost", "duplicated", "set_aside", "chain_ok")) == (
            6,
            0,
            0,
            0,
            True,
        ), said
        assert 0 < one["acknowledged"] <= one["stored"], said  # type: ignore[operator]


def test_a49_a_snapshot_put_back_and_a_cloned_disk_lose_and_hide_nothing() -> None:
    """Both histories of the epoch stand in the store, each whole, and are traced; the agents are told and go on."""
    names = ("snapshot-put-back", "cloned-disk")
    code, scenarios, said = drill(*names, "--faults", "1")
    assert code == 0, said
    for one in scenarios:
        assert tuple(one[key] for key in ("lost", "duplicated", "set_aside", "chain_ok")) == (0, 0, 0, True), said
    assert "records stand in second histories" in said


def test_an_unknown_drill_is_refused_with_the_names_there_are() -> None:
    done = subprocess.run((sys.executable, str(RUN), "nonsense"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no drill nonsense; there are " in done.stderr
    assert "agent-killed" in done.stderr
