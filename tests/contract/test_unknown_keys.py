"""A record with keys of a newer writer is a record: what is known is used, what isn't is named, the bytes stay."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_record_ways import FULL, bytes_of

from gaugetrail_contract.record import SCHEMAS, Schema
from gaugetrail_contract.record.reading import BadRecord, parse_record, read_quickly, read_record
from gaugetrail_contract.seal import Sealed, open_line, seal_of

DATA = [bytes_of(body, schema=schema) for body in FULL for schema in SCHEMAS]


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def objects(value: Any, where: str = "", *, top: bool = True) -> list[tuple[str, dict[str, Any]]]:
    """Every object of a record but those in a payload, which may hold any key."""
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(value, dict):
        found.append((where, value))
        for key, inner in value.items():
            found += [] if top and key == "payload" else objects(inner, f"{where}{key}.", top=False)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            found += objects(inner, f"{where}{at}.", top=False)
    return found


@pytest.mark.parametrize("data", DATA)
def test_an_unknown_key_anywhere_leaves_the_record_what_it_is(data: bytes) -> None:
    for number in range(len(objects(json.loads(data)))):
        record = json.loads(data)
        where, one = objects(record)[number]
        one["colour"] = {"name": ["red", {"rgb": [1.5, None]}]}
        changed = dumped(record)
        assert read_quickly(changed) is None
        assert read_record(changed) == (parse_record(data), (f"{where}colour",))


def test_its_seal_is_over_all_of_its_bytes() -> None:
    """What is stored and receipted is what came, the unknown keys among it."""
    data = DATA[0].replace(b'"lot":"L7"', b'"lot":"L7","colour":"red"')
    opened = open_line(Sealed(seal_of(data), data).line())
    assert opened.sealed.data == data
    assert opened.unknown == ("colour",)
    assert opened.record == parse_record(DATA[0])


@pytest.mark.parametrize("schema", SCHEMAS)
def test_fifty_unknown_keys_are_let_pass_and_no_more(schema: Schema) -> None:
    record = json.loads(bytes_of(FULL[0], schema=schema))
    record |= {f"new_{number}": number for number in range(49)}
    record["measurements"][0]["new"] = "x"
    assert len(read_record(dumped(record))[1]) == 50
    with pytest.raises(BadRecord, match="51 unknown keys"):
        read_record(dumped(record | {"one_more": 1}))


def test_a_deep_unknown_value_is_refused_by_name() -> None:
    record = json.loads(DATA[0])
    record["plan"]["colour"] = [[[["red"]]]]
    assert read_record(dumped(record))[1] == ("plan.colour",)
    record["plan"]["colour"] = [[[[["red"]]]]]
    with pytest.raises(BadRecord, match=r"plan\.colour"):
        read_record(dumped(record))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (b'"colour":"red","colour":"red"', "stands twice"),
        (b'"colour":"e\xcc\x81"', "normal form C"),
        (b'"e\xcc\x81":1', "normal form C"),
        (b'"colour":NaN', "NaN"),
        (b'"colour":1,"value":"1e5"', "value"),
    ],
)
def test_strict_json_holds_for_unknown_keys_too(more: bytes, reason: str) -> None:
    at = b'"measurements":[{' if b"value" in more else b"{"
    known = DATA[0].replace(b'"value":"74.010",', b"", 1) if b"value" in more else DATA[0]
    with pytest.raises(BadRecord, match=reason):
        read_record(known.replace(at, at + more + b",", 1))


@given(st.sampled_from(DATA), st.text(max_size=10), st.integers(0, 40))
def test_any_bytes_of_an_unknown_key_give_the_record_or_a_reason(data: bytes, key: str, number: int) -> None:
    record = json.loads(data)
    found = objects(record)
    found[number % len(found)][1][f"new {key}"] = key
    try:
        assert read_record(dumped(record))[0] == parse_record(data)
    except (BadRecord, UnicodeEncodeError):
        assert not key.isascii()


def test_an_unknown_schema_says_what_to_do() -> None:
    with pytest.raises(BadRecord, match=r"unknown schema 'gaugetrail/3'; .*gaugetrail/1 and gaugetrail/2: update it"):
        parse_record(DATA[0].replace(SCHEMAS[0].encode(), b"gaugetrail/3"))
