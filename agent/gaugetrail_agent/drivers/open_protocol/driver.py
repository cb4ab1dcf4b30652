"""Open Protocol of torque controllers (Atlas Copco, Desoutter, Cleco, Rexroth) over TCP 4545 or a serial line.

`open-protocol` speaks telegrams ended by NUL; `open-protocol-serial` wraps each as the MTF 6000 does on RS-232 (115200
8N1): the bytes 07 09 07 09, STX, telegram, NUL, ETX.

The session: 0001 start -> 0002; ask the controller's clock (0080 -> 0081), to know old results from new; fetch what
was missed by id (0064 -> 0065); subscribe results (0060), alarms (0070) and, if wanted, multi-spindle results (0100),
each accepted by 0005 or refused by 0004; then each 0061, 0071 and 0101 is answered with 0062, 0072, 0102. After 7 s of
our own silence a 9999 keeps the session alive; after 15 s of the controller's the session is lost.

Promise: each tightening comes out once, whatever is sent again, and one that was missed while the line was down is
fetched if the controller still has it. For that `last_tightening_id` is the highest id up to which nothing is missing:
whoever runs the driver keeps it with what it stored and gives it back as the setting `last_tightening_id`. A result is
answered before it is stored, as the controller's operator waits; should the agent die in between, the id fetches it.
Without a session (`decode`) nothing is answered and nothing taken for a repetition.

Not here: the header layouts of BMW and Ford, linked telegrams (more parts than one), traces, PowerMACS results.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from pydantic import Field

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings, Truth
from gaugetrail_agent.drivers.open_protocol.ages import ResultAges
from gaugetrail_agent.drivers.open_protocol.errors import ALREADY_SUBSCRIBED, NOT_FOUND, REVISION_UNSUPPORTED
from gaugetrail_agent.drivers.open_protocol.framing import SerialFraming, TcpFraming
from gaugetrail_agent.drivers.open_protocol.messages import (
    BadTelegram,
    Telegram,
    device_time,
    read_telegram,
    telegram,
)
from gaugetrail_agent.drivers.open_protocol.readings import readings_of
from gaugetrail_agent.drivers.open_protocol.tightenings import LARGEST_ID, Tightenings
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.reading import Reading, Status

NAME = "open-protocol"
MAKER: Final = "Atlas Copco, Desoutter, Cleco, Rexroth"
MODELS: Final = ("Power Focus", "MTF 6000", "controllers with Open Protocol")
PROOF: Final = "captured"
SERIAL_NAME = "open-protocol-serial"

KEEP_ALIVE_SECS = 7.0
"""The controller drops a session after 15 s of silence; a keep-alive behind a damaged telegram can be thrown away with
it (MTF 6000 manual), so two must fit in."""
LOST_SECS = 15.0
LATEST_OLD_REVISION = 8
ANSWER_SECS = 4.0
TRIES = 3

START, RESULTS, OLD_RESULT, ALARMS, CLOCK, MULTI, KEEP_ALIVE = 1, 60, 64, 70, 80, 100, 9999
OLD_RESULT_TOLD, CLOCK_TOLD = 65, 81
ANSWERS = {61: 62, 71: 72, 74: 75, 76: 77, 101: 102}


class OpenProtocolSettings(DriverSettings):
    """What to ask the controller for, and what is known of before."""

    unit: str | None = Field(None, description="unit of torque in results below revision 3; N.m if not given")
    revision: int = Field(1, ge=1, le=999, description="revision of results to ask for; lowered where it is refused")
    start_revision: int = Field(1, ge=1, le=9, description="revision of the greeting; an MTF 6000 knows 6 only")
    results: Truth = Field(True, description="subscribe results of tightenings")
    alarms: Truth = Field(True, description="subscribe alarms")
    multi_spindle: Truth = Field(False, description="subscribe results of several spindles")
    recover: Truth = Field(
        True, description="fetch missed tightenings by id; not where several stations share a controller and its ids"
    )
    ask_clock: Truth = Field(
        True, description="ask the controller's clock (0080), by which results from before the scan are known"
    )
    last_tightening_id: int | None = Field(
        None, ge=0, le=LARGEST_ID, description="the id up to which nothing is missing"
    )


Settings = OpenProtocolSettings


def make(settings: OpenProtocolSettings) -> StreamDriver:
    """The driver over TCP."""
    return OpenProtocolDriver(settings)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A request that stands for the whole session."""

    mid: int
    revision: int
    data: bytes = b""


@dataclass(slots=True)
class _Request:
    mid: int
    revision: int
    data: bytes = b""
    tries: int = 0
    sent_at: float | None = None


def _accepts(message: Telegram, asked: _Request) -> bool:
    if message.mid == 2:
        return asked.mid == START
    if message.mid == CLOCK_TOLD:
        return asked.mid == CLOCK
    return message.mid == 5 and message.text(0, 4) == f"{asked.mid:04d}"


def _identity(readings: Sequence[Reading]) -> tuple[int, str] | None:
    """By what a tightening is known again: its id and the controller's time; null where it has no id."""
    extra = readings[0].extra
    digits = str(extra.get("tightening_id", ""))
    if not (digits.isascii() and digits.isdigit()) or int(digits) == 0:
        return None
    return int(digits), str(extra.get("device_time", ""))


class OpenProtocolDriver(StreamDriver):
    """The session over TCP."""

    name = NAME
    tick_secs = 0.5
    channels: tuple[str, ...] = ("torque", "angle")
    essential: ClassVar[frozenset[int]] = frozenset({RESULTS})
    """Subscriptions without which a session is of no use."""

    def __init__(self, options: OpenProtocolSettings | None = None) -> None:
        self._options = options or OpenProtocolSettings()
        self._framing: TcpFraming | SerialFraming = TcpFraming()
        self._in_session = False
        self._requests: deque[_Request] = deque()
        self._sent_since_tick = False
        self._heard_since_tick = False
        self._last_sent = 0.0
        self._last_heard: float | None = None
        self._refused: str | None = None
        self._recovering = False
        self._tightenings = Tightenings(self._options.last_tightening_id, fetch_gaps=self._options.recover)
        self._fetch_revision = min(self._options.revision, LATEST_OLD_REVISION)
        self._told_together: deque[tuple[str, ...]] = deque(maxlen=100)
        self._ages = ResultAges()

    @property
    def last_tightening_id(self) -> int | None:
        """Up to here nothing is missing; to be kept and given back after a restart."""
        return self._tightenings.complete_to

    def opened(self) -> Sequence[Action]:
        """Greet the controller; everything else follows its answers."""
        self._framing.clear()
        self._in_session = True
        self._requests.clear()
        self._refused = None
        self._recovering = False
        self._tightenings.session_begins()
        self._ages.session_begins()
        self._last_heard = None
        self._requests.append(_Request(START, self._options.start_revision))
        return self._send_next()

    def received(self, data: bytes) -> Sequence[Action]:
        """Telegrams become readings and, in a session, answers."""
        self._heard_since_tick = True
        actions: list[Action] = []
        for raw, inner in self._framing.split(data):
            if inner is None:
                actions.append(Reading(Status.GARBLED, raw))
                continue
            try:
                message = read_telegram(inner)
            except BadTelegram as error:
                actions.append(Reading(Status.GARBLED, raw, extra={"reason": str(error)}))
                continue
            actions += self._taken(message, raw)
        return actions

    def rest(self) -> Reading | None:
        """A telegram without its end is incomplete; what can't be the beginning of one is garbled."""
        left, may_go_on = self._framing.rest()
        if not left:
            return None
        return Reading(Status.INCOMPLETE if may_go_on else Status.GARBLED, left)

    def ticked(self, now: float) -> Sequence[Action]:
        """Keep the session alive, ask again what got no answer. Raises `DeviceGone` when the session is lost."""
        if not self._in_session:
            return ()
        self._keep_time(now)
        self._ages.ticked(now)
        if self._refused is not None:
            refused, self._refused = self._refused, None
            raise DeviceGone(f"the controller refuses the session: {refused}")
        assert self._last_heard is not None
        if now - self._last_heard > LOST_SECS:
            raise DeviceGone(f"the controller has been silent for {LOST_SECS:.0f} s; the session is lost")
        actions: list[Action] = []
        if self._requests:
            actions += self._ask_again(self._requests[0], now)
        if not actions and now - self._last_sent >= KEEP_ALIVE_SECS:
            actions.append(self._send(telegram(KEEP_ALIVE)))
        return actions

    def readings_of(self, message: Telegram, raw: bytes) -> list[Reading]:
        """What a telegram says; a family of controllers with results of its own reads them here."""
        return readings_of(message, raw, self._options.unit or None)

    def answer_to(self, message: Telegram) -> bytes | None:
        """What the controller waits for behind a telegram."""
        return telegram(ANSWERS[message.mid]) if message.mid in ANSWERS else None

    def wanted(self) -> list[Subscription]:
        """What to subscribe, in this order: MID, revision, data."""
        chosen = [
            (self._options.results, Subscription(RESULTS, self._options.revision)),
            (self._options.alarms, Subscription(ALARMS, 1)),
            (self._options.multi_spindle, Subscription(MULTI, 1)),
        ]
        return [subscription for want, subscription in chosen if want]

    def _keep_time(self, now: float) -> None:
        """The driver has no clock: what happened since the last tick happened now."""
        if self._sent_since_tick:
            self._last_sent, self._sent_since_tick = now, False
        if self._heard_since_tick or self._last_heard is None:
            self._last_heard, self._heard_since_tick = now, False

    def _ask_again(self, request: _Request, now: float) -> list[Action]:
        if request.sent_at is None:
            request.sent_at = now
        if now - request.sent_at < ANSWER_SECS:
            return []
        if request.mid == CLOCK:  # nothing depends on it but how old a result may be
            self._settle(request)
            return self._go_on()
        if request.tries >= TRIES:
            raise DeviceGone(f"the controller does not answer MID {request.mid:04d}, asked {TRIES} times")
        return self._send_next()

    def _taken(self, message: Telegram, raw: bytes) -> list[Action]:
        readings = self.readings_of(message, raw)
        if not self._in_session:
            return list(readings)
        if any(reading.status is Status.GARBLED for reading in readings):
            # No answer: the controller sends it again, or keeps it to be fetched by id.
            return list(readings)
        asked = self._requests[0] if self._requests else None
        if message.mid in (61, 65):
            readings = self._once(message, raw, readings, asked)
        elif message.mid == 101:
            readings = self._together_once(readings)
        elif message.mid == 4 and asked is not None and message.text(0, 4) == f"{asked.mid:04d}":
            readings = self._refused_request(message, raw, readings, asked)
        elif asked is not None and _accepts(message, asked):
            self._settle(asked)
        actions: list[Action] = [self._aged(message, reading) for reading in readings]
        answer = self.answer_to(message)
        if answer is not None:
            actions.append(self._send(answer))
        return actions + self._go_on()

    def _aged(self, message: Telegram, reading: Reading) -> Reading:
        """A value with how old it may be, where the controller had kept it."""
        if message.mid == CLOCK_TOLD:
            self._ages.clock_told(device_time(message.data[:19]))
        if reading.value is None:
            return reading
        when = reading.extra.get("device_time")
        told = self._ages.of(None if when is None else str(when), fetched=message.mid == OLD_RESULT_TOLD)
        return replace(reading, extra={**reading.extra, **told}) if told else reading

    def _once(self, message: Telegram, raw: bytes, readings: list[Reading], asked: _Request | None) -> list[Reading]:
        """A tightening's readings the first time; nothing when it comes again."""
        identity = _identity(readings)
        live = message.mid == 61
        if not live and asked is not None and asked.mid == OLD_RESULT:
            self._settle(asked)
            wanted = int(asked.data)
            if identity is None or identity[0] != wanted:
                # Some controllers answer with their latest result instead of a refusal.
                return [self._not_found(raw, wanted)]
            if not self._tightenings.is_new(*identity, live=False):
                self._tightenings.give_up(wanted)  # told before, so no longer missing
                return []
        if identity is None:
            return readings
        if not self._tightenings.is_new(*identity, live=live):
            return []
        self._tightenings.add(*identity, live=live)
        return readings

    def _together_once(self, readings: list[Reading]) -> list[Reading]:
        """The same for multi-spindle results, which have no id but that of the common start, and are never fetched."""
        extra = readings[0].extra
        identity = tuple(str(extra.get(key, "")) for key in ("sync_id", "device_time", "vin"))
        if identity in self._told_together:
            return []
        self._told_together.append(identity)
        return readings

    def _refused_request(
        self, message: Telegram, raw: bytes, readings: list[Reading], asked: _Request
    ) -> list[Reading]:
        """What a refusal means for the session; what is no fault to the user is told as information."""
        code = f"{int(message.text(4, 7)):02d}"
        why = f"code {code}, {readings[0].text}"
        extra = readings[0].extra
        if code in REVISION_UNSUPPORTED and asked.revision > 1:
            asked.revision -= 1
            asked.tries = 0
            if asked.mid == OLD_RESULT:
                self._fetch_revision = asked.revision
            text = f"MID {asked.mid:04d}: revision {asked.revision + 1} refused, trying {asked.revision}"
            return [Reading(Status.INFO, raw, text=text, extra=extra)]
        if asked.mid == START:
            self._refused = why
            return readings
        self._settle(asked)
        if asked.mid == CLOCK:
            return [Reading(Status.INFO, raw, text=f"the controller doesn't tell its clock: {why}", extra=extra)]
        if asked.mid == OLD_RESULT:
            told = self._not_found(raw, int(asked.data))
            return [told] if code == NOT_FOUND else readings
        if code in ALREADY_SUBSCRIBED:
            return [Reading(Status.INFO, raw, text=readings[0].text, extra=extra)]
        if asked.mid in self.essential:
            self._refused = f"no subscription of results, {why}"
        return readings

    def _not_found(self, raw: bytes, wanted: int) -> Reading:
        if self._recovering:
            self._recovering = False
            return Reading(Status.INFO, raw, text=f"nothing more was missed: no tightening {wanted}")
        self._tightenings.give_up(wanted)
        text = f"tightening {wanted} is missing: the controller no longer has it"
        return Reading(Status.ERROR, raw, error_code="missing", text=text, extra={"tightening_id": str(wanted)})

    def _settle(self, asked: _Request) -> None:
        """The request at the head of the queue has its answer."""
        self._requests.popleft()
        self._ages.stirred()
        if asked.mid == START:
            self._plan_session()

    def _go_on(self) -> list[Action]:
        """Send what is next, if nothing is waiting for its answer."""
        if all(request.mid != OLD_RESULT for request in self._requests):
            wanted = self._tightenings.next_after(recovering=self._recovering)
            if wanted is not None:
                fetch = _Request(OLD_RESULT, self._fetch_revision, b"%010d" % wanted)
                # Missed results come before new ones; a request under way keeps its place.
                place = sum(one.mid == CLOCK for one in self._requests) if self._recovering else len(self._requests)
                self._requests.insert(place, fetch)
            else:
                self._recovering = False
        if self._requests and self._requests[0].tries == 0:
            return self._send_next()
        return []

    def _plan_session(self) -> None:
        """Ask the clock, fetch what was missed, then subscribe."""
        if self._options.ask_clock:
            self._requests.append(_Request(CLOCK, 1))
        self._recovering = self._options.recover and self._tightenings.complete_to is not None
        self._requests.extend(_Request(one.mid, one.revision, one.data) for one in self.wanted())

    def _send_next(self) -> list[Action]:
        request = self._requests[0]
        request.tries += 1
        request.sent_at = None
        return [self._send(telegram(request.mid, request.revision, request.data))]

    def _send(self, message: bytes) -> Send:
        self._sent_since_tick = True
        return Send(self._framing.wrapped(message))


class OpenProtocolSerialDriver(OpenProtocolDriver):
    """The same session in the wrapping of a serial line."""

    name = SERIAL_NAME

    def __init__(self, options: OpenProtocolSettings | None = None) -> None:
        super().__init__(options)
        self._framing = SerialFraming()
