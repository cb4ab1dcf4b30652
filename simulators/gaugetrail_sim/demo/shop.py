"""The demo's shop floor: store, broker, collector, devices and agent, started from the store up.

Stopped in the order of the data path: first the operator and the agent, so that nothing new is sealed, then the
devices, then the collector, the broker and the store. Each process is stopped by its id, whatever went wrong before.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from gaugetrail_sim.demo.bystander import Bystander
from gaugetrail_sim.demo.folder import DemoFolder
from gaugetrail_sim.demo.office import Office
from gaugetrail_sim.demo.ports import ANY, WantedPorts
from gaugetrail_sim.demo.settings_files import Ports
from gaugetrail_sim.devices.gauge import MettlerScale, MitutoyoGauge, SimulatedGauge
from gaugetrail_sim.devices.plc import Press
from gaugetrail_sim.devices.ptys import PtyPort
from gaugetrail_sim.devices.scanner import SimulatedScanner
from gaugetrail_sim.line.names import BADGE, COLLECTOR_ID, OLD_STATION, OPERATOR_STATION, ORDER
from gaugetrail_sim.line.station_operator import StationOperator, Terminal
from gaugetrail_sim.servers.broker import BrokerPlan, Choice, free_port, plan_broker
from gaugetrail_sim.servers.children import Child, ChildFailed
from gaugetrail_sim.servers.influx_server import Influx, InfluxTrouble, find_influx
from gaugetrail_sim.servers.processes import answers, ask, command

TRIES = 3
"""A free port can be taken between choosing and listening; then the next one is tried."""
READY_SECS = 30.0
NOT_IN_FORCE = "plan.superseded"
"""The id of the sentence by which a station refuses a plan that is a file of another text than the one in force."""
T = TypeVar("T")


@dataclass
class Shop:
    """Use as `async with`; leaving stops everything."""

    folder: DemoFolder
    store: str
    broker_choice: Choice = "auto"
    say: Callable[[str], None] = print
    stage: Callable[[str], None] = print
    """Told what is done next."""
    wanted: WantedPorts = ANY
    children: dict[str, Child] = field(default_factory=dict)
    influx: Influx | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        await self._start_store()
        self.stage("starting the broker")
        self.broker = await self._start_broker()
        self.say(f"broker: {self.broker.name} on 127.0.0.1:{self.broker.port}")
        self.bystander = await asyncio.to_thread(Bystander, self.broker.port)
        self.folder.write_collector(self.broker.port, free_port(self.wanted.console), self._store_table())
        self.office = Office(self.folder, self.say)
        self.stage("the office gets its people")
        await self.office.set_up()
        if self.influx is not None:
            await self._set_up_store()
        self.stage("starting collector, devices and agent; the office writes the piston's plan, and approves it")
        self._run("collector", command("gaugetrail-collector"), "run", "--config", str(self.folder.collector_config))
        await asyncio.gather(self._start_line("127.0.0.1", self.broker.port), self.office.begin())
        self.stage("the plan is on its way to the line")
        await self.guard(self.operator.sees_plan(), READY_SECS, "the station was waiting for its plan")
        await self.children["collector"].until(
            lambda: self.bystander.collectors.get(COLLECTOR_ID, {}).get("store") == "up",
            "it said on MQTT that its store is up",
            READY_SECS,
        )

    async def _start_line(self, broker_host: str, broker_port: int, *, documents: bool = True) -> None:
        """The devices and the agent in front of them, with an operator at its terminal. Its piston's plan comes as a
        controlled document, or lies there as a file.
        """
        self._start_devices()
        await self.press.start(free_port(self.wanted.plc))
        ports = Ports(broker_port, self.press.port, free_port(self.wanted.screen), broker_host)
        self.folder.write_agent(ports, documents=documents)
        data_dir = self.folder.path / "agent-data"
        (data_dir / "terminal.port").unlink(missing_ok=True)
        self._run("agent", command("gaugetrail-agent"), "run", "--config", str(self.folder.agent_config))
        await self.children["agent"].until((data_dir / "terminal.port").exists, "its terminal was open", READY_SECS)
        self.terminal = Terminal(data_dir, OPERATOR_STATION)
        order = ORDER if documents else None
        self.operator = StationOperator(
            self.terminal, self.scanner, {"scale": self.scale, "bore": self.bore}, BADGE, order
        )

    def _start_devices(self) -> None:
        self.bore: SimulatedGauge = MitutoyoGauge(PtyPort(self.folder.port("bore")))
        self.scale: SimulatedGauge = MettlerScale(PtyPort(self.folder.port("scale")))
        self.scanner = SimulatedScanner(PtyPort(self.folder.port("scanner")))
        self.press = Press()
        for device in (self.bore, self.scale, self.scanner):
            device.open()

    async def _start_broker(self) -> BrokerPlan:
        for last in range(1, TRIES + 1):
            plan = plan_broker(self.folder.path, self.broker_choice, self.wanted.broker if last == 1 else 0)
            child = self._run("broker", *plan.words)
            try:
                await child.until(lambda port=plan.port: answers(port), "it listened", READY_SECS)  # type: ignore[misc]
            except ChildFailed:
                if last == TRIES:
                    raise
            else:
                return plan
        raise AssertionError("unreachable")

    async def _start_store(self) -> None:
        if self.store != "influxdb":
            return
        self.stage("looking for InfluxDB")
        for last in range(1, TRIES + 1):
            wanted = self.wanted.influx if last == 1 else 0
            self.influx = influx = find_influx(self.folder.path, os.environ, wanted)
            if not influx.words:
                break
            child = self._run("influxd", *influx.words)
            try:
                await child.until(influx.up, "it answered", READY_SECS)
                break
            except ChildFailed:
                if last == TRIES:
                    raise
        self.version = await asyncio.to_thread(influx.version)
        if self.version == "2" and not influx.org:
            raise InfluxTrouble(f"{influx.url} is InfluxDB 2: name its organisation with INFLUXDB_ORG")
        self.say(f"store: InfluxDB {self.version} at {influx.url}, database {influx.database}")

    async def _set_up_store(self) -> None:
        """Database or bucket, as an administrator would make it; said at once where this token may not."""
        code, _, err = await ask("gaugetrail-collector", "store", "init", "--config", str(self.folder.collector_config))
        if code:
            raise InfluxTrouble(f"{err.strip()} (INFLUXDB_TOKEN is the token that the demo has)")

    def _store_table(self) -> str:
        if self.influx is None:
            return f'kind = "sqlite"\npath = "{self.folder.path}/store.db"\n'
        table = f'kind = "influxdb"\nurl = "{self.influx.url}"\nversion = "{self.version}"\n'
        if self.version == "2":
            table += f'bucket = "{self.influx.database}"\norg = "{self.influx.org}"\n'
        else:
            table += f'database = "{self.influx.database}"\n'
        if self.influx.token is None:
            return table
        (self.folder.path / "influx-token").write_text(self.influx.token)
        return table + 'token_file = "influx-token"\n'

    def _run(self, name: str, *words: str) -> Child:
        self.children[name] = child = Child(name, words, self.folder.path)
        return child

    async def try_old_station(self, serial: str) -> str:
        """Scan a unit at the station that has the plan's first revision as a file; what its terminal says then."""
        terminal = Terminal(self.folder.path / "agent-data", OLD_STATION)
        try:
            while (await terminal.next())["state"] == "wait_operator":
                terminal.type(BADGE)
            terminal.type(serial)
            while terminal.display.get("says") != NOT_IN_FORCE:
                await terminal.next()
            return str(terminal.display["message"])
        finally:
            terminal.close()

    async def stop(self) -> None:
        """Stop whatever has been started, in the order of the data path."""
        if hasattr(self, "terminal"):
            self.terminal.close()
        await self._stop_child("agent")
        if hasattr(self, "press"):
            for device in (self.bore, self.scale, self.scanner):
                device.close()
            await self.press.stop()
        await self._stop_child("collector")
        if hasattr(self, "bystander"):
            await asyncio.to_thread(self.bystander.close)
        await self._stop_child("broker")
        await self._stop_child("influxd")

    async def _stop_child(self, name: str) -> None:
        child = self.children.get(name)
        if child is not None:
            await child.stop()

    async def guard(self, work: Coroutine[Any, Any, T], secs: float, what: str) -> T:
        """Do `work` while every process runs. Raises `ChildFailed` as soon as one ends, or after `secs`."""
        task = asyncio.create_task(work)
        end = asyncio.get_running_loop().time() + secs
        try:
            while not task.done():
                for child in self.children.values():
                    if not child.running:
                        raise child.failed(f"ended with code {child.process.returncode} while {what}")
                if asyncio.get_running_loop().time() > end:
                    raise self.children["agent"].failed(f"{what}: not done after {secs:g} s; {self._where()}")
                await asyncio.wait({task}, timeout=0.2)
            return task.result()
        finally:
            task.cancel()

    def _where(self) -> str:
        display = self.terminal.display if hasattr(self, "terminal") else {}
        return f"the terminal shows {display.get('state')}: {display.get('message') or display.get('prompt')}"

    async def stats(self) -> dict[str, Any]:
        """The agent's own figures of its spool."""
        config = str(self.folder.agent_config)
        code, out, err = await ask("gaugetrail-agent", "spool", "stats", "--config", config, "--json")
        if code != 0:
            raise ChildFailed(f"gaugetrail-agent spool stats failed: {err}")
        return dict(json.loads(out))

    async def drained(self) -> dict[str, Any]:
        """Wait until no record waits in the spool any more; the figures then."""
        while True:
            stats = await self.stats()
            if stats["waiting"] == 0:
                return stats
