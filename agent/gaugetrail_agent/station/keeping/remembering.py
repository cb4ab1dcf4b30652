"""What a station remembers over a restart, as the spool has it: all beyond the unit, and the open unit's journal.

Promise (G11): what is remembered is committed with the last of the events that changed it. Events of what can't be
taken back are owed until the spool takes them, and come first then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from gaugetrail_agent.spool import Spool, SpoolBroken, SpoolFull
from gaugetrail_agent.spool.words import Appended
from gaugetrail_agent.station.memory import StationMemory, memory_key, memory_text, read_memory
from gaugetrail_agent.station.unfinished import journal_key, journal_text, read_journal
from gaugetrail_contract.record import EventBody, InspectionBody
from gaugetrail_contract.seal import BadRecord, RecordTooLarge

log = logging.getLogger(__name__)


class RememberedHere:
    """What the spool has of one station, and what is on its way there."""

    def __init__(self, station: str, spool: Spool) -> None:
        self.on_disk = StationMemory()
        self.in_flight = 0
        """Inspections that the spool has been asked to take, and that the station hasn't been told of."""
        self._station = station
        self._spool = spool
        self._ahead: StationMemory | None = None
        """What is remembered with those."""
        self._owed: list[EventBody] = []
        """Events that the spool has not taken so far, of what can't be taken back."""

    def take_up(self) -> StationMemory:
        """What the agent's last life remembered."""
        text = self._spool.recall(memory_key(self._station))
        try:
            self.on_disk = read_memory(text)
        except ValueError as error:
            told = {"event": "memory_unreadable", "station": self._station, "memory": text}
            log.error("%s: what it remembered can't be read, and begins anew: %s", self._station, error, extra=told)
        return self.on_disk

    def unit_left(self) -> InspectionBody | None:
        """The unit that the agent's last life left half measured."""
        text = self._spool.recall(journal_key(self._station))
        if not text:
            return None
        try:
            return read_journal(text)
        except ValueError as error:
            told = {"event": "journal_unreadable", "station": self._station, "journal": text}
            log.error("%s: what was in hand can't be read: %s", self._station, error, extra=told)
            return None

    def owe(self, events: Sequence[EventBody]) -> None:
        """They have come about, whatever the spool says."""
        self._owed += events

    @property
    def owes(self) -> bool:
        """Events have come about that the spool hasn't taken."""
        return bool(self._owed)

    def has_all(self, memory: StationMemory) -> bool:
        """Nothing is owed, and this is what the disk has."""
        return not self._owed and memory == self.on_disk

    async def keep(
        self,
        memory: StationMemory,
        journal: InspectionBody | None,
        sure: Sequence[EventBody],
        appended: Callable[[EventBody, Appended], None],
        more: Mapping[str, str] | None = None,
    ) -> str | None:
        """Null once it is on the disk, or why it isn't. Each event that is there is told to `appended`. `more` is
        remembered in the same commit.
        """
        events = [*self._owed, *sure]
        try:
            values = self.changed(memory) | dict(more or {})
            if journal is not None:
                values[journal_key(self._station)] = journal_text(journal)
            for number, event in enumerate(events, 1):
                with_it = values if number == len(events) else {}
                appended(event, await asyncio.wrap_future(self._spool.append(event, with_it)))
                self._owed = self._owed[1:]
            if not events and values:
                await asyncio.wrap_future(self._spool.remember_all(values))
        except (SpoolFull, SpoolBroken, RecordTooLarge, BadRecord, ValueError) as error:
            return str(error)
        self.on_disk = memory
        return None

    def changed(self, memory: StationMemory) -> dict[str, str]:
        """What has to be kept so that the disk has this."""
        return {} if memory == self.on_disk else {memory_key(self._station): memory_text(memory)}

    # --- with an inspection

    def before_record(self, memory: StationMemory) -> StationMemory:
        """What an inspection adds to: what those on their way have changed, else what the station remembers."""
        return self._ahead or memory

    def recorded(self, memory: StationMemory) -> None:
        """The inspection is committed, and this with it."""
        self._ahead = self.on_disk = memory

    def told_of_record(self) -> None:
        """The station knows what became of one of those on their way."""
        self.in_flight = max(0, self.in_flight - 1)
        if not self.in_flight:
            self._ahead = None
