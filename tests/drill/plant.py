"""A drill's plant: broker, store, collectors and several agents with an operator's station and a press each.

It stands on the tests' `Floor` (real processes on loopback, ended by their ids) and adds what damage on a large scale
needs: many agents, quick restarts from the nursery, waiting until the store holds what was told, and the judgement.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import filler
from account import Account, Word
from crew import Crew, Stuck, Typist
from floor import Floor, answers, command, program, until
from judge import Aside, Finding, InfluxLook, Look, SqliteLook, judge, look_aside
from layers import ForgetfulDisk, SetClock
from nursery import Nursery
from wires import Wire

from gaugetrail_sim.devices import plc

DRAIN_SECS = 90.0
START_SECS = 120.0
"""For a busy machine: a start is a second of importing where nothing else runs."""
COMMAND_EVERY = 10
"""Every so many starts the installed command is used instead of the nursery."""

AGENT = """\
[agent]
id = "{agent}"
site = "plant1"
line = "line1"
data_dir = "{data_dir}"
{extra}
[mqtt]
host = "127.0.0.1"
port = {port}
keepalive_secs = 5
resend_secs = {resend_secs}

[terminal]

[spool]
max_mb = {max_mb}
keep_mb = 64

[[station]]
name = "OP10"
plan = "depth.toml"
unit_pattern = '(?P<serial>SN[0-9]+)'
"""

PRESS = """
[[link]]
name = "plc-net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}

[[device]]
name = "press"
link = "plc-net"
driver = "modbus"
gauge = "G-0101"
unit_id = {unit}
poll_secs = 0.02
trigger = {{ seq = {seq}, result = {result}, echo = {echo}, heartbeat_in = {beat}, heartbeat_out = {reader_beat} }}
value = [
  {{ name = "serial", address = {serial}, type = "string[8]" }},
  {{ name = "force", address = {force}, type = "float32", unit = "kN", decimals = 1 }},
  {{ name = "depth", address = {depth}, type = "float32", unit = "mm", decimals = 2 }},
]

[[station]]
name = "OP20"
mode = "automatic"
device = "press"
plan = "press.toml"
unit_pattern = "SN[0-9]+"
"""

DEPTH_PLAN = """\
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "depth"
unit = "mm"
lsl = "1.0"
usl = "2.0"
capture = "typed"
"""

PRESS_PLAN = """\
id = "CP-2"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "force"
unit = "kN"
lsl = "12.0"
usl = "18.0"
device = "press"
[[characteristic]]
name = "depth"
unit = "mm"
lsl = "8.40"
usl = "8.60"
device = "press"
"""

COLLECTOR = """\
id = "{name}"
data_dir = "{data_dir}"
[mqtt]
host = "127.0.0.1"
port = {port}
keepalive_secs = 5
window = {window}
[batch]
max_points = {max_points}
[store]
"""


class Plant(Floor):
    """Use as a context manager. `crew` works at the stations, `account` is what it was told."""

    def __init__(self, folder: Path, seed: int, store: str = "sqlite") -> None:
        super().__init__(folder)
        self.seed = seed
        self.dice = random.Random(f"drill {seed} {folder.name}")
        self.store = store
        self.account = Account()
        self.crew = Crew(self.account, seed)
        self.agents: list[str] = []
        self.hands: dict[str, Typist] = {}
        self.collectors: list[str] = []
        self._data_dirs: dict[str, Path] = {}
        self._starts = 0
        self._installed = False
        self.broker_extra = ""
        self.store_path = folder / "store.db"
        self.collector_dir = folder
        self.collector_extra = ""
        self.agent_extra: dict[str, str] = {}
        self.depth_plan = DEPTH_PLAN
        self.hopeless: set[str] = set()
        self.written_off: list[Aside] = []

    def __enter__(self) -> Plant:
        self.crew.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.crew.__exit__()
        super().__exit__(*error)

    # --- settings

    def add_agent(
        self,
        name: str,
        *,
        press: bool = True,
        port: int | None = None,
        data_dir: Path | None = None,
        max_mb: int = 4096,
        resend_secs: float = 2.0,
    ) -> Path:
        """Write an agent's settings and put its people to their stations; the path of its data."""
        folder = self.folder / name
        folder.mkdir()
        number = len(self.agents) + 1
        self.agents.append(name)
        self._data_dirs[name] = data_dir or folder / "data"
        (folder / "depth.toml").write_text(self.depth_plan)
        (folder / "press.toml").write_text(PRESS_PLAN)
        text = AGENT.format(
            agent=name,
            port=port or self.mqtt_port,
            data_dir=self._data_dirs[name],
            max_mb=max_mb,
            resend_secs=resend_secs,
            extra=self.agent_extra.get(name, ""),
        )
        if press:
            text += PRESS.format(
                port=self.crew.press(name, "OP20", f"{number}2"),
                unit=plc.UNIT_ID,
                seq=plc.SEQ,
                result=plc.RESULT,
                echo=plc.ECHO,
                beat=plc.HEARTBEAT,
                reader_beat=plc.READER_HEARTBEAT,
                serial=plc.SERIAL,
                force=plc.FORCE,
                depth=plc.DEPTH,
            )
        (folder / "agent.toml").write_text(text)
        self.hands[name] = self._typist(name, name, f"{number}1")
        return self._data_dirs[name]

    def join(self, name: str, data_dir: Path, agent: str, prefix: str) -> None:
        """A PC whose settings lie in the folder of that name and call it `agent`; its operator begins to work."""
        self.agents.append(name)
        self._data_dirs[name] = data_dir
        self.hands[name] = self._typist(agent, name, prefix)

    def add_copy(self, agent: str, name: str) -> None:
        """Settings and an operator for a copy of an agent, whose data is there already; it isn't one of `agents`."""
        folder, original = self.folder / name, self.folder / agent
        self._data_dirs[name] = folder / "data"
        for plan in original.glob("*.toml"):
            text = plan.read_text().replace(str(self._data_dirs[agent]), str(self._data_dirs[name]))
            (folder / plan.name).write_text(text)
        copies = sum(one.startswith(f"{agent}-") for one in self.hands)
        self.hands[name] = self._typist(agent, name, f"{self.agents.index(agent) + 1}{3 + copies}")

    def _typist(self, agent: str, name: str, prefix: str) -> Typist:
        wanted = tuple(one["name"] for one in tomllib.loads(self.depth_plan)["characteristic"])
        return self.crew.typist(self._data_dirs[name], agent, "OP10", prefix, wanted)

    def add_collector(
        self,
        name: str = "collector",
        *,
        port: int | None = None,
        store_port: int | None = None,
        window: int = 1000,
        max_points: int = 5000,
    ) -> None:
        """Write a collector's settings. All collectors of a plant share its store."""
        tables = {
            "sqlite": f'kind = "sqlite"\npath = "{self.store_path}"\n',
            "influxdb": f'kind = "influxdb"\nurl = "http://127.0.0.1:{store_port or self.influx_port}"\nversion = "1"\n'
            'database = "gaugetrail"\ntimeout_secs = 5\n',
        }
        text = (
            COLLECTOR.format(
                name=name,
                data_dir=self.collector_data(name),
                port=port or self.mqtt_port,
                window=window,
                max_points=max_points,
            )
            + tables[self.store]
            + self.collector_extra
        )
        (self.folder / f"{name}.toml").write_text(text)
        for other in self.collectors:
            self.introduce(other, name)
            self.introduce(name, other)
        self.collectors.append(name)

    def collector_data(self, name: str) -> Path:
        """Where the collector keeps what it sets aside."""
        return self.collector_dir / f"{name}-data"

    def data_dir(self, agent: str) -> Path:
        """Where the agent keeps its spool."""
        return self._data_dirs[agent]

    # --- processes

    def broker(self) -> None:
        """The floor's broker, with `broker_extra` where a drill wants another one."""
        super().broker()
        if self.broker_extra:
            conf = self.folder / "mosquitto.conf"
            kept = [line for line in conf.read_text().splitlines() if not line.startswith("max_")]
            conf.write_text("\n".join(kept) + "\n" + self.broker_extra)
            self.kill("mosquitto")
            self.start("mosquitto", str(program("mosquitto")), "-c", str(conf))
            until(lambda: answers(self.mqtt_port), "mosquitto listens")

    def run(
        self,
        *,
        agents: int = 1,
        press: bool = True,
        wire: Wire | None = None,
        piece_secs: float = 0.02,
        window: int = 1000,
        data_dir: Path | None = None,
        broker: bool = True,
        layers: Mapping[str, SetClock | ForgetfulDisk] | None = None,
        installed: bool = False,
        store_port: int | None = None,
    ) -> None:
        """The usual plant, up and at work: broker, store, one collector, some agents, everybody at his station.

        With a wire, agents and collector reach the broker over it; `broker=False` where it runs already; `layers` lie
        under the processes of these names; `installed` starts all by the installed commands.
        """
        under = layers or {}
        port = None if wire is None else wire.port
        if broker:
            self.broker()
        if self.store == "influxdb":
            self.influxd()
        self.add_collector(port=port, window=window, store_port=store_port)
        self._installed = installed
        self.start_collector(env=under["collector"].env if "collector" in under else None)
        for number in range(1, agents + 1):
            name = f"pc{number}"
            layer = under.get(name)
            place = layer.folder if isinstance(layer, ForgetfulDisk) else data_dir
            self.add_agent(name, press=press, port=port, data_dir=place)
            self.start_agent(name, None if layer is None else layer.env)
        self._installed = False
        self.crew.work(piece_secs)
        self.until_told(3 * agents)

    def start_agent(self, name: str, env: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Start it; with `wait`, until its terminal is open."""
        door = self.data_dir(name) / "terminal.port"
        door.unlink(missing_ok=True)
        self._begin(name, ("gaugetrail-agent", "run", "--config", str(self.folder / name / "agent.toml")), env)
        if wait:
            self.until_open(name)

    def until_open(self, name: str) -> None:
        """Wait until the agent's terminal is open."""
        door = self.data_dir(name) / "terminal.port"

        def found() -> bool:
            code = self.processes[name].poll()
            assert code is None, f"{name} ended with code {code}: {self.log(name)[-2000:]}"
            return door.exists()

        until(found, f"{name} is ready", START_SECS)

    def start_collector(self, name: str = "collector", env: Mapping[str, str] | None = None) -> None:
        """Start it; it connects by itself."""
        self._begin(name, ("gaugetrail-collector", "run", "--config", str(self.folder / f"{name}.toml")), env)

    def _begin(self, name: str, words: tuple[str, ...], env: Mapping[str, str] | None) -> None:
        self._starts += 1
        if env is None and (self._installed or self._starts % COMMAND_EVERY == 0):
            self.start(name, command(words[0]), *words[1:])
            return
        log = self.folder / f"{name}.log"
        hatched = Nursery.shared((env or {}).get("LD_PRELOAD", "")).start(words, log, log, self.folder, env)
        self.processes[name] = hatched  # type: ignore[assignment]

    def all_up(self) -> None:
        """Start whatever of the settings' processes is not running, the broker first."""
        if "mosquitto" not in self.processes:
            self.broker()
        if self.store == "influxdb" and "influxd" not in self.processes:
            self.influxd()
        for name in self.collectors:
            if name not in self.processes:
                self.start_collector(name)
        for name in self.agents:
            if name not in self.processes:
                self.start_agent(name)

    def fill(self, agent: str, count: int, *, order_at: int = 0) -> None:
        """Put so many inspections into the spool of an agent that doesn't run; each counts as told once committed."""
        data, prefix = self.data_dir(agent), f"{self.agents.index(agent) + 1}9"
        words = (sys.executable, filler.__file__, str(data), agent, str(count), prefix, str(order_at))
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
        for serial, record in json.loads(done.stdout):
            unit = (agent, "OP10", serial)
            self.account.begin(unit)
            self.account.tell(Word(unit, "pass", record))

    # --- waiting and judging

    def until_told(self, more: int = 1, secs: float = 60.0) -> None:
        """Wait until so many more parts were told to be recorded. Raises `Stuck`."""
        wanted = len(self.account) + more
        end = time.monotonic() + secs
        while len(self.account) < wanted:
            if time.monotonic() > end:
                raise Stuck(f"no {more} more parts recorded within {secs:g} s: {self.crew.look()}")
            time.sleep(0.01)

    def until_stored(self, secs: float = 60.0) -> None:
        """Wait for the next word of a terminal, and then until its record is in the store. Raises `Stuck`."""
        look, end = self.look(), time.monotonic() + secs
        seen = len(self.account)
        record = None
        while record is None or not look.has(record):
            if time.monotonic() > end:
                raise Stuck(f"not within {secs:g} s: {record or 'a word of a terminal'} in the store")
            time.sleep(0.02)
            record = record or next((word.record for word in self.account.told[seen:] if word.record), None)

    def look(self) -> Look:
        """The drill's own way into the store."""
        return InfluxLook(self.influx) if self.store == "influxdb" else SqliteLook(self.store_path)

    def aside(self) -> list[Aside]:
        """What all collectors have set aside, and what the drill has written off because it destroyed it itself."""
        return self.written_off + [
            one for name in self.collectors for one in look_aside(self.collector_data(name) / "set-aside.db")
        ]

    def arrived(self, secs: float = DRAIN_SECS) -> float:
        """Wait until all that the terminals have said by now is in the store or set aside; the seconds it took."""
        begun = time.monotonic()
        missing = {word.record for word in self.account.told if word.record is not None} - self.hopeless
        look = self.look()
        while True:
            with contextlib.suppress(OSError):
                missing -= look.ids()
                missing -= {one.record for one in self.aside()}
            took = time.monotonic() - begun
            if not missing or took > secs:
                return round(took, 1)
            time.sleep(0.1)

    def settle(self, secs: float = DRAIN_SECS) -> None:
        """Let the spools run empty, so that what nobody was told of is counted, too; if not, the judge will see."""
        end = time.monotonic() + secs
        for name in self.agents:
            while time.monotonic() < end and self.waiting_at(name):
                time.sleep(0.1)

    def waiting_at(self, agent: str) -> int:
        """Records without a receipt: read from the spool's file, so that asking costs no process."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data_dir(agent)}/spool.db?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM record WHERE state = 0").fetchone()[0])

    def answer(self, *words: str, secs: float = 120.0) -> tuple[int, str, str]:
        """One of our commands run to its end by the nursery: exit code, standard output, standard error."""
        out, err = self.folder / "answer.out", self.folder / "answer.err"
        out.unlink(missing_ok=True)
        err.unlink(missing_ok=True)
        code = Nursery.shared().start(words, out, err, self.folder).wait(secs)
        return code, out.read_text(), err.read_text()

    def judge(self) -> Finding:
        """Compare store and account, compute every chain anew, and ask `verify`, which must agree."""
        look, aside = self.look(), self.aside()
        records = look.records()
        # InfluxDB may have taken the values of a record that it refused: they belong to what is set aside.
        contents = {one.id: one.data for one in records} | {
            one.record: one.data for one in aside if one.data is not None
        }
        found = judge(self.account, records, aside, look.doubled_values(list(contents.values())))
        code, out, err = self.answer(
            "gaugetrail-collector", "verify", "--config", f"{self.collectors[0]}.toml", "--json"
        )
        if found.chain_ok and code != 0 and not (out and self._only_set_aside(json.loads(out), aside)):
            found.chain_ok = False
            found.trouble.append(f"verify says otherwise: {err or out}")
        return found

    @staticmethod
    def _only_set_aside(proof: dict, aside: list[Aside]) -> bool:
        """Whether all that `verify` misses is set aside."""
        known = {one.record for one in aside}
        return all(
            not chain["broken"]
            and all(
                f"{chain['agent']}/{chain['epoch']}/{seq}" in known
                for first, last in chain["gaps"]
                for seq in range(first, last + 1)
            )
            for chain in proof["agents"]
        )
