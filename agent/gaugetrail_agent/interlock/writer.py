"""Keeps the registers of one station's machine as they should be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.interlock.machine_code import MachineCode, next_code
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.given.interlock_settings import InterlockTable
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.plc_codes import ResultCode

log = logging.getLogger(__name__)

BEAT_SECS = 1.0
END_SECS = 2.0
ABOUT = "interlock"


class PutsRegisters(Protocol):
    """What writes one register or coil of a device."""

    async def __call__(self, device: str, address: int, value: int, *, coil: bool, verify: bool) -> None:
        """Write it, and read it back. Raises `DeviceGone`."""


class MachineInterlock:
    """One station's. `show` may be told at any time on the loop; `run` writes."""

    def __init__(self, table: InterlockTable, put: PutsRegisters, notice: Callable[[str, Notice | None], None]) -> None:
        self._table = table
        self._put = put
        self._notice = notice
        self._code = MachineCode()
        self._written: MachineCode | None = None
        self._changed = asyncio.Event()
        self._beat = 0

    def show(self, display: Display) -> None:
        """What the station shows now; nothing of it before it is durable."""
        self._code = next_code(self._code, display.state)
        if self._code != self._written:
            self._changed.set()

    async def run(self) -> None:
        """Write what changes, at once, and the heartbeat each second, until cancelled."""
        while True:
            self._changed.clear()
            await self._turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECS):
                    await self._changed.wait()

    async def stop(self) -> None:
        """The agent ends: nothing is released any more. Where that can't be written, the heartbeat stands still."""
        self._code = MachineCode(ResultCode.NONE, self._code.number, self._code.record)
        with contextlib.suppress(DeviceGone, TimeoutError):
            async with asyncio.timeout(END_SECS):
                await self._write(self._code)

    async def _turn(self) -> None:
        wanted = self._code
        try:
            if wanted != self._written:
                await self._write(wanted)
                self._written = wanted
            self._beat = self._beat % 65_535 + 1
            await self._put(self._table.device, self._table.heartbeat, self._beat, coil=False, verify=False)
        except DeviceGone as error:
            self._written = None  # nobody knows what stands there: all is written again
            log.warning("the machine isn't told: %s", error, extra={"event": "interlock", "device": self._table.device})
            self._notice(ABOUT, Notice("red", said("notice.machine_not_told", device=self._table.device)))
        else:
            self._notice(ABOUT, None)

    async def _write(self, wanted: MachineCode) -> None:
        """What takes a release back goes first; what gives one, last but for the number."""
        table, passed = self._table, wanted.code is ResultCode.STORED_PASS
        if table.coil is not None and not passed:
            await self._put(table.device, table.coil, 0, coil=True, verify=True)
        await self._put(table.device, table.result, int(wanted.code), coil=False, verify=True)
        await self._put(table.device, table.echo, wanted.number, coil=False, verify=True)
        if table.coil is not None and passed and wanted == self._code:  # nothing has happened meanwhile
            await self._put(table.device, table.coil, 1, coil=True, verify=True)
