"""Which value is this part's: what a device has shown since its last value was used. Pure, with time as data.

Promise (G9): a value is given to a unit only if the device has since shown what its rule asks for: an event of its own
(a key, a trigger), a change, an empty pan, or motion. Each such sign begins a new *placement*, and a placement is one
unit's: once a value of it is used, or another unit was in hand while it stood there, it is nobody else's. What stood
there when the agent started is no placement at all. Nothing is ever guessed: what is not fresh is an `Obstacle`, for
which there is a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto
from typing import Literal

from gaugetrail_agent.reading import Reading, Status

Fresh = Literal["event", "change", "return_to_zero", "motion"]
Channel = tuple[str, str | None]
"""Device and channel."""
STRAY = 5
"""Without a dead band of its own a device may stray so far in the last digit it shows: scales step by 1, 2 or 5."""
EMPTY_STRAY = 2
"""The same for an empty pan, which scales keep near zero by themselves; pieces are counted, and none is none."""
NO_SIGN = frozenset({Status.GARBLED, Status.INCOMPLETE, Status.INFO, Status.ACK})
"""Says nothing of what is on the device."""
OUT_OF_RANGE = frozenset({Status.OVERRANGE, Status.UNDERRANGE})


@dataclass(frozen=True, slots=True)
class FreshRule:
    """When a device's value is fresh. A band that is null is counted in the last digit that the device shows."""

    fresh: Fresh = "event"
    pan: bool = False
    """It weighs: zero and less is an empty pan and never a part."""
    placed_before: Literal["take", "refuse"] = "refuse"
    dead_band: Decimal | None = None
    zero_band: Decimal | None = None
    settle_ns: int = 0
    bounce_ns: int = 0
    repeat_ns: int = 0
    asked: bool = False
    """The station may ask it: its answer is no event that somebody made."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one channel of a device has shown so far."""

    placement: int = 0
    """How often it has begun anew; 0: what it shows stood there before the agent started."""
    began_ns: int = 0
    """When this placement came: the load, the last movement, the key."""
    empty: bool = False
    level: Decimal | None = None
    """What it rests at, or last rested at."""
    rests_since_ns: int | None = None
    still: bool = False
    bounced: bool = False
    """The latest value came too soon behind the one before to be a press of its own."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A unit in hand, as far as a value can be its own. `started_us` is unique in an agent."""

    serial: str
    piece: tuple[str, str] | None
    """Part and serial; null without a serial, for units of a lot can't be told apart."""
    started_us: int


@dataclass(frozen=True, slots=True)
class Use:
    """Whose a placement is: the last unit that took a value from a channel, or was in hand before it."""

    placement: int
    owner: Owner
    characteristic: str | None = None
    value: str | None = None
    at_ns: int = 0


class Obstacle(Enum):
    """Why a value is not the unit's."""

    UNSEEN = auto()
    """The device has said nothing yet."""
    BEFORE_START = auto()
    """It shows what it showed when the agent started."""
    SPENT = auto()
    """It shows what another unit, or another characteristic of this one, has had."""
    BEFORE_SCAN = auto()
    """It was there before the unit was scanned, and the settings refuse that."""
    EMPTY = auto()
    MOVING = auto()


def saw(rule: FreshRule, sight: Sight, reading: Reading, now_ns: int) -> Sight:
    """What is known of the device after this reading."""
    if rule.fresh == "event":
        return _pressed(rule, sight, reading, now_ns)
    if reading.status in NO_SIGN:
        return sight
    if reading.value is None:
        return _without_value(rule, sight, reading, now_ns)
    value = Decimal(reading.value)
    at_rest = reading.status is Status.OK
    if is_empty_pan(rule, reading):
        return _unloaded(sight) if at_rest else replace(sight, still=False, rests_since_ns=None)
    return _loaded(rule, sight, value, at_rest, now_ns)


def obstacle(rule: FreshRule, sight: Sight | None, use: Use | None, owner: Owner, scanned_ns: int) -> Obstacle | None:
    """Why what the device shows can't be taken for a unit that was scanned at `scanned_ns`; null when it can."""
    if sight is None:
        return Obstacle.UNSEEN
    if rule.fresh == "event":
        # One press is one unit's, also where two stations wait for it.
        taken = use is not None and use.placement == sight.placement and use.owner != owner
        return Obstacle.SPENT if taken else None
    if sight.empty:
        return Obstacle.EMPTY
    if sight.placement == 0:
        return Obstacle.BEFORE_START
    if use is not None and use.placement == sight.placement and not _again(use.owner, owner):
        return Obstacle.SPENT
    if rule.placed_before == "refuse" and sight.began_ns < scanned_ns:
        return Obstacle.BEFORE_SCAN
    return None if sight.still else Obstacle.MOVING


def is_empty_pan(rule: FreshRule, reading: Reading) -> bool:
    """Whether a value is none because nothing lies on the scale, whoever asked for it or pressed its key."""
    if not rule.pan or reading.value is None:
        return False
    value = Decimal(reading.value)
    return value <= _band(rule.zero_band, value, 0 if reading.unit == "pcs" else EMPTY_STRAY)


def is_repeat(rule: FreshRule, use: Use | None, characteristic: str, value: str | None, now_ns: int) -> bool:
    """Whether a press looks like one for the characteristic before: the same digits again, hardly later."""
    if rule.fresh != "event" or use is None or use.value is None:
        return False
    return use.characteristic != characteristic and use.value == value and now_ns - use.at_ns < rule.repeat_ns


def _again(before: Owner, now: Owner) -> bool:
    """The same piece scanned anew: what lies there is still its own."""
    return now.piece is not None and before.piece == now.piece and before != now


def _pressed(rule: FreshRule, sight: Sight, reading: Reading, now_ns: int) -> Sight:
    """Each value is an event of its own, but for the bounce of a key. A result that the device numbers is no bounce."""
    if reading.status is not Status.OK or reading.value is None:
        return replace(sight, bounced=False)
    if sight.placement and now_ns - sight.began_ns < rule.bounce_ns and "tightening_id" not in reading.extra:
        return replace(sight, bounced=True)
    return Sight(placement=sight.placement + 1, began_ns=now_ns, still=True)


def _without_value(rule: FreshRule, sight: Sight, reading: Reading, now_ns: int) -> Sight:
    """A probe that is lifted out of its range has moved; an error only breaks the rest."""
    if reading.status in OUT_OF_RANGE and rule.fresh in ("change", "motion") and sight.level is not None:
        return _moved(sight, now_ns)
    return replace(sight, still=False, rests_since_ns=None)


def _unloaded(sight: Sight) -> Sight:
    """The pan is empty: whatever is put on it next is a new placement."""
    return sight if sight.empty else Sight(placement=sight.placement + 1, began_ns=sight.began_ns, empty=True)


def _loaded(rule: FreshRule, sight: Sight, value: Decimal, at_rest: bool, now_ns: int) -> Sight:
    if sight.empty:
        sight = replace(sight, empty=False, began_ns=now_ns)
    if not at_rest and rule.fresh == "motion" and sight.rests_since_ns is not None:
        sight = _moved(sight, now_ns)
    if sight.level is None or abs(value - sight.level) > _band(rule.dead_band, value, STRAY):
        anew = rule.fresh in ("change", "motion") and sight.level is not None
        sight = replace(_moved(sight, now_ns) if anew else sight, level=value, rests_since_ns=None)
    if not at_rest:
        return replace(sight, still=False, rests_since_ns=None)
    since = now_ns if sight.rests_since_ns is None else sight.rests_since_ns
    return replace(sight, rests_since_ns=since, still=now_ns - since >= rule.settle_ns)


def _moved(sight: Sight, now_ns: int) -> Sight:
    """A new placement, not at rest yet."""
    return Sight(placement=sight.placement + 1, began_ns=now_ns, level=sight.level)


def _band(band: Decimal | None, value: Decimal, stray: int) -> Decimal:
    if band is not None:
        return band
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "a reading's value is a plain decimal"
    return Decimal(stray).scaleb(exponent)
