"""The question asked when a calibration fails: every unit measured with the gauge, each with its exact margin."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from places import make_place
from samples import T0, inspection, measurement
from small_plant import chained, fill, units

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.tracing.gauge_trace import closest_first, measured_with
from gaugetrail_collector.tracing.limit_margin import margin, plain
from gaugetrail_collector.tracing.trace import Question, pages
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import Inspection
from gaugetrail_contract.seal import Opened

DIGITS = st.from_regex(r"\A-?[0-9]{1,30}(\.[0-9]{1,30})?\Z")


@given(DIGITS, DIGITS | st.none(), DIGITS | st.none())
@example("74.050", "73.950", "74.050")
@example("0.30", "0.1", "0.4")
@example("-0", "0", "0.0")
def test_a_margin_is_exact_to_the_last_digit(value: str, lsl: str | None, usl: str | None) -> None:
    """0.3 from 0.1 is 0.2, not 0.19999999999999998."""
    found = margin(measurement(value=value, lsl=lsl, usl=usl))
    sides = [Fraction(value) - Fraction(lsl)] if lsl is not None else []
    sides += [Fraction(usl) - Fraction(value)] if usl is not None else []
    if not sides:
        assert found is None
        return
    assert found is not None
    assert Fraction(str(found)) == min(sides)
    assert "E" not in str(found)
    assert not str(found).startswith("-") or min(sides) < 0


@pytest.mark.parametrize(
    ("value", "lsl", "usl", "distance", "percent"),
    [
        ("74.010", "73.950", "74.050", "0.040", "40.0"),
        ("74.050", "73.950", "74.050", "0.000", "0.0"),
        ("74.061", "73.950", "74.050", "-0.011", "-11.0"),
        ("5", None, "7.5", "2.5", None),
        ("5", "5", "5", "0", None),
    ],
)
def test_margins_as_a_person_would_work_them_out(
    value: str, lsl: str | None, usl: str | None, distance: str, percent: str | None
) -> None:
    found = margin(measurement(value=value, lsl=lsl, usl=usl))
    assert found is not None
    assert (str(found), found.percent and plain(found.percent)) == (distance, percent and found.percent and percent)
    assert (found.percent is None) is (percent is None)


def test_what_has_no_value_has_no_margin() -> None:
    assert margin(measurement(value=None, result="ok", kind="attribute")) is None


RECORDS = chained(units(80, 5), slot=5)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("influx1", marks=pytest.mark.influxdb), "influx2", "influx3"]
)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    place = make_place(request.param, request)
    made = place.store()
    fill(made, RECORDS)
    yield made
    place.close()


def test_each_measurement_of_the_gauge_is_told_once_and_no_other(store: Store) -> None:
    expected = [
        (one.record.id, each.characteristic, each.value)
        for one in RECORDS
        if isinstance(one.record, Inspection)
        for each in one.record.measurements
        if each.gauge == "G-2"
    ]
    parts = pages(store, Question((Asked("gauge", "G-2"),)))
    found = [one for page in parts for one in measured_with("G-2", page)]
    assert [(one.known.id, one.measurement.characteristic, one.measurement.value) for one in found] == expected
    assert len(expected) > 10


def test_the_failed_and_the_close_ones_come_first_where_asked(store: Store) -> None:
    found = closest_first(
        one for page in pages(store, Question((Asked("gauge", "G-1"),))) for one in measured_with("G-1", page)
    )
    failed = [one.failed for one in found]
    assert failed == sorted(failed, reverse=True)
    assert True in failed
    shares = [one.margin.percent for one in found if one.margin is not None]
    assert shares == sorted(shares)
    for one in found:
        assert one.failed is (one.margin is not None and one.margin.distance < 0)


def test_a_unit_outside_its_limits_counts_as_failed_whatever_was_judged() -> None:
    """A wrong verdict does not hide a part when the question is which parts were close."""
    wrong = inspection("SN1", 1, measurements=(measurement(0, value="75", verdict="pass", time=utc_text(T0)),))
    found = list(measured_with("G-0017", page_of(chained([wrong]))))
    assert [one.failed for one in found] == [True]


def page_of(records: list[Opened]):
    from gaugetrail_collector.stores import Row
    from gaugetrail_collector.tracing.trace import Page, read

    rows = [
        Row(one.record.agent, one.record.epoch, one.record.seq, one.sealed.sha256, one.sealed.data, one.record.time_us)
        for one in records
    ]
    return Page(tuple(map(read, rows)), (), None)
