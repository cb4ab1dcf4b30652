"""The line at work: an operator's station and a press with pieces moving from one to the other.

Keeps the line's own account of what was inspected and what it was told, against which the store is checked at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gaugetrail_sim.devices.faults import Fault, FaultPlan
from gaugetrail_sim.devices.plc import STORED, STORED_PASS, PlcTold, Press
from gaugetrail_sim.line.names import OPERATOR_STATION, PRESS_STATION
from gaugetrail_sim.line.pieces import NEXT_REVISION, LineLook, Piece, Story, make_piece
from gaugetrail_sim.line.station_operator import StationOperator


@dataclass
class RunAccount:
    """What the line knows by itself."""

    pieces: list[Piece] = field(default_factory=list)
    """Each piece that has come onto the line, in order."""
    looks: list[LineLook] = field(default_factory=list)
    """Each inspection at the operator's station that was told to be recorded."""
    revisions: list[str] = field(default_factory=list)
    """Of the plan that each of these was measured by."""
    operator_told: list[str] = field(default_factory=list)
    """Record ids, as the terminal named them."""
    press_told: list[PlcTold] = field(default_factory=list)
    faults: Counter[Fault] = field(default_factory=Counter)
    wrong_verdicts: list[str] = field(default_factory=list)
    """Where the station's verdict is not the one that the piece deserves."""

    @property
    def acknowledged(self) -> int:
        """How often the operator or the PLC was told that a part is recorded."""
        return len(self.operator_told) + sum(told.code in STORED for told in self.press_told)

    def inspections(self) -> Counter[tuple[str, str]]:
        """How often each unit was told to be recorded at each station."""
        counted = Counter((OPERATOR_STATION, look.serial) for look in self.looks)
        counted.update((PRESS_STATION, told.serial) for told in self.press_told if told.code in STORED)
        return counted

    @property
    def first_pass_yield(self) -> float:
        """Share of the pieces that were good at every station at the first look."""
        first: dict[str, str] = {}
        for look, revision in zip(self.looks, self.revisions, strict=True):
            first.setdefault(look.serial, revision)
        seen = [piece.first_pass(first[piece.serial]) for piece in self.pieces if piece.serial in first]
        return sum(seen) / len(seen) if seen else 0.0

    @property
    def rejected(self) -> int:
        """How many looks at the operator's station ended as no good."""
        return sum(not look.passes_by(by) for look, by in zip(self.looks, self.revisions, strict=True))

    def first_serial(self, revision: str) -> str | None:
        """The first unit that was measured by that revision of the plan."""
        pairs = zip(self.looks, self.revisions, strict=True)
        return next((look.serial for look, by in pairs if by == revision), None)

    @property
    def tighter_serial(self) -> str | None:
        """The first unit that failed by the next revision and would have passed by the one before."""
        pairs = zip(self.looks, self.revisions, strict=True)
        return next((look.serial for look, by in pairs if look.passes and not look.passes_by(by)), None)


class LineRun:
    """One line. `work` may be called again and goes on with the next piece."""

    def __init__(
        self,
        operator: StationOperator,
        press: Press,
        seed: int,
        *,
        reworks: bool = False,
    ) -> None:
        """`told` hears of each piece. `reworks`: one that failed is on hold, and goes to rework before it is measured
        again.
        """
        self.account = RunAccount()
        self._operator = operator
        self._press = press
        self._seed = seed
        self._faults = FaultPlan(seed)
        self.told: Callable[[RunAccount], None] = lambda _: None
        self._reworks = reworks

    async def work(self, secs: float, piece_secs: float, enough: Callable[[], bool] = lambda: True) -> None:
        """Bring a piece every `piece_secs` (later if a station needs longer) for `secs`, and on until it is `enough`;
        then let operator and press finish.
        """
        clock = asyncio.get_running_loop().time
        queue: asyncio.Queue[Piece] = asyncio.Queue()
        pressing = asyncio.create_task(self._press_all(queue))
        end = clock() + secs
        try:
            while clock() < end or not enough():
                due = clock() + piece_secs
                piece = make_piece(self._seed, len(self.account.pieces) + 1, self._story())
                if await self._inspect(piece):
                    queue.put_nowait(piece)
                await asyncio.sleep(max(0.0, due - clock()))
            await self._operator.ready()
            finished = asyncio.create_task(queue.join())
            await asyncio.wait({pressing, finished}, return_when=asyncio.FIRST_COMPLETED)
            finished.cancel()
        finally:
            pressing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pressing

    def _story(self) -> Story | None:
        """The first unit by the next revision is followed by one that shows its tighter limit."""
        shown = self.account.tighter_serial is not None
        return Story.NARROW if not shown and self.account.first_serial(NEXT_REVISION) is not None else None

    async def _inspect(self, piece: Piece) -> bool:
        """Whether it leaves the operator's station as good."""
        good = False
        faults = self._faults.of_unit(piece.number)
        self.account.pieces.append(piece)
        self.account.faults.update(faults.kinds)
        on_gauges = {
            "bore": [faults.gauge] if faults.gauge else [],
            "scale": [faults.scale] if faults.scale else [],
        }
        for number, look in enumerate(piece.looks):
            if number and self._reworks:
                await self._operator.sends_to_rework(look.serial, "gauge wiped")
            told = await self._operator.inspect(look, on_gauges, scans=2 if faults.scanner else 1)
            self.account.looks.append(look)
            self.account.revisions.append(told.revision)
            self.account.operator_told.append(told.record)
            good = look.passes_by(told.revision)
            self._compare(OPERATOR_STATION, look.serial, told.verdict == "pass", good)
            on_gauges = {}
            self.told(self.account)
        return good

    async def _press_all(self, queue: asyncio.Queue[Piece]) -> None:
        while True:
            piece = await queue.get()
            told = await self._press.press(piece.serial, piece.force_kn, piece.depth_mm)
            self.account.press_told.append(told)
            if told.code in STORED:
                self._compare(PRESS_STATION, piece.serial, told.code == STORED_PASS, piece.press_passes)
            self.told(self.account)
            queue.task_done()

    def _compare(self, station: str, serial: str, was: bool, should: bool) -> None:
        if was != should:
            words = {True: "pass", False: "fail"}
            self.account.wrong_verdicts.append(
                f"{station} called {serial} a {words[was]}; it deserves a {words[should]}"
            )
