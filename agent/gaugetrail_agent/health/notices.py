"""What people at a station are told of all around it: gauge, scanner, PLC, disk, spool, clock, broker, calibration; in
words, with a sign, until it is well again.

Promise: a device's trouble is told in the moment that its driver knows it; all else is looked at each second. What is
told goes by itself when its cause is gone. Red: no part can be measured or recorded here now (what a control chart says
of the last unit is red, too, and the station's own: `control_points`). Amber: it can, and somebody should know. What is
told is for the person who stands there; `status` says more to the technician.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gaugetrail_agent.delivery.broker_line import TWINS
from gaugetrail_agent.drivers.stream import DeviceState, DeviceTrouble
from gaugetrail_agent.health.calibration import Standing
from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.runner import StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.status import DeliveryStatus

LOOK_SECS = 1.0
FULL_BYTES = 4_000_000
"""With less free the spool's next pages may not fit."""
LOW_BYTES = 50_000_000
LOW_SHARE = 0.05

Room = tuple[int, int]
"""Free and total bytes of the disk that the spool lies on."""


class NoticeBoard:
    """Tells the stations, on the event loop. `devices`: which ones each station works with at the moment."""

    def __init__(
        self, devices: Callable[[], Mapping[str, Sequence[str]]], stations: Mapping[str, StationRunner]
    ) -> None:
        self._devices_of = devices
        self._stations = stations
        self._devices: dict[str, DeviceTrouble] = {}
        self._room: Room | None = None

    def device(self, name: str, state: DeviceState) -> None:
        """A device's state has changed; called for each frame, so what is known already costs nothing."""
        if state.trouble == self._devices.get(name):
            return
        if state.trouble is None:
            del self._devices[name]
        else:
            self._devices[name] = state.trouble
        notice = None if state.trouble is None else device_notice(name, state.trouble)
        for station, devices in self._devices_of().items():
            if name in devices:
                self._stations[station].noticed(f"device {name}", notice)

    def other_devices(self, station: str) -> None:
        """A station works with other devices from now on: their troubles are its, those of the former no longer."""
        wanted = [f"device {name}" for name in self._devices_of().get(station, ())]
        runner = self._stations[station]
        for about in [one for one in runner.state.notices if one.startswith("device ") and one not in wanted]:
            runner.noticed(about, None)
        for name, trouble in self._devices.items():
            if f"device {name}" in wanted:
                runner.noticed(f"device {name}", device_notice(name, trouble))

    def look(
        self,
        delivery: DeliveryStatus,
        standings: Sequence[Standing],
        *,
        spool_full: bool,
        spool_refuses: str | None = None,
        clock_wrong: bool = False,
        copied: bool = False,
        documents_old_us: int | None = None,
    ) -> None:
        """Broker, disk, spool, clock and gauges as they are now."""
        everywhere = {
            "broker": broker_notice(delivery),
            "disk": disk_notice(self._room, spool_full=spool_full and spool_refuses is None),
            "spool": spool_notice(spool_refuses),
            "clock": Notice("amber", said("notice.clock_wrong")) if clock_wrong else None,
            "copy": Notice("amber", said("notice.copied")) if copied else None,
        }
        for name, station in self._stations.items():
            plan = {"plan": plan_notice(station.setup, documents_old_us)}
            gauges = {f"gauge {one.gauge}": gauge_notice(one, name) for one in standings if _uses(one, station)}
            gone = {about for about in station.state.notices if about.startswith("gauge ")} - gauges.keys()
            for about, notice in {**everywhere, **plan, **gauges, **dict.fromkeys(gone)}.items():
                station.noticed(about, notice)

    async def watch_room(self, folder: Path) -> None:
        """Beside everything else: a disk that hangs must not hang the agent."""
        while True:
            self._room = await asyncio.to_thread(_room_of, folder)
            await asyncio.sleep(LOOK_SECS)


def device_notice(device: str, trouble: DeviceTrouble) -> Notice:
    """What to do about a device, for whoever stands before it."""
    if trouble.kind == "lost_parts":
        return Notice("amber", said("notice.lost_parts", device=device))
    return Notice("red", _device_sentence(device, trouble))


def _device_sentence(device: str, trouble: DeviceTrouble) -> Sentence:
    match trouble.kind:
        case "not_connected":
            return said("notice.not_connected", device=device, reason=trouble.why)
        case "no_answer":
            return said("notice.no_answer", device=device)
        case "silent":
            return said("notice.silent", device=device)
        case "unintelligible":
            return said("notice.unintelligible", device=device)
        case "stands_still":
            return said("notice.stands_still", device=device)
        case "wrong_values":
            return said("notice.wrong_values", device=device)
        case _:
            return said("notice.fault", device=device)


def broker_notice(delivery: DeliveryStatus) -> Notice | None:
    """Parts are recorded all the same, and sent later."""
    if not delivery.connected:
        return Notice("amber", said("notice.broker_away"))
    if TWINS in delivery.detail:
        return Notice("amber", said("notice.twin"))
    if delivery.stranger:
        return Notice("amber", said("notice.unknown_collector", collector=delivery.stranger))
    return Notice("amber", said("notice.not_delivered", reason=delivery.detail)) if delivery.detail else None


def disk_notice(room: Room | None, *, spool_full: bool) -> Notice | None:
    """Room for records."""
    if room is not None and room[0] < FULL_BYTES:
        return Notice("red", said("notice.disk_full"))
    if spool_full:
        return Notice("red", said("notice.spool_full"))
    if room is not None and room[0] < min(LOW_BYTES, LOW_SHARE * room[1]):
        return Notice("amber", said("notice.disk_low"))
    return None


def spool_notice(refuses: str | None) -> Notice | None:
    """Why nothing can be written now."""
    return None if refuses is None else Notice("red", said("notice.spool_refuses", reason=refuses))


def plan_notice(setup: Setup, old_us: int | None) -> Notice | None:
    """Why no unit is taken; or that it goes on by a list of documents that nobody has confirmed for long."""
    if setup.refusal is not None:
        return Notice("red", setup.refusal)
    if old_us is None or not setup.by_documents:
        return None
    since = utc_text(old_us)
    return Notice("amber", said("notice.documents_old", since=f"{since[:10]} {since[11:16]}Z"))


def gauge_notice(one: Standing, station: str) -> Notice | None:
    """A gauge as the register has it, at a station that measures with it."""
    calibration = Term(one.calibration)
    if station in one.refused_at:
        return Notice("red", said("notice.gauge_unfit", gauge=one.gauge, device=one.device, calibration=calibration))
    if station in one.taken_at:
        return Notice("amber", said("notice.gauge_taken", gauge=one.gauge, device=one.device, calibration=calibration))
    if one.soon:
        return Notice("amber", said("notice.gauge_due", gauge=one.gauge, device=one.device, day=one.due or ""))
    return None


def _uses(one: Standing, station: StationRunner) -> bool:
    return one.device in station.setup.devices_wanted


def _room_of(folder: Path) -> Room | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free, usage.total
