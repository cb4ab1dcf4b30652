"""What people at a station are told of all around it: which words, which sign, to whom, and that it goes again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest
from floor import until
from spool_bodies import spool
from station_floor import BORE, FORCE, Floor, setup
from test_station_runner import Running

from gaugetrail_agent.delivery.broker_line import TWINS
from gaugetrail_agent.drivers.stream import DeviceState, DeviceTrouble, TroubleKind, gone
from gaugetrail_agent.errors import DeviceGone, DriverFault, PortMissing
from gaugetrail_agent.health.calibration import Standing
from gaugetrail_agent.health.notices import (
    FULL_BYTES,
    LOW_BYTES,
    NoticeBoard,
    broker_notice,
    device_notice,
    disk_notice,
    gauge_notice,
)
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.words.happening import Noticed
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.documents.gauges import Calibration
from gaugetrail_contract.status import DeliveryStatus

HUGE = 10**12
WELL = DeliveryStatus(connected=True)


def words(notice: Notice | None) -> tuple[str, str] | None:
    return None if notice is None else (notice.sign, ENGLISH.text(notice.says))


@pytest.mark.parametrize(
    ("kind", "sign", "text"),
    [
        ("not_connected", "red", "bore is not connected: check the cable (why)"),
        ("no_answer", "red", "bore does not answer: is it on, and its cable in?"),
        ("silent", "red", "bore is silent: is it on, and out of its menus?"),
        ("unintelligible", "red", "bore speaks, but not intelligibly: call the technician"),
        ("stands_still", "red", "bore is there, but stands still: is it running?"),
        ("wrong_values", "red", "bore gives values that can't be used: call the technician"),
        ("fault", "red", "bore can't be read, by a fault of ours: call the technician"),
        ("lost_parts", "amber", "bore: parts were never offered here, look for them at the machine"),
    ],
)
def test_each_trouble_of_a_device_has_its_sentence(kind: TroubleKind, sign: str, text: str) -> None:
    assert kind in get_args(TroubleKind)
    assert words(device_notice("bore", DeviceTrouble(kind, "why"))) == (sign, text)


def test_no_kind_of_trouble_is_without_a_sentence_of_its_own() -> None:
    kinds = get_args(TroubleKind)
    assert len({device_notice("bore", DeviceTrouble(kind)).says.id for kind in kinds}) == len(kinds)


def test_what_a_link_met_is_the_cables_and_what_our_code_met_is_ours() -> None:
    assert gone(PortMissing("/dev/x: no such port")) == DeviceTrouble("not_connected", "/dev/x: no such port")
    assert gone(DeviceGone("/dev/x: closed")).kind == "not_connected"
    assert gone(DriverFault("a fault of ours")).kind == "fault"


@pytest.mark.parametrize(
    ("delivery", "told"),
    [
        (WELL, None),
        (
            DeliveryStatus(connected=False, detail="no broker at b:1883"),
            ("amber", "the broker can't be reached: parts are recorded here, and sent when it is back"),
        ),
        (
            DeliveryStatus(connected=True, detail="no collector is online"),
            ("amber", "records wait here: no collector is online"),
        ),
        (
            DeliveryStatus(connected=True, detail="no receipt comes", stranger="c2"),
            ("amber", "records wait here: the collector c2 that answers is not known yet; call the technician"),
        ),
    ],
)
def test_a_broker_that_is_away_stops_no_part(delivery: DeliveryStatus, told: tuple[str, str] | None) -> None:
    assert words(broker_notice(delivery)) == told


@pytest.mark.parametrize(
    ("free", "total", "full", "told"),
    [
        (HUGE, HUGE, False, None),
        (FULL_BYTES - 1, HUGE, False, ("red", "the disk is full, no part can be recorded: call the technician")),
        (FULL_BYTES - 1, HUGE, True, ("red", "the disk is full, no part can be recorded: call the technician")),
        (FULL_BYTES, HUGE, False, ("amber", "the disk is nearly full: call the technician")),
        (LOW_BYTES - 1, HUGE, False, ("amber", "the disk is nearly full: call the technician")),
        (LOW_BYTES, HUGE, False, None),
        (10_000_000, 100_000_000, False, None),
        (HUGE, HUGE, True, ("red", "as many records wait as may, no part can be recorded: call the technician")),
    ],
)
def test_a_full_disk_is_red_before_a_part_is_refused(
    free: int, total: int, full: bool, told: tuple[str, str] | None
) -> None:
    assert words(disk_notice((free, total), spool_full=full)) == told


def test_a_disk_that_can_not_be_asked_is_not_called_full() -> None:
    assert disk_notice(None, spool_full=False) is None


def standing(calibration: Calibration, days: int | None = 100, refused: bool = False, taken: bool = False) -> Standing:
    at = ("OP20",)
    return Standing("G-17", "bore", "2026-12-10", calibration, days, at if refused else (), at if taken else ())


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (standing("valid"), None),
        (standing("valid", 14), ("amber", "gauge G-17 (bore) is due for calibration on 2026-12-10")),
        (standing("valid", 15), None),
        (standing("due", 0), ("amber", "gauge G-17 (bore) is due for calibration on 2026-12-10")),
        (standing("unknown", None), None),
        (
            standing("overdue", -1, refused=True),
            ("red", "gauge G-17 (bore) is overdue, no value of it is taken: use another one"),
        ),
        (
            standing("blocked", 50, taken=True),
            ("amber", "gauge G-17 (bore) is blocked, its values are taken all the same"),
        ),
    ],
)
def test_a_gauge_is_told_where_it_is_measured_with(one: Standing, told: tuple[str, str] | None) -> None:
    assert words(gauge_notice(one, "OP20")) == told


# --- what a station shows of it


def test_a_display_shows_the_worst_sign_and_the_worst_notice_first() -> None:
    floor = Floor(setup(BORE))
    assert (display(floor.setup, floor.state).document(ENGLISH)["sign"]) == "green"
    for about, notice in (
        ("broker", broker_notice(DeliveryStatus(connected=False))),
        ("disk", disk_notice((1, HUGE), spool_full=False)),
        ("device bore", device_notice("bore", DeviceTrouble("no_answer"))),
    ):
        floor.say(Noticed(about, notice))
    shown = display(floor.setup, floor.state).document(ENGLISH)
    assert shown["sign"] == "red"
    notices = shown["notices"]
    assert isinstance(notices, list)
    assert [(one["about"], one["sign"], one["says"]) for one in notices] == [
        ("device bore", "red", "notice.no_answer"),
        ("disk", "red", "notice.disk_full"),
        ("broker", "amber", "notice.broker_away"),
    ]
    floor.say(Noticed("disk", None))
    floor.say(Noticed("device bore", None))
    assert display(floor.setup, floor.state).document(ENGLISH)["sign"] == "amber"


def test_the_prompt_says_why_the_part_can_not_be_measured_until_it_can() -> None:
    floor = Floor(setup(BORE))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.say(Noticed("device bore", device_notice("bore", DeviceTrouble("not_connected", "no such port"))))
    shown = display(floor.setup, floor.state).document(ENGLISH)
    assert shown["prompt"] == ("bore can't be measured now: bore is not connected: check the cable (no such port)")
    floor.say(Noticed("device bore", None))
    assert display(floor.setup, floor.state).document(ENGLISH)["prompt"] == "measure bore with bore"


# --- who is told


def test_a_device_is_told_at_its_stations_alone_once_and_goes_again(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        manual, automatic = Running(setup(BORE), one), Running(setup(FORCE, mode="automatic"), one)
        stations = {"OP20": manual.runner, "OP30": automatic.runner}
        board = NoticeBoard(lambda: {"OP20": ("scanner", "bore"), "OP30": ("press",)}, stations)
        down = DeviceState(up=False, since=0.0, trouble=DeviceTrouble("not_connected", "no such port"))
        for name in ("scanner", "press"):
            board.device(name, down)
        assert list(manual.runner.state.notices) == ["device scanner"]
        assert list(automatic.runner.state.notices) == ["device press"]
        shown = len(manual.shown)
        board.device("scanner", down)
        board.device("scanner", DeviceState(up=False, since=0.0, trouble=down.trouble, frames=7))
        assert len(manual.shown) == shown, "what is known is not shown again"
        board.device("scanner", DeviceState(up=True, since=1.0))
        assert manual.runner.state.notices == {}


def test_a_copied_pc_and_a_second_one_under_its_name_are_told(tmp_path: Path) -> None:
    twin = DeliveryStatus(connected=True, detail=f"another agent calls itself 'pc1': {TWINS}; give one of them another")
    with spool(tmp_path) as one:
        manual = Running(setup(BORE), one)
        board = NoticeBoard(dict, {"OP20": manual.runner})
        board.look(twin, [], spool_full=False, copied=True)
        told = manual.runner.state.notices
        assert (told["copy"].says.id, told["broker"].says.id) == ("notice.copied", "notice.twin")
        board.look(WELL, [], spool_full=False)
        assert manual.runner.state.notices == {}


def test_broker_disk_and_gauges_are_told_at_each_look_and_go_again(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        manual, automatic = Running(setup(BORE), one), Running(setup(FORCE, mode="automatic"), one)
        board = NoticeBoard(dict, {"OP20": manual.runner, "OP30": automatic.runner})
        board.look(DeliveryStatus(connected=False), [standing("overdue", -1, refused=True)], spool_full=True)
        assert set(manual.runner.state.notices) == {"broker", "disk", "gauge G-17"}
        assert set(automatic.runner.state.notices) == {"broker", "disk"}
        board.look(WELL, [], spool_full=False)
        assert manual.runner.state.notices == automatic.runner.state.notices == {}


def test_a_wrong_clock_and_a_spool_that_cannot_be_written_are_told_as_long_as_they_last(tmp_path: Path) -> None:
    """A file that another program has locked is no full disk."""
    with spool(tmp_path) as one:
        manual = Running(setup(BORE), one)
        board = NoticeBoard(dict, {"OP20": manual.runner})
        held = "dbtool (process 8) has locked spool.db"
        board.look(WELL, [], spool_full=True, spool_refuses=held, clock_wrong=True)
        told = {about: words(notice) for about, notice in manual.runner.state.notices.items()}
        assert told == {
            "spool": ("red", f"no part can be recorded, {held}: call the technician"),
            "clock": (
                "amber",
                "the clock of this PC is wrong: parts are recorded all the same; call the technician",
            ),
        }
        board.look(WELL, [], spool_full=False)
        assert manual.runner.state.notices == {}


def test_the_room_on_the_disk_is_looked_at_beside_everything_else(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        manual = Running(setup(BORE), one)
        board = NoticeBoard(dict, {"OP20": manual.runner})

        async def looked() -> None:
            watching = asyncio.create_task(board.watch_room(tmp_path))
            await asyncio.to_thread(until, lambda: board._room is not None, "the disk was looked at")
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        asyncio.run(looked())
        assert board._room is not None
        assert board._room[1] > board._room[0] > 0
