"""Modbus links on real sockets and ptys: every function on every wire, and answers that must not be taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from modbus_floor import WIRES, bus, eventually, registers_reply, scripted, tcp

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.modbus import ModbusLink, NoReply, NotTaken
from gaugetrail_agent.links.modbus_frames import RequestRefused
from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

Steps = Callable[[BusUnits, ModbusLink], Awaitable[None]]


@pytest.mark.parametrize("wire", WIRES)
class TestEveryWire:
    """What all four promise alike."""

    def on(self, wire: str, folder: Path, units: dict[int, SimulatedUnit], steps: Steps, **more: object) -> None:
        async def session() -> None:
            async with bus(wire, folder, units, **more) as (there, link):
                await steps(there, link)

        asyncio.run(session())

    def test_registers_and_bits_are_read_with_functions_1_to_4(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            memory = there.memory[7]
            memory.registers[100:225] = range(1000, 1125)
            memory.coils[3:22] = [1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]
            assert await link.read(7, "holding", 100, 125) == list(range(1000, 1125))
            assert await link.read(7, "input", 101, 1) == [1001]
            assert await link.read(7, "coil", 3, 19) == memory.coils[3:22]
            assert await link.read(7, "discrete", 4, 1) == [0]

        self.on(wire, tmp_path, {7: SimulatedUnit()}, steps)

    def test_registers_and_coils_are_written_with_functions_5_6_15_16(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            memory = there.memory[1]
            await link.write(1, 10, [0xFFFE])
            await link.write(1, 20, [1, 2, 3])
            await link.write_bits(1, 30, [True])
            await link.write_bits(1, 40, [True, False, True, True, False, False, False, False, True])
            assert (memory.registers[10], memory.registers[20:23]) == (0xFFFE, [1, 2, 3])
            assert (memory.coils[30], memory.coils[40:49]) == (1, [1, 0, 1, 1, 0, 0, 0, 0, 1])

        self.on(wire, tmp_path, {1: SimulatedUnit()}, steps)

    def test_scenario_24_the_last_registers_of_all_are_read(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            there.memory[1].registers[65530:] = [1, 2, 3, 4, 5, 6]
            assert await link.read(1, "holding", 65530, 6) == [1, 2, 3, 4, 5, 6]
            assert await link.read(1, "holding", 65535, 1) == [6]

        self.on(wire, tmp_path, {1: SimulatedUnit()}, steps)

    def test_a_refusal_names_its_reason_and_leaves_the_link_in_use(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            with pytest.raises(RequestRefused, match="exception 2: illegal address"):
                await link.read(1, "holding", 0, 10)
            with pytest.raises(RequestRefused, match="exception 3: illegal value, or too many registers"):
                await link.read(1, "holding", 100, 60)
            assert await link.read(1, "holding", 6, 2) == [0, 0]

        self.on(wire, tmp_path, {1: SimulatedUnit(refused=frozenset({5}), most_registers=50)}, steps)

    def test_a_unit_that_knows_only_function_16_is_written_with_it(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            await link.write(1, 10, [5])
            assert there.memory[1].registers[10] == 5

        self.on(wire, tmp_path, {1: SimulatedUnit(lacks=frozenset({6}))}, steps)

    def test_a_unit_that_calls_function_6_a_bad_value_is_written_with_16(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            await link.write(1, 10, [5])
            assert there.memory[1].registers[10] == 5
            there.units[1].bad_value_for = frozenset({6, 16})
            with pytest.raises(RequestRefused, match="exception 3"):
                await link.write(1, 10, [6])

        self.on(wire, tmp_path, {1: SimulatedUnit(bad_value_for=frozenset({6}))}, steps)

    def test_a_unit_that_sleeps_is_asked_twice_and_its_first_silence_is_no_fault(
        self, wire: str, tmp_path: Path
    ) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            there.memory[1].registers[:2] = [111, 222]
            link.wakes(1)
            for _ in range(2):
                assert await link.read(1, "holding", 0, 2) == [111, 222]
                await link.write(1, 5, [7])
            assert there.memory[1].registers[5] == 7
            there.units[1].dead = True
            with pytest.raises(NoReply, match="unit 1 doesn't answer"):
                await link.read(1, "holding", 0, 1)

        self.on(wire, tmp_path, {1: SimulatedUnit(naps_after=4)}, steps, timeout_secs=0.4)

    def test_scenario_47_a_write_that_does_not_stand_is_an_error(self, wire: str, tmp_path: Path) -> None:
        """The unit says yes and keeps what it had: no release is built on that."""

        async def steps(there: BusUnits, link: ModbusLink) -> None:
            with pytest.raises(NotTaken, match=r"unit 1 shows \[0\] at 10 where \[5\] was written"):
                await link.write(1, 10, [5])
            with pytest.raises(NotTaken):
                await link.write_bits(1, 10, [True, True])

        self.on(wire, tmp_path, {1: SimulatedUnit(keeps_writes=False)}, steps)

    def test_a_dead_unit_costs_its_time_out_and_the_next_one_answers(self, wire: str, tmp_path: Path) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            there.memory[2].registers[0] = 22
            with pytest.raises(NoReply, match=r"unit 1 doesn't answer in 0\.3 s"):
                await link.read(1, "holding", 0, 1)
            assert await link.read(2, "holding", 0, 1) == [22]

        self.on(wire, tmp_path, {1: SimulatedUnit(dead=True), 2: SimulatedUnit()}, steps)

    def test_a_late_answer_is_never_taken_for_the_next_request(self, wire: str, tmp_path: Path) -> None:
        """Scenarios 25 and 26: same unit, same function, same length, other registers."""

        async def steps(there: BusUnits, link: ModbusLink) -> None:
            there.memory[1].registers[:2] = [111, 222]
            there.units[1].late_secs = 0.45
            with pytest.raises(NoReply):
                await link.read(1, "holding", 0, 1)
            there.units[1].late_secs = 0.0
            found: list[int] = []
            while not found:
                try:
                    found = await link.read(1, "holding", 1, 1)
                except NoReply:
                    continue
            assert found == [222]

        self.on(wire, tmp_path, {1: SimulatedUnit()}, steps)

    def test_a_unit_that_is_always_too_late_never_gives_a_value(self, wire: str, tmp_path: Path) -> None:
        """One answer behind for ever: each would fit the next question, if nobody looked closely."""

        async def steps(there: BusUnits, link: ModbusLink) -> None:
            there.memory[1].registers[:4] = [100, 101, 102, 103]
            for address in (0, 1, 2, 3):
                with pytest.raises(NoReply):
                    await link.read(1, "holding", address, 1)

        self.on(wire, tmp_path, {1: SimulatedUnit(late_secs=0.35)}, steps, timeout_secs=0.2)

    def test_scenario_27_an_answer_in_another_units_name_is_refused_and_counted(
        self, wire: str, tmp_path: Path
    ) -> None:
        async def steps(there: BusUnits, link: ModbusLink) -> None:
            with pytest.raises(NoReply, match=r"unit 2 (answered; not taken|spoke instead)"):
                await link.read(1, "holding", 0, 2)
            assert link.figures.foreign == 1

        self.on(wire, tmp_path, {1: SimulatedUnit(answers_as=2)}, steps)


@pytest.mark.parametrize("wire", ["rtu", "ascii", "rtu-tcp"])
def test_scenario_50_frames_nobody_asked_for_are_passed_over(wire: str, tmp_path: Path) -> None:
    """A broadcast, another unit's frame and noise before the answer: the value is right, and nothing is out of step."""

    async def session() -> None:
        async with bus(wire, tmp_path, {1: SimulatedUnit(late_secs=0.05), 2: SimulatedUnit()}) as (there, link):
            there.memory[1].registers[:3] = [1, 2, 3]
            broadcast = bytes.fromhex("00 06 0001 0003 9A1A") if wire != "ascii" else b":000600010003F6\r\n"
            other = bytes.fromhex("02 03 06 0000 0000 0000 B085") if wire != "ascii" else b":0203060000000000 00F5\r\n"
            for _ in range(3):
                asking = asyncio.create_task(link.read(1, "holding", 0, 3))
                await eventually(lambda: there.requests[1] > 0, "the question is on the bus")
                there.requests[1] = 0
                there.shout(broadcast)
                there.shout(b"\xff\x00" + other)
                assert await asking == [1, 2, 3]
            assert link.figures.dropped_bytes >= 3 * len(broadcast)
            assert await link.read(2, "holding", 0, 1) == [0]

    asyncio.run(session())


def test_scenario_50_chatter_between_two_polls_is_dropped(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("rtu", tmp_path, {1: SimulatedUnit()}) as (there, link):
            there.memory[1].registers[0] = 5
            await link.read(1, "holding", 0, 1)
            there.shout(bytes.fromhex("01 03 02 0063 F9AD"))  # a sound answer with 99, to a question nobody has asked
            await eventually(lambda: len(link._buffer) >= 7, "it has arrived")
            assert await link.read(1, "holding", 0, 1) == [5]
            assert link.figures.dropped_bytes == 7

    asyncio.run(session())


def test_scenario_25_a_late_tcp_answer_is_counted_and_the_value_is_the_new_one() -> None:
    """The answer to the first request comes after the second has been sent, on the same connection."""
    held: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        if not held:
            held.append(request)
            writer.write(registers_reply(request, [7], number=0x7777))  # something is heard: the connection lives
            return
        writer.write(registers_reply(held[0], [111]))
        writer.write(registers_reply(request, [222]))

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port, timeout_secs=0.2)
            with pytest.raises(NoReply):
                await link.read(1, "holding", 0, 1)
            assert await link.read(1, "holding", 0, 1) == [222]
            assert link.figures.late == 2
            await link.close()

    asyncio.run(session())


@pytest.mark.parametrize(
    ("misfit", "message"),
    [
        (lambda request: registers_reply(request, [1], unit=9), "unit 1 was asked and unit 9 answered"),
        (lambda request: registers_reply(request, [1, 2, 3]), "don't fit the question"),
        (lambda request: registers_reply(request[:7] + b"\x04", [1, 2]), "asked for function 3 and answered 4"),
        (lambda request: request[:4] + b"\0\3\1\3\4", "don't fit the question"),
    ],
)
def test_an_answer_that_does_not_fit_its_request_is_refused(misfit: Callable[[bytes], bytes], message: str) -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(misfit(request))

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port)
            with pytest.raises(NoReply, match=message):
                await link.read(1, "holding", 0, 2)
            await link.close()

    asyncio.run(session())


def test_answers_in_pieces_and_in_one_piece_are_the_same() -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in registers_reply(request, [1, 2]):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port)
            for _ in range(3):
                assert await link.read(1, "holding", 0, 2) == [1, 2]
            await link.close()

    asyncio.run(session())


def test_bytes_that_are_no_modbus_close_the_connection_and_the_next_poll_opens_it_anew() -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" if request[1] == 1 else registers_reply(request, [5]))

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port)
            with pytest.raises(DeviceGone, match="no Modbus TCP header"):
                await link.read(1, "holding", 0, 1)
            assert await link.read(1, "holding", 0, 1) == [5]
            await link.close()

    asyncio.run(session())


def test_scenario_28_a_plc_that_takes_one_connection_says_what_can_be_set() -> None:
    """It hangs up on the second client: the message names both settings that help."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def session() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        link = tcp(server.sockets[0].getsockname()[1])
        with pytest.raises(DeviceGone, match=r"one connection only.*close_after_cycle.*pause_after_connect_secs"):
            await link.read(1, "holding", 0, 1)
        await link.close()
        server.close()

    asyncio.run(session())


def test_scenario_28_the_connection_is_given_back_after_each_cycle(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}, close_after_cycle=True) as (there, link):
            for cycle in (1, 2, 3):
                assert await link.read(1, "holding", 0, 1) == [0]
                assert await link.read(1, "holding", 1, 1) == [0]
                assert there.connections == cycle
                await link.cycle_done()

    asyncio.run(session())


def test_scenario_28_a_plc_that_needs_a_pause_after_the_connection_gets_it() -> None:
    """It loses what comes in its first moments."""
    connected_at = 0.0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected_at
        connected_at = asyncio.get_running_loop().time()
        request = await reader.read(100)
        if asyncio.get_running_loop().time() - connected_at >= 0.1:
            writer.write(registers_reply(request, [5]))
        writer.close()

    async def session() -> None:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        link = tcp(port, pause_after_connect_secs=0.15)
        assert await link.read(1, "holding", 0, 1) == [5]
        await link.close()
        server.close()

    asyncio.run(session())


def test_a_silent_unit_behind_a_gateway_lets_the_others_pass(tmp_path: Path) -> None:
    """The answer of the second comes while the first is still waited for."""

    async def session() -> None:
        units = {1: SimulatedUnit(dead=True), 2: SimulatedUnit()}
        async with bus("tcp", tmp_path, units, timeout_secs=10, overtake_secs=0.02) as (_, link):
            silent = asyncio.create_task(link.read(1, "holding", 0, 1))
            for _ in range(20):
                assert await link.read(2, "holding", 0, 1) == [0]
            assert not silent.done()
            silent.cancel()
            await asyncio.gather(silent, return_exceptions=True)
            assert await link.read(2, "holding", 0, 1) == [0]

    asyncio.run(session())


def test_one_request_at_a_time_where_the_settings_say_so(tmp_path: Path) -> None:
    async def session() -> None:
        units = {1: SimulatedUnit(dead=True), 2: SimulatedUnit()}
        async with bus("tcp", tmp_path, units, timeout_secs=0.2, overtake_secs=1) as (there, link):
            silent = asyncio.create_task(link.read(1, "holding", 0, 1))
            await eventually(lambda: there.requests[1])
            waiting = asyncio.create_task(link.read(2, "holding", 0, 1))
            with pytest.raises(NoReply):
                await silent
            assert there.requests[2] == 0
            assert await waiting == [0]

    asyncio.run(session())


def test_a_gateway_that_says_the_unit_is_silent_is_taken_at_its_word() -> None:
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(request[:4] + b"\0\3" + request[6:7] + b"\x83\x0b")

    async def session() -> None:
        async with scripted(answer) as port:
            link = tcp(port)
            with pytest.raises(NoReply, match="the unit behind the gateway doesn't answer"):
                await link.read(3, "holding", 0, 1)
            await link.close()

    asyncio.run(session())


def test_nothing_listening_says_what_to_check() -> None:
    async def session() -> None:
        with pytest.raises(DeviceGone, match=r"127\.0\.0\.1:1: connection refused: nothing listens there"):
            await tcp(1).read(1, "holding", 0, 1)

    asyncio.run(session())


def test_no_such_port_says_which_there_are(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("rtu", tmp_path, {1: SimulatedUnit()}) as (there, link):
            await there.close()
            with pytest.raises(DeviceGone, match="no such port"):
                await link.read(1, "holding", 0, 1)

    asyncio.run(session())


def test_a_cancelled_request_leaves_the_link_in_use(tmp_path: Path) -> None:
    async def session() -> None:
        for wire in WIRES:
            async with bus(wire, tmp_path, {1: SimulatedUnit(dead=True), 2: SimulatedUnit()}) as (there, link):
                asking = asyncio.create_task(link.read(1, "holding", 0, 1))
                await eventually(lambda there=there: there.requests[1])
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                assert await link.read(2, "holding", 0, 1) == [0]

    asyncio.run(session())


class TestNumberZero:
    """Devices whose answers bear transaction number 0, whatever was asked."""

    def test_it_is_refused_by_its_name_and_with_the_cure(self, tmp_path: Path) -> None:
        async def session() -> None:
            async with bus("tcp", tmp_path, {1: SimulatedUnit(answers_number_zero=True)}) as (_, link):
                with pytest.raises(NoReply, match=r"number 0 was not taken \(open: 1\); .* answers = \"zero_too\""):
                    await link.read(1, "holding", 0, 1)

        asyncio.run(session())

    def test_it_is_taken_where_the_settings_say_so_and_with_a_number_of_its_own_too(self, tmp_path: Path) -> None:
        async def session() -> None:
            unit = SimulatedUnit(answers_number_zero=True)
            async with bus("tcp", tmp_path, {1: unit}, answers="zero_too") as (there, link):
                there.memory[1].registers[:3] = [11, 22, 33]
                assert await link.read(1, "holding", 0, 3) == [11, 22, 33]
                unit.answers_number_zero = False
                assert await link.read(1, "holding", 1, 1) == [22]

        asyncio.run(session())

    def test_requests_wait_for_one_another_and_no_late_answer_is_taken_for_the_next(self, tmp_path: Path) -> None:
        """Same length, other registers: only a new connection keeps the late answer away."""

        async def session() -> None:
            units = {1: SimulatedUnit(answers_number_zero=True, late_secs=0.3), 2: SimulatedUnit()}
            async with bus("tcp", tmp_path, units, answers="zero_too", timeout_secs=0.2, overtake_secs=0) as (
                there,
                link,
            ):
                there.memory[1].registers[:2] = [111, 222]
                with pytest.raises(NoReply):
                    await link.read(1, "holding", 0, 1)
                units[1].late_secs = 0.0
                assert await link.read(1, "holding", 1, 1) == [222]
                assert there.connections == 2

                both = await asyncio.gather(link.read(1, "holding", 0, 1), link.read(1, "holding", 1, 1))
                assert both == [[111], [222]]

        asyncio.run(session())

    def test_of_another_unit_it_is_not_taken(self, tmp_path: Path) -> None:
        async def session() -> None:
            unit = SimulatedUnit(answers_number_zero=True, answers_as=9)
            async with bus("tcp", tmp_path, {1: unit}, answers="zero_too") as (_, link):
                with pytest.raises(NoReply, match="unit 1 was asked and unit 9 answered"):
                    await link.read(1, "holding", 0, 1)

        asyncio.run(session())
