"""Amendments from the office: what may be said of which record, by whom, and what every door shows then."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import event
from places import Place
from samples import T0, measurement
from small_plant import DAY, SECOND, chained, correction, fill, units

from gaugetrail_collector.amendments.named import record_at, record_named
from gaugetrail_collector.amendments.office import AmendmentOffice, Decided
from gaugetrail_collector.amendments.requests import fold_requests, read_requests
from gaugetrail_collector.amendments.rules import AmendedRecord, WantedAmendment, judged
from gaugetrail_collector.amendments.written import amendment_body, refusal_body, request_body
from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.statistics.series import series
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Asked, Window
from gaugetrail_collector.tracing.effective import EffectiveRecord, effective, standing
from gaugetrail_collector.tracing.export import write_csv
from gaugetrail_collector.tracing.gauge_trace import Measured, measured_with
from gaugetrail_collector.tracing.genealogy import Thing, walk
from gaugetrail_collector.tracing.trace import Known, Question, ask, pages, read, trace
from gaugetrail_contract.amending.what import ATTRIBUTED
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import Approver, DocumentKind, StepKind
from gaugetrail_contract.record import Amendment, Body, Event, Inspection
from gaugetrail_contract.seal import Opened

UNITS = chained(
    [
        *units(3, 1, lot="L7", supplier_lot="S1"),
        *units(1, 2, lot=None, components=(), measurements=(
            measurement(0, kind="count", value="3"),
            measurement(1, characteristic="look", kind="attribute", value=None, result="nok", verdict="fail"),
            measurement(2, characteristic="code", kind="text", value=None, text="A1"),
            measurement(3, characteristic="depth", value=None, skipped="gauge away", verdict="incomplete"),
            measurement(4, characteristic="twice", value="1.0"),
            measurement(5, characteristic="twice", value="1.1"),
        )),
    ]
)  # fmt: skip
PLAN_CHANGED = event(1)
FIRST = UNITS[0].record
assert isinstance(FIRST, Inspection)
NOW = FixedClock(us=T0 + DAY)
LATER = FixedClock(us=T0 + DAY + SECOND)
WRONG = "label mixed up"


def known(opened: Opened) -> Known:
    record, seal = opened.record, opened.sealed
    return read(Row(record.agent, record.epoch, record.seq, seal.sha256, seal.data, record.time_us))


# --- what holds, computed


def said_of(
    target: Opened, said: Sequence[tuple[str, str | None, str | None]], voids: Sequence[tuple[int, int]]
) -> list[Known]:
    """Amendments of a record, then voids: each of one of those before it."""
    made: list[Opened] = []
    bodies: list[Body] = [correction(target, action=action, field=field, new=new) for action, field, new in said]
    made += chained(bodies, "office", "qrstuvwx", T0 + DAY, slot=9)
    for number, (turn, of) in enumerate(voids):
        again = correction(made[of % len(made)], action="void", field=None, old=None, new=None)
        made += chained([again], "office", f"voids{number:04}", T0 + 2 * DAY + turn * SECOND + number, slot=9)
    return [known(one) for one in made]


SAID = st.lists(
    st.one_of(
        st.tuples(st.just("correct"), st.sampled_from(["bore_0", "bore_1", "nothing"]), st.sampled_from(["1.5", "2"])),
        st.tuples(st.just("re-attribute"), st.sampled_from(ATTRIBUTED), st.sampled_from(["X-1", "X-2"])),
        st.tuples(st.just("exclude"), st.sampled_from([None, "bore_0", "bore_1"]), st.none()),
        st.tuples(st.sampled_from(["void", "annotate"]), st.none(), st.none()),
    ),
    min_size=1,
    max_size=6,
)
VOIDS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4)


@given(said=SAID, voids=VOIDS, dice=st.randoms())
def test_the_view_is_made_of_the_amendments_in_the_order_of_their_time_alone(
    said: list[tuple[str, str | None, str | None]], voids: list[tuple[int, int]], dice: random.Random
) -> None:
    """Whatever order a store gives them in; and the record itself is as it was sealed."""
    made, target = said_of(UNITS[0], said, voids), known(UNITS[0])
    before = target.record
    shown = effective(target, made)
    mixed = list(made)
    dice.shuffle(mixed)
    assert effective(target, mixed) == shown
    assert read(target.row).record == before == FIRST
    assert shown is not None
    assert shown == by_hand(made)


def by_hand(made: list[Known]) -> EffectiveRecord:
    """One after the other: a void takes back what it names, from the last to the first."""
    left = sorted((one.record for one in made if isinstance(one.record, Amendment)), key=lambda one: one.time_us)
    counting: list[Amendment] = []
    while left:
        one = left.pop()
        counting.insert(0, one)
        if one.action == "void":
            left = [other for other in left if other.id != one.target]
    own = [one for one in counting if one.target == FIRST.id]
    changes, excluded, void = dict[str, str](), set[str](), False
    for one in own:
        if one.action in ("correct", "re-attribute") and one.field != "nothing":
            changes[str(one.field)] = str(one.new)
        elif one.action == "exclude":
            excluded |= {"bore_0", "bore_1"} if one.field is None else {one.field}
        void = void or one.action == "void"
    fields = {name: new for name, new in changes.items() if name in ATTRIBUTED}
    assert isinstance(FIRST, Inspection)
    measured = tuple(
        msgspec.structs.replace(one, value=changes.get(one.characteristic, one.value)) for one in FIRST.measurements
    )
    record = msgspec.structs.replace(FIRST, measurements=measured, **fields)
    return EffectiveRecord(record, void, frozenset(excluded), changes, tuple(one.id for one in own))


def test_a_void_of_a_void_brings_back_what_it_had_taken() -> None:
    void = said_of(UNITS[0], [("void", None, None)], [])
    assert AmendedRecord(known(UNITS[0]), tuple(void)).void
    back = said_of(UNITS[0], [("void", None, None)], [(0, 0)])
    assert not AmendedRecord(known(UNITS[0]), tuple(back)).void
    assert [one.record.target for one in standing(back) if isinstance(one.record, Amendment)] == [back[0].named]


# --- the rules


def wanted(action: str, field: str | None = None, new: str | None = None, old: str | None = None) -> WantedAmendment:
    return WantedAmendment(action, WRONG, field, new, old)  # type: ignore[arg-type]


LAST = AmendedRecord(known(UNITS[3]))
ONE = AmendedRecord(known(UNITS[0]))


@pytest.mark.parametrize(
    ("target", "asked", "old"),
    [
        (ONE, wanted("correct", "bore_1", "74.011"), "74.010"),
        (ONE, wanted("correct", "bore_1", "-3", old="74.010"), "74.010"),
        (LAST, wanted("correct", "bore_0", "4"), "3"),
        (LAST, wanted("correct", "look", "ok"), "nok"),
        (LAST, wanted("correct", "code", "B 2"), "A1"),
        (ONE, wanted("re-attribute", "serial", "SN 9"), "SN1-00001"),
        (ONE, wanted("re-attribute", "heat", "H1"), None),
        (ONE, wanted("re-attribute", "part", "PR-75", old="PR-74"), "PR-74"),
        (LAST, wanted("exclude", "twice"), None),
        (LAST, wanted("exclude"), None),
        (ONE, wanted("void"), None),
        (ONE, wanted("annotate"), None),
    ],
)
def test_what_may_be_said_gets_the_old_value_that_holds(
    target: AmendedRecord, asked: WantedAmendment, old: str | None
) -> None:
    assert judged(target, asked) == replace(asked, old=old)


@pytest.mark.parametrize(
    ("target", "asked", "why"),
    [
        (ONE, wanted("correct", "bore_1", "74.010"), "bore_1 is 74.010 already"),
        (ONE, wanted("correct", "bore_1", "74.02", old="74.0"), "is 74.010 now, not 74.0"),
        (ONE, wanted("correct", "bore_1", "1e3"), "a number in digits"),
        (ONE, wanted("correct", "bore_1", "NaN"), "a number in digits"),
        (ONE, wanted("correct", "bore_1", "1" * 65), "a number in digits"),
        (ONE, wanted("correct", "bore_1"), "say the new value"),
        (ONE, wanted("correct", None, "3"), "say the characteristic"),
        (ONE, wanted("correct", "bore_2", "3"), "has no characteristic bore_2; did you mean bore_"),
        (ONE, wanted("correct", "lot", "L8"), "re-attribute it"),
        (ONE, wanted("correct", "time", "2026-11-01T00:00:00.000000Z"), "has no characteristic time"),
        (LAST, wanted("correct", "bore_0", "-1"), "a whole number"),
        (LAST, wanted("correct", "bore_0", "1.5"), "a whole number"),
        (LAST, wanted("correct", "look", "good"), "ok or nok"),
        (LAST, wanted("correct", "depth", "3"), "never taken"),
        (LAST, wanted("correct", "twice", "3"), "2 values of twice"),
        (LAST, wanted("re-attribute", "serial", ""), "say the new value"),
        (ONE, wanted("re-attribute", "sha256", "ab"), "seal, number and time"),
        (ONE, wanted("re-attribute", "seq", "3"), "can't be re-attributed"),
        (ONE, wanted("re-attribute", "time", "now"), "can't be re-attributed"),
        (ONE, wanted("re-attribute", "verdict", "pass"), "can't be re-attributed"),
        (ONE, wanted("re-attribute", "lot", "L" * 201), "200"),
        (ONE, wanted("re-attribute", "lot", "L\n8"), "one line"),
        (ONE, wanted("re-attribute", "lot", "L7"), "lot is L7 already"),
        (ONE, wanted("re-attribute", "heat", "H1", old="H0"), "heat is empty now, not H0"),
        (ONE, wanted("exclude", "bore_0", "3"), "takes no value"),
        (ONE, wanted("exclude", "bore_7"), "has no characteristic"),
        (ONE, wanted("void", "bore_0"), "no field or value"),
        (ONE, wanted("annotate", None, "3"), "no field or value"),
        (ONE, wanted("delete"), "there is no action delete"),
        (ONE, replace(wanted("void"), reason=" "), "say why"),
        (ONE, replace(wanted("void"), reason="a\x1b[2J"), "one line"),
        (ONE, replace(wanted("void"), reason="r" * 2001), "at most 2,000 characters"),
        (ONE, replace(wanted("void"), code="\n"), "the code"),
    ],
)
def test_what_may_not_be_said_is_refused_with_a_sentence(
    target: AmendedRecord, asked: WantedAmendment, why: str
) -> None:
    with pytest.raises(Declined) as refused:
        judged(target, asked)
    assert why in str(refused.value)


def test_what_is_void_or_excluded_or_an_amendment_has_rules_of_its_own() -> None:
    def after(*said: tuple[str, str | None, str | None]) -> AmendedRecord:
        return AmendedRecord(known(UNITS[0]), tuple(said_of(UNITS[0], said, [])))

    assert judged(after(("void", None, None)), wanted("annotate"))
    assert judged(after(("correct", "bore_1", "7")), wanted("correct", "bore_1", "8")).old == "7"
    (note,) = said_of(UNITS[0], [("correct", "time", "2026-11-01T00:00:00.000000Z")], [])
    (lot,) = said_of(UNITS[0], [("re-attribute", "lot", "L8")], [])
    assert judged(AmendedRecord(lot), wanted("void"))
    for target, asked, why in (
        (after(("void", None, None)), wanted("correct", "bore_1", "3"), "is void"),
        (after(("void", None, None)), wanted("void"), "is void"),
        (after(("exclude", "bore_0", None)), wanted("exclude", "bore_0"), "leave bore_0 of"),
        (after(("exclude", None, None)), wanted("exclude"), "leave all of"),
        (AmendedRecord(lot), wanted("correct", "lot", "L9"), "is an amendment: it can be voided"),
        (AmendedRecord(lot), wanted("void", "lot"), "no field or value"),
        (AmendedRecord(note), wanted("void"), "times are not put right by hand"),
        (AmendedRecord(known(PLAN_CHANGED)), wanted("void"), "is an event: it can be annotated"),
        (AmendedRecord(Known(known(UNITS[0]).row, None, "altered")), wanted("annotate"), "can't be believed: altered"),
    ):
        with pytest.raises(Declined, match=why):
            judged(target, asked)
    assert judged(AmendedRecord(known(PLAN_CHANGED)), wanted("annotate")) == wanted("annotate")


def test_a_half_excluded_record_can_be_excluded_whole() -> None:
    half = AmendedRecord(known(UNITS[0]), tuple(said_of(UNITS[0], [("exclude", "bore_0", None)], [])))
    assert judged(half, wanted("exclude"))


# --- the office, over every store

PEOPLE = b"""id = "PL-1"
revision = "1"
qualifications = "not_kept"
[[person]]
badge = "eva"
roles = ["quality engineer"]
[[person]]
badge = "uwe"
roles = ["approver"]
[[person]]
badge = "olaf"
roles = ["operator"]
[[person]]
badge = "rita"
roles = ["auditor"]
"""


class Office:
    """The desk over a store that has the units."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.folder, self.clock = folder, NOW
        self.store: Store = place.store()
        fill(self.store, UNITS)
        self.desk = self.desk_of("another")
        self.desk.begin("ida", "")
        self.desk.new(NewEdition(DocumentKind.PEOPLE, "PL-1", PEOPLE, "1"), "eva")
        self.desk.step(StepKind.SUBMIT, "PL-1", "eva")
        self.office = AmendmentOffice(self.desk)

    def desk_of(self, approver: Approver) -> Desk:
        return Desk(self.store, "c1", self.folder / "documents.lock", self.clock, master=True, approver=approver)

    def with_people(self) -> Office:
        """From now on roles decide."""
        self.desk.step(StepKind.APPROVE, "PL-1", "ida")
        self.clock = LATER
        self.desk = self.desk_of("another")
        self.office = AmendmentOffice(self.desk)
        return self

    def ask(self, name: str, asked: WantedAmendment, by: str = "olaf") -> Decided:
        return self.office.ask(record_named(self.store, name), asked, by)

    def done(self, name: str, asked: WantedAmendment) -> str:
        """Asked for by olaf, approved by eva; the amendment's name."""
        return self.office.approve(self.ask(name, asked).record, "eva").record

    def refused(self, name: str, asked: WantedAmendment, by: str = "olaf") -> str:
        count = self.store.count()
        with pytest.raises(Declined) as error:
            self.ask(name, asked, by)
        assert self.store.count() == count, "nothing is written for what is refused"
        return str(error.value)

    def values(self, *terms: Asked, raw: bool = False) -> list[float | None]:
        return series(self.store, Question(terms), "bore_1", ["value"], raw=raw).numbers("value")


@pytest.fixture
def office(place: Place, tmp_path: Path) -> Office:
    return Office(place, tmp_path)


def test_what_waits_changes_no_answer_and_an_approval_does(office: Office) -> None:
    office.with_people()
    before = office.values()
    asked = office.ask("SN1-00001", wanted("correct", "bore_1", "74.020"))
    assert asked.waits
    assert office.values() == before
    (shown,) = trace(office.store, "SN1-00001", "serial").inspections
    found = trace(office.store, "SN1-00001", "serial")
    assert found.amendments == ()
    assert [one.record.type for one in found.events if isinstance(one.record, Event)] == ["amendment.requested"]
    (request,) = read_requests(office.store)
    assert (request.fate, request.by, request.said.old, request.said.new) == ("waits", "olaf", "74.010", "74.020")

    done = office.office.approve(asked.record.rpartition("/")[2], "eva")
    assert not done.waits
    assert office.values() == [74.02, *before[1:]]
    assert office.values(raw=True) == before
    found = trace(office.store, "SN1-00001", "serial")
    (amendment,) = found.amendments
    record = amendment.record
    assert isinstance(record, Amendment)
    assert (record.requested_by, record.approved_by, record.role) == ("olaf", "eva", "operator")
    assert (record.old, record.new, record.request, record.agent) == ("74.010", "74.020", asked.record, "collector:c1")
    assert (record.site, record.line, record.station) == ("plant1", "line1", "OP20"), "the line's list has it"
    assert found.inspections[0].record == shown.record == FIRST, "the original stands"
    assert found.as_json()["inspections"][0]["effective"] == {  # type: ignore[index]
        "void": False,
        "excluded": [],
        "changes": {"bore_1": "74.020"},
    }
    assert read_requests(office.store)[0].answered_by == "eva"
    assert office.store.stats().amendments == 1
    assert verify(office.store).ok


def test_a_re_attributed_unit_is_found_under_both_names_and_lots(office: Office) -> None:
    """Also in a time in which the amendment was not made, and by several terms at once."""
    office.with_people()
    office.done("SN1-00001", wanted("re-attribute", "serial", "SN-RIGHT"))
    office.done("SN1-00001", wanted("re-attribute", "lot", "L8"))
    store = office.store
    for serial in ("SN1-00001", "SN-RIGHT"):
        assert [one.id for one in trace(store, serial, "serial").inspections] == [FIRST.id]
    then = Window(T0, T0 + DAY // 2)
    for terms in ((Asked("lot", "L8"),), (Asked("lot", "L8"), Asked("serial", "SN-RIGHT")), (Asked(None, "L8"),)):
        for window in (then, Window()):
            (page,) = pages(store, Question(terms, window))
            found = [one.id for one in page.known if isinstance(one.record, Inspection)]
            assert found == [FIRST.id], (terms, window)
    assert [one.id for one in ask(store, Question((Asked("lot", "L7"),))) if isinstance(one.record, Inspection)] == [
        one.record.id for one in UNITS[:3]
    ], "and still under the old one"
    assert office.values(Asked("lot", "L8")) == [74.01]
    assert office.values(Asked("lot", "L8"), raw=True) == []
    family = walk(store, Thing("lot", "L8"), "went_into", 3, 100)
    assert Thing("serial", "SN-RIGHT") in family.distance
    made_from = walk(store, Thing("serial", "SN-RIGHT"), "made_from", 1, 100)
    assert {Thing("lot", "L8"), Thing("supplier_lot", "S1")} <= set(made_from.distance)
    assert Thing("lot", "L7") in walk(store, Thing("serial", "SN1-00001"), "made_from", 1, 100).distance


def test_a_value_of_another_gauge_is_found_under_both(office: Office) -> None:
    """Whoever recalls a gauge wants every value that was ever said to be of it; only that value is moved."""
    office.with_people()
    assert "can't be re-attributed" in office.refused("SN1-00001", wanted("re-attribute", "gauge of depth", "G-9"))
    sealed = [one.gauge for one in FIRST.measurements]
    office.done("SN1-00001", wanted("re-attribute", "gauge of bore_1", "G-0018", old=sealed[1]))
    (found,) = gauge_rows(office.store, "G-0018")
    assert (found.known.id, found.measurement.characteristic, len(found.amended_by)) == (FIRST.id, "bore_1", 1)
    before = [one for one in gauge_rows(office.store, str(sealed[1])) if one.known.id == FIRST.id]
    assert "bore_1" in [one.measurement.characteristic for one in before]
    now = effective(read_one(office.store), trace(office.store, "SN1-00001", "serial").amendments)
    assert now is not None
    assert [one.gauge for one in now.record.measurements] == [sealed[0], "G-0018"]
    assert now.words() == "gauge of bore_1 G-0018"
    out = io.BytesIO()
    write_csv(pages(office.store, Question((Asked("serial", "SN1-00001"),))), out)
    lines = [line for line in out.getvalue().decode().splitlines() if "bore_" in line and "SN1-00001" in line]
    assert [line.endswith('"{""gauge"": ""G-0018""}"') for line in lines[:2]] == [False, True]
    assert verify(office.store).ok


def gauge_rows(store: Store, gauge: str) -> list[Measured]:
    return [one for page in pages(store, Question((Asked("gauge", gauge),))) for one in measured_with(gauge, page)]


def read_one(store: Store) -> Known:
    (found,) = trace(store, "SN1-00001", "serial").inspections
    return found


def test_an_amendment_that_is_voided_takes_its_effect_back(office: Office) -> None:
    office.with_people()
    moved = office.done("SN1-00001", wanted("re-attribute", "lot", "L8"))
    office.done(moved, wanted("void"))
    (page,) = pages(office.store, Question((Asked("lot", "L8"),)))
    assert not [one for one in page.known if isinstance(one.record, Inspection)]
    gone = office.done("SN1-00002", wanted("void"))
    assert office.values() == [74.01, 74.01]
    assert "is void" in office.refused("SN1-00002", wanted("exclude"))
    office.done(gone, wanted("void"))
    assert office.values() == [74.01, 74.01, 74.01]
    office.done("SN1-00003", wanted("exclude", "bore_1"))
    assert office.values() == [74.01, 74.01]
    out = io.BytesIO()
    write_csv(pages(office.store, Question()), out)
    lines = [line for line in out.getvalue().decode().splitlines() if "SN1-00003" in line]
    assert [line.endswith('"{""excluded"": true}"') for line in lines] == [False, True]
    assert verify(office.store).ok


def test_who_may_ask_and_approve_is_what_the_people_document_says(office: Office) -> None:
    correction_wanted = wanted("correct", "bore_1", "74.020")
    asked = office.ask("SN1-00001", correction_wanted, "anybody")
    with pytest.raises(Declined, match="only ida may"):
        office.office.approve(asked.record, "eva")
    office.office.approve(asked.record, "ida")
    office.with_people()
    assert "rita auditor" in office.refused("SN1-00002", correction_wanted, "rita")
    assert "gives anybody no role" in office.refused("SN1-00002", correction_wanted, "anybody")
    asked = office.ask("SN1-00002", correction_wanted, "eva")
    assert "the name: it is empty" in office.refused("SN1-00002", correction_wanted, "")
    for name, why in (("olaf", "gives olaf operator"), ("eva", "eva asked for it"), ("rita", "auditor")):
        with pytest.raises(Declined, match=why):
            office.office.approve(asked.record, name)
    with pytest.raises(Declined, match="may not approve"):
        office.office.refuse(asked.record, "olaf", "no")
    with pytest.raises(Declined, match="say why"):
        office.office.refuse(asked.record, "uwe", " ")
    assert "that waits already" in office.refused("SN1-00002", correction_wanted, "olaf")
    office.office.refuse(asked.record, "uwe", "the label is right")
    with pytest.raises(Declined, match="rejected by uwe"):
        office.office.approve(asked.record, "uwe")
    again = office.ask("SN1-00002", correction_wanted, "olaf")
    office.office.refuse(again.record, "olaf", "my mistake")
    assert [one.fate for one in read_requests(office.store)] == ["approved", "rejected", "withdrawn"]
    note = office.ask("SN1-00002", wanted("annotate"), "olaf")
    assert not note.waits


def test_an_approval_is_judged_by_what_holds_then(office: Office) -> None:
    office.with_people()
    lot = office.ask("SN1-00001", wanted("re-attribute", "lot", "L8"))
    void = office.ask("SN1-00001", wanted("void"))
    heat = office.ask("SN1-00001", wanted("re-attribute", "heat", "H1"))
    alone = AmendmentOffice(office.desk_of("anyone"))
    target = record_at(office.store, known(UNITS[0]).row.position)
    done = alone.ask(target, wanted("re-attribute", "lot", "L9"), "eva", at_once=True)
    assert not done.waits
    with pytest.raises(Declined, match="another person approves"):
        office.office.ask(target, wanted("void"), "eva", at_once=True)
    with pytest.raises(Declined, match="lot is L9 now, not L7"):
        office.office.approve(lot.record, "eva")
    office.office.approve(void.record, "eva")
    with pytest.raises(Declined, match="is void"):
        office.office.approve(heat.record, "eva")
    assert [one.fate for one in read_requests(office.store)] == ["waits", "approved", "waits"]


def test_a_record_is_meant_by_name_or_by_a_serial_that_has_one(office: Office) -> None:
    again = chained([*units(1, 1, T0 + 900 * SECOND)], "pc9", "zzzzzzzz", T0 + 900 * SECOND, slot=3)
    fill(office.store, again)
    assert record_named(office.store, "SN1-00002").known.id == UNITS[1].record.id
    assert record_named(office.store, UNITS[2].record.id).known.id == UNITS[2].record.id
    for name, why in (
        ("SN1-00001", "has 2 inspections; name the record: pc1/abcdefgh/1 (OP20"),
        ("SN-NONE", "no record and no unit"),
        ("pc1/abcdefgh/99", "no record and no unit"),
        ("pc1/abcdefgh/0", "no record and no unit"),
        ("a/b/c/d", "no record and no unit"),
    ):
        with pytest.raises(Declined) as error:
            record_named(office.store, name)
        assert why in str(error.value)


def test_only_the_collector_that_writes_decides(office: Office) -> None:
    other = Desk(office.store, "c2", office.folder / "other.lock", NOW, master=False)
    with pytest.raises(Declined, match="documents are written by c1"):
        AmendmentOffice(other).ask(record_named(office.store, "SN1-00001"), wanted("void"), "ida")


# --- what waits, folded


@given(dice=st.randoms())
def test_requests_are_the_same_in_whatever_order_records_come(dice: random.Random) -> None:
    """Of two answers the first counts."""
    target = known(UNITS[0])
    asking = [request_body(target, wanted("re-attribute", "lot", f"L{number}"), "olaf", "operator") for number in "89"]
    asked = chained(asking, "collector:c1", "decisions0001abc", T0 + DAY)
    first, second = fold_requests(one.record for one in asked)
    bodies: list[Body] = [
        refusal_body(first, "uwe", "approver", "no"),
        amendment_body(target, first.wanted, "olaf", "operator", "eva", first.id),
        amendment_body(target, second.wanted, "olaf", "operator", "eva", second.id),
    ]
    records = [one.record for one in (*asked, *chained(bodies, "collector:c1", "decisions0002abc", T0 + 2 * DAY))]
    dice.shuffle(records)
    folded = fold_requests(records)
    assert [(one.id, one.fate, one.answered_by) for one in folded] == [
        (first.id, "rejected", "uwe"),
        (second.id, "approved", "eva"),
    ]
