"""Charts, capability and drafts of limits follow the values as they count: late ones where they were measured, those
that were measured again in the first one's place, amended ones as amendments say; in the raw view as they were sealed.
"""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path

import msgspec
import pytest
from samples import T0, inspection, measurement
from small_plant import SECOND, chained, correction, fill
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import InspectionBody

CALM = [f"{74 + random.Random(15 + at).gauss(0, 0.01):.3f}" for at in range(40)]
WILD = {3: "74.900", 9: "75.900", 14: "73.100", 20: "74.500"}
"""Units that were measured wrong: excluded, voided, corrected, and measured again."""
LATE = 30
"""The unit that another PC recorded, long after."""
HEAD = ("--id", "CL-1", "--of", "bore", "--reason", "first baseline")
KINDS = {
    "chart": ("--type", "imr", "--rules", "we,nelson"),
    "capability": ("--lsl", "73.9", "--usl", "74.1", "--anyway"),
    "limits": ("--type", "imr", "--baseline", "1-25", *HEAD),
    "describe": (),
}


def moment(at: int) -> int:
    return T0 + (at + 1) * SECOND - 20


def unit(at: int, value: str, **more: object) -> InspectionBody:
    own = measurement(0, value=value, time=utc_text(moment(at)))
    return msgspec.structs.replace(inspection(f"SN{at}", measurements=(own,)), **{"lot": "L1", **more})


def table(path: Path, rows: list[tuple[int, str]]) -> Path:
    path.write_text("value,at\n" + "".join(f"{value},{utc_text(moment(at))}\n" for at, value in rows))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store, and the tables of what counts and of what was sealed."""
    folder = tmp_path_factory.mktemp("amended")
    sealed = [(at, WILD.get(at, value)) for at, value in enumerate(CALM)]
    bodies = [unit(at, value, lot="L2" if at == 5 else "L1") for at, value in sealed if at != LATE]
    again = msgspec.structs.replace(unit(39, CALM[20]), attempt=2, supersedes="pc1/abcdefgh/21")
    again = msgspec.structs.replace(again, measurements=(measurement(0, value=CALM[20], time=utc_text(moment(60))),))
    made = chained([*bodies, again])
    late = chained([unit(LATE, CALM[LATE])], "pc2", "lateepoc", T0 + 90 * SECOND, slot=8)
    changes = [
        correction(made[3], action="exclude", field="bore_0", old=None, new=None),
        correction(made[9], action="void", field=None, old=None, new=None),
        correction(made[14], action="correct", field="bore_0", old=WILD[14], new=CALM[14]),
        correction(made[5], action="re-attribute", field="lot", old="L2", new="L1"),
    ]
    store = SqliteStore(folder / "store.db")
    store.open()
    for records in (made, late, chained(changes, "office", "qrstuvwx", T0 + 900 * SECOND, slot=9)):
        fill(store, records)
    store.close()
    (folder / "collector.toml").write_text(
        'id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n'
    )
    table(folder / "counts.csv", [(at, value) for at, value in enumerate(CALM) if at not in (3, 9)])
    table(folder / "sealed.csv", [*sealed, (60, CALM[20])])
    return folder


def asked(kind: str, *words: str) -> dict:
    done = CliRunner().invoke(cli.app, ["stats", kind, *words, *KINDS[kind], "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def numbers(found: dict) -> dict:
    """The answer without what only the store can tell."""
    found.pop("warnings")
    for chart in found.get("charts", {}).values():
        for one in (*chart["points"], *chart["signals"]):
            one.pop("limits_version", None)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("view", "file"), [((), "counts.csv"), (("--raw",), "sealed.csv")])
def test_the_store_s_answer_is_that_of_a_table_of_what_counts(
    folder: Path, kind: str, view: tuple[str, ...], file: str
) -> None:
    lots = () if view else ("--where", "lot=L1")
    store = ("--characteristic", "bore_0", "-c", str(folder / "collector.toml"), *view, *lots)
    data = ("--data", str(folder / file), "--value", "value", "--time", "at")
    of_store, of_table = asked(kind, *store), asked(kind, *data)
    if kind == "limits":
        for found in (of_store, of_table):
            found["document"] = tomllib.loads(found["document"])
            # In the table it stands at the place of the first; it was measured when it was.
            del found["document"]["baseline"]["until"]
    warnings = of_store["warnings"]
    assert numbers(of_store) == numbers(of_table)
    told = [one for one in warnings if "value" in one.split()[:2] or "values" in one.split()[:2]]
    assert told == (
        []
        if view
        else [
            "2 values left out as voided or excluded by amendments",
            "2 values taken as amendments corrected them",
            "1 value measured again, each in the place of the first",
        ]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_s_late_row_counts_where_it_was_measured(folder: Path, tmp_path: Path, kind: str) -> None:
    rows = list(enumerate(CALM))
    ordered = asked(kind, "--data", str(table(tmp_path / "F.csv", rows)), "--value", "value", "--time", "at")
    random.Random(3).shuffle(rows)
    shuffled = table(tmp_path / "F.csv", rows)
    assert asked(kind, "--data", str(shuffled), "--value", "value", "--time", "at") == ordered
    if kind == "chart":
        assert asked(kind, "--data", str(shuffled), "--value", "value") != ordered


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("2026-11-02T06:00:00Z", "soon"), "line 3, column at: 'soon' is no time"),
        (("2026-11-02T06:00:00Z", ""), "line 3, column at: '' is no time"),
        (("2026-11-02T06:00:00Z", "2026-11-02T06:00:01"), "some times have a zone and some have none"),
    ],
)
def test_times_that_make_no_order_are_refused(tmp_path: Path, cells: tuple[str, ...], said: str) -> None:
    path = tmp_path / "F.csv"
    path.write_text("value,at\n" + "".join(f"{at},{cell}\n" for at, cell in enumerate(cells)))
    done = CliRunner().invoke(cli.app, ["stats", "describe", "--data", str(path), "--value", "value", "--time", "at"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
