"""Puts right, by amendments, the times that this boot's records were sealed with while the clock was wrong.

Once the clock is right, the true moment of every record of the same boot is known: the monotonic time that lies between
it and now. Two kinds of records need it: those sealed while the clock was not to be believed, when off by more than a
second; and those of a wrong year, sealed by a clock that called itself right and was more than a day ahead. Each gets
one amendment, even over restarts within the boot. Records of earlier boots stay as they are: nothing measures the time
between two boots. So do all of a boot in which the machine slept, which monotonic time doesn't count. Measurement times
of an inspection are off by as much as its own time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Literal

from gaugetrail_agent.spool import ALWAYS, Appended, Spool, Waiting
from gaugetrail_contract.clock import DAY_US, ClockTrust, utc_text, utc_us
from gaugetrail_contract.record import AmendmentBody, Subject, record_id

AT_ONCE = 200
OFF_US = 1_000_000
FOUND_UNDER: tuple[tuple[Literal["unit", "lot", "order"], str], ...] = (
    ("unit", "serial"),
    ("lot", "lot"),
    ("order", "order"),
)
"""An amendment stands at the time at which the clock was set right; by these it leads to a record of a wrong year."""
KEY = "clock.repaired"
"""Remembered: the boot and the last place of it that was corrected."""
SEEN_KEY = "clock.seen"
"""Remembered when a wrong year ended: the boot and the place up to which early records had been put right by then."""


class Correcting:
    """Goes through the records of this boot, some at a time; waits for nothing."""

    def __init__(self, spool: Spool, agent: str, boot: str) -> None:
        self._spool = spool
        self._agent = agent
        self._boot = boot
        self._place: int | None = None
        self._seen = 0
        self._made: list[Future[Appended]] = []

    @property
    def at_rest(self) -> bool:
        """Whether all that was corrected so far is durable."""
        return all(future.done() and future.exception() is None for future in self._made)

    def more(self, offset_us: int) -> None:
        """Some more records, oldest first, once those before are durable. `offset_us` is wall time minus monotonic
        time, now that the clock is right.
        """
        if not all(future.done() for future in self._made):
            return
        if self._place is None or not self.at_rest:
            self._place = self._recalled(KEY, self._spool.boot_place())
            self._seen = self._recalled(SEEN_KEY, 0)
        self._made = []
        for entry in self._spool.held(self._place, AT_ONCE):
            self._place = entry.place
            body = correction(entry, offset_us, self._boot, self._agent, seen=entry.place <= self._seen)
            if body is not None:
                # The place is remembered in the amendment's own transaction: each record is corrected just once.
                remember = {KEY: f"{self._boot} {entry.place}"}
                self._made.append(self._spool.append(body, remember, ALWAYS))

    def again(self) -> dict[str, str]:
        """What is to be remembered, and durably, to go once more through the epoch that ends, as far as it is of this
        boot: its early records may have been put right by the wrong clock.
        """
        boot_place = self._spool.boot_place()
        seen = self._recalled(KEY, boot_place) if self._place is None else self._place
        start = max(boot_place, min(seen, self._spool.epoch_place()))
        return {KEY: f"{self._boot} {start}", SEEN_KEY: f"{self._boot} {seen}"}

    def begin_again(self) -> None:
        """What `again` gave is remembered."""
        self._place = None

    def _recalled(self, key: str, otherwise: int) -> int:
        known, _, place = (self._spool.recall(key) or "").rpartition(" ")
        return int(place) if known == self._boot else otherwise


def correction(entry: Waiting, offset_us: int, boot: str, agent: str, *, seen: bool = False) -> AmendmentBody | None:
    """The amendment that gives a record its true time; null for one that needs none or can't be helped. `offset_us` is
    wall time minus monotonic time, now that the clock is right. `seen`: it was looked at before, when early records
    were put right, perhaps by a clock in a wrong year: only that is left to be found.
    """
    record: Mapping[str, object] = json.loads(entry.sealed.data)
    if record["boot"] != boot or record["kind"] == "amendment":
        return None
    true_us = int(str(record["mono_ns"])) // 1000 + offset_us
    ahead_us = utc_us(str(record["time"])) - true_us
    believed = record["clock"] == ClockTrust.SYNCED
    if ahead_us <= DAY_US and (believed or seen or abs(ahead_us) <= OFF_US):
        return None
    was = "a day or more ahead" if believed else str(record["clock"])
    return AmendmentBody(
        site=str(record["site"]),
        line=str(record["line"]),
        station=str(record["station"]),
        target=record_id(str(record["agent"]), str(record["epoch"]), int(str(record["seq"]))),
        target_sha256=entry.sealed.sha256,
        action="correct",
        field="time",
        old=str(record["time"]),
        new=utc_text(true_us),
        reason=f"sealed while the clock was {was}; computed from the monotonic time of the same boot",
        requested_by=agent,
        subjects=tuple(Subject(kind=kind, id=str(record[key])) for kind, key in FOUND_UNDER if record.get(key)),
    )
