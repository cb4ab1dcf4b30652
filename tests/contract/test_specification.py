"""What stands in a cell of a control plan is understood to its last sign, or refused with what to write."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.documents.specification import (
    BadCell,
    Frequency,
    Tolerance,
    frequency_of,
    sample_of,
    tolerance_of,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("74.000 ± 0.050 mm", Tolerance("74.000", "73.950", "74.050", "mm")),
        ("74.000±0.050", Tolerance("74.000", "73.950", "74.050")),
        ("74 +/- 0.05", Tolerance("74", "73.95", "74.05")),
        ("74.000 +0.050/-0.020 mm", Tolerance("74.000", "73.980", "74.050", "mm")),
        ("74 +0.05 −0.02", Tolerance("74", "73.98", "74.05")),
        ("74 (+0.05/-0)", Tolerance("74", "74", "74.05")),
        ("73.950 - 74.050 mm", Tolerance(None, "73.950", "74.050", "mm")),
        ("73.950...74.050", Tolerance(None, "73.950", "74.050")),
        ("-5 to 5 °C", Tolerance(None, "-5", "5", "°C")),
        ("max 0.8 µm", Tolerance(None, None, "0.8", "µm")),
        ("Max. 0.8", Tolerance(None, None, "0.8")),
        ("≤ 0.8", Tolerance(None, None, "0.8")),
        ("0.8 µm max.", Tolerance(None, None, "0.8", "µm")),
        ("min 5 kN", Tolerance(None, "5", None, "kN")),
        (">= 5", Tolerance(None, "5", None)),
        ("5 min", Tolerance(None, "5", None)),
        ("no scratches, no dents", None),
    ],
)
def test_a_tolerance_becomes_limits(text: str, found: Tolerance | None) -> None:
    assert tolerance_of(text) == found


@pytest.mark.parametrize(
    "text",
    ["74,000 ± 0.050", "74.000 ± O.050", "74.000 ± 0.050 ± 1", "74.000", "max 0.8 or 0.9", "7 4.0 ± 1", "M8", "±5"],
)
def test_what_holds_a_digit_and_is_no_tolerance_is_refused(text: str) -> None:
    with pytest.raises(BadCell, match="is no tolerance; write it like"):
        tolerance_of(text)


NUMBERS = st.decimals(min_value=-1000, max_value=1000, places=3)
WIDTHS = st.decimals(min_value=0, max_value=10, places=4)


@given(nominal=NUMBERS, above=WIDTHS, below=WIDTHS)
def test_limits_are_exact_whatever_the_digits(nominal: Decimal, above: Decimal, below: Decimal) -> None:
    found = tolerance_of(f"{nominal} +{above}/-{below} mm")
    assert found is not None
    assert (Decimal(found.usl or ""), Decimal(found.lsl or "")) == (nominal + above, nominal - below)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_in_a_sentence(text: str) -> None:
    for read in (tolerance_of, frequency_of, sample_of):
        with contextlib.suppress(BadCell):
            read(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%", Frequency(every_units=1)),
        ("Each", Frequency(every_units=1)),
        ("1/50", Frequency(every_units=50)),
        ("1 in 50", Frequency(every_units=50)),
        ("every 50 pcs", Frequency(every_units=50)),
        ("hourly", Frequency(every_mins="60")),
        ("every 2 h", Frequency(every_mins="120")),
        ("every 0.5 hours", Frequency(every_mins="30.0")),
        ("1/shift", Frequency(at=("shift",))),
        ("per shift", Frequency(at=("shift",))),
        ("first piece, last piece", Frequency(at=("first_piece", "last_piece"))),
        ("setup and tool change", Frequency(at=("setup", "tool_change"))),
    ],
)
def test_a_frequency_is_by_count_time_or_occasion(text: str, found: Frequency) -> None:
    assert frequency_of(text) == found


@pytest.mark.parametrize("text", ["often", "", "every", "1/0", "every 2 fortnights", "shift, sometimes", "5"])
def test_no_frequency(text: str) -> None:
    with pytest.raises(BadCell, match="is no frequency; write 100%"):
        frequency_of(text)


def test_a_sample_is_a_whole_number_or_all() -> None:
    assert [sample_of(text) for text in ("5", "5.0", "5 pcs", "100%", "all")] == [5, 5, 5, None, None]
    for text in ("0", "-1", "2.5", "some", "", "NaN", "Infinity"):
        with pytest.raises(BadCell, match="is no sample size"):
            sample_of(text)
