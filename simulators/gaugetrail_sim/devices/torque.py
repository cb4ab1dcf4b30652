"""A torque controller that speaks Open Protocol on a TCP port, as makers' manuals and public test telegrams have it.

A telegram is a 20-character header (length without the NUL, MID, revision …), numbered fields, and a NUL. The
controller wants 0001 first, keeps its tightenings and gives them by their id (0064), sends each new one to whoever
subscribed (0060), tells its clock (0080) and drops a client that stays silent for 15 s. Torque is an integer times 100,
angle whole degrees.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

HEADER = 20
LONGEST = 9999
SILENCE_SECS = 15.0
"""A client silent for so long is dropped (MT Focus 6000 Open Protocol manual 9839 0732 01)."""

NO_SUCH_TIGHTENING, ALREADY_SUBSCRIBED, NOT_STARTED, UNKNOWN_MID = 15, 9, 10, 99


@dataclass(frozen=True, slots=True)
class Tightening:
    """One result as the controller keeps it."""

    number: int
    torque: Decimal
    angle: int
    time: str
    vin: str
    low: Decimal
    high: Decimal

    @property
    def ok(self) -> bool:
        """Whether the torque lies within its limits."""
        return self.low <= self.torque <= self.high


def telegram(mid: int, data: str = "", revision: int = 1) -> bytes:
    """Header, data and NUL."""
    return f"{HEADER + len(data):04d}{mid:04d}{revision:03d}{'':9}{data}\0".encode("ascii")


def numbered(*fields: str) -> str:
    """Each field behind its number: 01, 02 and so on."""
    return "".join(f"{number:02d}{field}" for number, field in enumerate(fields, 1))


def _torque(value: Decimal) -> str:
    return f"{int(value * 100):06d}"


def _status(one: Tightening) -> str:
    return "1" if one.ok else "0" if one.torque < one.low else "2"


def result(one: Tightening) -> bytes:
    """MID 0061, revision 1: 231 characters."""
    target = (one.low + one.high) / 2
    head = ("0001", "01", f"{'simulated':25}", f"{one.vin:25.25}", "00", "001", "0000", "0000", str(int(one.ok)))
    torque = (_torque(one.low), _torque(one.high), _torque(target), _torque(one.torque))
    angle = ("00000", "09999", "00000", f"{one.angle:05d}")
    tail = (one.time, one.time, "2", f"{one.number:010d}")
    return telegram(61, numbered(*head, _status(one), "1", *torque, *angle, *tail))


def old_result(one: Tightening) -> bytes:
    """MID 0065, revision 1: a tightening asked for by its id."""
    head = (f"{one.number:010d}", f"{one.vin:25.25}", "001", "0000", str(int(one.ok)), _status(one), "1")
    return telegram(65, numbered(*head, _torque(one.torque), f"{one.angle:05d}", one.time, "2"))


class TorqueController:
    """One controller with one place for a client; a second is refused. Serve it inside a running event loop."""

    def __init__(self, low: Decimal = Decimal("8.40"), high: Decimal = Decimal("14.00")) -> None:
        self.low, self.high = low, high
        self.kept: dict[int, Tightening] = {}
        self.silent = False
        """Set while it runs: it hears and answers nothing, as a controller that hangs."""
        self.clock: Callable[[], str] | None = None
        """What it tells as its time, as 2001-06-02:09:54:09; null: it knows no such question."""
        self.replays = False
        """Whether it sends its latest tightening anew to whoever subscribes, as some do that missed an answer."""
        self.acknowledged = 0
        self._server: asyncio.Server | None = None
        self._client: asyncio.StreamWriter | None = None
        self._subscribed = False

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def subscribed(self) -> bool:
        """Whether a client wants results."""
        return self._subscribed

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; port 0 takes any free one. Raises `OSError` when the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LONGEST + 1)

    async def stop(self) -> None:
        """Switch it off."""
        self.drop()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def tighten(self, torque: Decimal, angle: int, time: str, vin: str = "") -> Tightening:
        """A screw is done: keep it, and send it if somebody subscribed. `time` as 2001-06-02:09:54:09."""
        one = Tightening(max(self.kept, default=0) + 1, torque, angle, time, vin, self.low, self.high)
        self.kept[one.number] = one
        if self._client is not None and self._subscribed and not self.silent:
            self._client.write(result(one))
        return one

    def drop(self) -> None:
        """Pull the cable of whoever is connected."""
        if self._client is not None:
            self._client.transport.abort()
        self._client, self._subscribed = None, False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._client is not None and not self._client.is_closing():
            writer.write(telegram(4, "000116"))
            writer.close()
            return
        self._client, self._subscribed, started = writer, False, False
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            while True:
                async with asyncio.timeout(SILENCE_SECS):
                    message = await reader.readuntil(b"\0")
                if self.silent:
                    continue
                mid, data = message[4:8].decode("ascii", "replace"), message[HEADER:-1].decode("ascii", "replace")
                started = started or mid == "0001"
                writer.write(self._answer(mid, data, message) if started else telegram(4, f"{mid}{NOT_STARTED:02d}"))
                if mid == "0060" and self.replays and self.kept:
                    writer.write(result(self.kept[max(self.kept)]))
                await writer.drain()
        writer.close()
        if self._client is writer:
            self._client, self._subscribed = None, False

    def _answer(self, mid: str, data: str, message: bytes) -> bytes:
        if mid == "0001":
            return telegram(2, numbered("0001", "01", f"{'simulated':25}"))
        if mid == "0060":
            if self._subscribed:
                return telegram(4, f"{mid}{ALREADY_SUBSCRIBED:02d}")
            self._subscribed = True
        if mid in ("0003", "0060", "0063", "0070"):
            self._subscribed = self._subscribed and mid != "0063"
            return telegram(5, mid)
        if mid == "0080" and self.clock is not None:
            return telegram(81, self.clock())
        if mid == "0062":
            self.acknowledged += 1
            return b""
        if mid == "0064":
            one = self.kept.get(int(data)) if data.isdigit() else None
            return telegram(4, f"{mid}{NO_SUCH_TIGHTENING:02d}") if one is None else old_result(one)
        return message if mid == "9999" else b"" if mid == "0072" else telegram(4, f"{mid}{UNKNOWN_MID:02d}")
