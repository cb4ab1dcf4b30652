"""The steps of this PC's own documents as events of the agent, so that `trace` and a later collector find them.

Promise: each step is an event, in its order, from the moment on at which an agent runs that hears of it; one that the
spool doesn't take is tried again. Where the power goes between event and mark it stands twice, under the same number.
The event's own time is when it was sealed; when the step was taken stands in the journal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from gaugetrail_agent.documents.journal import DocumentJournal, step_of
from gaugetrail_agent.documents.pin_guesses import COMMIT_SECS
from gaugetrail_agent.spool import Origin, Spool, SpoolBroken, SpoolFull
from gaugetrail_contract.documents.step_event import step_event
from gaugetrail_contract.record import EventBody, Subject

KEY = "own-document-steps"
"""What the spool remembers: the journal's key, and how many of its lines are sealed."""


@dataclass(frozen=True, slots=True)
class StepSealing:
    """One for each agent."""

    spool: Spool
    origin: Origin

    def seal(self, journal: DocumentJournal, key: str) -> bool:
        """Seal what isn't yet; false where the spool doesn't take all of it. Blocks until it is durable."""
        try:
            sealed = self._sealed(key)
            for number, body in self._bodies(journal):
                if number > sealed:
                    self.spool.append(body).result(COMMIT_SECS)
                    self.spool.remember(KEY, json.dumps([key, number])).result(COMMIT_SECS)
        except (SpoolFull, SpoolBroken, TimeoutError):
            return False  # the spool's own alarm says why
        return True

    def _sealed(self, key: str) -> int:
        try:
            of, number = json.loads(self.spool.recall(KEY) or '["", 0]')
            return int(number) if of == key else 0
        except (ValueError, TypeError):  # nobody's writing but ours
            return 0

    def _bodies(self, journal: DocumentJournal) -> Iterator[tuple[int, EventBody]]:
        taken: Counter[str] = Counter()
        for said in journal.steps:
            step = step_of(said)
            if step is None or said.id is None:
                continue  # the beginning: who began stands in the journal
            taken[said.id] += 1
            event = step_event(journal.lives[said.id], step, taken[said.id])
            subject = Subject(kind=event.SUBJECT, id=said.id)
            body = self.origin.event(event)
            yield (
                said.number,
                msgspec.structs.replace(body, subject=subject, by=said.by, role=said.role, reason=said.comment or None),
            )
