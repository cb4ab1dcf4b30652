"""The demo as a newcomer runs it: a process, its exit code, and the figures on the last line of its output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from console_visitor import ConsoleVisitor
from floor import answers, command, program, until
from given_server import given_server
from influx_stub import ORG, TOKEN, Stub

pytestmark = [pytest.mark.processes, pytest.mark.waits]

SECS = "5"
"""Enough for the first ten pieces, which meet faults of each kind; the tenth has the history."""


def demo(folder: Path) -> tuple[int, dict[str, object], str]:
    done = subprocess.run(
        (command("gaugetrail-sim"), "demo", "--for", SECS, "--json"),
        capture_output=True,
        text=True,
        timeout=300,  # a hang, not a slow machine
        cwd=folder,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


def nothing_lost(code: int, figures: dict[str, object], said: str) -> None:
    assert code == 0, said
    assert figures["sealed"] == figures["stored"], said
    refused, acknowledged = figures["refused"], figures["acknowledged"]
    assert isinstance(refused, int)
    assert isinstance(acknowledged, int)
    assert refused > 0, "an overload is refused, and that is a record"
    assert acknowledged + refused == figures["sealed"], said
    for key in ("lost", "duplicated", "wrong_values"):
        assert figures[key] == 0, said
    assert figures["set_aside"] == 1, said
    assert figures["verify"] == {"ok": True}
    assert figures["units"]
    assert figures["trace_serial"]
    latency = figures["latency_ms"]
    assert isinstance(latency, dict)
    assert 0 < latency["p50"] <= latency["p99"]


def loses_nothing_and_shows_the_part_with_a_history(folder: Path) -> None:
    """Garbled and overload frames, double scans, rejects: all in the first pieces, and nothing is lost or doubled."""
    code, figures, said = demo(folder)
    nothing_lost(code, figures, said)
    assert figures["store"] == "sqlite"
    assert figures["units"] >= 10, "a line that is quick enough to show something"
    assert 0.3 < figures["first_pass_yield"] < 1.0
    assert figures["trace_serial"] == "SN004711"
    assert str(figures["new_plan_from"]).startswith("SN00"), "the next revision holds from a unit on"
    for words in ("SN004711", "OP20", "OP30", "74.063", "first-pass yield", "set aside", "garbled", "Try next"):
        assert words in said
    for words in (
        "eva approves it herself, and is refused: CP-1001: eva may not approve it",
        "ida approves it: CP-1001 C, edition 1: effective",
        "bore_diameter upper limit 74.050 → 74.040: tighter",
        "the plan in piston.toml is not the text in force, which is CP-1001 D, edition 2",
        f"by revision D from {figures['new_plan_from']} on",
    ):
        assert words in said


def in_influxdb() -> dict[str, str]:
    """The variables that name the server that is given, or that the demo is to start its own."""
    given = given_server()
    if given is None:
        return {"INFLUXDB_URL": ""}
    bucket = given.name("demo")
    named = {"INFLUXDB_URL": given.url, "INFLUXDB_TOKEN": given.token, "INFLUXDB_ORG": given.org}
    return named | {"INFLUXDB_BUCKET": bucket, "INFLUXDB_DATABASE": bucket}


def on_influxdb_2(stub: Stub, token: str) -> dict[str, str]:
    """The variables that name a stub of InfluxDB 2, which can't be installed here."""
    named = {"INFLUXDB_URL": stub.url, "INFLUXDB_TOKEN": token, "INFLUXDB_ORG": ORG, "INFLUXDB_BUCKET": "b"}
    return {**os.environ, **named}


def demo_on(stub: Stub, folder: Path, token: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The demo against such a stub."""
    return subprocess.run(
        (command("gaugetrail-sim"), "demo", "--for", SECS, "--store", "influxdb", "--json", "--broker", "embedded"),
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**on_influxdb_2(stub, token), **more},
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"INFLUXDB_TOKEN": "own"}, "--admin-file"),
        ({"INFLUXDB_TOKEN": "mistyped"}, "the token is not accepted"),
        ({"INFLUXDB_ORG": "plnat"}, "no such organisation"),
        ({"INFLUXDB_ORG": ""}, "INFLUXDB_ORG"),
    ],
)
def test_demo_says_at_once_why_it_can_make_no_bucket(tmp_path: Path, more: dict[str, str], words: str) -> None:
    """Before a line is started whose records could go nowhere."""
    stub = Stub("2", rights={"own": {("read", "b"), ("write", "b")}})
    done = demo_on(stub, tmp_path, TOKEN, **more)
    stub.close()
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".demo" / "agent.log").exists()


WITHOUT_INFLUXDB = program("influxd") is None and given_server() is None


@pytest.mark.parametrize(
    "store", [*["sqlite"] * WITHOUT_INFLUXDB, pytest.param("influxdb", marks=pytest.mark.influxdb)]
)
def test_a_demo_stores_and_one_beside_it_too_and_nothing_is_lost_and_ctrl_c_leaves_nothing_running(
    tmp_path: Path, store: str
) -> None:
    """Two at once, same folder, same seed, a store each: each takes ports and a folder of its own."""
    words = (command("gaugetrail-sim"), "demo", "--for", SECS, "--keep", "--json", "--broker", "embedded")
    env = {**os.environ, **in_influxdb()}
    with (tmp_path / "said").open("w") as said:
        kept = subprocess.Popen(
            (*words, "--store", store), stdout=said, stderr=said, cwd=tmp_path, env=env, start_new_session=True
        )

    def shown() -> str:
        return (tmp_path / "said").read_text()

    try:
        until(lambda: "\nservers " in shown() or kept.poll() is not None, "the demo says that it runs on", 240)
        assert kept.poll() is None, shown()
        assert "runs on until Ctrl-C" in shown()
        port = int(shown().partition("broker 127.0.0.1:")[2].partition(",")[0])
        assert answers(port)
        screen = shown().partition("as their operators see it")[2].partition("\n")[0].strip()
        assert f"while the line works: {screen}\n" in shown(), "said before the line works, and at the end"
        with urlopen(f"{screen}OP20", timeout=10) as answer:
            assert b"Last units" in answer.read(), "the screen shows what is made"
        console = shown().partition("plans to approve")[2].partition("\n")[0].strip()
        password = shown().partition("log on as")[2].partition("eva with ")[2].partition(",")[0]
        visitor = ConsoleVisitor(urlsplit(console).port or 0)
        assert visitor.log_on("eva", password), "as the demo says"
        assert "OP20" in visitor.ask("GET", "/")[1], "the console shows the line"
        loses_nothing_and_shows_the_part_with_a_history(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [".demo", ".demo-2", "said"]
        kept.send_signal(signal.SIGINT)
        code = kept.wait(60)
        figures = json.loads(next(line for line in shown().splitlines() if line.startswith("{")))
        nothing_lost(code, figures, shown())
        assert figures["store"] == store
        assert not answers(port)
    finally:
        kept.kill()
        kept.wait(10)
        given = given_server()
        if given is not None:
            given.drop("demo")


def test_the_demo_makes_its_bucket_on_influxdb_2_and_ctrl_c_in_the_middle_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    stub = Stub("2")
    words = (command("gaugetrail-sim"), "demo", "--for", "60", "--broker", "embedded", "--store", "influxdb")
    env = on_influxdb_2(stub, TOKEN)
    with (tmp_path / "said").open("w") as said:
        demo_process = subprocess.Popen(words, stdout=said, stderr=said, cwd=tmp_path, env=env, start_new_session=True)

    def shown() -> str:
        return (tmp_path / "said").read_text()

    try:
        until(lambda: " pieces, " in shown() or demo_process.poll() is not None, "the line runs", 240)
        until(lambda: stub.databases["b"], "records are in its bucket")
        demo_process.send_signal(signal.SIGINT)
        assert demo_process.wait(30) == 130, shown()
    finally:
        demo_process.kill()
        demo_process.wait(10)
        stub.close()
    port = int(shown().partition("on 127.0.0.1:")[2].partition("\n")[0])
    assert not answers(port)
    assert list((tmp_path / ".demo" / "ports").iterdir()) == []


def test_demo_says_what_is_missing_for_influxdb(tmp_path: Path) -> None:
    """No server and no program: one sentence with the cure, not a traceback."""
    bare = {"PATH": str(tmp_path), "INFLUXDB_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        (command("gaugetrail-sim"), "demo", "--for", "1", "--store", "influxdb"),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, **bare},
    )
    assert done.returncode == 1
    assert "http://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
