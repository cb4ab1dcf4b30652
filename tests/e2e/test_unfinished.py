"""What was shown of a half-measured unit outlives a killed agent; what the terminal said is the oracle."""

from __future__ import annotations

import json
import random
import socket
import time
from typing import Any

import pytest
from floor import Floor, until

from gaugetrail_contract.record import Inspection, Verdict
from gaugetrail_contract.seal import cut_line, open_sealed

pytestmark = [pytest.mark.processes, pytest.mark.waits]

PLAN = """
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
"""
NAMES = ("first", "second", "third")
DEADLINE = 20.0


class Screen:
    """One connection to the agent's terminal: what it shows, line by line, and what is typed into it."""

    def __init__(self, floor: Floor) -> None:
        data = floor.folder / "agent-data"
        self._socket = socket.create_connection(("127.0.0.1", int((data / "terminal.port").read_text())), DEADLINE)
        self._lines = self._socket.makefile("rb")
        self.say({"token": (data / "terminal.token").read_text()})
        self.say({"station": "OP10"})
        self.shown: dict[str, Any] = {}

    def say(self, words: dict[str, str]) -> None:
        self._socket.sendall(json.dumps(words).encode() + b"\n")

    def type(self, text: str) -> None:
        self.say({"typed": text})

    def until(self, found: Any, what: str) -> dict[str, Any]:
        end = time.monotonic() + DEADLINE
        while not (self.shown and found(self.shown)):
            assert time.monotonic() < end, f"{what}; the terminal shows {self.shown}"
            self.next()
        return self.shown

    def next(self) -> None:
        """What it shows next."""
        self.shown = json.loads(self._lines.readline())

    def log_on(self) -> dict[str, Any]:
        self.until(lambda shown: shown["state"] in ("wait_operator", "wait_unit"), "the terminal is there")
        self.type("OP-1")
        return self.until(lambda shown: shown["state"] == "wait_unit", "logged on")

    def last_shown(self) -> dict[str, Any]:
        """What it showed last before it went away."""
        try:
            while line := self._lines.readline():
                self.shown = json.loads(line)
        except (OSError, ValueError):
            pass  # killed in the middle of a line, which nobody saw
        return self.shown

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def write(floor: Floor, station: str = "") -> None:
    floor.write_agent(extra=station)
    typed = (f'[[characteristic]]\nname = "{name}"\nunit = "mm"\nusl = "2"\ncapture = "typed"\n' for name in NAMES)
    (floor.folder / "plan.toml").write_text(PLAN + "".join(typed))


def sealed(floor: Floor) -> list[Inspection]:
    (floor.folder / "sealed.jsonl").unlink(missing_ok=True)
    code, _, err = floor.ask_here("gaugetrail-agent", "spool", "export", "sealed.jsonl", "--config", "agent.toml")
    assert code == 0, err
    lines = (floor.folder / "sealed.jsonl").read_bytes().splitlines()
    found = (open_sealed(cut_line(line)) for line in lines)
    return [record for record in found if isinstance(record, Inspection)]


def test_a_fail_that_was_shown_is_offered_again_after_a_kill_and_stands_in_the_record(floor: Floor) -> None:
    write(floor)
    floor.agent()
    screen = Screen(floor)
    screen.log_on()
    screen.type("SN000023")
    screen.until(lambda shown: shown["next"] == "first", "the unit is in hand")
    screen.type("9.99")
    screen.until(lambda shown: shown["light"] == "red" and shown["next"] == "second", "the fail is shown")
    floor.kill("agent")
    screen.close()

    floor.agent()
    screen = Screen(floor)
    shown = screen.until(lambda shown: shown["operator"] == "OP-1", "the terminal is there again, and who was here")
    assert "SN000023 is unfinished" in shown["prompt"]
    screen.type("SN000023")
    screen.until(lambda shown: shown["next"] == "second", "it goes on")
    for value in ("1.00", "1.10"):
        screen.type(value)
    screen.until(lambda shown: (shown["last"] or {}).get("serial") == "SN000023", "it is recorded")
    screen.close()
    (record,) = sealed(floor)
    assert [m.value for m in record.measurements] == ["9.99", "1.00", "1.10"]
    assert (record.verdict, len(record.interruptions)) == (Verdict.FAIL, 1)


def test_unanswered_it_is_recorded_as_incomplete_and_a_clean_stop_records_nothing(floor: Floor) -> None:
    write(floor, "unfinished_secs = 1\n")
    floor.agent()
    screen = Screen(floor)
    screen.log_on()
    screen.type("SN1")
    screen.type("9.99")
    screen.until(lambda shown: shown["next"] == "second", "the first value is shown")
    assert floor.stop("agent") == 0
    screen.close()
    assert sealed(floor) == []

    floor.agent()
    until(lambda: sealed(floor), "it is recorded by itself")
    (record,) = sealed(floor)
    assert (record.serial, record.verdict, record.operator) == ("SN1", Verdict.INCOMPLETE, "OP-1")
    assert [m.value for m in record.measurements] == ["9.99"]


def test_whatever_was_shown_before_a_kill_at_any_moment_stands_in_a_record(floor: Floor) -> None:
    """Eight kills, from before the first value is kept until the unit is recorded; each unit is then ended."""
    write(floor)
    dice = random.Random(8)
    seen: dict[str, list[str]] = {}
    floor.agent()
    for number in range(1, 9):
        serial = f"SN{number}"
        values = [f"1.{number:02}{place}" for place in range(3)]
        screen = Screen(floor)
        screen.log_on()
        if number > 1 and "is unfinished" in screen.shown["prompt"]:
            screen.type("%CANCEL")
            screen.until(lambda shown, before=f"SN{number - 1}": (shown["last"] or {}).get("serial") == before, "ended")
        screen.type(serial)
        screen.until(lambda shown, serial=serial: shown["serial"] == serial, "the unit is in hand")
        typed = dice.randrange(1, 4)
        for value in values[:typed]:
            screen.type(value)
        for _ in range(dice.randrange(typed + 1)):  # killed so many answers later, while it works on the next
            screen.next()
        floor.kill("agent")
        seen[serial] = _values_shown(screen.last_shown(), serial, values)
        screen.close()
        floor.agent()
    screen = Screen(floor)
    if "is unfinished" in screen.log_on()["prompt"]:
        screen.type("%CANCEL")
        screen.until(lambda shown: (shown["last"] or {}).get("serial") == "SN8", "the last one is ended")
    screen.close()
    recorded = {str(record.serial): [m.value for m in record.measurements] for record in sealed(floor)}
    assert len(sealed(floor)) == len(recorded), "none twice"
    for serial, shown in seen.items():
        assert recorded.get(serial, [])[: len(shown)] == shown, f"{serial}: {shown} was shown"
    assert len({len(shown) for shown in seen.values()}) > 1, "the kills came at different moments"


def _values_shown(shown: dict[str, Any], serial: str, values: list[str]) -> list[str]:
    """What the operator had been told of the unit: its first values, all of them once it is recorded."""
    if (shown["last"] or {}).get("serial") == serial:
        return values
    if shown["serial"] != serial or shown["next"] is None:
        return []
    return values[: NAMES.index(shown["next"])]
