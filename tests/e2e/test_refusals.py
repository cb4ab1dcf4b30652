"""What a station refuses is found by trace: a real agent with a gauge on a pty, broker, collector and SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from floor import Floor, Operator, until
from line_pc import PtyDevice, write_agent, write_plan

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

TABLES = """
[[link]]
name = "bore-port"
kind = "serial"
port = "{folder}/bore"
[[device]]
name = "bore"
link = "bore-port"
driver = "digimatic-13"
gauge = "G-0017"
bounce_secs = 0
settings = {{ {unit} }}
[[station]]
name = "OP10"
plan = "plan.toml"
unit_pattern = "(?P<serial>SN[0-9]+)(/(?P<part>.+))?"
"""
CHARACTERISTICS = """
[[characteristic]]
name = "bore_diameter"
unit = "mm"
lsl = "73.950"
usl = "74.050"
device = "bore"
[[characteristic]]
name = "looks"
kind = "attribute"
"""
PEOPLE = """\
id,name,roles,operation,issued,expires
OP-1,Ada,operator,OP10,2026-01-01,
OP-2,Bob,operator,OP30,2026-01-01,
OP-3,Eve,quality engineer,,,
"""
DATA = b"01A+0074.000\r"
"""What the gauge sends when its DATA key is pressed."""


@pytest.fixture
def bore(floor: Floor) -> Iterator[PtyDevice]:
    port = PtyDevice(floor.folder / "bore")
    yield port
    port.pull()


def written(floor: Floor, status: str = "active", unit: str = 'unit = "mm"') -> None:
    registers = 'gauges = "gauges.csv"\npeople = "people.csv"'
    write_agent(
        floor, TABLES.format(folder=floor.folder, unit=unit), f'id = "pc1"\nsite = "s"\nline = "l"\n{registers}'
    )
    write_plan(floor, CHARACTERISTICS)
    (floor.folder / "gauges.csv").write_text(f"id,calibration_due,status\nG-0017,2099-01-31,{status}\n")
    (floor.folder / "people.csv").write_text(PEOPLE)


def traced(floor: Floor, word: str) -> str:
    """What `trace` says of an identifier, once it knows it."""

    def answer() -> str | None:
        code, out, _ = floor.ask_here("gaugetrail-collector", "trace", word, "--config", "collector.toml")
        return out if code == 0 else None

    return str(until(answer, f"trace knows {word}"))


def said(operator: Operator, id_: str) -> None:
    operator.see(lambda now: now["says"] == id_)


def test_each_refusal_is_found_by_what_it_names_and_the_part_is_recorded_as_ever(floor: Floor, bore: PtyDevice) -> None:
    """Unknown and unqualified badges, another part, a value before the unit, a wrong word; then the part itself."""
    floor.broker()
    written(floor)
    floor.write_collector()
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    for text, told in (
        ("OP-99", "badge.unknown"),
        ("OP-99", "badge.unknown"),
        ("OP-2", "badge.not_qualified"),
        ("%ALLOW:in training, I stand beside", "allow.badge"),
        ("OP-3", "allow.at_station"),
    ):
        operator.type(text)
        said(operator, told)
    operator.log_on()
    until(lambda: "is open" in floor.log("agent"), "the gauge's port is open")
    operator.type("SN000007/PR-75")
    said(operator, "unit.other_part")
    bore.send(DATA)
    said(operator, "value.before_unit")
    operator.type("SN000001/PR-1")
    operator.see(lambda now: now["serial"] == "SN000001")
    bore.send(DATA)
    said(operator, "value.taken_with_unit")
    operator.type("maybe")
    said(operator, "typed.ok_or_nok")
    operator.type("%OK")
    said(operator, "record.recorded")
    operator.close()
    assert "OP-99 is not in the people list" in traced(floor, "OP-99")
    assert "OP-2 is not qualified for OP10: let somebody measure who is" in traced(floor, "OP-2")
    assert "in training, I stand beside" in traced(floor, "OP-3"), "who allows it is found as well as whom"
    assert "this is a PR-75; the plan CP-1 is for PR-1" in traced(floor, "SN000007")
    until(lambda: "looks: scan %OK or %NOK" in traced(floor, "SN000001"), "the refused word stands in the part's trace")
    assert "station.refused" in traced(floor, "SN000001")
    until(lambda: floor.waiting() == 0, "everything is in the store")
    until(lambda: floor.verify()["ok"], "the chain is whole")


@pytest.mark.parametrize(
    ("status", "unit", "told"),
    [("blocked", 'unit = "mm"', "value.gauge_unfit"), ("active", "", "value.no_unit")],
)
def test_an_unfit_gauge_and_a_value_without_a_unit_are_found_by_gauge_and_part(
    floor: Floor, bore: PtyDevice, status: str, unit: str, told: str
) -> None:
    floor.broker()
    written(floor, status, unit)
    floor.write_collector()
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    until(lambda: "is open" in floor.log("agent"), "the gauge's port is open")
    operator.type("SN000001")
    operator.see(lambda now: now["serial"] == "SN000001")
    for _ in range(3):
        bore.send(DATA)
        said(operator, told)
    operator.close()
    assert "station.refused station OP10: " in traced(floor, "SN000001")
    assert "station.refused station OP10: " in traced(floor, "OP-1")
    code, out, _ = floor.ask(
        "gaugetrail-collector", "trace", "--kind", "gauge", "G-0017", "--config", "collector.toml", "--json"
    )
    assert code == 0, out
    assert told in out
    floor.stop("agent")
    until(lambda: floor.waiting() == 0, "everything is in the store")
    _, out, _ = floor.ask_here("gaugetrail-collector", "trace", "SN000001", "--config", "collector.toml", "--json")
    found = json.loads(out)
    counts = [event["payload"]["count"] for event in found["events"] if event["payload"]["cause"] == told]
    assert counts == [1, 2], "one at once; what repeated is told when the agent stops"
