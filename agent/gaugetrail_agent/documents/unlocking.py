"""Somebody with a role unlocks a person who is locked here after wrong PINs (`gaugetrail-agent people unlock`).

Promise: only an administrator or quality engineer of this line's people, by their own PIN where they have one, never
for themselves; and it is an event before it counts. Called on the inquiries' thread; blocks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from gaugetrail_agent.documents.pin_guesses import COMMIT_SECS, PinGuesses
from gaugetrail_agent.documents.pins import PinBook
from gaugetrail_agent.spool import Origin, Spool, SpoolBroken, SpoolFull
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.events.people import PinChanged
from gaugetrail_contract.record import EventBody, Subject
from gaugetrail_contract.text import refuse_identifier

UNLOCKING = ("administrator", "quality engineer")
LONGEST_REASON = 200

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unlocking:
    """One for each agent. `people` gives the lists that its stations work by."""

    people: Callable[[], Iterable[PeopleList | None]]
    pins: PinBook
    guesses: PinGuesses
    spool: Spool
    origin: Origin

    def answer(self, question: Mapping[str, object]) -> Answer:
        """`unlocked`, `pin` where the one who asks has to type theirs, or `error`."""
        badge, by, why, pin = (str(question.get(key) or "") for key in ("badge", "by", "why", "pin"))
        role = self._role(by)
        refused = self._refused(badge, by, why, role)
        if refused is not None:
            return {"error": f"{refused}; nothing was done"}
        if by in self.pins.badges:
            if not pin:
                return {"pin": by}
            fate = self.guesses.check(by, pin)
            if fate.what != "right":
                return {"error": f"that was not the PIN of {by}, or it was not tried: {_why(fate.what, fate.secs)}"}
        return self._unlock(badge, by, why, role)

    def _role(self, by: str) -> str:
        found = (people.get(by) for people in self.people() if people is not None)
        roles = {role for person in found if isinstance(person, Person) for role in person.roles}
        return next((role for role in UNLOCKING if role in roles), "")

    def _refused(self, badge: str, by: str, why: str, role: str) -> str | None:
        if not role:
            return f"{by} is no {' and no '.join(UNLOCKING)} on the people list of this line"
        if badge == by:
            return f"{by} can't unlock themselves: somebody else must"
        if badge not in self.guesses.locked():
            return f"{badge} is not locked here"
        reason = (
            refuse_identifier(why) if len(why) <= LONGEST_REASON else f"it has more than {LONGEST_REASON} characters"
        )
        return None if reason is None else f"the reason can't be used: {reason}"

    def _unlock(self, badge: str, by: str, why: str, role: str) -> Answer:
        try:
            record = self.spool.append(self._event(badge, by, why, role)).result(COMMIT_SECS)
        except (SpoolFull, SpoolBroken, TimeoutError) as error:
            return {"error": f"{badge} stays locked: {error or 'the disk takes its time'}"}
        trouble = self.guesses.clear(badge)
        return {"unlocked": badge, "record": record.record_id} if trouble is None else {"error": trouble}

    def _event(self, badge: str, by: str, why: str, role: str) -> EventBody:
        body = self.origin.event(PinChanged(badge=badge, what="unlocked"))
        return msgspec.structs.replace(body, by=by, role=role, reason=why, subjects=(Subject(kind="person", id=by),))


def _why(what: str, secs: int) -> str:
    match what:
        case "locked":
            return "it is locked here, too"
        case "untried":
            return "the disk takes nothing"
        case _:
            return f"wait {secs} s, then try again"
