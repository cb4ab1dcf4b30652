"""What was scanned as built in is found in the store, both ways: what is in a unit, and where a piece went."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.given.plans_here import PlansHere
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup, StationTable, station_setup
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.genealogy import Direction, Thing, walk
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.seal import Opened, open_sealed

PLAN = {
    "id": "CP-1",
    "revision": "A",
    "part": "PUMP",
    "approved_by": "QE",
    "approved_on": "2026-11-01",
    "context": [{"kind": "heat"}],
    "component": [
        {"part": "PIN-9", "quantity": 2, "pattern": "(?P<part>[A-Z]+-[0-9]+)/(?P<id>.+)"},
        {"part": "OIL-1", "kind": "lot", "each": "change", "pattern": "(?P<part>[A-Z]+-[0-9]+)/(?P<id>.+)"},
    ],
    "characteristic": [{"name": "looks", "kind": "attribute"}],
}
SHIFT = (
    *("OP-1", "P1", "H1", "PIN-9/A1", "PIN-9/A2", "OIL-1/O1", "%OK"),
    *("P2", "H2", "PIN-9/A3", "PIN-9/A4", "%OK"),
    *("%MERGE:O1", "OLD-1", "OLD-2", "%DONE"),
)


def here() -> Setup:
    plan = Plan(PlanFile.model_validate(PLAN), PlanRef(id="CP-1", revision="A", sha256="0" * 64), Path("cp.toml"))
    table = StationTable.model_validate({"name": "OP20", "plan": "cp.toml"})
    return station_setup(table, PlansHere((plan,)), site="s", line="l", devices={}, gauges={}, people=None)


async def worked(one: Spool) -> None:
    async def nothing(*_: Any) -> None:
        pass

    runner = StationRunner(here(), one, FixedClock(), Doors(nothing, nothing, lambda *_: {}, lambda _: None))
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(0)
    for text in SHIFT:
        runner.scanned(text)
        await runner.finish()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await runner.finish()


def found(store: SqliteStore, kind: str, name: str, way: Direction) -> dict[str, int]:
    family = walk(store, Thing(kind, name), way, 20, 1000)
    return {str(thing): distance for thing, distance in family.distance.items() if distance}


def test_a_unit_leads_to_its_pieces_and_lots_and_these_lead_to_it(tmp_path: Path) -> None:
    one = Spool(tmp_path / "spool.db", agent="pc1", clock=FixedClock())
    one.open()
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    try:
        asyncio.run(worked(one))
        records = [Opened(entry.sealed, open_sealed(entry.sealed)) for entry in one.waiting(0, 10_000_000)]
        assert {str(outcome.fate) for outcome in store.write(records)} == {"stored"}
        assert found(store, "serial", "P1", "made_from") == {
            "heat H1": 1,
            "serial A1": 1,
            "serial A2": 1,
            "lot O1": 1,
            "lot OLD-1": 2,
            "lot OLD-2": 2,
        }
        assert found(store, "serial", "A3", "went_into") == {"serial P2": 1}
        assert found(store, "lot", "OLD-2", "went_into") == {"lot O1": 1, "serial P1": 2, "serial P2": 2}
    finally:
        store.close()
        one.close()
