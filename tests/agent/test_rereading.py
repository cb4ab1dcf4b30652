"""Settings, registers and plans read anew while the agent works: what holds from when, and what is named."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from floor import Floor, Operator, free_port, until
from running_agent import AGENT, PLAN, RunningAgent

from gaugetrail_agent.config import load
from gaugetrail_agent.rereading import reread as read_again
from gaugetrail_contract.changed_keys import changed_keys
from gaugetrail_contract.settings import Settings, key_text

pytestmark = pytest.mark.waits

STATION = '[[station]]\nname = "OP10"\nplan = "plan.toml"\nbadge_pattern = "OP-[0-9]+"\nunit_pattern = "SN[0-9]+"\n'
LINK = '[[link]]\nname = "p"\nkind = "tcp"\nhost = "127.0.0.1"\nport = 1\n'
BORE = '[[device]]\nname = "bore"\nlink = "p"\ndriver = "mitutoyo-idh"\ngauge = "G1"\n'
TYPED = PLAN + 'capture = "typed"\n'
NEXT = TYPED.replace('revision = "C"', 'revision = "D"').replace('usl = "2.0"', 'usl = "1.2"')


def written(folder: Path, more: str = "", plan: str = TYPED) -> Path:
    (folder / "plan.toml").write_text(plan)
    (folder / "people.csv").write_text("id,name,qualification\nOP-1,Ann,\nOP-2,Bob,\n")
    (folder / "gauges.csv").write_text("id,calibration_due,status\nG1,2099-01-01,active\n")
    text = AGENT + 'people = "people.csv"\ngauges = "gauges.csv"\n'
    (folder / "agent.toml").write_text(f"{text}[mqtt]\nport = {free_port()}\n{LINK}{BORE}{STATION}{more}")
    return folder


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def reread(running: RunningAgent) -> None:
    """As SIGHUP does; waits until it is done."""
    running.do(running.agent.reread)
    until(lambda: running.agent._rereading is not None and running.agent._rereading.done(), "it has read anew")


def badges(running: RunningAgent) -> list[str]:
    people = running.agent.config.people
    return [] if people is None else [one.badge for one in people.person]


def alarms(running: RunningAgent) -> list[str]:
    return [one for one in running.agent.health.alarms().values() if "changed settings" in one]


def events(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [one.getMessage() for one in caplog.records if getattr(one, "event", None) == event]


def in_hand(running: RunningAgent) -> str | None:
    return running.agent.stations["OP10"].setup.plan.ref.revision if running.agent.stations["OP10"].state.unit else None


def test_an_open_unit_keeps_the_plan_that_it_began_with(tmp_path: Path) -> None:
    """1.5 is well by revision C and too large by D."""
    with RunningAgent(written(tmp_path)) as running:
        station = running.agent.stations["OP10"]
        running.typed("OP10", "OP-1", "SN1")
        until(lambda: station.state.unit is not None, "the unit is in hand")
        (tmp_path / "plan.toml").write_text(NEXT)
        reread(running)
        assert in_hand(running) == "C"
        assert running.agent.config.plans["OP10"][0].ref.revision == "C"
        running.typed("OP10", "1.5")
        until(lambda: station.state.last is not None, "it is recorded")
        assert (station.state.last.serial, str(station.state.last.verdict)) == ("SN1", "pass")  # type: ignore[union-attr]
        until(lambda: station.setup.plan.ref.revision == "D", "the new plan is taken")
        running.typed("OP10", "SN2", "1.5")
        until(lambda: station.state.last.serial == "SN2", "the next is recorded")  # type: ignore[union-attr]
        assert str(station.state.last.verdict) == "fail"  # type: ignore[union-attr]
        assert station.state.operator == "OP-1"
        assert running.report()["findings"] == [
            one for one in running.report()["findings"] if "changed after" not in one["what"]
        ]


def test_faulty_settings_change_nothing_and_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All of it is checked first: a good list of people beside a faulty plan is not taken either."""
    with RunningAgent(written(tmp_path)) as running:
        (tmp_path / "plan.toml").write_text(NEXT.replace('usl = "1.2"', 'usl = "0.2"'))
        (tmp_path / "people.csv").write_text("id,name,qualification\nOP-9,Eve,\n")
        reread(running)
        assert badges(running) == ["OP-1", "OP-2"]
        assert in_hand(running) is None
        assert running.agent.stations["OP10"].setup.plan.ref.revision == "C"
        (told,) = events(caplog, "settings_refused")
        assert re.match(r"not taken: .*/plan\.toml:\d+: characteristic\[1\]", told)
        (alarm,) = alarms(running)
        assert alarm.startswith("changed settings or documents are at fault, and those from before stay in force: ")
        (tmp_path / "plan.toml").write_text(NEXT)
        reread(running)
        assert alarms(running) == []
        assert badges(running) == ["OP-9"]
        assert running.agent.stations["OP10"].setup.plan.ref.revision == "D"


def test_a_plan_that_changed_under_its_revision_is_not_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The lock that holds at a start holds here."""
    with RunningAgent(written(tmp_path)) as running:
        (tmp_path / "plan.toml").write_text(NEXT.replace('revision = "D"', 'revision = "C"'))
        reread(running)
        assert "under the same revision C" in events(caplog, "settings_refused")[0]
        assert running.agent.stations["OP10"].setup.plan.file.characteristic[0].usl == "2.0"


def test_each_other_key_is_named_with_its_line_and_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The people list of the same reading holds at once."""
    with RunningAgent(written(tmp_path)) as running:
        before = running.agent.health.config_sha256
        path = tmp_path / "agent.toml"
        replaced(path, 'site = "s"', 'site = "other"')
        replaced(path, 'driver = "mitutoyo-idh"', 'driver = "mitutoyo-idh"\nsettings = { unit = "mm" }')
        path.write_text(path.read_text() + "[spool]\nmax_mb = 99\n")
        (tmp_path / "people.csv").write_text("id,name,qualification\nOP-9,Eve,\n")
        reread(running)
        waits = [line.partition("agent.toml:")[2] for line in events(caplog, "needs_restart")]
        assert waits == [
            "3: agent.site: changed; it needs a restart",
            "27: spool.max_mb: changed; it needs a restart",
            "19: device[1].settings: changed; it needs a restart",
        ]
        assert alarms(running) == [
            "changed settings wait for a restart of the agent: agent.site, spool.max_mb, device[1].settings"
        ]
        settings = running.agent.config.settings
        assert (settings.agent.site, settings.spool.max_mb, settings.device[0].settings) == ("s", 4096, {})  # type: ignore[union-attr]
        assert badges(running) == ["OP-9"]
        assert running.agent.health.config_sha256 == before
        assert any(one["about"] == "settings" for one in running.report()["findings"])


def test_a_plan_for_a_device_that_is_not_there_yet_waits_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with RunningAgent(written(tmp_path)) as running:
        path = tmp_path / "agent.toml"
        more = (LINK + BORE).replace('"p"', '"q"').replace("bore", "new").replace('gauge = "G1"\n', "")
        path.write_text(path.read_text() + more)
        (tmp_path / "plan.toml").write_text(NEXT.replace('capture = "typed"', 'device = "new"'))
        reread(running)
        assert running.agent.stations["OP10"].setup.plan.ref.revision == "C"
        told = events(caplog, "needs_restart")
        assert [line.partition("agent.toml")[2] for line in told[:2]] == [
            ": link: changed; it needs a restart",
            ": device: changed; it needs a restart",
        ]
        assert told[2].endswith("OP10 takes it with a restart: new is no device of the running agent")


def test_a_changed_wiring_and_another_index_of_plans_need_no_restart(tmp_path: Path) -> None:
    """Read as `SIGHUP` reads it: the next unit is measured as the settings say now, and nothing waits."""
    wiring = '[[station.wiring]]\ncharacteristic = "width"\n'
    path = written(tmp_path, wiring + 'capture = "typed"\n', PLAN) / "agent.toml"
    old = load(path, {})
    replaced(path, 'plan = "plan.toml"\n', 'plans = ["p*.toml"]\n')
    replaced(path, 'capture = "typed"\n', 'device = "bore"\n')
    found = read_again(old)
    assert found.waits == ()
    assert [plan.characteristics[0].device for plan in found.config.plans["OP10"]] == ["bore"]
    assert found.config.settings.station[0].plans == ("p*.toml",)


def test_people_and_gauges_hold_from_the_next_unit_on(tmp_path: Path) -> None:
    """Who is no longer on the list is logged off when his unit is done; a gauge that is blocked is named at once."""
    with RunningAgent(written(tmp_path)) as running:
        station = running.agent.stations["OP10"]
        running.typed("OP10", "OP-1", "SN1")
        until(lambda: station.state.unit is not None, "the unit is in hand")
        (tmp_path / "people.csv").write_text("id,name,qualification\nOP-2,Bob,\n")
        (tmp_path / "gauges.csv").write_text("id,calibration_due,status\nG1,2099-01-01,blocked\n")
        reread(running)
        assert station.state.operator == "OP-1"
        running.typed("OP10", "1.5")
        until(lambda: station.state.operator is None, "he is logged off")
        assert (station.state.light, station.state.says.id) == ("amber", "badge.unknown")  # type: ignore[union-attr]
        running.typed("OP10", "OP-2")
        until(lambda: station.state.operator == "OP-2", "another works on")
        assert [one.calibration for one in running.agent._gauges()] == ["blocked"]


def test_devices_of_a_new_plan_are_listened_to(tmp_path: Path) -> None:
    """The routes lead by the plan in force, and its devices' troubles are told at the station."""
    with RunningAgent(written(tmp_path)) as running:
        station = running.agent.stations["OP10"]
        assert running.agent.health.station_devices == {"OP10": ()}
        (tmp_path / "plan.toml").write_text(NEXT.replace('capture = "typed"', 'device = "bore"'))
        reread(running)
        assert running.agent.health.station_devices == {"OP10": ("bore",)}
        until(lambda: "device bore" in station.state.notices, "its trouble is told")
        (tmp_path / "plan.toml").write_text(TYPED.replace('revision = "C"', 'revision = "E"'))
        reread(running)
        assert "device bore" not in station.state.notices


class _Inner(Settings):
    a: int = 1
    b: str | None = None


class _Outer(Settings):
    inner: _Inner = _Inner()
    more: tuple[_Inner, ...] = ()
    maybe: _Inner | None = None


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ({}, {}, []),
        ({}, {"inner": {"a": 2, "b": "x"}}, ["inner.a", "inner.b"]),
        ({"more": [{}, {}]}, {"more": [{}, {"a": 3}]}, ["more[2].a"]),
        ({"more": [{}]}, {"more": [{}, {}]}, ["more"]),
        ({"more": [{}]}, {}, ["more"]),
        ({}, {"maybe": {}}, ["maybe"]),
        ({"maybe": {}}, {"maybe": {"b": "y"}}, ["maybe.b"]),
    ],
)
def test_what_differs_is_named_key_by_key(old: object, new: object, keys: list[str]) -> None:
    found = changed_keys(_Outer.model_validate(old), _Outer.model_validate(new))
    assert [key_text(steps) for steps in found] == keys


@pytest.mark.mosquitto
def test_sighup_to_the_process(floor: Floor) -> None:
    """Real signal, real records: each under the revision that it was begun by; the broker is shown a new password."""
    accounts, password = floor.folder / "accounts", floor.folder / "password"
    said = (
        ("mosquitto_passwd", "-b", "-c", str(accounts), "pc1", "one"),
        ("mosquitto_passwd", "-b", str(accounts), "c", "c"),
    )
    for words in said:
        subprocess.run(words, check=True, capture_output=True)
    floor.broker(f"user root\nallow_anonymous false\npassword_file {accounts}\n")
    password.write_text("one\n")
    config = floor.write_agent()
    replaced(config, "[terminal]", 'username = "pc1"\npassword_file = "password"\n[terminal]')
    replaced(floor.write_collector(), "[mqtt]\n", '[mqtt]\nusername = "c"\npassword = "c"\n')
    floor.collector()
    floor.agent()
    agent, broker = floor.processes["agent"], floor.processes["mosquitto"]
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN1")
    operator.type("SN2")
    operator.see(lambda now: now["serial"] == "SN2")
    until(lambda: floor.waiting() == 0, "SN1 is stored")
    plan = floor.folder / "plan.toml"
    replaced(plan, 'revision = "A"', 'revision = "B"')
    replaced(plan, 'usl = "2.0"', 'usl = "1.2"')
    os.kill(agent.pid, signal.SIGHUP)
    until(lambda: re.search(r"event=reread\b", floor.log("agent")), "it has read anew")
    assert "event=broker_renewed" not in floor.log("agent")
    operator.type("1.50")
    operator.see(lambda now: isinstance(now["last"], dict) and now["last"]["serial"] == "SN2")
    operator.inspect("SN3")
    subprocess.run(("mosquitto_passwd", "-b", str(accounts), "pc1", "two"), check=True, capture_output=True)
    os.kill(broker.pid, signal.SIGHUP)
    password.write_text("two\n")
    os.kill(agent.pid, signal.SIGHUP)
    until(lambda: "event=broker_renewed" in floor.log("agent"), "it connects anew")
    operator.inspect("SN4")
    until(lambda: floor.waiting() == 0, "all are stored")
    revisions = {}
    for serial in ("SN1", "SN2", "SN3", "SN4"):
        _, out, _ = floor.ask_here("gaugetrail-collector", "trace", serial, "--config", "collector.toml", "--json")
        record = json.loads(out)
        text = json.dumps(record)
        revisions[serial] = (re.findall(r'"revision": "([AB])"', text)[0], re.findall(r'"verdict": "(\w+)"', text)[0])
    operator.close()
    assert revisions == {"SN1": ("A", "pass"), "SN2": ("A", "pass"), "SN3": ("B", "fail"), "SN4": ("B", "fail")}
    assert agent.poll() is None
    assert floor.stop("agent") == 0
