"""In what order an agent's epochs came, and which of its records were sealed in a wrong year.

Within an epoch the numbers order; between epochs the first record of the later one does, which names the epoch before
it. Times don't: an agent whose clock had been years ahead begins a new epoch when it is right again (`spool.retimed`),
and what it sealed before would stand behind all that comes after. Such a record is marked, with its true time where an
amendment tells it, and stands where the spool had it. Its bytes and its place in the store are as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from gaugetrail_collector.stores.question import Asked
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.events.spool import NewEpoch, SpoolRetimed
from gaugetrail_contract.record import Amendment, Event
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

if TYPE_CHECKING:
    from gaugetrail_collector.stores import Row, Store
    from gaugetrail_collector.tracing.trace import Known


@dataclass(frozen=True, slots=True)
class Beginning:
    """How an epoch began: after which, and when; `retimed`: by a clock that had been set right."""

    epoch: str
    after: str | None
    time_us: int
    retimed: bool


class EpochOrder:
    """Asks the store once for each agent. Every method may raise what the store raises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._agents: dict[str, dict[str, Beginning]] = {}

    def row_of(self, agent: str, epoch: str) -> tuple[str, int]:
        """The oldest epoch that is known to lie before it, and how many do. Of two epochs without such a one in common
        nothing tells which was first: a new disk knows no old one.
        """
        begun, seen = self._begun(agent), {epoch}
        while (here := begun.get(epoch)) is not None and here.after is not None and here.after not in seen:
            epoch = here.after
            seen.add(epoch)
        return epoch, len(seen) - 1

    def right_again_us(self, agent: str, epoch: str) -> int | None:
        """When the clock was set right that had been wrong in this epoch; null for an epoch that ended otherwise."""
        return next((one.time_us for one in self._begun(agent).values() if one.retimed and one.after == epoch), None)

    def _begun(self, agent: str) -> dict[str, Beginning]:
        if agent not in self._agents:
            found = map(beginning, self._store.search(Asked("agent", agent)))
            self._agents[agent] = {one.epoch: one for one in found if one is not None}
        return self._agents[agent]


def beginning(row: Row) -> Beginning | None:
    """What the first record of an epoch says of the one before; null for any other record."""
    if row.seq != 1:
        return None
    try:
        record = open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None
    told = payload_of(record.type, record.subject.kind, record.payload) if isinstance(record, Event) else None
    if not isinstance(told, NewEpoch):
        return None
    return Beginning(row.epoch, told.old_epoch, row.time_us, isinstance(told, SpoolRetimed))


def in_order(known: Sequence[Known], amendments: Iterable[Known], order: EpochOrder) -> tuple[Known, ...]:
    """These records, those of a wrong year marked, each agent's in the order of its spool; else by time."""
    true = true_times(amendments)
    marked = [_marked(one, true, order) for one in known]
    spools: dict[tuple[str, str, str], list[Known]] = {}
    for one in marked:
        oldest, _ = order.row_of(one.row.agent, one.row.epoch)
        spools.setdefault((one.row.agent, oldest, one.row.branch), []).append(one)
    placed = [pair for own in spools.values() for pair in _placed(own, true, order)]
    return tuple(one for _, one in sorted(placed, key=lambda pair: pair[0]))


def true_times(amendments: Iterable[Known]) -> dict[str, str]:
    """Seal of a record -> the time that the last amendment of it gives: of two histories, both may have its name."""
    found: dict[str, str] = {}
    for one in amendments:
        record = one.record
        if isinstance(record, Amendment) and record.action == "correct" and record.field == "time" and record.new:
            found[record.target_sha256] = record.new
    return found


def _marked(known: Known, true: dict[str, str], order: EpochOrder) -> Known:
    right_us = order.right_again_us(known.row.agent, known.row.epoch)
    if right_us is None or known.row.time_us <= right_us:
        return known
    moment = true.get(known.row.sha256)
    when = "its true time is not known, but earlier" if moment is None else f"its true time is {moment}"
    words = f"sealed in a wrong year: the clock was set right on {utc_text(right_us)[:19]}Z; {when}"
    return replace(known, misdated=words)


def _placed(own: Sequence[Known], true: dict[str, str], order: EpochOrder) -> list[tuple[tuple[int, str, int], Known]]:
    """One spool's records with what they are sorted by: the true moment as far as it is known, and none is later than
    what follows it in the spool.
    """
    ranks = {one.row.epoch: order.row_of(one.row.agent, one.row.epoch)[1] for one in own}
    first = {one.row.epoch: one.row.time_us for one in reversed(own)}

    def place(one: Known) -> tuple[int, int, str, int]:
        return ranks[one.row.epoch], first[one.row.epoch], one.row.epoch, one.row.seq

    spooled = sorted(own, key=place)
    moments = [_moment_us(one, true, order) for one in spooled]
    moments = list(accumulate(reversed(moments), min))[::-1]
    return [
        ((moment, one.row.agent, number), one)
        for number, (moment, one) in enumerate(zip(moments, spooled, strict=True))
    ]


def _moment_us(known: Known, true: dict[str, str], order: EpochOrder) -> int:
    if known.misdated is None:
        return known.row.time_us
    right_us = order.right_again_us(known.row.agent, known.row.epoch)
    moment = true.get(known.row.sha256)
    return utc_us(moment) if moment is not None else right_us or known.row.time_us
