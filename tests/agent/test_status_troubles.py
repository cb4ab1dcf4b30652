"""`status` names each trouble of a line in one line, with what to do: one running agent, many things wrong with it."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import free_port, until
from running_agent import AGENT, PLAN, Pty, RunningAgent, asked

from gaugetrail_agent import drivers
from gaugetrail_agent.clock.trust import WatchedClock
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.inquiries import troubles
from gaugetrail_contract.clock import FixedClock, utc_us

pytestmark = pytest.mark.waits

PEOPLE = "id,name,qualification\nOP-1,Ann,\n"
GAUGES = "id,calibration_due,status\nG-OLD,2026-01-01,active\nG-OUT,,blocked\nG-GOOD,2099-01-01,active\n"
DEVICES = ("silent", "baud", "held", "inch", "polled")
GAUGE_OF = {"silent": "G-OLD", "baud": "G-OUT", "held": "G-NEW", "inch": "G-GOOD"}


def link(name: str, port: Path) -> str:
    return f'[[link]]\nname = "{name}"\nkind = "serial"\nport = "{port}"\n'


def device(name: str, unit: str = "mm", more: str = "") -> str:
    gauge = f'gauge = "{GAUGE_OF[name]}"\n' if name in GAUGE_OF else ""
    return (
        f'[[device]]\nname = "{name}"\nlink = "{name}"\ndriver = "mitutoyo-idh"\nsettings = {{ unit = "{unit}" }}\n'
        f"{gauge}{more}"
    )


def station(name: str, plan: str = "plan") -> str:
    return (
        f'[[station]]\nname = "{name}"\nplan = "{plan}.toml"\nbadge_pattern = "OP-[0-9]+"\nunit_pattern = "SN[0-9]+"\n'
    )


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pty]]:
    folder = tmp_path_factory.mktemp("ports")
    found = {name: Pty(folder / name) for name in DEVICES}
    # As a terminal program does that has the port: pyserial's own lock, by another descriptor.
    holder = os.open(found["held"].port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    yield found
    os.close(holder)
    for pty in found.values():
        pty.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, Pty]) -> Iterator[RunningAgent]:
    """An agent with everything wrong with it that can be wrong at once."""
    folder = tmp_path_factory.mktemp("line")
    (folder / "people.csv").write_text(PEOPLE)
    (folder / "gauges.csv").write_text(GAUGES)
    (folder / "silent.toml").write_text(PLAN + 'device = "silent"\n')
    (folder / "inch.toml").write_text(PLAN + 'device = "inch"\n')
    (folder / "old.toml").write_text(PLAN + 'capture = "typed"\n')
    poll = "poll_secs = 0.1\n"
    (folder / "agent.toml").write_text(
        AGENT
        + 'people = "people.csv"\ngauges = "gauges.csv"\n'
        + f"[mqtt]\nport = {free_port()}\n"
        + "".join(link(name, ports[name].port) for name in DEVICES)
        + link("gone", folder / "ttyUSB9")
        + f'[[link]]\nname = "plc"\nkind = "modbus-tcp"\nhost = "127.0.0.1"\nport = {free_port()}\n'
        + "".join(device(name) for name in ("silent", "baud", "held", "gone"))
        + device("inch", "in")
        + device("polled", more=poll).replace("mitutoyo-idh", "and-std").replace('settings = { unit = "mm" }\n', "")
        + '[[device]]\nname = "press"\nlink = "plc"\ndriver = "modbus"\n[[device.value]]\nname = "force"\n'
        + 'type = "float32"\naddress = 10\n'
        + station("OP10", "silent")
        + station("OP20", "inch")
        + station("OP30", "old")
    )
    with RunningAgent(folder) as running:
        yield running


def test_a_silent_gauge(line: RunningAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is open, somebody waits for the gauge, and no byte comes."""
    monkeypatch.setattr(troubles, "SILENT_SECS", 0.2)
    line.typed("OP10", "OP-1", "SN1")
    told = line.told("^ *device silent: ")
    assert re.fullmatch(
        r"device silent: silent: OP10 has waited for it for \d+ s and no byte came -> press its DATA key and look at "
        "cable and output setting; gaugetrail-agent tap silent shows the wire",
        told,
    )


def test_a_wrong_baud_rate(line: RunningAgent, ports: dict[str, Pty]) -> None:
    """What a gauge's characters look like when they are read at another speed: many of them, none a frame."""
    until(lambda: line.report()["devices"]["baud"]["open"], "the port is open")
    garbage = bytes(byte * 0x9D + 0x35 & 0xFF for byte in b"GN01,+1.500\r\n" * 8)
    cure = "-> put baud, parity and bytesize of its [[link]] as the gauge's menu says, or name its right driver"
    ports["baud"].send(garbage[:45])
    told = line.told("^ *device baud: .*garbled")
    assert re.match(r"device baud: each of its \d frames is garbled, last ", told)
    assert told.endswith(cure)
    ports["baud"].send((garbage[:20] + b"\r\n") * 4)  # noise holds an end of line now and then
    told = line.told("^ *device baud: speaks, but not intelligibly: ")
    assert told.endswith(cure)


def test_a_plc_that_is_off(line: RunningAgent) -> None:
    told = line.told("^ *device press: ")
    assert re.match(r"device press: 127\.0\.0\.1:\d+: connection refused: .* -> switch the device on, ", told)


def test_a_port_that_is_gone(line: RunningAgent) -> None:
    told = line.told("^ *device gone: ")
    assert re.match(r"device gone: .*/ttyUSB9: no such port; .* -> plug the adapter in, .*gaugetrail-agent ports", told)


def test_a_port_that_another_program_holds(line: RunningAgent) -> None:
    told = line.told("^ *device held: ")
    assert re.match(rf"device held: .*: busy: held by .*\(process {os.getpid()}\).* -> stop that program, ", told)


def test_a_gauge_that_answers_no_poll(line: RunningAgent) -> None:
    told = line.told("^ *device polled: ")
    assert re.match(r"device polled: no answer to \d+ polls? on .* -> switch the gauge on and out of its menus; ", told)


def test_the_broker_is_off(line: RunningAgent) -> None:
    told = line.told("^ *broker: ")
    assert re.fullmatch(
        r"broker: no broker at localhost:\d+.*; records wait in the spool -> start the broker there, or put host and "
        r"port of \[mqtt\] right; gaugetrail-agent doctor looks closer",
        told,
    )


def test_gauges_that_are_overdue_blocked_or_unknown(line: RunningAgent) -> None:
    assert line.told("^ *gauge G-OLD").startswith(
        "gauge G-OLD: (silent) overdue for calibration since 2026-01-01 -> have it calibrated and enter the new date"
    )
    assert line.told("^ *gauge G-OUT") == "gauge G-OUT: (baud) blocked in the gauge register -> use another gauge"
    assert line.told("gauge G-NEW: ").startswith("worth a look: gauge G-NEW: (held) has no calibration date")
    states = {one["gauge"]: one["state"] for one in line.report()["calibration"]}
    assert states == {"G-OLD": "overdue", "G-OUT": "blocked", "G-NEW": "unknown", "G-GOOD": "valid"}


def test_a_gauge_in_the_wrong_unit(line: RunningAgent, ports: dict[str, Pty]) -> None:
    line.typed("OP20", "OP-1", "SN2")
    until(lambda: line.report()["stations"]["OP20"]["unit"] == "SN2", "the unit is in hand")
    ports["inch"].send(b"GN01,+1.500\r\n")
    told = line.told("^ *station OP20: ")
    assert told == (
        "station OP20: inch measures in in, the plan wants mm: switch the gauge over -> "
        "switch the gauge over to the plan's unit"
    )
    one = line.report()["devices"]["inch"]
    assert (one["open"], one["readings"], one["refused"]["why"]) == (
        True,
        1,
        "inch measures in in, the plan wants mm: switch the gauge over",
    )
    assert one["last_bytes"][-1]["hex"] == b"GN01,+1.500\r\n".hex()


def test_a_badge_that_nobody_knows(line: RunningAgent) -> None:
    line.typed("OP30", "OP-99")
    assert line.told("^ *station OP30: OP-99") == (
        "station OP30: OP-99 is not in the people list -> use a badge of the people list, or add the person to it and "
        "start the agent again"
    )


def test_a_plan_a_register_and_settings_that_changed_after_the_start(line: RunningAgent) -> None:
    folder = line.config.parent
    for name in ("old.toml", "agent.toml"):
        with (folder / name).open("a") as file:
            file.write("\n")
    (folder / "people.csv").write_text(PEOPLE + "OP-2,Bob,\n")
    told = line.told("^ *station OP30: its plan CP-1 C in ")
    assert re.fullmatch(
        r"station OP30: .*/old\.toml changed after the agent has read it -> give it a new revision .*", told
    ), "it would be refused"
    text = (folder / "old.toml").read_text()
    (folder / "old.toml").write_text(text.replace('revision = "C"', 'revision = "D"'))
    assert line.told("^ *station OP30: its plan CP-1 C in .* -> gaugetrail-agent check --config F, then let the agent")
    assert "/agent.toml changed after" in line.told("^ *settings: ")
    assert "/people.csv changed after" in line.told("^ *people list: ")
    (folder / "old.toml").unlink()
    assert "can't be read any more" in line.told("^ *station OP30: its plan")


def test_what_is_not_well_is_the_same_for_programs(line: RunningAgent) -> None:
    code, out, _ = asked("status", "--config", str(line.config), "--json")
    report = json.loads(out)
    assert (code, report["well"]) == (1, False)
    assert {"about", "what", "cure", "wrong"} == set(report["findings"][0])
    assert {one["about"] for one in report["findings"]} >= {"broker", "device press", "gauge G-OLD"}
    assert report["agent"]["id"] == "pc1"
    assert (report["spool"]["set_aside"], report["spool"]["full"]) == (0, False)


def test_no_agent_runs(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(AGENT)
    config = str(tmp_path / "agent.toml")
    for words in (("status",), ("tap", "bore")):
        code, out, err = asked(*words, "--config", config)
        assert (code, out) == (1, "")
        assert (
            err == f"no agent runs with the settings {config}; start it with: gaugetrail-agent run --config {config}\n"
        )


def test_a_wrong_clock(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(AGENT + f"[mqtt]\nport = {free_port()}\n")
    clock = FixedClock(us=utc_us("2019-03-01T00:00:00.000000Z"))
    with RunningAgent(tmp_path, WatchedClock(clock, lambda: True)) as running:
        assert running.told("^ *clock: ") == (
            "clock: the clock of this PC says a day before 2024-01-01 -> set it (timedatectl set-time), and let it "
            "reach a time source"
        )
        clock.us = utc_us("2026-11-23T08:00:00.000000Z")
        until(lambda: "clock" not in {one["about"] for one in running.report()["findings"] if one["wrong"]}, "set")


def test_times_of_a_wrong_year_until_a_new_epoch_begins(tmp_path: Path) -> None:
    """The trouble goes when the clock has been right for ten seconds."""
    (tmp_path / "plan.toml").write_text(PLAN + 'capture = "typed"\n')
    (tmp_path / "agent.toml").write_text(AGENT + f"[mqtt]\nport = {free_port()}\n" + station("OP10"))
    clock = FixedClock(us=utc_us("2040-03-01T12:00:00.000000Z"))
    with RunningAgent(tmp_path, WatchedClock(clock, lambda: True)) as running:
        for year in ("2040-03-01T13", "2026-11-23T08"):
            clock.us = utc_us(f"{year}:00:00.000000Z")  # each step is a record
            until(lambda: not running.agent.clock.steps(), "the step is told")
        assert running.told("^ *clock: ") == (
            "clock: the clock of this PC is more than a day behind the last record's time, of 2040-03-01 -> if it is "
            'right, let it reach a time source, or say clock = "kept" in [agent]; if not, set it'
        )
        until(lambda: "clock" in running.agent.stations["OP10"].state.notices, "the operator is told")
        epoch = running.agent.spool.epoch

        def left() -> bool:
            clock.advance(1)
            return running.agent.spool.epoch != epoch

        until(left, "a new epoch begins")
        until(lambda: "clock" not in {one["about"] for one in running.report()["findings"] if one["wrong"]}, "right")


def test_a_start_in_a_year_far_ahead_of_the_last_record(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(AGENT + f"[mqtt]\nport = {free_port()}\n")
    clock = FixedClock()
    with RunningAgent(tmp_path, WatchedClock(clock, lambda: False)) as running:
        clock.us += 3_600_000_000
        until(lambda: not running.agent.clock.steps(), "the step is told")
    clock.us, clock.boot_id = utc_us("2040-03-01T12:00:00.000000Z"), "another"
    with RunningAgent(tmp_path, WatchedClock(clock, lambda: False)) as running:
        assert running.told("^ *clock: the clock of this PC is more than a year ahead of the last record")


FAULTY = """
from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings

NAME, MAKER, MODELS, PROOF = "faulty", "nobody", (), None

class Settings(DriverSettings):
    "None."

class FaultyDriver(StreamDriver):
    name = NAME

    def received(self, data):
        return [data.decode("ascii")[99]]

def make(settings):
    return FaultyDriver()
"""


def test_a_driver_of_our_own_that_has_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file in Python that raises on what the gauge sends: named as ours, with the traceback in the log."""
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "faulty.py").write_text(FAULTY)
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(tmp_path / "drivers")])
    monkeypatch.setattr(catalogue, "python_drivers", lambda: {"faulty": "faulty"})
    (tmp_path / "plan.toml").write_text(PLAN + 'device = "bore"\n')
    gauge = Pty(tmp_path / "gauge")
    bore = '[[device]]\nname = "bore"\nlink = "bore"\ndriver = "faulty"\n'
    (tmp_path / "agent.toml").write_text(
        f"{AGENT}[mqtt]\nport = {free_port()}\n{link('bore', gauge.port)}{bore}{station('OP10')}"
    )
    with RunningAgent(tmp_path) as running:
        until(lambda: running.report()["devices"]["bore"]["open"], "the port is open")
        gauge.send(b"GN01,+1.500\r\n")
        told = running.told("^ *device bore: .*fault of ours")
    gauge.close()
    assert re.match(
        r"device bore: a fault of ours in FaultyDriver\.received \(IndexError\), not of the device; please report it "
        r"with the traceback in the log; .* -> report it with the traceback in the agent's log",
        told,
    )
    logged = [one for one in caplog.records if getattr(one, "event", "") == "driver_fault"]
    assert logged[0].exc_info is not None
