"""A characteristic's values out of the store: their order, their context, what amendments and re-measures do."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from samples import T0, inspection, measurement
from small_plant import SECOND, chained, correction, fill, units

from gaugetrail_collector.statistics.csv_table import filtered
from gaugetrail_collector.statistics.series import KNOWN, SeriesTable, series
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.record_rows import COLUMNS
from gaugetrail_collector.tracing.trace import Question
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.seal import Opened
from gaugetrail_statistics.refusing import Refused


@pytest.fixture
def store(tmp_path: Path):
    made = SqliteStore(tmp_path / "store.db")
    made.open()
    yield made
    made.close()


def values(store: Store, *columns: str, raw: bool = False) -> SeriesTable:
    return series(store, Question(), "bore_0", ["value", *columns], raw=raw)


def bores(*numbers: str | None, **changes: object) -> list:
    """Inspections a second apart, the value a little before each."""
    return [
        inspection(
            f"SN{at}",
            measurements=(measurement(0, value=number, time=utc_text(T0 + at * SECOND - 20)),),
            **changes,
        )
        for at, number in enumerate(numbers, 1)
    ]


def amended(store: Store, target: Opened, **changes: object) -> None:
    count = store.count()
    fill(
        store,
        chained([correction(target, **changes)], "office", f"qrst{count:04}", T0 + (900 + count) * SECOND, slot=9),
    )


def test_values_have_their_context_and_stand_as_they_were_measured(store: Store) -> None:
    made = chained(units(30, 3))
    fill(store, made)
    found = values(store, "gauge", "lot", "lsl", "serial", "plan", "subgroup")
    bores_of = [one.record.measurements[0] for one in made]
    assert found.numbers("value") == [float(one.value) for one in bores_of]
    assert found.words("gauge") == [one.gauge for one in bores_of]
    assert found.words("lot") == [one.record.lot for one in made]
    assert found.numbers("lsl") == [73.95] * 30
    assert found.words("plan") == ["CP-1001"] * 30
    assert found.words("subgroup") == [""] * 30
    assert len(found) == 30
    assert found.notes == ()
    assert found.has("value")
    assert not found.has("heat")


def test_a_late_record_inserts_where_it_was_measured(store: Store) -> None:
    fill(store, chained(bores("1", "2", "3")))
    late = inspection("LATE", measurements=(measurement(0, value="2.5", time=utc_text(T0 + 2 * SECOND + 5)),))
    fill(store, chained([late], "pc2", "lateepoc", T0 + 60 * SECOND, slot=8))
    assert values(store).numbers("value") == [1, 2, 2.5, 3]


def test_a_filter_holds_for_any_column_as_it_does_for_a_file(store: Store) -> None:
    fill(store, chained(units(40, 5)))
    whole = values(store, "gauge", "lot")
    left = filtered(whole, ["gauge=G-1", "lot=L2"])
    wanted = [
        value
        for value, gauge, lot in zip(*(whole.words(name) for name in ("value", "gauge", "lot")), strict=True)
        if (gauge, lot) == ("G-1", "L2")
    ]
    assert left.words("value") == wanted != []
    with pytest.raises(Refused, match="in column lot stand"):
        filtered(whole, ["lot=L99"])


def test_what_was_not_measured_is_a_missing_value(store: Store) -> None:
    fill(store, chained(bores("1", None, "3", verdict="incomplete")))
    assert values(store).numbers("value") == [1, None, 3]
    assert values(store).words("value") == ["1.0", "", "3.0"]


def test_the_one_amended_value_of_very_many_is_found(store: Store) -> None:
    """Amendments are looked for some hundred ids at a time: the last of a page counts as the first does."""
    made = chained(bores(*(str(at) for at in range(1, 1204))))
    fill(store, made)
    for at in (0, 499, 500, 999, 1202):
        amended(store, made[at], action="exclude", field="bore_0", old=None, new=None)
    found = values(store)
    assert set(range(1, 1204)) - set(found.numbers("value")) == {1, 500, 501, 1000, 1203}
    assert store.amendments_of(["pc1/abcdefgh/2", "pc1/abcdefgh/7"]) == []


@pytest.mark.parametrize("action", ["void", "exclude"])
@pytest.mark.parametrize("field", [None, "bore_0"])
def test_a_voided_or_excluded_value_is_left_out_and_told(store: Store, action: str, field: str | None) -> None:
    made = chained(bores("1", "2", "3"))
    fill(store, made)
    amended(store, made[1], action=action, field=field, old=None, new=None)
    found = values(store)
    assert found.numbers("value") == [1, 3]
    assert found.notes == ("1 value left out as voided or excluded by amendments",)
    whole = values(store, raw=True)
    assert whole.numbers("value") == [1, 2, 3]
    assert whole.notes == ()


def test_an_exclusion_of_another_characteristic_leaves_this_one(store: Store) -> None:
    made = chained(bores("1", "2"))
    fill(store, made)
    amended(store, made[0], action="exclude", field="bore_1", old=None, new=None)
    amended(store, made[1], action="annotate", field="bore_0", old=None, new="seen")
    assert values(store).numbers("value") == [1, 2]


def test_corrected_values_and_contexts_are_taken_as_corrected(store: Store) -> None:
    made = chained(bores("1", "2", "3"))
    fill(store, made)
    amended(store, made[0], action="correct", field="bore_0", old="1", new="1.5")
    amended(store, made[1], action="re-attribute", field="serial", old="SN2", new="SN9")
    amended(store, made[2], action="correct", field="lot", old="L7", new="L8")
    found = values(store, "serial", "lot")
    assert found.numbers("value") == [1.5, 2, 3]
    assert found.words("serial") == ["SN1", "SN9", "SN3"]
    assert found.words("lot") == ["L7", "L7", "L8"]
    assert found.notes == ("3 values taken as amendments corrected them",)
    assert values(store, "serial", raw=True).words("serial") == ["SN1", "SN2", "SN3"]


def test_units_that_are_not_ok_are_counted_also_where_amendments_say_otherwise(store: Store) -> None:
    """The office counts what a station counts: 1 for a unit that is not ok, and its defects."""
    facts = {"kind": "attribute", "value": None, "verdict": "fail", "result": "nok", "defects": ("dent", "scratch")}
    found = [{}, {"result": "ok", "defects": (), "verdict": "pass"}, {"defects": ()}, {}]
    measured = [measurement(0, **(facts | one), time=utc_text(T0 + at * SECOND)) for at, one in enumerate(found)]
    bodies = [inspection(f"SN{at}", measurements=(one,)) for at, one in enumerate(measured)]
    made = chained(bodies)
    fill(store, made)
    whole = values(store, "defectives", "defect_count", "result")
    assert (whole.numbers("defectives"), whole.numbers("defect_count")) == ([1, 0, 1, 1], [2, 0, 1, 2])
    amended(store, made[3], action="correct", field="bore_0", old="nok", new="ok")
    amended(store, made[1], action="correct", field="bore_0", old="ok", new="nok")
    amended(store, made[2], action="correct", field="bore_0", old="nok", new="1")
    whole = values(store, "defectives", "defect_count", "result")
    assert (whole.numbers("defectives"), whole.numbers("defect_count")) == ([1, 1, 0], [2, 1, 0])
    assert whole.words("result") == ["nok", "nok", "ok"]
    assert "1 value left out: corrected to what is no number, no result or no time" in whole.notes


def test_a_corrected_time_moves_the_value(store: Store) -> None:
    made = chained(bores("1", "2", "3"))
    fill(store, made)
    amended(store, made[0], action="correct", field="time", old=made[0].record.time, new=utc_text(T0 + 50 * SECOND))
    assert values(store).numbers("value") == [2, 3, 1]


@pytest.mark.parametrize(("field", "new"), [("bore_0", "1,5"), ("bore_0", "nan"), ("time", "yesterday")])
def test_a_correction_to_nothing_readable_takes_the_value_out_and_says_so(store: Store, field: str, new: str) -> None:
    made = chained(bores("1", "2"))
    fill(store, made)
    amended(store, made[0], action="correct", field=field, old="1", new=new)
    assert values(store).numbers("value") == [2]
    assert "corrected to what is no number, no result or no time" in values(store).notes[0]


def test_a_value_measured_again_stands_in_the_place_of_the_first(store: Store) -> None:
    """Twice again: the last one counts, at the first one's place; the raw view has all three."""
    bodies = bores("1", "2", "3", "2.1", "2.2")
    bodies[3] = msgspec.structs.replace(bodies[3], attempt=2, supersedes="pc1/abcdefgh/2")
    bodies[4] = msgspec.structs.replace(bodies[4], attempt=3, supersedes="pc1/abcdefgh/4")
    fill(store, chained(bodies))
    found = values(store, "attempt")
    assert found.numbers("value") == [1, 2.2, 3]
    assert found.words("attempt") == ["1", "3", "1"]
    assert found.notes == ("2 values measured again, each in the place of the first",)
    assert values(store, raw=True).numbers("value") == [1, 2, 3, 2.1, 2.2]


@pytest.mark.parametrize(
    ("gone", "numbers", "again"),
    [
        ((1,), [1, 2.2, 3], 2),  # the first was voided: the place is still its own
        ((3,), [1, 2.2, 3], 1),  # the second attempt was voided: the third stands in the place of the first
        ((4,), [1, 2.1, 3], 1),  # the last one was voided: the one before it counts
        ((3, 4), [1, 2, 3], 0),  # both were: the first counts again
        ((1, 3, 4), [1, 3], 0),
    ],
)
def test_of_one_place_the_last_value_counts_that_nobody_voided(
    store: Store, gone: tuple[int, ...], numbers: list[float], again: int
) -> None:
    bodies = bores("1", "2", "3", "2.1", "2.2")
    bodies[3] = msgspec.structs.replace(bodies[3], attempt=2, supersedes="pc1/abcdefgh/2")
    bodies[4] = msgspec.structs.replace(bodies[4], attempt=3, supersedes="pc1/abcdefgh/4")
    made = chained(bodies)
    fill(store, made)
    for at in gone:
        amended(store, made[at], action="void", field=None, old=None, new=None)
    found = values(store)
    assert found.numbers("value") == numbers
    assert sum("measured again" in note and int(note.split()[0]) for note in found.notes) == again


def test_a_re_measure_whose_first_is_not_in_the_answer_stands_where_it_is(store: Store) -> None:
    bodies = bores("1", "2")
    bodies[1] = msgspec.structs.replace(bodies[1], attempt=2, supersedes="pc9/zzzzzzzz/7")
    fill(store, chained(bodies))
    assert values(store).numbers("value") == [1, 2]
    assert values(store).notes == ()


def test_another_characteristic_and_other_records_are_not_taken(store: Store) -> None:
    fill(store, chained([*bores("1"), inspection("X", measurements=(measurement(1),))]))
    assert values(store).numbers("value") == [1]
    assert len(series(store, Question(), "nothing", ["value"], raw=False)) == 0


def test_a_column_that_no_record_has_is_refused_with_what_there_is(store: Store) -> None:
    with pytest.raises(Refused, match=r"no column 'machin'.*machine"):
        values(store, "machin")
    with pytest.raises(Refused, match="no column 'heat'"):
        values(store).words("heat")


def test_every_single_cell_of_an_export_can_be_named() -> None:
    """What export makes of several parts (margins, amendments) is none of a record's own cells."""
    made = {"record", "margin", "margin_percent", "sha256", "amended_by", "broken", "branch", "true_time", "misdated"}
    made.add("effective")
    assert set(COLUMNS) - set(KNOWN) == made | {"plan_sha256", "plan_title", "plan_effective"}
