"""The settings of the demo's agent and collector, as a person would write them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gaugetrail_sim.devices import plc
from gaugetrail_sim.line.names import AGENT_ID, COLLECTOR_ID, OLD_STATION, OPERATOR_STATION, PLAN_ID, PRESS_STATION

AGENT = """\
# The demo's agent: two gauges, a scanner and a PLC, an operator's station and an automatic one.
[agent]
id = "{agent}"
site = "plant1"
line = "line1"
data_dir = "agent-data"
gauges = "gauges.csv"
people = "people.csv"

[mqtt]
host = "{mqtt_host}"
port = {mqtt_port}

[terminal]
port = 0

[screen]
port = {screen_port}

[[link]]
name = "bore-port"
kind = "serial"
port = "{folder}/ports/bore"
baud = 9600

[[link]]
name = "scale-port"
kind = "serial"
port = "{folder}/ports/scale"
baud = 9600

[[link]]
name = "scanner-port"
kind = "serial"
port = "{folder}/ports/scanner"
baud = 9600

[[link]]
name = "plc-net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {plc_port}

[[device]]
name = "bore"
link = "bore-port"
driver = "digimatic-13"
gauge = "G-0017"
settings = {{ unit = "mm" }}

[[device]]
name = "scale"
link = "scale-port"
driver = "mt-sics"
gauge = "G-0018"
# Asked all the time, so that the empty pan between two pistons is seen; this scale settles fast.
poll_secs = 0.1
settle_secs = 0.15

[[device]]
name = "scanner1"
link = "scanner-port"
driver = "scanner"

{press}
[[station]]
name = "{operator_station}"
mode = "operator"
plan = {piston}
scanner = "scanner1"
badge_pattern = "OP-[0-9]+"
unit_pattern = "SN[0-9]{{6}}"
{orders}
[[station.wiring]]
characteristic = "weight"
device = "scale"
[[station.wiring]]
characteristic = "bore_diameter"
device = "bore"

[[station]]
name = "{press_station}"
mode = "automatic"
device = "press"
plan = "plans/press.toml"
unit_pattern = "SN[0-9]{{6}}"
[[station.wiring]]
characteristic = "press_force"
device = "press"
channel = "force"
[[station.wiring]]
characteristic = "press_depth"
device = "press"
channel = "depth"
"""

PRESS_DEVICE = """\
[[device]]
name = "press"
link = "plc-net"
driver = "modbus"
gauge = "G-0101"
unit_id = {unit}
poll_secs = 0.02
trigger = {{ seq = {seq}, result = {result}, echo = {echo}, heartbeat_in = {beat}, heartbeat_out = {reader_beat} }}

[[device.value]]
name = "serial"
address = {serial}
type = "string[{serial_registers}]"

[[device.value]]
name = "force"
address = {force}
type = "float32"
unit = "kN"
decimals = 1

[[device.value]]
name = "depth"
address = {depth}
type = "float32"
unit = "mm"
decimals = 2
"""

OLD_BENCH = """
# A bench whose plan is a file: fine, until another text is in force.
[[station]]
name = "{old_station}"
mode = "operator"
plan = "plans/piston.toml"
badge_pattern = "OP-[0-9]+"
unit_pattern = "SN[0-9]{{6}}"
[[station.wiring]]
characteristic = "weight"
capture = "typed"
[[station.wiring]]
characteristic = "bore_diameter"
capture = "typed"
"""

ORDERS = 'orders = "required"\norder_pattern = "PO:(?P<order>.+)"'

COLLECTOR = """\
id = "{collector}"
data_dir = "collector-data"

[mqtt]
host = "127.0.0.1"
port = {mqtt_port}

[console]
port = {console_port}
users = "users"

[documents]
master = true
orders_folder = "orders"

[store]
{store}"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the line's agent finds broker and PLC, and where its screens are; 0: any free one."""

    broker: int
    plc: int
    screen: int = 0
    broker_host: str = "127.0.0.1"


def agent_settings(folder: Path, ports: Ports, *, documents: bool) -> str:
    """The agent's file. With `documents` the piston's plan is a controlled document, and a bench has a file of it."""
    press = PRESS_DEVICE.format(
        unit=plc.UNIT_ID,
        seq=plc.SEQ,
        result=plc.RESULT,
        echo=plc.ECHO,
        beat=plc.HEARTBEAT,
        reader_beat=plc.READER_HEARTBEAT,
        serial=plc.SERIAL,
        serial_registers=plc.SERIAL_REGISTERS,
        force=plc.FORCE,
        depth=plc.DEPTH,
    )
    text = AGENT.format(
        agent=AGENT_ID,
        folder=folder,
        mqtt_host=ports.broker_host,
        mqtt_port=ports.broker,
        screen_port=ports.screen,
        plc_port=ports.plc,
        press=press,
        piston=f'{{document = "{PLAN_ID}"}}' if documents else '"plans/piston.toml"',
        operator_station=OPERATOR_STATION,
        press_station=PRESS_STATION,
        orders=ORDERS if documents else "",
    )
    return text + (OLD_BENCH.format(old_station=OLD_STATION) if documents else "")


def collector_settings(broker: int, console: int, store: str) -> str:
    """The collector's file; `store` is the body of its `[store]` table."""
    return COLLECTOR.format(collector=COLLECTOR_ID, mqtt_port=broker, console_port=console, store=store)
