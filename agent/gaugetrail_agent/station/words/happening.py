"""What happens to a station: what people, gauges and PLCs do, what the spool and the line tell. Pure data.

Times are data of what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gaugetrail_agent.languages.sentences import SentenceValue
from gaugetrail_agent.reading import Reading
from gaugetrail_agent.station.freshness import Channel, Use
from gaugetrail_agent.station.given.orders_here import OrderAtWork, OrderCount
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch
from gaugetrail_agent.station.memory import Moment, StationMemory
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.pins import PinFate
from gaugetrail_contract.questions.history import LotFound, UnitHistory, UnitsFound
from gaugetrail_contract.record import EventBody, InspectionBody, Verdict


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code reader read, or an operator typed, a text."""

    text: str
    at_us: int
    mono_ns: int
    symbology: str | None = None
    """The AIM identifier that stood before the code."""
    raw: bytes = b""
    """What came, with everything around the code; empty where it was typed."""
    typed: bool = False
    """Whether it came from a person's keys; told by `bare_scan`."""


@dataclass(frozen=True, slots=True)
class ValueCame:
    """A device gave a reading; `at_us` is unique and increasing per agent (the spool's ticker)."""

    device: str
    reading: Reading
    at_us: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class BatchCame:
    """A PLC offered a block of values under a trigger number; `times_us` has a moment for each reading."""

    device: str
    readings: tuple[Reading, ...]
    trigger: int | None
    times_us: tuple[int, ...]
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody has said in time what is to become of the unfinished unit."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """The spool has not taken what happened last: the unit, what is remembered and what is asked are what they were;
    so is what was being sealed, and what is unfinished.
    """

    unit: Unit | None
    reason: str
    memory: StationMemory = field(default_factory=StationMemory)
    dialog: Dialog | None = None
    operator: str | None = None
    """Who was here before it; where it was another, nobody is now."""
    sealing: InspectionBody | None = None
    unfinished: InspectionBody | None = None


@dataclass(frozen=True, slots=True)
class EventKept:
    """An event whose record something else has to name is in the spool."""

    body: EventBody
    record: str


@dataclass(frozen=True, slots=True)
class LookedBack:
    """What the records of this PC say, and what the store does of all PCs; null: there is nobody to ask."""

    wanted: RecordSearch
    found: FoundRecords
    at_us: int
    mono_ns: int
    elsewhere: UnitsFound | LotFound | None = None


@dataclass(frozen=True, slots=True)
class HeldKnown:
    """What is held, blocked and let go on the line, from now on."""

    held: HeldNow


@dataclass(frozen=True, slots=True)
class PastKnown:
    """What the store knows of the unit that is scanned next. `history` null: nobody could tell in time, and `why`."""

    serial: str
    history: UnitHistory | None
    why: SentenceValue = ""


@dataclass(frozen=True, slots=True)
class UsedElsewhere:
    """Another station of this agent has used what a device shows: it is no other unit's any more."""

    channel: Channel
    use: Use


@dataclass(frozen=True, slots=True)
class Noticed:
    """How something around the station is: `device bore`, `broker`, `disk`, `gauge G-17`; null when all is well."""

    about: str
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class PinsKnown:
    """Who has a PIN from now on."""

    badges: frozenset[str]


@dataclass(frozen=True, slots=True)
class PinTried:
    """What became of the PIN that was typed for a badge."""

    badge: str
    fate: PinFate
    at_us: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The spool has committed: the record survives power loss from here on."""

    record: str
    serial: str
    verdict: Verdict
    count: OrderCount | None = None
    """Of its order, with it."""
    signals: Mapping[str, Notice] = field(default_factory=dict)
    """`signal bore` -> what its chart says, to be read before the next unit."""
    body: InspectionBody | None = None
    """What the spool has, with attempt, control limits and signals."""


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """It is known how much of an order that was scanned is done."""

    work: OrderAtWork
    scan: Scanned


@dataclass(frozen=True, slots=True)
class OrdersCounted:
    """It is known how much of each of these orders is done; there are `count` in all."""

    orders: tuple[OrderAtWork, ...]
    count: int


@dataclass(frozen=True, slots=True)
class UnitRecalled:
    """It is known how often a unit that was scanned has been inspected here."""

    count: int
    scan: Scanned


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """The spool has refused: nothing is recorded, and `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class NextScan:
    """A scan that has waited until the record before it was in the spool has its turn."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Time to offer a refused body to the spool once more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: said once a second."""

    now: Moment


@dataclass(frozen=True, slots=True)
class Woke:
    """The station has started again, with what it remembered."""

    now: Moment


Act = Scanned | ValueCame | BatchCame
"""What people, gauges and PLCs do."""

StationEvent = (
    Act
    | EventKept
    | LookedBack
    | OrderTaken
    | UnitRecalled
    | OrdersCounted
    | Unanswered
    | NotKept
    | UsedElsewhere
    | Noticed
    | PinsKnown
    | PinTried
    | HeldKnown
    | PastKnown
    | Recorded
    | NotRecorded
    | NextScan
    | TryAgain
    | Tick
    | Woke
)
