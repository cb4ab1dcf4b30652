"""SIGHUP to a collector: users, passwords and certificates are read anew; faults and other keys are named."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from console_visitor import ConsoleVisitor
from floor import Floor, Operator, until

from gaugetrail_service.web.console_users import line_of

pytestmark = pytest.mark.waits

FIRST, SECOND = "a long enough word 17", "another word that is long 18"


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def times(floor: Floor, event: str) -> int:
    return len(re.findall(rf"event={event}\b", floor.log("collector")))


def reread(floor: Floor, done: str = "reread") -> None:
    """The signal, until the collector says that it is through with it."""
    before = times(floor, done)
    os.kill(floor.processes["collector"].pid, signal.SIGHUP)
    until(lambda: times(floor, done) > before, "it has read anew")


@pytest.mark.mosquitto
def test_a_collector_reads_users_passwords_and_settings_anew(floor: Floor) -> None:
    accounts, password, users = (floor.folder / name for name in ("accounts", "password", "users"))
    for words in (("-c", str(accounts), "c", "one"), (str(accounts), "pc1", "p")):
        subprocess.run(("mosquitto_passwd", "-b", *words), check=True, capture_output=True)
    floor.broker(f"user root\nallow_anonymous false\npassword_file {accounts}\n")
    password.write_text("one\n")
    users.write_text(line_of("ann", FIRST) + "\n" + line_of("bob", FIRST) + "\n")
    config = floor.write_collector()
    replaced(config, "[mqtt]\n", '[mqtt]\nusername = "c"\npassword_file = "password"\n')
    config.write_text(config.read_text() + '[console]\nport = 0\nusers = "users"\n')
    floor.collector()
    port_file = floor.folder / "collector-data" / "console.port"
    until(lambda: "event=ready" in floor.log("collector") and port_file.exists(), "it is ready")
    ann, bob = (ConsoleVisitor(int(port_file.read_text())) for _ in range(2))
    assert ann.log_on("ann", FIRST)
    assert bob.log_on("bob", FIRST)

    anns = line_of("ann", SECOND) + "\n"
    users.write_text(anns + users.read_text().splitlines()[1] + "\n")
    reread(floor)
    assert (ann.is_in(), bob.is_in()) == (False, True), "who has another password logs on anew"
    assert not ann.log_on("ann", FIRST)
    assert ann.log_on("ann", SECOND)
    assert times(floor, "broker_renewed") == 0

    replaced(config, "[mqtt]\n", "[batch]\nmax_points = 1234\n[mqtt]\n")
    users.write_text("no user\n")
    reread(floor, "settings_refused")
    assert re.search(r"not taken: .*/collector\.toml:\d+: console\.users: .*users:1: ", floor.log("collector"))
    assert (ann.is_in(), times(floor, "needs_restart")) == (True, 0)

    users.write_text(anns)
    reread(floor)
    assert (ann.is_in(), bob.is_in()) == (True, False)
    assert re.search(r"collector\.toml:\d+: batch\.max_points: changed; it needs a restart", floor.log("collector"))

    subprocess.run(("mosquitto_passwd", "-b", str(accounts), "c", "two"), check=True, capture_output=True)
    os.kill(floor.processes["mosquitto"].pid, signal.SIGHUP)
    password.write_text("two\n")
    reread(floor, "broker_renewed")
    replaced(floor.write_agent(), "[terminal]", 'username = "pc1"\npassword = "p"\n[terminal]')
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN1")
    until(lambda: floor.waiting() == 0, "it collects with the new password")
    operator.close()
    assert (floor.stop("agent"), floor.stop("collector")) == (0, 0)
