"""Records of moments that can't be: before 2000, or further ahead of this collector's clock than a setting allows.

One that says `synced` contradicts itself, or this collector's clock: it is held until the two agree or somebody has
looked. One that says that nobody keeps its clock, or that it has stepped, is stored as it is; but each such day may
cost InfluxDB a shard, so that an agent has room for some of them, and more are held.

Only records that aren't in the store are asked about, by the store (`Store.write`); nothing is lost by a wrong clock of
this collector, for what is held stays with its agent and comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.placing import AHEAD_SECS, MOST_DAYS, TIME
from gaugetrail_contract.clock import DAY_US, ClockTrust, utc_text, utc_us
from gaugetrail_contract.seal import Opened

EARLIEST_US = utc_us("2000-01-01T00:00:00.000000Z")
LATEST_US = (2**63 - 1) // 1000
"""No store has a later moment: InfluxDB's end is in 2262."""


@dataclass
class FarTimes:
    """See the module's promise. One thread at a time."""

    store: Store
    now_us: Callable[[], int]
    ahead_us: int = round(AHEAD_SECS * 1e6)
    most_days: int = MOST_DAYS
    _days: dict[str, set[int]] = field(default_factory=dict)
    """Far days of which an agent has records, as days since 1970."""

    def forget(self) -> None:
        """The store may be another one."""
        self._days.clear()

    def look(self, records: Sequence[Opened]) -> None:
        """Before these are written: know the far days of those that need one. Raises what the store raises."""
        latest = self.now_us() + self.ahead_us
        for opened in records:
            if EARLIEST_US <= opened.time_us <= latest or opened.agent in self._days:
                continue
            if opened.record.clock is not ClockTrust.SYNCED:
                self._days[opened.agent] = self._stored_days(opened.agent, latest)

    def _stored_days(self, agent: str, latest: int) -> set[int]:
        found: set[int] = set()
        for since, until in ((-LATEST_US, EARLIEST_US), (latest + 1, LATEST_US)):
            while len(found) <= self.most_days and (time_us := self.store.first_of(agent, since, until)) is not None:
                found.add(time_us // DAY_US)
                since = (time_us // DAY_US + 1) * DAY_US
        return found

    def doubt(self, opened: Opened) -> str | None:
        """Why a record that isn't in the store is held; null where it isn't."""
        now = self.now_us()
        early, late = opened.time_us < EARLIEST_US, opened.time_us > now + self.ahead_us
        if not early and not late:
            return None
        if opened.record.clock is ClockTrust.SYNCED:
            return _contradicts(opened, now, early=early)
        day, days = opened.time_us // DAY_US, self._days.setdefault(opened.agent, set())
        far = {one for one in days if one * DAY_US < EARLIEST_US or (one + 1) * DAY_US > now + self.ahead_us}
        if day in far or len(far) < self.most_days:
            days.add(day)
            return None
        return (
            f"{TIME}{utc_text(opened.time_us)} is far from this collector's clock ({utc_text(now)[:10]}), and there "
            f"are records of {opened.agent} of {len(far)} such days already, each of which may cost the database a "
            f"shard; {_WAITS}. Set the clock of the line PC right, or this collector's; {_THEN}"
        )


def _contradicts(opened: Opened, now: int, *, early: bool) -> str:
    time = utc_text(opened.time_us)
    if early:
        return (
            f"{TIME}{time} is before 2000, and it says that its clock was kept right; {_WAITS}. Look at the clock "
            f"of the line PC and at what keeps it; {_THEN}"
        )
    return (
        f"{TIME}{time} is further ahead of this collector's clock ({utc_text(now)[:10]}) than [clock] ahead_secs "
        f"allows, and it says that its clock was kept right: one of the two is wrong; {_WAITS}. Set the clock that is "
        f"wrong; where it is this collector's, what waits goes in by itself then, else {_THEN}"
    )


_WAITS = "it stays without a receipt"
_THEN = "take it in (set-aside retry) or let it go (set-aside close)"
