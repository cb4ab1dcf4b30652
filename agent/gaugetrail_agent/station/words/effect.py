"""What a station wants done. Pure data; `runner` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.freshness import Channel, Use
from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.looking_back import RecordSearch
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import EventBody, InspectionBody


@dataclass(frozen=True, slots=True)
class SealIt:
    """Seal this body, then say `Recorded` or `NotRecorded`. `answer`: the device and trigger waiting for a code."""

    body: InspectionBody | EventBody
    answer: tuple[str, int] | None = None
    locked: bool = False
    """A gauge may not measure: the part is rejected, whatever else was measured of it."""


@dataclass(frozen=True, slots=True)
class AskDevice:
    """Trigger a reading of the next characteristic, where the device can be asked."""

    device: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class KeepIt:
    """Keep what the unit in hand has so far, before anybody is shown it; else say `NotKept`."""

    body: InspectionBody


@dataclass(frozen=True, slots=True)
class TellUse:
    """Tell the other stations, before anything else happens to them, that what the device shows is used."""

    channel: Channel
    use: Use


@dataclass(frozen=True, slots=True)
class TakeOrder:
    """Look up how much of the order is done, and say `OrderTaken`."""

    work: OrderAtWork
    scan: Scanned


@dataclass(frozen=True, slots=True)
class CountOrders:
    """Look up how much of each of these is done, of `count` in all, and say `OrdersCounted`."""

    orders: tuple[OrderAtWork, ...]
    count: int


@dataclass(frozen=True, slots=True)
class RecallUnit:
    """Look up how often the unit has been inspected here, and say `UnitRecalled`."""

    part: str
    serial: str
    scan: Scanned


@dataclass(frozen=True, slots=True)
class LookBack:
    """Look through the records of this PC, and ask the store for those of others; then say `LookedBack`."""

    wanted: RecordSearch


@dataclass(frozen=True, slots=True)
class KeepOrder:
    """Remember at which order the station works, over a restart; null: at none."""

    order: str | None


@dataclass(frozen=True, slots=True)
class CountBounce:
    """A key bounced, and the second value was dropped."""

    device: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something was refused, and who stood there was told `why`. `subject` is whose matter it is, a kind and an
    identifier; null: nobody's in particular. `names` are what it is found under, and the device; `raw` is what came.
    """

    why: Sentence
    subject: tuple[str, str] | None
    names: Mapping[str, str]
    raw: bytes
    at_us: int


@dataclass(frozen=True, slots=True)
class TellEvent:
    """Something that happened becomes a record, beside all else: no unit waits for it. `sure`: nothing of what happened
    is shown before it is in the spool, and where that refuses, it hasn't happened.
    """

    body: EventBody
    sure: bool = False


@dataclass(frozen=True, slots=True)
class TellPlc:
    """Answer a PLC's trigger, and keep nothing of it: the same trigger may be offered again."""

    device: str
    trigger: int
    code: ResultCode


@dataclass(frozen=True, slots=True)
class AnswerPlc:
    """Answer a PLC's trigger for good, in one commit with the last event of this step; where the spool refuses, it is
    not ready, and may offer the same again.
    """

    device: str
    trigger: int
    code: ResultCode


@dataclass(frozen=True, slots=True)
class TryPin:
    """Try this PIN, then say `PinTried`. It stands nowhere else, and is never shown."""

    badge: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnlockPin:
    """The wrong guesses at this person's PIN count no more."""

    badge: str


Effect = (
    SealIt
    | TakeOrder
    | RecallUnit
    | CountOrders
    | KeepOrder
    | LookBack
    | TellPlc
    | AnswerPlc
    | KeepIt
    | AskDevice
    | TellUse
    | CountBounce
    | Refusal
    | TellEvent
    | TryPin
    | UnlockPin
)
