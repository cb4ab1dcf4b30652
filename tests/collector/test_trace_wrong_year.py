"""Records of a wrong year are found where the spool had them, marked, with their true time where that is known."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from places import Place
from samples import T0, head, inspection
from small_plant import DAY, SECOND, correction, fill, happening

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing import record_rows
from gaugetrail_collector.tracing.trace import Known, Question, gathered, pages, trace
from gaugetrail_collector.tracing.trace_tables import tables
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV, Body
from gaugetrail_contract.seal import Opened, open_line, seal

YEARS = 14 * 365 * DAY
RIGHT = T0 + DAY
"""When the clock was set right."""


def timed(agent: str, epoch: str, bodies: Sequence[Body], times: Sequence[int]) -> list[Opened]:
    """A chain whose records have these times."""
    made: list[Opened] = []
    for seq, (body, at) in enumerate(zip(bodies, times, strict=True), 1):
        prev = made[-1].sealed.sha256 if made else FIRST_PREV
        top = msgspec.structs.replace(head(body, seq, prev, agent, epoch), time=utc_text(at))
        made.append(open_line(seal(top, body).line()))
    return made


def wrong_year(agent: str = "pc1") -> list[Opened]:
    """Two units of today, two of 2040, the clock is set right, two more; the second of 2040 is amended."""
    unit = [inspection("SN1", attempt=attempt, measurements=()) for attempt in range(1, 7)]
    old = timed(agent, "before000000", unit[:4], [T0, T0 + SECOND, T0 + YEARS, T0 + YEARS + SECOND])
    told = {"reason": "right", "old_epoch": "before000000", "last_seq": 4, "last_seal": old[-1].sealed.sha256}
    told["last_time"] = old[-1].record.time
    amended = correction(old[3], field="time", old=old[3].record.time, new=utc_text(RIGHT - 9 * SECOND))
    bodies = [happening("spool.retimed", "agent", agent, **told), amended, *unit[4:]]
    return old + timed(agent, "after0000000", bodies, [RIGHT + number * SECOND for number in range(4)])


def attempts(known: Sequence[Known]) -> list[int]:
    return [one.record.attempt for one in known if one.record is not None and one.record.kind == "inspection"]


def test_an_agents_epochs_are_told_in_the_order_of_its_spool(place: Place) -> None:
    """Those of 2040 would come last, and the newest verdict of the unit would be a wrong one."""
    store = place.store()
    fill(store, wrong_year())
    found = trace(store, "SN1")
    assert attempts(found.inspections) == [1, 2, 3, 4, 5, 6]
    marks = [one.misdated for one in found.inspections]
    assert [mark is not None for mark in marks] == [False, False, True, True, False, False]
    right = utc_text(RIGHT)[:19]
    unknown = f"sealed in a wrong year: the clock was set right on {right}Z; its true time is not known, but earlier"
    assert marks[2:4] == [
        unknown,
        f"sealed in a wrong year: the clock was set right on {right}Z; its true time is {utc_text(RIGHT - 9 * SECOND)}",
    ]


def test_between_agents_the_true_time_decides(place: Place) -> None:
    """Another agent's record of the minute before the clock was set right stands before the amended one's."""
    store = place.store()
    fill(store, wrong_year())
    other = [inspection("SN1", attempt=40 + number, measurements=()) for number in range(3)]
    fill(store, timed("pc2", "other0000000", other, [T0 + 10 * SECOND, RIGHT - 10 * SECOND, RIGHT + 10 * SECOND]))
    assert attempts(trace(store, "SN1").inspections) == [1, 2, 40, 41, 3, 4, 5, 6, 42]


def test_a_page_goes_on_where_the_store_is_and_nothing_is_told_twice(place: Place) -> None:
    store = place.store()
    fill(store, wrong_year())
    question, seen, after = Question((Asked(None, "SN1"),), ALL_TIME), [], None
    while True:
        page = next(pages(store, question, after, 2))
        seen += attempts(page.known)
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == [1, 2, 3, 4, 5, 6]


def test_an_epoch_that_ended_otherwise_and_one_that_nobody_tells_of_mark_nothing(place: Place) -> None:
    store = place.store()
    unit = [inspection("SN1", attempt=attempt, measurements=()) for attempt in range(1, 5)]
    fill(store, timed("pc1", "before000000", unit[:2], [T0 + YEARS, T0 + YEARS + SECOND]))
    told = {"reason": "gone", "old_epoch": "before000000", "last_seq": 2, "last_seal": "a" * 64}
    bodies = [happening("spool.lost", "agent", "pc1", **told), unit[2]]
    fill(store, timed("pc1", "after0000000", bodies, [RIGHT, RIGHT + SECOND]))
    fill(store, timed("pc1", "alone0000000", unit[3:], [RIGHT + YEARS + DAY]))
    found = trace(store, "SN1").inspections
    assert attempts(found) == [1, 2, 3, 4]
    assert {one.misdated for one in found} == {None}


def test_epochs_that_name_each_other_are_no_endless_way(place: Place) -> None:
    """Nobody writes such, and whoever forges it must not hold up a trace."""
    store = place.store()
    for at, epoch, other in ((T0, "aaaaaaaaaaaa", "bbbbbbbbbbbb"), (RIGHT, "bbbbbbbbbbbb", "aaaaaaaaaaaa")):
        told = {"reason": "x", "old_epoch": other, "last_seq": 2, "last_seal": "a" * 64}
        bodies = [happening("spool.lost", "agent", "pc1", **told), inspection("SN1", measurements=())]
        fill(store, timed("pc1", epoch, bodies, [at, at + SECOND]))
    assert len(trace(store, "SN1").inspections) == 2


@pytest.fixture
def stored(tmp_path: Path) -> Store:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    fill(store, wrong_year())
    return store


def test_tables_rows_and_json_say_it(stored: Store) -> None:
    parts = list(pages(stored, Question((Asked(None, "SN1"),), ALL_TIME)))
    text = [str(one) for part in parts for one in tables(part)]
    assert sum("sealed in a wrong year" in one for one in text) == 2
    rows = [row for part in parts for row in record_rows.rows(part.known, part.amendments)]
    cells = list(csv.DictReader(io.StringIO(_csv(rows))))
    assert [bool(row["misdated"]) for row in cells] == [False, False, True, True, False, False]
    assert [row["true_time"] for row in cells] == ["", "", "", utc_text(RIGHT - 9 * SECOND), "", ""]
    told = json.loads(json.dumps(gathered("SN1", parts).as_json()))
    assert ["misdated" in one for one in told["inspections"]] == [False, False, True, True, False, False]
    stored.close()


def _csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, record_rows.COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
