"""The PLC handshake: what a seq means (pure), and played to its end against a simulated press on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_floor import Polled, bus, eventually, tcp, value

from gaugetrail_agent.drivers.modbus import handshake_registers
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.drivers.modbus.handshake import LAST_SEQ, Log, Seen, answered, judge, looks_new
from gaugetrail_agent.drivers.modbus.handshake_registers import TriggerSettings
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_units import SimulatedUnit
from gaugetrail_sim.devices.plc import Press

VALUES = [
    value("serial", plc.SERIAL, f"string[{plc.SERIAL_REGISTERS}]"),
    value("force", plc.FORCE, "float32", unit="kN"),
    value("depth", plc.DEPTH, "float32", unit="mm"),
]
TRIGGER = {
    "seq": plc.SEQ,
    "result": plc.RESULT,
    "echo": plc.ECHO,
    "heartbeat_in": plc.HEARTBEAT,
    "heartbeat_out": plc.READER_HEARTBEAT,
}


class TestJudge:
    """What a poll means against what was answered last."""

    def test_a_new_seq_is_offered(self) -> None:
        assert judge(Log(), Seen(1, 1, 0, "a")).do == "offer"
        assert judge(Log(7, ResultCode.STORED_PASS, "a"), Seen(8, 8, 7, "b")).do == "offer"

    def test_a_seq_that_moved_while_the_data_were_read_is_torn(self) -> None:
        assert judge(Log(7), Seen(8, 9, 7, "a")).do == "read_again"

    def test_an_answered_seq_beside_its_echo_asks_for_nothing(self) -> None:
        assert judge(Log(7, ResultCode.STORED_PASS, "a"), Seen(7, 7, 7, "a")).do == "nothing"
        assert not looks_new(Log(7), 7, 7)

    def test_an_answered_seq_without_its_echo_is_answered_from_the_log(self) -> None:
        act = judge(Log(7, ResultCode.STORED_FAIL, "a"), Seen(7, 7, 6, "a"))
        assert (act.do, act.code) == ("answer", ResultCode.STORED_FAIL)

    def test_an_answered_seq_with_other_data_is_a_duplicate(self) -> None:
        """Nothing is stored twice under one number, and nothing is released that wasn't stored."""
        act = judge(Log(7, ResultCode.STORED_PASS, "a"), Seen(7, 7, 6, "b"))
        assert (act.do, act.code) == ("answer", ResultCode.DUPLICATE)

    def test_a_jump_counts_the_parts_that_were_never_offered(self) -> None:
        assert judge(Log(7), Seen(11, 11, 7, "a")).lost == 3
        assert judge(Log(LAST_SEQ), Seen(1, 1, LAST_SEQ, "a")).lost == 0
        assert judge(Log(LAST_SEQ - 1), Seen(2, 2, LAST_SEQ - 1, "a")).lost == 2

    def test_zero_and_a_step_back_are_a_restart_and_no_loss(self) -> None:
        assert judge(Log(7), Seen(0, 0, 7, "a")).do == "restart"
        act = judge(Log(700), Seen(3, 3, 0, "a"))
        assert (act.do, act.lost) == ("offer", 0)

    def test_other_data_beside_a_flag_are_another_part(self) -> None:
        """Its 0 fell between two polls; the same data are the same part, answered again."""
        log = Log(1, ResultCode.STORED_PASS, "a")
        assert judge(log, Seen(1, 1, 0, "b"), flag=True).do == "offer"
        assert judge(log, Seen(1, 1, 0, "a"), flag=True).do == "answer"
        assert judge(log, Seen(1, 1, 1, "b"), flag=True).do == "nothing"
        assert judge(log, Seen(1, 0, 0, "b"), flag=True).do == "read_again"

    @given(
        st.integers(1, LAST_SEQ), st.sampled_from(ResultCode), st.text(st.characters(categories=["L", "N"]), min_size=1)
    )
    def test_the_log_survives_on_disk(self, seq: int, code: ResultCode, digest: str) -> None:
        assert Log.read(Log(seq, code, digest).text()) == Log(seq, code, digest)

    def test_not_ready_is_no_answer_for_good(self) -> None:
        assert answered(Log(7, ResultCode.STORED_PASS, "a"), 8, ResultCode.NOT_READY, "b") == Log(
            7, ResultCode.STORED_PASS, "a"
        )

    @given(st.integers(0, LAST_SEQ), st.integers(0, LAST_SEQ), st.integers(0, LAST_SEQ))
    def test_a_whole_new_block_is_never_left_lying(self, before: int, seq: int, echo: int) -> None:
        """Whatever the numbers: a seq that isn't the answered one, and isn't 0, is offered."""
        log = Log(before, ResultCode.STORED_PASS, "a")
        if seq not in (0, before):
            assert looks_new(log, seq, echo)
            assert judge(log, Seen(seq, seq, echo, "b")).do == "offer"


@contextlib.asynccontextmanager
async def press_and_reader(memory: dict[str, str] | None = None) -> AsyncIterator[tuple[Press, Polled]]:
    press = Press(echo_secs=20)
    await press.start()
    link = tcp(press.port)
    reader = Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=TRIGGER)
    reader.memory |= memory or {}
    try:
        async with reader:
            yield press, reader
    finally:
        await link.close()
        await press.stop()


def offer(press: Press, serial: str) -> asyncio.Task[plc.PlcTold]:
    return asyncio.create_task(press.press(serial, Decimal("15.5"), Decimal("8.5")))


async def offered(reader: Polled, count: int = 1) -> Batch:
    await eventually(lambda: len(reader.batches) >= count, f"{count} blocks offered: {reader.detail}")
    return reader.batches[-1]


def commit(reader: Polled, batch: Batch, code: ResultCode) -> None:
    """What the spool does with the record: the log is durable in the same commit."""
    assert batch.trigger is not None
    reader.memory |= reader.device.remember(batch.trigger, code)


def played(steps: Callable[[], object]) -> None:
    asyncio.run(steps())  # type: ignore[arg-type]


def test_a_block_is_offered_once_and_released_by_result_then_echo() -> None:
    async def steps() -> None:
        async with press_and_reader() as (press, reader):
            waiting = offer(press, "SN1")
            batch = await offered(reader)
            assert [reading.value or reading.text for reading in batch.readings] == ["SN1", "15.5", "8.5"]
            assert not waiting.done()
            assert press.units.read(1, plc.RESULT, 2) == [0, 0]
            commit(reader, batch, ResultCode.STORED_PASS)
            await reader.device.answer(1, ResultCode.STORED_PASS)
            assert (await waiting).code == plc.STORED_PASS
            waiting = offer(press, "SN2")
            batch = await offered(reader, 2)
            assert batch.trigger == 2
            await reader.device.answer(2, ResultCode.STORED_FAIL)
            assert (await waiting).code == plc.STORED_FAIL
            assert [one.trigger for one in reader.batches] == [1, 2]

    played(steps)


def test_a_torn_block_is_read_again_and_never_offered() -> None:
    """The PLC goes on while the data are being read: the first half would be of one part, the second of another."""

    async def steps() -> None:
        async with press_and_reader() as (press, reader):
            handshake = reader.device._handshake
            assert handshake is not None
            read_data, torn = handshake._read_data, []

            async def read_while_the_plc_goes_on():
                readings = await read_data()
                if not torn:
                    torn.append(readings)
                    press.units.write(1, plc.SEQ, [2])
                return readings

            handshake._read_data = read_while_the_plc_goes_on
            press.units.write(1, plc.SEQ, [1])
            batch = await offered(reader)
            assert torn
            assert [one.trigger for one in reader.batches] == [2]
            assert batch.trigger == 2

    played(steps)


def test_a_jump_is_an_alarm_with_the_count_of_lost_parts(caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> None:
        async with press_and_reader() as (press, reader):
            waiting = offer(press, "SN1")
            await reader.device.answer((await offered(reader)).trigger or 0, ResultCode.STORED_PASS)
            await waiting
            press._seq = 4
            waiting = offer(press, "SN5")
            batch = await offered(reader, 2)
            assert batch.trigger == 5
            await reader.device.answer(5, ResultCode.STORED_PASS)
            await waiting
            await eventually(lambda: "3 parts were never offered here" in reader.detail)
            assert reader.device.state.up

    with caplog.at_level(logging.ERROR):
        played(steps)
    assert "the PLC has gone from 1 to 5: 3 parts were never offered here" in caplog.text


def test_seq_back_to_zero_is_a_restart_and_the_next_part_is_taken() -> None:
    async def steps() -> None:
        async with press_and_reader({"handshake press": Log(700, ResultCode.STORED_PASS, "x").text()}) as (
            press,
            reader,
        ):
            await eventually(lambda: reader.states and reader.states[-1].up)
            waiting = offer(press, "SN1")
            batch = await offered(reader)
            assert batch.trigger == 1
            await reader.device.answer(1, ResultCode.STORED_PASS)
            await waiting
            assert "never offered" not in reader.detail

    played(steps)


@pytest.mark.parametrize("code", [ResultCode.STORED_PASS, ResultCode.STORED_FAIL, ResultCode.REJECTED])
def test_an_answer_that_never_reached_the_plc_is_given_again_after_a_restart_of_the_agent(code: ResultCode) -> None:
    """Killed between the commit and the echo: the same part gets the same code, and is not offered a second time."""

    async def steps() -> None:
        press = Press(echo_secs=20)
        await press.start()
        memory: dict[str, str] = {}
        waiting = offer(press, "SN1")
        link = tcp(press.port)
        async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=TRIGGER) as first:
            batch = await offered(first)
            commit(first, batch, code)
            memory = first.memory
        await link.close()
        assert not waiting.done()
        link = tcp(press.port)
        second = Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=TRIGGER)
        second.memory |= memory
        async with second:
            assert (await waiting).code == code
            assert second.batches == []
        await link.close()
        await press.stop()

    played(steps)


def test_a_part_that_was_not_committed_before_the_restart_is_offered_again() -> None:
    async def steps() -> None:
        press = Press(echo_secs=20)
        await press.start()
        waiting = offer(press, "SN1")
        for _ in range(2):
            link = tcp(press.port)
            async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=TRIGGER) as reader:
                batch = await offered(reader)
                assert batch.trigger == 1
            await link.close()
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await press.stop()

    played(steps)


@pytest.fixture
def _retry_soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(handshake_registers, "NOT_READY_SECS", 0.03)
    return


@pytest.mark.usefixtures("_retry_soon")
def test_not_ready_is_said_and_the_same_part_is_offered_again() -> None:
    async def steps() -> None:
        async with press_and_reader() as (press, reader):
            waiting = offer(press, "SN1")
            await offered(reader)
            await reader.device.answer(1, ResultCode.NOT_READY)
            await offered(reader, 2)
            assert not waiting.done()
            await reader.device.answer(1, ResultCode.STORED_PASS)
            told = await waiting
            assert (told.code, told.not_ready >= 1) == (plc.STORED_PASS, True)

    played(steps)


def test_both_heartbeats_run_and_a_plc_whose_heart_stands_still_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake_registers, "HEARTBEAT_STILL_SECS", 0.8)

    async def steps() -> None:
        async with press_and_reader() as (press, reader):
            await eventually(lambda: press.units.read(1, plc.READER_HEARTBEAT)[0] >= 2, "our heart beats")
            assert press._beating is not None
            press._beating.cancel()
            await asyncio.gather(press._beating, return_exceptions=True)
            await eventually(lambda: "the PLC's heartbeat stands still" in reader.detail)
            assert not reader.device.state.up

    played(steps)


def test_scenario_47_the_echo_is_not_written_when_the_result_does_not_stand(tmp_path) -> None:
    """The PLC takes the write and keeps what it had: no echo, so it releases nothing."""
    from gaugetrail_agent.links.modbus import NotTaken

    async def steps() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            memory = there.memory[1].registers
            there.units[1].keeps_writes = False
            memory[plc.SEQ] = 1
            trigger = {"seq": plc.SEQ, "result": plc.RESULT, "echo": plc.ECHO}
            async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=trigger) as reader:
                await offered(reader)
                with pytest.raises(NotTaken, match="was written"):
                    await reader.device.answer(1, ResultCode.STORED_PASS)
                assert memory[plc.ECHO] == 0
                there.units[1].keeps_writes = True
                await eventually(lambda: memory[plc.ECHO] == 1, "answered from the log")
                assert memory[plc.RESULT] == plc.STORED_PASS

    played(steps)


class TestFlag:
    """A PLC that offers each part by a flag: 1, and back to 0 when it has seen the echo."""

    TRIGGER = {"seq": plc.SEQ, "result": plc.RESULT, "echo": plc.ECHO, "offers": "flag"}  # noqa: RUF012

    def test_the_echo_goes_back_with_the_flag_so_no_part_finds_the_last_ones_answer(self, tmp_path: Path) -> None:
        async def steps() -> None:
            async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
                memory = there.memory[1].registers
                async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=self.TRIGGER) as reader:
                    for part in range(1, 4):
                        memory[plc.SERIAL] = 0x4130 + part
                        assert memory[plc.ECHO] == 0
                        memory[plc.SEQ] = 1
                        batch = await offered(reader, part)
                        assert batch.readings[0].text == f"A{part}"
                        commit(reader, batch, ResultCode.STORED_PASS)
                        await reader.device.answer(1, ResultCode.STORED_PASS)
                        assert memory[plc.RESULT : plc.ECHO + 1] == [plc.STORED_PASS, 1]
                        memory[plc.SEQ] = 0
                        await eventually(lambda: memory[plc.RESULT : plc.ECHO + 1] == [0, 0], "the echo goes back")
                    assert len(reader.batches) == 3
                    assert reader.device.state.up

        played(steps)

    def test_a_flag_that_is_taken_back_too_early_gets_no_echo(self, tmp_path: Path) -> None:
        """The next part's flag would stand beside it, and release a part that nobody has recorded."""

        async def steps() -> None:
            async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
                memory = there.memory[1].registers
                async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=self.TRIGGER) as reader:
                    memory[plc.SEQ] = 1
                    await offered(reader)
                    memory[plc.SEQ] = 0
                    await reader.device.answer(1, ResultCode.STORED_PASS)
                    assert memory[plc.ECHO] == 0
                    memory[plc.SERIAL] = 0x4132
                    memory[plc.SEQ] = 1
                    await offered(reader, 2)

        played(steps)

    def test_a_number_beside_a_flag_is_said(self, tmp_path: Path) -> None:
        async def steps() -> None:
            async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
                there.memory[1].registers[plc.SEQ] = 7
                async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=self.TRIGGER) as reader:
                    await eventually(lambda: 'seq is 7, and offers = "flag" allows 0 and 1' in reader.detail)
                    assert not reader.batches

        played(steps)

    def test_a_flag_without_an_answer_is_refused_by_the_settings(self) -> None:
        with pytest.raises(ValueError, match="needs result and echo"):
            TriggerSettings.model_validate({"seq": 1, "offers": "flag"})


def test_a_plc_that_starts_anew_with_its_memory_kept_does_not_find_the_answer_of_its_first_part(
    tmp_path: Path,
) -> None:
    """seq 0 after power-on, echo 1 left from before: part 1 would be released the moment that it is offered."""

    async def steps() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            memory = there.memory[1].registers
            memory[plc.RESULT : plc.ECHO + 1] = [plc.STORED_PASS, 1]
            trigger = {"seq": plc.SEQ, "result": plc.RESULT, "echo": plc.ECHO}
            async with Polled(link, "press", poll_secs=0.01, value=VALUES, trigger=trigger) as reader:
                await eventually(lambda: memory[plc.RESULT : plc.ECHO + 1] == [0, 0], "the echo goes back")
                memory[plc.SEQ] = 1
                assert (await offered(reader)).trigger == 1

    played(steps)
