"""Questions to the store, asked over the broker: an answer within the deadline, or the reason why there is none.

Promise: whoever asks goes on after 300 ms by the monotonic clock at the latest. An answer counts that a collector has
signed for this agent which it knows, to a question that is open, about just what was asked; any other is let go of and
counted. `hear` is called on the connection's thread, all else on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.questions.answered import (
    KIND,
    BadAnswer,
    CannotSay,
    LotAnswer,
    LotVisit,
    LotVoid,
    StationAnswer,
    UnitAnswer,
    UnitsAnswer,
    answers,
    open_answer,
)
from gaugetrail_contract.questions.asked import (
    AskLot,
    AskUnit,
    AskUnitsSince,
    StationQuestion,
    new_number,
    write_question,
)
from gaugetrail_contract.questions.history import LotFound, UnitHistory, UnitsFound
from gaugetrail_contract.signing import BadSignature, open_word
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)

DEADLINE_SECS = 0.3
MOST_OPEN = 50
MOST_PAGES = 200
"""Of the units since a check; with 500 a page that is every unit of months."""


Cause = Literal["no_connection", "no_answer", "told"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no answer, and why, in a sentence. `cause`: what an operator is told in their own words; `told` is in
    those of whoever couldn't answer.
    """

    why: str
    cause: Cause = "told"


@dataclass(slots=True)
class AskedFigures:
    """Since the start."""

    asked: int = 0
    answered: int = 0
    not_believed: int = 0
    last_ms: float | None = None
    """How long the last answer took."""


@dataclass(slots=True)
class _Open:
    question: StationQuestion
    answer: asyncio.Future[StationAnswer]
    loop: asyncio.AbstractEventLoop
    refused: list[str] = field(default_factory=list)
    """What collectors said that can't answer; another one may."""


class HistoryAsker:
    """One for each agent. `publish`: a question goes out; false where there is no connection."""

    def __init__(
        self,
        agent: str,
        publish: Callable[[bytes], bool],
        believes: Callable[[str, str | None], bool],
        deadline_secs: float = DEADLINE_SECS,
    ) -> None:
        self.figures = AskedFigures()
        self._agent = agent
        self._publish = publish
        self._believes = believes
        self._deadline_secs = deadline_secs
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    async def ask_history(self, serial: str) -> UnitHistory | Unknown:
        """Route, attempts and state of a unit."""
        found = await self._ask(AskUnit(question=new_number(), serial=serial))
        return UnitHistory.of(found) if isinstance(found, UnitAnswer) else _unknown(found)

    async def ask_units_since(
        self, gauge: str, characteristic: str | None, since_us: int, until_us: int | None = None
    ) -> UnitsFound:
        """The units that the gauge has measured since a moment, page by page; each page has its own deadline."""
        serials: dict[str, None] = {}
        lots: dict[str, None] = {}
        unnamed, after = 0, None
        for _ in range(MOST_PAGES):
            question = AskUnitsSince(
                question=new_number(),
                gauge=gauge,
                characteristic=characteristic,
                since=utc_text(since_us),
                until=None if until_us is None else utc_text(until_us),
                after=after,
            )
            found = await self._ask(question)
            if not isinstance(found, UnitsAnswer):
                return UnitsFound(tuple(serials), tuple(lots), _unknown(found).why, answered=False)
            serials |= dict.fromkeys(found.serials)
            lots |= dict.fromkeys(found.lots)
            unnamed, after = unnamed + found.unnamed, found.next
            if after is None:
                return UnitsFound(tuple(serials), tuple(lots), _unnamed(unnamed, tuple(lots)))
        return UnitsFound(tuple(serials), tuple(lots), "there are more units than can be asked for")

    async def ask_lot(self, lot: str) -> LotFound:
        """What was measured of a lot, page by page; each page has its own deadline."""
        visits: list[LotVisit] = []
        voids: list[LotVoid] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            found = await self._ask(AskLot(question=new_number(), lot=lot, after=after))
            if not isinstance(found, LotAnswer):
                return LotFound(open=_unknown(found).why)
            visits += found.visits
            voids += found.voids
            after = found.next
            if after is None:
                return LotFound.of(visits, voids)
        return LotFound(open="there are more inspections of it than can be asked for")

    # --- one question

    async def _ask(self, question: StationQuestion) -> StationAnswer | Unknown:
        if len(self._open) >= MOST_OPEN:
            return Unknown(f"{MOST_OPEN} questions are open already")
        loop = asyncio.get_running_loop()
        asked = _Open(question, loop.create_future(), loop)
        with self._lock:
            self._open[question.question] = asked
        self.figures.asked += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._deadline_secs):
                if not self._publish(write_question(question)):
                    return Unknown("there is no connection to the broker", "no_connection")
                found = await asked.answer
        except TimeoutError:
            return Unknown(asked.refused[-1]) if asked.refused else Unknown(self._nobody(), "no_answer")
        finally:
            with self._lock:
                self._open.pop(question.question, None)
        self.figures.answered += 1
        self.figures.last_ms = (time.monotonic() - began) * 1000
        return found

    def _nobody(self) -> str:
        return f"no collector has answered within {round(self._deadline_secs * 1000)} ms"

    def hear(self, payload: bytes) -> None:
        """A message of the answers topic came."""
        try:
            word = open_word(KIND, self._agent, payload)
            if not self._believes(word.collector or "", word.key):
                raise BadSignature(f"the collector {word.collector!r} is not known by its key")
            answer = open_answer(word.body)
        except (BadSignature, BadAnswer) as error:
            self._let_go(str(error))
            return
        with self._lock:
            asked = self._open.get(answer.question)
        if asked is None:
            return  # the second of two collectors, or too late
        if not answers(asked.question, answer):
            self._let_go("it is another question's")
        elif isinstance(answer, CannotSay):
            asked.refused.append(answer.why)
        else:
            asked.loop.call_soon_threadsafe(_settle, asked.answer, answer)

    def _let_go(self, why: str) -> None:
        self.figures.not_believed += 1
        told = {"event": "answer_not_believed", "cause": same_words(why)}
        log.warning("an answer counts for nothing: %s", why, extra=told)


def _settle(future: asyncio.Future[StationAnswer], answer: StationAnswer) -> None:
    if not future.done():
        future.set_result(answer)


def _unknown(found: StationAnswer | Unknown) -> Unknown:
    return found if isinstance(found, Unknown) else Unknown("the answer is to another question")


def _unnamed(count: int, lots: tuple[str, ...]) -> str | None:
    if not count:
        return None
    named = f" of the lots {', '.join(lots[:5])}" if lots else ""
    return f"{count} inspections{named} have no serial, so their units can't be named"
