"""A simulated line whose broker and collector are elsewhere, as a real line's are: devices, agent, operator, press.

The folder is not wiped, so a restarted line goes on with its agent's spool. compose.yaml starts one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_sim.demo.folder import DemoFolder, claim_folder
from gaugetrail_sim.demo.shop import Shop
from gaugetrail_sim.line.run import LineRun

END_SECS = 60.0
"""The last piece and its press may take so long."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the plant's broker is."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> Broker:
        """`host` or `host:port`. Raises `ValueError` for anything else."""
        host, colon, port = text.rpartition(":")
        if not colon:
            host, port = text, "1883"
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{text!r} is no broker: write host or host:port, such as broker.example:1883")
        return cls(host, int(port))


class FarLine(Shop):
    """Only the line's side of a shop."""

    def __init__(self, folder: DemoFolder, at: Broker) -> None:
        super().__init__(folder, "none")
        self._at = at

    async def _start(self) -> None:
        await self._start_line(self._at.host, self._at.port, documents=False)


async def run_line(
    at: Broker, folder: Path, secs: float, piece_secs: float, seed: int, say: Callable[[str], None]
) -> None:
    """Work for `secs`, a piece every `piece_secs`. Raises `ChildFailed`, `OSError`."""
    claimed = claim_folder(folder, wiped=False)
    async with FarLine(claimed, at) as shop:
        line = LineRun(shop.operator, shop.press, seed)
        line.told = lambda account: say(f"{account.acknowledged} recorded")
        say(f"a line in {claimed.path}, its agent speaks to {at.host}:{at.port}")
        await shop.guard(line.work(secs, piece_secs), secs + END_SECS, "the line was running")
