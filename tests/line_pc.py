"""A line PC as the end-to-end tests lay it: settings with the head that all have, plans, devices that hang on ptys."""

from __future__ import annotations

import os
import tty
from pathlib import Path

from floor import Floor


def write_agent(floor: Floor, tables: str, agent: str = 'id = "pc1"\nsite = "s"\nline = "l"', mqtt: str = "") -> None:
    """Its settings: `tables` are links, devices and stations; `agent` and `mqtt` are more keys of those two tables."""
    (floor.folder / "agent.toml").write_text(
        f'[agent]\n{agent}\ndata_dir = "agent-data"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {floor.mqtt_port}\n{mqtt}\n[terminal]\n{tables}'
    )


def write_plan(
    floor: Floor, characteristics: str, name: str = "plan", *, id_: str = "CP-1", part: str = "PR-1"
) -> None:
    """An approved plan with these `[[characteristic]]` tables, in a file of that name."""
    (floor.folder / f"{name}.toml").write_text(
        f'id = "{id_}"\nrevision = "A"\npart = "{part}"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
        + characteristics
    )


class PtyDevice:
    """A device's end of a port that isn't there; where it has a lasting name, it may be pulled and plugged in."""

    def __init__(self, name: Path | None = None) -> None:
        self._name = name
        self._ends: tuple[int, int] | None = None
        self.plug()

    @property
    def port(self) -> str:
        """What the system calls it."""
        assert self._ends is not None
        return os.ttyname(self._ends[1])

    def plug(self) -> None:
        """Its adapter is there, perhaps anew."""
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        if self._name is not None:
            self._name.symlink_to(self.port)

    def send(self, data: bytes) -> None:
        """What the device says."""
        assert self._ends is not None
        os.write(self._ends[0], data)

    def pull(self) -> None:
        """Its adapter is gone, also if it is already."""
        if self._name is not None:
            self._name.unlink(missing_ok=True)
        for end in self._ends or ():
            os.close(end)
        self._ends = None
