"""Where the records of an agent stand in time in InfluxDB, as far as it takes to judge new ones (`placing`).

A record that goes on at the end of its epoch, later than all that the agent has, costs no question: its head is
remembered. For any other the points around it are asked for, those of a batch together where they lie close. What
another collector has written since then isn't known here, as it isn't to `influx_chains`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from gaugetrail_collector.stores.influx_http import InfluxHttp
from gaugetrail_collector.stores.influx_read import CARRIERS
from gaugetrail_collector.stores.lines import stored_tag
from gaugetrail_collector.stores.placing import Stood, misplaced
from gaugetrail_contract.seal import ChainName, Opened

STRETCH_US = 6 * 3600 * 10**6
"""Of records that are asked about together, from the first to the last."""

NEAR = 20
"""Points of an epoch that are looked through for the nearest one of a record's own history."""
FAR_US = 2**52


@dataclass(slots=True)
class _Around:
    """What stands near some records of one agent, by time."""

    points: list[tuple[int, str, str, int]] = field(default_factory=list)

    def add(self, stood: Stood) -> None:
        """Another one, each once."""
        point = (stood.time_us, stood.epoch, stood.branch, stood.seq)
        at = bisect_left(self.points, point)
        if at == len(self.points) or self.points[at] != point:
            self.points.insert(at, point)

    def judge(self, opened: Opened) -> str | None:
        """As `misplaced`. In a store whose times rise with the numbers the neighbours by time are those by number; one
        that stands on the wrong side by its number contradicts the record.
        """
        at = bisect_left(self.points, (opened.time_us, "", "", 0))
        down = (self.points[place] for place in range(at - 1, -1, -1))
        earlier, later = (next(_of_chain(points, opened), None) for points in (down, islice(self.points, at, None)))
        here = takewhile(lambda point: point[0] == opened.time_us, islice(self.points, at, None))
        twins = (one for one in map(_stood, here) if not one.branch and not _same(one, opened))
        before = later if later is not None and later.seq < opened.seq else None
        behind = (one for one in (earlier, later) if one is not None and one.seq > opened.seq)
        after = next((one for one in behind if one.time_us <= opened.time_us), None)
        # The points of another history of an epoch have a tag of their own, so that they take nobody's place.
        return misplaced(opened, before, after, None if opened.branch else next(twins, None))


def _of_chain(points: Iterable[tuple[int, str, str, int]], opened: Opened) -> Iterator[Stood]:
    return (_stood(point) for point in points if point[1:3] == (opened.epoch, opened.branch))


def _stood(point: tuple[int, str, str, int]) -> Stood:
    return Stood(point[1], point[2], point[3], point[0])


def _same(one: Stood, opened: Opened) -> bool:
    return (one.epoch, one.branch, one.seq) == (opened.epoch, opened.branch, opened.seq)


def _standing(opened: Opened) -> Stood:
    return Stood(opened.epoch, opened.branch, opened.seq, opened.time_us)


class Placing:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._heads: dict[ChainName, Stood | None] = {}
        self._newest: dict[str, int] = {}

    def forget(self) -> None:
        """Know nothing any more; the next question is asked of the database."""
        self._heads.clear()
        self._newest.clear()

    def put(self, opened: Opened) -> None:
        """The record is in the database now."""
        if opened.chain in self._heads:
            head = self._heads[opened.chain]
            if head is None or opened.seq > head.seq:
                self._heads[opened.chain] = _standing(opened)
        if opened.agent in self._newest:
            self._newest[opened.agent] = max(self._newest[opened.agent], opened.time_us)

    def judge(self, records: Sequence[Opened]) -> list[str | None]:
        """For each record that isn't in the database why it may not be written; those before it in the batch count as
        if they were there, unless they may not either.
        """
        others: list[int] = []
        heads, newest = dict(self._heads), dict(self._newest)
        for index, opened in enumerate(records):
            name = opened.chain
            self._learn(name)
            head = heads.setdefault(name, self._heads[name])
            last = newest.setdefault(opened.agent, self._newest[opened.agent])
            if (head is None or opened.seq > head.seq) and opened.time_us > last:
                heads[name] = _standing(opened)
                newest[opened.agent] = opened.time_us
            else:
                others.append(index)
        found: list[str | None] = [None] * len(records)
        for index, reason in zip(others, self._judge_by_points(records, others) if others else (), strict=True):
            found[index] = reason
        return found

    def _judge_by_points(self, records: Sequence[Opened], others: Sequence[int]) -> Iterator[str | None]:
        around: dict[str, _Around] = defaultdict(_Around)
        for group in _close(sorted((records[index] for index in others), key=lambda one: (one.agent, one.time_us))):
            self._ask_around(group, around[group[0].agent])
        odd = frozenset(others)
        for index, opened in enumerate(records):
            if index not in odd and opened.agent in around:
                around[opened.agent].add(_standing(opened))
        for index in others:
            opened = records[index]
            reason = around[opened.agent].judge(opened)
            if reason is None:
                around[opened.agent].add(_standing(opened))
            yield reason

    def _ask_around(self, group: Sequence[Opened], around: _Around) -> None:
        """The agent's points within the group's stretch of time, and its epochs' nearest ones outside."""
        agent, first, last = group[0].agent, group[0].time_us * 1000, group[-1].time_us * 1000 + 999
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        asked = [(f"agent = $agent AND time >= {first} AND time <= {last}", bound)]
        for epoch in sorted({opened.epoch for opened in group}):
            for when in (f"time < {first} ORDER BY time DESC", f"time > {last} ORDER BY time"):
                asked.append((f"agent = $agent AND epoch = $epoch AND {when} LIMIT {NEAR}", bound | {"epoch": epoch}))
        for where, values in asked:
            for stood in self._points(where, values):
                around.add(stood)

    def _learn(self, name: ChainName) -> None:
        """The newest point of the agent and the last one of the epoch, once. Where that is of another history of the
        epoch, the end of this one isn't known: every record of it is judged by the points around it.
        """
        if name in self._heads:
            return
        bound: dict[str, str | int] = {"agent": stored_tag(name.agent)}
        head = self._last("agent = $agent", bound)
        self._newest.setdefault(name.agent, head.time_us if head is not None else -FAR_US)
        if head is not None and head.epoch != name.epoch:
            head = self._last("agent = $agent AND epoch = $epoch", bound | {"epoch": name.epoch})
        known = head is None or head.branch == name.branch
        self._heads[name] = head if known else Stood(name.epoch, name.branch, FAR_US, FAR_US)

    def _last(self, where: str, bound: dict[str, str | int]) -> Stood | None:
        found = self._points(f"{where} ORDER BY time DESC LIMIT 1", bound)
        return max(found, key=lambda one: one.time_us, default=None)

    def _points(self, where: str, bound: dict[str, str | int]) -> Iterator[Stood]:
        for carrier in CARRIERS:
            for row in self._http.query(f"SELECT seq, epoch, branch FROM {carrier} WHERE {where}", bound):
                # Of a point that another collector is writing just now some fields may be seen before others.
                if row["seq"] is not None and row["epoch"] is not None:
                    branch = str(row.get("branch") or "")
                    yield Stood(str(row["epoch"]), branch, int(row["seq"]), int(row["time"]) // 1000)


def _close(records: Sequence[Opened]) -> Iterator[list[Opened]]:
    """Records of one agent whose times lie within a stretch, group by group."""
    group: list[Opened] = []
    for opened in records:
        far = group and (opened.agent != group[0].agent or opened.time_us - group[0].time_us > STRETCH_US)
        if far:
            yield group
            group = []
        group.append(opened)
    if group:
        yield group
