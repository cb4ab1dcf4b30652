"""A station works from distributed documents: nothing without one, each edition from its moment on, nothing withdrawn.
A real agent, broker and collector; the desk of the one who writes documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from floor import Floor, Operator, until
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.signing import signer_at

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

PLAN = """id = "CP-1"
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
TIGHTER = PLAN.replace('"A"', '"B"').replace('usl = "2.0"', 'usl = "1.2"')


class Office:
    """The desk at the collector's host, beside the running service."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "collector-data"
        self.store = SqliteStore(folder / "store.db")
        self.store.open()
        self.desk = Desk(self.store, "collector", self.data / "documents.lock", WallClock(), master=True)
        signer_at(self.data / "documents.key")
        self.desk.begin("ida", "")

    def approve(self, text: str, revision: str) -> None:
        self.desk.new(NewEdition(DocumentKind.PLAN, "CP-1", text.encode(), revision), "eva")
        self.desk.step(StepKind.SUBMIT, "CP-1", "eva")
        self.desk.step(StepKind.APPROVE, "CP-1", "ida")
        self.tell()

    def tell(self) -> None:
        (self.data / "documents.news").touch()


@contextmanager
def plant(floor: Floor) -> Iterator[Office]:
    floor.broker()
    path = floor.write_collector()
    path.write_text(path.read_text() + "[documents]\nmaster = true\n")
    settings = floor.write_agent()
    settings.write_text(settings.read_text().replace('plan = "plan.toml"', 'plan = {document = "CP-1"}'))
    office = Office(floor.folder)
    with closing(office.store):
        floor.collector()
        floor.agent()
        yield office


def notices(now: dict[str, object]) -> list[str]:
    found = now["notices"]
    assert isinstance(found, list)
    return [one["says"] for one in found if one["about"] == "plan"]


def last(operator: Operator) -> tuple[object, object]:
    found = operator.display["last"]
    assert isinstance(found, dict)
    return found["serial"], found["verdict"]


def refused(operator: Operator, serial: str, id_: str) -> str:
    operator.type(serial)
    return str(operator.see(lambda now: now["says"] == id_)["message"])


def asked(floor: Floor, *words: str) -> str:
    """What a command of the collector prints; in this process, as its start takes its time."""
    return CliRunner().invoke(cli.app, [*words, "--config", str(floor.folder / "collector.toml")]).output


def traced(floor: Floor, word: str, wanted: str) -> str:
    """What `trace` says of a serial, once it says that."""

    def answer() -> str | None:
        out = asked(floor, "trace", word)
        return out if wanted in out else None

    return str(until(answer, f"trace of {word} says {wanted}"))


def test_a_station_begins_with_the_first_edition_changes_between_units_and_ends_with_a_withdrawal(floor: Floor) -> None:
    """Cut off from nothing, restarted never: SN1 by nothing, SN2 by A, SN3 begun under A, SN4 by B, SN5 by nothing."""
    with plant(floor) as office, closing(Operator(floor)) as operator:
        operator.log_on()
        operator.see(lambda now: notices(now) == ["document.unknown"])  # first: no list has come
        refused(operator, "SN1", "document.unknown")
        office.approve(PLAN, "A")
        operator.see(lambda now: now["revision"] == "A" and notices(now) == [])
        operator.inspect("SN2")

        operator.type("SN3")
        operator.see(lambda now: now["serial"] == "SN3")
        office.approve(TIGHTER, "B")
        text = floor.folder / "agent-data" / "documents" / "texts" / hashlib.sha256(TIGHTER.encode()).hexdigest()
        until(text.exists, "the next edition is there")
        operator.type("1.50")
        operator.see(lambda now: now["revision"] == "B")
        assert last(operator) == ("SN3", "pass")
        operator.inspect("SN4")
        assert last(operator) == ("SN4", "fail")

        office.desk.step(StepKind.WITHDRAW, "CP-1", "ida", "drawing recalled")
        office.tell()
        operator.see(lambda now: notices(now) == ["document.withdrawn"])
        refused(operator, "SN5", "document.withdrawn")

        assert "no edition of CP-1 is in force for this line" in traced(floor, "SN1", "station.refused")
        assert "CP-1 B, edition 2 was withdrawn" in traced(floor, "SN5", "station.refused")
        assert "CP-1" in traced(floor, "SN4", "station.break_point")
        assert "station.changed" in traced(floor, "CP-1", "station.changed")
        for serial, revision in (("SN2", "A"), ("SN3", "A"), ("SN4", "B")):
            traced(floor, serial, "depth")
            assert f"CP-1 {revision}" in asked(floor, "trace", serial, "--documents")
        words = ("document", "stations", "--listen", "0.3")
        stale = "OP10: no plan; STALE: it takes no unit: CP-1 B, edition 2 was withdrawn"
        until(lambda: stale in asked(floor, *words), "the office is told what the station refuses")
