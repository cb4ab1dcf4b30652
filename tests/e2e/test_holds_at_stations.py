"""What is said of a unit in one place is known at a station in another: the list of the line, questions to the store,
and what a station does without either. A real agent and collector, and a broker with the access rules that are shipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from broker_users import KEYS, access_rules
from floor import Floor, Operator, until
from made import opened
from modbus_floor import PlcThread
from refusal_table import UNITS
from state_words import hold, release
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.evidence.own_chain import OwnChain
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.record import EventBody, Inspection
from gaugetrail_contract.seal import open_line
from gaugetrail_sim.devices import plc

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

SECOND = '[[station]]\nname = "OP20"\nplan = "second.toml"\nunit_pattern = "SN[0-9]+"\n'
PRESS = """
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "press"
link = "net"
driver = "modbus"
poll_secs = 0.05
trigger = {{ seq = 0, result = 100, echo = 101 }}
[[device.value]]
name = "serial"
address = 10
type = "string[8]"
[[device.value]]
name = "force"
address = 18
type = "float32"
unit = "kN"
[[station]]
name = "OP30"
mode = "automatic"
device = "press"
plan = "third.toml"
unit_pattern = "SN[0-9]+"
"""
"""An automatic station, whose PLC waits for the answer."""
HELD, UNKNOWN, NOT_PASSED = UNITS
HELD_SAYS = HELD.says.removeprefix("SN2").partition(" … ")[0]
UNKNOWN_SAYS = UNKNOWN.says.partition(" (")[0]
"""The reason is the broker's or the clock's."""


class HoldOffice:
    """Somebody in the office, beside the running collector."""

    def __init__(self, floor: Floor, store: SqliteStore, presses: PlcThread) -> None:
        self._floor = floor
        self.store = store
        self._presses = presses
        self._chain = OwnChain(store, "collector", "holding", WallClock())

    def say(self, body: EventBody) -> float:
        """The moment when it was in the store."""
        self._chain.append([body])
        return time.monotonic()

    def press(self, serial: str) -> int:
        """What the PLC of the automatic station is told of a good part."""
        return self._presses.offer(1, serial, "15.2")

    def is_told(self, serial: str, state: str) -> None:
        """The line PC has it."""
        pages = self._floor.folder / "agent-data" / "holds" / "pages"
        wanted = f'"id":"{serial}","state":"{state}"'.encode()
        until(lambda: any(wanted in page.read_bytes() for page in pages.glob("*")), f"{serial} is known as {state}")


@contextmanager
def plant(floor: Floor) -> Iterator[HoldOffice]:
    floor.broker(access_rules(floor.folder, "pc1", "collector"))
    path = floor.write_collector()
    path.write_text(path.read_text() + "[documents]\nmaster = true\n")
    presses = PlcThread()
    floor.write_agent(extra=SECOND + PRESS.format(port=presses.port))
    for settings, user in ((floor.folder / "agent.toml", "pc1"), (path, "collector")):
        settings.write_text(settings.read_text().replace("[mqtt]\n", "[mqtt]\n" + KEYS.format(user=user)))
        settings.chmod(0o600)
    first = (floor.folder / "plan.toml").read_text()
    asks = 'id = "CP-2"\nafter = ["OP10"]\non_unknown = "refuse"\n'
    (floor.folder / "second.toml").write_text(first.replace('id = "CP-1"\n', asks))
    force = '[[characteristic]]\nname = "force"\nunit = "kN"\nlsl = "10"\nusl = "20"\n'
    third = first.replace('id = "CP-1"\n', asks.replace("CP-2", "CP-3")).partition("[[characteristic]]")[0] + force
    (floor.folder / "third.toml").write_text(third)
    with closing(presses), closing(SqliteStore(floor.folder / "store.db")) as store:
        store.open()
        floor.collector()
        floor.agent()
        yield HoldOffice(floor, store, presses)


def refused(operator: Operator, serial: str, id_: str, words: str) -> None:
    operator.type(serial)
    operator.see(lambda now: now["says"] == id_ and words in str(now["message"]))
    assert operator.display["serial"] is None


def record_of(office: HoldOffice, serial: str, station: str) -> Inspection:
    """The unit's record, once it is in the store."""

    def found() -> Inspection | None:
        rows = office.store.find(serial, "serial")
        records = (open_line(b'{"sha256":"%s","record":%s}' % (row.sha256.encode(), row.data)).record for row in rows)
        return next((one for one in records if isinstance(one, Inspection) and one.station == station), None)

    record = until(found, f"{serial} of {station} is in the store")
    assert isinstance(record, Inspection)
    return record


def test_what_others_know_of_a_unit_is_known_at_the_station(floor: Floor, capsys: pytest.CaptureFixture[str]) -> None:
    with plant(floor) as office, closing(Operator(floor)) as first, closing(Operator(floor, "OP20")) as second:
        first.log_on()
        second.log_on()
        first.inspect("SN1")
        record_of(office, "SN1", "OP10")

        said = office.say(hold("SN2", "a burr", line="office"))
        office.is_told("SN2", "hold")
        refused(first, "SN2", HELD.cause, HELD_SAYS)
        with capsys.disabled():
            print(f"\nheld in the office, refused at the station {time.monotonic() - said:.2f} s later")
        office.say(release("SN2"))
        office.is_told("SN2", "released")
        first.inspect("SN2")
        assert record_of(office, "SN2", "OP10").unit_state == "released"

        # Of another line's PC: known to the store alone.
        office.store.write([opened(1, "SN3", agent="pc9", line="line9", station="OP5", verdict="fail")])
        asked = time.monotonic()
        refused(first, "SN3", HELD.cause, "is not to be measured on: fail since")
        with capsys.disabled():
            print(f"asked and refused within {1000 * (time.monotonic() - asked):.0f} ms of the scan")

        refused(second, "SN4", NOT_PASSED.cause, NOT_PASSED.says)
        second.inspect("SN1")
        route = record_of(office, "SN1", "OP20").route
        assert [(one.operation, one.verdict) for one in route] == [("OP10", "pass")]
        assert (office.press("SN4"), office.press("SN1")) == (plc.REJECTED, plc.STORED_PASS), "answered in time"
        passed = [(one.operation, one.verdict) for one in record_of(office, "SN1", "OP30").route]
        assert passed == [("OP10", "pass"), ("OP20", "pass")]

        office.say(hold("SN5", line="office"))
        office.is_told("SN5", "hold")
        floor.kill("collector")
        refused(second, "SN1", UNKNOWN.cause, UNKNOWN_SAYS)
        assert office.press("SN1") == plc.REJECTED, "nobody has answered"
        first.inspect("SN6")  # behind it, the refusal is in the spool, too
        floor.kill("agent")
        floor.agent()
        with closing(Operator(floor)) as again:
            again.log_on()
            refused(again, "SN5", HELD.cause, HELD_SAYS)
            again.inspect("SN7")
        floor.collector()
        assert [(one.operation, one.verdict) for one in record_of(office, "SN7", "OP10").route] == [("*", None)]
        config = str(floor.folder / "collector.toml")
        for serial, row in (("SN5", HELD), ("SN4", NOT_PASSED), ("SN1", UNKNOWN)):
            words = ["trace", serial, "--config", config]
            until(
                lambda words=words, row=row: row.cause in CliRunner().invoke(cli.app, [*words, "--json"]).output, serial
            )
