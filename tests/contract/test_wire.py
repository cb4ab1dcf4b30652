"""The wire format is a promise to every record ever written: these bytes never change within a schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import amendment, chain, event, full_amendment, full_event, full_inspection, head, inspection, measurement

from gaugetrail_contract.record import MAX_RECORD_BYTES, Body, Inspection, Schema, identifiers
from gaugetrail_contract.seal import (
    BadRecord,
    RecordTooLarge,
    Sealed,
    cut_line,
    open_line,
    parse_record,
    seal,
    seal_of,
    split_message,
)
from gaugetrail_contract.text import is_normal

GOLDEN = Path(__file__).parent / "golden"
GOLDENS: list[tuple[str, list[Body], Schema]] = [
    ("chain.jsonl", [inspection(), event(), amendment()], "gaugetrail/1"),
    ("chain-2.jsonl", [full_inspection(), full_event(), full_amendment(), inspection()], "gaugetrail/2"),
]


@pytest.mark.parametrize(("name", "bodies", "schema"), GOLDENS, ids=["first", "second"])
def test_golden_lines_are_written_byte_for_byte(name: str, bodies: list[Body], schema: Schema) -> None:
    """An agent of today writes exactly the bytes that were agreed; the model still spells those of the first schema."""
    expected = (GOLDEN / name).read_bytes()
    assert expected == b"".join(sealed.line() + b"\n" for sealed in chain(bodies, schema=schema))


@pytest.mark.parametrize(("name", "bodies", "schema"), GOLDENS, ids=["first", "second"])
def test_golden_lines_are_read_and_form_a_chain(name: str, bodies: list[Body], schema: Schema) -> None:
    opened = [open_line(line) for line in split_message((GOLDEN / name).read_bytes())]
    assert [body.KIND for body in bodies] == [one.record.kind for one in opened]
    assert {schema} == {one.record.schema_ for one in opened}
    assert [one.sealed.sha256 for one in opened[:-1]] == [one.record.prev for one in opened[1:]]
    assert {()} == {one.unknown for one in opened}


def test_seal_is_the_sha256_of_the_exact_bytes() -> None:
    sealed = chain([inspection()])[0]
    assert hashlib.sha256(sealed.data).hexdigest() == sealed.sha256
    assert b'{"sha256":"' + sealed.sha256.encode() + b'","record":' + sealed.data + b"}" == sealed.line()


@pytest.mark.parametrize("damage", range(0, 1600, 37))
def test_any_flipped_bit_breaks_the_seal_or_the_line(damage: int) -> None:
    """No single altered byte anywhere in a line goes unnoticed."""
    line = bytearray(chain([inspection()])[0].line())
    line[damage % len(line)] ^= 0x01
    with pytest.raises(BadRecord):
        open_line(bytes(line))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not a wire line"),
        (b"{}", "not a wire line"),
        (b'{"record":{},"sha256":"' + b"0" * 64 + b'"}', "not a wire line"),
        (b'{"sha256":"' + b"0" * 64 + b'","record":{}}', "the seal doesn't hold"),
        (b'{"sha256":"' + b"G" * 64 + b'","record":{}}', "not a wire line"),
        (b"x" * 70_000, "bytes are allowed|are allowed"),
    ],
)
def test_what_is_no_line_is_named_as_such(line: bytes, reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        open_line(line)


def sealed_text(text: bytes) -> Sealed:
    return Sealed(seal_of(text), text)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"seq":1', b'"seq":1,"seq":1', "stands twice"),
        (b'"attempt":1', b'"attempt":NaN', "NaN"),
        (b'"attempt":1', b'"attempt":1e400', "attempt"),
        (b'"schema":"gaugetrail/2"', b'"schema":"gaugetrail/9"', "unknown schema 'gaugetrail/9'"),
        (b'"lot":"L7"', b'"lot":7', "lot"),
        (b'"lot":"L7"', b'"lot":"L\\n7"', "lot"),
        (b'"lot":"L7"', b'"lot":"e\\u0301"', "normal form C"),
        (b'"value":"74.010"', b'"value":"NaN"', "value"),
        (b'"value":"74.010"', b'"value":74.010', "value"),
        (b'"lot":"L7"', b'"lot":' + b"[" * 5000 + b"]" * 5000, "nested|lot"),
    ],
)
def test_a_holding_seal_over_nonsense_is_still_refused(old: bytes, new: bytes, reason: str) -> None:
    """A correct hash says nothing of the content: each of these is refused with a reason to read."""
    data = chain([inspection()])[0].data
    assert old in data
    with pytest.raises(BadRecord, match=reason):
        open_line(sealed_text(data.replace(old, new, 1)).line())


def test_trailing_bytes_behind_a_record_are_refused() -> None:
    data = chain([inspection()])[0].data
    with pytest.raises(BadRecord):
        parse_record(data + b"{}")


def test_another_key_order_is_still_a_record() -> None:
    """Other writers may order keys as they like; the bytes are kept as they came."""
    data = chain([inspection()])[0].data
    fields = json.loads(data)
    turned = json.dumps(dict(reversed(fields.items()))).encode()
    assert fields["serial"] == parse_record(turned).serial  # type: ignore[union-attr]


def test_identifiers_survive_as_text() -> None:
    """`00012345` and `1E5` are never numbers."""
    for serial in ("00012345", "1E5", "0x1F", "TRUE", "null", "½ Ünï"):
        sealed = chain([inspection(serial)])[0]
        record = open_line(sealed.line()).record
        assert serial == record.serial  # type: ignore[union-attr]
        assert ("serial", serial) in identifiers(record)


@pytest.mark.parametrize("serial", ["", "a\nb", "a\x00", "x" * 201, "\u2028", "\x1b[31m"])
def test_identifiers_with_control_characters_are_never_sealed(serial: str) -> None:
    with pytest.raises(ValueError, match="serial"):
        chain([inspection(serial)])


def test_a_record_beyond_the_store_is_refused_when_sealed() -> None:
    body = inspection(measurements=tuple(measurement(n) for n in range(200)))
    with pytest.raises(RecordTooLarge, match=str(MAX_RECORD_BYTES)):
        seal(head(body), body)


def test_a_components_serial_is_found_beside_the_units() -> None:
    record = open_line(chain([inspection(components=("C1", "C2"))])[0].line()).record
    assert {("serial", "SN000001"), ("component", "C1"), ("component", "C2")} <= set(identifiers(record))


printable = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200).filter(
    is_normal
)


@given(serial=printable, lot=printable)
def test_round_trip_keeps_every_character(serial: str, lot: str) -> None:
    """Whatever passes entry comes out of the line letter for letter, with a seal that holds."""
    sealed = chain([inspection(serial, lot=lot)])[0]
    record = open_line(sealed.line()).record
    assert isinstance(record, Inspection)
    assert (serial, lot) == (record.serial, record.lot)
    assert b"\n" not in sealed.line()


@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_refused_with_a_reason(data: bytes) -> None:
    for attempt in (data, sealed_text(data).line()):
        with pytest.raises(BadRecord, match=r"."):
            open_line(attempt)


@given(st.data())
def test_any_bytes_changed_within_a_line_are_refused(data: st.DataObject) -> None:
    line = chain([inspection()])[0].line()
    start = data.draw(st.integers(0, len(line) - 1))
    length = data.draw(st.integers(0, 20))
    put = data.draw(st.binary(max_size=20))
    changed = line[:start] + put + line[start + length :]
    if changed != line:
        with pytest.raises(BadRecord):
            open_line(changed)


def test_splitting_a_message_keeps_lines_whole() -> None:
    sealed = chain([inspection("SN1"), inspection("SN2")])
    payload = b"\n".join(s.line() for s in sealed) + b"\n"
    assert [s.sha256 for s in sealed] == [cut_line(line).sha256 for line in split_message(payload)]
