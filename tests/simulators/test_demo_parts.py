"""What the demo stands on: its folder, its processes, and the judge that holds the store against the line's account."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import select
import signal
import socket
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import pyte
import pytest
from rich.console import Console

from gaugetrail_sim.demo.folder import claim_folder
from gaugetrail_sim.demo.ports import ANY, KEPT, WantedPorts, moved
from gaugetrail_sim.demo.progress_line import ProgressLine
from gaugetrail_sim.demo.settings_files import Ports, agent_settings, collector_settings
from gaugetrail_sim.demo.store_look import StoredInspection, compare
from gaugetrail_sim.devices.plc import PlcTold
from gaugetrail_sim.line.pieces import Story, make_piece
from gaugetrail_sim.line.run import RunAccount
from gaugetrail_sim.servers.broker import free_port, plan_broker
from gaugetrail_sim.servers.children import Child, ChildFailed
from gaugetrail_sim.servers.influx_server import InfluxTrouble, find_influx

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


def test_demo_wipes_its_own_folder_and_no_other(tmp_path: Path) -> None:
    first = claim_folder(tmp_path / ".demo")
    (first.path / "old").mkdir()
    first.lock.close()
    again = claim_folder(tmp_path / ".demo")
    assert [path.name for path in again.path.iterdir()] == ["demo.lock"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(FileExistsError, match="no demo's"):
        claim_folder(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"
    again.lock.close()


def test_two_demos_at_once_get_a_folder_each(tmp_path: Path) -> None:
    one, two = claim_folder(tmp_path / ".demo"), claim_folder(tmp_path / ".demo")
    assert (one.path.name, two.path.name) == (".demo", ".demo-2")
    one.lock.close()
    two.lock.close()


def test_child_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    async def play() -> None:
        child = Child("agent", (sys.executable, "-c", "print('no such port'); raise SystemExit(78)"), tmp_path)
        with pytest.raises(ChildFailed, match=r"(?s)agent: ended with code 78 .*no such port"):
            await child.until(lambda: False, "it was ready")

    asyncio.run(play())


def test_child_is_stopped_by_its_id_and_killed_if_it_will_not_go(tmp_path: Path, monkeypatch) -> None:
    async def play() -> None:
        polite = Child("polite", SLEEPER, tmp_path)
        assert await polite.stop() == -signal.SIGTERM
        monkeypatch.setattr("gaugetrail_sim.servers.children.STOP_SECS", 0.1)
        deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
        stubborn = Child("stubborn", (sys.executable, "-c", deaf), tmp_path)
        await stubborn.until(lambda: "up" in stubborn.tail(), "it said so")
        assert await stubborn.stop() == -signal.SIGKILL

    asyncio.run(play())


@pytest.mark.skipif(sys.platform != "linux", reason="the leash is prctl(2)")
def test_no_child_outlives_a_killed_demo(tmp_path: Path) -> None:
    """SIGKILL leaves the demo no moment to clean up, so the system does it."""
    demo = (
        "import sys, time; from pathlib import Path; from gaugetrail_sim.servers.children import Child\n"
        f"child = Child('child', {SLEEPER!r}, Path({str(tmp_path)!r}))\n"
        "print(child.process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen((sys.executable, "-c", demo), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        while "up" not in (tmp_path / "child.log").read_text():
            assert parent.poll() is None
        parent.kill()
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        handle = os.pidfd_open(child)
        ended, _, _ = select.select([handle], [], [], 10)
        os.close(handle)
        assert ended, "the child ended with its parent"


# --- the judge


def test_the_line_knows_which_unit_was_the_first_by_the_next_revision_and_which_one_only_that_rejects() -> None:
    book = RunAccount()
    for piece, by in ((make_piece(1, 11), "C"), (make_piece(1, 13), "D"), (make_piece(1, 14, Story.NARROW), "D")):
        book.pieces.append(piece)
        book.looks.append(piece.looks[0])
        book.revisions.append(by)
    assert (book.first_serial("D"), book.tighter_serial) == (book.pieces[1].serial, book.pieces[2].serial)
    assert (book.rejected, round(book.first_pass_yield, 2)) == (1, 0.67)


def account() -> RunAccount:
    """Two pieces through both stations, as the line remembers them."""
    book = RunAccount()
    for number, record in ((1, "a/e/1"), (2, "a/e/2")):
        piece = make_piece(1, number)
        book.pieces.append(piece)
        book.looks.append(piece.looks[0])
        book.revisions.append("C")
        book.operator_told.append(record)
        book.press_told.append(PlcTold(piece.serial, number, 1, 0, 0.01))
    return book


def in_store(book: RunAccount) -> list[StoredInspection]:
    """The same in a store that has all of it."""
    found = []
    for number, piece in enumerate(book.pieces, 1):
        look = piece.looks[0]
        results = {"weight": str(look.values["scale"]), "bore_diameter": str(look.values["bore"]), "surface": "ok"}
        found.append(StoredInspection("a", "e", number, "inspection", "OP20", piece.serial, 1, results))
        pressed = {"press_force": str(piece.force_kn), "press_depth": str(piece.depth_mm)}
        found.append(StoredInspection("a", "e", number + 2, "inspection", "OP30", piece.serial, 1, pressed))
    return found


def judged(stored: list[StoredInspection], sealed: int = 4) -> tuple[int, int, int, int]:
    found = compare(account(), stored, "e", sealed)
    return found.stored, found.lost, found.duplicated, len(found.wrong_values)


def test_judge_finds_nothing_wrong_with_a_good_store() -> None:
    assert judged(in_store(account())) == (4, 0, 0, 0)


@pytest.mark.parametrize("index", range(4))
def test_judge_finds_each_lost_record(index: int) -> None:
    stored = in_store(account())
    del stored[index]
    assert judged(stored) == (3, 1, 0, 0)


def test_judge_finds_a_record_that_was_told_and_never_sealed() -> None:
    """The agent's own count is not believed: what the operator was told counts."""
    stored = [one for one in in_store(account()) if one.seq != 4]
    assert judged(stored, sealed=3) == (3, 1, 0, 0)


def test_judge_finds_a_record_stored_twice_and_an_inspection_sealed_twice() -> None:
    stored = in_store(account())
    assert judged([*stored, stored[0]]) == (4, 0, 1, 0)
    again = StoredInspection("a", "e", 5, "inspection", "OP30", stored[1].serial, 2, stored[1].results)
    assert judged([*stored, again], sealed=5) == (5, 0, 1, 0)


def test_judge_finds_an_altered_value() -> None:
    stored = in_store(account())
    changed = dict(stored[0].results) | {"weight": str(Decimal("0.01") + Decimal(str(stored[0].results["weight"])))}
    stored[0] = StoredInspection("a", "e", 1, "inspection", "OP20", stored[0].serial, 1, changed)
    assert judged(stored) == (4, 0, 0, 1)


def influxd_that_says(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of the name before all others on the PATH, for builds that can't be installed here."""
    program = folder / "bin" / "influxd"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) + os.pathsep + os.environ["PATH"])


@pytest.mark.parametrize(
    "version",
    [
        "InfluxDB v1.6.7~rc0 (git: unknown unknown)",
        "InfluxDB v1.8.10 (git: 1.8 688e697c51fd)",
        "InfluxDB 1.11.8 (git: HEAD 62304cd)",
        "InfluxDB vunknown (git: unknown unknown)",
    ],
)
def test_any_influxdb_1_on_the_path_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    influxd_that_says(tmp_path, version, monkeypatch)
    assert find_influx(tmp_path, {}).words[0] == str(tmp_path / "bin" / "influxd")


@pytest.mark.parametrize(
    "version", ["InfluxDB v2.7.12 (git: ec9dcde5d6) build_date: 2025-05-20", "influxdb3 3.2.0", ""]
)
def test_another_influxdb_on_the_path_says_how_to_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    influxd_that_says(tmp_path, version, monkeypatch)
    with pytest.raises(InfluxTrouble, match="name it with INFLUXDB_URL"):
        find_influx(tmp_path, {})


# --- what is said, and where it is found


def test_a_wanted_port_is_taken_where_it_is_free_and_never_fought_for() -> None:
    port = free_port()
    assert port == free_port(port)
    with socket.create_server(("127.0.0.1", port)):
        other = free_port(port)
        assert other not in (0, port)
    assert f"port {port} is taken here, so the screen is at {other}" == moved("the screen", port, other)
    assert moved("the screen", port, port) is None
    assert moved("the screen", 0, other) is None, "any was wanted"
    assert KEPT.screen == 9480
    assert WantedPorts() == ANY


def test_a_kept_demos_broker_and_influxdb_are_where_they_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    assert port == plan_broker(tmp_path, "embedded", port).port
    influxd_that_says(tmp_path, "InfluxDB v1.8.10 (git: 1.8 688e697c51fd)", monkeypatch)
    assert f"http://127.0.0.1:{port}" == find_influx(tmp_path, {}, port).url


def test_progress_is_one_line_that_is_rewritten_for_a_person_and_is_gone_behind_it() -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=100, legacy_windows=False, _environ={"TERM": "xterm"})
    with ProgressLine(console) as progress:
        progress.stage("starting the broker")
        told = progress.line_time(20)
        told(account())
        progress._bar.refresh()  # type: ignore[union-attr]
        console.print("ida approves it")
    screen = pyte.Screen(100, 10)
    pyte.Stream(screen).feed(said.getvalue().replace("\n", "\r\n"))
    assert [line.rstrip() for line in screen.display if line.strip()] == ["ida approves it"]
    assert "2 pieces, 4 inspections recorded, 0 of them rejects; last SN004703" in said.getvalue()


def test_progress_is_plain_lines_where_nobody_looks_on() -> None:
    said = io.StringIO()
    with ProgressLine(Console(file=said, width=60)) as progress:
        progress.stage("starting the broker")
        with progress.away():
            told = progress.line_time(20)
            told(account())
            told(account())
    assert said.getvalue().splitlines() == [
        "starting the broker …",
        "2 pieces, 4 inspections recorded, 0 of them rejects; last SN004703",
    ], "a line now and then, however often it is told"


def test_settings_of_the_demo_have_the_ports_that_it_was_given(tmp_path: Path) -> None:
    ports = Ports(broker=1883, plc=5020, screen=9480)
    agent = tomllib.loads(agent_settings(tmp_path, ports, documents=True))
    assert (agent["screen"]["port"], agent["mqtt"]["port"]) == (9480, 1883)
    assert agent["station"][0]["plan"] == {"document": "CP-1001"}
    assert tomllib.loads(collector_settings(1883, 8470, 'kind = "sqlite"\n'))["console"]["port"] == 8470
