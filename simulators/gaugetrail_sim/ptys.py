"""A serial port that isn't there: a pty whose far end opens like `/dev/ttyUSB0`, with a simulated device at our end.

The far end is raw (no echo, no line ends altered) and has a symlink as its lasting name, because the system picks
another `/dev/pts/N` each time. Bytes that nobody reads are lost once the system's buffer is full, as on a wire. A pty
has no baud rate: bytes arrive at once and are never garbled by wrong line settings.
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
    import tty

READ_BYTES = 4096


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
