"""Reading by form gives what the full reading gives, or nothing: whatever is done to the bytes of records it knows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import T0, head, inspection, measurement

from gaugetrail_contract import forms as forms_module
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.forms import Forms
from gaugetrail_contract.record import Inspection, Measurement
from gaugetrail_contract.seal import BadRecord, parse_record, seal

ATTRIBUTE = {"kind": "attribute", "value": None, "result": "nok", "defects": ("burr", "scratch"), "verdict": "fail"}
MEASURED = (
    (),
    (measurement(0),),
    tuple(measurement(number) for number in range(3)),
    (measurement(0, verdict="fail", value="-3"), measurement(1, raw=None, channel=None, value="1")),
    (measurement(0, **ATTRIBUTE), measurement(1, kind="text", value=None, text="batch 7, bin 3", raw="")),
    (measurement(0, characteristic="Höhe über Bund", unit="µm"), measurement(1, kind="text", value=None, text="")),
)
BESIDE = ({}, {"components": ("C-1", "C-2", "a]b")}, {"lot": None, "order": "WO-1", "supersedes": "pc1/abcdefgh/1"})


def text_of(seq: int, **fields: object) -> str:
    """The bytes of a sealed inspection, as text."""
    body = inspection(**fields)  # type: ignore[arg-type]
    return seal(head(body, seq, "ab" * 32), body).data.decode()


def full(text: str) -> Inspection | None:
    """What the full reading gives; null where it refuses."""
    try:
        record = parse_record(text.encode("utf-8", "surrogatepass"))
    except BadRecord:
        return None
    assert isinstance(record, Inspection)
    return record


def same(one: Inspection, other: Inspection) -> bool:
    """Equal in every field, in what was set, in type, and in what it is written as."""
    return (
        one == other
        and one.model_fields_set == other.model_fields_set
        and [a.model_fields_set for a in one.measurements] == [b.model_fields_set for b in other.measurements]
        and one.model_dump_json(by_alias=True) == other.model_dump_json(by_alias=True)
    )


def agrees(forms: Forms, text: str) -> bool:
    """Whether it was read by form; it is an error if that gives anything but what the full reading gives."""
    reading, record = forms.read(text), full(text)
    if reading is None:
        return False
    assert record is not None, f"only the full reading refuses {text}"
    assert same(reading.record(), record), text
    assert reading.front.time_us == record.time_us
    assert reading.measured.times_us == [one_us(one) for one in record.measurements]
    return True


def one_us(one: Measurement) -> int:
    return T0 + int(one.time[20:26]) - int(utc_text(T0)[20:26])


TEXTS = [
    text_of(7, serial=serial, measurements=measured, **beside)
    for serial in ("SN000001", None)
    for measured in MEASURED
    for beside in BESIDE
]


def taught() -> Forms:
    forms = Forms()
    for text in TEXTS:
        record = full(text)
        assert record is not None
        forms.learn(text, record)
    return forms


FORMS = taught()


@pytest.mark.parametrize("measured", MEASURED)
@pytest.mark.parametrize("beside", BESIDE)
def test_the_next_unit_of_a_station_is_read_by_form(
    measured: tuple[Measurement, ...], beside: dict[str, object]
) -> None:
    """Other number, times, serial, components, values, texts and bytes; and no full reading."""
    other = [
        one.model_copy(
            update={
                "time": utc_text(T0 + 500),
                **({"value": "-17.250"} if one.value is not None else {}),
                **({"text": "batch 8"} if one.text is not None else {}),
                **({"raw": "00ff"} if one.raw is not None else {}),
            }
        )
        for one in measured
    ]
    built_in = {"components": ("C-77",)} if "components" in beside else {}
    text = text_of(900_719_925, serial="SN-X 99", measurements=tuple(other), duration_ms=0, **(beside | built_in))
    assert agrees(taught(), text)


PLACES = st.integers(0, 10_000)
BITS = st.one_of(
    st.sampled_from([*'"\\{}[],:0-Z \t\x7f\x85\u2028é', "e\u0301", "٣", ""]),
    st.sampled_from(["},{", '","', '":"', "01", "1e5", ".5", "5.", "NaN", "2026-02-30", "null", "ok", '"value":"1",']),
    st.text(max_size=3),
)


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A text that is known, changed in a few places, inside strings more often than not."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        bit = draw(BITS)
        if draw(st.booleans()):
            parts = text.split('"')
            parts[draw(PLACES) % len(parts)] = bit
            text = '"'.join(parts)
        else:
            at = draw(PLACES) % (len(text) + 1)
            text = text[:at] + bit + text[at + draw(st.integers(0, 2)) :]
    return text


@settings(max_examples=1500)
@given(changed())
def test_whatever_is_changed_it_is_read_as_in_full_or_not_at_all(text: str) -> None:
    agrees(FORMS, text)


@pytest.mark.parametrize(
    "bit", ['"', "\\", "{", "}", "]", ",", " ", "0", "9", "-", ".", "e", "٣", "é", "\x1f", "Z", ""]
)
def test_one_letter_anywhere_is_enough_to_be_looked_at(bit: str) -> None:
    """Every letter of a record replaced, one after the other."""
    text = TEXTS[len(BESIDE) + 1]
    taken = sum(agrees(FORMS, text[:at] + bit + text[at + 1 :]) for at in range(len(text)))
    assert taken < len(text) / 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bore_0", 'bore_0","kind":"variable","value":"9'),
        ('"value":"74.010"', '"value":"74.010","value":"74.011"'),
        ('"serial":"SN000001"', '"serial":"SN000001","serial":"SN2"'),
        ('"seq":7', '"seq":1'),
        ('"seq":7', '"seq":9007199254740993'),
        ('"seq":7', '"seq":07'),
        ("74.010", "7" * 65),
        ('"raw":"', '"raw":"0'),
        ('"raw":"', '"raw":"' + "00" * 4096),
        ("SN000001", "S" * 201),
        ("2026-09-21T", "2026-02-29T"),
    ],
)
def test_what_the_full_reading_refuses_is_not_read_by_form(old: str, new: str) -> None:
    text = text_of(7, count=1)
    record = full(text)
    assert record is not None
    forms = Forms()
    forms.learn(text, record)
    assert agrees(forms, text)
    assert full(text.replace(old, new, 1)) is None
    assert forms.read(text.replace(old, new, 1)) is None


@pytest.mark.parametrize("serial", ["SN\\1", '{"a"}', "a},{b", '","time":"', "é"])
def test_a_serial_that_looks_like_json_is_a_serial(serial: str) -> None:
    """Learned from such a record or met later: it is what the full reading says."""
    strange = text_of(8, serial=serial)
    record = full(strange)
    assert record is not None
    assert record.serial == serial
    forms = Forms()
    forms.learn(strange, record)
    for text in (strange, text_of(9, serial=serial), text_of(9)):
        agrees(forms, text)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plant that never writes the same form twice fills no memory, and is still read right."""
    monkeypatch.setattr(forms_module, "MOST_FORMS", 10)
    monkeypatch.setattr(forms_module, "MOST_MEASURED", 10)
    monkeypatch.setattr(forms_module, "MOST_TRACKS", 10)
    forms = Forms()
    for number in range(200):
        text = text_of(
            7, lot=f"L{number}", measurements=(measurement(number), measurement(number % 7, gauge=f"G{number}"))
        )
        record = full(text)
        assert record is not None
        forms.learn(text, record)
        assert agrees(forms, text)
    assert 4 <= forms.size <= 40


def test_no_rule_of_the_models_looks_at_two_fields_at_once() -> None:
    """Forms are checked place by place. A rule across fields must be looked at there too before it is added here."""
    known = {"_first_has_no_predecessor"}
    for model in (Inspection, Measurement):
        rules = model.__pydantic_decorators__
        assert set(rules.model_validators) <= known
        assert not rules.validators
        assert not rules.field_validators
        assert not rules.root_validators
