"""Each line PC is told who of its line has a PIN: on its own topic, not retained, in a box that it alone opens.

Promise: a PC is told what it doesn't hold yet, as its status says, at once and then ever more rarely; nothing of it is
kept at the broker. Only a PC whose key a person has vouched for (`keys register`, `keys add`) is told anything, and the
key of its box counts only with that PC's signature: whoever may speak at the broker gets nothing to guess at. Where
nobody has a PIN, nothing is said.

Called by `sending`, each round, on its thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from gaugetrail_collector.documents.at_a_moment.in_force import people_lists
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.to_stations.pins import KeptPins, PinsBroken, read_pins
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store
from gaugetrail_contract import topics
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.pins import MOST_PEOPLE, OWN_KEY, BadPins, PinList, pins_of, write_pins
from gaugetrail_contract.signing import BadSignature, Signer, check
from gaugetrail_contract.status import AgentStatus, PinsHeld

log = logging.getLogger(__name__)

AGAIN_SECS = 10.0
LONGEST_AGAIN_SECS = 320.0


class PinLine(Protocol):
    """The connection to the broker, as far as it is needed here."""

    def publish_pins(self, topic: str, payload: bytes) -> bool:
        """Say it, not retained; false where it didn't go out."""


class PinSender:
    """One for each collector that writes documents. `vouched` tells whether a person knows that agent by that key."""

    def __init__(self, collector: str, path: Path, line: PinLine, vouched: Callable[[str, str], bool]) -> None:
        self._collector = collector
        self._path = path
        self._line = line
        self._vouched = vouched
        self._mark: object = ()
        self._kept: KeptPins | None = None
        self._state: tuple[int, int] = (-1, -1)
        self._lists: list[PeopleList] = []
        self._by_line: dict[str, PinList] = {}
        self._said: dict[str, tuple[tuple[str, str], float, float]] = {}
        """Agent -> what was said to it last and under which key, when, and how long it is given."""
        self.troubles: dict[str, str] = {}

    def say(
        self,
        register: DocumentRegister,
        issue: int,
        now_us: int,
        store: Store,
        signer: Callable[[], Signer | None],
        agents: Mapping[str, Heard[AgentStatus]],
    ) -> None:
        """Tell whoever doesn't hold what is true now."""
        kept = self._look()
        if kept is None:
            return
        if self._state != (kept.changed_us, issue):
            self._state, self._by_line = (kept.changed_us, issue), {}
            found = people_lists().in_force(store, register, now_us)
            self._lists = [one.listed for one in found if one.listed is not None]
        for name, heard in agents.items():
            told, documents = heard.document.pins, heard.document.documents
            # Whoever has heard of no list yet believes no document key, and would refuse it.
            if told is not None and heard.document.online and documents is not None and documents.heard is not None:
                self._one(name, heard.document, told, self._wanted(told.line, kept, issue), signer)

    def _look(self) -> KeptPins | None:
        try:
            found = self._path.stat()
            mark: object = (found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError:
            mark = None
        if mark != self._mark:
            self._mark = mark
            try:
                self._kept = read_pins(self._path)
                self._trouble("file", None)
            except PinsBroken as error:
                self._trouble("file", str(error))
        return self._kept

    def _wanted(self, line: str, kept: KeptPins, issue: int) -> PinList | None:
        """Null where more people have a PIN than one PC is told of."""
        if line not in self._by_line:
            badges = frozenset(one.badge for people in self._lists for one in people.of_line(line).person)
            people = pins_of(kept.people, badges)
            if len(people) > MOST_PEOPLE:
                many = f"{len(people)} people of the line {line} have a PIN, and {MOST_PEOPLE} are the most"
                self._trouble(f"line {line}", f"{many}: say in the people list who works on which line")
                return None
            self._trouble(f"line {line}", None)
            self._by_line[line] = PinList(changed_us=kept.changed_us, issue=issue, people=people)
        return self._by_line[line]

    def _one(
        self,
        name: str,
        status: AgentStatus,
        told: PinsHeld,
        wanted: PinList | None,
        signer: Callable[[], Signer | None],
    ) -> None:
        if wanted is None or told.held == wanted.digest or (told.held is None and not wanted.people):
            self._said.pop(name, None)
            self._trouble(name, None)
            return
        what, now = (wanted.digest, told.key), time.monotonic()
        before, at, patience = self._said.get(name, (None, 0.0, 0.0))
        if before == what and now - at < patience:
            return
        why_not = self._why_not(name, status, told)
        self._trouble(name, why_not)
        sealed_by = signer() if why_not is None else None
        if sealed_by is None:
            return
        try:
            word = write_pins(wanted, name, told.key, sealed_by, self._collector)
        except BadPins as error:
            self._trouble(name, f"PINs are not sent to {name}: {error}")
            return
        if self._line.publish_pins(topics.pins(name), word):
            longer = min(LONGEST_AGAIN_SECS, 2 * patience) if before == what else AGAIN_SECS
            self._said[name] = what, now, longer

    def _why_not(self, name: str, status: AgentStatus, told: PinsHeld) -> str | None:
        if status.key is None or not self._vouched(name, status.key):
            return (
                f"PINs are not sent to {name}: nobody has vouched for its key; look whether it is the PC's own "
                f"(gaugetrail-agent key, there), then: gaugetrail-collector keys register {name}"
            )
        try:
            check(status.key, told.signed, OWN_KEY, name, told.line, told.key)
        except BadSignature:
            return f"PINs are not sent to {name}: its status is not signed as its own; somebody speaks under its name"
        return None

    def _trouble(self, about: str, what: str | None) -> None:
        if what is None:
            self.troubles.pop(about, None)
        elif self.troubles.get(about) != what:
            self.troubles[about] = what
            log.error("%s", what, extra={"event": "pins_not_sent"})
