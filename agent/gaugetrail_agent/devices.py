"""All devices of an agent: built from the configuration, run side by side, each failing and healing alone (G7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gaugetrail_agent.config import (
    AgentConfig,
    ByteLinkTable,
    ModbusDeviceTable,
    SerialLinkTable,
    StreamDeviceTable,
    WedgeLinkTable,
)
from gaugetrail_agent.drivers.modbus.device import Batch, ModbusDevice
from gaugetrail_agent.drivers.stream import DeviceState, StreamDevice
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links import ByteLink
from gaugetrail_agent.links.modbus import ModbusLink
from gaugetrail_agent.links.serial_port import SerialLink
from gaugetrail_agent.links.tcp import TcpLink
from gaugetrail_agent.links.wedge import WedgeLink
from gaugetrail_agent.links.wire_tap import TappedLink, WireTap
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.plc_codes import ResultCode

log = logging.getLogger(__name__)

RESTART_SECS = 5.0
LOOK_SECS = 0.5
"""A scale that says nothing for so long is asked, so that an empty pan between two parts is seen."""


def byte_link(table: ByteLinkTable) -> ByteLink:
    """The link that a table describes; nothing is opened."""
    if isinstance(table, WedgeLinkTable):
        return WedgeLink(table)
    return SerialLink(table) if isinstance(table, SerialLinkTable) else TcpLink(table)


class Devices:
    """Runs every configured device, or `only` one; readings, blocks and states go to the functions given."""

    def __init__(
        self,
        config: AgentConfig,
        read: Callable[[str, Reading], None],
        offered: Callable[[str, Batch], None],
        state: Callable[[str, DeviceState], None],
        *,
        recall: Callable[[str], str | None] = lambda _: None,
        only: str | None = None,
    ) -> None:
        self._streams: dict[str, StreamDevice] = {}
        self._plcs: dict[str, ModbusDevice] = {}
        self._modbus_links: dict[str, ModbusLink] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.taps: dict[str, WireTap] = {}
        """What each device's wire carries; units of one Modbus bus share theirs."""
        by_link = {table.link: WireTap() for table in config.settings.device}
        for table in config.settings.device:
            if only is not None and table.name != only:
                continue
            self.taps[table.name] = by_link[table.link]
            if isinstance(table, StreamDeviceTable):
                self._streams[table.name] = stream_device(config, table, read, state, self.taps[table.name])
            else:
                self._plcs[table.name] = self._plc(config, table, offered, state, recall)

    def start(self) -> None:
        """Run every device on the event loop."""
        everything: dict[str, StreamDevice | ModbusDevice] = {**self._streams, **self._plcs}
        for name, device in everything.items():
            self._tasks.append(asyncio.create_task(_for_ever(name, device), name=f"device {name}"))

    async def stop(self) -> None:
        """Let go of every port; nothing comes in after that."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._modbus_links.values():
            await link.close()

    async def ask(self, device: str, channel: str | None) -> None:
        """Trigger a reading, where the device can be asked. Raises `DeviceGone` when its link is down."""
        if device in self._streams:
            await self._streams[device].ask(channel)
        elif device in self._plcs:
            await self._plcs[device].ask(channel)

    async def put(self, device: str, address: int, value: int, *, coil: bool, verify: bool) -> None:
        """Write one register or coil of a PLC. Raises `DeviceGone`."""
        await self._plcs[device].put(address, value, coil=coil, verify=verify)

    def poll(self, config: AgentConfig) -> None:
        """Ask polled devices for what the plans of now want."""
        for name, stream in self._streams.items():
            table = config.device(name)
            if isinstance(table, StreamDeviceTable):
                stream.poll(config.channels(table))

    def remember(self, device: str, trigger: int, code: ResultCode) -> dict[str, str]:
        """What must be durable together with the record that answers the PLC's trigger."""
        return self._plcs[device].remember(trigger, code)

    async def answer(self, device: str, trigger: int, code: ResultCode) -> None:
        """Tell the PLC what became of its block."""
        try:
            await self._plcs[device].answer(trigger, code)
        except DeviceGone as error:
            # The PLC will offer the same trigger again, and is then answered from the log.
            log.warning(
                "%s: the answer %d to %d is not out: %s", device, code, trigger, error, extra={"event": "answer"}
            )

    def _plc(
        self,
        config: AgentConfig,
        table: ModbusDeviceTable,
        offered: Callable[[str, Batch], None],
        state: Callable[[str, DeviceState], None],
        recall: Callable[[str], str | None],
    ) -> ModbusDevice:
        """Several units of one bus share its link, with one request in flight."""
        if table.link not in self._modbus_links:
            link = config.link(table.link)
            assert not isinstance(link, ByteLinkTable)
            self._modbus_links[table.link] = ModbusLink(link, tap=self.taps[table.name])
        link_of = self._modbus_links[table.link]
        return ModbusDevice(table.name, link_of, table, emit_batch=offered, on_state=state, recall=recall)


def stream_device(
    config: AgentConfig,
    table: StreamDeviceTable,
    read: Callable[[str, Reading], None],
    state: Callable[[str, DeviceState], None],
    tap: WireTap | None = None,
) -> StreamDevice:
    """The device that a table describes, on its link; nothing is opened."""
    table_of_link = config.link(table.link)
    assert isinstance(table_of_link, ByteLinkTable)
    link = byte_link(table_of_link)
    # What is looked at shows a new part by what it says between two parts.
    looked_at = table.poll_secs is None and config.rule(table).fresh != "event"
    return StreamDevice(
        table.name,
        link if tap is None else TappedLink(link, tap),
        config.driver(table),
        emit=read,
        on_state=state,
        poll_secs=table.poll_secs,
        poll_channels=config.channels(table),
        look_secs=LOOK_SECS if looked_at else None,
    )


async def _for_ever(name: str, device: StreamDevice | ModbusDevice) -> None:
    """A device's own run ends only when who listens to its state fails: say it, start it again; the rest go on."""
    while True:
        try:
            await device.run()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s: fault of ours in telling its state; starting it again in %g s", name, RESTART_SECS)
        await asyncio.sleep(RESTART_SECS)
