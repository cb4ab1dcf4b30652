"""The points of an agent that stand around some moments in InfluxDB, whatever their epoch and history.

Asked for at most once in a batch, and not at all where it is known that nothing stands there: beyond an agent's newest
point, or in a stretch of time that was looked at once and that only this store writes into. What another collector has
written since then isn't known here, as it isn't to `chains`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_collector.stores.influx.read import CARRIERS
from gaugetrail_collector.stores.lines import stored_tag
from gaugetrail_collector.stores.placing import Stood

FAR_US = (2**63 - 1) // 1000 - 1
"""Beyond any moment that a point can have, in the future as in the past; a point's are 64 bits of nanoseconds."""


class StandingPoint(NamedTuple):
    """A point that carries a record."""

    stood: Stood
    sha256: str
    tag: str
    """Its tag `fork`; empty for none."""


@dataclass(slots=True)
class _Clear:
    """Nothing that another has written stands between these two moments, nor anything behind `after` at all."""

    after: int
    before: int


@dataclass(slots=True)
class _Known:
    """What has been learned of an agent's points for one batch."""

    asked: list[tuple[int, int]] = field(default_factory=list)
    points: dict[int, list[StandingPoint]] = field(default_factory=dict)


class Around:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._clear: dict[str, _Clear] = {}
        self._batch: dict[str, _Known] = defaultdict(_Known)

    def forget(self) -> None:
        """Know nothing any more."""
        self._clear.clear()
        self._batch.clear()

    def begin(self) -> None:
        """Another batch: what was read for the one before is let go."""
        self._batch.clear()

    def newest(self, agent: str, time_us: int) -> None:
        """The agent's newest point, as it was just asked for."""
        self._clear[agent] = _Clear(time_us, FAR_US)

    def look(self, agent: str, times: Iterable[int]) -> None:
        """Know what stands at these moments."""
        asked = self._batch[agent].asked
        open_ones = [
            time for time in times if not self._is_clear(agent, time) and all(not a <= time <= b for a, b in asked)
        ]
        if not open_ones:
            return
        first, last = min(open_ones), max(open_ones)
        following = self._first_from(agent, first)
        if following > last:
            self._clear[agent] = _Clear(last, following)
        else:
            self.stretch(agent, first, last)

    def stretch(self, agent: str, first: int, last: int) -> Iterator[StandingPoint]:
        """The points from one moment to another, both included; they are kept for this batch."""
        known = self._batch[agent]
        known.asked.append((first, last))
        within = f"time >= {_within(first) * 1000} AND time <= {_within(last) * 1000 + 999}"
        found = list(self._points(agent, within))
        for point in found:
            _note(known, point)
        return iter(found)

    def first_of(self, agent: str, since_us: int, until_us: int) -> int | None:
        """As `Store.first_of`."""
        where = f"time >= {_within(since_us) * 1000} AND time < {_within(until_us) * 1000} ORDER BY time LIMIT 1"
        return min((point.stood.time_us for point in self._points(agent, where)), default=None)

    def at(self, agent: str, time_us: int) -> Iterable[StandingPoint]:
        """What stands at a moment that was looked at, with what was written since."""
        known = self._batch.get(agent)
        return () if known is None else known.points.get(time_us, ())

    def put(self, agent: str, point: StandingPoint) -> None:
        """It is in the database now."""
        clear, time_us = self._clear.get(agent), point.stood.time_us
        if clear is not None and clear.after < time_us < clear.before:
            clear.after = time_us
        _note(self._batch[agent], point)

    def _is_clear(self, agent: str, time_us: int) -> bool:
        clear = self._clear.get(agent)
        return clear is not None and clear.after < time_us < clear.before

    def _first_from(self, agent: str, time_us: int) -> int:
        where = f"time >= {_within(time_us) * 1000} ORDER BY time LIMIT 1"
        return min((point.stood.time_us for point in self._points(agent, where)), default=FAR_US)

    def _points(self, agent: str, where: str) -> Iterator[StandingPoint]:
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        for carrier in CARRIERS:
            text = f"SELECT seq, epoch, sha256, branch, fork FROM {carrier} WHERE agent = $agent AND {where}"
            for row in self._http.query(text, bound):
                # Of a point that another collector is writing just now, InfluxDB may show some fields before others.
                # It isn't there yet; whoever writes the same record writes the same point.
                if row["seq"] is not None and row["epoch"] is not None and row["sha256"] is not None:
                    place = (str(row["epoch"]), str(row.get("branch") or ""), int(row["seq"]))
                    stood = Stood(*place, int(row["time"]) // 1000)
                    yield StandingPoint(stood, str(row["sha256"]), str(row.get("fork") or ""))


def _within(time_us: int) -> int:
    return max(-FAR_US, min(FAR_US, time_us))


def _note(known: _Known, point: StandingPoint) -> None:
    """Each record once: where it was moved from another history, as it stands now."""
    here = known.points.get(point.stood.time_us)
    if here is not None:
        here[:] = [one for one in here if one.sha256 != point.sha256]
        here.append(point)
    else:
        known.points[point.stood.time_us] = [point]
