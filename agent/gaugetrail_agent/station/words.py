"""The words of a station: where it stands, what happens to it, what it wants done. Pure data.

A rule takes a state and an event and gives a `Step`: the next state and its effects. Times are data of the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.reading import Reading
from gaugetrail_agent.station.freshness import Channel, Sight, Use
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch
from gaugetrail_agent.station.memory import Moment, StationMemory
from gaugetrail_agent.station.orders_here import OrderAtWork, OrderCount
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.pins import PinFate
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.questions.history import UnitHistory
from gaugetrail_contract.record import EventBody, InspectionBody, Interruption, Measurement, Override, Verdict
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

Light = Literal["off", "green", "red", "amber"]
"""What became of the part."""
Sign = Literal["green", "amber", "red"]
"""How the station is: red where no part can be measured or recorded now, amber where somebody should know of it."""

# --- where a station stands

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


@dataclass(frozen=True, slots=True)
class Last:
    """The last inspection the station was told about."""

    serial: str
    verdict: Verdict
    record: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that isn't well around the station, in a sentence for whoever stands there."""

    sign: Sign
    says: Sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be given: what is scanned, typed or pressed, and what it means."""

    code: str
    says: Sentence


@dataclass(frozen=True, slots=True)
class Dialog:
    """Something that whoever stands there is asked. Nothing is measured until it is answered."""

    about: str
    """Who takes the answer, by the name in `workflow.dialogs`."""
    asks: Sentence
    choices: tuple[Choice, ...] = ()
    """Empty: a text of one's own."""
    data: object = None
    """What the one who asks needs with the answer: frozen, and compared."""
    takes_badge: bool = False
    """A badge is an answer, and logs nobody on."""
    may_cancel: bool = True
    takes_value: str | None = None
    """What this device sends is an answer, too."""


@dataclass(frozen=True, slots=True)
class StationState:
    """Where the station stands. `sealing` is a body on its way into the spool, or one the spool has refused so far.

    `unfinished` is a unit that the agent's last life left half measured, and `then` the scans that wait until what is
    being sealed is recorded. `sights` and `uses` are what decides whose a value is; `notices` is what is told of all
    around the station; `question` is a value that the operator is asked about. `lock` is what was refused last because
    of a person or a gauge, `plea` why somebody asks that it be allowed, and `allowed` what is, of whoever is here;
    `overrides` counts what was allowed since the agent's start. `order` is what is made. `memory` is what the station
    remembers beyond the unit, `dialog` what is asked; `acted` is when somebody did something last, in this `boot`.
    `held` is what is held on the line, `past` what the store knows of the unit that was scanned.
    """

    operator: str | None = None
    unit: Unit | None = None
    sealing: InspectionBody | None = None
    refused: str | None = None
    light: Light = "off"
    says: Sentence | None = None
    last: Last | None = None
    sights: Mapping[Channel, Sight] = field(default_factory=dict, compare=False)
    uses: Mapping[Channel, Use] = field(default_factory=dict, compare=False)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    question: ValueCame | Scanned | None = None
    unfinished: InspectionBody | None = None
    then: tuple[Scanned, ...] = ()
    lock: Lock | None = None
    plea: str | None = None
    allowed: tuple[LiftedLock, ...] = ()
    overrides: int = 0
    order: OrderAtWork | None = None
    pins: frozenset[str] = frozenset()
    """The badges that have a PIN."""
    pin: PinWanted | None = None
    memory: StationMemory = field(default_factory=StationMemory)
    dialog: Dialog | None = None
    boot: str = field(default="", compare=False)
    """Which boot of the PC it is; told by `Woke`."""
    held: HeldNow = field(default_factory=HeldNow, compare=False)
    past: PastKnown | None = None
    typed_once: tuple[str, str] | None = None
    """A characteristic that has to be typed twice, and what was typed first."""
    acted: Moment | None = field(default=None, compare=False)


# --- PINs


@dataclass(frozen=True, slots=True)
class PinWanted:
    """Somebody has shown a badge that has a PIN; `trying`: one was typed and is being tried. `allows`: to allow
    what was refused, and not to work here.
    """

    badge: str
    allows: bool = False
    trying: bool = False
    answers: bool = False
    """The badge is the answer to what is asked."""


# --- what happens to it


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
    sealing: InspectionBody | None = None
    unfinished: InspectionBody | None = None


@dataclass(frozen=True, slots=True)
class EventKept:
    """An event whose record something else has to name is in the spool."""

    body: EventBody
    record: str


@dataclass(frozen=True, slots=True)
class LookedBack:
    """What the records of this PC say."""

    wanted: RecordSearch
    found: FoundRecords
    at_us: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class HeldKnown:
    """What is held, blocked and let go on the line, from now on."""

    held: HeldNow


@dataclass(frozen=True, slots=True)
class PastKnown:
    """What the store knows of the unit that is scanned next. `history` null: nobody could tell in time, and `why`."""

    serial: str
    history: UnitHistory | None
    why: str = ""


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

# --- what it wants done


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
    """Look through the records of this PC, then say `LookedBack`."""

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
    | KeepIt
    | AskDevice
    | TellUse
    | CountBounce
    | Refusal
    | TellEvent
    | TryPin
    | UnlockPin
)
Step = tuple[StationState, tuple[Effect, ...]]


def say(state: StationState, light: Light, what: Sentence) -> Step:
    """Nothing but the light and what is said changes."""
    return replace(state, light=light, says=what), ()


SIGNAL = "signal "
"""What a chart says is told under this and the characteristic's name."""


def with_signals(state: StationState, signals: Mapping[str, Notice]) -> StationState:
    """Only these are told of charts from now on; a state that tells the same is left as it is."""
    others = {about: notice for about, notice in state.notices.items() if not about.startswith(SIGNAL)}
    notices = {**others, **signals}
    return state if notices == state.notices else replace(state, notices=notices)


def noticed(state: StationState, event: Noticed) -> StationState:
    """What is told stands until its cause is gone."""
    others = {about: notice for about, notice in state.notices.items() if about != event.about}
    return replace(state, notices=others if event.notice is None else {**others, event.about: event.notice})
