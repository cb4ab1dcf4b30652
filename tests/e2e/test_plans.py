"""One folder of plans serves two stations of a real agent, each by its own wiring; believed is what was sealed."""

from __future__ import annotations

import hashlib
import os
import tty
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from floor import Floor, Operator, until

from gaugetrail_contract.record import Capture, Event, Inspection, Verdict
from gaugetrail_contract.seal import cut_line, open_sealed

pytestmark = pytest.mark.processes

AGENT = """
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "agent-data"
[mqtt]
host = "127.0.0.1"
port = {mqtt}
[terminal]
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
settings = {{ unit = "mm" }}
bounce_secs = 0
"""
STATION = """
[[station]]
name = "{name}"
plans = ["plans/*.toml"]
operation = "OP20"
unit_pattern = "((?P<part>PR-[0-9]+)/)?((?P<revision>[A-Z])/)?(?P<serial>SN[0-9]+)"
"""
WIRING = '[[station.wiring]]\ncharacteristic = "{name}"\ndevice = "{device}"\n'
PLAN = 'id = "{id}"\nrevision = "A"\npart = "{part}"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
WALL = """part_revision = "B"
operation = "OP20"
[[characteristic]]
name = "left"
unit = "mm"
[[characteristic]]
name = "right"
unit = "mm"
[[characteristic]]
name = "wall"
unit = "mm"
formula = "mean(left, right)"
decimals = 3
usl = "3.100"
[[characteristic]]
name = "ratio"
formula = "left ÷ right"
decimals = 2
"""
BORE = """[[characteristic]]
name = "left"
unit = "mm"
class = "CC"
lsl = "73.95"
usl = "74.05"
plausible_low = "70"
plausible_high = "80"
"""
ELSEWHERE = 'operation = "OP90"\n[[characteristic]]\nname = "other"\nunit = "mm"\n'


class Bench:
    """Two gauges on their wires, and what the stations sealed."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._ends = {name: os.openpty() for name in ("front", "back")}
        for name, (_, far) in self._ends.items():
            tty.setraw(far)
            (floor.folder / name).symlink_to(os.ttyname(far))

    def press(self, gauge: str, value: str) -> None:
        """The gauge's DATA key."""
        os.write(self._ends[gauge][0], f"01A+{value}\r".encode())

    def close(self) -> None:
        for ends in self._ends.values():
            for end in ends:
                os.close(end)

    def records(self) -> list[Inspection | Event]:
        code, _, err = self._floor.ask_here(
            "gaugetrail-agent", "spool", "export", "sealed.jsonl", "--config", "agent.toml"
        )
        assert code == 0, err
        lines = (self._floor.folder / "sealed.jsonl").read_bytes().splitlines()
        records = [open_sealed(cut_line(line)) for line in lines]
        return [one for one in records if isinstance(one, Inspection | Event)]


@pytest.fixture
def bench(floor: Floor) -> Iterator[Bench]:
    plans = floor.folder / "plans"
    plans.mkdir()
    for name, part, text in (("wall", "PR-74", WALL), ("bore", "PR-75", BORE), ("elsewhere", "PR-75", ELSEWHERE)):
        (plans / f"{name}.toml").write_text(PLAN.format(id=f"CP-{name}", part=part) + text)
    gauges = "".join(GAUGE.format(name=name, folder=floor.folder) for name in ("front", "back"))
    stations = "".join(
        STATION.format(name=station) + "".join(WIRING.format(name=name, device=device) for name in ("left", "right"))
        for station, device in (("OP20-1", "front"), ("OP20-2", "back"))
    )
    (floor.folder / "agent.toml").write_text(AGENT.format(mqtt=floor.mqtt_port) + gauges + stations)
    made = Bench(floor)
    try:
        yield made
    finally:
        made.close()


def says(operator: Operator, id_: str, words: str = "") -> None:
    operator.see(lambda now: now["says"] == id_ and words in str(now["message"]))


def test_one_plan_serves_two_stations_and_each_part_is_measured_by_its_own(floor: Floor, bench: Bench) -> None:
    """Derived, refused, odd and impossible: shown at the station, sealed with the digest of the one document."""
    floor.agent()
    with ExitStack() as ends:
        first, second = Operator(floor, "OP20-1"), Operator(floor, "OP20-2")
        ends.callback(first.close)
        ends.callback(second.close)
        for operator in (first, second):
            operator.log_on()
        until(lambda: floor.log("agent").count("is open") >= 2, "both gauges' ports are open")
        first.type("SN9")
        says(first, "plan.which_part", "the station has plans for PR-74, PR-75")
        first.type("PR-74/C/SN9")
        says(first, "plan.other_revision", "PR-74 revision C has no plan here, only B")
        for operator, gauge, serial, right in (
            (first, "front", "SN1", "0004.000"),
            (second, "back", "SN2", "0000.000"),
        ):
            operator.type(f"PR-74/B/{serial}")
            operator.see(lambda now: now["plan"] == "CP-wall" and now["next"] == "left")
            bench.press(gauge, "0002.001")
            says(operator, "value.taken_with_unit")
            bench.press(gauge, right)
        says(first, "record.recorded", "SN1 pass, recorded")
        says(second, "record.recorded_without", "SN2 incomplete, recorded: ratio can't be computed: a division by zero")
        second.type("PR-75/SN3")
        operator.see(lambda now: now["plan"] == "CP-bore")
        bench.press("back", "0007.401")
        says(second, "value.implausible", "which left can't be (70 … 80)")
        bench.press("back", "0074.010")
        says(second, "record.recorded", "SN3 pass, recorded")
    records = bench.records()
    told = {one.serial: one for one in records if isinstance(one, Inspection)}
    derived = {one.characteristic: (one.value, one.capture) for one in told["SN1"].measurements[2:]}
    assert derived == {"wall": ("3.000", Capture.DERIVED), "ratio": ("0.50", Capture.DERIVED)}
    assert [(told[serial].station, told[serial].verdict) for serial in ("SN1", "SN2", "SN3")] == [
        ("OP20-1", Verdict.PASS),
        ("OP20-2", Verdict.INCOMPLETE),
        ("OP20-2", Verdict.PASS),
    ]
    digest = hashlib.sha256((floor.folder / "plans" / "wall.toml").read_bytes()).hexdigest()
    assert {told[serial].plan.sha256 for serial in ("SN1", "SN2")} == {digest}
    assert (told["SN1"].operation, told["SN1"].revision, told["SN3"].measurements[0].class_) == ("OP20", "B", "CC")
    refused = {one.payload["cause"] for one in records if isinstance(one, Event) and one.type == "station.refused"}
    assert refused == {"plan.which_part", "plan.other_revision", "value.implausible"}
