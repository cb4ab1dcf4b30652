"""The quick way to read a record gives what the plain way gives, or nothing: whatever is done to the bytes."""

from __future__ import annotations

import json
import random
import sys
import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import amendment, chain, event, full_amendment, full_event, full_inspection, head, inspection, measurement

from gaugetrail_contract.record import KINDS, SCHEMA, Body, Part, Record, Schema, reading, write
from gaugetrail_contract.record.reading import BadRecord, read_plainly, read_quickly, stands_alone
from gaugetrail_contract.record.rules import keys_of
from gaugetrail_contract.seal import seal
from gaugetrail_contract.text import (
    DATE,
    DECIMAL,
    EPOCH_NAME,
    HEX,
    MOMENT,
    PRINTABLE,
    SEAL,
    TOPIC,
    Rule,
)

ATTRIBUTE = {"kind": "attribute", "value": None, "result": "nok", "defects": ("burr", "scratch"), "verdict": "fail"}
BODIES: tuple[Body, ...] = (
    inspection(),
    inspection("Müller 7 °C", count=6, lot=None, order="WO-1", supersedes="pc1/abcdefgh/1", operator="Müller"),
    inspection(None, count=0, components=("C-1", "C-2", "a]b")),
    inspection(measurements=(measurement(0, verdict="fail", value="-3"), measurement(1, raw=None, channel=None))),
    inspection(measurements=(measurement(0, **ATTRIBUTE), measurement(1, kind="text", value=None, text="a, b"))),
    inspection(measurements=(measurement(0, characteristic="Höhe über Bund", unit="µm"), measurement(1, unit="Ω"))),
    amendment(),
    event(),
)
FULL: tuple[Body, ...] = (full_inspection(), full_amendment(), full_event())


def bytes_of(body: Body, seq: int = 7, schema: Schema = SCHEMA) -> bytes:
    return seal(head(body, seq, "ab" * 32, schema=schema), body).data


DATA = [*map(bytes_of, BODIES), *map(bytes_of, FULL), *[bytes_of(body, 8, "gaugetrail/1") for body in BODIES]]


def plain(data: bytes) -> Record | None:
    try:
        return read_plainly(data)[0]
    except BadRecord:
        return None


def agrees(data: bytes) -> bool:
    """Whether the quick way takes it; it is an error if that gives anything but what the plain way gives."""
    quick = read_quickly(data)
    if quick is None:
        return False
    other = plain(data)
    assert other is not None, f"only the plain way refuses {data!r}"
    assert type(quick) is type(other), data
    assert quick == other, data
    assert write(quick) == write(other) == data
    return True


@pytest.mark.parametrize("data", DATA)
def test_an_ordinary_record_takes_the_quick_way(data: bytes) -> None:
    """Letters beyond ASCII too: µm, °C, Ω, Müller."""
    assert agrees(data)


@pytest.mark.parametrize(
    "data",
    [
        chain([inspection()])[0].data,
        bytes_of(inspection('a "quoted" serial')),
        bytes_of(inspection("back\\slash")),
        DATA[0].replace(b'"seq":7', b'"seq": 7'),
        DATA[0].replace(b'"lot":"L7"', b'"lot":"L7","order":null'),
        DATA[0].replace(b'"unit":"mm"', b'"unit":null'),
        DATA[0].replace(b'"lot":"L7",', b"").replace(b'"seq":7', b'"seq":7,"lot":"L7"'),
        DATA[0].replace(b'"schema":"gaugetrail/2",', b""),
        bytes_of(inspection("नमस्ते")),
    ],
    ids=["first", "quote", "backslash", "blank", "null", "nulls", "order", "no schema", "marks"],
)
def test_what_the_quick_way_leaves_the_plain_way_reads(data: bytes) -> None:
    assert read_quickly(data) is None
    assert plain(data) is not None


# --- mutations

LETTERS = [*'"\\{}[],:0-Z \t\x7f\x85\u2028é\u0301٣µ', "e\u0301", "\u1161", "", "\ud800"]
BITS = [*LETTERS, "},{", '","', '":"', "01", "1e5", ".5", "5.", "NaN", "2026-02-30", "null", "ok", '"value":"1",', "A"]
VALUES = [
    *("", "x", "a/b", "a#b", "µm", "A" * 64, "ab" * 32, "0" * 201, "a" * 2001, "1" * 65, "00", "0", "-0", "1e5", "+1"),
    *("2026-02-30T00:00:00.000000Z", "2026-02-28T00:00:00.000000Z", "2026-2-28", "2027-01-31", "fail", "nok", "event"),
    *(
        "e\u0301",
        "a\x7fb",
        "\u2028",
        "abcdefgh",
        "ABCDEFGH",
        "gaugetrail/1",
        "gaugetrail/2",
        "gaugetrail/9",
        "1970-01-01T00:00:00.0Z",
    ),
    *(None, True, False, 0, 1, -1, 2, 999, 1000, 2**53, 2**53 + 1, 2**63, 2**64, 10**30, 1.0, 0.5, 1e300),
    *([], {}, [""], ["x"], ["x"] * 51, ["x"] * 501, [None], [1], {"a": 1.5}, {"a": None}, {"a": [{"b": 1}]}, {"": ""}),
]


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with something done to them, so that many are still almost a record."""
    ways = (any_letters, any_string, any_value, any_value, any_value, any_byte, key_twice, keys_turned)
    for _ in range(dice.choice((1, 1, 1, 1, 2, 3))):
        data = dice.choice(ways)(data, dice)
    return data


def any_letters(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + encoded(dice.choice(BITS)) + data[at + dice.randrange(3) :]


def any_string(data: bytes, dice: random.Random) -> bytes:
    parts = data.split(b'"')
    value = dice.choice((dice.choice(BITS), dice.choice(VALUES)))
    parts[dice.randrange(len(parts))] = encoded(value if isinstance(value, str) else json.dumps(value))
    return b'"'.join(parts)


def any_value(data: bytes, dice: random.Random) -> bytes:
    """Another value for a key at any depth, or none, written as our agents write."""
    try:
        top = json.loads(data)
        at, keys = top, list(top)
    except (ValueError, TypeError, RecursionError):
        return data
    while keys:
        key = dice.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and dice.random() < 0.8:
            at = at[key]
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            continue
        if dice.random() < 0.2:
            del at[key]
        else:
            at[key] = dice.choice(VALUES)
        break
    return encoded(json.dumps(top, separators=(",", ":"), ensure_ascii=dice.random() < 0.1))


def any_byte(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.randbytes(dice.randrange(3)) + data[at + dice.randrange(3) :]


def key_twice(data: bytes, dice: random.Random) -> bytes:
    """A piece between two commas stands twice, or somewhere else."""
    parts = data.split(b",")
    parts.insert(dice.randrange(len(parts)), dice.choice(parts))
    return b",".join(parts)


def keys_turned(data: bytes, dice: random.Random) -> bytes:
    parts = data.split(b",")
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b",".join(parts)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@settings(deadline=None)
@given(st.integers(0, 2**64))
def test_fuzz_whatever_is_changed_both_ways_agree(seed: int) -> None:
    """`make fuzz` runs 4,000 of these: 1.2 million mutations."""
    dice = random.Random(seed)
    for _ in range(300):
        agrees(mutated(dice.choice(DATA), dice))


def test_the_mutations_are_not_idle() -> None:
    """Of those that are no record any more and those that still are one, the quick way meets many."""
    dice = random.Random(1)
    changed = [mutated(dice.choice(DATA), dice) for _ in range(4000)]
    believed = sum(agrees(data) for data in changed if data not in DATA)
    refused = sum(plain(data) is None for data in changed)
    assert believed > 200
    assert refused > 2000


@pytest.mark.parametrize(
    "bit", ['"', "\\", "{", "}", "]", ",", " ", "0", "9", "-", ".", "e", "٣", "é", "\x1f", "Z", ""]
)
def test_one_letter_anywhere_is_enough_to_be_looked_at(bit: str) -> None:
    """Every letter of a record replaced, one after the other."""
    data = DATA[0]
    taken = sum(agrees(data[:at] + bit.encode() + data[at + 1 :]) for at in range(len(data)))
    assert taken < len(data) / 2


# --- every rule of every key, in both ways

WRONG: dict[Rule, str] = {
    PRINTABLE: "a\x7fb",
    TOPIC: "a/b",
    DECIMAL: "1e5",
    SEAL: "AB" * 32,
    HEX: "012",
    MOMENT: "2026-02-30T00:00:00.000000Z",
    DATE: "2026-1-1",
    EPOCH_NAME: "ABCDEFGH",
}


def places(part: Part) -> list[tuple[tuple[str | int, ...], Rule]]:
    """Where in the part a rule is held, as a path into its JSON."""
    found: list[tuple[tuple[str | int, ...], Rule]] = []
    for key in keys_of(type(part)):
        value = getattr(part, key.name)
        many = list(enumerate(value)) if isinstance(value, tuple) else [(None, value)]
        for at, one in many:
            path = (key.written,) if at is None else (key.written, at)
            found += [(path, rule) for rule in key.rules if rule in WRONG and one is not None]
            found += [((*path, *inner), rule) for inner, rule in places(one)] if isinstance(one, Part) else []
    return found


RULES = [(data, path, rule) for data in map(bytes_of, FULL) for path, rule in places(read_plainly(data)[0])]


@pytest.mark.parametrize(("data", "path", "rule"), RULES, ids=[".".join(map(str, path)) for _, path, _ in RULES])
def test_what_breaks_a_rule_is_refused_by_name(data: bytes, path: tuple[str | int, ...], rule: Rule) -> None:
    assert agrees(data)
    broken = json.loads(data)
    at = broken
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = WRONG[rule]
    changed = json.dumps(broken, separators=(",", ":"), ensure_ascii=False).encode()
    assert read_quickly(changed) is None
    with pytest.raises(BadRecord) as refused:
        read_plainly(changed)
    assert ".".join(map(str, path)) in str(refused.value)


def test_no_text_of_a_record_is_without_a_rule() -> None:
    """A key is seen to by its type, so a new one can't be forgotten: every text key of every part is in `keys_of`."""
    for model in KINDS.values():
        ruled = {key.written for key in keys_of(model)}
        texts = {key for key, value in json.loads(_sample(model)).items() if isinstance(value, str)}
        assert texts - ruled <= {"schema", "kind", "clock", "reason", "verdict", "action", "unit_state"}


def _sample(model: type[Part]) -> bytes:
    return next(data for data in map(bytes_of, FULL) if f'"kind":"{model.__name__.lower()}"'.encode() in data[:60])


def test_a_letter_that_stands_alone_never_joins_with_the_one_before_it() -> None:
    """By Unicode's own table of compositions: no second letter of any pair passes, and none decomposes."""
    for code in range(sys.maxunicode + 1):
        mapping = unicodedata.decomposition(chr(code))
        if mapping and not mapping.startswith("<"):
            assert not any(stands_alone(chr(int(second, 16))) for second in mapping.split()[1:])
    assert all(stands_alone(letter) for letter in "µ°Ωüß漢한±×ñ")
    assert not any(stands_alone(letter) for letter in "\u0301\u2126\u212b\x85\u2028\u1161\u11a8")


def test_what_is_remembered_is_bounded() -> None:
    """A plant that never writes the same values twice fills no memory."""
    for cached in (reading._rests, reading._is_planned, reading._is_number, reading._stand_alone):
        assert cached.cache_info().maxsize is not None  # type: ignore[attr-defined]


def test_nothing_is_left_out_that_was_always_written() -> None:
    """The keys with defaults that 0.1 wrote are written; what is null is not."""
    data = json.loads(bytes_of(msgspec.structs.replace(inspection(count=0), lot=None)))
    assert {"components", "reason", "attempt", "piece", "pieces", "measurements"} <= set(data)
    assert "lot" not in data
    assert json.loads(bytes_of(msgspec.structs.replace(event(), payload={})))["payload"] == {}
    assert json.loads(bytes_of(inspection()))["measurements"][0]["defects"] == []
