"""A polled Modbus device: what is read together, what a refusal costs, and that nothing stale is ever a reading."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_floor import Polled, bus, eventually, value
from pydantic import ValidationError

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.blocks import Wanted, after_refusal, blocks, zero_based
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.drivers.modbus.values import ValueReader, ValueSettings
from gaugetrail_agent.reading import Status
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

wanted = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 8)), min_size=1, max_size=40).map(
    lambda places: [Wanted(f"v{n}", "holding", at, count) for n, (at, count) in enumerate(places)]
)


class TestPlan:
    @given(wanted, st.integers(8, 125), st.integers(0, 40), st.booleans())
    def test_each_value_lies_whole_in_one_block_of_allowed_size_and_gaps(
        self, values: list[Wanted], most: int, span: int, no_span: bool
    ) -> None:
        planned = blocks(values, max_registers=most, span=span, no_span=no_span)
        placed = [one for block in planned for one in block.values]
        assert sorted(one.name for one in placed) == sorted(one.name for one in values)
        for block in planned:
            assert block.count <= most
            for one in block.values:
                assert block.address <= one.address
                assert one.address + one.count <= block.address + block.count
            assert not (no_span and block.gaps)

    def test_gaps_up_to_the_span_are_read_and_larger_ones_are_not(self) -> None:
        values = [Wanted("a", "holding", 0, 2), Wanted("b", "holding", 18, 2), Wanted("c", "holding", 37, 1)]
        assert [(block.address, block.count) for block in blocks(values, span=16)] == [(0, 20), (37, 1)]

    def test_functions_are_never_mixed(self) -> None:
        values = [Wanted("a", "holding", 0, 1), Wanted("b", "input", 1, 1)]
        assert len(blocks(values)) == 2

    @given(wanted, st.data())
    def test_after_a_refusal_the_bad_stand_alone_and_no_gap_is_read(
        self, values: list[Wanted], data: st.DataObject
    ) -> None:
        for block in blocks(values):
            bad = data.draw(st.sets(st.sampled_from([one.name for one in block.values]), max_size=3))
            if len(bad) == len(block.values):
                continue
            again = after_refusal(block, bad)
            assert sorted(one.name for new in again for one in new.values) == sorted(one.name for one in block.values)
            for new in again:
                assert not new.gaps
                assert len(new.values) == 1 or not bad & {one.name for one in new.values}

    @pytest.mark.parametrize(
        ("address", "numbering", "function", "place"),
        [
            (0, "zero", "input", ("input", 0)),
            (65535, "zero", "holding", ("holding", 65535)),
            (1, "one", "holding", ("holding", 0)),
            (40001, "modicon", "holding", ("holding", 0)),
            (30010, "modicon", "holding", ("input", 9)),
            (400001, "modicon", "holding", ("holding", 0)),
            (465536, "modicon", "holding", ("holding", 65535)),
            (1, "modicon", "holding", ("coil", 0)),
            (10001, "modicon", "holding", ("discrete", 0)),
        ],
    )
    def test_addresses_are_what_manuals_print(
        self, address: int, numbering: str, function: str, place: tuple[str, int]
    ) -> None:
        assert zero_based(address, numbering, function) == place  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("address", "numbering"), [(0, "one"), (65536, "zero"), (40000, "modicon"), (20001, "modicon"), (0, "modicon")]
    )
    def test_an_address_that_is_none_is_refused(self, address: int, numbering: str) -> None:
        with pytest.raises(ValueError, match="address"):
            zero_based(address, numbering, "holding")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"value": [value("a", 0), value("a", 1)]}, "stands twice"),
        ({"value": [value("a", 0, "string")]}, "say how many registers"),
        ({"value": [value("a", 65535, "float32")]}, "beyond the last register"),
        ({"value": [value("a", 0, "uint16[126]")]}, "one request carries 125"),
        ({"value": [value("a", 0, "float33")]}, "is no type"),
        ({"value": [value("a", 0)], "trigger": {"seq": 1, "echo": 2}}, "result and echo go together"),
    ],
)
def test_settings_that_cannot_be_say_why(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ModbusDeviceSettings.model_validate(settings)


@given(
    st.sampled_from(["uint16", "int16", "uint32", "int32", "uint64", "int64", "float32"]),
    st.sampled_from(["big", "little"]),
    st.sampled_from(["big", "little"]),
    st.sampled_from(["1", "0.1", "1.00", "-2.5", "0.001"]),
    st.sampled_from(["0", "-40", "0.05"]),
    st.sampled_from([None, 0, 2]),
    st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4),
)
def test_the_short_way_says_what_the_long_one_says(
    type_: str, byte: str, word: str, scale: str, offset: str, decimals: int | None, words: list[int]
) -> None:
    settings = ValueSettings.model_validate(
        value("x", 0, type_, byte_order=byte, word_order=word, scale=scale, offset=offset, decimals=decimals)
    )
    reader = ValueReader(settings)
    assert reader.number_text is not None
    cut = words[: registers.register_count(type_)]
    short = reader.readings(cut)
    reader.number_text = None
    assert short == reader._make(cut)


def test_a_poll_gives_every_value_in_the_order_declared(tmp_path: Path) -> None:
    values = [
        value("force", 2, "float32", unit="kN"),
        value("serial", 10, "string[4]"),
        value("count", 0, scale="0.1"),
        value("lamp", 3, function="coil"),
        value("none", 1, "int16", sentinel=["0x8000"]),
    ]

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            memory = there.memory[1]
            memory.registers[0:4] = [273, 0x8000, 0x4178, 0]
            memory.registers[10:14] = [0x3030, 0x3031, 0x3200, 0x4141]
            memory.coils[3] = 1
            async with Polled(link, poll_secs=0.05, value=values) as press:
                await press.polls(1)
            assert list(press.last().items()) == [
                ("force", "15.5"),
                ("serial", "00012"),
                ("count", "27.3"),
                ("lamp", "1"),
                ("none", "(sentinel)"),
            ]
            assert press.batches[0].readings[0].unit == "kN"

    asyncio.run(session())


def test_scenario_23_one_illegal_address_among_fifty_costs_one_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Forty-nine good values, one flagged, the state names it, and the rest is read together again."""
    values = [value(f"v{n}", n) for n in range(50)]

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit(refused=frozenset({17}))}) as (there, link):
            there.memory[1].registers[:50] = range(100, 150)
            async with Polled(link, poll_secs=0.05, value=values) as press:
                await press.polls(1)
                for _ in range(2):
                    last = press.last()
                    assert last.pop("v17") == "(exception 2)"
                    assert last == {f"v{n}": str(100 + n) for n in range(50) if n != 17}
                    await press.polls(1)
                assert "1 of 50 values are refused: v17 at 17 (exception 2: illegal address)" in press.detail
                assert press.device.state.up
                asked = there.requests[1]
                await press.polls(1)
                assert there.requests[1] - asked <= 6  # three requests a poll; another may have begun
                there.units[1].refused = frozenset()
                await eventually(lambda: press.last()["v17"] == "117" and not press.detail, "the value is back")

    with caplog.at_level(logging.WARNING):
        asyncio.run(session())
    assert "without v17" in caplog.text


def test_a_unit_that_refuses_gaps_or_large_blocks_is_read_in_smaller_ones(tmp_path: Path) -> None:
    values = [value("a", 0), value("b", 4), *(value(f"c{n}", 50 + n) for n in range(40))]

    async def session() -> None:
        units = {1: SimulatedUnit(refused=frozenset({2}), most_registers=20)}
        async with bus("tcp", tmp_path, units) as (there, link), Polled(link, poll_secs=0.02, value=values) as press:
            await press.polls(4)
            assert all(reading.status is Status.OK for reading in press.batches[-1].readings)
            asked, polled = there.requests[1], len(press.batches)
            await press.polls(5)
            assert (there.requests[1] - asked) <= 4 * (len(press.batches) - polled + 1)

    asyncio.run(session())


def test_a_device_that_comes_back_is_planned_anew(tmp_path: Path) -> None:
    """It may have another program now, in which the gap is no fault any more."""
    values = [value("a", 0), value("b", 4)]

    async def session() -> None:
        units = {1: SimulatedUnit(refused=frozenset({2}))}
        async with bus("tcp", tmp_path, units) as (there, link), Polled(link, poll_secs=0.02, value=values) as press:
            await press.polls(2)
            assert len(press.device._blocks) == 2
            there.units[1].refused = frozenset()
            there.hang_up()
            await eventually(lambda: len(press.device._blocks) == 1, "it is planned anew")
            await press.polls(2)

    asyncio.run(session())


def test_a_unit_that_sleeps_between_two_polls_is_never_down(tmp_path: Path) -> None:
    """Each first question finds it asleep; without `wake` the same unit is down at every other poll."""

    async def session() -> None:
        units = {1: SimulatedUnit(naps_after=1)}
        async with bus("tcp", tmp_path, units, timeout_secs=0.05) as (there, link):
            there.memory[1].registers[0] = 5
            async with Polled(link, poll_secs=0.02, wake=True, value=[value("a", 0)]) as press:
                await press.polls(4)
                assert all(batch.readings[0].value == "5" for batch in press.batches)
                assert press.device.state.unanswered == 0
                assert there.connections == 1
        async with (
            bus("tcp", tmp_path, units, timeout_secs=0.05) as (_, link),
            Polled(link, poll_secs=0.02, value=[value("a", 0)]) as press,
        ):
            await eventually(lambda: press.device.state.unanswered >= 2, "its sleep is a fault")

    asyncio.run(session())


def test_a_busy_unit_is_asked_again_at_once(tmp_path: Path) -> None:
    from modbus_floor import registers_reply, scripted, tcp

    count = 0

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        busy = request[:4] + b"\0\3" + request[6:7] + b"\x83\x06"
        writer.write(busy if count % 3 else registers_reply(request, [5]))

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port)
            async with Polled(link, poll_secs=0.05, value=[value("a", 0)]) as press:
                await press.polls(3)
            assert {press.last()["a"], len(press.batches[0].readings)} == {"5", 1}
            await link.close()

    asyncio.run(session())


def test_a_waiting_person_gets_one_channel(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            there.memory[1].registers[:2] = [1, 2]
            press = Polled(link, poll_secs=60, value=[value("a", 0), value("b", 1)])
            await press.device.ask("b")
            assert (press.last(), press.batches[0].asked) == ({"b": "2"}, True)

    asyncio.run(session())
