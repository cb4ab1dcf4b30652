"""Where questions of stations are answered: a thread of its own with a store of its own, which records never wait for.

Promise: a question is answered from the store, or not at all once nobody waits for the answer any more. What comes
faster than it is answered is let go of and counted, and a line PC that asks without end holds up no other
(`waiting_questions`); a question of another form, or larger than any,
is counted and answered by nobody. Every collector that hears a question answers it; the agent takes the first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gaugetrail_collector.holds.answers_found import answer_of
from gaugetrail_collector.holds.waiting_questions import WaitingQuestion, WaitingQuestions
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract import topics
from gaugetrail_contract.questions.answered import CannotSay, StationAnswer, write_answer
from gaugetrail_contract.questions.asked import MOST_QUESTION_BYTES, BadQuestion, StationQuestion, open_question

log = logging.getLogger(__name__)

MOST_WAITING = 200
PATIENCE_SECS = 1.0
"""A question that has waited longer isn't answered: whoever asked went on without. Clocks aren't compared for it."""
REST_SECS = 2.0
"""So long a store that was down isn't tried again."""
SAY_AGAIN_SECS = 60.0


class AnswersLine(Protocol):
    """The connection to the broker, as far as it is needed here."""

    def publish_answer(self, agent: str, body: bytes) -> None:
        """Tell the agent, signed for it."""


@dataclass
class AnswerFigures:
    """Since the start."""

    answered: int = 0
    refused: int = 0
    """Of another form."""
    let_go: int = 0
    """Too many, too late, or the store was down."""


class AnswerDesk:
    """`ask` on any thread."""

    def __init__(self, make_store: Callable[[], Store], line: AnswersLine, now_us: Callable[[], int]) -> None:
        self.figures = AnswerFigures()
        self._store = OwnStore(make_store)
        self._line = line
        self._now_us = now_us
        self._waiting = WaitingQuestions(MOST_WAITING)
        self._wake = threading.Condition()
        self._stopping = False
        self._rest_until = self._said_refused = float("-inf")
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer from now on."""
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def ask(self, topic: str, payload: bytes) -> None:
        """A message of a questions topic came."""
        agent = topics.agent_of(topic)
        if agent is None or len(payload) > MOST_QUESTION_BYTES:
            self._refuse("it is larger than any question" if agent else "its topic names no agent")
            return
        with self._wake:
            self.figures.let_go += self._waiting.put(WaitingQuestion(agent, payload, time.monotonic()))
            self._wake.notify()

    def _run(self) -> None:
        try:
            while (one := self._next()) is not None:
                self._answer(one)
        finally:
            self._store.close()

    def _next(self) -> WaitingQuestion | None:
        with self._wake:
            while True:
                if self._stopping:
                    return None
                if (one := self._waiting.take()) is not None:
                    return one
                self._wake.wait()

    def _answer(self, one: WaitingQuestion) -> None:
        if time.monotonic() - one.since > PATIENCE_SECS:
            self.figures.let_go += 1
            return
        try:
            question = open_question(one.payload)
        except BadQuestion as error:
            self._refuse(f"{one.agent}: {error}")
            return
        answer = self._found(question)
        if answer is not None:
            self._line.publish_answer(one.agent, write_answer(answer))

    def _found(self, question: StationQuestion) -> StationAnswer | None:
        if time.monotonic() < self._rest_until:
            self.figures.let_go += 1
            return CannotSay(question=question.question, why="the store is down")
        try:
            found = answer_of(self._store.opened(), question, self._now_us())
        except StoreDown as error:
            self._rest_until = time.monotonic() + REST_SECS
            self.figures.let_go += 1
            log.warning("a question is not answered: %s", error, extra={"event": "question_not_answered"})
            self._store.close()
            return CannotSay(question=question.question, why=f"the store is down: {error}"[:500])
        except ValueError as error:
            self._refuse(str(error))
            return None
        self.figures.answered += 1
        return found

    def _refuse(self, why: str) -> None:
        self.figures.refused += 1
        if (now := time.monotonic()) - self._said_refused >= SAY_AGAIN_SECS:
            self._said_refused = now
            told = {"event": "question_refused"}
            log.warning("a question is answered by nobody: %s; %d so far", why, self.figures.refused, extra=told)
