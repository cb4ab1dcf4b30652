"""The demo's own folder and the settings files in it, written as a person would write them.

Nothing outside the folder is touched, and a folder is wiped only if an earlier demo made it.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gaugetrail_sim import line, plc

if sys.platform != "win32":
    import fcntl

AGENT_ID = "line1-pc1"
COLLECTOR_ID = "collector1"
OPERATOR_STATION = "OP20"
OLD_STATION = "OP21"
"""A bench beside it, whose plan is a file; everything there is typed."""
PLAN_ID = "CP-1001"
REACTION_ID = "RP-12"
PRESS_STATION = "OP30"
BADGE = "OP-12"
ORDER = "4500123-10"
"""What the line makes; its code has PO: before it."""
LOCK = "demo.lock"

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
port = 0

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

PISTON_PLAN = """\
id = "{id}"
revision = "{revision}"
title = "Piston, final inspection"
part = "PR-74"
part_revision = "B"
approved_by = "QE-3"
approved_on = "2026-10-05"
# Nothing else is taken before a first piece has passed whole; the edges are looked at of the first 2 of each 10.
first_piece = "operator"
sampling = "by_frequency"

# The pin that is pressed in later is taken with the piston: it stands in the record, and a trace leads both ways.
[[component]]
part = "PIN-9"
title = "pin"
pattern = "(?P<part>PIN-[0-9]+)/(?P<id>.+)"

# The terminal says when to put the piston on the scale; one that was weighed before is not taken for the next.
[[characteristic]]
name = "weight"
unit = "g"
nominal = "{weight[0]}"
lsl = "{weight[1]}"
usl = "{weight[2]}"
reaction = "set aside, weigh the blank"

[[characteristic]]
name = "bore_diameter"
title = "bore diameter"
unit = "mm"
nominal = "{bore[0]}"
lsl = "{bore[1]}"
usl = "{bore_upper}"
reaction = "RP-12: hold it, say why"

[[characteristic]]
name = "surface"
title = "surface: %OK or %NOK:<defect>"
kind = "attribute"
reaction = "rework or scrap"

[[characteristic]]
name = "edge"
title = "edge: %OK or %NOK:<defect>"
kind = "attribute"
every_units = 10
sample_size = 2
reaction = "rework"
"""

ORDERS = 'orders = "required"\norder_pattern = "PO:(?P<order>.+)"'
ORDER_TABLE = f"order,part,part revision,quantity,due date,line\n{ORDER},PR-74,B,500,2099-12-18,line1\n"
"""As an ERP drops it into the collector's folder."""

REACTION = """\
id = "{id}"
revision = "A"
title = "Bores out of tolerance"
characteristic = ["bore_diameter"]

[[on]]
signal = ["fail"]
acknowledge = "cause"

[[on.step]]
who = "operator"
what = {{ en = "Put the piston into the red box." }}
hold = "unit"

[[cause]]
code = "CHIP"
what = {{ en = "A chip on the gauge." }}

[[cause]]
code = "TOOL"
what = {{ en = "The tool is worn." }}
"""

PRESS_PLAN = """\
id = "CP-2001"
revision = "A"
title = "Pin press"
part = "PR-74"
part_revision = "B"
approved_by = "QE-3"
approved_on = "2026-10-05"

[[characteristic]]
name = "press_force"
unit = "kN"
nominal = "{force[0]}"
lsl = "{force[1]}"
usl = "{force[2]}"
reaction = "hold the part, check the feed"

[[characteristic]]
name = "press_depth"
unit = "mm"
nominal = "{depth[0]}"
lsl = "{depth[1]}"
usl = "{depth[2]}"
reaction = "hold the part, check the feed"
"""

GAUGES = """\
id,calibration_due,status,description
G-0017,2099-03-31,active,Mitutoyo bore gauge (simulated)
G-0018,2099-01-31,active,Mettler scale (simulated)
G-0101,2099-06-30,active,Pin press load cell and encoder (simulated)
"""

PEOPLE = f"id,name,qualification,roles\n{BADGE},A. Example,final inspection,operator;setter\n"

COLLECTOR = """\
id = "{collector}"
data_dir = "collector-data"

[mqtt]
host = "127.0.0.1"
port = {mqtt_port}

[console]
port = 0
users = "users"

[documents]
master = true
orders_folder = "orders"

[store]
{store}"""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A folder that this demo alone uses, for as long as it runs."""

    path: Path
    lock: TextIO

    @property
    def agent_config(self) -> Path:
        """The agent's settings file."""
        return self.path / "agent.toml"

    @property
    def collector_config(self) -> Path:
        """The collector's settings file."""
        return self.path / "collector.toml"

    @property
    def console_url(self) -> str | None:
        """Where the collector's pages are; null while it has not said so."""
        return self._url("collector-data/console.port")

    @property
    def screen_url(self) -> str | None:
        """Where the stations' screens are; null while the agent has not said so."""
        return self._url("agent-data/screen.port")

    def _url(self, port_file: str) -> str | None:
        try:
            return f"http://127.0.0.1:{int((self.path / port_file).read_text())}/"
        except (OSError, ValueError):
            return None

    def port(self, name: str) -> Path:
        """The simulated serial port of that name."""
        return self.path / "ports" / name

    @property
    def users(self) -> Path:
        """The console's users, each with what a password is recognised by."""
        return self.path / "users"

    def plan_text(self, revision: str) -> Path:
        """The text of that revision of the piston's plan, written now."""
        path = self.path / "office" / f"{PLAN_ID}-{revision}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(_piston_plan(revision))
        return path

    def reaction_text(self) -> Path:
        """What is done when a bore fails, written now."""
        path = self.path / "office" / f"{REACTION_ID}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(REACTION.format(id=REACTION_ID))
        return path

    def write_agent(
        self, mqtt_port: int, plc_port: int, mqtt_host: str = "127.0.0.1", *, documents: bool = False
    ) -> None:
        """Settings, plans, gauge register and people list of the agent."""
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
            folder=self.path,
            mqtt_host=mqtt_host,
            mqtt_port=mqtt_port,
            plc_port=plc_port,
            press=press,
            piston=f'{{document = "{PLAN_ID}"}}' if documents else '"plans/piston.toml"',
            operator_station=OPERATOR_STATION,
            press_station=PRESS_STATION,
            orders=ORDERS if documents else "",
        )
        plans = self.path / "plans"
        plans.mkdir(exist_ok=True)
        (plans / "piston.toml").write_text(_piston_plan(line.FIRST_REVISION))
        (plans / "press.toml").write_text(PRESS_PLAN.format(force=line.FORCE, depth=line.DEPTH))
        (self.path / "gauges.csv").write_text(GAUGES)
        (self.path / "people.csv").write_text(PEOPLE)
        bench = OLD_BENCH.format(old_station=OLD_STATION) if documents else ""
        self.agent_config.write_text(text + bench)

    def write_collector(self, mqtt_port: int, store: str) -> None:
        """Settings of the collector; `store` is the body of its `[store]` table. And what the ERP has dropped."""
        orders = self.path / "orders"
        orders.mkdir(exist_ok=True)
        (orders / "monday.csv").write_text(ORDER_TABLE)
        self.collector_config.write_text(COLLECTOR.format(collector=COLLECTOR_ID, mqtt_port=mqtt_port, store=store))


def _piston_plan(revision: str) -> str:
    upper = line.BORE_BY[revision]
    return PISTON_PLAN.format(id=PLAN_ID, revision=revision, weight=line.WEIGHT, bore=line.BORE, bore_upper=upper)


def claim_folder(wanted: Path, *, wiped: bool = True) -> DemoFolder:
    """Take `wanted`, wiped unless its spool is to go on, or a numbered neighbour if another demo is using it.

    Raises `FileExistsError` if there is something in it that no demo made, `OSError` on Windows.
    """
    if sys.platform == "win32":
        raise OSError("the demo's simulated serial ports need ptys, which Windows lacks: use Linux, macOS or WSL")
    wanted = wanted.absolute()
    for number in range(1, 100):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        if path.exists() and any(path.iterdir()) and not (path / LOCK).exists():
            raise FileExistsError(f"{path} holds something that is no demo's: choose another folder with --dir")
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / LOCK).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        for old in path.iterdir():
            if wiped and old.name != LOCK:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        return DemoFolder(path, lock)
    raise FileExistsError(f"{wanted} and its neighbours are all in use by other demos")
