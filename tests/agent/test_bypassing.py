"""An approved alternative control: by somebody with the role, for a time, and every unit says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from station_floor import BORE, WEIGHT, Floor, setup
from station_lives import asked, recorded, ticked, told
from test_states_decided import DECIDERS

from gaugetrail_agent.station.memory import Moment, memory_text, read_memory
from gaugetrail_agent.station.words.happening import Woke
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.bypass import AlternativeControl
from gaugetrail_contract.documents.plan import Characteristic, PlanFile
from gaugetrail_contract.record import InspectionBody

PLUG = Characteristic.model_validate({"name": "plug", "kind": "attribute"})
BP_1 = AlternativeControl(id="BP-1", what="plug gauge, 100 %", instead_of=("bore",), extra=("plug",), most_hours=2)


def floor_at() -> Floor:
    at = setup(BORE, PLUG, WEIGHT, people=DECIDERS)
    at = replace(at, plan=replace(at.plan, file=at.plan.file.model_copy(update={"bypass": (BP_1,)})))
    floor = Floor(at)
    floor.say(Woke(Moment(floor.now, floor.now * 1000, "boot")))
    floor.scan("OP-12")
    return floor


def measured(floor: Floor, serial: str) -> InspectionBody:
    floor.scan(serial)
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%OK")
    floor.gauge("scale", "12.0", "g")
    recorded(floor)
    return floor.sealed()


def names(body: InspectionBody) -> list[str]:
    return [one.characteristic for one in body.measurements]


def test_what_is_measured_only_then_is_measured_of_no_other_unit() -> None:
    body = measured(floor_at(), "SN000001")
    assert (names(body), body.bypass, str(body.verdict)) == (["bore", "weight"], None, "pass")


def test_somebody_with_the_role_lets_it_and_each_unit_is_marked_until_its_time_is_over() -> None:
    floor = floor_at()
    assert told(floor.scan("%BYPASS:bp-1 the gauge is at the laboratory")) == []
    assert asked(floor) == "BP-1 begins by the word of: approver or quality engineer. Scan the badge"
    assert told(floor.scan("OP-30")) == []
    (event,) = told(floor.scan("OP-31"))
    assert (event.type, event.by, event.role) == ("station.bypass", "OP-31", "quality engineer")
    assert (event.payload["state"], event.payload["why"]) == ("begun", "the gauge is at the laboratory")
    assert (event.payload["instead_of"], event.payload["extra"]) == (["bore"], ["plug"])
    body = measured(floor, "SN000001")
    assert (names(body), body.bypass, str(body.verdict)) == (["plug", "weight"], "BP-1", "pass")
    ticked(floor)
    assert floor.state.notices["bypass CP-1"].sign == "amber"
    floor.state = StationState(operator="OP-12", memory=read_memory(memory_text(floor.state.memory)), boot="boot")
    assert measured(floor, "SN000002").bypass == "BP-1"
    floor.now += 2 * 3600 * 1_000_000
    assert measured(floor, "SN000003").bypass is None
    (ended,) = told(ticked(floor))
    assert (ended.payload["state"], ended.payload["why"]) == ("ended", "its time is over")
    assert "bypass CP-1" not in floor.state.notices


def test_it_is_ended_by_a_word_and_wants_a_name_and_a_reason() -> None:
    floor = floor_at()
    floor.scan("%BYPASS:OFF")
    assert floor.message == "no alternative is in force"
    floor.scan("%BYPASS:other why")
    assert floor.message == "say which alternative, and why: %BYPASS:name reason; the plans have BP-1"
    floor.scan("%BYPASS:BP-1")
    assert floor.message == "say why: %BYPASS:BP-1 reason"
    floor.scan("%BYPASS:BP-1 broken")
    floor.scan("OP-31")
    (ended,) = told(floor.scan("%BYPASS:OFF"))
    assert (ended.payload["state"], ended.by) == ("ended", "OP-12")
    assert measured(floor, "SN000001").bypass is None


def test_a_plan_whose_alternative_names_nothing_of_it_is_refused() -> None:
    file = floor_at().setup.plan.file.model_dump(mode="json", by_alias=True)
    file["bypass"] = [{**BP_1.model_dump(mode="json"), "extra": ["nothing"]}]
    with pytest.raises(ValueError, match="a bypass names nothing, and no characteristic is called so"):
        PlanFile.model_validate(file)
