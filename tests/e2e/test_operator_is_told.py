"""What isn't well around a station is told there, with a sign, and goes by itself: gauge, scanner, PLC, broker, agent.

Real processes; ptys are unplugged, the PLC's server and the broker are killed and come back. What is told comes on the
connection that the terminal holds: a device's trouble in the moment that its link breaks, the broker's at the next look
(`notices.LOOK_SECS`, a second). So three seconds are kept by what is waited on; deadlines here are generous.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from floor import Floor, Operator, answers, command, free_port, until
from line_pc import PtyDevice, write_agent, write_plan

from gaugetrail_agent.health.notices import LOOK_SECS
from gaugetrail_sim.devices import plc

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

TABLES = """
[[link]]
name = "bore-port"
kind = "serial"
port = "{folder}/bore"
[[link]]
name = "scanner-port"
kind = "serial"
port = "{folder}/scanner"
[[link]]
name = "plc-net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {plc}
[[device]]
name = "bore"
link = "bore-port"
driver = "digimatic-13"
settings = {{ unit = "mm" }}
[[device]]
name = "scanner"
link = "scanner-port"
driver = "scanner"
[[device]]
name = "press"
link = "plc-net"
driver = "modbus"
unit_id = {unit}
poll_secs = 0.05
trigger = {{ seq = {seq}, result = {result}, echo = {echo} }}
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
[[station]]
name = "OP10"
plan = "bore.toml"
scanner = "scanner"
[[station]]
name = "OP20"
mode = "automatic"
plan = "press.toml"
device = "press"
"""


@pytest.fixture
def ports(floor: Floor) -> Iterator[dict[str, PtyDevice]]:
    both = {name: PtyDevice(floor.folder / name) for name in ("bore", "scanner")}
    yield both
    for port in both.values():
        port.pull()


class Press:
    """The PLC, a process of its own."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.port = free_port()

    def start(self) -> None:
        self._floor.start("plc", command("gaugetrail-sim"), "plc", "--port", str(self.port), "--every", "3600")
        until(lambda: answers(self.port), "the PLC listens")


@pytest.fixture
def press(floor: Floor) -> Press:
    return Press(floor)


def written(floor: Floor, press: Press) -> None:
    """With a collector to be: where nobody answers for half a minute, that is told too."""
    floor.write_collector()
    write_agent(
        floor,
        TABLES.format(
            folder=floor.folder,
            plc=press.port,
            unit=plc.UNIT_ID,
            seq=plc.SEQ,
            result=plc.RESULT,
            echo=plc.ECHO,
            serial=plc.SERIAL,
            serial_registers=plc.SERIAL_REGISTERS,
            force=plc.FORCE,
        ),
    )
    for id_, name, device in (("bore", "bore", "bore"), ("press", "force", "press")):
        write_plan(floor, f'[[characteristic]]\nname = "{name}"\ndevice = "{device}"\n', id_, id_=id_)


def told(operator: Operator, sign: str, *texts: str) -> None:
    """Until the terminal shows this sign and exactly these notices, each beginning so."""

    def as_wanted(now: dict[str, object]) -> bool:
        notices = now["notices"]
        assert isinstance(notices, list)
        found = [str(one["text"]) for one in notices]
        alike = len(found) == len(texts) and all(map(str.startswith, found, texts))
        return alike and now["sign"] == sign

    operator.see(as_wanted)


def test_gauge_scanner_plc_and_broker_are_told_in_words_and_go_by_themselves(
    floor: Floor, ports: dict[str, PtyDevice], press: Press
) -> None:
    assert LOOK_SECS <= 1, "with a broker's connection that ends at once this keeps three seconds"
    written(floor, press)
    floor.broker()
    floor.collector()
    press.start()
    floor.agent()
    manual, automatic = Operator(floor, "OP10"), Operator(floor, "OP20")
    told(manual, "green")
    told(automatic, "green")

    ports["bore"].pull()
    told(manual, "red", "bore is not connected: check the cable")
    ports["scanner"].pull()
    told(manual, "red", "bore is not connected: check the cable", "scanner is not connected: check the cable")
    ports["bore"].plug()
    told(manual, "red", "scanner is not connected: check the cable")
    ports["scanner"].plug()
    told(manual, "green")

    floor.kill("plc")
    told(automatic, "red", "press is not connected: check the cable")
    press.start()
    told(automatic, "green")

    floor.kill("mosquitto")
    told(manual, "amber", "the broker can't be reached: parts are recorded here")
    told(automatic, "amber", "the broker can't be reached: parts are recorded here")
    floor.broker()
    told(manual, "green")
    told(automatic, "green")
    manual.close()
    automatic.close()


def test_everything_down_at_the_start_is_told_and_comes_up_by_itself(
    floor: Floor, ports: dict[str, PtyDevice], press: Press
) -> None:
    """The worst stands first; the prompt says why the part can't be measured."""
    written(floor, press)
    for port in ports.values():
        port.pull()
    floor.agent()
    operator = Operator(floor)
    broker = "the broker can't be reached"
    told(operator, "red", "bore is not connected", "scanner is not connected", broker)
    operator.log_on()
    operator.type("SN000001")
    operator.see(lambda now: now["asks"] == "prompt.trouble")
    assert str(operator.display["prompt"]).startswith("bore can't be measured now: bore is not connected: check the")
    for port in ports.values():
        port.plug()
    floor.broker()
    floor.collector()
    told(operator, "green")
    operator.see(lambda now: now["asks"] == "prompt.measure")
    operator.close()


# --- the terminal in a console


class Screen:
    """`gaugetrail-agent terminal OP10`: what it has printed so far, and its keyboard."""

    def __init__(self, floor: Floor) -> None:
        self._path = floor.folder / "terminal.out"
        words = (command("gaugetrail-agent"), "terminal", "OP10", "--config", str(floor.folder / "agent.toml"))
        with self._path.open("wb") as out:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=floor.folder)
        self._seen = 0

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def until(self, words: str) -> None:
        """Until this is printed behind what was waited for before; a narrow console breaks lines between words."""

        def printed() -> bool:
            text = " ".join(self._path.read_text("utf-8", "replace").split())
            at = text.find(words, self._seen)
            self._seen = self._seen if at < 0 else at + len(words)
            return at >= 0

        until(printed, f"the terminal prints {words!r}; it printed {self._path.read_text('utf-8', 'replace')!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def screen(floor: Floor, ports: dict[str, PtyDevice], press: Press) -> Iterator[Screen]:
    """Started before any agent."""
    written(floor, press)
    one = Screen(floor)
    yield one
    one.close()


def test_a_terminal_waits_for_its_agent_and_reconnects_to_one_that_was_killed(
    floor: Floor, ports: dict[str, PtyDevice], screen: Screen
) -> None:
    screen.until("waiting for the agent")
    screen.type("OP-1")
    screen.until("not taken, there is no agent: OP-1")
    floor.broker()
    floor.agent()
    screen.until("scan your badge")
    screen.type("OP-1")
    screen.until("OP-1 at the station")
    ports["bore"].pull()
    screen.until("bore is not connected: check the cable")
    ports["bore"].plug()
    screen.until("all is well again")
    floor.kill("agent")
    screen.until("the agent is gone")
    screen.until("waiting for the agent")
    floor.agent()
    screen.until("OP-1 is still at the station")
    screen.type("OP-2")
    screen.until("OP-2 at the station")
    assert screen.process.stdin is not None
    screen.process.stdin.close()
    assert screen.process.wait(20) == 0


def test_a_terminal_of_a_station_that_there_is_not_says_so_at_once(floor: Floor, press: Press) -> None:
    written(floor, press)
    code, _, err = floor.ask("gaugetrail-agent", "terminal", "OP11", "--config", "agent.toml")
    assert code == 1
    assert "there is no station 'OP11'" in err
    assert "OP10, OP20" in err
