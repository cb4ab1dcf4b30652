"""What an InfluxDB has of second histories (see `stores.parting`). An epoch that has one costs one question, once.

Which agents have second histories at all is asked of the index (tag `fork`). The first fork that is met in an epoch has
all that stands in it from there on read once; after that what this store writes is added, and a record whose
predecessor isn't known has it read anew, for another collector may have written that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gaugetrail_collector.stores.influx.around import Around, StandingPoint
from gaugetrail_collector.stores.influx.http import InfluxHttp, Point
from gaugetrail_collector.stores.influx.read import CARRIERS, RECORD
from gaugetrail_collector.stores.lines import forked, lines_of, stored_tag
from gaugetrail_collector.stores.parting import Seals, Standstill, follower
from gaugetrail_collector.stores.placing import Stood
from gaugetrail_contract.seal import BadRecord, Opened, Sealed, branch_name, open_sealed

EpochName = tuple[str, str]
"""Agent and epoch."""


@dataclass(frozen=True, slots=True)
class _There:
    sha256: str
    tag: str
    """The tag `fork` of its points; empty for none."""
    time_us: int


@dataclass(slots=True)
class _Epoch:
    first: int
    """Everything from this number on is known."""
    records: dict[int, dict[str, _There]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    """Seals of what this store has written itself."""


class InfluxHistories:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp, around: Around) -> None:
        self._http = http
        self._around = around
        self._several: dict[EpochName, bool] = {}
        self._epochs: dict[EpochName, _Epoch] = {}

    def forget(self) -> None:
        """Know nothing any more."""
        self._several.clear()
        self._epochs.clear()

    def several(self, name: EpochName) -> bool:
        """Whether the epoch is known to have more than one history."""
        if name not in self._several:
            self._several[name] = bool(branches_of(self._http, *name))
        return self._several[name]

    def look_again(self, name: EpochName) -> None:
        """Another collector may have found a second history since."""
        if not self._several.get(name):
            self._several.pop(name, None)

    # --- judging

    def begin(self, records: Iterable[Opened]) -> None:
        """Before these are judged: read what isn't known, and anew what their predecessors stand in."""
        wanted: dict[EpochName, list[Opened]] = {}
        for one in records:
            wanted.setdefault((one.agent, one.epoch), []).append(one)
        for name, some in wanted.items():
            self._several.setdefault(name, False)
            epoch, lowest = self._epochs.get(name), min(one.seq for one in some) - 1
            seals = {one.sealed.sha256 for one in some}
            if epoch is None or epoch.first > lowest or any(self._orphan(epoch, one, seals) for one in some):
                whole = epoch.whole if epoch is not None else set[str]()
                first = lowest if epoch is None else min(epoch.first, lowest)
                self._epochs[name] = _Epoch(first, self._read(name, first), whole)

    def _orphan(self, epoch: _Epoch, one: Opened, seals: set[str]) -> bool:
        before = epoch.records.get(one.seq - 1, {})
        return one.seq > 1 and one.prev not in seals and all(there.sha256 != one.prev for there in before.values())

    def _read(self, name: EpochName, first: int) -> dict[int, dict[str, _There]]:
        found: dict[int, dict[str, _There]] = {}
        bound: dict[str, str | int] = {"agent": stored_tag(name[0]), "epoch": name[1]}
        for carrier in CARRIERS:
            text = (
                f"SELECT seq, sha256, branch, fork FROM {carrier}"
                f" WHERE agent = $agent AND epoch = $epoch AND seq >= {max(first, 0)}"
            )
            for row in self._http.query(text, bound):
                if row["seq"] is not None and row["sha256"] is not None:
                    there = _There(str(row["sha256"]), str(row.get("fork") or ""), int(row["time"]) // 1000)
                    found.setdefault(int(row["seq"]), {})[str(row.get("branch") or "")] = there
        return found

    def standing(self, agent: str, epoch: str, seq: int) -> Seals:
        """As `parting.Standing`."""
        known = self._epochs[agent, epoch]
        return {branch: there.sha256 for branch, there in known.records.get(seq, {}).items()}

    def stood(self, name: EpochName, seq: int) -> dict[str, Stood]:
        """What is known to stand under a number, in every history, by its seal."""
        epoch = self._epochs.get(name)
        here = {} if epoch is None else epoch.records.get(seq, {})
        return {there.sha256: Stood(name[1], branch, seq, there.time_us) for branch, there in here.items()}

    def named_by(self, opened: Opened, sha256: str) -> bool:
        """Whether the record of that seal, which stands under the next number, names this one's."""
        behind = self._record(opened, "", sha256)
        return behind is not None and behind.prev == opened.sealed.sha256

    # --- writing

    def lines(self, opened: Opened) -> bytes | None:
        """The lines of a record that stands there, once more; null where this store has written it whole itself."""
        epoch = self._epochs[opened.agent, opened.epoch]
        if opened.sealed.sha256 in epoch.whole:
            return None
        there = epoch.records.get(opened.seq, {}).get(opened.branch)
        return tagged_lines(opened, self._tag(epoch, opened) if there is None else there.tag)

    def _tag(self, epoch: _Epoch, opened: Opened) -> str:
        """The name of its history; where a record that was moved out of that has kept the points, a name of its own."""
        taken = {there.tag for there in epoch.records.get(opened.seq, {}).values()}
        for point in self._around.at(opened.agent, opened.time_us):
            if point.stood.epoch == opened.epoch and point.sha256 != opened.sealed.sha256:
                taken.add(point.tag)
        return branch_name(opened.sealed.sha256) if opened.branch in taken else opened.branch

    def put(self, opened: Opened) -> None:
        """The record is in the database now, under its branch."""
        name = (opened.agent, opened.epoch)
        epoch = self._epochs.get(name)
        if opened.branch:
            self._several[name] = True
        if epoch is not None:
            there = _There(opened.sealed.sha256, self._tag(epoch, opened), opened.time_us)
            there = epoch.records.setdefault(opened.seq, {}).setdefault(opened.branch, there)
            epoch.whole.add(opened.sealed.sha256)
            stood = Stood(opened.epoch, opened.branch, opened.seq, opened.time_us)
            self._around.put(opened.agent, StandingPoint(stood, there.sha256, there.tag))

    def gathered(self, opened: Opened) -> Iterator[tuple[Opened, bytes]]:
        """The records that were only waiting for this one, each with the lines that move it into its history."""
        epoch, last, along = self._epochs[opened.agent, opened.epoch], opened, None
        while (moved := self._next_of(epoch, last, along)) is not None:
            along = moved.branch
            there = epoch.records[moved.seq].pop(moved.branch)
            moved.branch = opened.branch
            epoch.records[moved.seq][moved.branch] = there
            yield moved, tagged_lines(moved, there.tag)
            last = moved

    def _next_of(self, epoch: _Epoch, last: Opened, along: str | None) -> Opened | None:
        after = epoch.records.get(last.seq + 1, {})
        if not last.branch or not after or last.branch in after:
            return None
        known = {branch: one for branch, there in after.items() if (one := self._record(last, branch, there.sha256))}
        standing = [Standstill(branch, one.sealed.sha256, one.prev) for branch, one in known.items()]
        found = follower(last, standing, along)
        return None if found is None else known[found]

    def _record(self, last: Opened, branch: str, sha256: str) -> Opened | None:
        """The record behind the last one in a history; null for bytes that are none: verify names them."""
        bound: dict[str, str | int] = {"agent": stored_tag(last.agent), "epoch": last.epoch, "sha256": sha256}
        where = f"agent = $agent AND epoch = $epoch AND seq = {last.seq + 1} AND sha256 = $sha256"
        for carrier in CARRIERS:
            for row in self._http.query(f"SELECT {RECORD} FROM {carrier} WHERE {where}", bound):
                sealed = Sealed(sha256, str(row["record"] or "").encode("utf-8"))
                try:
                    record = open_sealed(sealed)
                except BadRecord:
                    return None
                if (record.agent, record.epoch, record.seq) == (last.agent, last.epoch, last.seq + 1):
                    return Opened(sealed, record, branch=branch)
        return None


def tagged_lines(opened: Opened, tag: str) -> bytes:
    """The record's lines under its branch, with the tag that its points have."""
    if not opened.branch and not tag:
        return "\n".join(lines_of(opened)).encode("utf-8")
    first = Opened(opened.sealed, opened.record)
    return "\n".join(forked(line, tag, opened.branch) for line in lines_of(first)).encode("utf-8")


def branches_of(http: InfluxHttp, agent: str, epoch: str) -> set[str]:
    """The names of an epoch's histories, but for the first, which has none. The index tells whether there are any."""
    found: set[str] = set()
    for carrier in CARRIERS:
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        forks = http.query(f'SHOW TAG VALUES FROM {carrier} WITH KEY = "fork" WHERE agent = $agent', bound)
        if forks:
            text = f"SELECT DISTINCT(branch) AS branch FROM {carrier} WHERE agent = $agent AND epoch = $epoch"
            found |= {str(row["branch"]) for row in http.query(text, {**bound, "epoch": epoch})}
    return found


def of_branch(points: Iterable[Point], branch: str) -> Iterator[Point]:
    """The points of one history; those of the first have no name of one."""
    return (point for point in points if (point.get("branch") or "") == branch)
