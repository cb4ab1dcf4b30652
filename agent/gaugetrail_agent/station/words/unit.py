"""The unit in hand: what it is, what has been measured of it, what was allowed. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.record import Interruption, Measurement, Override
from gaugetrail_contract.record.parts import (
    BuiltIn,
    Condition,
    EarlierValue,
    Instruction,
    PastOperation,
    Reason,
    Subgroup,
    UnitState,
)
from gaugetrail_contract.text import visible

LockKey = tuple[str, str, str]
"""What exactly is refused by a lock: the cause, the gauge or badge, the characteristic or operation."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a person or a gauge may not measure."""

    says: Sentence
    key: LockKey


@dataclass(frozen=True, slots=True)
class LiftedLock:
    """A lock that somebody has lifted, as it stands in the record."""

    key: LockKey
    override: Override


@dataclass(frozen=True, slots=True)
class Unit:
    """The physical piece in hand and what has been measured of it."""

    ids: Mapping[str, str]
    started_us: int
    started_ns: int
    taken: tuple[Measurement, ...] = ()
    raw: str | None = None
    """The code as it was scanned, hex, where it says more than the identifier."""
    interruptions: tuple[Interruption, ...] = ()
    allowed: tuple[LiftedLock, ...] = ()
    plan: Plan | None = None
    """Which of the station's plans holds for it."""
    customer: str | None = None
    """Who gets it, by its order."""
    wanted: frozenset[str] | None = None
    """The characteristics that are measured of it; null: all of the plan."""
    reason: Reason = Reason.RUNNING
    context: Mapping[str, str] = field(default_factory=dict)
    """Further keys of its record: supplier_lot, cavity, fixture, tool, machine, shift, order_line, verifier, bypass."""
    built_in: tuple[BuiltIn, ...] = ()
    conditions: tuple[Condition, ...] = ()
    instruction: Instruction | None = None
    route: tuple[PastOperation, ...] = ()
    unit_state: UnitState | None = None
    again_reason: str | None = None
    subgroups: Mapping[str, Subgroup] = field(default_factory=dict)
    """Characteristic -> the unit's place in a check of several units."""
    earlier: Mapping[str, tuple[EarlierValue, ...]] = field(default_factory=dict)
    """Characteristic -> values that were refused or replaced before the one that counts."""
    been_here: int | None = None
    """How often it has been inspected here; null: nobody has asked."""

    @property
    def serial(self) -> str:
        """The serial, or the lot where the unit has none."""
        return self.ids.get("serial") or self.ids.get("lot", "")


def with_earlier(
    unit: Unit, characteristic: str, value: str, why: str, fate: Literal["refused", "replaced"], at_us: int
) -> Unit:
    """The unit with a value that doesn't count, and why."""
    one = EarlierValue(value=visible(value)[:200], why=why[:500], fate=fate, time=utc_text(at_us))
    return replace(unit, earlier={**unit.earlier, characteristic: (*unit.earlier.get(characteristic, ()), one)})
