"""What slips past a parser that is only fast: keys that stand twice, days that don't exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import chain, event, inspection

from gaugetrail_contract.seal import BadRecord, parse_record

DATA = chain([inspection()])[0].data
KEYS = sorted({key for key in DATA.split(b'"')[1::2] if b'"' + key + b'":' in DATA})


@given(st.sampled_from(KEYS), st.sampled_from([b"", b" ", b"  ", b"\t", b"\r\n"]), st.data())
def test_a22_any_key_that_stands_twice_is_refused(key: bytes, blank: bytes, data: st.DataObject) -> None:
    """Whatever stands between key and colon, and whether the two values are the same or not."""
    at = DATA.index(b'"' + key + b'":')
    value = DATA[at + len(key) + 3 :].split(b",")[0].rstrip(b"}]")
    value = data.draw(st.sampled_from([value, b'"x"', b"1"])) if not value.startswith((b"{", b"[")) else b'"x"'
    twice = DATA[:at] + b'"' + key + b'"' + blank + b":" + value + b"," + DATA[at:]
    with pytest.raises(BadRecord):
        parse_record(twice)


@pytest.mark.parametrize("extra", [b'"\\u006cot":"L8",', b'"lot" :"L7",', b'"lot"\n:"L7",', b'"lot": "L7",'])
def test_a_key_written_another_way_is_the_same_key(extra: bytes) -> None:
    with pytest.raises(BadRecord):
        parse_record(b"{" + extra + DATA[1:])


def test_keys_inside_strings_are_text() -> None:
    """A serial that looks like JSON is a serial."""
    for serial in ('","lot":"L9', "a :b", '{"serial":"x"}', "x\\", 'a":b'):
        data = chain([inspection(serial)])[0].data
        assert serial == parse_record(data).serial  # type: ignore[union-attr]


def test_an_event_is_read_whole() -> None:
    data = chain([event()])[0].data
    assert parse_record(data).payload["count"] == 3  # type: ignore[union-attr]
    with pytest.raises(BadRecord, match="stands twice"):
        parse_record(data.replace(b'"count":3', b'"count":3,"count":4'))


@pytest.mark.parametrize(
    "time",
    [
        "2026-02-29T00:00:00.000000Z",
        "2026-02-31T00:00:00.000000Z",
        "2026-04-31T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "2026-01-00T00:00:00.000000Z",
        "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:60:00.000000Z",
        "2026-01-01T00:00:60.000000Z",
        "0000-01-01T00:00:00.000000Z",
    ],
)
@pytest.mark.parametrize("field", ["time", "started"])
def test_a_moment_that_does_not_exist_is_refused(time: str, field: str) -> None:
    """Nothing could be stored at it; a collector that found out only when writing would stop."""
    at = DATA.index(f'"{field}":"'.encode()) + len(field) + 4
    with pytest.raises(BadRecord):
        parse_record(DATA[:at] + time.encode() + DATA[at + len(time) :])


def test_a_leap_day_is_a_day() -> None:
    data = chain([inspection(started="2028-02-29T23:59:59.999999Z")])[0].data
    assert parse_record(data).started == "2028-02-29T23:59:59.999999Z"  # type: ignore[union-attr]


@pytest.mark.parametrize("letter", ["\\ud800", "\\udbff", "\\udc00", "\\udfff"])
@pytest.mark.parametrize("where", [b'{"text":"%b"}', b'{"%b":1}', b'{"rows":["a","%b"]}'])
def test_half_a_letter_is_refused_wherever_it_stands(letter: str, where: bytes) -> None:
    """The other half is missing: a lone surrogate, which no UTF-8 holds."""
    data = chain([event()])[0].data.replace(b'"count":3', b'"count":3,"more":' + where % f"x{letter}".encode())
    with pytest.raises(BadRecord, match="lone surrogate"):
        parse_record(data)


@pytest.mark.parametrize("letter", ["\\ud7ff", "\\ue000", "ä", "\\ud83d\\ude00"])
def test_a_whole_letter_is_read(letter: str) -> None:
    data = chain([event()])[0].data.replace(b'"count":3', f'"count":3,"more":"{letter}"'.encode())
    assert parse_record(data).payload["more"]  # type: ignore[union-attr]
