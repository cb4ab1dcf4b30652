"""What a station works by, and how it changes: each change an event, once, also over a restart; the first unit by
another edition a break point; a lot finished by the edition that began it, where the plan says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from spool_bodies import events, records, spool
from station_floor import LOOKS, setup

from gaugetrail_agent.health.notices import plan_notice
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.choosing.plan_choice import plan_for, with_lots_finished
from gaugetrail_agent.station.given.plans_here import NO_PLAN, RegisterHere, SettingsHere
from gaugetrail_agent.station.keeping.changes import changes, read, works_by, written
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.record import Event, Inspection

A, B, C = "a" * 64, "b" * 64, "c" * 64
LOTS = re.compile(r"(?P<serial>SN[0-9]+)(/(?P<lot>L[0-9]+))?(/(?P<order>W[0-9]+))?")


def by(revision: str, sha256: str, change: str = "now", effective: str | None = None, **more: Any) -> Setup:
    """A station that works by that edition of CP-1, whose one characteristic is scanned."""
    at = setup(LOOKS)
    file = at.plan.file.model_copy(update={"change": change})
    ref = msgspec.structs.replace(at.plan.ref, revision=revision, sha256=sha256, effective=effective)
    return replace(at, plan=replace(at.plan, file=file, ref=ref), unit=LOTS, **more)


def none(**more: Any) -> Setup:
    return replace(setup(LOOKS), plan=NO_PLAN, refuses=said("document.unknown", document="CP-1"), **more)


def told(at: Setup, before: Setup) -> list[dict[str, object]]:
    return [dict(event.payload) for event in changes(at, works_by(before))]


# --- pure


def test_what_changed_is_named_with_its_text_before_and_after() -> None:
    assert told(by("B", B), by("A", A)) == [
        {"what": "plan", "document": "CP-1", "revision_before": "A", "before": A, "revision": "B", "after": B}
    ]
    assert told(by("A", A), none()) == [{"what": "plan", "document": "CP-1", "revision": "A", "after": A}]
    (gone,) = told(none(), by("A", A))
    assert gone["before"] == A
    assert "after" not in gone
    assert str(gone["refused"]).startswith("no edition of CP-1 is in force")
    assert told(by("A", A), by("A", A)) == []


def test_a_plan_that_is_barred_is_none_in_force() -> None:
    barred = by("A", A, barred={"CP-1": said("document.withdrawn", document="CP-1")})
    assert works_by(barred) == {}
    (gone,) = told(barred, by("A", A))
    assert (gone["before"], str(gone["refused"])[:4]) == (A, "CP-1")


def test_registers_and_settings_change_too() -> None:
    before = by("A", A, registers={"people": RegisterHere("PEOPLE", "3", A)}, settings=SettingsHere(A))
    now = by("A", A, registers={"people": RegisterHere("people.csv", "-", B)}, settings=SettingsHere(B, ("mqtt.host",)))
    assert told(now, before) == [
        {"what": "people", "document": "PEOPLE", "revision_before": "3", "before": A},
        {"what": "people", "document": "people.csv", "after": B},
        {"what": "settings", "before": A, "after": B, "keys": ["mqtt.host"]},
    ]


def test_what_the_spool_remembers_is_read_as_it_was_and_anything_else_is_no_past() -> None:
    found = works_by(by("A", A, settings=SettingsHere(B)))
    assert read(written(found)) == found
    for text in (None, "", "{", "[]", '{"plan": 1}', '{"plan": ["A"]}'):
        assert read(text) is None


@pytest.mark.parametrize(
    ("change", "lots", "ids", "revision"),
    [
        ("finish_lot", {"CP-1": "L1"}, {"serial": "SN1", "lot": "L1"}, "A"),
        ("finish_lot", {"CP-1": "L1"}, {"serial": "SN1", "lot": "L2"}, "B"),
        ("finish_lot", {"CP-1": "W1"}, {"serial": "SN1", "lot": "L9", "order": "W1"}, "A"),
        ("finish_lot", {"CP-1": "L1"}, {"serial": "SN1"}, "B"),
        ("finish_lot", {}, {"serial": "SN1", "lot": "L1"}, "B"),
        ("now", {"CP-1": "L1"}, {"serial": "SN1", "lot": "L1"}, "B"),
    ],
)
def test_the_new_edition_says_whether_a_lot_is_finished_by_the_one_before(
    change: str, lots: dict[str, str], ids: dict[str, str], revision: str
) -> None:
    at = with_lots_finished(by("A", A), by("B", B, change), lots)
    found = plan_for(at, ids)
    assert getattr(found, "ref", None) is not None, found
    assert found.ref.revision == revision  # type: ignore[union-attr]
    assert at.plan_of(found.ref) is found  # type: ignore[union-attr]


def test_a_lot_is_not_finished_by_what_was_withdrawn_or_barred() -> None:
    assert with_lots_finished(by("A", A), none(), {"CP-1": "L1"}).finishing == {}
    why = {"CP-1": said("document.not_yet", document="CP-1", since="")}
    assert with_lots_finished(by("A", A), by("B", B, "finish_lot", barred=why), {"CP-1": "L1"}).finishing == {}
    assert with_lots_finished(by("A", A, barred=why), by("B", B, "finish_lot"), {"CP-1": "L1"}).finishing == {}


def test_a_third_edition_meanwhile_changes_nothing_for_the_lot_begun() -> None:
    second = with_lots_finished(by("A", A), by("B", B, "finish_lot"), {"CP-1": "L1"})
    third = with_lots_finished(second, by("C", C, "finish_lot"), {"CP-1": "L1"})
    assert plan_for(third, {"lot": "L1"}).ref.revision == "A"  # type: ignore[union-attr]
    assert plan_for(third, {"lot": "L2"}).ref.revision == "C"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("at", "old_us", "found"),
    [
        (by("A", A), 5, None),
        (by("A", A, effective="2026-11-01"), None, None),
        (by("A", A, effective="2026-11-01"), 5, ("amber", "notice.documents_old")),
        (none(), 5, ("red", "document.unknown")),
    ],
)
def test_a_list_that_nobody_confirms_is_told_where_it_matters(
    at: Setup, old_us: int | None, found: tuple[str, str] | None
) -> None:
    notice = plan_notice(at, old_us)
    assert (None if notice is None else (notice.sign, notice.says.id)) == found


# --- at a station, over a real spool


class Life:
    """A station from a start of the agent on."""

    def __init__(self, at: Setup, one: Spool) -> None:
        doors = Doors(None, None, None, lambda _: None)  # type: ignore[arg-type]  # no device is asked or answered here
        self.runner = StationRunner(at, one, FixedClock(), doors)

    def live(self, *acts: Callable[[], None]) -> None:
        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)  # the runner's task has begun
            for act in (lambda: self.runner.scanned("OP-12"), *acts):
                act()
                await self.runner.finish()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())

    def unit(self, code: str) -> tuple[Callable[[], None], Callable[[], None]]:
        return (lambda: self.runner.scanned(code)), (lambda: self.runner.scanned("%OK"))

    def takes(self, at: Setup) -> Callable[[], None]:
        return lambda: self.runner.renew(at, lambda: None)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def happened(one: Spool) -> list[str]:
    """Records in their order: units by their revision, events by what they say."""
    found = []
    for record in records(one):
        if isinstance(record, Inspection):
            found.append(f"{record.serial} {record.plan.revision}")
        else:
            assert isinstance(record, Event)
            if record.type.startswith("person."):
                continue
            payload: dict[str, Any] = dict(record.payload)
            serial = payload.get("serial", "")
            revisions = f"{payload.get('revision_before', '')}>{payload.get('revision', '')}"
            found.append(" ".join(filter(None, (record.type, serial, revisions))))
    assert events(one) is not None, "each is of a known type"
    return found


def test_a_first_life_changes_nothing(one: Spool) -> None:
    life = Life(by("A", A), one)
    life.live(*life.unit("SN1"))
    Life(by("A", A), one).live()
    assert happened(one) == ["SN1 A"]


def test_a_change_between_units_and_the_first_unit_after_it_are_events(one: Spool) -> None:
    life = Life(by("A", A), one)
    life.live(*life.unit("SN1"), life.takes(by("B", B)), *life.unit("SN2"), *life.unit("SN3"))
    wanted = ["SN1 A", "station.changed A>B", "station.break_point SN2 A>B", "SN2 B", "SN3 B"]
    assert happened(one) == wanted
    (point,) = [dict(event.payload) for event in events(one) if event.type == "station.break_point"]
    assert (point["plan"], point["before"], point["after"]) == ("CP-1", A, B)


def test_a_change_while_the_agent_was_stopped_is_told_at_the_start(one: Spool) -> None:
    life = Life(by("A", A), one)
    life.live(*life.unit("SN1"))
    again = Life(by("B", B), one)
    again.live(*again.unit("SN2"))
    assert happened(one) == ["SN1 A", "station.changed A>B", "station.break_point SN2 A>B", "SN2 B"]


def test_a_unit_in_hand_is_finished_before_anything_changes(one: Spool) -> None:
    life = Life(by("A", A), one)
    begin, end = life.unit("SN1")
    life.live(begin, life.takes(by("B", B)), end, *life.unit("SN2"))
    assert happened(one) == ["SN1 A", "station.changed A>B", "station.break_point SN2 A>B", "SN2 B"]


def test_a_lot_is_finished_and_the_break_point_comes_with_the_next_one(one: Spool) -> None:
    """And back in the first lot, the new edition stays."""
    life = Life(by("A", A), one)
    codes = [step for code in ("SN2/L1", "SN3/L2", "SN4/L1") for step in life.unit(code)]
    life.live(*life.unit("SN1/L1"), life.takes(by("B", B, "finish_lot")), *codes)
    assert happened(one) == ["SN1 A", "station.changed A>B", "SN2 A", "station.break_point SN3 A>B", "SN3 B", "SN4 B"]
    (change,) = [dict(event.payload) for event in events(one) if event.type == "station.changed"]
    assert change["finishes"] == "L1"
