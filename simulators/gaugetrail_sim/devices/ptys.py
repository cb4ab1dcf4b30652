"""A serial port that isn't there: a pty whose far end opens like `/dev/ttyUSB0`, with a simulated device at our end.

The far end is raw (no echo, no line ends altered) and has a symlink as its lasting name, because the system picks
another `/dev/pts/N` each time. Bytes that nobody reads are lost once the system's buffer is full, as on a wire. A pty
has no baud rate: bytes arrive at once and are never garbled by wrong line settings. `LinePort` is one that has.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

if sys.platform != "win32":
    import termios
    import tty

READ_BYTES = 4096
PIECE_SECS = 0.004
RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_BAUDS = {} if sys.platform == "win32" else {getattr(termios, f"B{rate}"): rate for rate in RATES}


class PtyPort:
    """Our end of the wire. Open it inside a running event loop."""

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """The port's name for whoever opens it: the symlink, or the system's own name without one."""
        assert self._ends is not None, "open() makes the port"
        return self._link if self._link is not None else Path(os.ttyname(self._ends[1]))

    def open(self, received: Callable[[bytes], None]) -> None:
        """Make the port; `received` gets what the program at the far end sends.

        Raises `FileExistsError` when the link's name belongs to something that is no old link to a pty, `OSError` on
        Windows, which has no ptys.
        """
        if sys.platform == "win32":
            raise OSError("simulated serial ports need ptys, which Windows lacks: use Linux, macOS or WSL")
        if self._link is not None:
            make_room(self._link)
        ours, far = os.openpty()
        # The far end stays open here, too: otherwise each close of the agent's would read as a hang-up at our end.
        self._ends = ours, far
        tty.setraw(far)
        os.set_blocking(ours, False)
        if self._link is not None:
            self._link.symlink_to(os.ttyname(far))

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):
                received(os.read(ours, READ_BYTES))

        asyncio.get_running_loop().add_reader(ours, readable)

    def write(self, data: bytes) -> None:
        """Send; what doesn't fit because nobody reads is lost."""
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                os.write(self._ends[0], data)

    def close(self) -> None:
        """Pull the plug: the far end reads an end, the link goes away. May be called twice, in or out of the loop."""
        if self._ends is None:
            return
        ours, far = self._ends
        self._ends = None
        with contextlib.suppress(RuntimeError):  # the loop has ended, and its reader with it
            asyncio.get_running_loop().remove_reader(ours)
        os.close(far)
        os.close(ours)
        if self._link is not None:
            self._link.unlink(missing_ok=True)


def make_room(link: Path) -> None:
    """Remove a link that an earlier simulator left. Raises `FileExistsError` for anything else of that name."""
    try:
        kind = link.lstat().st_mode
    except FileNotFoundError:
        link.parent.mkdir(parents=True, exist_ok=True)
        return
    if not stat.S_ISLNK(kind):
        raise FileExistsError(f"{link} is there and is no link to a simulated port: choose another name")
    link.unlink()


class LinePort(PtyPort):
    """A port with a real line's speed: bytes arrive when their last bit would, and are garbled when the program at the
    far end has set another baud rate than the device has.
    """

    def __init__(self, link: Path | None = None, *, baud: int = 19200, character_bits: int = 11) -> None:
        super().__init__(link)
        self.baud = baud
        self._character_secs = character_bits / baud
        self._free_at = {"in": 0.0, "out": 0.0}
        self.garbled = 0
        """Pieces that came or went at the wrong speed."""

    def open(self, received: Callable[[bytes], None]) -> None:
        """As `PtyPort.open`; `received` gets what was sent once it has passed the line."""

        def passed(data: bytes) -> None:
            loop = asyncio.get_running_loop()
            loop.call_at(self._busy("in", len(data)), received, self._as_heard(data))

        super().open(passed)

    def write(self, data: bytes) -> None:
        """Send in pieces of some milliseconds, as a USB adapter hands them on."""
        loop = asyncio.get_running_loop()
        size = max(1, round(PIECE_SECS / self._character_secs))
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            loop.call_at(self._busy("out", len(piece)), super().write, self._as_heard(piece))

    def _busy(self, way: str, count: int) -> float:
        """The moment when `count` more characters will have passed in that direction."""
        begin = max(asyncio.get_running_loop().time(), self._free_at[way])
        self._free_at[way] = begin + count * self._character_secs
        return self._free_at[way]

    def _as_heard(self, data: bytes) -> bytes:
        if self.far_baud() == self.baud:
            return data
        self.garbled += 1
        return bytes(byte * 0x9D + 0x35 & 0xFF for byte in data)

    def far_baud(self) -> int | None:
        """What the program at the far end has set; null for a rate that has no name."""
        assert self._ends is not None, "open() makes the port"
        speed = termios.tcgetattr(self._ends[1])[4]
        return _BAUDS.get(speed)
