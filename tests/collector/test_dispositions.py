"""States of units and lots by the word of the office, over every store: judged, written, found under each."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import Place
from samples import T0
from small_plant import DAY, SECOND, chained, correction, fill, units

from gaugetrail_collector.dispositions.known_units import known_unit, lot_units
from gaugetrail_collector.dispositions.office import DispositionOffice, WantedState
from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.holds.following import FollowedWords
from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing.trace import trace
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.events.nonconformity import MOST_SERIALS
from gaugetrail_contract.record import MAX_RECORD_BYTES, Event

PEOPLE = b"""id = "PL-1"
revision = "1"
qualifications = "not_kept"
[[person]]
badge = "eva"
roles = ["quality engineer"]
[[person]]
badge = "ina"
roles = ["inspector", "auditor"]
[[person]]
badge = "olaf"
roles = ["operator"]
[[person]]
badge = "rita"
roles = ["auditor"]
"""
GOOD = units(2, 1, lot="L7", verdict="pass")
BAD = units(1, 2, lot="L7", verdict="fail")
OTHER = units(1, 3, lot="L9", verdict="pass", line="line2")
MADE = chained([*GOOD, *BAD, *OTHER])
NOW_US = T0 + DAY + 60 * SECOND


class Office:
    """The desk over a store that has two good units and a bad one of a lot, and one of another line."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.store: Store = place.store()
        fill(self.store, MADE)
        early = Desk(self.store, "c1", folder / "documents.lock", FixedClock(us=T0 + DAY), master=True)
        early.begin("ida", "")
        early.new(NewEdition(DocumentKind.PEOPLE, "PL-1", PEOPLE, "1"), "eva")
        early.step(StepKind.SUBMIT, "PL-1", "eva")
        early.step(StepKind.APPROVE, "PL-1", "ida")
        self.desk = Desk(self.store, "c1", folder / "documents.lock", FixedClock(us=NOW_US), master=True)
        self.office = DispositionOffice(self.desk, lambda: NOW_US)

    def say(self, state: str, *serials: str, by: str = "eva", why: str = "as agreed", **more: object) -> list[str]:
        return self.office.say(WantedState(state, why, serials, **more), by)  # type: ignore[arg-type]

    def refused(self, state: str, *serials: str, by: str = "eva", **more: object) -> str:
        count = self.store.count()
        with pytest.raises(Declined) as error:
            self.say(state, *serials, by=by, **more)
        assert self.store.count() == count, "nothing is written of any"
        return str(error.value)

    def state(self, serial: str, now_us: int = NOW_US + SECOND) -> str:
        return str(known_unit(self.store, ("serial", serial)).at(now_us).state)


@pytest.fixture
def office(place: Place, tmp_path: Path) -> Office:
    return Office(place, tmp_path)


def test_a_hold_is_lifted_by_the_quality_office_and_every_word_is_found_under_its_unit(office: Office) -> None:
    (held,) = office.say("hold", "SN1-00001", "SN2-00001", by="olaf", why="burr found", code="H3")
    assert [office.state(one) for one in ("SN1-00001", "SN1-00002", "SN2-00001")] == ["hold", "pass", "hold"]
    words, _ = FollowedWords().now(office.store)
    told = {one.id: one.state for one in words.listed("line2", NOW_US)}
    assert told == {"SN1-00001": "hold", "SN2-00001": "hold"}, "every line hears of it"
    assert "by the word of" in office.refused("released", "SN1-00001", by="ina")
    office.say("released", "SN1-00001", why="burr is outside the seat")
    office.say("scrap", "SN2-00001", by="ina", code="S1")
    assert [office.state(one) for one in ("SN1-00001", "SN2-00001")] == ["released", "scrap"]
    story = [one.record for one in trace(office.store, "SN2-00001", "serial").events]
    assert [(one.payload["state"], one.by, one.role) for one in story if isinstance(one, Event)] == [
        ("hold", "olaf", "operator"),
        ("scrap", "ina", "inspector"),
    ]
    first = next(one for one in story if isinstance(one, Event))
    assert (first.id, first.reason, first.reason_code, first.line) == (held, "burr found", "H3", "line1")
    assert "what is scrap can't become released" in office.refused("released", "SN2-00001")
    assert verify(office.store).ok


def test_one_that_may_not_holds_up_all_and_each_is_named(office: Office) -> None:
    office.say("scrap", "SN2-00001")
    said = office.refused("released", "SN1-00001", "SN2-00001", "SN1-00002")
    assert said == "SN2-00001: what is scrap can't become released: it may become hold, scrap"
    assert "nothing is known of SN-X, SN-Y" in office.refused("scrap", "SN1-00001", "SN-X", "SN-Y")
    office.say("hold", "SN-X")
    assert office.state("SN-X") == "hold", "a hold may be said before the unit is seen"
    assert "rita has no role" in office.refused("hold", "SN1-00001", by="rita")
    assert "nobody has no role" in office.refused("hold", "SN1-00001", by="nobody")


def test_a_lot_is_released_once_every_unit_is_done(office: Office) -> None:
    said = office.refused("released", lot="L7")
    assert said.startswith("lot L7 has 1 unit of 3 that aren't done: SN2-00001 is fail; pass, release or scrap")
    office.say("hold", "SN1-00002", by="olaf")
    assert "2 units of 3" in office.refused("released", lot="L7")
    office.say("concession", "SN2-00001", until_us=NOW_US + DAY)
    office.say("released", "SN1-00002")
    (record,) = office.say("released", lot="L7")
    lot = known_unit(office.store, ("lot", "L7"))
    assert (str(lot.at(NOW_US + SECOND).state), lot.at(NOW_US).word.record) == ("released", record)  # type: ignore[union-attr]
    assert office.state("SN2-00001", NOW_US + 2 * DAY) == "hold", "the concession has ended"
    assert [one.name for one in lot_units(office.store, "L7").open_at(NOW_US + 2 * DAY)] == ["SN2-00001"]


def test_an_inspection_that_was_voided_and_a_unit_of_another_lot_hold_nothing_up(office: Office) -> None:
    gone = correction(MADE[2], action="void", field=None, old=None, new=None)
    moved = correction(MADE[1], action="re-attribute", field="lot", old="L7", new="L8")
    fill(office.store, chained([gone, moved], "office", "qrstuvwx", T0 + DAY, slot=9))
    assert [one.name for one in lot_units(office.store, "L7").units] == ["SN1-00001"]
    assert [one.name for one in lot_units(office.store, "L8").units] == ["SN1-00002"]
    assert office.state("SN2-00001") == "not inspected"
    office.say("released", lot="L7")


def test_many_units_are_several_events_of_their_lines(office: Office) -> None:
    many = [f"X{number:05}" for number in range(2 * MOST_SERIALS)]
    records = office.say("hold", "SN1-00001", "SN3-00001", *many)
    assert len(records) > 3
    rows = [
        row for one in records for row in office.store.named("collector:c1", one.split("/")[1], int(one.split("/")[2]))
    ]
    assert max(len(row.data) for row in rows) <= MAX_RECORD_BYTES
    for serial in ("SN1-00001", "SN3-00001", many[0], many[-1]):
        (event,) = trace(office.store, serial, "serial").events
        assert isinstance(event.record, Event)
        assert event.record.line == {"SN1-00001": "line1", "SN3-00001": "line2"}.get(serial, "c1")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (WantedState("hold", "x"), "say of which units"),
        (WantedState("hold", " ", ("SN1-00001",)), "say why"),
        (WantedState("hold", "a\nb", ("SN1-00001",)), "one line"),
        (WantedState("hold", "x", ("SN\n1",)), "serial"),
        (WantedState("hold", "x", ("SN1-00001",), code=""), "the code"),
        (WantedState("hold", "x", ("SN1-00001",), until_us=NOW_US + DAY), "goes with a release or a concession"),
        (WantedState("concession", "x", ("SN1-00001",), until_us=NOW_US), "lies ahead"),
        (WantedState("hold", "x", ("SN1-00001",), quantity=3), "goes with a lot"),
    ],
)
def test_what_can_stand_in_no_record_is_told_first(wanted: WantedState, why: str, tmp_path: Path) -> None:
    desk = Desk(None, "c1", tmp_path / "lock", FixedClock(), master=True)  # type: ignore[arg-type]
    with pytest.raises(Declined) as error:
        DispositionOffice(desk, lambda: NOW_US).say(wanted, "eva")
    assert why in str(error.value)
