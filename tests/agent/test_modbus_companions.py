"""What stands beside a value: read in one request with it, decisive about it; missing or unknown, it is no value."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from fuzz_count import FRAMES
from hypothesis import given
from hypothesis import strategies as st
from modbus_floor import Polled, bus, value
from pydantic import ValidationError

from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.drivers.modbus.values import ValueReader
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

MODICON: dict[str, object] = {"numbering": "modicon"}


def settings(*values: dict[str, object], **more: object) -> ModbusDeviceSettings:
    return ModbusDeviceSettings.model_validate({"value": values, **more})


def reader(one: dict[str, object], **more: object) -> tuple[ValueReader, int, int]:
    """The value's reader, and from where to where its piece reaches."""
    table = settings(one, **more)
    place = table.place(table.value[0])
    start = place.wanted.address
    return ValueReader(table.value[0], place), start, start + place.wanted.count


def read(one: dict[str, object], memory: list[int]) -> Reading:
    """The value's reading where these registers stand from address 0."""
    made, start, end = reader(one)
    (found,) = made.readings(memory[start:end])
    return found


@pytest.mark.parametrize(
    ("more", "memory", "value_", "unit"),
    [
        ({"decimals_at": 1}, [1230, 2], "12.30", None),
        ({"decimals_at": 1}, [1230, 0], "1230", None),
        ({"decimals_at": {"address": 1, "bits": "4-6"}}, [1230, 0xF2A], "12.30", None),
        ({"type": "int32", "word_order": "little", "decimals_at": 2}, [0xFBF1, 9, 2], "6543.21", None),
        ({"type": "float32", "decimals_at": 2}, [0x4145, 0x0A3D, 1], "12.3", None),
        ({"type": "int16", "exponent_at": 1}, [1234, 0xFFFE], "12.34", None),
        ({"type": "int16", "exponent_at": 1}, [0xFFFF, 3], "-1000", None),
        ({"scale_at": 1}, [1234, 10], "12340", None),
        ({"scale_at": {"address": 1, "type": "float32"}}, [100, 0x3DCC, 0xCCCD], "10.0", None),
        ({"scale_at": 1, "exponent_at": 2, "scale": "0.5", "offset": "1"}, [10, 3, 0xFFFF], "2.50", None),
        ({"sign_at": 1}, [5, 1], "-5", None),
        ({"sign_at": 1}, [5, 0], "5", None),
        ({"sign_at": 1}, [0, 1], "0", None),
        ({"sign_at": {"address": 1, "positive": 0x2B, "negative": 0x2D}}, [5, 0x2D], "-5", None),
        ({"bits": "0-14", "sign_at": {"address": 0, "bit": 15}}, [0x8005], "-5", None),
        ({"unit_at": {"address": 1, "units": {"0": "g", "1": "kg"}}}, [5, 1], "5", "kg"),
        ({"unit_at": {"address": 1, "type": "string[1]"}}, [5, 0x6B67], "5", "kg"),
        ({"unit_at": {"address": 1, "type": "string[1]", "units": {"KG": "kg"}}}, [5, 0x4B47], "5", "kg"),
        ({"valid_if": {"address": 1, "equals": [1, 3]}}, [5, 3], "5", None),
        ({"valid_if": {"address": 1, "bit": 0, "equals": 1}, "unit": "mm"}, [5, 0xFFFF], "5", "mm"),
        ({"valid_if": {"address": 1, "type": "bitfield", "equals": 5}}, [7, 5], "7", None),
        ({"overrange_if": {"address": 1, "bit": 2, "equals": 1}}, [5, 0xFFFB], "5", None),
        ({"underrange_if": [{"address": 1, "equals": 1}, {"address": 1, "equals": 2}]}, [5, 3], "5", None),
        ({"address": 3, "decimals_at": 0}, [1, 0, 0, 55], "5.5", None),
    ],
)
def test_a_value_is_what_its_companions_make_of_it(
    more: dict[str, object], memory: list[int], value_: str, unit: str | None
) -> None:
    found = read({"name": "x", "address": 0} | more, memory)
    assert (found.status, found.value, found.unit) == (Status.OK, value_, unit)


@pytest.mark.parametrize(
    ("more", "memory", "status", "code"),
    [
        ({"decimals_at": 1}, [5, 13], "no_value", "decimals_at is 13"),
        ({"decimals_at": {"address": 1, "type": "int16"}}, [5, 0xFFFF], "no_value", "decimals_at is -1"),
        ({"decimals_at": {"address": 1, "type": "bcd16"}}, [5, 0xFFFF], "no_value", "decimals_at: bcd"),
        ({"decimals_at": {"address": 1, "type": "float32"}}, [5, 0x7FC0, 0], "no_value", "decimals_at is nan"),
        ({"exponent_at": 1}, [5, 0x8000], "no_value", "exponent_at is -32768"),
        ({"exponent_at": 1}, [5, 19], "no_value", "exponent_at is 19"),
        ({"scale_at": 1}, [5, 0], "no_value", "scale_at is 0"),
        ({"sign_at": 1}, [5, 2], "no_value", "sign_at is 2"),
        ({"type": "int16", "sign_at": 1}, [0xFFFF, 1], "no_value", "sign_at, and a sign of its own"),
        ({"unit_at": {"address": 1, "units": {"0": "g"}}}, [5, 7], "no_value", "unit_at is 7"),
        ({"unit_at": 1}, [5, 7], "no_value", "unit_at is 7"),
        ({"unit_at": {"address": 1, "type": "string[1]"}}, [5, 0x0100], "no_value", "unit_at is '\\x01'"),
        ({"valid_if": {"address": 1, "equals": 1}}, [5, 0], "no_value", "valid_if[1] at 1 is 0"),
        (
            {"valid_if": [{"address": 1, "bit": 0, "equals": 1}, {"address": 1, "bit": 5, "equals": 0}]},
            [5, 0x21],
            "no_value",
            "valid_if[2] at 1 is 1",
        ),
        ({"overrange_if": {"address": 1, "bit": 2, "equals": 1}}, [5, 4], "overrange", "overrange_if[1] at 1 is 1"),
        ({"underrange_if": {"address": 1, "bit": 3, "equals": 1}}, [5, 8], "underrange", "underrange_if[1] at 1 is 1"),
        ({"type": "bcd16", "decimals_at": 1}, [0xAAAA, 2], "garbled", "bcd"),
        ({"type": "float64", "exponent_at": 4}, [0x7FE0, 0, 0, 0, 18], "garbled", "range"),
        ({"type": "uint64", "exponent_at": 4, "scale_at": 5, "scale": "1000000000000000000000000000000000000"},
         [0xFFFF] * 4 + [18, 0xFFFF], "garbled", "digits"),
        ({"sentinel": ["0x8000"], "decimals_at": 1}, [0x8000, 2], "no_value", "sentinel"),
    ],
)  # fmt: skip
def test_a_value_whose_companion_says_nothing_known_is_none(
    more: dict[str, object], memory: list[int], status: str, code: str
) -> None:
    found = read({"name": "x", "address": 0} | more, memory)
    assert (found.status, found.value, found.error_code) == (status, None, code)


def test_a_value_in_motion_is_shown_and_never_recorded() -> None:
    one = {"name": "x", "address": 0, "unstable_if": {"address": 1, "bit": 1, "equals": 0}, "decimals_at": 2}
    assert (read(one, [55, 0, 1]).status, read(one, [55, 0, 1]).value) == (Status.UNSTABLE, "5.5")
    assert read(one, [55, 2, 1]).status is Status.OK


def test_each_value_of_an_array_has_the_same_companions() -> None:
    made, _, _ = reader({"name": "x", "address": 0, "type": "uint16[2]", "decimals_at": 2})
    assert [reading.value for reading in made.readings([123, 456, 1])] == ["12.3", "45.6"]


@pytest.mark.parametrize(
    ("more", "memory", "result"),
    [
        ({"bit": 3, "ok": 1}, [8], "ok"),
        ({"bit": 3, "ok": 1}, [0xFFF7], "nok"),
        ({"bits": "0-1", "ok": [1, 2], "nok": 3}, [2], "ok"),
        ({"bits": "0-1", "ok": [1, 2], "nok": 3}, [3], "nok"),
        ({"bits": "0-1", "ok": [1, 2], "nok": 3}, [0], None),
        ({"type": "bool", "ok": 0}, [0], "ok"),
        ({"type": "bitfield", "ok": 5}, [5], "ok"),
        ({"function": "coil", "ok": 1}, [1], "ok"),
        ({"function": "discrete", "ok": 1}, [0], "nok"),
        ({"bit": 3, "ok": 1, "valid_if": {"address": 0, "bit": 0, "equals": 1}}, [8], None),
    ],
)
def test_a_bit_is_the_result_of_an_attribute(more: dict[str, object], memory: list[int], result: str | None) -> None:
    found = read({"name": "x", "address": 0} | more, memory)
    assert found.extra.get("result") == result
    assert found.value is None
    assert (found.status is Status.OK) == (result is not None)


def test_a_bit_without_ok_is_a_number() -> None:
    assert read({"name": "x", "address": 0, "bit": 3}, [8]).value == "1"
    assert read({"name": "x", "address": 0, "type": "uint32", "bits": "16-19"}, [0x000A, 0]).value == "10"


@pytest.mark.parametrize(
    ("wrong", "more", "message"),
    [
        ({"decimals_at": 200}, {}, "lie 201 registers apart; one request carries 125"),
        ({"decimals_at": 30}, {"max_registers": 20}, "lie 31 registers apart; one request carries 20"),
        ({"decimals_at": 3}, {"no_span": True}, "no_span forbids to read"),
        ({"decimals_at": {"address": 1, "function": "input"}}, {}, "decimals_at is an input register and the value a"),
        ({"type": "string[4]", "decimals_at": 9}, {}, "decimals_at is for numbers"),
        ({"function": "coil", "sign_at": 1}, {}, "sign_at is for numbers"),
        ({"function": "coil", "type": "uint32"}, {}, "a coil is one bit"),
        ({"nok": 1}, {}, "nok needs ok"),
        ({"type": "string[4]", "ok": 1}, {}, "ok names a number"),
        ({"bit": 3, "bits": "3-4"}, {}, "keep one"),
        ({"bit": 16}, {}, "uint16 has no bits 16"),
        ({"bits": "7-4"}, {}, "uint16 has no bits 7-4"),
        ({"type": "float32", "bit": 3}, {}, "float32 has no bits to choose from"),
        ({"decimals_at": {"address": 1, "type": "uint17"}}, {}, "is no type; did you mean uint16"),
        ({"unit": "g", "unit_at": 1}, {}, "unit and unit_at are both given"),
        ({"word_order": "dword-little"}, {}, "halves of 64-bit"),
        ({"encoding": "klingon"}, {}, "encoding 'klingon' is not known"),
        ({"sentinel": ["high"]}, {}, "is no sentinel"),
        ({"decimals_at": 65536}, {}, "decimals_at: the address 65536 lies outside"),
        ({"valid_if": {"address": 65535, "type": "uint32", "equals": 1}}, {}, "reaches beyond the last register"),
        ({"valid_if": {"address": 1, "type": "string", "equals": 1}}, {}, "say how many registers"),
        ({"address": 40001, "function": "input"}, MODICON, "40001 is a holding register, and function says input"),
        ({"address": 30001, "function": "holding"}, MODICON, "30001 is an input register, and function says holding"),
        ({"address": 400001, "function": "discrete"}, MODICON, "400001 is a holding register, and"),
        ({"address": 40001, "function": "input"}, {}, "40001 is a holding register in manuals"),
        ({"address": 40001, "decimals_at": {"address": 40002, "function": "input"}}, MODICON, "x: decimals_at: 40002"),
        ({"address": 40001, "decimals_at": 30002}, MODICON, "decimals_at is an input register and the value a holding"),
        ({"address": 40001}, MODICON | {"trigger": {"seq": 30001}}, "trigger.seq: 30001 is an input register"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_say_why(wrong: dict[str, object], more: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings({"name": "x", "address": 0} | wrong, **more)


@pytest.mark.parametrize(
    ("right", "more"),
    [
        ({"address": 40001, "function": "holding"}, {"numbering": "modicon"}),
        ({"address": 30001, "function": "input"}, {"numbering": "modicon"}),
        ({"address": 40001, "function": "input"}, {"numbering": "zero"}),
        ({"address": 40001}, {}),
        ({"address": 30001, "function": "holding"}, {}),
        ({"address": 1, "decimals_at": 2}, {"no_span": True}),
        ({"function": "coil", "type": "bool", "valid_if": {"address": 1, "equals": 1}}, {}),
        ({"type": "int64", "word_order": "dword-little"}, {}),
        ({"type": "string[4]", "encoding": "cp437"}, {}),
    ],
)
def test_settings_that_can_be_are_taken(right: dict[str, object], more: dict[str, object]) -> None:
    assert settings({"name": "x", "address": 0} | right, **more).value[0].name == "x"


def test_value_and_companions_come_in_one_request_whatever_else_is_read(tmp_path: Path) -> None:
    """A request of its own for each would be two moments: the decimals of one part, the digits of the next."""
    values = [
        value(
            "weight", 10, "uint32", word_order="little", decimals_at=14, unit_at={"address": 16, "units": {"1": "kg"}}
        ),
        value("far", 100, sign_at=90),
        value("plain", 12),
    ]

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            memory = there.memory[1].registers
            memory[10:17] = [0xE240, 1, 77, 0, 3, 0, 1]
            memory[90], memory[100] = 1, 5
            async with Polled(link, poll_secs=0.02, span=1, value=values) as scale:
                await scale.polls(1)
                assert scale.last() == {"weight": "123.456", "far": "-5", "plain": "77"}
                assert [(block.address, block.count) for block in scale.device._plan] == [(10, 7), (90, 11)]
                assert scale.batches[0].readings[0].unit == "kg"
                memory[14], memory[16] = 2, 9
                await scale.polls(2)
                assert scale.last()["weight"] == "(unit_at is 9)"

    asyncio.run(session())


def test_a_value_whose_companion_is_refused_is_none_and_the_others_are_read(tmp_path: Path) -> None:
    values = [value("weight", 10, decimals_at=14), value("plain", 12)]

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit(refused=frozenset({14}))}) as (there, link):
            there.memory[1].registers[10:13] = [1230, 0, 7]
            async with Polled(link, poll_secs=0.02, value=values) as scale:
                await scale.polls(3)
                assert scale.last() == {"weight": "(exception 2)", "plain": "7"}
                assert "weight at 10 (exception 2: illegal address)" in scale.detail

    asyncio.run(session())


def test_a_text_of_another_layout_is_named_in_the_devices_state_with_the_cure(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            there.memory[1].registers[:4] = [0x0603, 0x4142, 0x4358, 0x5858]
            async with Polled(link, poll_secs=0.02, value=[value("serial", 0, "string[4]")]) as press:
                await press.polls(2)
                assert press.last() == {"serial": "(layout)"}
                assert "press: serial: this begins as a Siemens STRING does" in press.detail
                assert press.detail.endswith("say s7string[4]")
                assert press.device.state.alarm.startswith("press: serial is of another type than set up")
                there.memory[1].registers[0] = 0x4141
                await press.polls(2)
                assert not press.detail

    asyncio.run(session())


@given(
    st.integers(0, 0xFFFF), st.integers(0, 12), st.integers(-18, 18), st.sampled_from([0, 1]), st.integers(1, 0xFFFF)
)
def test_every_number_comes_back_through_all_its_companions(
    raw: int, decimals: int, exponent: int, sign: int, factor: int
) -> None:
    one = {"name": "x", "address": 4, "decimals_at": 0, "exponent_at": 1, "sign_at": 2, "scale_at": 3}
    found = read(one, [decimals, exponent & 0xFFFF, sign, factor, raw])
    shifted = int(raw * factor) * 10 ** (exponent + 40 - decimals)
    assert found.value is not None
    assert Decimal(found.value) * 10**40 == (-shifted if sign else shifted)


conditions = [
    {"valid_if": {"address": 0, "bit": 0, "equals": 1}},
    {"overrange_if": {"address": 0, "bits": "4-7", "equals": [3, 4]}},
    {"unstable_if": {"address": 1, "equals": 0}},
    {"decimals_at": 2},
    {"exponent_at": {"address": 2, "type": "int16"}},
    {"scale_at": {"address": 2, "type": "float32"}},
    {"sign_at": {"address": 2, "bit": 15}},
    {"unit_at": {"address": 2, "type": "string[2]", "units": {"AB": "mm"}}},
]


@given(
    st.sampled_from(["int16", "uint64", "float32", "float64", "bcd32", "string[2]", "s7string[3]", "bitfield", "bool",
                     "uint16:3", "int16[3]", "float32[2]", "mod10k48", "decade-exponent-int24", "int16*10^int16"]),
    st.sets(st.integers(0, len(conditions) - 1), max_size=5),
    st.lists(st.integers(0, 0xFFFF), min_size=12, max_size=12),
    st.sampled_from([None, 0, 3]),
)  # fmt: skip
def test_fuzz_any_registers_with_any_companions_give_readings_and_no_exception(
    type_: str, chosen: set[int], memory: list[int], decimals: int | None
) -> None:
    """A reading that is neither ok nor unstable has no value: its constructor would raise."""
    one: dict[str, object] = {"name": "x", "address": 4, "type": type_, "decimals": decimals}
    for number in chosen:
        one |= conditions[number]
    try:
        made, start, end = reader(one)
    except ValidationError as error:
        assert "is for numbers" in str(error)  # noqa: PT017 (either is right)
        return
    FRAMES.add()
    found = made.readings(memory[start:end])
    assert found
    assert all(reading.value is None or len(reading.value) <= 64 for reading in found)
