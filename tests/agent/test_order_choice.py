"""A station under an order: which order a scan is, which plan it asks for, which units are of it, how many are done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from documents_on_paper import listed as document
from documents_on_paper import shelf
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from running_agent import AGENT
from spool_bodies import events, records, spool
from test_station_runner import Running
from tests.agent.station_floor import BORE as STATION_BORE
from tests.agent.station_floor import Floor, setup
from tests.agent.test_plan_choice import P74B, P74C, P75, station

from gaugetrail_agent.config import load
from gaugetrail_agent.languages.sentences import ENGLISH, Sentence, said
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.choosing.order_choice import NO_ORDER, order_code, order_named
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.given.orders_here import MOST_OPEN, OrderAtWork, OrderCount, OrdersHere
from gaugetrail_agent.station.setup import Setup, StationTable
from gaugetrail_agent.station.unfinished import journal_text, read_journal
from gaugetrail_agent.station.words.effect import Effect, KeepOrder, TakeOrder
from gaugetrail_agent.station.words.happening import OrderTaken, Recorded, Scanned
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.record import Inspection, InspectionBody, Verdict, identifiers

ORDERS = {
    "A-1": {"part": "PR-74", "part_revision": "C", "quantity": 3, "due": "2026-12-18", "customer": "Contoso"},
    "A-2": {"part": "PR-74", "quantity": 3},
    "A-3": {"part": "PR-75", "quantity": 1, "operation": "OP20", "lot": "L-48"},
    "A-4": {"part": "PR-77", "quantity": 1},
    "A-5": {"part": "PR-75", "quantity": 1, "routing": ["OP30", "OP40"]},
}


def listed(name: str, edition: int = 1) -> ListedEdition:
    facts = {"kind": "order", "revision": str(edition), "edition": edition, "state": "effective"}
    facts |= {"effective": "2026-11-28T08:00:00.000000Z", "sha256": f"{edition:064x}", "size": 9}
    return ListedEdition.model_validate({"id": name} | facts)


def read(edition: ListedEdition) -> OrderDocument:
    quantity = {"quantity": 5} if edition.edition == 2 else {}
    return OrderDocument.model_validate({"id": edition.id, **ORDERS[edition.id], **quantity})


def orders(**others: ListedEdition | Sentence) -> OrdersHere:
    withdrawn = said("document.withdrawn", document="A-9")
    return OrdersHere({**{name: listed(name) for name in ORDERS}, "A-9": withdrawn, **others}, read)


def made_to_order(**more: Any) -> Setup:
    facts = {"orders": orders(), "order_code": re.compile("PO:(?P<order>.+)"), "orders_wanted": "offered"}
    return station(P74B, P74C, P75, **{"operation": "OP20", **facts, **more})


class OrderFloor(Floor):
    """Looks up what a runner would: how much of an order is done."""

    def __init__(self, at: Setup, done: int = 0) -> None:
        super().__init__(at)
        self.count = OrderCount(done)
        self.kept_orders: list[str | None] = []
        self.scan("OP-12")

    def scan(self, text: str, raw: bytes = b"") -> tuple[Effect, ...]:
        effects = super().scan(text, raw)
        for effect in effects:
            if isinstance(effect, TakeOrder):
                effects = self.say(OrderTaken(replace(effect.work, count=self.count), effect.scan))
        self.kept_orders += (one.order for one in effects if isinstance(one, KeepOrder))
        return effects

    def recorded(self) -> InspectionBody:
        body = self.sealed()
        self.count = self.count.with_unit(body)
        self.say(Recorded("r", body.serial or "", body.verdict, self.count))
        return body

    @property
    def shown(self) -> dict[str, object]:
        return display(self.setup, self.state).document(ENGLISH)


def test_an_order_that_is_scanned_says_what_and_how_many_until_another_one_is() -> None:
    floor = OrderFloor(made_to_order(), done=1)
    floor.scan("PO:A-1")
    assert floor.message == "order A-1: PR-74 C, 1 of 3 done, due 2026-12-18"
    assert floor.shown["prompt"] == "scan the next unit of order A-1 (1 of 3 done)"
    assert floor.shown["order"] == {
        "id": "A-1",
        "edition": 1,
        "part": "PR-74",
        "part_revision": "C",
        "done": 1,
        "quantity": 3,
        "due": "2026-12-18",
        "customer": "Contoso",
    }
    floor.scan("PO:A-3")
    assert floor.message == "order A-3 has its 1 already (1 done): more are over"
    floor.scan(NO_ORDER.lower())
    assert (floor.message, floor.shown["order"]) == ("no order is worked at any more", None)
    assert floor.kept_orders == ["A-1", "A-3", None]


def test_units_take_the_plan_of_the_orders_part_and_the_record_says_the_order() -> None:
    """Also where the unit's code says no part: without the order, nobody could tell which of three plans holds."""
    floor = OrderFloor(made_to_order())
    floor.scan("SN1")
    assert floor.refused[-1].why.id == "plan.which_part"
    floor.scan("PO:A-1")
    for number in (1, 2):
        floor.scan(f"SN{number}")
        floor.gauge("scale", "12", "g")
        body = floor.recorded()
        assert (body.plan, body.part, body.revision) == (P74C.ref, "PR-74", "C")
        assert (body.order, body.customer, body.lot) == ("A-1", "Contoso", None)
    assert "(2 of 3 done)" in str(floor.shown["prompt"])
    floor.scan("PO:A-3")
    floor.state = replace(floor.state, order=replace(floor.state.order, count=OrderCount()))
    floor.scan("SN3")
    floor.gauge("bore", "74", "mm")
    floor.gauge("scale", "12", "g")
    body = floor.recorded()
    assert (body.plan.id, body.part, body.order, body.customer, body.lot) == ("CP-75", "PR-75", "A-3", None, "L-48")


def test_a_unit_that_is_gone_on_with_after_a_restart_keeps_its_order_and_customer() -> None:
    floor = OrderFloor(made_to_order())
    floor.scan("PO:A-3")
    floor.scan("SN2")
    floor.gauge("bore", "74", "mm")
    again = OrderFloor(floor.setup)
    again.state = replace(again.state, unfinished=read_journal(journal_text(floor.kept[-1])))
    again.scan("%GO")
    again.gauge("scale", "12", "g")
    assert (again.sealed().order, again.sealed().lot) == ("A-3", "L-48")


def test_the_order_is_chosen_between_two_units() -> None:
    floor = OrderFloor(made_to_order())
    floor.scan("PO:A-2")
    floor.scan("B/SN1")
    floor.scan("PO:A-1")
    assert floor.message.startswith("SN1 is unfinished")
    floor.gauge("bore", "74", "mm")
    assert floor.sealed().order == "A-2"


@pytest.mark.parametrize(
    ("code", "cause", "says"),
    [
        ("PO:B-7", "order.unknown", "B-7 is no order of line l: it is another line's, or it hasn't come yet"),
        ("PO:A-9", "document.withdrawn", "A-9"),
        ("PO:A-4", "plan.no_plan", "no plan of this station is for PR-77"),
        ("PO:A-5", "order.other_operation", "order A-5 is for OP30, OP40, and here it is OP20"),
        ("PO:a\u0085b", "order.unusable", "it holds the control character U+0085"),
    ],
)
def test_an_order_that_cant_be_worked_at_is_refused_with_an_event(code: str, cause: str, says: str) -> None:
    floor = OrderFloor(made_to_order())
    floor.scan("PO:A-1")
    floor.scan(code)
    assert says in floor.message
    assert (floor.state.light, floor.refused[-1].why.id) == ("red", cause)
    assert floor.state.order is not None
    assert floor.state.order.order.id == "A-1", "the one before goes on"
    if cause.startswith("order.") and cause != "order.unusable":
        assert floor.refused[-1].subject == ("order", code[3:])


@pytest.mark.parametrize(
    ("order", "code", "cause", "says"),
    [
        ("A-1", "PR-75/SN1", "order.other_part", "this is a PR-75, and order A-1 is for PR-74: set it aside"),
        ("A-1", "PR-74/B/SN1", "order.other_revision", "this PR-74 is of revision B, and order A-1 is for C"),
        ("A-2", "SN1", "plan.several", "PR-74 has more than one plan here"),
    ],
)
def test_a_unit_that_is_none_of_the_order_is_refused_and_found_under_both(
    order: str, code: str, cause: str, says: str
) -> None:
    floor = OrderFloor(made_to_order())
    floor.scan(f"PO:{order}")
    floor.scan(code)
    assert floor.message.startswith(says)
    assert floor.state.unit is None
    (refused,) = floor.refused
    assert (refused.why.id, refused.subject) == (cause, ("serial", "SN1"))
    assert refused.names.get("order") == (order if cause.startswith("order.") else None)


def test_an_order_whose_plan_is_not_in_force_is_taken_and_its_units_are_refused() -> None:
    """What bars a plan may be lifted, or be over, before the first unit comes."""
    barred = {"CP-74C": said("document.withdrawn", document="CP-74C")}
    floor = OrderFloor(made_to_order(barred=barred))
    floor.scan("PO:A-1")
    assert floor.state.order is not None
    floor.scan("SN1")
    assert (floor.state.unit, floor.refused[-1].why.id) == (None, "document.withdrawn")


def test_an_order_for_any_revision_takes_units_of_each_and_a_code_that_names_another_order_is_refused() -> None:
    unit = re.compile(r"(?:(?P<order>A-\d)/)?(?P<revision>[BC])/(?P<serial>SN\d+)")
    here = OrdersHere({"A-2": listed("A-2")}, read)
    floor = OrderFloor(made_to_order(orders=here, unit=unit))
    floor.scan("PO:A-2")
    floor.scan("A-2/C/SN1")
    floor.gauge("scale", "12", "g")
    assert floor.recorded().plan == P74C.ref
    floor.scan("B/SN2")
    floor.gauge("bore", "74", "mm")
    assert floor.recorded().plan == P74B.ref
    floor.scan("A-1/B/SN3")
    assert floor.message.startswith("this unit belongs to order A-1, and A-2 is worked at")


def test_where_an_order_is_required_no_unit_comes_before_it() -> None:
    floor = OrderFloor(made_to_order(orders_wanted="required"))
    assert floor.shown["prompt"] == "scan the order"
    floor.scan("PR-75/SN1")
    assert (floor.message, floor.state.unit) == ("scan the order first, then its units", None)
    assert floor.refused[-1].subject == ("serial", "SN1")
    floor.scan("PO:A-3")
    floor.scan("PR-75/SN1")
    assert floor.state.unit is not None


def test_a_full_order_is_told_or_refused_by_setting() -> None:
    floor = OrderFloor(made_to_order(), done=3)
    floor.scan("PO:A-1")
    assert (floor.message, floor.state.light) == ("order A-1 has its 3 already (3 done): more are over", "amber")
    floor.scan("SN1")
    assert floor.message == "order A-1 has its 3 already: this one is over"
    assert floor.state.unit is not None

    floor = OrderFloor(made_to_order(on_full_order="refuse"), done=3)
    floor.scan("PO:A-1")
    assert (floor.message, floor.state.order) == ("order A-1 is full (3 of 3): scan the next order", None)
    assert (floor.refused[-1].why.id, floor.refused[-1].subject) == ("order.full", ("order", "A-1"))

    floor = OrderFloor(made_to_order(on_full_order="refuse"), done=2)
    floor.scan("PO:A-1")
    floor.scan("SN1")
    floor.gauge("scale", "12", "g")
    floor.recorded()
    floor.scan("SN2")
    assert floor.message == "order A-1 is full (3 of 3): scan the next order"
    assert floor.state.unit is None


def test_an_order_that_changed_or_was_withdrawn_meanwhile_counts_as_it_is_now() -> None:
    floor = OrderFloor(made_to_order(on_full_order="refuse"), done=3)
    floor.state = replace(floor.state, order=OrderAtWork(read(listed("A-1")), listed("A-1"), OrderCount(3)))
    floor.setup = replace(floor.setup, orders=orders(**{"A-1": listed("A-1", 2)}))
    floor.scan("SN1")
    assert floor.state.unit is not None, "five are ordered now"
    assert floor.state.order is not None
    assert floor.state.order.order.quantity == 5
    floor.gauge("scale", "12", "g")
    floor.recorded()
    floor.setup = replace(floor.setup, orders=orders(**{"A-1": said("document.withdrawn", document="A-1")}))
    floor.scan("SN2")
    assert floor.refused[-1].why.id == "document.withdrawn"


def test_where_orders_are_off_their_codes_are_nothing_special() -> None:
    floor = OrderFloor(station(P75))
    floor.scan("PO:A-1")
    assert floor.refused[-1].why.id == "unit.no_unit"
    floor.scan(NO_ORDER)
    assert floor.refused[-1].why.id == "unit.no_unit"
    assert floor.shown["order"] is None


GS, RS, EOT = "\x1d", "\x1e", "\x04"


@pytest.mark.parametrize(
    ("text", "symbology", "order"),
    [
        (f"[)>{RS}06{GS}WA-1{GS}Q3{RS}{EOT}", None, "A-1"),
        (f"[)>{RS}06{GS}KA-2{GS}PPR-74{RS}{EOT}", None, "A-2"),
        (f"[)>{RS}06{GS}WA-1{GS}SSN1{RS}{EOT}", None, None),
        ("400A-1", "]d2", "A-1"),
        (f"400A-1{GS}21SN1", "]d2", None),
        ("PR-75/SN1", None, None),
        ("\ud800", None, None),
    ],
)
def test_a_structured_code_is_an_orders_where_it_names_one_and_no_serial(
    text: str, symbology: str | None, order: str | None
) -> None:
    at = made_to_order(order_code=None, code_profile="")
    assert order == order_code(at, Scanned(text, 1, 1, symbology, b"raw"))


def test_the_order_that_is_named_is_the_edition_in_force() -> None:
    found = order_named(made_to_order(), "A-1")
    assert isinstance(found, OrderAtWork)
    assert (found.edition, found.order.quantity, found.is_full) == (listed("A-1"), 3, False)


# --- how many are done


def body(serial: str | None, verdict: Verdict, attempt: int = 1) -> InspectionBody:
    floor = OrderFloor(made_to_order())
    floor.scan("PR-75/SN1")
    floor.gauge("bore", "74", "mm")
    floor.gauge("scale", "12", "g")
    return msgspec.structs.replace(floor.sealed(), serial=serial, verdict=verdict, attempt=attempt, lot="L")


BODY = body("SN1", Verdict.PASS)


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([Verdict.PASS, Verdict.FAIL, Verdict.INCOMPLETE]))),
    st.booleans(),
)
def test_each_unit_counts_once_as_good_from_its_first_pass_on(said: list[tuple[str, Verdict]], restarts: bool) -> None:
    count, attempts, good = OrderCount(), dict[str, int](), set[str]()
    for serial, verdict in said:
        attempts[serial] = attempts.get(serial, 0) + 1
        good |= {serial} if verdict is Verdict.PASS else set()
        made = msgspec.structs.replace(BODY, serial=serial, verdict=verdict, attempt=attempts[serial])
        count = count.with_unit(made)
        count = OrderCount.read(count.text()) if restarts else count
    assert count.done == len(good)


def test_units_without_a_serial_count_each_time_and_what_is_open_is_bounded() -> None:
    count = OrderCount()
    for verdict in (Verdict.PASS, Verdict.PASS, Verdict.FAIL):
        count = count.with_unit(msgspec.structs.replace(BODY, serial=None, verdict=verdict))
    assert count == OrderCount(2)
    for number in range(MOST_OPEN + 5):
        count = count.with_unit(msgspec.structs.replace(BODY, serial=f"S{number}", verdict=Verdict.FAIL))
    assert (len(count.open), count.open[-1]) == (MOST_OPEN, f"S{MOST_OPEN + 4}")


@pytest.mark.parametrize("text", [None, "", "x", "[]", "7", '{"done":"x"}', '{"done":1,"open":7}'])
def test_a_count_that_cant_be_read_begins_anew(text: str | None) -> None:
    assert OrderCount.read(text) == OrderCount()


# --- settings


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"mode": "automatic", "device": "p"}, "is automatic, and nobody scans an order there"),
        (
            {"mode": "automatic", "device": "p", "order_channel": "order", "on_full_order": "refuse"},
            "a full order is told there, not refused",
        ),
        ({"order_pattern": None}, "couldn't tell an order's code from a unit's: say order_pattern"),
        ({"order_pattern": "(?P<serial>.+)"}, "order_pattern has one named group"),
        ({"order_pattern": "("}, "order_pattern"),
    ],
)
def test_a_station_that_could_not_know_an_orders_code_is_a_fault(more: dict[str, Any], says: str) -> None:
    good = {"name": "OP20", "plan": "p.toml", "orders": "offered", "order_pattern": "PO.+"}
    assert StationTable.model_validate(good).orders == "offered"
    with pytest.raises(ValidationError, match=says):
        StationTable.model_validate(good | more)


# --- in a runner, over a real spool


def running(one: Spool) -> Running:
    """A station of PR-74, any revision, whose orders are these."""
    kept = OrdersHere({"A-1": listed("A-1"), "A-2": listed("A-2")}, read)
    facts = {"orders": kept, "order_code": re.compile("PO:(?P<order>.+)"), "orders_wanted": "required"}
    return Running(replace(setup(STATION_BORE), **facts), one)  # type: ignore[arg-type]


def unit(at: Running, serial: str, value: str = "74.0") -> tuple[Callable[[], None], ...]:
    return at.scan(serial), at.gauge(value)


def test_order_and_count_come_back_after_a_restart_as_they_were_committed(tmp_path: Path) -> None:
    """The count is in the same transaction as the record; the badge must be scanned again."""
    with spool(tmp_path) as one:
        at = running(one)
        failed_first = (*unit(at, "SN000002", "75"), *unit(at, "SN000002"))
        at.shift(at.scan("OP-12"), at.scan("PO:A-1"), *unit(at, "SN000001"), *failed_first, *unit(at, "SN000001"))
        found = [record for record in records(one) if isinstance(record, Inspection)]
        assert [(record.order, record.customer) for record in found] == [("A-1", "Contoso")] * 4
        assert at.runner.state.order is not None
        assert at.runner.state.order.count == OrderCount(2)
    with spool(tmp_path) as one:
        at = running(one)
        at.shift(at.scan("OP-12"), at.scan("SN000003"), at.gauge("74.0"))
        assert at.runner.state.order is not None
        assert (at.runner.state.order.order.id, at.runner.state.order.count.done) == ("A-1", 3)
        at.shift(at.scan("%NOORDER"))
        at.shift(at.scan("SN000004"))
        assert at.runner.state.unit is None
    with spool(tmp_path) as one:
        at = running(one)
        at.shift(at.scan("OP-12"))
        assert at.runner.state.order is None
        at.shift(at.scan("PO:A-1"))
        assert at.runner.state.order is not None
        assert at.runner.state.order.count.done == 3


def test_an_order_that_is_withdrawn_by_the_next_start_does_not_come_back(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        at = running(one)
        at.shift(at.scan("OP-12"), at.scan("PO:A-1"))
        at = running(one)
        gone = OrdersHere({"A-1": said("document.withdrawn", document="A-1")}, read)
        at.runner.setup = replace(at.runner.setup, orders=gone)
        at.shift(at.scan("OP-12"))
        assert at.runner.state.order is None


def test_an_order_that_is_refused_is_an_event_that_is_found_by_it(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        at = running(one)
        at.shift(at.scan("OP-12"), at.scan("PO:B-7"), at.scan("PO:A-1"), at.scan("PO:A-1"))
        (event,) = events(one)
        assert (event.type, event.payload["cause"], event.payload["order"]) == (
            *("station.refused", "order.unknown", "B-7"),
        )
        assert ("order", "B-7") in identifiers(event)


# --- from documents

TEXT = 'id = "A-1"\npart = "P"\nquantity = 3\n'


def from_documents(folder: Path, texts: Mapping[ListedEdition, str], more: str) -> OrdersHere | None:
    path = folder / "agent.toml"
    path.write_text(f'{AGENT}[[station]]\nname = "OP10"\nplan = {{document = "CP-1"}}\n{more}')
    return load(path, {}, shelf=lambda: shelf(texts)).here["OP10"].orders


def test_orders_come_from_the_documents_of_the_line(tmp_path: Path) -> None:
    one = document("A-1", TEXT, kind="order")
    gone = document("A-2", TEXT, state="withdrawn", kind="order")
    texts = {one: TEXT, gone: "", document("A-3", "other", kind="order"): "", document("A-4", "x", kind="order"): "x"}
    assert from_documents(tmp_path, texts, "") is None
    found = from_documents(tmp_path, texts, 'orders = "offered"\norder_pattern = "PO:.+"\n')
    assert found is not None
    assert found.read is not None
    barred = {name: what.id for name, what in found.orders.items() if isinstance(what, Sentence)}
    assert barred == {"A-2": "document.withdrawn", "A-3": "document.not_here"}
    assert found.orders["A-1"] == one
    assert found.read(one) == OrderDocument(id="A-1", part="P", quantity=3)
    unreadable = found.orders["A-4"]
    assert isinstance(unreadable, ListedEdition)
    told = found.read(unreadable)
    assert isinstance(told, Sentence)
    assert told.id == "document.at_fault"
