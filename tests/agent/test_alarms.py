"""An alarm's text is what it is known by: whatever counts up or passes while it stands, it stays the same one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from modbus_floor import Polled, bus, eventually, tcp, value
from scripted_link import Bench, LineDriver, ScriptedLink
from spool_bodies import body, spool

from gaugetrail_agent.clock.trust import TOO_EARLY_US, WatchedClock
from gaugetrail_agent.clock.watch import ClockWatch
from gaugetrail_agent.delivery.broker_line import UNANSWERED_SECS, BrokerLine
from gaugetrail_agent.drivers.modbus import handshake_registers
from gaugetrail_agent.drivers.modbus.handshake_registers import Complaint, PlcHandshake
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.report import Health, spool_alarm
from gaugetrail_agent.spool import Origin, SpoolFull
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.signed_status import CollectorWord
from gaugetrail_contract.status import AgentStatus, CollectorStatus, SpoolStatus
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

FINE = SpoolStatus(epoch="abcdefgh", last_seq=9, waiting=3, bytes=5_000_000)


def published(states: Iterable[DeviceState]) -> list[tuple[str, ...]]:
    """The alarms of each status document that a device's news brings about, as the agent raises them."""
    health = Health("pc1", FixedClock(), "ab" * 32)
    return [health.document(FINE).alarms for state in states if health.alarm("device bore", state.alarm or None)]


class FaultyAtEachFrame(LineDriver):
    def received(self, data: bytes) -> list[object]:  # type: ignore[override]
        raise KeyError(f"{data!r}")


FRAMES: list[tuple[float, bytes | str]] = [(at, b"%d\r" % at) for at in range(2, 300, 3)]
STREAMS: dict[str, Callable[[], Bench]] = {
    "no answer to polls": lambda: ran(Bench(ScriptedLink([], end=300)), poll_secs=1.0),
    "silence": lambda: ran(Bench(ScriptedLink([], end=300)), silence_secs=30),
    "no such port": lambda: ran(Bench(ScriptedLink([], open_fails=12, end=300))),
    "a fault of ours": lambda: ran(Bench(ScriptedLink(FRAMES, end=300), FaultyAtEachFrame())),
}


def ran(bench: Bench, **options: object) -> Bench:
    bench.run(**options)
    return bench


@pytest.mark.parametrize("trouble", STREAMS)
def test_a_devices_trouble_is_one_alarm_however_long_it_lasts(trouble: str) -> None:
    """It is told of once, when it begins; its counts and seconds go on in the device's state."""
    states = [state for state in STREAMS[trouble]().states if state.detail]
    told = published(states)
    assert len(told) == 1
    assert len({state.alarm for state in states}) == 1
    if trouble != "silence":
        assert len({state.detail for state in states}) > 3, "the figures are to be seen"


def test_a_devices_trouble_that_ends_is_no_alarm_any_more() -> None:
    states = ran(Bench(ScriptedLink([(3.5, b"42\r")], end=3.9)), poll_secs=1.0).states
    assert [len(alarms) for alarms in published(states)] == [1, 0]


def test_a_dead_modbus_unit_is_one_alarm(tmp_path: Path) -> None:
    async def session() -> None:
        unit = SimulatedUnit(dead=True)
        async with (
            bus("tcp", tmp_path, {1: unit}, timeout_secs=0.02) as (_, link),
            Polled(link, poll_secs=0.01, value=[value("a", 0)]) as press,
        ):
            await eventually(lambda: press.device.state.unanswered >= 4)
            assert len({state.alarm for state in press.states}) == 1
            assert len({state.detail for state in press.states}) > 2

    asyncio.run(session())


def test_refused_values_are_one_alarm_however_many(tmp_path: Path) -> None:
    async def session() -> None:
        unit = SimulatedUnit(refused=frozenset({2}))
        async with (
            bus("tcp", tmp_path, {1: unit}) as (_, link),
            Polled(link, poll_secs=0.01, value=[value("a", 2), value("b", 40), value("c", 80)]) as press,
        ):
            await eventually(lambda: "1 of 3 values are refused" in press.detail)
            one = press.device.state.alarm
            unit.refused = frozenset({2, 40})
            await eventually(lambda: "2 of 3 values are refused" in press.detail)
            assert one == press.device.state.alarm != ""

    asyncio.run(session())


class Now:
    """Seconds in the test's hand."""

    def __init__(self) -> None:
        self.secs = 1000.0

    def __call__(self) -> float:
        return self.secs


def handshake(now: Now) -> PlcHandshake:
    settings = Polled(tcp(1), value=[value("a", 2)], trigger={"seq": 0, "heartbeat_in": 1}).device._settings
    assert settings.trigger is not None

    async def nothing() -> tuple[()]:
        return ()

    return PlcHandshake(
        "press", tcp(1), settings, settings.trigger, read_data=nothing, recall=lambda _: None, monotonic=now
    )


def test_a_heartbeat_that_stands_still_and_lost_parts_are_one_alarm_each() -> None:
    now = Now()
    plc = handshake(now)
    said: list[Complaint] = []
    plc._lost_at = now.secs
    for plc.lost in (3, 7):
        said.append(plc.complaint())
    plc._beat_seen = (5, now.secs)
    for _ in range(2):
        now.secs += handshake_registers.HEARTBEAT_STILL_SECS + 1
        said.append(plc.complaint())
    assert [one.dead for one in said] == [False, False, True, True]
    assert said[0].alarm == said[1].alarm != said[2].alarm == said[3].alarm
    assert len({one.detail for one in said}) == 4


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"full": True}, {"full": True, "waiting": 90, "bytes": 7_000_000}),
        ({"dropped": 4}, {"dropped": 9}),
        ({"damaged": 1}, {"damaged": 2}),
    ],
    ids=["full", "dropped", "damaged"],
)
def test_the_spools_alarms_hold_no_count(less: dict[str, object], more: dict[str, object]) -> None:
    first, second = FINE.model_copy(update=less), FINE.model_copy(update=more)
    assert spool_alarm(first, FINE) == spool_alarm(second, first) is not None


def test_a_station_that_refuses_says_the_same_however_much_waits(tmp_path: Path) -> None:
    """What the spool says of itself stands in the station's alarm."""
    said = set()
    for kilobytes in (4, 9):
        folder = tmp_path / str(kilobytes)
        folder.mkdir()
        with spool(folder, max_bytes=kilobytes * 1000) as one:
            refused = (one.append(body(f"SN{number}")).exception(20) for number in range(100))
            said.add(next(str(error) for error in refused if isinstance(error, SpoolFull)))
    assert len(said) == 1


def test_missing_receipts_are_one_alarm_and_their_seconds_a_figure() -> None:
    line = BrokerLine("b:1883", "pc1", "gaugetrail-agent-pc1")
    line.up(0)
    up = CollectorWord(CollectorStatus(online=True, collector="c1", store="up"))
    line.collectors.take(up, 0, proven=False)
    line.published(1, 0, 900)
    line.acknowledged(1, 0)
    assert line.alarm(UNANSWERED_SECS + 5) == line.alarm(UNANSWERED_SECS + 500) is not None
    assert (line.unanswered_secs(-1), line.unanswered_secs(40), line.unanswered_secs(80)) == (0, 40, 80)


def test_what_the_broker_has_refused_in_words_stays_said_until_it_takes_a_record() -> None:
    """mosquitto hangs up on what it refuses: neither that nor the next connection is the news."""
    line = BrokerLine("b:1883", "pc1", "gaugetrail-agent-pc1")
    for life in range(5):
        line.up(life)
        line.published(1, life, 900)
        line.acknowledged(1, life, "Not authorized")
        line.acknowledged(2, life)  # of a status document
        line.down(0, "closed", life)
        assert "refuses the topic gaugetrail/v1/pc1/records: Not authorized" in (line.alarm(life) or "")
    line.absent("no broker at b:1883")
    line.up(6)
    assert line.alarm(6) is None
    line.published(1, 6, 900)
    line.acknowledged(1, 6, "Not authorized")
    line.published(3, 7, 900)
    line.acknowledged(3, 7)
    line.down(0, "closed", 20)
    assert "is lost (closed)" in (line.alarm(20) or "")
    line.up(21)
    assert line.alarm(21) is None


def test_a_twin_that_starts_again_and_again_is_one_alarm() -> None:
    said = set()
    line = BrokerLine("b:1883", "pc1", "gaugetrail-agent-pc1", connected=True, trouble=None)
    for minute in range(3):
        twin = AgentStatus(online=True, agent="pc1", started=f"2026-11-25T09:0{minute}:00.000000Z")
        line.own_status(twin, "2026-11-25T08:00:00.000000Z", float(minute))
        said.add(line.alarm(float(minute)))
    assert len(said) == 1
    assert None not in said


def test_a_wrong_clock_is_one_alarm_from_one_day_to_the_next(tmp_path: Path) -> None:
    base = FixedClock(TOO_EARLY_US - 40 * 86_400_000_000)
    with spool(tmp_path) as one:
        watch = ClockWatch(WatchedClock(base, lambda: False), one, Origin("pc1"))
        said = {watch.look()}
        base.us += 86_400_000_000
        said.add(watch.look())
    assert len(said) == 1
    assert None not in said


def test_a_refused_connection_stays_the_trouble_when_the_broker_hangs_up() -> None:
    """Why it refused is what helps; that it then closes the line, as brokers do, is no news."""
    line = BrokerLine("b:1883", "pc1", "gaugetrail-agent-pc1")
    line.refused("Not authorized")
    line.down(0x82, "Protocol error", 1.0)
    why = "the broker b:1883 refuses the connection: Not authorized; trying again"
    assert line.alarm(1.0) == why
    line.absent("no broker at b:1883")
    assert line.alarm(2.0) == "no broker at b:1883; records wait in the spool"
    line.refused("Not authorized")
    line.up(3.0)
    assert line.alarm(3.0) is None
    line.down(0, "it ended without a word", 9.0)
    assert line.alarm(9.0) == "the connection to b:1883 is lost (it ended without a word); records wait in the spool"
