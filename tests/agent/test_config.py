"""`check`: every fault of a settings file is named with file, line, key and what is allowed."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import config
from gaugetrail_agent.cli import app
from gaugetrail_agent.drivers.catalogue import SHIPPED
from gaugetrail_agent.inquiries.asking import desk_for
from gaugetrail_contract.settings import ConfigError, Problem

AGENT = '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n'
LINK = '[[link]]\nname = "p1"\nkind = "serial"\nport = "/dev/ttyNONE1"\n'
DEVICE = '[[device]]\nname = "bore"\nlink = "p1"\ndriver = "digimatic-13"\nsettings = { unit = "mm" }\n'
STATION = '[[station]]\nname = "OP10"\nplan = "plan.toml"\n'
PLAN = (
    'id = "CP"\nrevision = "A"\npart = "P"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
    '[[characteristic]]\nname = "bore"\nunit = "mm"\nlsl = "1.0"\nusl = "2.0"\ndevice = "bore"\n'
)
UNWIRED = PLAN.replace('device = "bore"\n', 'reaction = "stop"\n')
WIRING = '[[station.wiring]]\ncharacteristic = "bore"\ndevice = "bore"\n'


def written(tmp_path: Path, text: str, plan: str = PLAN) -> Path:
    (tmp_path / "plan.toml").write_text(plan)
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


def faults(tmp_path: Path, text: str, plan: str = PLAN) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        config.load(written(tmp_path, text, plan), {})
    return list(caught.value.problems)


def line_with(word: str, tmp_path: Path) -> int:
    """The line of the settings file that a word stands on."""
    lines = (tmp_path / "agent.toml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if word in line)


def only(tmp_path: Path, text: str, plan: str = PLAN) -> Problem:
    found = faults(tmp_path, text, plan)
    assert len(found) == 1, found
    return found[0]


def test_a_good_file_loads_with_its_plan(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path, AGENT + LINK + DEVICE + STATION), {})
    assert [plan.ref.id for plan in loaded.plans["OP10"]] == ["CP"]
    assert loaded.data_dir == tmp_path / "data"


def test_unknown_key(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + "bawd = 9600\n")
    assert (problem.key, problem.line) == ("link[1].bawd", 10)
    assert "did you mean baud" in problem.message
    assert problem.allowed is not None
    assert "parity" in problem.allowed


def test_wrong_type(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + 'baud = "fast"\n')
    assert (problem.key, problem.line) == ("link[1].baud", 10)


def test_missing_plan(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION.replace("plan.toml", "gone.toml"))
    assert (problem.key, problem.line) == ("station[1].plan", 17)
    assert "is not there" in problem.message


def test_a_fault_inside_the_plan_is_named_in_the_plan(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION, PLAN.replace('"1.0"', "1.0"))
    assert problem.file.endswith("plan.toml")
    assert (problem.key, problem.line) == ("characteristic[1].lsl", 9)


def test_limits_out_of_order_are_named(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION, PLAN.replace('"1.0"', '"3.0"'))
    assert "are not in order" in problem.message


def test_a_plan_that_names_an_unknown_device(tmp_path: Path) -> None:
    plan = PLAN.replace('device = "bore"', 'device = "bohr"')
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION, plan)
    assert (problem.key, problem.line, problem.there) == ("characteristic[1].device", 11, "bore")


def test_a_plan_without_devices_is_measured_by_the_stations_wiring(tmp_path: Path) -> None:
    """The digest is that of the document, whatever measures it here."""
    path = written(tmp_path, AGENT + LINK + DEVICE + STATION + WIRING + 'channel = "1"\n', UNWIRED)
    (plan,) = config.load(path, {}).plans["OP10"]
    assert [(one.device, one.channel) for one in plan.characteristics] == [("bore", "1")]
    assert plan.ref.sha256 == hashlib.sha256(UNWIRED.encode()).hexdigest()


ONE = '[[station.wiring]]\ncharacteristic = "bore"\n'


@pytest.mark.parametrize(
    ("wiring", "key", "words"),
    [
        ("", "station[1].plan", "no device measures bore of CP at OP10: add [[station.wiring]]"),
        (ONE, "station[1].wiring[1]", 'name the device that measures it, or say capture = "typed"'),
        (ONE + 'channel = "1"\n', "station[1].wiring[1]", "a channel is a device's: name the device"),
        (ONE + 'device = "boer"\n', "station[1].wiring[1].device", "there is no device 'boer'; did you mean bore?"),
        (WIRING.replace('c = "bore', 'c = "boer'), "station[1].wiring[1].characteristic", "no plan of this station"),
        (WIRING + WIRING, "station[1].wiring[2].characteristic", "bore is wired already"),
    ],
)
def test_a_wiring_that_measures_nothing_is_named(tmp_path: Path, wiring: str, key: str, words: str) -> None:
    found = faults(tmp_path, AGENT + LINK + DEVICE + STATION + wiring, UNWIRED)
    assert words in found[0].message
    assert found[0].key == key


def test_a_characteristic_that_plan_and_settings_wire_is_wired_twice(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION + WIRING)
    assert problem.key == "station[1].wiring[1].device"
    assert "bore is wired twice: the plan names the device 'bore'" in problem.message


def test_what_is_typed_here_is_said_by_the_wiring(tmp_path: Path) -> None:
    path = written(tmp_path, AGENT + LINK + DEVICE + STATION + ONE + 'capture = "typed"\n', UNWIRED)
    (bore,) = config.load(path, {}).plans["OP10"][0].characteristics
    assert (bore.device, bore.capture) == (None, "typed")


PLC = (
    '[[link]]\nname = "net"\nkind = "modbus-tcp"\nhost = "192.0.2.1"\n'
    '[[device]]\nname = "press"\nlink = "net"\ndriver = "modbus"\n'
    '[[device.value]]\nname = "serial"\naddress = 10\ntype = "string[8]"\n'
    '[[device.value]]\nname = "bore"\naddress = 18\nunit = "mm"\n'
)
AUTOMATIC = STATION + 'mode = "automatic"\ndevice = "press"\n'


def test_an_automatic_station_needs_no_wiring_where_the_block_calls_things_by_the_plans_names(tmp_path: Path) -> None:
    path = written(tmp_path, AGENT + LINK + DEVICE + PLC + AUTOMATIC, UNWIRED)
    (bore,) = config.load(path, {}).plans["OP10"][0].characteristics
    assert (bore.device, bore.channel) == ("press", None)


def test_an_automatic_station_measures_with_its_plc_alone(tmp_path: Path) -> None:
    found = only(tmp_path, AGENT + LINK + DEVICE + PLC + AUTOMATIC + WIRING, UNWIRED)
    assert "an automatic station measures with what offers its blocks: 'press'" in found.message
    second = '[[characteristic]]\nname = "depth"\n'
    wiring = (WIRING + 'channel = "x"\n').replace('device = "bore"', 'device = "press"')
    found = only(
        tmp_path,
        AGENT + LINK + DEVICE + PLC + AUTOMATIC + wiring + wiring.replace('"bore"', '"depth"'),
        UNWIRED + second,
    )
    assert found.message == "the channel 'x' is wired twice, to bore and depth"


def test_of_several_values_the_wiring_names_one(tmp_path: Path) -> None:
    device = DEVICE.replace("digimatic-13", "andilog").replace('settings = { unit = "mm" }\n', "")
    problem = only(tmp_path, AGENT + LINK + device + STATION + WIRING, UNWIRED)
    assert problem.key == "station[1].wiring[1].channel"
    assert problem.there == "force, displacement"


SEVERAL = '[[station]]\nname = "OP10"\nplans = ["plans/*.toml"]\noperation = "OP10"\n' + WIRING


def folder_of(tmp_path: Path, **plans: str) -> None:
    (tmp_path / "plans").mkdir(exist_ok=True)
    for name, more in plans.items():
        text = UNWIRED.replace('part = "P"\n', f'part = "{name.upper()}"\n{more}')
        (tmp_path / "plans" / f"{name}.toml").write_text(text.replace('"CP"', f'"CP-{name}"'))


def test_a_station_takes_the_plans_of_its_operation(tmp_path: Path) -> None:
    """Those of other operations may lie in the same folder; each is wired alike."""
    folder_of(tmp_path, p1="", p2='operation = "OP10"\n', p3='operation = "OP30"\n')
    plans = config.load(written(tmp_path, AGENT + LINK + DEVICE + SEVERAL), {}).plans["OP10"]
    assert [plan.ref.id for plan in plans] == ["CP-p1", "CP-p2"]
    assert {one.device for plan in plans for one in plan.characteristics} == {"bore"}


def test_a_file_that_two_patterns_name_is_one_plan(tmp_path: Path) -> None:
    folder_of(tmp_path, p1="", p2="")
    named = f'["plans/p1.toml", "{tmp_path}/plans/p*.toml", "./plans/p2.toml"]'
    text = AGENT + LINK + DEVICE + SEVERAL.replace('["plans/*.toml"]', named)
    assert [plan.ref.id for plan in config.load(written(tmp_path, text), {}).plans["OP10"]] == ["CP-p1", "CP-p2"]


@pytest.mark.parametrize(
    ("station", "plans", "key", "words"),
    [
        (SEVERAL.replace("plans/*", "plan/*"), {"p1": ""}, "station[1].plans[1]", "there is no file plan/*.toml in"),
        (SEVERAL.replace("plans/*", "plans/q"), {"p1": ""}, "station[1].plans", "plans/q.toml is not there"),
        (SEVERAL, {"p1": 'operation = "OP9"\n'}, "station[1].plans", "none of the plans is for the operation OP10"),
        (
            SEVERAL.replace('operation = "OP10"\n', ""),
            {"p1": 'operation = "OP10"\n'},
            "station[1].plans",
            "CP-p1 is for the operation OP10, and here it is operation = … is not said",
        ),
        (
            SEVERAL,
            {"p1": "", "p2": 'also_for = [{ part = "P1" }]\n'},
            "station[1].plans",
            "p1.toml and p2.toml are both",
        ),
        (SEVERAL + '[[station]]\nname = "OP11"\n', {"p1": ""}, "station[2]", "OP11 works by a plan: name one"),
        (SEVERAL.replace("operation", 'plan = "x"\noperation'), {"p1": ""}, "station[1]", "works by a plan: name one"),
        (
            SEVERAL.replace('"bore"', '"boer"', 1),
            {"p1": ""},
            "station[1].wiring[1].characteristic",
            "did you mean bore?",
        ),
    ],
)
def test_an_index_that_leaves_open_which_plan_holds(
    tmp_path: Path, station: str, plans: dict[str, str], key: str, words: str
) -> None:
    folder_of(tmp_path, **plans)
    found = faults(tmp_path, AGENT + LINK + DEVICE + station)
    assert words in found[0].message
    assert found[0].key == key


def test_a_plan_of_another_operation_is_no_plan_of_this_station(tmp_path: Path) -> None:
    plan = PLAN.replace('part = "P"', 'part = "P"\noperation = "OP30"')
    problem = only(tmp_path, AGENT + LINK + DEVICE + STATION + 'operation = "OP10"\n', plan)
    assert (problem.key, problem.message) == (
        "station[1].plan",
        "CP is for the operation OP30, and here it is OP10",
    )
    config.load(written(tmp_path, AGENT + LINK + DEVICE + STATION + 'operation = "OP30"\n', plan), {})


def test_an_automatic_station_of_several_parts_needs_the_part(tmp_path: Path) -> None:
    plan = UNWIRED.replace("[[char", '[[also_for]]\npart = "P2"\n[[char')
    problem = only(tmp_path, AGENT + LINK + DEVICE + PLC + AUTOMATIC, plan)
    assert "OP10 works for 2 part numbers: name the value that says which (part_channel)" in problem.message
    config.load(written(tmp_path, AGENT + LINK + DEVICE + PLC + AUTOMATIC + 'part_channel = "type"\n', plan), {})


def test_one_plan_serves_five_stations_and_each_has_its_own_port(tmp_path: Path) -> None:
    """Five wirings of one document: five devices, one digest."""
    link = "".join(LINK.replace("p1", f"p{n}").replace("NONE1", f"NONE{n}") for n in range(5))
    device = "".join(DEVICE.replace('"bore"', f'"bore{n}"').replace("p1", f"p{n}") for n in range(5))
    station = "".join(STATION.replace("OP10", f"OP1{n}") + ONE + f'device = "bore{n}"\n' for n in range(5))
    plans = config.load(written(tmp_path, AGENT + link + device + station, UNWIRED), {}).plans
    assert [plan.characteristics[0].device for (plan,) in plans.values()] == [f"bore{n}" for n in range(5)]
    assert {plan.ref for (plan,) in plans.values()} == {plans["OP10"][0].ref}


def test_duplicate_device(tmp_path: Path) -> None:
    other = '[[link]]\nname = "p2"\nkind = "serial"\nport = "/dev/ttyNONE2"\n'
    problem = only(tmp_path, AGENT + LINK + other + DEVICE + DEVICE.replace("p1", "p2"))
    assert (problem.key, problem.line) == ("device[2].name", 20)
    assert "line 15" in problem.message


@pytest.mark.parametrize("name", ["a/b", "a+", "#", "collectors", "a\\nb"])
def test_bad_topic_name(tmp_path: Path, name: str) -> None:
    problem = only(tmp_path, AGENT.replace('"pc1"', f'"{name}"'))
    assert (problem.key, problem.line) == ("agent.id", 2)
    assert "can't be an agent's name" in problem.message


def test_unknown_link_and_unknown_driver_list_what_there_is(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE.replace('"p1"', '"p9"'))
    assert (problem.key, problem.there) == ("device[1].link", "p1")
    assert problem.message == "there is no link 'p9'"
    problem = only(tmp_path, AGENT + LINK.replace('"p1"', '"front-port"') + DEVICE.replace('"p1"', '"front-prot"'))
    assert str(problem).endswith("there is no link 'front-prot'; did you mean front-port? (there are: front-port)")
    problem = only(tmp_path, AGENT + LINK + DEVICE.replace("digimatic-13", "digimatik"))
    assert problem.key == "device[1].driver"
    assert "digimatic-13" in problem.message


def test_unknown_driver_setting(tmp_path: Path) -> None:
    problem = only(tmp_path, AGENT + LINK + DEVICE.replace("unit = ", "unti = "))
    assert (problem.key, problem.line) == ("device[1].settings.unti", line_with("unti", tmp_path))
    assert "did you mean unit" in problem.message


def test_value_that_a_python_driver_can_not_take_is_named_with_its_line(tmp_path: Path) -> None:
    """Drivers in Python check their settings as profiles do: by key, with what would be allowed."""
    device = '[[device]]\nname = "t"\nlink = "p1"\ndriver = "toledo-cont"\n[device.settings]\nchecksum = "maybe"\n'
    problem = only(tmp_path, AGENT + LINK + device)
    assert (problem.key, problem.line) == ("device[1].settings.checksum", line_with("maybe", tmp_path))
    assert "'auto', 'true' or 'false'" in problem.message


def test_of_several_values_in_one_telegram_the_plan_or_the_device_names_one(tmp_path: Path) -> None:
    """Torque and angle, force and travel: the first is nobody's."""
    device = DEVICE.replace("digimatic-13", "andilog").replace('settings = { unit = "mm" }\n', "")
    problem = only(tmp_path, AGENT + LINK + device + STATION)
    assert problem.key == "characteristic[1].channel"
    assert "several values: say here by channel which" in problem.message
    assert problem.there == "force, displacement"
    plan = PLAN.replace('device = "bore"\n', 'device = "bore"\nchannel = "force"\n')
    config.load(written(tmp_path, AGENT + LINK + device + STATION, plan), {})
    config.load(written(tmp_path, AGENT + LINK + device + 'settings = { take = "force" }\n' + STATION), {})


def test_two_devices_on_one_serial_port(tmp_path: Path) -> None:
    """One port is one framer: two tools with different settings on one COM port can't work."""
    second = DEVICE.replace('"bore"', '"other"')
    assert "serves 'bore' already" in only(tmp_path, AGENT + LINK + DEVICE + second).message
    same = LINK.replace('"p1"', '"p2"')
    assert "belongs to the link 'p1' already" in only(tmp_path, AGENT + LINK + same).message


def test_modbus_driver_needs_a_modbus_link_and_the_other_way_round(tmp_path: Path) -> None:
    net = '[[link]]\nname = "p1"\nkind = "modbus-tcp"\nhost = "192.0.2.1"\n'
    assert "needs a serial, tcp or wedge link" in only(tmp_path, AGENT + net + DEVICE).message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('unit_pattern = "("', "not a regular expression"),
        ('unit_pattern = "(?P<colour>.)"', "colour"),
        ('mode = "automatic"', "name the Modbus device"),
        ('scanner = "nobody"', "there is no device 'nobody'"),
        ('mode = "manual"', "none of the known choices"),
    ],
)
def test_station_faults(tmp_path: Path, line: str, words: str) -> None:
    found = faults(tmp_path, AGENT + LINK + DEVICE + STATION + line + "\n")
    assert any(words in problem.message for problem in found), found


def test_registers_of_gauges_and_people_are_checked(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("id,calibration_due,status\nG1,2026-13-01,active\n")
    problem = only(tmp_path, AGENT + 'gauges = "g.csv"\n')
    assert (problem.line, problem.key) == (2, "calibration_due")
    (tmp_path / "p.csv").write_text("id,name\nOP-1,Ada\n")
    problem = only(tmp_path, AGENT + 'people = "p.csv"\n')
    assert "lacks the column qualification" in problem.message


def test_environment_overrides_and_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, AGENT)
    assert config.load(path, {"GAUGETRAIL_AGENT_MQTT__HOST": "other"}).settings.mqtt.host == "other"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).parent / "gaugetrail-agent")
    return subprocess.run([command, *words], capture_output=True, text=True, timeout=60)


def test_the_command_exits_78_and_says_each_fault_on_standard_error(tmp_path: Path) -> None:
    path = written(tmp_path, AGENT + "[mqtt]\nprot = 1\n" + LINK)
    done = run("check", "--config", str(path))
    assert done.returncode == 78
    assert f"{path}:7: mqtt.prot: unknown key" in done.stderr
    done = run("check", "--config", str(path), "--json")
    assert done.returncode == 78
    assert json.loads(done.stdout)["problems"][0]["line"] == 7
    assert "Traceback" not in done.stderr


def test_a_port_that_does_not_exist_is_a_warning_with_probe(tmp_path: Path) -> None:
    """A gauge that is not plugged in yet must not keep a configuration from being installed."""
    (tmp_path / "p.csv").write_text("id,name,qualification\nOP-1,Ada,\n")
    listed = f'[evidence]\ncollector_keys = ["{"0" * 64}"]\n'
    path = written(tmp_path, AGENT + 'people = "p.csv"\n' + LINK + DEVICE + STATION + WIRING + listed, UNWIRED)
    probe = ["check", "--config", str(path), "--probe"]
    done = CliRunner().invoke(app, probe[:-1])
    (remark,) = done.stderr.splitlines()
    assert done.exit_code == 0
    assert "plan.toml is a file of this PC" in remark
    done = CliRunner().invoke(app, probe)
    assert done.exit_code == 0
    assert f"{path}:10: warning: link[1].port: the port /dev/ttyNONE1 doesn't exist" in done.stderr
    master, slave = pty.openpty()
    try:
        path.write_text(path.read_text().replace("/dev/ttyNONE1", os.ttyname(slave)))
        assert "link[1]" not in CliRunner().invoke(app, probe).stderr
    finally:
        os.close(master)
        os.close(slave)


MARK = b"\xef\xbb\xbf"
LABEL = """name = "acme"
title = "a customer's label"
source = "drawing 1"
[[pattern]]
name = "only form"
match = '(?P<part>[0-9]{4})-(?P<serial>[0-9]{6})'
[[example]]
text = "4711-000042"
source = "drawing 1"
fields = { part = "4711", serial = "000042" }
[[example]]
text = "4711-00042"
source = "mutated: a digit lost"
"""


def test_of_a_people_list_only_the_people_of_the_line_are_taken(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,name,qualification,line\nOP-1,Ann,,x;l\nOP-2,Bob,,x\nOP-3,Cid,,\n")
    path = written(tmp_path, AGENT + 'people = "p.csv"\n')
    people = config.load(path, {}).people
    assert people is not None
    assert [one.badge for one in people.person] == ["OP-1", "OP-3"]


def test_files_saved_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """Windows' own editor puts one before settings, plan, registers, a customer's label, a profile and a password."""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (tmp_path / "gauges.csv").write_text("id,calibration_due,status\nG1,2099-01-01,active\n")
    (tmp_path / "people.csv").write_text("id,name,qualification\nOP-1,Ann,\n")
    (tmp_path / "password").write_text("secret\n")
    shipped = (SHIPPED / "digimatic-13.toml").read_text("utf-8")
    (profiles / "own-gauge.toml").write_text(shipped.replace('name = "digimatic-13"', 'name = "own-gauge"'), "utf-8")
    (profiles / "labels").mkdir()
    (profiles / "labels" / "acme.toml").write_text(LABEL, "utf-8")
    path = written(
        tmp_path,
        AGENT
        + 'gauges = "gauges.csv"\npeople = "people.csv"\nprofiles = ["profiles"]\n'
        + f'[mqtt]\nusername = "pc1"\npassword_file = "password"\n{LINK}'
        + DEVICE.replace("digimatic-13", "own-gauge")
        + STATION
        + 'unit_code = "acme"\n',
    )
    for file in (
        path,
        tmp_path / "plan.toml",
        *tmp_path.glob("*.csv"),
        tmp_path / "password",
        *profiles.rglob("*.toml"),
    ):
        file.write_bytes(MARK + file.read_bytes())
    loaded = config.load(path, {})
    assert loaded.people is not None
    badges = [one.badge for one in loaded.people.person]
    assert (loaded.settings.agent.id, list(loaded.gauges), badges) == ("pc1", ["G1"], ["OP-1"])
    assert (loaded.plans["OP10"][0].ref.id, list(loaded.labels)) == ("CP", ["acme"])
    assert loaded.settings.mqtt.password is not None
    assert loaded.settings.mqtt.password.get_secret_value() == "secret"
    assert loaded.loaded.problem(("agent", "id"), "").line == 2
    assert desk_for(path, {}).data_dir == tmp_path / "data"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_file_in_another_encoding_says_which_to_save_it_in(tmp_path: Path, codec: str) -> None:
    path = written(tmp_path, AGENT)
    path.write_bytes(("\ufeff" + AGENT).encode(codec))
    with pytest.raises(ConfigError, match="is UTF-16 text; save it as UTF-8"):
        config.load(path, {})
