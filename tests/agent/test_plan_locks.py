"""A plan that is here and not in force is refused; somebody with a role may allow it, and the record says why."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from station_floor import LOOKS, Floor, setup

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.locks.plan_locks import without_plans
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_contract.documents.people import PeopleList, Person

PEOPLE = PeopleList(
    qualifications="not_kept",
    person=(
        Person(badge="OP-12", name="Ada", roles=("operator",)),
        Person(badge="OP-3", name="Eve", roles=("quality engineer",)),
    ),
)
OLD = said("document.too_old", document="CP-1 C, edition 1", since="2026-11-01 00:00Z")


def at(why: Sentence = OLD, people: PeopleList | None = PEOPLE) -> Floor:
    """OP-12 has scanned a unit and was refused."""
    floor = Floor(replace(setup(LOOKS, people=people), barred={"CP-1": why}))
    floor.scan("OP-12")
    floor.scan("SN000001")
    assert (floor.state.unit, floor.state.says) == (None, why)
    return floor


def test_what_is_refused_is_told_under_the_serial() -> None:
    (refused,) = at().refused
    assert (refused.why, refused.subject) == (OLD, ("serial", "SN000001"))


def test_a_quality_engineer_allows_it_and_the_record_says_so() -> None:
    """Also for the units after it; an event is found under the plan."""
    floor = at()
    floor.scan("%ALLOW:the broker is being moved until noon")
    floor.scan("OP-3")
    for serial in ("SN000001", "SN000002"):
        floor.scan(serial)
        floor.scan("%OK")
        body = floor.sealed()
        assert body.serial == serial
        assert body.override is not None
        assert (body.override.who, body.plan.id) == ("OP-3", "CP-1")
        assert body.override.why.endswith("Call the technician: the broker is being moved until noon")
        floor.state = replace(floor.state, sealing=None)
    (event,) = [one.body for one in floor.effects if isinstance(one, TellEvent)]
    told = {key: event.payload.get(key) for key in ("cause", "document", "gauge", "operator")}
    assert told == {"cause": "document.too_old", "document": "CP-1", "gauge": None, "operator": "OP-12"}


def test_it_is_allowed_until_somebody_else_is_there_or_another_text_is() -> None:
    floor = at()
    floor.scan("%ALLOW:until noon")
    floor.scan("OP-3")
    allowed = floor.state.allowed
    assert without_plans(allowed) == ()
    ref = msgspec.structs.replace(floor.setup.plan.ref, sha256="f" * 64)
    other = replace(floor.setup, plan=replace(floor.setup.plan, ref=ref))
    floor.setup, before = other, floor.setup
    floor.scan("SN000001")
    assert floor.state.says == OLD
    floor.setup = before
    floor.scan("OP-12")
    floor.scan("SN000001")
    assert (floor.state.says, floor.state.unit) == (OLD, None)


@pytest.mark.parametrize(
    "why",
    [
        said("document.withdrawn", document="CP-1 C, edition 1"),
        said("document.at_fault", document="CP-1 C, edition 1", fault="no device"),
        said("plan.other_operation", plan="CP-1", planned="OP10", operation="OP20"),
    ],
)
def test_some_things_nobody_allows(why: Sentence) -> None:
    floor = at(why)
    floor.scan("%ALLOW:we must")
    assert floor.state.says is not None
    assert floor.state.says.id == "allow.nothing"


def test_without_a_people_list_nobody_has_a_role() -> None:
    floor = at(people=None)
    floor.scan("%ALLOW:we must")
    assert floor.state.says is not None
    assert floor.state.says.id == "allow.nobody"
