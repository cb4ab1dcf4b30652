"""Where a unit came from and what it went into, across components, lots, splits and merges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from places import make_place
from rich.console import Console
from samples import inspection
from small_plant import chained, fill, happening

from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing.genealogy import Direction, Family, Thing, walk
from gaugetrail_contract.events.registry import named, payload_of
from gaugetrail_contract.record import Body

RECORDS = chained(
    [
        inspection("BLANK-1", 1, lot="L7", heat="H1", supplier_lot="S1", components=()),
        inspection("BLANK-2", 1, lot="L7", heat="H1", components=()),
        inspection(None, 1, lot="L7", heat="H9"),
        happening("lot.split", "lot", "L7", into=["L7-1", "L7-2"]),
        happening("lot.merge", "lot", "L8", **{"from": ["L7-1", "L6"]}),
        inspection("PUMP-1", 1, lot=None, components=("BLANK-1", "SEAL-9")),
        happening("assembly.built", "unit", "ENGINE-1", **{"from": ["PUMP-1", "VALVE-3"], "lots": ["L8"]}),
        happening("assembly.built", "unit", "CAR-1", **{"from": ["ENGINE-1"]}),
        happening("assembly.built", "unit", "LOOP-A", **{"from": ["LOOP-B"]}),
        happening("assembly.built", "unit", "LOOP-B", **{"from": ["LOOP-A"]}),
        happening("assembly.built", "unit", "ODD-1", parts=["PUMP-1"]),
        happening("lot.split", "unit", "L7", into=["NO"]),
    ],
    slot=4,
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("influx1", marks=pytest.mark.influxdb), "influx2", "influx3"]
)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    place = make_place(request.param, request)
    made = place.store()
    fill(made, RECORDS)
    yield made
    place.close()


def family(store: Store, kind: str, identifier: str, direction: Direction, depth: int = 20, size: int = 1000) -> Family:
    return walk(store, Thing(kind, identifier), direction, depth, size)


def found(one: Family) -> dict[str, int]:
    return {str(thing): distance for thing, distance in one.distance.items() if distance}


def test_a_car_is_made_from_everything_below_it(store: Store) -> None:
    assert found(family(store, "serial", "CAR-1", "made_from")) == {
        "serial ENGINE-1": 1,
        "serial PUMP-1": 2,
        "serial VALVE-3": 2,
        "lot L8": 2,
        "serial BLANK-1": 3,
        "serial SEAL-9": 3,
        "lot L7-1": 3,
        "lot L6": 3,
        "lot L7": 4,
        "heat H1": 4,
        "supplier_lot S1": 4,
        "heat H9": 5,
    }


def test_a_heat_is_followed_to_all_that_holds_it(store: Store) -> None:
    """The question when a supplier calls: where is that steel now?"""
    assert found(family(store, "heat", "H9", "went_into")) == {
        "lot L7": 1,
        "serial BLANK-1": 2,
        "serial BLANK-2": 2,
        "lot L7-1": 2,
        "lot L7-2": 2,
        "serial PUMP-1": 3,
        "lot L8": 3,
        "serial ENGINE-1": 4,
        "serial CAR-1": 5,
    }


def test_each_link_names_the_record_that_says_so(store: Store) -> None:
    links = family(store, "serial", "SEAL-9", "went_into").links
    assert [(str(link.part), str(link.whole), link.record) for link in links] == [
        ("serial SEAL-9", "serial PUMP-1", "pc1/abcdefgh/6"),
        ("serial PUMP-1", "serial ENGINE-1", "pc1/abcdefgh/7"),
        ("serial ENGINE-1", "serial CAR-1", "pc1/abcdefgh/8"),
    ]


def test_a_loop_in_the_records_ends_the_walk_where_it_began(store: Store) -> None:
    one = family(store, "serial", "LOOP-A", "made_from")
    assert found(one) == {"serial LOOP-B": 1}
    assert len(one.links) == 2
    printed(one)


def test_depth_and_size_bound_the_walk_and_say_so(store: Store) -> None:
    shallow = family(store, "serial", "CAR-1", "made_from", depth=1)
    assert found(shallow) == {"serial ENGINE-1": 1}
    assert "--depth" in " ".join(shallow.cut_off)
    small = family(store, "serial", "CAR-1", "made_from", size=4)
    assert len(found(small)) == 4
    assert "--most" in " ".join(small.cut_off)
    assert family(store, "serial", "CAR-1", "made_from").cut_off == []


def test_a_payload_of_another_form_leads_nowhere(store: Store) -> None:
    """It is shown as the event that it is; nothing is guessed from it."""
    assert found(family(store, "serial", "ODD-1", "made_from")) == {}
    assert payload_of("assembly.built", "unit", {"from": []}) is None
    assert named("lot.split", "lot", {"into": [1]}) == []
    assert named("gauge.checked", "gauge", {"into": ["x"]}) == []


def printed(one: Family) -> str:
    console = Console(markup=False, width=100)
    with console.capture() as capture:
        console.print(one.tree())
    return capture.get()


def test_the_tree_takes_every_name_literally() -> None:
    body: Body = inspection("[red]x\\", 1, lot="<b>", components=("[/]",))
    one = Family(Thing("serial", "[red]x\\"), "made_from", distance={})
    from gaugetrail_collector.tracing.genealogy import FamilyLink, links_of

    record = chained([body])[0].record
    one.links = [FamilyLink(part, whole, record.id) for part, whole in links_of(record)]
    text = printed(one)
    for name in ("[red]x\\", "<b>", "[/]"):
        assert name in text
