from __future__ import annotations

import pytest
from hypothesis import given
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.catalogue import make_driver

GERMAN = {
    "separator": ";", "decimal": ",", "value": "3", "unit_column": "4", "status": "2", "channel": "1", "columns": "5",
    "ok": "ST", "unstable": "US", "over": "OL", "no_value": "--", "error": "ER|E1", "extra": "lot=5",
}  # fmt: skip


def driver(**changes: str) -> StreamDriver:
    return make_driver("csv-line", GERMAN | changes)


def shown(data: bytes, **changes: str) -> list[dict[str, object]]:
    return [reading.as_json() for reading in readings(driver(**changes), data)]


def test_the_settings_say_which_column_is_what() -> None:
    (found,) = shown(b"12;ST;+0012,340;mm;L-77\r\n")
    assert {
        "status": "ok", "value": "12.340", "unit": "mm", "channel": "12", "lot": "L-77", "decimals": 3,
    }.items() <= found.items()  # fmt: skip


def test_simplest_settings_are_one_column() -> None:
    (found,) = readings(make_driver("csv-line", {"value": "1", "unit": "mm"}), b"-.5725\r")
    assert (found.value, found.unit) == ("-0.5725", "mm")


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (b"1;OL;+9999,99;mm;x", "overrange", None),
        (b"1;--;0,00;mm;x", "no_value", None),
        (b"1;E1;5,00;mm;x", "error", "E1"),
        (b"1;ST;OL;mm;x", "overrange", None),
    ],
    ids=["status says over", "status says none", "error with a number", "a word where the number stands"],
)
def test_status_comes_before_the_number(line: bytes, status: str, code: str | None) -> None:
    (found,) = shown(line + b"\r\n")
    assert (found["status"], found["value"], found["unit"], found["error_code"]) == (status, None, None, code)


@pytest.mark.parametrize(
    "line",
    [b"1;ST;1,0;mm", b"1;ST;1,0;mm;x;y", b"1;XX;1,0;mm;x", b"1;ST;1.0;mm;x", b"1;ST;1,0,0;mm;x", b"1;ST;1,0E3;mm;x",
     b"1;ST;nan;mm;x", b"1;ST;;mm;x", b"1;ST;12 34;mm;x", b'1;ST;"1,0;mm;x', b"1;ST;\xff1,0;mm;x", b"1;ST;\xb2;mm;x"],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_reason(line: bytes) -> None:
    (found,) = shown(line + b"\r\n")
    assert (found["status"], found["value"]) == ("garbled", None)
    assert found["reason"]


def test_blanks_between_sign_and_digits_are_allowed() -> None:
    assert [found["value"] for found in shown(b"1;ST;-   1,50;mm;x\r")] == ["-1.50"]


def test_quoted_fields_may_hold_the_separator() -> None:
    assert [found["lot"] for found in shown(b'1;ST;1,0;mm;"a;b"\n')] == ["a;b"]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\n\r\n"])
def test_lines_end_as_they_like(end: bytes) -> None:
    assert [found["value"] for found in shown((b"1;ST;1,0;mm;x" + end) * 2)] == ["1.0", "1.0"]


def test_a_line_without_its_end_waits() -> None:
    assert [(found["status"], found["value"]) for found in shown(b"1;ST;1,0;mm;x")] == [("incomplete", None)]


def test_a_headline_is_no_reading() -> None:
    assert [found["status"] for found in shown(b"No;State\r\n1;ST;1,0;mm;x\r\n", ignore="No;")] == ["info", "ok"]


def test_an_endless_line_is_thrown_out_once_and_the_next_is_read() -> None:
    found = shown(b"7" * 5000 + b"\r\n1;ST;1,0;mm;x\r\n")
    assert [entry["status"] for entry in found] == ["garbled", "ok"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "value is required: column of the value"),
        ({"value": "0"}, "value = '0' can't be: it must be greater than or equal to 1"),
        ({"value": "1", "decimal": ",", "separator": ","}, "both"),
        ({"value": "1", "separator": ";;"}, "no single character"),
        ({"value": "1", "separator": "5"}, "no single character"),
        ({"value": "1", "status": "2"}, "needs the texts"),
        ({"value": "1", "ok": "A", "over": "A"}, "means ok already"),
        ({"value": "1", "valeu": "2"}, "did you mean value"),
        ({"value": "1", "extra": "value=2"}, "no name of a reading"),
        ({"value": "1", "extra": "lot"}, "name=column"),
        ({"value": "1", "extra": "lot="}, "a whole number"),
        ({"value": "1", "unit": "2"}, "no unit such as mm; unit_column names the column"),
    ],
)
def test_settings_are_refused_in_words(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=f"csv-line: .*{words}"):
        make_driver("csv-line", settings)


FRAMES = [b"12;ST;+0012,340;mm;L-77\r\n", b"1;OL;9,9;mm;x\r", b"1;US;-1,0;mm;x\n", b'1;ST;1,0;"mm;x\r\n']


@given(data=damaged(FRAMES), places=PLACES)
def test_any_bytes_in_any_pieces(data: bytes, places: list[int]) -> None:
    check_any_pieces(driver, data, places)
