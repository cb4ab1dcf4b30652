"""What was asked for and approved at stations: one amendment of each request that holds, else the office decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import SqlitePlace
from samples import T0
from small_plant import DAY, SECOND, chained, fill, units
from test_amendments import FIRST, PEOPLE, UNITS, Office

from gaugetrail_collector.amendments.hearing import StationAmendments
from gaugetrail_collector.amendments.requests import AmendmentRequest, read_requests
from gaugetrail_collector.documents.desk import Declined, NewEdition
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.stores import StoreDown
from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.trace import read, trace
from gaugetrail_contract.amending.what import found_under
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.events.amendments import AmendmentApproved, AmendmentRequested
from gaugetrail_contract.record import Amendment, Body, EventBody, Inspection, Subject
from gaugetrail_contract.seal import Opened

SAID_AT = T0 + 2 * DAY
"""When the people list holds."""


def asks(of: Opened, action: str = "void", by: str | None = "olaf", agent: str = "pc1", **said: object) -> EventBody:
    """Somebody asks at a station of the PC."""
    record = of.record
    payload = AmendmentRequested.model_validate(
        {"target": record.id, "target_sha256": of.sealed.sha256, "target_time": record.time, "action": action} | said
    )
    return EventBody(
        site="plant1",
        line="line1",
        station="OP20",
        type=payload.TYPE,
        subject=Subject(kind="agent", id=agent),
        subjects=found_under(record),
        payload=payload.written(),
        by=by,
        role="operator",
        reason="measured the master by mistake",
    )


def approves(request: str, by: str = "eva") -> EventBody:
    payload = AmendmentApproved(request=request)
    subject = Subject(kind="agent", id="pc1")
    return EventBody(site="plant1", line="line1", station="OP20", type=payload.TYPE, subject=subject, by=by,
                     role="quality engineer", payload=payload.written())  # fmt: skip


def said_at_station(
    *bodies: Body | Callable[[list[str]], Body], agent: str = "pc1", at_us: int = SAID_AT
) -> list[Opened]:
    """Records of the PC; a body may name those before it."""
    made: list[Body] = []
    for one in bodies:
        names = [f"{agent}/stations/{number}" for number in range(1, len(made) + 1)]
        made.append(one if isinstance(one, Body) else one(names))
    return chained(made, agent, "stations", at_us, slot=11)


class HearingOffice(Office):
    """The office, and the collector that hears stations."""

    def __init__(self, folder: Path) -> None:
        super().__init__(SqlitePlace(folder), folder)
        self.with_people()
        self.start()

    def start(self) -> None:
        """A new process."""
        self.hearing = StationAmendments(lambda _: self.desk, lambda: self.store, whole_secs=3600)

    def hears(self, records: Sequence[Opened]) -> list[AmendmentRequest]:
        """They are stored, and the collector has its turn."""
        self.store.write(records)
        self.hearing.heard([one.record for one in records])
        self.hearing.round()
        return read_requests(self.store)

    def amendments(self) -> list[Amendment]:
        rows = self.store.amendments_of([one.record.id for one in UNITS])
        return [one.record for one in map(read, rows) if isinstance(one.record, Amendment)]


@pytest.fixture
def office(tmp_path: Path) -> HearingOffice:
    return HearingOffice(tmp_path)


def test_a_pair_from_a_station_becomes_one_amendment_that_names_both_persons(office: HearingOffice) -> None:
    said = said_at_station(asks(UNITS[0]), lambda names: approves(names[0]))
    (request,) = office.hears(said)
    assert (request.fate, request.answered_by, request.unheard) == ("approved", "eva", False)
    found = trace(office.store, "SN1-00001", "serial")
    (amendment,) = (one.record for one in found.amendments)
    assert isinstance(amendment, Amendment)
    assert (amendment.requested_by, amendment.approved_by, amendment.role) == ("olaf", "eva", "operator")
    assert (amendment.action, amendment.target, amendment.request) == ("void", FIRST.id, said[0].record.id)
    assert (amendment.agent, amendment.station) == ("collector:c1", "OP20")
    now = effective(found.inspections[0], found.amendments)
    assert now is not None
    assert now.void
    assert verify(office.store).ok


def test_what_comes_twice_or_after_a_restart_writes_nothing_more(office: HearingOffice) -> None:
    said = said_at_station(asks(UNITS[0]), lambda names: approves(names[0]))
    office.hears(said)
    count = office.store.count()
    office.hears(said)
    office.start()
    office.hears(said)
    assert office.store.count() == count


def test_a_request_without_an_approval_waits_for_the_office_and_is_approved_there(office: HearingOffice) -> None:
    said = said_at_station(asks(UNITS[0], "correct", field="bore_1", old="74.010", new="74.020"))
    (request,) = office.hears(said)
    assert (request.fate, request.set_aside) == ("waits", "")
    assert request.at_its_station() == "asked for at OP20"
    assert request.as_json()["approved_at_station_by"] is None
    with pytest.raises(Declined, match="olaf asked for it"):
        office.office.approve(request.id, "olaf")
    office.office.approve(request.id, "uwe")
    (amendment,) = office.amendments()
    assert (amendment.requested_by, amendment.approved_by, amendment.new) == ("olaf", "uwe", "74.020")
    office.hears(said_at_station(asks(UNITS[0]), lambda names: approves(request.id))[1:])
    assert len(office.amendments()) == 1, "an approval of what is answered comes too late"


def test_a_note_from_a_station_holds_without_an_approval(office: HearingOffice) -> None:
    (request,) = office.hears(said_at_station(asks(UNITS[0], "annotate")))
    (amendment,) = office.amendments()
    assert (request.fate, amendment.action, amendment.approved_by) == ("approved", "annotate", None)


SEAL = "e" * 64
FOREIGN = chained([*units(1, 7)], "pc2", "abcdefgh", T0 + 5 * SECOND, slot=8)[0]


@pytest.mark.parametrize(
    ("request_said", "approver", "why"),
    [
        (asks(UNITS[0]), "olaf", "olaf asked for it: another person approves"),
        (asks(UNITS[0], by="eva"), "eva", "eva asked for it"),
        (asks(UNITS[0]), "rita", "rita may not approve an amendment"),
        (asks(UNITS[0]), "nobody", "gives nobody no role"),
        (asks(UNITS[0], by="rita"), "eva", "rita may not ask for an amendment"),
        (asks(UNITS[0], target_sha256=SEAL), "eva", "with the seal eeeeeeeeeeeeeeee"),
        (asks(FOREIGN), "eva", "is of another PC"),
        (asks(UNITS[0], target="pc1/"), "eva", "is no record's name"),
        (asks(UNITS[0], "correct", field="bore_1", old="74.0", new="74.020"), "eva", "is 74.010 now, not 74.0"),
        (asks(UNITS[0], "correct", field="bore_9", old="1", new="2"), "eva", "has no characteristic bore_9"),
        (asks(UNITS[0], "void", field="bore_1"), "eva", "no field or value"),
    ],
)
def test_a_pair_that_does_not_hold_is_set_aside_and_waits_for_the_office(
    office: HearingOffice, request_said: EventBody, approver: str, why: str
) -> None:
    fill(office.store, [FOREIGN])
    said = said_at_station(request_said, lambda names: approves(names[0], approver))
    (request,) = office.hears(said)
    assert why in request.set_aside
    assert (request.fate, office.amendments()) == ("waits", [])
    assert f"approved there by {approver}, set aside: " in request.at_its_station()
    count = office.store.count()
    office.start()
    office.hears(said)
    assert office.store.count() == count, "it is judged once"


def test_what_was_set_aside_is_decided_in_the_office_like_any_other(office: HearingOffice) -> None:
    (request,) = office.hears(said_at_station(asks(UNITS[0]), lambda names: approves(names[0], "olaf")))
    office.office.approve(request.id, "uwe")
    assert [one.approved_by for one in office.amendments()] == ["uwe"]
    (other,) = [one for one in office.hears(_later(asks(UNITS[1]))) if one.fate == "waits"]
    office.office.refuse(other.id, "uwe", "the unit was right")
    assert {one.fate for one in read_requests(office.store)} == {"approved", "rejected"}


def _later(*bodies: Body) -> list[Opened]:
    return chained(bodies, "pc1", "stationt", SAID_AT + DAY, slot=11)


def test_what_comes_before_its_record_waits_for_it(office: HearingOffice) -> None:
    """The newest records are sent first."""
    late = chained([*units(1, 9)], "pc1", "latelate", T0 + DAY // 2, slot=7)
    said = said_at_station(asks(late[0]), lambda names: approves(names[0]))
    (request,) = office.hears(said)
    assert (request.fate, request.set_aside, request.unheard) == ("waits", "", True)
    fill(office.store, late)
    office.hears([said[1]])
    assert [one.fate for one in read_requests(office.store)] == ["approved"]


def test_the_office_alone_answers_and_a_pc_approves_its_own_requests_alone(office: HearingOffice) -> None:
    """Whatever another PC says."""
    asked = said_at_station(asks(UNITS[0]))
    elsewhere = said_at_station(approves(asked[0].record.id), agent="pc3")
    (request,) = office.hears([*asked, *elsewhere])
    assert (request.approval, request.fate) == (None, "waits")
    forged = chained([_refused(asked[0].record.id)], "pc1", "forgedxx", SAID_AT + DAY, slot=11)
    assert office.hears(forged)[0].fate == "waits"


def _refused(request: str) -> EventBody:
    subject = Subject(kind="agent", id="pc1")
    return EventBody(site="plant1", line="line1", station="OP20", type="amendment.refused", subject=subject, by="eva",
                     payload={"request": request, "what": "rejected"}, reason="no")  # fmt: skip


def test_who_might_do_it_when_it_was_said_may(office: HearingOffice) -> None:
    """A line PC may have been cut off for long."""
    said = said_at_station(asks(UNITS[0]), lambda names: approves(names[0]))
    office.clock = FixedClock(us=SAID_AT + 9 * DAY)
    office.desk = office.desk_of("another")
    gone = PEOPLE.replace(b'badge = "eva"', b'badge = "evi"')
    office.desk.new(NewEdition(DocumentKind.PEOPLE, "PL-1", gone, "2"), "eva")
    office.desk.step(StepKind.SUBMIT, "PL-1", "eva")
    office.desk.step(StepKind.APPROVE, "PL-1", "ida")
    office.clock = FixedClock(us=SAID_AT + 11 * DAY)
    office.desk = office.desk_of("another")
    office.start()
    assert office.hears(said)[0].fate == "approved"
    late = chained([asks(UNITS[1]), approves("pc1/stationu/1")], "pc1", "stationu", SAID_AT + 10 * DAY, slot=11)
    assert "gives eva no role" in office.hears(late)[-1].set_aside


def test_where_nothing_is_new_the_office_is_not_read(office: HearingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its chains hold every decision that it ever took; a look is taken twice a minute."""
    said = said_at_station(asks(UNITS[0]), lambda names: approves(names[0]))
    office.hears([said[0]])
    with monkeypatch.context() as patched:
        patched.setattr("gaugetrail_collector.amendments.hearing.read_requests", lambda _: pytest.fail("it was read"))
        office.hearing.heard([said[0].record])
        office.hearing.round()
    assert office.hears(said)[0].fate == "approved"


def test_a_store_that_is_down_puts_it_off_and_is_told_once(
    office: HearingOffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said, asked = said_at_station(asks(UNITS[0]), lambda names: approves(names[0])), list[object]()
    fill(office.store, said)

    def down(*_: object) -> None:
        asked.append(1)
        raise StoreDown("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(office.store, "search", down)
        office.hearing.round()
        office.hearing.round()
        assert len(asked) == 1, "it is left alone for a while"
        patched.setattr("gaugetrail_collector.amendments.hearing.PUT_OFF_SECS", 0.0)
        office.start()
        office.hearing.round()
        office.hearing.round()
        assert len(asked) == 3
    assert office.hearing.alarms() == ("amendments of stations wait: no answer",)
    assert [vars(one).get("event") for one in caplog.records] == ["amendments_wait"] * 2
    office.hearing.round()
    assert office.hearing.alarms() == ()
    assert len(office.amendments()) == 1
    assert vars(caplog.records[-1])["event"] == "amendment_written"


def test_it_looks_when_it_has_heard_something_and_now_and_then(
    office: HearingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, search = list[object](), office.store.search

    def counted(*told: object, **more: object) -> object:
        looks.append(told)
        return search(*told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(office.store, "search", counted)
    office.hearing.round()
    first = len(looks)
    assert first > 0
    office.hearing.heard([one.record for one in UNITS])
    office.hearing.round()
    assert len(looks) == first
    office.hearing.heard([said_at_station(asks(UNITS[0]))[0].record])
    office.hearing.round()
    assert len(looks) == 2 * first
    often = StationAmendments(lambda _: office.desk, lambda: office.store, whole_secs=0)
    often.round()
    often.round()
    assert len(looks) == 4 * first


# --- whatever happens


SAID = said_at_station(
    asks(UNITS[0]),
    lambda names: approves(names[0]),
    asks(UNITS[0], "annotate"),
    asks(UNITS[1], "re-attribute", field="lot", old="L7", new="L8"),
    lambda names: approves(names[3]),
    lambda names: approves(names[3], "uwe"),
    asks(UNITS[2], "exclude", field="bore_0"),
    asks(UNITS[2]),
    lambda names: approves(names[7]),
    asks(UNITS[1], "exclude", by="eva"),
    lambda names: approves(names[9], "eva"),
)
HOLDS = [SAID[number].record.id for number in (0, 2, 3, 7)]
"""What comes to be an amendment in any case."""
HAPPENS = st.one_of(
    st.tuples(st.just("comes"), st.integers(0, len(SAID) - 1)),
    st.tuples(st.sampled_from(["hears", "starts", "dies before", "dies after"]), st.just(0)),
    st.tuples(st.sampled_from(["office approves", "office rejects"]), st.integers(0, 3)),
)


@settings(max_examples=15, deadline=None)
@given(happens=st.lists(HAPPENS, max_size=12))
def test_of_each_request_there_is_never_more_than_one_amendment(happens: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        office = HearingOffice(Path(folder))
        by_office: set[str] = set()
        for what, number in happens:
            _happen(office, what, number, by_office)
            counted = Counter(one.request for one in office.amendments())
            assert not [one for one, count in counted.items() if count > 1]
        office.start()
        office.hears(SAID)
        made = Counter(one.request for one in office.amendments())
        assert {one: 1 for one in HOLDS if one not in by_office}.items() <= made.items()
        assert {*made} - {*HOLDS} <= by_office, "and of nothing else"
        assert not [one for one in read_requests(office.store) if one.unheard]
        office.store.close()


def _happen(office: HearingOffice, what: str, number: int, by_office: set[str]) -> None:
    match what:
        case "comes":
            office.hears([SAID[number]])
        case "hears":
            office.hearing.round()
        case "starts":
            office.start()
            office.hearing.round()
        case "dies before" | "dies after":
            _die(office, after=what == "dies after")
        case _:
            _decide(office, what, number, by_office)


def _die(office: HearingOffice, *, after: bool) -> None:
    """The process dies as it writes: what it wrote is there, or isn't."""
    write = office.store.write

    def dying(*told: object, **more: object) -> None:
        if after:
            write(*told, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    office.store.write = dying  # type: ignore[method-assign]
    try:
        office.start()
        office.hearing.round()
    except KeyboardInterrupt:
        pass
    office.store.write = write  # type: ignore[method-assign]
    office.start()


def _decide(office: HearingOffice, what: str, number: int, by_office: set[str]) -> None:
    waiting = [one for one in read_requests(office.store) if one.fate == "waits"]
    if number >= len(waiting):
        return
    name = waiting[number].id
    try:
        if what == "office approves":
            office.office.approve(name, "uwe")
        else:
            office.office.refuse(name, "uwe", "no")
    except Declined:
        return
    by_office.add(name)


def test_inspections_stay_as_they_were_sealed(office: HearingOffice) -> None:
    office.hears(SAID)
    records = [one.record for serial in ("SN1-00001", "SN1-00002", "SN1-00003")
               for one in trace(office.store, serial, "serial").inspections]  # fmt: skip
    assert [one for one in records if isinstance(one, Inspection)] == [one.record for one in UNITS[:3]]
