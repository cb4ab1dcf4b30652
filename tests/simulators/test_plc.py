"""The simulated PLC over a real Modbus client: handshake, heartbeat, and units that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from decimal import Decimal

import pytest
from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import ExcCodes

from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_units import ModbusUnits, SimulatedUnit, float_registers, text_registers
from gaugetrail_sim.devices.plc import Press


@contextlib.asynccontextmanager
async def press_and_client(echo_secs: float = 5.0):
    press = Press(echo_secs)
    await press.start()
    client = AsyncModbusTcpClient("127.0.0.1", port=press.port, timeout=20)
    await client.connect()
    try:
        yield press, client
    finally:
        client.close()
        await press.stop()


async def block(client: AsyncModbusTcpClient) -> list[int]:
    return (await client.read_holding_registers(0, count=22, device_id=1)).registers


async def new_seq(client: AsyncModbusTcpClient, before: int) -> list[int]:
    """Poll until the PLC offers another part."""
    async with asyncio.timeout(5):
        while (now := await block(client))[plc.SEQ] == before:
            pass
    return now


async def answer(client: AsyncModbusTcpClient, code: int, seq: int) -> None:
    """As the design says: the result code first, then the echo."""
    await client.write_register(plc.RESULT, code, device_id=1)
    await client.write_register(plc.ECHO, seq, device_id=1)


def test_block_holds_serial_force_and_depth_in_the_documented_registers() -> None:
    async def play() -> None:
        async with press_and_client() as (press, client):
            working = asyncio.create_task(press.press("SN004711", Decimal("15.5"), Decimal("8.51")))
            registers = await new_seq(client, 0)
            assert registers[plc.SEQ] == 1
            assert b"SN004711".ljust(16, b"\0") == struct.pack(">8H", *registers[10:18])
            assert struct.unpack(">f", struct.pack(">2H", *registers[18:20])) == (15.5,)
            assert struct.unpack(">f", struct.pack(">2H", *registers[20:22]))[0] == pytest.approx(8.51)
            await answer(client, 1, 1)
            told = await working
            assert (told.serial, told.seq, told.code, told.not_ready) == ("SN004711", 1, plc.STORED_PASS, 0)

    asyncio.run(play())


def test_part_is_released_by_the_echo_and_not_by_the_code() -> None:
    """The code alone says nothing: it may be the last part's."""

    async def play() -> None:
        async with press_and_client() as (press, client):
            working = asyncio.create_task(press.press("SN1", Decimal(15), Decimal("8.5")))
            await new_seq(client, 0)
            await client.write_register(plc.RESULT, 1, device_id=1)
            await block(client)
            assert not working.done()
            await client.write_register(plc.ECHO, 1, device_id=1)
            assert (await working).code == 1

    asyncio.run(play())


def test_code_and_echo_may_come_in_one_request() -> None:
    async def play() -> None:
        async with press_and_client() as (press, client):
            working = asyncio.create_task(press.press("SN1", Decimal(19), Decimal("8.5")))
            await new_seq(client, 0)
            await client.write_registers(plc.RESULT, [2, 1], device_id=1)
            assert (await working).code == plc.STORED_FAIL

    asyncio.run(play())


def test_offer_stands_while_the_reader_is_not_ready() -> None:
    """Its disk is full, say; the part waits, and is released by the word that comes in the end."""

    async def play() -> None:
        async with press_and_client() as (press, client):
            working = asyncio.create_task(press.press("SN1", Decimal(15), Decimal("8.5")))
            await new_seq(client, 0)
            await answer(client, plc.NOT_READY, 1)
            assert (await block(client))[plc.SEQ] == 1
            assert not working.done()
            await answer(client, plc.STORED_PASS, 1)
            told = await working
            assert told.code == plc.STORED_PASS
            assert told.not_ready >= 1

    asyncio.run(play())


def test_silent_reader_makes_the_plc_raise_a_fault_and_wait_on() -> None:
    async def play() -> None:
        async with press_and_client(echo_secs=0.05) as (press, client):
            working = asyncio.create_task(press.press("SN1", Decimal(15), Decimal("8.5")))
            await new_seq(client, 0)
            async with asyncio.timeout(5):
                while press.faults == 0:
                    await block(client)
            await answer(client, plc.STORED_PASS, 1)
            assert (await working).code == plc.STORED_PASS

    asyncio.run(play())


def test_heartbeats_run_both_ways() -> None:
    async def play() -> None:
        async with press_and_client() as (press, client):
            assert (await block(client))[plc.HEARTBEAT] >= 1
            silent = press.reader_silent_secs()
            await client.write_register(plc.READER_HEARTBEAT, 7, device_id=1)
            assert press.reader_silent_secs() < silent + 0.001

    asyncio.run(play())


def test_one_refused_address_leaves_the_others_readable() -> None:
    """Exception 2 for each block that touches the address, as field devices do."""

    async def play() -> None:
        async with units({1: SimulatedUnit(refused=frozenset({5}))}) as (_, client):
            answered = await client.read_holding_registers(0, count=10, device_id=1)
            assert answered.isError()
            assert answered.exception_code == ExcCodes.ILLEGAL_ADDRESS
            assert (await client.read_holding_registers(6, count=4, device_id=1)).registers == [0, 0, 0, 0]

    asyncio.run(play())


def test_dead_unit_never_answers_and_the_next_one_does() -> None:
    async def play() -> None:
        async with units({1: SimulatedUnit(dead=True), 2: SimulatedUnit()}) as (_, client):
            with pytest.raises(ModbusException):
                await client.read_holding_registers(0, count=1, device_id=1)
            await client.connect()
            assert (await client.read_holding_registers(0, count=1, device_id=2)).registers == [0]

    asyncio.run(play())


def test_unknown_unit_is_answered_as_by_a_gateway() -> None:
    async def play() -> None:
        async with units({1: SimulatedUnit()}) as (_, client):
            answered = await client.read_holding_registers(0, count=1, device_id=9)
            assert answered.exception_code == ExcCodes.GATEWAY_NO_RESPONSE

    asyncio.run(play())


def test_late_answer_keeps_its_own_transaction_number() -> None:
    """Two requests on one raw connection: the late unit's answer comes second, with the first request's number."""

    async def play() -> None:
        slow, quick = SimulatedUnit(late_secs=0.1), SimulatedUnit()
        bus = ModbusUnits({1: slow, 2: quick})
        await bus.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
        writer.write(bytes.fromhex("00110000000601 03 0000 0001"))
        await asyncio.sleep(0.02)
        writer.write(bytes.fromhex("00220000000602 03 0000 0001"))
        async with asyncio.timeout(5):
            first, second = await reader.readexactly(11), await reader.readexactly(11)
        assert (first[:2].hex(), first[6]) == ("0022", 2)
        assert (second[:2].hex(), second[6]) == ("0011", 1)
        writer.close()
        await writer.wait_closed()
        await bus.stop()

    asyncio.run(play())


@contextlib.asynccontextmanager
async def units(wanted: dict[int, SimulatedUnit]):
    bus = ModbusUnits(wanted)
    await bus.start()
    client = AsyncModbusTcpClient("127.0.0.1", port=bus.port, timeout=0.1, retries=0)
    await client.connect()
    try:
        yield bus, client
    finally:
        client.close()
        await bus.stop()


def test_registers_hold_text_and_floats_high_byte_and_high_word_first() -> None:
    assert text_registers("SN1", 2) == [0x534E, 0x3100]
    assert float_registers(15.5) == [0x4178, 0x0000]
    with pytest.raises(ValueError, match="doesn't fit"):
        text_registers("SN12345", 2)
