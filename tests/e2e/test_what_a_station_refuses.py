"""Each row of the table of refusals at a real station: its sentence, found by trace; let pass by role, found again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from floor import Floor, Operator
from refusal_table import ALLOWING, AT_A_CHARACTERISTIC, GAUGES, PEOPLE, PLANS, RefusedRow
from refusing_shop import FLAG_REASON, FLAGGED, GOOD, RefusingShop, behind_the_plc, device_of, refusing_shop

from gaugetrail_sim.devices import plc

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

DATA = b"01A+0074.000\r"
"""What a gauge sends when its DATA key is pressed."""
REASON = "the laboratory is full until Monday"
MASTER = "OP-3"
"""Whose role allows it."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingShop]:
    with Floor(tmp_path_factory.mktemp("shop")) as floor, refusing_shop(floor) as made:
        yield made


@pytest.fixture
def operator(shop: RefusingShop) -> Iterator[Operator]:
    one = Operator(shop.floor, "OP20")
    yield one
    for text in ("%CANCEL", "%LOGOFF"):
        one.type(text)
    one.see(lambda now: now["operator"] is None)  # what is typed right before a terminal hangs up may not be read
    one.close()


def said(operator: Operator, id_: str, words: str = "") -> None:
    operator.see(lambda now: now["says"] == id_ and words in str(now["message"]))


def scanned(operator: Operator, part: str, serial: str) -> None:
    operator.type(f"PR-{part}/{serial}")
    operator.see(lambda now: now["serial"] == serial)


def allow(operator: Operator, then: str) -> None:
    """Whoever has the role says why, and shows their badge."""
    operator.type(f"%ALLOW:{REASON}")
    said(operator, "allow.badge")
    operator.type(MASTER)
    said(operator, then)


def by_gauge(row: RefusedRow) -> list[tuple[str, ...]]:
    return [("--kind", "gauge", row.about)] if row.about else []


def overridden(shop: RefusingShop, row: RefusedRow, serial: str, *about: tuple[str, ...]) -> None:
    """The event is found under all that it is about, and the part's record says it, too."""
    event = {"type": "station.overridden", "cause": row.cause, "refused": row.says, "why": REASON, "by": MASTER}
    for words in ((MASTER,), *about):
        shop.traced(*words, role=ALLOWING, **event)
    record = {"kind": "inspection", "verdict": "pass"}
    why = f"{row.says}: {REASON}"
    shop.traced(serial, override={"who": MASTER, "why": why, "approved_by": None}, **record)


@pytest.mark.parametrize("row", PEOPLE, ids=lambda row: row.what)
def test_a_person_who_may_not_measure_is_refused_and_found_and_let_pass_by_the_role(
    shop: RefusingShop, operator: Operator, row: RefusedRow
) -> None:
    operator.type(row.about)
    said(operator, row.cause, row.says)
    assert operator.display["operator"] is None
    shop.traced(row.about, type="station.refused", cause=row.cause, reason=row.says, badge=row.about)
    if not row.allowed:
        operator.type(f"%ALLOW:{REASON}")
        said(operator, "allow.nothing")
        return
    allow(operator, "allow.at_station")
    serial = shop.serial()
    scanned(operator, "weld", serial)
    operator.type("%OK")
    said(operator, "record.recorded", f"{serial} pass")
    overridden(shop, row, serial, (row.about,))


def test_a_person_whose_qualification_for_the_characteristic_ended_is_refused_there(
    shop: RefusingShop, operator: Operator
) -> None:
    row, serial = AT_A_CHARACTERISTIC, shop.serial()
    operator.log_on(row.about)
    scanned(operator, "weld", serial)
    operator.type("%OK")
    said(operator, row.cause, row.says)
    for word in (row.about, serial):
        shop.traced(word, type="station.refused", cause=row.cause, reason=row.says, serial=serial)
    allow(operator, "allow.allowed")
    operator.type("%OK")
    said(operator, "record.recorded", f"{serial} pass")
    overridden(shop, row, serial, (row.about,), (serial,))


@pytest.mark.parametrize("row", PLANS, ids=lambda row: row.what)
def test_a_part_that_no_plan_here_holds_for_is_refused_and_found(shop: RefusingShop, row: RefusedRow) -> None:
    serial = shop.serial()
    with closing(Operator(shop.floor, row.station)) as operator:
        operator.log_on("OP-1")
        operator.type(row.scan.format(serial=serial))
        said(operator, row.cause, row.says)
        assert operator.display["serial"] is None
        for word in ("OP-1", serial):
            shop.traced(word, type="station.refused", cause=row.cause, reason=row.says, serial=serial)
        operator.type(f"%ALLOW:{REASON}")
        said(operator, "allow.nothing")
        operator.type("%LOGOFF")


@pytest.mark.parametrize("row", GAUGES, ids=lambda row: row.what)
def test_a_gauge_that_may_not_measure_is_refused_and_found_and_let_pass_by_the_role(
    shop: RefusingShop, operator: Operator, row: RefusedRow
) -> None:
    gauge, serial = shop.gauges[device_of(row)], shop.serial()
    operator.log_on("OP-1")
    scanned(operator, device_of(row), serial)
    gauge.send(DATA)
    said(operator, row.cause, row.says)
    told = {"type": "station.refused", "cause": row.cause, "reason": row.says, "serial": serial, "operator": "OP-1"}
    found = [("OP-1",), (serial,), *by_gauge(row)]
    for words in found:
        shop.traced(*words, **told)
    allow(operator, "allow.allowed")
    gauge.send(DATA)
    said(operator, "record.recorded", f"{serial} pass")
    overridden(shop, row, serial, *found)


@pytest.mark.parametrize("row", GAUGES, ids=lambda row: row.what)
def test_a_plc_is_told_that_a_part_of_such_a_gauge_is_rejected_and_it_is_found(
    shop: RefusingShop, row: RefusedRow
) -> None:
    """What came is kept in the part's record, without the value and incomplete."""
    serial = shop.serial()
    assert shop.offer(device_of(row), serial) == plc.REJECTED
    there = behind_the_plc(row)
    told = {"type": "station.refused", "cause": row.cause, "reason": there.says, "serial": serial}
    for words in ((serial,), *by_gauge(there)):
        shop.traced(*words, **told)
    shop.traced(serial, kind="inspection", verdict="incomplete", station=f"OP40-{device_of(row)}")


def test_a_gauge_that_settings_let_pass_measures_for_the_plc_and_the_part_is_found_with_the_reason(
    shop: RefusingShop,
) -> None:
    serial = shop.serial()
    assert shop.offer(FLAGGED, serial) == plc.STORED_PASS
    override = {"who": "settings", "why": f"G-18-P overdue: {FLAG_REASON}", "approved_by": None}
    shop.traced(serial, kind="inspection", verdict="pass", override=override)


def test_a43_what_was_allowed_for_one_part_is_not_for_the_next(shop: RefusingShop, operator: Operator) -> None:
    """Attack A43: an override used for another unit; and who is refused can't allow it for themselves."""
    row, first, second = GAUGES[0], shop.serial(), shop.serial()
    gauge = shop.gauges[device_of(row)]
    operator.log_on("OP-1")
    scanned(operator, device_of(row), first)
    gauge.send(DATA)
    said(operator, row.cause)
    operator.type(f"%ALLOW:{REASON}")
    said(operator, "allow.badge")
    operator.type("OP-1")
    said(operator, "allow.no_role")
    allow(operator, "allow.allowed")
    gauge.send(DATA)
    said(operator, "record.recorded", first)
    scanned(operator, device_of(row), second)
    gauge.send(DATA)
    said(operator, row.cause, row.says)


def test_what_is_in_order_is_recorded_and_the_chain_is_whole(shop: RefusingShop, operator: Operator) -> None:
    serial = shop.serial()
    operator.log_on("OP-1")
    scanned(operator, GOOD, serial)
    shop.gauges[GOOD].send(DATA)
    said(operator, "record.recorded", f"{serial} pass")
    shop.traced(serial, kind="inspection", verdict="pass", override=None)
    assert shop.floor.verify()["ok"]
