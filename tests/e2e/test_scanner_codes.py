"""What scanners put around codes, end to end: a real agent, scanners on ptys, and the records that it seals."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from floor import Floor, Operator, until
from line_pc import PtyDevice, write_agent, write_plan

pytestmark = pytest.mark.processes

CHARACTERISTICS = """
[[characteristic]]
name = "pump"
kind = "text"
[[characteristic]]
name = "looks"
kind = "attribute"
"""

TABLES = """
[[link]]
name = "hand-port"
kind = "serial"
port = "{hand}"
[[link]]
name = "fixed-port"
kind = "serial"
port = "{fixed}"
[[device]]
name = "hand"
link = "hand-port"
driver = "scanner"
settings = {{ dead_time_secs = 0 }}
[[device]]
name = "fixed"
link = "fixed-port"
driver = "scanner"
settings = {{ gs1_separator = "|", dead_time_secs = 0 }}
[[station]]
name = "OP10"
plan = "plan.toml"
scanner = "hand"
unit_pattern = "SN-[0-9]+"
[[station]]
name = "OP20"
plan = "plan.toml"
scanner = "fixed"
unit_code = "structured"
"""


@pytest.fixture
def wires() -> Iterator[tuple[PtyDevice, PtyDevice]]:
    both = PtyDevice(), PtyDevice()
    yield both
    for wire in both:
        wire.pull()


def sealed(floor: Floor, number: int) -> dict[str, object]:
    """The inspection of that number, as it stands sealed in the spool; what was refused stands between them."""
    export = floor.folder / f"all-{number}.jsonl"
    code, _, err = floor.ask_here("gaugetrail-agent", "spool", "export", str(export), "--config", "agent.toml")
    assert code == 0, err
    records = [json.loads(line)["record"] for line in export.read_text().splitlines()]
    seq = [record["seq"] for record in records if record["kind"] == "inspection"][number - 1]
    code, out, err = floor.ask_here("gaugetrail-agent", "spool", "show", str(seq), "--config", "agent.toml", "--json")
    assert code == 0, err
    entry = json.loads(out)
    assert entry["seal_holds"] is True
    return dict(entry["record"])


def shift(floor: Floor, station: str, wire: PtyDevice, scans: list[tuple[bytes, str, str]]) -> None:
    """Scan one after the other, each once the station shows what the one before did: `(bytes, key, value)`."""
    with contextlib.closing(Operator(floor, station)) as operator:
        for data, key, value in scans:
            wire.send(data)
            operator.see(lambda now, key=key, value=value: value in json.dumps(now[key]))  # type: ignore[misc]


def test_serial_badge_and_command_are_bare_and_raw_has_all(floor: Floor, wires: tuple[PtyDevice, PtyDevice]) -> None:
    """AIM identifiers, ECI prefixes, a byte order mark, zero-width and no-break spaces around each code."""
    write_plan(floor, CHARACTERISTICS)
    hand, fixed = wires
    write_agent(floor, TABLES.format(hand=hand.port, fixed=fixed.port))
    floor.agent()
    until(lambda: floor.log("agent").count("is open") == 2, "both scanners are open")
    unit = "]Q2\\000026\ufeffSN-00042\u200b".encode()
    shift(
        floor,
        "OP10",
        hand,
        [
            (b"]C0OP-12\r", "operator", "OP-12"),
            ("SN-00\u200b042\r".encode(), "message", "nobody sees"),
            (b"]C0NOREAD\r", "operator", "OP-12"),
            (unit + b"\r", "serial", "SN-00042"),
            ("\u00a0PUMP-7\u00a0\r".encode(), "prompt", "looks"),
            (b"\xef\xbb\xbf%NOK:DENT\r", "last", "SN-00042"),
            (b"]d1%LOGOFF\r", "message", "logged off"),
        ],
    )
    first = sealed(floor, 1)
    pump, looks = first["measurements"]  # type: ignore[misc]
    assert (first["serial"], first["operator"], first["raw"]) == ("SN-00042", "OP-12", unit.hex())
    assert (pump["text"], pump["raw"]) == ("PUMP-7", "\u00a0PUMP-7\u00a0".encode().hex())
    assert (looks["result"], looks["defects"]) == ("nok", ["DENT"])
    gs1 = b"]d2010950600013435210L7|2100042"
    shift(
        floor,
        "OP20",
        fixed,
        [
            (b"OP-12\r", "operator", "OP-12"),
            (b"]d1010950600013435221AB\r", "message", "neither serial nor lot"),
            (b"]A0S4711\r", "message", "neither serial nor lot"),
            (gs1 + b"\r", "serial", "00042"),
            (b"PUMP-8\r", "prompt", "looks"),
            (b"%OK\r", "last", "00042"),
        ],
    )
    second = sealed(floor, 2)
    assert (second["serial"], second["lot"], second["raw"]) == ("00042", "L7", gs1.hex())
    assert floor.stop("agent") == 0
