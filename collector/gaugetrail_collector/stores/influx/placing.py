"""Where a record would stand in time in InfluxDB (see `stores.placing`), by its neighbours and its moment.

A record that goes on costs no question: the one before it is of its batch or was written by this store, and its moment
lies behind everything that its agent has. Of others the stretch of time that `chains` reads tells the moment and
most neighbours; a neighbour by number that stands and isn't known is asked for, those of a batch together. Only where
times contradict each other is the later number's record itself read: does it name this one?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gaugetrail_collector.stores import Doubt
from gaugetrail_collector.stores.influx.around import Around, StandingPoint
from gaugetrail_collector.stores.influx.chains import Chains
from gaugetrail_collector.stores.influx.parting import EpochName, InfluxHistories
from gaugetrail_collector.stores.placing import Stood, misplaced, taken
from gaugetrail_contract.seal import Opened


class InfluxPlacing:
    """Asked and told by the one who writes the batch. One thread at a time."""

    def __init__(self, chains: Chains, histories: InfluxHistories, around: Around) -> None:
        self._chains = chains
        self._histories = histories
        self._around = around
        self._doubt: Doubt | None = None
        self._vouched = False
        self._sealed: dict[str, Stood] = {}
        self._naming: dict[str, Stood] = {}
        """Records of this batch, by their seals, and by the seals that they name."""

    def begin(self, doubt: Doubt | None, *, vouched: bool) -> None:
        """Another batch. Who has vouched has looked at neighbours and at doubts."""
        self._doubt, self._vouched = None if vouched else doubt, vouched
        self._sealed.clear()
        self._naming.clear()

    def look(self, records: Sequence[Opened]) -> None:
        """Know at what moments these would stand, none of which is in the database."""
        times: dict[str, list[int]] = defaultdict(list)
        for opened in records:
            times[opened.agent].append(opened.time_us)
        for agent, some in times.items():
            self._around.look(agent, some)

    def meet(self, records: Sequence[Opened]) -> None:
        """Know their neighbours in the first histories of their epochs."""
        numbers: dict[EpochName, set[int]] = defaultdict(set)
        for opened in records:
            numbers[opened.agent, opened.epoch].add(opened.seq)
        for name, own in numbers.items():
            beside = {seq + step for seq in own for step in (-1, 1)}
            self._chains.meet(name, beside - own)

    def judge(self, opened: Opened) -> str | None:
        """Why the record may not be written under its branch; null where it may, and then it counts as if it were."""
        reason = (self._doubt(opened) if self._doubt is not None else None) or self._misplaced(opened)
        if reason is None:
            self._expect(opened)
        return reason

    def _misplaced(self, opened: Opened) -> str | None:
        at = self._around.at(opened.agent, opened.time_us)
        twin = next((point.stood for point in at if point.stood.takes(opened)), None)
        if self._vouched:
            return None if twin is None else taken(opened, twin)
        return misplaced(opened, self._before(opened), self._after(opened), twin)

    def _expect(self, opened: Opened) -> None:
        sha256 = opened.sealed.sha256
        stood = Stood(opened.epoch, opened.branch, opened.seq, opened.time_us)
        self._sealed[sha256] = stood
        self._naming[opened.prev] = stood
        self._around.put(opened.agent, StandingPoint(stood, sha256, opened.branch))

    def _before(self, opened: Opened) -> Stood | None:
        """The record whose seal it names."""
        number = opened.seq - 1
        found = self._sealed.get(opened.prev)
        if found is not None and (found.epoch, found.seq) == (opened.epoch, number):
            return found
        return self._known(opened, number).get(opened.prev)

    def _after(self, opened: Opened) -> Stood | None:
        """A record that names its seal; of those that the database has, one whose time is no later than its own."""
        number = opened.seq + 1
        found = self._naming.get(opened.sealed.sha256)
        if found is not None and (found.epoch, found.seq) == (opened.epoch, number):
            return found
        for sha256, one in self._known(opened, number).items():
            if one.time_us <= opened.time_us and self._histories.named_by(opened, sha256):
                return one
        return None

    def _known(self, opened: Opened, number: int) -> dict[str, Stood]:
        """What stands under a number of its epoch, by seals."""
        name = (opened.agent, opened.epoch)
        known, first = self._histories.stood(name, number), self._chains.standing(name, number)
        if first is not None:
            known.setdefault(first.sha256, Stood(opened.epoch, "", number, first.time_us))
        return known
