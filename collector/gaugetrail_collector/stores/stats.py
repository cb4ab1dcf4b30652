"""Figures on a whole store, for `store stats`. What a store can't tell is null, and shown as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted


@dataclass(frozen=True, slots=True)
class TagUse:
    """How much of its bound a tag has used."""

    tag: str
    values: int
    bound: int

    @property
    def share(self) -> float:
        """1.0 is full."""
        return self.values / self.bound


@dataclass(frozen=True, slots=True)
class Stats:
    """`oldest_us` and `newest_us` are records' own times; `last_hour` counts the records of the hour before now."""

    store: str
    records: int
    series: int | None
    disk_bytes: int | None
    oldest_us: int | None
    newest_us: int | None
    last_hour: int
    keeps_days: float | None
    budget: Sequence[TagUse] = ()
    amendments: int = 0

    def as_json(self) -> dict[str, object]:
        """For programs."""
        times = {"oldest": self.oldest_us, "newest": self.newest_us}
        return {
            "store": self.store,
            "records": self.records,
            "amendments": self.amendments,
            "series": self.series,
            "disk_bytes": self.disk_bytes,
            **{key: None if us is None else utc_text(us) for key, us in times.items()},
            "last_hour": self.last_hour,
            "keeps_days": self.keeps_days,
            "budget": [asdict(use) for use in self.budget],
        }

    def lines(self) -> list[str]:
        """For people."""
        disk = "not told by this store" if self.disk_bytes is None else f"{self.disk_bytes / 1e6:,.1f} MB"
        span = "" if self.oldest_us is None else f"{utc_text(self.oldest_us)} to {utc_text(self.newest_us or 0)}"
        days = "day" if self.keeps_days == 1 else "days"
        keeps = "for ever" if self.keeps_days is None else f"{self.keeps_days:g} {days}"
        amended = counted(self.amendments, "amendment")
        shown = [
            f"store      {self.store}",
            f"records    {self.records:,}, {self.last_hour:,} of them in the last hour; {amended}",
            f"time       {span or 'no records yet'}",
            f"disk       {disk}",
            f"keeps      {keeps}",
        ]
        if self.series is not None:
            shown.append(f"series     {self.series:,}")
        shown += [f"tag {use.tag:<15} {use.values:>7,} of {use.bound:,} ({use.share:.0%})" for use in self.budget]
        return shown
