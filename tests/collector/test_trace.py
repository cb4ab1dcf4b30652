"""Every question gets the same answer from SQLite, from a real InfluxDB 1 and from the versions' stub."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from places import InfluxPlace, Place, make_place
from samples import T0, inspection, measurement
from small_plant import DAY, SECOND, chained, correction, fill, happening, units

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.influx import read as influx_read
from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_collector.stores.lines import bucket
from gaugetrail_collector.stores.question import ALL_TIME, Asked, Position, Window
from gaugetrail_collector.stores.sqlite import read as sqlite_read
from gaugetrail_collector.tracing.trace import Question, ask, gathered, pages, trace
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.seal import Opened

HOUR = 3600 * SECOND
AWKWARD = [
    "' OR 1=1 --",
    '"; DROP MEASUREMENT trace; --',
    "<b>bold</b>",
    "[red]x[/red]",
    "a\\",
    "$id",
    "/.*/",
    "ends \\n so",
    "Ä 部品",
]


def plant() -> list[Opened]:
    """Two lines' agents over a day: 60 units each, an assembly, events, amendments, awkward serials."""
    one = units(60, 1, T0, HOUR // 4, plan={"id": "CP-1", "revision": "A", "sha256": "ab" * 32})
    two = units(60, 2, T0, HOUR // 4, station="OP30", part="PR-80", heat="H5", supplier_lot="S-1")
    for number, serial in enumerate(AWKWARD):
        at = T0 + (61 + number) * HOUR // 4
        one.append(inspection(serial, 1, measurements=(measurement(0, time=utc_text(at - 5), gauge="G' OR 1=1"),)))
    one.append(happening("gauge.checked", "gauge", "G-1", result="passed"))
    one.append(happening("plan.released", "plan", "CP-1"))
    first = chained(one, "pc1", "abcdefgh", T0, HOUR // 4)
    second = chained(two, "pc2", "ijklmnop", T0, HOUR // 4, slot=3)
    amended = [
        correction(first[4]),
        correction(first[4], action="void", field=None, old=None, new=None),
        correction(second[9], new="L99"),
    ]
    return [*first, *second, *chained(amended, "office", "qrstuvwx", T0 + 3 * DAY, slot=9)]


RECORDS = plant()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("influx1", marks=pytest.mark.influxdb), "influx2", "influx3"]
)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The plant's records in a store of each kind, which reads them in pages so small that every answer has several."""
    place: Place = make_place(request.param, request)
    made = place.store()
    fill(made, RECORDS)
    with pytest.MonkeyPatch.context() as patch:
        for module, sizes in (
            (influx_read, {"PAGE": 20, "LEADS": 7, "FEW": 3}),
            (sqlite_read, {"FIRST_PAGE": 5, "PAGE": 20}),
        ):
            for name, size in sizes.items():
                patch.setattr(module, name, size)
        yield made
    place.close()


def expected(question: Question) -> list[str]:
    """What a person with all records and much time would answer."""
    found = [one for one in RECORDS if question.takes(one.record) and question.window.holds(one.record.time_us)]
    return [one.record.id for one in sorted(found, key=place_of)]


def place_of(one: Opened) -> Position:
    return Position(one.record.time_us, one.record.agent, one.record.epoch, one.record.seq)


TERMS = [
    *(Asked("serial", "SN1-00007"), Asked(None, "SN1-00007"), Asked("component", "C2-12"), Asked(None, "C2-12")),
    *(
        Asked("lot", "L2"),
        Asked("heat", "H5"),
        Asked("supplier_lot", "S-1"),
        Asked("order", "PO-1"),
        Asked("operator", "OP-12"),
    ),
    *(Asked("gauge", "G-1"), Asked("gauge", "G-9"), Asked("gauge", "G' OR 1=1"), Asked("gauge", "G")),
    *(
        Asked("plan", "CP-1"),
        Asked("plan", "CP-1 A"),
        Asked("plan", "CP"),
        Asked("plan", "CP-1001"),
        Asked("plan", "CP-1001 C"),
    ),
    *(
        Asked("station", "OP20"),
        Asked("station", "OP30"),
        Asked("part", "PR-80"),
        Asked("lot", "L99"),
        Asked("lot", "nothing"),
    ),
    *(Asked("record", "pc1/abcdefgh/5"), Asked(None, "OP30"), Asked("serial", "")),
    *(Asked(kind, serial) for kind in ("serial", None) for serial in AWKWARD),
]
WINDOWS = [
    ALL_TIME,
    Window(T0 + 5 * HOUR, T0 + 8 * HOUR),
    Window(since_us=T0 + 14 * HOUR),
    Window(until_us=T0 + HOUR),
]


@pytest.mark.parametrize("term", TERMS, ids=str)
def test_every_question_is_answered_whole_and_in_order(store: Store, term: Asked) -> None:
    for window in WINDOWS:
        question = Question((term,), window)
        assert [known.id for known in ask(store, question)] == expected(question), window


def test_everything_of_a_time_is_found_without_a_name(store: Store) -> None:
    for window in WINDOWS:
        assert [known.id for known in ask(store, Question((), window))] == expected(Question((), window))


def test_several_terms_must_all_hold(store: Store) -> None:
    question = Question((Asked("station", "OP20"), Asked("gauge", "G-2"), Asked("lot", "L3")))
    assert expected(question)
    assert [known.id for known in ask(store, question)] == expected(question)


@pytest.mark.parametrize(
    "term", [None, Asked("lot", "L2"), Asked("gauge", "G-1"), Asked("station", "OP20"), Asked(None, "OP-12")], ids=str
)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_joined_by_their_places_are_the_whole_answer(store: Store, term: Asked | None, size: int) -> None:
    """Nothing is told twice and nothing left out where one answer ends and the next goes on."""
    question = Question(() if term is None else (term,), Window(until_us=T0 + min(size, 8) * HOUR))
    found, after = [], None
    while True:
        (page,) = pages(store, question, after, size)
        found += [known.id for known in page.known]
        assert len(page.known) <= size
        if page.next is None:
            break
        after = page.next
    assert found == expected(question)


def test_an_answer_is_what_was_sealed(store: Store) -> None:
    found = trace(store, "SN2-00031")
    (known,) = found.inspections
    (sealed,) = [one for one in RECORDS if getattr(one.record, "serial", None) == "SN2-00031"]
    assert (known.row.data, known.row.sha256, known.record) == (sealed.sealed.data, sealed.sealed.sha256, sealed.record)


def test_amendments_stand_beside_the_record_that_they_change(store: Store) -> None:
    found = trace(store, "SN1-00005").as_json()
    (unit,) = found["inspections"]
    assert unit["amended_by"] == ["office/qrstuvwx/1", "office/qrstuvwx/2"]
    assert unit["lot"] == RECORDS[4].record.lot, "the original stands"
    assert [one["action"] for one in found["amendments"]] == ["correct", "void"]


def test_amendments_of_many_records_come_at_once(store: Store) -> None:
    ids = [one.record.id for one in RECORDS if one.record.kind == "inspection"]
    assert [row.seq for row in store.amendments_of(ids)] == [1, 2, 3]
    assert store.amendments_of([]) == []


def test_amendments_are_found_among_more_of_them_than_are_looked_through(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influx_read, "MANY", 1)
    ids = [one.record.id for one in RECORDS if one.record.kind == "inspection"]
    assert [row.seq for row in store.amendments_of(ids)] == [1, 2, 3]


def test_an_event_about_a_gauge_is_part_of_the_gauges_history(store: Store) -> None:
    found = gathered("G-1", pages(store, Question((Asked("gauge", "G-1"),))))
    assert [one.record.type for one in found.events if one.record is not None] == ["gauge.checked"]
    assert len(found.inspections) > 10


def test_counts_are_unchanged_by_any_question(store: Store) -> None:
    before = store.count()
    for serial in AWKWARD:
        assert len(trace(store, serial, "serial").inspections) == 1
    assert store.count() == before == len(RECORDS)


def test_a_serial_is_never_a_number(store: Store) -> None:
    assert not trace(store, "7")
    assert json.dumps(trace(store, "00007").as_json()) == json.dumps(
        {"identifier": "00007", "inspections": [], "events": [], "amendments": []}
    )


def test_points_that_nobody_of_ours_wrote_lead_nowhere(influx: InfluxPlace) -> None:
    """A stray point in the index is passed over; what it stands beside is found."""
    store = influx.store()
    fill(store, RECORDS[:3])
    serial = "SN1-00002"
    at = T0 * 1000
    head = f"trace,id_kind=serial,zb={bucket(serial)}"
    strays = [
        f'{head} id="{serial}",point="measurement",seq=1i,epoch="x" {at}',
        f'{head} id="x",also="no json" {at + 1}',
    ]
    strays += [f'{head} id="{serial}",point="event",agent="a",seq=9i,epoch="x" {at + 2}']
    strays += [f'{head} id="x",also="{also}",point="event" {at + 3 + n}' for n, also in enumerate(("5", "no json"))]
    http = InfluxHttp(influx.address)
    http.connect()
    assert http.write("\n".join(strays).encode()).status == 204
    http.close()
    assert [known.id for known in trace(store, serial).inspections] == ["pc1/abcdefgh/2"]
