"""What the store says to a question of a station. Reading is bounded: in records and in time, since whoever asked waits
no longer than a third of a second; what is left of many units is asked for from where the answer ends.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from itertools import islice

from gaugetrail_collector.holds.following import record_of
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked, Window, position_of
from gaugetrail_collector.tracing.effective import counting
from gaugetrail_collector.tracing.trace import read
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.holds.listing import listed_unit
from gaugetrail_contract.questions.answered import (
    MOST_PASSED,
    MOST_SERIALS,
    MOST_VISITS,
    SERIALS_BYTES,
    LotAnswer,
    LotVisit,
    LotVoid,
    StationAnswer,
    UnitAnswer,
    UnitsAnswer,
    UnitVisit,
)
from gaugetrail_contract.questions.asked import AskLot, AskUnit, AskUnitsSince, StationQuestion
from gaugetrail_contract.record import Amendment, Inspection, Record, Verdict
from gaugetrail_contract.unit_states.folding import UnitStory, story_of
from gaugetrail_contract.unit_states.said import About, states_said

MOST_RECORDS = 2000
"""Of one unit; further ones are of somebody's test piece, and its state is that of the latest."""
PAGE_SECS = 0.15


def answer_of(store: Store, question: StationQuestion, now_us: int) -> StationAnswer:
    """What the store says. Raises `StoreDown`, and `ValueError` for a place in an answer that is none."""
    if isinstance(question, AskUnit):
        return _of_unit(store, question, now_us)
    if isinstance(question, AskLot):
        return _of_lot(store, question)
    return _units_since(store, question)


def _of_lot(store: Store, question: AskLot, clock: Callable[[], float] = time.monotonic) -> LotAnswer:
    after = None if question.after is None else position_of(question.after)
    visits: list[LotVisit] = []
    voids: list[LotVoid] = []
    size, last, following, until = 0, "", None, clock() + PAGE_SECS
    for row in store.search(Asked("lot", question.lot), ALL_TIME, after):
        if last and (max(len(visits), len(voids)) >= MOST_SERIALS or size > SERIALS_BYTES or clock() > until):
            following = last
            break
        last, record = str(row.position), record_of(row)
        if isinstance(record, Inspection) and record.lot == question.lot:
            visits.append(_lot_visit(record))
            size += len(visits[-1].model_dump_json().encode("utf-8"))
        elif isinstance(record, Amendment) and record.action == "void":
            voids.append(LotVoid(record=record.id, target=record.target))
            size += len(voids[-1].model_dump_json().encode("utf-8"))
    return LotAnswer(
        question=question.question, lot=question.lot, visits=tuple(visits), voids=tuple(voids), next=following
    )


def _lot_visit(one: Inspection) -> LotVisit:
    good = {each.characteristic: True for each in one.measurements}
    for each in one.measurements:
        good[each.characteristic] &= each.verdict == Verdict.PASS
    return LotVisit(
        serial=one.serial,
        place=one.operation or one.station,
        plan=one.plan.id,
        verdict=str(one.verdict),
        time=one.time,
        record=one.id,
        passed=tuple(name for name, passed in good.items() if passed)[:MOST_PASSED],
    )


def _of_unit(store: Store, question: AskUnit, now_us: int) -> UnitAnswer:
    rows = islice(store.search(Asked("serial", question.serial)), MOST_RECORDS)
    # An inspection that was voided doesn't count, here as anywhere.
    records = [one.record for one in counting([read(row) for row in rows]) if one.record is not None]
    story = _story(records, ("serial", question.serial))
    visits = [_visit(one) for one in records if isinstance(one, Inspection) and one.serial == question.serial]
    return UnitAnswer(
        question=question.question,
        serial=question.serial,
        visits=tuple(visits[-MOST_VISITS:]),
        earlier=max(0, len(visits) - MOST_VISITS),
        unit=listed_unit("unit", question.serial, story.at(now_us)),
        failed_at=tuple(place for place, _ in story.failed[-MOST_VISITS:]),
    )


def _story(records: Iterable[Record], about: About) -> UnitStory:
    return story_of(word for one in records for found, word in states_said(one) if found == about)


def _visit(one: Inspection) -> UnitVisit:
    return UnitVisit(
        station=one.station,
        operation=one.operation,
        verdict=str(one.verdict),
        reason=str(one.reason),
        time=one.time,
        attempt=one.attempt,
        record=one.id,
    )


def _units_since(store: Store, question: AskUnitsSince, clock: Callable[[], float] = time.monotonic) -> UnitsAnswer:
    after = None if question.after is None else position_of(question.after)
    serials: dict[str, None] = {}
    lots: dict[str, None] = {}
    unnamed, size, last, until = 0, 0, "", clock() + PAGE_SECS
    for row in store.search(Asked("gauge", question.gauge), _window(question), after):
        if last and (len(serials) + len(lots) >= MOST_SERIALS or size > SERIALS_BYTES or clock() > until):
            return _page(question, serials, lots, unnamed, last)
        last = str(row.position)
        found = _measured(row, question)
        if found is None:
            continue
        named = found.serial or found.lot
        size += len(json.dumps(named or "").encode("utf-8"))
        if found.serial is not None:
            serials[found.serial] = None
            continue
        unnamed += 1
        if found.lot is not None:
            lots[found.lot] = None
    return _page(question, serials, lots, unnamed, None)


def _window(question: AskUnitsSince) -> Window:
    return Window(utc_us(question.since), None if question.until is None else utc_us(question.until))


def _page(
    question: AskUnitsSince, serials: dict[str, None], lots: dict[str, None], unnamed: int, after: str | None
) -> UnitsAnswer:
    return UnitsAnswer(
        question=question.question,
        gauge=question.gauge,
        serials=tuple(serials),
        lots=tuple(lots),
        unnamed=unnamed,
        next=after,
    )


def _measured(row: Row, question: AskUnitsSince) -> Inspection | None:
    """The inspection, where the gauge measured the characteristic for it."""
    record = record_of(row)
    if not isinstance(record, Inspection):
        return None
    wanted = question.characteristic
    hit = any(one.gauge == question.gauge and wanted in (None, one.characteristic) for one in record.measurements)
    return record if hit else None
