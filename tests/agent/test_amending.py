"""Amendments that are asked for and approved at a station: which events come of it, and who may."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_bodies import body, events, put, spool
from station_floor import BORE, LOOKS, Floor, setup
from station_lives import ShiftLife, told

from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.looking_back import FoundInspection, FoundRecords, RecordSearch, look_back
from gaugetrail_agent.station.memory import memory_key, read_memory
from gaugetrail_agent.station.memory.amending import Amending
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Effect, LookBack
from gaugetrail_agent.station.words.happening import EventKept, LookedBack, PinsKnown
from gaugetrail_agent.station.workflow.amending.asking import ATTRIBUTE, CORRECT, VOID
from gaugetrail_agent.station.workflow.amending.wanted import LATER
from gaugetrail_agent.station.workflow.hooks import KEPT
from gaugetrail_contract.amending.who import APPROVES, ASKS
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.events.amendments import AmendmentApproved, AmendmentRequested
from gaugetrail_contract.record import Event, EventBody, Inspection, InspectionBody, Subject

PEOPLE = PeopleList(
    qualifications="not_kept",
    person=(
        Person(badge="OP-12", roles=("operator",)),
        Person(badge="OP-13", roles=("auditor", "operator")),
        Person(badge="OP-30", roles=("inspector",)),
        Person(badge="OP-31", roles=("quality engineer",)),
        Person(badge="OP-32", roles=("approver",)),
        Person(badge="OP-40", roles=("auditor",)),
    ),
)
AT = setup(BORE, LOOKS, people=PEOPLE)
ALONE = setup(BORE, LOOKS)
"""Without a people list."""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def worked(one: Spool, *acts: str | Callable[[], None], at: Setup = AT, by: str = "OP-12") -> ShiftLife:
    """A unit with a bore of 74.010 and good looks is recorded, then all this is scanned."""
    life = ShiftLife(at, one)
    return life.live(by, "SN000001", life.gauge("bore", "74.010"), "%OK", *acts)


def amended(one: Spool) -> list[Event]:
    return [event for event in events(one) if event.type.startswith("amendment.")]


def recorded_unit(one: Spool) -> FoundInspection:
    found = look_back(one.newest_first(), RecordSearch("x", unit="SN000001")).newest
    assert found is not None
    return found


def says(life: ShiftLife) -> str:
    shown = life.runner.state.says
    return "" if shown is None else shown.id


def test_a_unit_is_voided_with_an_approvers_badge(one: Spool) -> None:
    life = worked(one, "%VOID:measured the master", "SN000001", "OP-31")
    asked, approved = amended(one)
    target = recorded_unit(one)
    payload = AmendmentRequested.read(asked.payload)
    assert payload == AmendmentRequested(
        target=target.record.id, target_sha256=target.sha256, target_time=target.record.time, action="void"
    )
    assert (asked.by, asked.role, asked.reason) == ("OP-12", "operator", "measured the master")
    assert (approved.by, approved.role) == ("OP-31", "quality engineer")
    assert approved.payload == {"request": asked.id}
    for event in (asked, approved):
        assert (event.station, event.subject) == ("OP20", Subject(kind="agent", id="pc1"))
        assert event.subjects == (Subject(kind="unit", id="SN000001"),)
    assert (says(life), life.runner.state.operator, life.asks) == ("amend.approved", "OP-12", "")
    assert read_memory(one.recall(memory_key("OP20"))).amending == Amending()


def test_the_record_stands_as_it_was_sealed(one: Spool) -> None:
    life = ShiftLife(AT, one)
    life.live("OP-12", "SN000001", life.gauge("bore", "74.010"), "%OK")
    before = recorded_unit(one)
    life.live("%VOID:wrong", "SN000001", "OP-31", "%CORRECT:wrong", "SN000001", "bore", "74.020", "OP-31")
    assert recorded_unit(one) == before
    assert len(amended(one)) == 4


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        (("%CORRECT", "SN000001", "bore", "74,02", "digits swapped"), ("correct", "bore", "74.010", "74.02")),
        (("%CORRECT:slip", "SN000001", "LOOKS", "%NOK"), ("correct", "looks", "ok", "nok")),
        (("%ATTRIBUTE:his badge", "SN000001", "operator", "OP-30"), ("re-attribute", "operator", "OP-12", "OP-30")),
        (("%ATTRIBUTE", "SN000001", "order", "PO-7", "wrong traveller"), ("re-attribute", "order", None, "PO-7")),
        (("%ATTRIBUTE:a", "SN000001", "Gauge of bore", "G-18"), ("re-attribute", "gauge of bore", "G-17", "G-18")),
        (("%EXCLUDE:burr", "SN000001", "bore"), ("exclude", "bore", None, None)),
        (("%EXCLUDE:trial", "SN000001", "%all"), ("exclude", None, None, None)),
        (("%VOID", "SN000001", "measured the master"), ("void", None, None, None)),
    ],
)
def test_each_word_asks_for_what_it_lacks(one: Spool, acts: tuple[str, ...], said: tuple[str | None, ...]) -> None:
    life = worked(one, *acts)
    assert life.asks == "amend.badge"
    assert amended(one) == []
    life.live(LATER)
    (asked,) = amended(one)
    payload = AmendmentRequested.read(asked.payload)
    assert payload is not None
    assert (payload.action, payload.field, payload.old, payload.new) == said
    assert asked.reason
    assert (says(life), life.asks) == ("amend.asked", "")


def test_a_badge_approves_what_it_was_shown_and_no_other_value() -> None:
    """Whatever comes from the spool late."""
    floor = Floor(AT)
    floor.scan("OP-12")
    asked = []
    for new, badge in (("PO-1", LATER), ("PO-2", "OP-31")):
        floor.scan("%ATTRIBUTE:wrong traveller")
        (search,) = [effect for effect in floor.scan("SN000001") if isinstance(effect, LookBack)]
        floor.say(LookedBack(search.wanted, FoundRecords(newest=FOUND), **floor.tick()))
        floor.scan("order")
        floor.scan(new)
        asked += told(floor.scan(badge))
    assert [one.payload["new"] for one in asked] == ["PO-1", "PO-2"]
    assert told(floor.say(EventKept(asked[0], "pc1/e/8"))) == []
    (approved,) = told(floor.say(EventKept(asked[1], "pc1/e/9")))
    assert (approved.by, approved.payload) == ("OP-31", {"request": "pc1/e/9"})


def test_a_note_needs_nobody_else(one: Spool) -> None:
    life = worked(one, "%ANNOTATE:the customer asked about it", "SN000001")
    (asked,) = amended(one)
    assert (asked.payload["action"], asked.reason) == ("annotate", "the customer asked about it")
    assert says(life) == "amend.noted"


@pytest.mark.parametrize(
    ("badge", "why"),
    [("OP-12", "amend.oneself"), ("OP-30", "amend.no_role"), ("OP-40", "amend.no_role"), ("OP-99", "amend.no_role")],
)
def test_who_may_not_approve_is_told_so_and_somebody_else_is_waited_for(one: Spool, badge: str, why: str) -> None:
    life = worked(one, "%VOID:measured the master", "SN000001", badge)
    assert (says(life), life.asks, amended(one)) == (why, "amend.badge", [])
    life.live("OP-32")
    assert [event.by for event in amended(one)] == ["OP-12", "OP-32"]
    refused = [event for event in events(one) if event.type == "station.refused"]
    assert [event.payload["cause"] for event in refused if event.payload["cause"].startswith("amend.")] == [why]


def test_an_engineer_does_not_approve_what_they_have_asked_for(one: Spool) -> None:
    life = worked(one, "%VOID:measured the master", "SN000001", "OP-31", by="OP-31")
    assert (says(life), amended(one)) == ("amend.oneself", [])


def test_who_may_not_ask_is_refused(one: Spool) -> None:
    """An auditor changes nothing; one who is operator, too, asks as that."""
    floor = Floor(AT)
    floor.state = replace(floor.state, operator="OP-40")
    assert told(floor.scan("%VOID:wrong")) == []
    assert floor.message == (
        "OP-40 can't ask for an amendment: it takes a administrator or approver or inspector or operator or "
        "quality engineer or setter"
    )
    assert floor.state.dialog is None
    assert floor.refused[-1].subject == ("badge", "OP-40")
    worked(one, "%VOID:wrong", "SN000001", LATER, by="OP-13")
    assert [event.role for event in amended(one)] == ["operator"]


def test_without_a_people_list_whoever_is_here_asks_and_the_office_approves(one: Spool) -> None:
    life = worked(one, "%VOID:measured the master", "SN000001", at=ALONE)
    (asked,) = amended(one)
    assert (asked.by, asked.role, says(life)) == ("OP-12", None, "amend.asked")


def test_a_unit_that_this_pc_never_recorded_is_the_offices(one: Spool) -> None:
    life = worked(one, "%VOID:wrong", "SN000009")
    assert (says(life), life.asks, amended(one)) == ("amend.not_here", "", [])
    (refused,) = [event for event in events(one) if event.type == "station.refused"]
    assert (refused.payload["cause"], refused.payload["serial"]) == ("amend.not_here", "SN000009")


def test_a_record_in_several_pieces_is_the_offices(one: Spool) -> None:
    for number in (1, 2):
        one.append(msgspec.structs.replace(body("SN000009"), piece=number, pieces=2)).result(10)
    life = ShiftLife(AT, one).live("OP-12", "%VOID:wrong", "SN000009")
    assert (says(life), amended(one)) == ("amend.in_pieces", [])


def test_nothing_is_amended_while_a_unit_is_measured(one: Spool) -> None:
    life = ShiftLife(AT, one).live("OP-12", "SN000001", "%VOID:wrong")
    assert (says(life), life.asks) == ("amend.in_hand", "")


def test_what_can_not_be_meant_is_asked_again(one: Spool) -> None:
    life = worked(one, CORRECT, "XX")
    assert (says(life), life.asks) == ("unit.no_unit", "amend.which")
    life.live("SN000001", "depth")
    assert life.asks == "amend.which_value"
    life.live("bore", "about 74")
    assert (says(life), life.asks) == ("amend.unfit", "amend.new")
    life.live("1,234")
    assert says(life) == "typed.two_ways"
    life.live("74.010")
    assert says(life) == "amend.same"
    life.live("74.020", "because\x07")
    assert (says(life), life.asks) == ("note.unusable", "amend.why")
    life.live("slip", "what?")
    assert life.asks == "amend.badge"
    life.live("%CANCEL")
    assert (life.asks, amended(one)) == ("", [])
    life.live(ATTRIBUTE, "SN000001", "bore")
    assert life.asks == "amend.what"
    life.live("lot", "x" * 201)
    assert (says(life), life.asks) == ("note.unusable", "amend.new")


def test_what_is_chosen_from_is_what_the_record_says(one: Spool) -> None:
    life = worked(one, VOID)
    assert [choice.code for choice in life.runner.state.dialog.choices] == ["SN000001"]  # type: ignore[union-attr]
    life.live("%CANCEL", CORRECT, "SN000001")
    assert [choice.code for choice in life.runner.state.dialog.choices] == ["bore", "looks"]  # type: ignore[union-attr]
    life.live("%CANCEL", "%EXCLUDE:x", "SN000001")
    choices = life.runner.state.dialog.choices  # type: ignore[union-attr]
    assert [choice.code for choice in choices] == ["bore", "looks", "%ALL"]
    life.live("%CANCEL", ATTRIBUTE, "SN000001")
    choices = life.runner.state.dialog.choices  # type: ignore[union-attr]
    assert [choice.code for choice in choices] == [
        *("serial", "lot", "order", "operator", "part"),
        "gauge of bore",
    ]


def test_a_badge_that_is_named_proves_nothing_and_one_that_approves_does(one: Spool) -> None:
    """The person whose badge should have been scanned isn't there to type a PIN."""
    life = worked(one)
    life.live(lambda: life.runner.pins_known(frozenset({"OP-30", "OP-31"})))
    life.live("%ATTRIBUTE:his badge", "SN000001", "operator", "OP-30")
    assert (life.runner.state.pin, life.asks) == (None, "amend.badge")
    life.live("OP-31")
    assert life.runner.state.pin is not None
    assert (life.runner.state.pin.badge, amended(one)) == ("OP-31", [])


def test_what_the_spool_refuses_was_not_asked_for(one: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(SpoolFull("the disk is full"))
        return refused

    life = worked(one, "%VOID:wrong", "SN000001")
    monkeypatch.setattr(one, "append", full)
    life.live("OP-31")
    assert (says(life), life.asks, amended(one)) == ("value.not_kept", "amend.badge", [])
    assert life.runner.state.memory.amending == Amending()
    monkeypatch.undo()
    life.live("OP-31")
    assert [event.type for event in amended(one)] == ["amendment.requested", "amendment.approved"]


def test_an_approval_that_a_kill_cost_is_told_and_the_request_waits(
    one: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was in the spool, and its approval wasn't: nobody had been told that it was approved."""
    append, refused = one.append, Future[Any]()
    refused.set_exception(SpoolFull("the disk is full"))

    def full(event: Any, *more: Any) -> Future[Any]:
        return refused if getattr(event, "type", "") == AmendmentApproved.TYPE else append(event, *more)

    life = worked(one, "%VOID:wrong", "SN000001")
    monkeypatch.setattr(one, "append", full)
    life.live("OP-31")
    assert [event.type for event in amended(one)] == ["amendment.requested"]
    assert "amend.approved" not in [shown.state.says.id for shown in life.shown if shown.state.says]
    monkeypatch.undo()
    again = ShiftLife(AT, one).live(lambda: None)
    assert [shown.state.says.id for shown in again.shown if shown.state.says][-1:] == ["amend.lost"]
    assert [event.type for event in amended(one)] == ["amendment.requested"]
    assert read_memory(one.recall(memory_key("OP20"))).amending == Amending()


def test_an_approval_that_the_spool_refused_for_a_while_is_told_when_it_is_there(
    one: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, refused = one.append, Future[Any]()
    refused.set_exception(SpoolFull("the disk is full"))
    life = worked(one, "%VOID:wrong", "SN000001")
    full = [True]

    def sometimes(event: Any, *more: Any) -> Future[Any]:
        out = full[0] and getattr(event, "type", "") == AmendmentApproved.TYPE
        return refused if out else append(event, *more)

    monkeypatch.setattr(one, "append", sometimes)
    life.live("OP-31", lambda: full.__setitem__(0, False), "%NOTE:it is full")
    assert [event.type for event in amended(one)] == ["amendment.requested", "amendment.approved"]
    assert says(life) == "amend.approved"


def test_the_newest_record_of_the_unit_is_meant_be_it_a_lot(one: Spool) -> None:
    put(one, 3)
    one.append(body(None, lot="L1")).result(10)
    again = one.append(body("SN2")).result(10)
    found = look_back(one.newest_first(), RecordSearch("x", unit="SN2")).newest
    assert found is not None
    assert found.record.id == again.record_id
    assert found.sha256 == next(one.sealed.sha256 for one in one.newest_first() if one.record.id == again.record_id)
    lot = look_back(one.newest_first(), RecordSearch("x", unit="L1")).newest
    assert lot is not None
    assert lot.record.lot == "L1"
    assert look_back(one.newest_first(), RecordSearch("x", unit="SN9")).newest is None


# --- whatever is scanned

RECORD = Inspection(
    schema_="gaugetrail/2",
    agent="pc1", epoch="abcdefgh", seq=7, prev="0" * 64, time="2026-11-28T08:00:00.000000Z", utc_offset_min=0,
    clock="synced", mono_ns=1, boot="b", slot=7, kind="inspection",
    **{name: getattr(body("SN000001"), name) for name in InspectionBody.__struct_fields__},
)  # type: ignore[arg-type]  # fmt: skip
FOUND = FoundInspection(RECORD, "a" * 64)
SCANS = (
    *("OP-12", "OP-13", "OP-30", "OP-31", "OP-32", "OP-40", "OP-99", "%LOGOFF", "%CANCEL", "%LATER", "SN000001"),
    *("%VOID:a", "%VOID", "%EXCLUDE:a", "%CORRECT", "%ATTRIBUTE:a", "%ANNOTATE:a", "order", "operator", "PO-1", "why"),
    *("%ALL", "kept", "kept", "found", "found", "found", "pins"),
)


WHOLE = tuple(
    (word, "SN000001", "found", *more, badge)
    for word, more in ((VOID + ":a", ()), ("%EXCLUDE:a", ("%ALL",)), ("%ATTRIBUTE:a", ("order", "PO-1")))
    for badge in ("OP-12", "OP-31", "OP-32", "OP-40", LATER)
)
"""What is asked for from the first word to the last."""


@settings(max_examples=100, deadline=None)
@given(acts=st.lists(st.one_of(st.sampled_from(WHOLE), st.tuples(st.sampled_from(SCANS))), max_size=12))
def test_nothing_is_approved_but_by_another_person_of_the_role_and_once(acts: list[tuple[str, ...]]) -> None:
    floor, scans = Floor(AT), [text for act in acts for text in act]
    said: list[EventBody] = []
    kept = 0
    for text in ("OP-12", *scans):
        if text == "found":
            searches = [effect for effect in floor.effects if isinstance(effect, LookBack)]
            events = [LookedBack(searches[-1].wanted, FoundRecords(newest=FOUND), **floor.tick())] if searches else []
            effects = tuple(effect for event in events for effect in floor.say(event))
        elif text == "kept":
            effects = ()
            if kept < len(said):
                effects = in_the_spool(floor, said[kept], kept)
                kept += 1
        elif text == "pins":
            effects = floor.say(PinsKnown(frozenset()))
        else:
            while kept < len(said):  # what was said before is in the spool by then
                said += _amendments(in_the_spool(floor, said[kept], kept))
                kept += 1
            effects = floor.scan(text)
        said += _amendments(effects)
    _sound(said)


def in_the_spool(floor: Floor, event: EventBody, before: int) -> tuple[Effect, ...]:
    """The runner tells it of events that something has to name."""
    return floor.say(EventKept(event, f"pc1/e/{before + 1}")) if event.type in KEPT else ()


def _amendments(effects: tuple[object, ...]) -> list[EventBody]:
    return [one for one in told(effects) if one.type.startswith("amendment.")]  # type: ignore[arg-type]


def _sound(said: list[EventBody]) -> None:
    names = {f"pc1/e/{number}": one for number, one in enumerate(said, 1)}
    approvals = [one for one in said if one.type == AmendmentApproved.TYPE]
    for one in approvals:
        asked = names[one.payload["request"]]
        assert asked.type == AmendmentRequested.TYPE
        assert said.index(asked) < said.index(one)
        assert asked.by != one.by
        assert one.role in APPROVES
        assert asked.payload["action"] != "annotate"
    assert len({one.payload["request"] for one in approvals}) == len(approvals)
    for one in said:
        if one.type == AmendmentRequested.TYPE:
            assert one.role in ASKS
            assert one.reason
            assert (one.payload["target"], one.payload["target_sha256"]) == (RECORD.id, FOUND.sha256)
            assert re.fullmatch("OP-[0-9]+", one.by or "")
