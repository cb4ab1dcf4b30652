"""What PLCs really send, through the real agent to the sealed record: texts with old characters behind them, values
whose decimals, sign, unit and validity stand beside them, bits as results. No record has a value of another part.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from floor import Floor, command, until
from modbus_floor import PlcThread

pytestmark = pytest.mark.processes

SEQ, RESULT, ECHO = 0, 100, 101
SERIAL, WEIGHT, DECIMALS, SIGN, UNIT, STATUS, TORQUE, EXPONENT = 10, 26, 28, 29, 30, 31, 32, 33

CONFIG = """\
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "agent-data"
gauges = "gauges.csv"
[mqtt]
host = "127.0.0.1"
port = {mqtt}
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "press"
link = "net"
driver = "modbus"
gauge = "G-1"
numbering = "modicon"
poll_secs = 0.02
trigger = {{ seq = 40001, result = 40101, echo = 40102{offers} }}
[[device.value]]
name = "serial"
address = 40011
type = "{text}"
[[device.value]]
name = "weight"
address = 40027
type = "uint32"
word_order = "little"
decimals_at = 40029
sign_at = 40030
unit_at = {{ address = 40031, units = {{ 0 = "g", 1 = "kg" }} }}
valid_if = {{ address = 40032, bit = 0, equals = 1 }}
overrange_if = {{ address = 40032, bit = 2, equals = 1 }}
unstable_if = {{ address = 40032, bit = 1, equals = 1 }}
[[device.value]]
name = "torque"
address = 40033
type = "int16"
exponent_at = 40034
unit = "N.m"
[[device.value]]
name = "leak"
address = 40032
bit = 4
ok = 1
[[station]]
name = "OP40"
mode = "automatic"
device = "press"
plan = "plan.toml"
"""
PLAN = """\
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "weight"
unit = "kg"
lsl = "-500"
usl = "500"
device = "press"
channel = "weight"
[[characteristic]]
name = "torque"
unit = "N.m"
device = "press"
channel = "torque"
[[characteristic]]
name = "leak"
kind = "attribute"
device = "press"
channel = "leak"
"""


@dataclass(frozen=True)
class SentPart:
    """What the PLC shows of a part, and what its record must say: no value where none is written."""

    serial: str
    weight: int = 12_345
    decimals: int = 3
    sign: int = 0
    unit: int = 1
    status: int = 0b1_0001
    exponent: int = -2
    expect: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)

    def registers(self, before: bytes) -> list[int]:
        """From the serial on; `before` is what stood in the text's field."""
        text = self.serial.encode()
        words = list(struct.unpack(">16H", bytes((30, len(text))) + text + before[2 + len(text) :]))
        weight = [self.weight & 0xFFFF, self.weight >> 16]
        return [*words, *weight, self.decimals, self.sign, self.unit, self.status, 1_500, self.exponent & 0xFFFF]


GOOD = {"weight": ("ok", "12.345"), "torque": ("ok", "15.00"), "leak": ("ok", "ok")}
PARTS = [
    SentPart("SN-000000000000000001", expect=GOOD),
    SentPart("SN-2", decimals=2, expect=GOOD | {"weight": ("ok", "123.45")}),
    SentPart("SN-3", sign=1, expect=GOOD | {"weight": ("ok", "-12.345")}),
    SentPart("SN-4", sign=7, expect=GOOD | {"weight": ("no_value", None)}),
    SentPart("SN-5", decimals=99, expect=GOOD | {"weight": ("no_value", None)}),
    SentPart("SN-6", unit=5, expect=GOOD | {"weight": ("no_value", None)}),
    SentPart("SN-7", unit=0, expect=GOOD | {"weight": ("ok", None)}),  # in g, and the plan wants kg
    SentPart("SN-8", status=0b1_0000, expect=GOOD | {"weight": ("no_value", None)}),
    SentPart("SN-9", status=0b1_0101, expect=GOOD | {"weight": ("overrange", None)}),
    SentPart("SN-10", status=0b1_0011, expect=GOOD | {"weight": ("unstable", None)}),
    SentPart("SN-11", status=0b0_0001, expect=GOOD | {"leak": ("ok", "nok")}),
    SentPart("SN-12", exponent=-0x8000, expect=GOOD | {"torque": ("no_value", None)}),
    SentPart("SN-13", exponent=1, expect=GOOD | {"torque": ("ok", "15000")}),
]


@pytest.fixture
def press() -> Iterator[PlcThread]:
    press = PlcThread()
    yield press
    press.close()


def write(folder: Path, floor: Floor, port: int, text: str = "s7string[16]", offers: str = "") -> Path:
    (folder / "plan.toml").write_text(PLAN)
    (folder / "gauges.csv").write_text("id,calibration_due,status\nG-1,2099-01-01,active\n")
    path = folder / "agent.toml"
    path.write_text(CONFIG.format(mqtt=floor.mqtt_port, port=port, text=text, offers=offers))
    return path


def running(floor: Floor) -> None:
    floor.start("agent", command("gaugetrail-agent"), "run", "--config", "agent.toml")
    until(lambda: "ready: pc1" in floor.log("agent"), "the agent is ready")


def offer(press: PlcThread, part: SentPart, seq: int) -> int:
    """The PLC's side of one part: data, seq, then the code beside its own echo."""
    memory = press.units.memory[1].registers
    before = struct.pack(">16H", *memory[SERIAL : SERIAL + 16])
    memory[SERIAL : SERIAL + 24] = part.registers(before)
    memory[SEQ] = seq
    until(lambda: memory[ECHO] == seq, f"{part.serial} is answered")
    return memory[RESULT]


def sealed(floor: Floor, kind: str = "inspection") -> list[dict[str, object]]:
    """Every inspection in the spool, as it would be sent; what was refused besides is an event of its own."""
    code, _, err = floor.ask("gaugetrail-agent", "spool", "export", "all.jsonl", "--config", "agent.toml")
    assert code == 0, err
    records = [json.loads(line)["record"] for line in (floor.folder / "all.jsonl").read_text().splitlines()]
    return [record for record in records if record["kind"] == kind]


def measured(record: dict[str, object]) -> dict[str, tuple[object, object]]:
    found = record["measurements"]
    assert isinstance(found, list)
    return {one["characteristic"]: (one["status"], one.get("value") or one.get("result")) for one in found}


def test_thirteen_parts_of_a_siemens_plc_are_sealed_with_what_stood_beside_their_values(
    press: PlcThread, tmp_path: Path
) -> None:
    with Floor(tmp_path) as floor:
        write(tmp_path, floor, press.port)
        running(floor)
        codes = [offer(press, part, seq) for seq, part in enumerate(PARTS, 1)]
        records = sealed(floor)
        floor.stop("agent")
    assert [part.serial for part in PARTS] == [record["serial"] for record in records]
    assert [dict(part.expect) for part in PARTS] == [measured(record) for record in records]
    whole = [all(value not in (None, "nok") for _, value in part.expect.values()) for part in PARTS]
    assert [1 if good else 2 for good in whole] == codes
    assert whole == [record["verdict"] == "pass" for record in records]
    units = {one["characteristic"]: one.get("unit") for one in records[0]["measurements"]}  # type: ignore[attr-defined]
    assert units == {"weight": "kg", "torque": "N.m", "leak": None}


def test_a_plc_that_offers_by_a_flag_gets_each_part_sealed_once_and_its_echo_taken_back(
    press: PlcThread, tmp_path: Path
) -> None:
    memory = press.units.memory[1].registers
    with Floor(tmp_path) as floor:
        write(tmp_path, floor, press.port, offers=', offers = "flag"')
        running(floor)
        for part in PARTS[:4]:
            assert offer(press, part, 1) in (1, 2)
            memory[SEQ] = 0
            until(lambda: memory[RESULT : ECHO + 1] == [0, 0], "the echo goes back with the flag")
        records = sealed(floor)
        floor.stop("agent")
    assert [part.serial for part in PARTS[:4]] == [record["serial"] for record in records]


def test_the_same_text_as_a_plain_string_is_refused_and_the_record_says_the_cure(
    press: PlcThread, tmp_path: Path
) -> None:
    """As a plain string the serial would be \\x1e\\x04SN-2 with the rest of the serial before."""
    with Floor(tmp_path) as floor:
        write(tmp_path, floor, press.port, text="string[16]")
        running(floor)
        assert [offer(press, part, seq) for seq, part in enumerate(PARTS[:2], 1)] == [4, 4]
        records = sealed(floor, "event")
        floor.stop("agent")
    assert [record["kind"] for record in records] == ["event", "event"]
    for record in records:
        payload = record["payload"]
        assert isinstance(payload, dict)
        assert "begins as a Siemens STRING does" in payload["reason"]
        assert payload["reason"].endswith("say s7string[16]")


SECOND = """\
[[device]]
name = "scale"
link = "net"
driver = "modbus"
gauge = "G-1"
[[device.value]]
name = "a"
address = 1
[[station]]"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("address = 40027\n", 'address = 40027\nfunction = "input"\n', "40027 is a holding register, and function"),
        ("[[station]]", SECOND, "device[2].gauge: the inventory number 'G-1' is that of 'press' already"),
        (", result = 40101, echo = 40102", ', offers = "flag"', 'offers = "flag" needs result and echo'),
        ("seq = 40001", "seq = 30001", "trigger.seq: 30001 is an input register"),
        ('"s7string[16]"', '"s7sting[16]"', "did you mean s7string[16]?"),
    ],
)
def test_settings_that_would_seal_another_registers_value_stop_the_agent(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with Floor(tmp_path) as floor:
        path = write(tmp_path, floor, 502)
        path.write_text(path.read_text().replace(old, new))
        for words in ("check", "run"):
            code, _, err = floor.ask_here("gaugetrail-agent", words, "--config", "agent.toml")
            assert code == 78
            assert message in err
