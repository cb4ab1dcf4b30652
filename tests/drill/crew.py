"""The people and machines of a drill: operators at terminals, presses with PLCs. They work on whatever happens.

They run in one event loop in a thread of their own, so that the drill's own thread is free to do damage. Each writes
into the account what it was told, and nothing else is believed.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import threading
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

from account import Account, Unit, Word

from gaugetrail_sim.devices.plc import STORED, STORED_PASS, Press
from gaugetrail_sim.line.station_operator import Terminal

LOOK_AGAIN_SECS = 2.0
"""An operator who sees nothing change for so long does again what the prompt asks for."""
BADGE = "OP-1"

# A terminal that has gone is what a drill is about, not worth a line for each key typed into it.
logging.getLogger("asyncio").setLevel(logging.ERROR)


class Stuck(Exception):
    """Somebody at a station was not told anything for too long; the text says what he sees."""


class Typist:
    """An operator whose gauge is his keyboard: scans a unit, types what is asked for, and believes only the terminal.
    `wanted`: the characteristics of his plan, in its order.
    """

    def __init__(
        self,
        account: Account,
        data_dir: Path,
        agent: str,
        station: str,
        prefix: str,
        dice: random.Random,
        wanted: tuple[str, ...] = ("depth",),
    ):
        self._account = account
        self._wanted = wanted
        self._terminal = Terminal(data_dir, station)
        self._agent, self._station = agent, station
        self._dice = dice
        self._serials = (f"SN{prefix}{number:06d}" for number in itertools.count(1))
        self.name = f"{agent} {station}"
        self.told = 0
        self.home = False

    async def piece(self) -> None:
        """One unit, again from the scan if the agent dies in between, until the terminal says that it is recorded."""
        unit: Unit = (self._agent, self._station, next(self._serials))
        fails = self._dice.random() < 0.05
        while not await self._inspect(unit, fails):
            pass

    def where(self) -> str:
        """What he sees."""
        display = self._terminal.display
        return f"{self.name} sees {display.get('state')}: {display.get('message') or display.get('prompt')}"

    def close(self) -> None:
        self._terminal.close()

    def _value(self, fails: bool) -> str:
        """No two alike, so that a value can be found again."""
        return f"{'2' if fails else '1'}.{self._dice.randrange(100_000, 900_000)}"

    async def _inspect(self, unit: Unit, fails: bool) -> bool:
        """False when the agent went away before it said that the unit is recorded."""
        await self._ready()
        serial = unit[2]
        before = self._last_record()
        self._terminal.type(serial)
        typed: dict[str, str] = {}
        refused = False
        while True:
            display = self._terminal.display
            last = display.get("last")
            if last and last["serial"] == serial and last["recorded"] and last["record"] != before:
                self._account.tell(Word(unit, last["verdict"], last["record"]))
                self.told += 1
                return True
            if display.get("state") in (None, "wait_operator"):
                return False
            if _is_refused(display) and not refused:
                refused = True
                self._account.refuse()
            wants = display.get("next") if display.get("serial") == serial else None
            if wants is not None and wants not in typed:
                for name in [one for one in typed if self._wanted.index(one) < self._wanted.index(wants)]:
                    self._account.show(unit, name, typed[name])
                typed[wants] = self._value(fails)
                if wants == self._wanted[-1]:
                    self._account.begin(unit)
                self._terminal.type(typed[wants])
            if not await self._changed() and display.get("state") == "wait_unit":
                if typed:  # the agent was away for less than a look: he is still logged on, and nothing is in hand
                    return False
                self._terminal.type(serial)

    async def _ready(self) -> None:
        """Log on if need be; what an interruption left in hand is cancelled."""
        refused = False
        while True:
            display = self._terminal.display or await self._terminal.next()
            state = display["state"]
            if _is_refused(display) and not refused:
                refused = True
                self._account.refuse()
            if state == "wait_unit":
                return
            if state == "wait_operator":
                self._terminal.type(BADGE)
            elif state == "measuring":
                self._terminal.type("%CANCEL")
            await self._changed()

    async def _changed(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECS):
                await self._terminal.next()
        except TimeoutError:
            return False
        return True

    def _last_record(self) -> str | None:
        last = self._terminal.display.get("last")
        return str(last["record"]) if last else None


def _is_refused(display: dict[str, Any]) -> bool:
    """A record isn't taken, or what comes before it: the log-on, the scan."""
    return display.get("state") == "refused" or str(display.get("message")).startswith("NOT KEPT")


class PressHand:
    """A press with its PLC: offers a part until there is a final word on it."""

    home = False

    def __init__(self, account: Account, press: Press, agent: str, station: str, prefix: str, dice: random.Random):
        self._account = account
        self._press = press
        self._agent, self._station = agent, station
        self._dice = dice
        self._serials = (f"SN{prefix}{number:06d}" for number in itertools.count(1))
        self.name = f"{agent} {station}"
        self._offered = ""

    async def piece(self) -> None:
        """One part."""
        unit: Unit = (self._agent, self._station, next(self._serials))
        self._offered = unit[2]
        force = Decimal("19.0") if self._dice.random() < 0.05 else Decimal("15.0")
        self._account.begin(unit)
        told = await self._press.press(unit[2], force, Decimal("8.50"))
        for _ in range(told.not_ready):
            self._account.refuse()
        if told.code in STORED:
            self._account.tell(Word(unit, "pass" if told.code == STORED_PASS else "fail", None))

    def where(self) -> str:
        """What the PLC waits for."""
        return f"{self.name} waits for a word on {self._offered} ({self._press.faults} times in vain)"

    def close(self) -> None:
        """The server is stopped by the crew."""


Hand = Typist | PressHand


class Crew:
    """Everybody at the stations. Use as a context manager; `work` begins, `finish` lets each end the piece in hand."""

    def __init__(self, account: Account, seed: int) -> None:
        self.account = account
        self._seed = seed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="crew", daemon=True)
        self._hands: list[Hand] = []
        self._presses: list[Press] = []
        self._tasks: dict[Hand, asyncio.Task[None]] = {}
        self._go = False
        self._piece_secs = 0.0

    def __enter__(self) -> Crew:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, Any], secs: float = 30.0) -> Any:
        """Run a coroutine in the crew's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(secs)

    def typist(
        self, data_dir: Path, agent: str, station: str, prefix: str, wanted: tuple[str, ...] = ("depth",)
    ) -> Typist:
        """Put an operator at a station whose plan wants these; while the others work he begins at once."""
        dice = random.Random(f"{self._seed} {agent} {station} {prefix}")
        hand = Typist(self.account, data_dir, agent, station, prefix, dice, wanted)
        self._hands.append(hand)
        if self._go:
            self.do(self._begin(hand))
        return hand

    def press(self, agent: str, station: str, prefix: str) -> int:
        """Put a press at a station; its Modbus TCP port."""
        press = Press(echo_secs=2.0)
        self.do(press.start())
        self._presses.append(press)
        dice = random.Random(f"{self._seed} {agent} {station}")
        self._hands.append(PressHand(self.account, press, agent, station, prefix, dice))
        return press.port

    def hire(self, hand: Hand) -> None:
        """Anybody else who has `piece`, `where` and `close`."""
        self._hands.append(hand)

    def work(self, piece_secs: float = 0.02) -> None:
        """Everybody begins a piece every `piece_secs`, or later where the last one takes longer."""
        self._go, self._piece_secs = True, piece_secs
        for hand in self._hands:
            self.do(self._begin(hand))

    async def _begin(self, hand: Hand) -> None:
        self._tasks[hand] = asyncio.create_task(self._work_on(hand, self._piece_secs))

    def send_home(self, hand: Typist, secs: float = 60.0) -> None:
        """He ends the piece in hand and begins no other. Raises `TimeoutError`."""
        hand.home = True
        self.do(asyncio.wait_for(self._tasks[hand], secs), secs + 10)

    def call_back(self, hand: Typist) -> None:
        """Who was sent home works again."""
        hand.home = False
        self.do(self._begin(hand))

    def finish(self, secs: float = 60.0) -> None:
        """Each ends the piece in hand; nobody begins another. Raises `Stuck`."""
        self._go = False
        self.do(self._join(secs), secs + 10)

    def look(self) -> str:
        """What everybody sees."""
        return "; ".join(hand.where() for hand in self._hands)

    async def _work_on(self, hand: Hand, piece_secs: float) -> None:
        clock = self._loop.time
        while self._go and not hand.home:
            due = clock() + piece_secs
            await hand.piece()
            await asyncio.sleep(max(0.0, due - clock()))

    async def _join(self, secs: float) -> None:
        if not self._tasks:
            return
        done, pending = await asyncio.wait(self._tasks.values(), timeout=secs)
        for task in done:
            task.result()
        for task in pending:
            task.cancel()
        if pending:
            raise Stuck(f"not told anything for {secs:g} s: {self.look()}")
        self._tasks = {}

    async def _leave(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for hand in self._hands:
            hand.close()
        for press in self._presses:
            await press.stop()
