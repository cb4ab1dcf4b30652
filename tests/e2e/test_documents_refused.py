"""Each row of the table of documents at a real station: its sentence, the PLC's code, found by trace; and what is
forged or old, on its way to a station that works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing

import pytest
from floor import Floor, Operator, until
from paper_shop import PLCS, PaperShop, lives, paper_shop, text_of
from refusal_table import ALLOWING, DOCUMENTS, NO_LIST, NOT_HERE, TOO_OLD, RefusedRow

from gaugetrail_contract import topics
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import open_root, root_of, write_root
from gaugetrail_contract.signing import Signer
from gaugetrail_sim.devices import plc

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]


REASON = "the customer's release of today"
MASTER = "OP-3"
"""Whose role allows it."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperShop]:
    with Floor(tmp_path_factory.mktemp("papers")) as floor, paper_shop(floor) as made:
        yield made


def refused(shop: PaperShop, row: RefusedRow) -> str:
    """Somebody scans a part there; its serial. Where somebody may let it pass, they do, and the part is measured."""
    serial = shop.serial()
    with closing(Operator(shop.floor, row.station)) as operator:
        operator.log_on()
        operator.type(serial)
        operator.see(lambda now: now["says"] == row.cause and row.says in str(now["message"]))
        assert operator.display["serial"] is None
        operator.type(f"%ALLOW:{REASON}")
        operator.see(lambda now: now["says"] == ("allow.badge" if row.allowed else "allow.nothing"))
        if row.allowed:
            operator.type(MASTER)
            operator.see(lambda now: now["says"] == "allow.allowed")
            operator.inspect(serial, "1.20")
        operator.type("%LOGOFF")
    return serial


def found(shop: PaperShop, row: RefusedRow, serial: str) -> None:
    event = {"type": "station.refused", "cause": row.cause, "serial": serial, "station": row.station}
    for word in (serial, "OP-1"):
        shop.traced(word, **event)
    if row.allowed:
        event = {"type": "station.overridden", "cause": row.cause, "why": REASON, "by": MASTER}
        for words in (("OP-1",), (MASTER,), ("--kind", "document", f"CP-{row.station}")):
            shop.traced(*words, role=ALLOWING, **event)
        record = {one["verdict"]: one["override"] for one in shop.trace(serial) if one["kind"] == "inspection"}
        assert (record["pass"]["who"], record["pass"]["why"][-len(REASON) :]) == (MASTER, REASON)


def measured(shop: PaperShop, station: str, force: str) -> tuple[str, str]:
    """A part is measured there; its serial and what came of it."""
    serial = shop.serial()
    with closing(Operator(shop.floor, station)) as operator:
        operator.log_on()
        operator.inspect(serial, force)
        operator.type("%LOGOFF")
        last = operator.display["last"]
        assert isinstance(last, dict)
        return serial, str(last["verdict"])


def works(shop: PaperShop, station: str, revision: str) -> None:
    with closing(Operator(shop.floor, station)) as operator:
        operator.see(lambda now: now["revision"] == revision)


def test_before_any_list_has_come_every_part_is_refused_and_then_the_station_begins(shop: PaperShop) -> None:
    """In this order with the tests below: the collector is started here."""
    serial = refused(shop, NO_LIST)
    assert shop.office is not None
    lives(shop.office)
    shop.floor.collector()
    works(shop, "good", "A")
    found(shop, NO_LIST, serial)
    good, verdict = measured(shop, "good", "1.80")
    assert verdict == "pass"
    shop.traced(good, kind="inspection", verdict="pass", station="good")


@pytest.mark.parametrize("row", DOCUMENTS, ids=lambda row: row.what)
def test_a_plan_that_is_not_in_force_is_refused_and_found(shop: PaperShop, row: RefusedRow) -> None:
    found(shop, row, refused(shop, row))


@pytest.mark.parametrize("row", [row for row in DOCUMENTS if row.station in PLCS], ids=lambda row: row.what)
def test_a_plc_is_told_that_a_station_without_a_plan_is_not_ready(shop: PaperShop, row: RefusedRow) -> None:
    serial = shop.serial()
    assert shop.offer(row, serial) == plc.NOT_READY
    shop.traced(serial, type="station.refused", cause=row.cause, station=f"{row.station}-plc")


def test_a8_a_station_measures_by_the_newest_edition_whatever_is_said_again_or_forged(shop: PaperShop) -> None:
    """Attacks A7 and A8, seen where it counts: an old list, another key's with wider limits, and an old text."""
    assert shop.office is not None
    assert shop.somebody is not None
    old = until(lambda: shop.somebody.roots[-1] if shop.somebody else None, "a list was heard")
    assert isinstance(old, bytes)
    shop.office.take_in("CP-good", text_of("good", "B", "1.5"), "B")
    works(shop, "good", "B")
    root = open_root(shop.somebody.roots[-1]).root
    forged = write_root(root_of(pages_of([]), root.issue + 9, root.time_us), Signer.new(), "collector")
    for payload in (old, forged):
        shop.somebody.say(topics.DOCUMENTS_ROOT, payload)
    shop.somebody.say(topics.document_part(hashlib.sha256(text_of("good")).hexdigest(), 1), text_of("good"))
    for cause in ("older_list", "other_key"):
        shop.traced("--kind", "agent", "pc1", type="document.refused", cause=cause)
    serial, verdict = measured(shop, "good", "1.80")
    assert verdict == "fail", "by the limits of the edition in force"
    shop.traced(serial, kind="inspection", verdict="fail", station="good")


def test_a7_a_text_altered_on_the_pc_is_not_worked_by_and_no_list_counts_for_ever(shop: PaperShop) -> None:
    """Attack A7, cut off from broker and collector: the altered plan is refused, the others until they are too old."""
    floor = shop.floor
    for name in ("agent", "collector", "mosquitto"):
        floor.kill(name)
    text = floor.folder / "agent-data" / "documents" / "texts" / hashlib.sha256(text_of("good", "B", "1.5")).hexdigest()
    text.write_bytes(text_of("good", "B", "9.0"))
    floor.agent()
    altered = refused(shop, NOT_HERE)
    works(shop, "fine", "A")
    floor.kill("agent")
    settings = floor.folder / "agent.toml"
    settings.write_text(settings.read_text() + "[documents]\nrefuse_hours = 0.0001\nwarn_hours = 0.00005\n")
    floor.agent()
    too_old = refused(shop, TOO_OLD)
    floor.broker()
    floor.collector()
    for serial, row in ((altered, NOT_HERE), (too_old, TOO_OLD)):
        found(shop, row, serial)
    shop.traced("--kind", "agent", "pc1", type="document.refused", cause="altered_here")
