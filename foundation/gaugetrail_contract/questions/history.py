"""What a station makes of a unit's past, and of the units that a gauge has measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gaugetrail_contract.holds.known import REFUSED
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.answered import LotVisit, LotVoid, UnitAnswer, UnitVisit
from gaugetrail_contract.record.parts import PastOperation, UnitState, Verdict

MOST_ROUTE = 50
VERDICTS = frozenset(Verdict)


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """What the store knows of a unit."""

    visits: tuple[UnitVisit, ...] = ()
    earlier: int = 0
    unit: ListedState | None = None
    failed_at: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: UnitAnswer) -> UnitHistory:
        """As the answer says."""
        return cls(answer.visits, answer.earlier, answer.unit, answer.failed_at)

    def barred(self, place: str) -> ListedState | None:
        """What keeps it from being measured on at that operation (or station, where it has none); null: nothing. What
        failed there may be measured there again.
        """
        unit = self.unit
        if unit is None or unit.state not in REFUSED:
            return None
        return None if unit.state == UnitState.FAIL and set(self.failed_at) <= {place} else unit

    def route(self, operation: str | None) -> tuple[PastOperation, ...]:
        """The last verdict of each operation but this one, in the order of their last visits, as a record has it."""
        last: dict[str, UnitVisit] = {}
        for one in self.visits:
            place = one.operation or one.station
            if place != operation and one.verdict in VERDICTS:
                last.pop(place, None)
                last[place] = one
        return tuple(
            PastOperation(operation=place, verdict=Verdict(one.verdict), station=one.station, record=one.record)
            for place, one in list(last.items())[-MOST_ROUTE:]
        )


@dataclass(frozen=True, slots=True)
class UnitsFound:
    """The units that a gauge has measured since. `open`: what nobody could name, in a sentence; null: these are all.
    `answered`: the store has said all that it knows, so that asking again says no more.
    """

    serials: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    open: str | None = None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class LotFound:
    """What was measured of a lot. `open`: why that may not be all, in a sentence; null: it is."""

    visits: tuple[LotVisit, ...] = ()
    open: str | None = None

    @classmethod
    def of(cls, visits: Iterable[LotVisit], voids: Iterable[LotVoid]) -> LotFound:
        """But for what was voided; both as they came, the oldest first."""
        gone: set[str] = set()
        for one in reversed(tuple(voids)):
            if one.record not in gone:
                gone.add(one.target)
        return cls(tuple(one for one in visits if one.record not in gone))


def missing_operations(route: Iterable[PastOperation], after: Iterable[str]) -> tuple[str, ...]:
    """Which of the operations that must have passed before haven't, in the plan's order."""
    passed = {one.operation for one in route if one.verdict == Verdict.PASS}
    return tuple(one for one in after if one not in passed)
