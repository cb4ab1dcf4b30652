"""A line PC that meets every row of the table of refusals: a terminal with a gauge for each row, and for each gauge an
automatic station of its own behind one PLC; with broker, collector and SQLite.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from floor import Floor, until
from line_pc import PtyDevice, write_agent, write_plan
from modbus_floor import PlcThread
from refusal_table import GAUGES, RefusedRow
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_units import float_registers, text_registers

STATION = """
[[station]]
name = "OP20"
operation = "OP20"
plans = ["by_*.toml"]
unit_pattern = "((?P<part>PR-[a-z0-9]+)/)?((?P<revision>[A-Z])/)?(?P<serial>SN[0-9]+)"
"""
ONE_PLAN = """
[[station]]
name = "OP30"
plan = "by_weld.toml"
unit_pattern = "((?P<part>PR-[a-z0-9]+)/)?(?P<serial>SN[0-9]+)"
"""
GAUGE = """
[[link]]
name = "{name}-port"
kind = "serial"
port = "{folder}/{name}"
[[device]]
name = "{name}"
link = "{name}-port"
driver = "digimatic-13"
{gauge}
bounce_secs = 0
settings = {{ unit = "mm" }}
"""
PRESS_TABLE = """
[[device]]
name = "press-{name}"
link = "net"
driver = "modbus"
unit_id = {unit}
{gauge}
poll_secs = 0.1
trigger = {{ seq = {seq}, result = {result}, echo = {echo} }}
[[device.value]]
name = "serial"
address = {serial}
type = "string[8]"
[[device.value]]
name = "bore"
address = {bore}
type = "float32"
unit = "mm"
"""
PRESS = (
    PRESS_TABLE
    + """[[station]]
name = "OP40-{name}"
mode = "automatic"
device = "press-{name}"
operation = "OP20"
plan = "press.toml"
{more}
"""
)
REGISTERS = {"seq": plc.SEQ, "result": plc.RESULT, "echo": plc.ECHO, "serial": plc.SERIAL, "bore": plc.FORCE}
ASKS = """
[[characteristic]]
name = "bore"
unit = "mm"
lsl = "73.950"
usl = "74.050"
gauge_kind = "bore gauge"
resolution = "0.001"
"""
ANY = '[[characteristic]]\nname = "weld"\nkind = "attribute"\n'
WELD = f'part_revision = "B"\n{ANY}'
LATER = f'operation = "OP90"\n{ANY}'
"""Of another operation."""
PEOPLE_LIST = """\
id,name,roles,operation,characteristic,issued,expires
OP-1,Ada,operator,OP20,,2026-01-01,
OP-1,,,OP30,,2026-01-01,
OP-3,Eve,quality engineer,,,,
OP-21,Alma,auditor,OP20,,2026-01-01,
OP-22,Bob,operator,OP30,,2026-01-01,
OP-23,Cid,operator,OP20,,2099-01-01,
OP-24,Dot,operator,OP20,,2025-01-01,2026-01-31
OP-25,Fay,operator,OP20,,2026-01-01,
OP-25,,,,weld,2025-01-01,2026-01-31
"""
REGISTER = """\
id,kind,resolution,unit,calibration_due,status,characteristics
G-10,bore gauge,0.001,mm,2099-01-31,active,
G-11,bore gauge,0.001,mm,2099-01-31,blocked,
G-12,bore gauge,0.001,mm,2026-01-31,active,
G-13,bore gauge,0.001,mm,2099-01-31,active,weight
G-14,caliper,0.001,mm,2099-01-31,active,
G-15,,0.001,mm,2099-01-31,active,
G-16,bore gauge,0.01,mm,2099-01-31,active,
G-17,bore gauge,,mm,2099-01-31,active,
G-11-P,bore gauge,0.001,mm,2099-01-31,blocked,
G-12-P,bore gauge,0.001,mm,2026-01-31,active,
G-13-P,bore gauge,0.001,mm,2099-01-31,active,weight
G-14-P,caliper,0.001,mm,2099-01-31,active,
G-15-P,,0.001,mm,2099-01-31,active,
G-16-P,bore gauge,0.01,mm,2099-01-31,active,
G-17-P,bore gauge,,mm,2099-01-31,active,
G-18-P,bore gauge,0.001,mm,2026-01-31,active,
"""
GOOD = "g10"
FLAGGED = "flagged"
"""Where settings let an overdue gauge measure at an automatic station."""
FLAG = 'on_overdue_gauge = "flag"\nunfit_gauge_reason = "{reason}"'
FLAG_REASON = "QE-3: checked against the master each morning"


def device_of(row: RefusedRow) -> str:
    """The device with that gauge; its part and its plan have its name."""
    return row.about.replace("G-", "g") or "unnamed"


def behind_the_plc(row: RefusedRow) -> RefusedRow:
    """The same of the gauge behind the PLC, which has a number of its own."""
    if not row.about:
        return replace(row, says=f"press-{row.says}")
    number = f"{row.about}-P"
    return replace(row, about=number, says=row.says.replace(row.about, number))


PLCS = [*map(device_of, GAUGES), FLAGGED]
"""Whose blocks come from which unit of the PLC, from 1 on."""


@dataclass
class TracedShop:
    """Processes that serve all rows of a table."""

    floor: Floor
    press: PlcThread
    _parts: int = field(default=0)

    def serial(self) -> str:
        """Of a part that nobody has seen."""
        self._parts += 1
        return f"SN{self._parts:06}"

    def trace(self, *words: str) -> list[dict[str, Any]]:
        """What the command `trace` finds, payloads of events among the rest; nothing where nothing is known."""
        config = str(self.floor.folder / "collector.toml")
        asked = CliRunner().invoke(cli.app, ["trace", *words, "--json", "--config", config])
        found = json.loads(asked.stdout) if asked.exit_code == 0 else {}
        return [one | one.get("payload", {}) for one in (*found.get("inspections", ()), *found.get("events", ()))]

    def traced(self, *words: str, **wanted: object) -> None:
        """`trace` finds a record that says all of this, once it has come to the store."""
        until(
            lambda: any(all(one.get(key) == value for key, value in wanted.items()) for one in self.trace(*words)),
            f"trace {' '.join(words)} finds {wanted}",
        )

    def offer_to(self, unit: int, serial: str) -> int:
        """That unit of the PLC offers a part; the code that it is told."""
        memory = self.press.units.memory[unit].registers
        memory[plc.SERIAL : plc.SERIAL + plc.SERIAL_REGISTERS] = text_registers(serial, plc.SERIAL_REGISTERS)
        memory[plc.FORCE : plc.FORCE + 2] = float_registers(74.0)
        seq = memory[plc.SEQ] + 1
        memory[plc.SEQ] = seq
        until(lambda: memory[plc.ECHO] == seq, f"the PLC has its echo for {serial}")
        return memory[plc.RESULT]


@dataclass
class RefusingShop(TracedShop):
    """With gauges."""

    gauges: dict[str, PtyDevice] = field(default_factory=dict)

    def offer(self, name: str, serial: str) -> int:
        """The PLC offers a part at the station of that device; the code that it is told."""
        return self.offer_to(PLCS.index(name) + 1, serial)


@contextmanager
def refusing_shop(floor: Floor) -> Iterator[RefusingShop]:
    """All of it running; ended in any case."""
    with ExitStack() as ends:
        press = PlcThread(len(PLCS))
        ends.callback(press.close)
        gauges = {name: PtyDevice(floor.folder / name) for name in (GOOD, *map(device_of, GAUGES))}
        for gauge in gauges.values():
            ends.callback(gauge.pull)
        _write(floor, press.port)
        floor.broker()
        floor.collector()
        floor.agent()
        until(lambda: floor.log("agent").count("is open") >= len(gauges), "every gauge's port is open")
        yield RefusingShop(floor, press, gauges=gauges)


def _write(floor: Floor, port: int) -> None:
    """Settings, lists and plans."""
    floor.write_collector()
    (floor.folder / "people.csv").write_text(PEOPLE_LIST)
    (floor.folder / "gauges.csv").write_text(REGISTER)
    tables = _gauge(floor, GOOD, "G-10")
    write_plan(floor, ASKS + f'device = "{GOOD}"\n', f"by_{GOOD}", id_=f"CP-{GOOD}", part=f"PR-{GOOD}")
    write_plan(floor, ASKS, "press", id_="CP-press", part="PR-press")
    write_plan(floor, WELD, "by_weld", id_="CP-weld", part="PR-weld")
    for name, of in (("two", 'part_revision = "B"\n'), ("two-b", "")):
        write_plan(floor, of + ANY, f"by_{name}", id_=f"CP-{name}", part="PR-two")
    write_plan(floor, LATER, "by_later", id_="CP-later", part="PR-later")
    tables += f'[[link]]\nname = "net"\nkind = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}\n'
    for row in GAUGES:
        name = device_of(row)
        tables += _gauge(floor, name, row.about)
        tables += _press(name, behind_the_plc(row).about)
        write_plan(floor, ASKS + f'device = "{name}"\n', f"by_{name}", id_=f"CP-{name}", part=f"PR-{name}")
    tables += _press(FLAGGED, "G-18-P", FLAG.format(reason=FLAG_REASON))
    lists = 'gauges = "gauges.csv"\npeople = "people.csv"'
    write_agent(floor, tables + STATION + ONE_PLAN, f'id = "pc1"\nsite = "s"\nline = "l"\n{lists}')


def _gauge(floor: Floor, name: str, number: str) -> str:
    return GAUGE.format(name=name, folder=floor.folder, gauge=_numbered(number))


def _press(name: str, number: str, more: str = "") -> str:
    return PRESS.format(name=name, unit=PLCS.index(name) + 1, gauge=_numbered(number), more=more, **REGISTERS)


def _numbered(number: str) -> str:
    return f'gauge = "{number}"' if number else ""
