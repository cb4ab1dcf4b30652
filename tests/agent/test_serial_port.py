from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import socket
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import serial
from byte_link_promises import ByteLinkPromises, SocketWire, read_exactly, read_until_gone
from pydantic import ValidationError

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.ports import PortInfo, list_ports, port_exists
from gaugetrail_agent.links.serial_port import SerialLink, SerialSettings, _reason, resolve


class PtyWire:
    """A gauge on a pty, reached by a link of its own name, as udev makes one."""

    def __init__(self, port: Path, **settings: object) -> None:
        self.port = port
        self.master = -1
        self.plug()
        self.link = SerialLink(SerialSettings.model_validate({"port": str(port)} | settings))

    def plug(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(self.device)
        self.slave = slave  # kept open: on Linux a pty without any opener reads as hung up

    def answer(self) -> None: ...

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            assert select.select([self.master], [], [], 5)[0], "nothing came"
            data += os.read(self.master, count - len(data))
        return data

    def cut(self) -> None:
        if self.master >= 0:
            os.close(self.slave)
            os.close(self.master)
            self.master = -1
            self.port.unlink()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[PtyWire]:
    wire = PtyWire(tmp_path / "gauge")
    yield wire
    wire.cut()


@pytest.mark.usefixtures("wire")
class TestSerialLink(ByteLinkPromises):
    pass


class TestSerialServerLink(ByteLinkPromises):
    @pytest.fixture
    def wire(self) -> Iterator[SocketWire]:
        wire = SocketWire()
        port = wire.listener.getsockname()[1]
        wire.link = SerialLink(SerialSettings(port=f"socket://127.0.0.1:{port}"))
        yield wire
        wire.end()


def test_no_such_port_names_the_ports_there_are(tmp_path: Path) -> None:
    link = SerialLink(SerialSettings(port=str(tmp_path / "ttyUSB9")))
    with pytest.raises(DeviceGone, match=r"ttyUSB9: no such port; (there are |this machine shows no serial port)"):
        asyncio.run(link.open())


def test_a_port_serves_one_program_and_the_message_names_the_holder(wire: PtyWire) -> None:
    async def steps() -> None:
        await wire.link.open()
        second = SerialLink(SerialSettings(port=str(wire.port)))
        with pytest.raises(DeviceGone, match=rf"busy: held by .*\(process {os.getpid()}\)"):
            await second.open()
        await wire.link.close()
        await second.open()
        await second.close()

    asyncio.run(steps())


def test_a_file_that_is_no_port_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("x")
    with pytest.raises(DeviceGone, match=r"notes\.txt: broken"):
        asyncio.run(SerialLink(SerialSettings(port=str(file))).open())


def test_the_line_is_set_as_configured(tmp_path: Path) -> None:
    wire = PtyWire(tmp_path / "gauge", baud=4800, bytesize=7, parity="even", stopbits=2, xonxoff=True)

    async def steps() -> None:
        await wire.link.open()
        iflag, _, cflag, _, ispeed, ospeed, _ = termios.tcgetattr(wire.slave)
        await wire.link.close()
        assert termios.B4800 == ispeed == ospeed
        # A Linux pty keeps 8 bits whatever is asked; the other settings show.
        assert cflag & termios.CSTOPB
        assert not cflag & termios.PARODD
        assert iflag & termios.IXON
        assert iflag & termios.IXOFF

    asyncio.run(steps())
    wire.cut()


@pytest.mark.parametrize("level", ["on", "off", "leave"])
def test_dtr_and_rts_levels_are_accepted(tmp_path: Path, level: str) -> None:
    wire = PtyWire(tmp_path / "gauge", dtr=level, rts=level)

    async def steps() -> None:
        await wire.link.open()
        wire.send(b"1")
        assert await read_exactly(wire.link, 1) == b"1"
        await wire.link.close()

    asyncio.run(steps())
    wire.cut()


def test_a_port_that_hangs_up_while_its_file_stands_is_said_in_words() -> None:
    """pyserial says "device reports readiness to read but returned no data"; a pulled adapter does so for a moment."""
    master, slave = pty.openpty()
    with closing(serial.Serial(os.ttyname(slave), timeout=5)) as port:
        os.close(master)
        with pytest.raises(serial.SerialException) as fault:
            port.read(1)
    os.close(slave)
    assert "hung up: the adapter was pulled out" in _reason(fault.value, "/dev/null")


def test_a_replugged_gauge_is_read_again_under_its_name(wire: PtyWire) -> None:
    async def steps() -> None:
        await wire.link.open()
        first = wire.device
        keep = os.open(first, os.O_RDWR | os.O_NOCTTY)  # so that the new pty gets another number
        wire.cut()
        with pytest.raises(DeviceGone, match="no such port"):
            await read_until_gone(wire.link)
        await wire.link.close()
        with pytest.raises(DeviceGone, match="no such port"):
            await wire.link.open()
        wire.plug()
        assert wire.device != first
        await wire.link.open()
        wire.send(b"2")
        assert await read_exactly(wire.link, 1) == b"2"
        await wire.link.close()
        os.close(keep)

    asyncio.run(steps())


def test_an_opening_that_is_cancelled_leaves_the_port_free(wire: PtyWire) -> None:
    async def steps() -> None:
        opening = asyncio.create_task(wire.link.open())
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        second = SerialLink(SerialSettings(port=str(wire.port)))
        async with asyncio.timeout(5):
            while True:
                try:
                    await second.open()
                    break
                except DeviceGone:
                    await asyncio.sleep(0.01)
        await second.close()

    asyncio.run(steps())


def test_closing_ends_the_threads(wire: PtyWire) -> None:
    async def steps() -> None:
        await wire.link.open()
        await wire.link.write(b"?")
        await wire.link.close()

    asyncio.run(steps())
    for thread in threading.enumerate():
        if str(wire.port) in thread.name:
            thread.join(20)
            assert not thread.is_alive(), thread.name


def test_a_flood_nobody_fetches_is_held_back_not_hoarded(wire: PtyWire) -> None:
    """The gauge's own handshake has to hold it: what the link keeps in memory is bounded."""
    sent = 0

    async def steps() -> None:
        nonlocal sent
        await wire.link.open()
        os.set_blocking(wire.master, False)
        piece = b"0123456789abcdef" * 64
        while sent < 4_000_000:
            try:
                sent += os.write(wire.master, piece)
            except BlockingIOError:
                await asyncio.sleep(0.05)
                if not select.select([], [wire.master], [], 0.2)[1]:
                    break
        assert sent < 1_000_000
        got = await read_exactly(wire.link, sent)
        assert piece == got[:1024]
        assert sent == len(got)
        await wire.link.close()

    asyncio.run(steps())


FTDI_A = PortInfo("/dev/ttyUSB0", "FT232R", 0x0403, 0x6001, "A50285BI")
FTDI_B = PortInfo("/dev/ttyUSB1", "FT232R", 0x0403, 0x6001, "A50285BJ")
BUILT_IN = PortInfo("/dev/ttyS0", "ttyS0")


class TestUsbNames:
    def test_a_serial_number_finds_the_port_wherever_it_is_now(self) -> None:
        moved = PortInfo("/dev/ttyUSB7", "FT232R", 0x0403, 0x6001, "A50285BI")
        assert resolve("usb:0403:6001:A50285BI", lambda: [FTDI_A, FTDI_B]) == "/dev/ttyUSB0"
        assert resolve("usb:0403:6001:A50285BI", lambda: [FTDI_B, moved]) == "/dev/ttyUSB7"

    def test_two_equal_adapters_are_never_guessed_between(self) -> None:
        with pytest.raises(DeviceGone, match=r"fits 2 ports: .*ttyUSB0.*ttyUSB1.*add the serial number"):
            resolve("usb:0403:6001", lambda: [FTDI_A, FTDI_B])

    def test_an_absent_adapter_lists_what_is_there(self) -> None:
        with pytest.raises(DeviceGone, match=re.escape("there are /dev/ttyUSB0 (usb:0403:6001:A50285BI), /dev/ttyS0")):
            resolve("usb:10c4:ea60", lambda: [FTDI_A, BUILT_IN])

    def test_any_other_name_is_itself(self) -> None:
        assert resolve("/dev/serial/by-id/x", list) == "/dev/serial/by-id/x"

    def test_the_name_a_list_shows_is_the_name_a_setting_takes(self) -> None:
        assert FTDI_A.usb is not None
        assert SerialSettings(port=FTDI_A.usb).port == FTDI_A.usb
        assert resolve(FTDI_A.usb, lambda: [FTDI_B, FTDI_A]) == FTDI_A.device


class TestPorts:
    def test_listing_opens_nothing_and_never_fails(self) -> None:
        assert isinstance(list_ports(), list)

    def test_exists_tells_ports_from_typing_errors(self, wire: PtyWire) -> None:
        assert port_exists(str(wire.port))
        assert not port_exists("/dev/ttyUSBB0")
        assert port_exists("usb:0403:6001:A50285BI", lambda: [FTDI_A])
        assert not port_exists("usb:0403:6001:A50285BI", lambda: [FTDI_B])
        assert port_exists("COM3", lambda: [PortInfo("COM3", "")])
        assert not port_exists("COM4", lambda: [PortInfo("COM3", "")])
        assert port_exists("rfc2217://10.0.0.7:2217")


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": ""},
        {"port": " /dev/ttyUSB0"},
        {"port": "usb:403:6001"},
        {"port": "usb:0403"},
        {"port": "socket://host"},
        {"port": "socket://host:99999"},
        {"port": "ftp://host:21"},
        {"baud": 0},
        {"bytesize": 9},
        {"parity": "N"},
        {"stopbits": 3},
        {"dtr": True},
        {"rtscts": True, "rts": "off"},
        {"rtscts": True, "xonxoff": True},
        {"boud": 9600},
    ],
)
def test_settings_refuse_what_no_port_takes(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SerialSettings.model_validate({"port": "/dev/ttyUSB0"} | wrong)


# pyserial 3.5 starts its RFC 2217 thread by calls that Python calls old.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name)\\(\\) is deprecated:DeprecationWarning")
class TestRfc2217:
    """Against pyserial's own server side of RFC 2217, in front of a loop-back port."""

    def test_a_serial_server_sets_the_line_and_carries_bytes(self) -> None:
        serial = pytest.importorskip("serial")
        from serial import rfc2217

        port = serial.serial_for_url("loop://", timeout=0.05)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(5)
        stop = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            connection.settimeout(0.05)
            writing = threading.Lock()

            class Out:
                def write(self, data: bytes) -> None:
                    with writing:
                        connection.sendall(data)

            manager = rfc2217.PortManager(port, Out())
            while not stop.is_set():
                try:
                    data = connection.recv(1024)
                except TimeoutError:
                    data = None
                if data == b"":
                    break
                if data:
                    port.write(b"".join(manager.filter(data)))
                if port.in_waiting:
                    Out().write(b"".join(manager.escape(port.read(port.in_waiting))))
            connection.close()

        server = threading.Thread(target=serve)
        server.start()
        link = SerialLink(SerialSettings(port=f"rfc2217://127.0.0.1:{listener.getsockname()[1]}", baud=4800))

        async def steps() -> None:
            await link.open()
            await link.write(b"\xff12.5\r")
            assert await read_exactly(link, 6) == b"\xff12.5\r"
            assert port.baudrate == 4800
            stop.set()
            with pytest.raises(DeviceGone, match="serial server"):
                await read_until_gone(link)
            await link.close()

        asyncio.run(steps())
        server.join(20)
        listener.close()
        port.close()
