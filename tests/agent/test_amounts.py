"""Numbers and units as gauges write them: every digit kept, nothing guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.drivers.amounts import UNIT_SETS, decimal_text, seconds_text


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("+0001.50", "1.50"),
        ("- 001.20", "-1.20"),
        ("-      5.23", "-5.23"),
        (".1455", "0.1455"),
        ("-.5725", "-0.5725"),
        ("12.", "12"),
        ("-0.00", "0.00"),
        ("    1.36E-3", "0.00136"),
        ("-   7.51E+0", "-7.51"),
        ("+12.3456E+6", "12345600"),
        ("1000E+1", "10000"),
        ("  30719923", "30719923"),
    ],
)
def test_number_keeps_the_digits_that_the_gauge_gave(sent: str, value: str) -> None:
    assert value == decimal_text(sent)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "+",
        ".",
        "1.2.3",
        "1 2",
        "1,5",
        "1.234,5",
        "0x10",
        "nan",
        "inf",
        "1e999",
        "1E31",
        "--1",
        "+-1",
        "١٢",
        "1_000",
        "5-",
    ],
)
def test_text_that_is_not_plainly_a_number_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number|as decimal mark|exponent"):
        decimal_text(sent)


def test_comma_counts_only_where_it_is_set() -> None:
    assert decimal_text("+001,50", "comma") == "1.50"
    assert decimal_text("1,5", "either") == decimal_text("1.5", "either") == "1.5"
    with pytest.raises(ValueError, match=r"has '\.' as decimal mark; set decimal=\. if the device is set so"):
        decimal_text("1.5", "comma")


def test_implied_point_stands_where_the_setting_puts_it() -> None:
    assert decimal_text("+123456789", implied=4) == "12345.6789"
    assert decimal_text("-12", implied=3) == "-0.012"
    with pytest.raises(ValueError, match="brings its own point"):
        decimal_text("1.5", implied=3)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_value_is_the_number_that_was_sent(number: Decimal) -> None:
    """Zero-filled, blank-filled or with an exponent, it is the same number."""
    plain = f"{number:+017.6f}"
    assert Decimal(decimal_text(plain)) == number
    assert Decimal(decimal_text(plain[0] + plain[1:].lstrip("0").rjust(16))) == number
    assert Decimal(decimal_text(f"{plain}E-3")) == number / 1000


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        value = decimal_text(text)
    except ValueError:
        return
    assert Decimal(value).is_finite()


def test_angle_in_degrees_minutes_seconds_is_exact_seconds() -> None:
    assert seconds_text("-012:34:56") == "-45296"
    assert seconds_text("+ 0.00.03") == "3"
    for wrong in ("12:60:00", "12:34", "12:34:56.7", "1234:00:00"):
        with pytest.raises(ValueError, match="degrees:minutes:seconds"):
            seconds_text(wrong)


def test_no_spelling_of_a_unit_means_two_things_in_one_set() -> None:
    """Names in records are themselves spellings, so a record's unit can be read again."""
    for name, units in UNIT_SETS.items():
        for spelled in set(units.values()) & set(units):
            assert units[spelled] == spelled, (name, spelled)
