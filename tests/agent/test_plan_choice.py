"""Which of a station's plans holds for a unit: one, or the unit is refused with its sentence and an event."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.agent.station_floor import Floor, setup

from gaugetrail_agent.languages.sentences import ENGLISH, Sentence
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Room
from gaugetrail_agent.station.choosing.plan_choice import part_of, plan_for, rivals
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.keeping.sealing import room_for
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import journal_text, read_journal
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import BatchCame
from gaugetrail_contract.documents.plan import FurtherPart, Plan, PlanFile
from gaugetrail_contract.record import EventBody, PlanRef, Verdict

BORE = {"name": "bore", "unit": "mm", "usl": "75", "device": "bore"}
WEIGHT = {"name": "weight", "unit": "g", "device": "scale"}


def plan(name: str, part: str, revision: str | None = None, *characteristics: dict[str, Any], **more: Any) -> Plan:
    facts = {"id": name, "revision": "A", "part": part, "approved_by": "QE", "approved_on": "2026-11-01"}
    facts |= {"part_revision": revision, "characteristic": characteristics or (BORE,)}
    sha = f"{sum(map(ord, name)):064x}"
    ref = PlanRef(id=name, revision="A", sha256=sha)
    return Plan(PlanFile.model_validate(facts | more), ref, Path(f"{name}.toml"))


P74B = plan("CP-74B", "PR-74", "B", BORE)
P74C = plan("CP-74C", "PR-74", "C", WEIGHT, drop_class=2)
P75 = plan("CP-75", "PR-75", None, BORE, WEIGHT, also_for=[{"part": "PR-76", "revision": "D"}])


def station(*plans: Plan, **more: Any) -> Setup:
    import re

    unit = re.compile(r"(?:(?P<part>PR-[0-9]+)/)?(?:(?P<revision>[A-Z])/)?(?P<serial>SN[0-9]+)")
    changed = {"plan": plans[0], "choice": plans if len(plans) > 1 else (), "unit": unit} | more
    return replace(setup(), **changed)


def told(found: Plan | Sentence) -> str:
    return found.ref.id if isinstance(found, Plan) else ENGLISH.text(found)


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ({"part": "PR-74", "revision": "B"}, "CP-74B"),
        ({"part": "PR-74", "revision": "C"}, "CP-74C"),
        ({"part": "PR-75"}, "CP-75"),
        ({"part": "PR-75", "revision": "Z"}, "CP-75"),
        ({"part": "PR-76"}, "CP-75"),
        ({"part": "PR-76", "revision": "D"}, "CP-75"),
        ({"part": "PR-74"}, "PR-74 has more than one plan here (CP-74B A, CP-74C A): set the part aside"),
        ({"part": "PR-74", "revision": "D"}, "PR-74 revision D has no plan here, only B, C: set the part aside"),
        ({"part": "PR-76", "revision": "E"}, "PR-76 revision E has no plan here, only D"),
        ({"part": "PR-77"}, "no plan of this station is for PR-77"),
        ({}, "the code doesn't say which part this is, and the station has plans for PR-74, PR-75, PR-76"),
    ],
)
def test_one_plan_fits_or_none_is_taken(ids: dict[str, str], says: str) -> None:
    assert told(plan_for(station(P74B, P74C, P75), ids)).startswith(says)


def test_a_station_of_one_part_needs_no_part_in_the_code() -> None:
    """As ever; a revision that the plan isn't for is refused all the same."""
    assert plan_for(station(P74B), {}) is P74B
    assert plan_for(station(P74B), {"revision": "B"}) is P74B
    assert told(plan_for(station(P74B), {"revision": "C"})).startswith("PR-74 revision C has no plan here, only B")
    assert told(plan_for(station(P74B), {"part": "PR-9"})) == "this is a PR-9; the plan CP-74B is for PR-74"
    assert told(plan_for(station(P75), {})).startswith("the code doesn't say which part")


def test_a_plan_of_any_revision_and_one_of_that_revision_are_two() -> None:
    anyone = plan("CP-74", "PR-74")
    assert "more than one plan" in told(plan_for(station(anyone, P74B), {"part": "PR-74", "revision": "B"}))
    assert plan_for(station(anyone, P74B), {"part": "PR-74", "revision": "C"}) is anyone


def test_what_a_record_says_of_the_part() -> None:
    """What the code says; else what the plan says of that part."""
    assert part_of(P74B, {}) == FurtherPart(part="PR-74", revision="B")
    assert part_of(P75, {"part": "PR-75", "revision": "Z"}) == FurtherPart(part="PR-75", revision="Z")
    assert part_of(P75, {"part": "PR-76"}) == FurtherPart(part="PR-76", revision="D")
    assert part_of(P75, {"part": "PR-75"}) == FurtherPart(part="PR-75")


def test_plans_for_the_same_part_and_revision_are_rivals() -> None:
    other = plan("CP-9", "PR-9", None, also_for=[{"part": "PR-74", "revision": "C"}])
    assert list(rivals([P74B, P74C, P75])) == []
    assert list(rivals([P74B, P74C, other])) == [(P74C, other, FurtherPart(part="PR-74", revision="C"))]


# --- at the station


def at_work(at: Setup) -> Floor:
    floor = Floor(at)
    floor.scan("OP-12")
    return floor


def test_each_unit_is_measured_by_the_plan_of_its_part() -> None:
    """Asked for, judged and recorded by it, one after the other; without a unit, none is shown."""
    floor = at_work(station(P74B, P74C, P75, operation="OP20"))
    assert display(floor.setup, floor.state).document(ENGLISH)["plan"] is None
    floor.scan("PR-74/C/SN1")
    shown = display(floor.setup, floor.state).document(ENGLISH)
    assert (shown["plan"], shown["next"]) == ("CP-74C", "weight")
    floor.gauge("scale", "12", "g")
    first = floor.sealed()
    assert (first.plan, first.part, first.revision, first.operation) == (P74C.ref, "PR-74", "C", "OP20")
    floor.state = replace(floor.state, sealing=None)
    floor.scan("PR-75/SN2")
    floor.gauge("bore", "74", "mm")
    floor.gauge("scale", "12", "g")
    second = floor.sealed()
    assert (second.plan, second.part, second.revision, second.verdict) == (P75.ref, "PR-75", None, Verdict.PASS)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("SN1", "plan.which_part"),
        ("PR-77/SN1", "plan.no_plan"),
        ("PR-74/D/SN1", "plan.other_revision"),
        ("PR-74/SN1", "plan.several"),
    ],
)
def test_a_unit_without_its_plan_is_refused_with_an_event(code: str, cause: str) -> None:
    floor = at_work(station(P74B, P74C, P75))
    floor.scan(code)
    assert (floor.state.unit, floor.state.light) == (None, "red")
    (refused,) = floor.refused
    assert (refused.why.id, refused.subject) == (cause, ("serial", "SN1"))


def test_a_unit_of_one_of_several_plans_goes_on_where_it_was_left() -> None:
    floor = at_work(station(P74B, P74C, P75))
    floor.scan("PR-75/SN2")
    floor.gauge("bore", "74", "mm")
    left = read_journal(journal_text(floor.kept[-1]))
    again = Floor(floor.setup)
    again.state = replace(again.state, unfinished=left)
    again.scan("OP-12")
    again.scan("%GO")
    again.gauge("scale", "12", "g")
    assert (again.sealed().plan, again.sealed().verdict) == (P75.ref, Verdict.PASS)


def test_what_may_be_dropped_is_said_by_the_units_own_plan() -> None:
    at = station(P74B, P74C, on_spool_full="drop_lowest")
    floor = at_work(at)
    floor.scan("PR-74/C/SN1")
    floor.gauge("scale", "12", "g")
    assert room_for(at, floor.sealed()) == Room(True, 2)
    floor = at_work(at)
    floor.scan("PR-74/B/SN1")
    floor.gauge("bore", "74", "mm")
    assert room_for(at, floor.sealed()) == Room(True, None)


def test_a_value_of_any_of_the_plans_is_heard() -> None:
    """A gauge that only the second plan needs is no stranger."""
    at = station(P74B, P74C)
    assert at.devices_wanted == {"bore", "scale"}
    assert at.hears("scale", None)


# --- by itself


def block(**texts: str) -> BatchCame:
    readings = (
        Reading(Status.OK, b"\x41", value="74", unit="mm", channel="bore"),
        *(Reading(Status.INFO, b"\x42", channel=channel, text=text) for channel, text in texts.items()),
    )
    return BatchCame("press", readings, 7, tuple(1_790_000_000_000_000 + n for n in range(len(readings))), 5)


def machine() -> Floor:
    changed = {"mode": "automatic", "part_channel": "type", "revision_channel": "rev"}
    pressed = {**BORE, "device": "press"}
    return Floor(station(plan("CP-74B", "PR-74", "B", pressed), plan("CP-74C", "PR-74", "C", pressed), **changed))


def test_a_block_names_its_part_and_revision() -> None:
    floor = machine()
    floor.say(block(serial="SN1", type="PR-74", rev="C"))
    body = floor.sealed()
    assert (body.plan.id, body.part, body.revision, body.verdict) == ("CP-74C", "PR-74", "C", Verdict.PASS)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"serial": "SN1", "type": "PR-74", "rev": "D"}, "SN1: PR-74 revision D has no plan here, only B, C"),
        ({"serial": "SN1", "type": "PR-9", "rev": "B"}, "SN1: no plan of this station is for PR-9"),
        ({"serial": "SN1", "rev": "B"}, "the part can't be used: the block has no channel type"),
        ({"serial": "SN1", "type": "PR-74", "rev": ""}, "the revision can't be used: it is empty"),
    ],
)
def test_a_block_without_its_plan_is_rejected_with_an_event(texts: dict[str, str], reason: str) -> None:
    floor = machine()
    floor.say(block(**texts))
    (sealed,) = [effect for effect in floor.effects if isinstance(effect, SealIt)]
    assert isinstance(sealed.body, EventBody)
    assert sealed.answer == ("press", 7)
    assert str(sealed.body.payload["reason"]).startswith(reason)
    told = [f"{one.names['serial']}: {ENGLISH.text(one.why)}" for one in floor.refused]
    assert told == ([sealed.body.payload["reason"]] if reason.startswith("SN1") else [])
