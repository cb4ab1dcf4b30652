"""A device on a serial port; the only module that meets pyserial.

Promise: what `links.ByteLink` says, on Linux, macOS and Windows alike. The port is opened for ourselves alone; a port
that vanishes raises `DeviceGone` from `read` within a second; `close` gives the port back even if its opener was
cancelled half-way. `usb:VID:PID[:SERIAL]` is looked up at each open, so that a gauge is found again after a replug
under another name. Every exception of pyserial and of the system leaves here as `DeviceGone` that says what to do.

How: one thread a port opens it, reads it and closes it, so pyserial's state has one owner; bytes travel to the event
loop by `call_soon_threadsafe`. Writes run on a thread of the port's own: a device that holds CTS low stops nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import serial
from pydantic import AfterValidator, Field, model_validator
from serial.tools import list_ports as pyserial_ports

from gaugetrail_agent.errors import DeviceGone, DriverFault, PortMissing
from gaugetrail_agent.links.tcp import keep_alive
from gaugetrail_contract.settings import Settings
from gaugetrail_service.files.holders import holders_of

log = logging.getLogger(__name__)

LOOK_SECS = 0.5
"""How long the reading thread sleeps at most before it looks whether the port is still there and still wanted."""
WRITE_SECS = 3.0
CLOSE_SECS = 5.0
BACKLOG_BYTES = 262_144
"""Bytes read and not yet fetched; beyond them the thread waits, and the port's own flow control has to hold."""
NETWORK_KEEPALIVE_SECS = 10

_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?", re.ASCII)
_URL = re.compile(r"(socket|rfc2217)://(\[[0-9a-fA-F:.]+\]|[^\s/:?\[\]]+):([0-9]{1,5})", re.ASCII)
_PARITY = {"none": "N", "even": "E", "odd": "O", "mark": "M", "space": "S"}

# What pyserial lets out besides its own OSErrors: termios.error (no OSError), bad settings, a port closed under it.
_FAULTS: tuple[type[Exception], ...] = (OSError, ValueError, TypeError, OverflowError, AttributeError)
if sys.platform != "win32":
    import termios

    _FAULTS = (*_FAULTS, termios.error)

Level = Literal["on", "off", "leave"]


def _port(text: str) -> str:
    if text != text.strip() or not text or "\0" in text:
        raise ValueError("must name a port, without blanks around it, such as /dev/ttyUSB0 or COM3")
    if text.lower().startswith("usb:"):
        if not _USB.fullmatch(text):
            raise ValueError(f"{text!r} is not usb:VID:PID or usb:VID:PID:SERIAL, such as usb:0403:6001:A50285BI")
    elif "://" in text:
        match = _URL.fullmatch(text)
        if match is None or not 0 < int(match[3]) < 65536:
            raise ValueError(f"{text!r} is neither socket://host:port nor rfc2217://host:port")
    return text


def _stopbits(bits: float) -> float:
    if bits not in (1, 1.5, 2):
        raise ValueError("must be 1, 1.5 or 2")
    return bits


class SerialSettings(Settings):
    """A serial port and how it is set; what the gauge's menu says must stand here."""

    port: Annotated[str, AfterValidator(_port)] = Field(
        description="device path, usb:VID:PID[:SERIAL] (found again after a replug), socket://host:port or "
        "rfc2217://host:port",
        examples=["/dev/ttyUSB0", "COM3", "usb:0403:6001:A50285BI", "rfc2217://10.0.0.7:2217"],
    )
    baud: int = Field(9600, ge=50, le=12_000_000, description="bits per second")
    bytesize: Literal[5, 6, 7, 8] = Field(8, description="data bits in a character")
    parity: Literal["none", "even", "odd", "mark", "space"] = Field("none", description="parity bit")
    stopbits: Annotated[float, AfterValidator(_stopbits)] = Field(
        1, description="stop bits", json_schema_extra={"enum": [1, 1.5, 2]}
    )
    xonxoff: bool = Field(False, description="software handshake (XON/XOFF)")
    rtscts: bool = Field(False, description="hardware handshake (RTS/CTS)")
    dtr: Level = Field("on", description="level of DTR while open; many opto cables draw their power from it")
    rts: Level = Field("on", description="level of RTS while open; some opto cables need it off")

    @model_validator(mode="after")
    def _one_master_of_rts(self) -> Self:
        if self.rtscts and self.rts == "off":
            raise ValueError("rtscts drives RTS by itself: leave rts out, or turn rtscts off")
        if self.rtscts and self.xonxoff:
            raise ValueError("rtscts and xonxoff are both on: the gauge's manual names one of them")
        return self


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One serial port of this machine; `by_id` is the name that survives a replug, where the system gives one, and
    `location` the USB socket that it is plugged into.
    """

    device: str
    description: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    by_id: str | None = None
    location: str | None = None

    @property
    def usb(self) -> str | None:
        """How a settings file names it for good: `usb:0403:6001:A50285BI`; null if it is not on USB."""
        if self.vid is None or self.pid is None:
            return None
        return f"usb:{self.vid:04x}:{self.pid:04x}" + (f":{self.serial_number}" if self.serial_number else "")


def installed_ports() -> list[PortInfo]:
    """The serial ports there are now, in the order of their names."""
    try:
        found = sorted(pyserial_ports.comports())
    except _FAULTS:
        # A port pulled out while it was being described; the next look finds the rest.
        return []
    links = _by_id()
    return [
        PortInfo(
            port.device,
            port.description,
            port.vid,
            port.pid,
            port.serial_number,
            links.get(port.device),
            port.location or None,
        )
        for port in found
    ]


def _by_id(folder: Path = Path("/dev/serial/by-id")) -> dict[str, str]:
    with contextlib.suppress(OSError):
        return {str(link.resolve()): str(link) for link in sorted(folder.iterdir())}
    return {}


def resolve(port: str, installed: Callable[[], list[PortInfo]] = installed_ports) -> str:
    """The device that `port` means now: `usb:…` is looked up, anything else is itself. Raises `DeviceGone`."""
    match = _USB.fullmatch(port)
    if match is None:
        return port
    wanted = int(match[1], 16), int(match[2], 16)
    ports = installed()
    found = [info for info in ports if (info.vid, info.pid) == wanted]
    if match[3] is not None:
        found = [info for info in found if (info.serial_number or "").casefold() == match[3].casefold()]
    if not found:
        raise PortMissing(f"{port}: no such port; {_there_are(ports)}")
    if len(found) > 1:
        names = ", ".join(f"{info.device} ({info.by_id or info.usb})" for info in found)
        raise DeviceGone(f"{port}: fits {len(found)} ports: {names}; add the serial number, or use the by-id name")
    return found[0].device


def _there_are(ports: list[PortInfo]) -> str:
    if not ports:
        return "this machine shows no serial port at all; check the cable and the adapter's driver"
    return "there are " + ", ".join(f"{info.device} ({info.usb})" if info.usb else info.device for info in ports)


def _open_port(settings: SerialSettings, device: str) -> serial.SerialBase:
    port: serial.SerialBase = serial.serial_for_url(
        device,
        do_not_open=True,
        baudrate=settings.baud,
        bytesize=settings.bytesize,
        parity=_PARITY[settings.parity],
        stopbits=settings.stopbits,
        xonxoff=settings.xonxoff,
        rtscts=settings.rtscts,
        timeout=LOOK_SECS,
        # pyserial's RFC 2217 port refuses a write time-out; its socket has one of 5 s.
        write_timeout=None if device.startswith("rfc2217:") else WRITE_SECS,
        exclusive=True,
    )
    # pyserial sets both lines at every open and has no setting for "leave"; these two hooks are where it does so.
    for line in ("dtr", "rts"):
        level: Level = getattr(settings, line)
        if level == "leave":
            setattr(port, f"_update_{line}_state", lambda: None)
        elif level == "off":
            setattr(port, line, False)
    port.open()  # type: ignore[attr-defined]  # every port class has it; the stubs' base class does not
    network = getattr(port, "_socket", None)  # pyserial has no public way to the socket of its URL ports
    if isinstance(network, socket.socket):
        keep_alive(network, NETWORK_KEEPALIVE_SECS)
    return port


def _number(error: Exception) -> int | None:
    number = error.errno if isinstance(error, OSError) else None
    if sys.platform == "win32":  # pyserial tells the system's error in words only
        number = {"FileNotFoundError": errno.ENOENT, "PermissionError": errno.EACCES}.get(_named(error), number)
    return number


def _gone(error: Exception, name: str, device: str) -> DeviceGone:
    """What to raise for a fault of the port: it is broken, or there is none."""
    shown = name if name == device else f"{name} ({device})"
    kind = PortMissing if "://" not in device and _is_no_port(error, device) else DeviceGone
    return kind(f"{shown}: {_reason(error, device)}")


def _reason(error: Exception, device: str) -> str:
    """What happened to the port and what to do about it."""
    number = _number(error)
    if "://" in device:
        return f"the serial server is not there or hung up: {error}"
    if _is_no_port(error, device):
        return f"no such port; {_there_are(installed_ports())}"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"busy: {_holders(device)}; stop it, one port serves one program"
    if number in (errno.EACCES, errno.EPERM):
        # Windows says "access denied" for a port that another program holds.
        if sys.platform == "win32":
            return "busy or not allowed: close the other program that uses it"
        return "permission denied: add the service's user to the group dialout (usermod -aG dialout USER), log in anew"
    if isinstance(error, ValueError | OverflowError):
        return f"the port does not take these settings: {error}"
    if number == errno.EIO or "readiness to read" in str(error):  # pyserial's word for a port that reads as ended
        return "hung up: the adapter was pulled out or lost its power, or another program reads the same port"
    return f"broken: {error}; the cable or adapter may be loose"


def _is_no_port(error: Exception, device: str) -> bool:
    return _number(error) == errno.ENOENT or isinstance(error, FileNotFoundError) or _is_missing(device)


def _named(error: Exception) -> str:
    found = re.search(r"(\w+Error)\(", str(error))
    return found[1] if found else ""


def _is_missing(device: str) -> bool:
    return device.startswith("/") and not os.path.exists(device)  # noqa: PTH110 (a path that may not even be one)


def _holders(device: str) -> str:
    """Which programs have the device open, as far as this user may see."""
    names = holders_of(device)
    return "held by " + ", ".join(names) if names else "another program holds it (another agent, a terminal program?)"


class _Session:
    """One opening of the port: its thread, what the thread has read, and how it ended."""

    def __init__(self, settings: SerialSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._loop = loop
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended = asyncio.Event()
        self.arrived = asyncio.Event()
        self.gone: DeviceGone | None = None
        self._chunks = bytearray()
        self._read_bytes = 0
        self._taken_bytes = 0
        self._stop = threading.Event()
        self._writing = threading.Lock()
        self._port: serial.SerialBase | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"write {settings.port}")
        self._thread = threading.Thread(target=self._run, name=f"read {settings.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to close the port and end; it does so within `LOOK_SECS`, on local ports at once."""
        self._stop.set()
        for cancel in ("cancel_read", "cancel_write"):
            with contextlib.suppress(*_FAULTS):
                getattr(self._port, cancel, lambda: None)()
        # Writes still queued are not cancelled, which would look to their callers as if they themselves had been: they
        # find the port closed.
        self._writer.shutdown(wait=False)

    def take(self) -> bytes:
        data = bytes(self._chunks)
        self._chunks.clear()
        self._taken_bytes += len(data)
        if self.gone is None:
            self.arrived.clear()
        return data

    async def write(self, data: bytes) -> None:
        try:
            await self._loop.run_in_executor(self._writer, self._write, data)
        except RuntimeError as error:  # the executor has been shut down by stop()
            raise DeviceGone(f"{self._settings.port}: closed") from error

    def _write(self, data: bytes) -> None:
        with self._writing:
            port = self._port
            if port is None or self._stop.is_set():
                raise DeviceGone(f"{self._settings.port}: closed")
            try:
                port.write(data)
            except serial.SerialTimeoutException as error:
                text = f"took no data for {WRITE_SECS:g} s; check the handshake setting (rtscts, xonxoff) and the cable"
                raise DeviceGone(f"{self._settings.port}: {text}") from error
            except _FAULTS as error:
                raise self._translated(error, self._settings.port) from error

    def _run(self) -> None:
        device = self._settings.port
        ending: DeviceGone | None = None
        try:
            device = resolve(device)
            self._port = port = _open_port(self._settings, device)
            self._post(self._set_opened, None)
            self._read_until_stopped(port, device)
        except DeviceGone as error:
            ending = error
        except _FAULTS as error:
            ending = self._translated(error, device)
        except Exception as error:  # noqa: BLE001 (the top of the thread; who reads is told, and logs the traceback)
            ending = DriverFault.of(error)
        finally:
            self._give_back()
            self._post(self._set_ended, ending)

    def _read_until_stopped(self, port: serial.SerialBase, device: str) -> None:
        while not self._stop.is_set():
            data = port.read(1)
            while data and len(data) < BACKLOG_BYTES and (waiting := port.in_waiting):  # type: ignore[attr-defined]
                data += port.read(waiting)
            if data:
                self._read_bytes += len(data)
                self._post(self._set_arrived, data)
                while self._read_bytes - self._taken_bytes > BACKLOG_BYTES and not self._stop.wait(0.02):
                    pass
            elif _is_missing(device):
                raise FileNotFoundError(errno.ENOENT, "the device file is gone", device)

    def _give_back(self) -> None:
        """Close the port in the thread that opened it, after a write under way has ended."""
        with contextlib.suppress(*_FAULTS):
            getattr(self._port, "cancel_write", lambda: None)()
        with self._writing:
            port, self._port = self._port, None
            if port is not None:
                with contextlib.suppress(*_FAULTS):
                    port.close()

    def _translated(self, error: Exception, device: str) -> DeviceGone:
        return _gone(error, self._settings.port, device)

    def _post(self, step: Callable[[object], None], argument: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(step, argument)

    def _set_opened(self, _: object) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    def _set_arrived(self, data: object) -> None:
        assert isinstance(data, bytes)
        self._chunks += data
        self.arrived.set()

    def _set_ended(self, ending: object) -> None:
        self.gone = ending if isinstance(ending, DeviceGone) else DeviceGone(f"{self._settings.port}: closed")
        if not self.opened.done():
            self.opened.set_exception(self.gone)
        self.arrived.set()
        self.ended.set()


class SerialLink:
    """`ByteLink` on a serial port, a USB adapter found by its id, or a serial server (RFC 2217 or raw TCP)."""

    def __init__(self, settings: SerialSettings) -> None:
        self._settings = settings
        self._session: _Session | None = None

    @property
    def name(self) -> str:
        """The port as configured."""
        return self._settings.port

    async def open(self) -> None:
        """Open the port for ourselves alone; raises `DeviceGone` with what to do."""
        await self.close()
        session = _Session(self._settings, asyncio.get_running_loop())
        session.start()
        try:
            await session.opened
        except BaseException:
            session.stop()
            raise
        self._session = session

    async def read(self, timeout_secs: float) -> bytes:
        """What has arrived; `b""` after `timeout_secs` of silence."""
        session = self._open_session()
        if not session.arrived.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(timeout_secs, 0)):
                    await session.arrived.wait()
        data = session.take()
        if not data and session.gone is not None:
            raise session.gone
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        session = self._open_session()
        if session.gone is not None:
            raise session.gone
        await session.write(data)

    async def close(self) -> None:
        """Give the port back; returns once the next opener can have it, or after `CLOSE_SECS`."""
        session, self._session = self._session, None
        if session is not None:
            session.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECS):
                    await session.ended.wait()

    def _open_session(self) -> _Session:
        if self._session is None:
            raise DeviceGone(f"{self.name}: not open")
        return self._session
