"""A station in motion: feeds `step` with what devices and people send, and carries out what it asks for.

The order that promise G1 hangs on stands in `StationRunner._seal`: append, wait for the commit, only then `Recorded`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool, SpoolBroken, SpoolFull
from gaugetrail_agent.spool.words import Appended
from gaugetrail_agent.station.choosing.plan_choice import with_lots_finished
from gaugetrail_agent.station.display import Display, display
from gaugetrail_agent.station.given.orders_here import order_key
from gaugetrail_agent.station.keeping.asking_store import StoreAsked, found_elsewhere
from gaugetrail_agent.station.keeping.editions import EditionsTold
from gaugetrail_agent.station.keeping.recalling import order_left, recalled, records_found
from gaugetrail_agent.station.keeping.recording import Committed, Recording
from gaugetrail_agent.station.keeping.refusals_told import RefusalsTold
from gaugetrail_agent.station.keeping.remembering import RememberedHere
from gaugetrail_agent.station.keeping.sealing import answer_to
from gaugetrail_agent.station.locks.plan_locks import without_plans
from gaugetrail_agent.station.looking_back import FoundRecords
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.steps import by_new_setup, step
from gaugetrail_agent.station.unfinished import journal_key
from gaugetrail_agent.station.words.effect import (
    AnswerPlc,
    AskDevice,
    CountBounce,
    CountOrders,
    Effect,
    KeepIt,
    KeepOrder,
    LookBack,
    RecallUnit,
    Refusal,
    SealIt,
    TakeOrder,
    TellEvent,
    TellPlc,
    TellUse,
    TryPin,
    UnlockPin,
)
from gaugetrail_agent.station.words.happening import (
    BatchCame,
    EventKept,
    HeldKnown,
    LookedBack,
    NextScan,
    Noticed,
    NotKept,
    NotRecorded,
    PastKnown,
    PinsKnown,
    PinTried,
    Recorded,
    Scanned,
    StationEvent,
    Tick,
    TryAgain,
    Unanswered,
    UsedElsewhere,
    ValueCame,
    Woke,
)
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.hooks import KEPT, PASSING
from gaugetrail_agent.station.workflow.known_units import asks_about
from gaugetrail_agent.station.workflow.log_in import GONE
from gaugetrail_contract.clock import DAY_US, Clock, utc_us
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.pins import PinFate
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import EventBody, InspectionBody
from gaugetrail_contract.seal import BadRecord, RecordTooLarge

log = logging.getLogger(__name__)

RETRY_SECS = 1.0
TICK_SECS = 1.0
BY_ITSELF = (Recorded, Tick, Woke, LookedBack, EventKept)
"""What happens without anybody's doing: it can't be taken back where the spool refuses, only be recorded later."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What a station may ask of the rest of the agent."""

    ask: Callable[[str, str | None], Awaitable[None]]
    answer: Callable[[str, int, ResultCode], Coroutine[Any, Any, None]]
    remember: Callable[[str, int, ResultCode], dict[str, str]]
    show: Callable[[Display], None]
    used: Callable[[StationRunner, UsedElsewhere], None] = lambda _, __: None
    """Tells the other stations at once; see `StationRunner.used_elsewhere`."""
    bounced: Callable[[str], None] = lambda _: None
    try_pin: Callable[[str, str], PinFate] = lambda _, __: PinFate("untried", reason="this agent knows no PINs")
    """Blocks for as long as a try takes."""
    unlock_pin: Callable[[str], str | None] = lambda _: None
    """Why that can't be kept; null where it is."""
    past: Callable[[str], Awaitable[PastKnown]] | None = None
    """What the store knows of a unit, or that nobody could tell: in a third of a second at the latest. Null: nobody is
    asked.
    """
    store: StoreAsked | None = None
    """Who says what other PCs have measured. Null: nobody is asked."""
    said: Callable[[EventBody, Appended], None] = lambda _, __: None
    """An event of the station is in the spool."""
    recorded: Callable[[Committed], None] = lambda _: None
    """An inspection is in the spool, with what the station remembers from it on."""


class StationRunner:
    """One station. Any task of the loop may tell it what happened; it is stepped one event after the other."""

    def __init__(self, setup: Setup, spool: Spool, clock: Clock, doors: Doors) -> None:
        self.setup = setup
        self.state = StationState()
        self._spool = spool
        self._clock = clock
        self._doors = doors
        self._events: asyncio.Queue[StationEvent] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown: Display | None = None
        self._next: tuple[Setup, Callable[[], None]] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._refusals = RefusalsTold(spool, clock, lambda: self.setup, self._start)
        self._editions = EditionsTold(spool)
        self._lots: dict[str, str] = {}
        """Plan -> order or lot of the unit recorded last by it."""
        self._remembered = RememberedHere(setup.station, spool)
        self._recording = Recording(spool, self._remembered)
        self._sealing = asyncio.Lock()
        """A record waits until what the one before changes is remembered; blocks of a PLC may come close together."""
        self._ticking: asyncio.TimerHandle | None = None

    def scanned(self, text: str, symbology: str | None = None, raw: bytes = b"") -> None:
        """A code was read or a text typed."""
        self._events.put_nowait(Scanned(text, self._spool.ticker.next(), self._clock.mono_ns(), symbology, raw))

    def code_read(self, device: str, reading: Reading) -> None:
        """A code reader gave a reading: a code is a scan; one read twice, or anything else, is none."""
        told = {"device": device, "station": self.setup.station}
        if reading.extra.get("duplicate"):
            log.info("%s: double scan", device, extra={"event": "double_scan", **told})
        elif reading.text is not None and reading.status is Status.INFO:
            symbology = reading.extra.get("symbology")
            self.scanned(reading.text, str(symbology) if symbology is not None else None, reading.raw)
        elif reading.status is not Status.ACK:  # an acknowledged command is no scan and no fault
            raw = reading.raw[:64].hex()
            log.warning("%s: %s", device, reading.status, extra={"event": "no_scan", "raw": raw, **told})

    def measured(self, device: str, reading: Reading) -> None:
        """A device gave a reading. What is polled and nobody measures here is let go before it costs anything."""
        if self.setup.hears(device, reading.channel):
            self._events.put_nowait(ValueCame(device, reading, self._spool.ticker.next(), self._clock.mono_ns()))

    def used_elsewhere(self, event: UsedElsewhere) -> None:
        """Another station has used what a device shows. It doesn't queue: a value that waits here is used already."""
        self._step(event)

    def noticed(self, about: str, notice: Notice | None) -> None:
        """Something around the station isn't well, or is again. It doesn't queue: it is shown in that moment."""
        if self.state.notices.get(about) != notice:
            self._step(Noticed(about, notice))

    def offered(self, device: str, batch: Batch) -> None:
        """A PLC offered a block."""
        times = tuple(self._spool.ticker.next() for _ in batch.readings)
        self._events.put_nowait(BatchCame(device, batch.readings, batch.trigger, times, self._clock.mono_ns()))

    def renew(self, setup: Setup, taken: Callable[[], None]) -> None:
        """Work by another setup as soon as no unit is in hand, at once if none is; then `taken` is told. The latest
        counts. Its devices are those of the setup before.
        """
        self._next = None if setup == self.setup else (setup, taken)
        self._take_next()

    def held_known(self, held: HeldNow) -> None:
        """What is held on the line from now on. It doesn't queue: a unit that waits here is held already."""
        if self._shown is None:  # what the last life left is taken up first, then shown
            self.state = replace(self.state, held=held)
        else:
            self._step(HeldKnown(held))

    def _take_next(self) -> None:
        """Between two units: what was begun under one plan ends under it."""
        state = self.state
        if self._next is None or self._keeping is not None:
            return
        if state.unit is not None or state.sealing is not None or state.unfinished is not None:
            return
        (setup, taken), self._next = self._next, None
        self.setup = with_lots_finished(self.setup, setup, self._lots)
        self._start(self._editions.tell(self.setup))
        state = replace(state, allowed=without_plans(state.allowed))
        self.state, effects = by_new_setup(self.setup, state, self._clock.now_us())
        self._remembered.owe([effect.body for effect in effects if isinstance(effect, TellEvent)])
        taken()
        if not self._remembered.has_all(self.state.memory):
            self._keeping = self._start(self._keep(None, (), None, (), None))
        self._show()

    async def run(self) -> None:
        """Offer what the last life left unfinished, then step until cancelled."""
        self._take_up()
        self._show()
        self._start(self._editions.tell(self.setup))
        self._step(Woke(self._now()))
        self._tick_later()
        while True:
            await self._advance(await self._events.get())

    async def finish(self) -> None:
        """Step what has arrived and wait for what is being sealed; nothing new is taken after that. A unit that is half
        measured stays in the journal: it is offered at the next start.
        """
        if self._ticking is not None:
            self._ticking.cancel()
        await self._advance_all()
        self._refusals.tell_the_rest()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._advance_all()

    async def _advance_all(self) -> None:
        while not self._events.empty():
            await self._advance(self._events.get_nowait())

    async def _advance(self, event: StationEvent) -> None:
        """One event, once the value before it is kept. Who is cancelled meanwhile doesn't take the keeping along."""
        await self._until_kept()
        await self._look_up(event)
        self._step(event)
        await self._until_kept()
        self._take_next()
        while self.state.then and self.state.sealing is None:
            await self._look_up(NextScan())
            self._step(NextScan())
            await self._until_kept()
            self._take_next()

    async def _look_up(self, event: StationEvent) -> None:
        """The past of the unit that this begins, before it does. With a record that is in the spool, or after it, a
        scan that waited has its turn.
        """
        ask, state = self._doors.past, self.state
        if ask is None:
            return
        if isinstance(event, Recorded | NextScan) and state.then:
            state, event = replace(state, sealing=None), state.then[0]
        serial = asks_about(self.setup, state, event)
        if serial is not None:
            self._step(await ask(serial))

    async def _until_kept(self) -> None:
        if self._keeping is not None:
            await asyncio.shield(self._keeping)

    def _step(self, event: StationEvent) -> None:
        before = self.state
        self.state, effects = step(self.setup, self.state, event)
        for effect in effects:
            self._do_at_once(effect)
        if isinstance(event, Recorded | NotRecorded):
            self._remembered.told_of_record()
        wanted = [effect for effect in effects if isinstance(effect, AskDevice | SealIt | AnswerPlc)]
        journal = next((effect.body for effect in effects if isinstance(effect, KeepIt)), None)
        sure = [effect.body for effect in effects if isinstance(effect, TellEvent) and effect.sure]
        owed = [body for body in sure if isinstance(event, BY_ITSELF) or body.type in GONE]
        self._remembered.owe(owed)
        sure = [body for body in sure if body not in owed]
        nothing_new = journal is None and not sure and self._remembered.has_all(self.state.memory)
        nothing_new = nothing_new or (not sure and self._goes_with_record(event, wanted))
        if nothing_new or isinstance(event, NotKept):
            self._show()
            self._carry_out_all(wanted)
        else:
            back = None if isinstance(event, BY_ITSELF) else before
            self._keeping = self._start(self._keep(journal, sure, back, wanted, self._keeping))

    def _goes_with_record(self, event: StationEvent, wanted: Sequence[AskDevice | SealIt | AnswerPlc]) -> bool:
        """What a block changes of what is remembered is committed with its record, or the next one's: a PLC waits for
        one commit only.
        """
        if self.setup.mode != "automatic" or self._remembered.owes:
            return False
        inspects = any(isinstance(one, SealIt) and isinstance(one.body, InspectionBody) for one in wanted)
        return isinstance(event, NotRecorded) or (isinstance(event, BatchCame) and inspects)

    def _do_at_once(self, effect: Effect) -> None:
        """What waits for nothing that is kept."""
        if isinstance(effect, TellUse):
            self._doors.used(self, UsedElsewhere(effect.channel, effect.use))
        elif isinstance(effect, CountBounce):
            self._bounced(effect.device)
        elif isinstance(effect, Refusal):
            self._refusals.note(effect)
        elif isinstance(effect, TellEvent) and not effect.sure:
            self._start(self._tell_event(effect))
        elif isinstance(effect, TakeOrder | CountOrders | RecallUnit):
            self._step(recalled(self._spool, self.setup.station, effect))
        elif isinstance(effect, LookBack):
            self._start(self._look_back(effect))
        elif isinstance(effect, KeepOrder):
            self._start(self._keep_order(effect.order or ""))
        elif isinstance(effect, TellPlc):
            self._start(self._doors.answer(effect.device, effect.trigger, effect.code))
        elif isinstance(effect, TryPin):
            self._start(self._try_pin(effect))
        elif isinstance(effect, UnlockPin):
            self._start(self._unlock_pin(effect))

    def _carry_out_all(self, effects: Sequence[AskDevice | SealIt | AnswerPlc]) -> None:
        for effect in effects:
            self._start(self._carry_out(effect))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- what becomes a record beside all else

    async def _tell_event(self, effect: TellEvent) -> None:
        """The record that it concerns says it, too; so one that a full spool doesn't take is told, and let go."""
        try:
            self._doors.said(effect.body, await asyncio.wrap_future(self._spool.append(effect.body)))
        except (SpoolFull, SpoolBroken, RecordTooLarge, BadRecord) as error:
            told = {"event": "event_not_recorded", "type": effect.body.type}
            log.error("%s: %s not recorded: %s", self.setup.station, effect.body.type, error, extra=told)

    def _count_lot(self, body: InspectionBody) -> None:
        """The order or lot in work; where another one has begun by the new edition, the one before is finished."""
        name, lot = body.plan.id, body.order or body.lot
        if lot is not None:
            self._lots[name] = lot
        before = self.setup.finishing.get(name)
        if before is not None and before.plan.ref.sha256 != body.plan.sha256:
            others = {plan: one for plan, one in self.setup.finishing.items() if plan != name}
            self.setup = replace(self.setup, finishing=others)

    # --- what the records say

    async def _look_back(self, effect: LookBack) -> None:
        """In a thread of its own."""
        wanted = effect.wanted
        found = FoundRecords()
        if wanted.here:
            found = await asyncio.to_thread(records_found, self._spool, self.setup.station, wanted)
        elsewhere = await found_elsewhere(self._doors.store, wanted)
        at_us = self._spool.ticker.next()
        self._events.put_nowait(LookedBack(wanted, found, at_us, self._clock.mono_ns(), elsewhere))

    # --- the order

    async def _keep_order(self, order: str) -> None:
        """A spool that doesn't take it costs a scan after the next restart, and no more."""
        try:
            await asyncio.wrap_future(self._spool.remember(order_key(self.setup.station), order))
        except (SpoolFull, SpoolBroken) as error:
            told = {"event": "order_not_kept", "order": order}
            what = "%s: the order must be scanned again after a restart: %s"
            log.warning(what, self.setup.station, error, extra=told)

    # --- PINs

    def pins_known(self, badges: frozenset[str]) -> None:
        """Who has a PIN from now on. It doesn't queue: a badge that waits here is asked for it already."""
        if self.state.pins != badges:
            self._step(PinsKnown(badges))

    async def _try_pin(self, effect: TryPin) -> None:
        fate = await asyncio.to_thread(self._doors.try_pin, effect.badge, effect.pin)
        told = {"event": "pin_tried", "badge": effect.badge, "station": self.setup.station, "fate": fate.what}
        log.info("%s: a PIN of %s: %s", self.setup.station, effect.badge, fate.what, extra=told)
        self._events.put_nowait(PinTried(effect.badge, fate, self._spool.ticker.next()))

    async def _unlock_pin(self, effect: UnlockPin) -> None:
        trouble = await asyncio.to_thread(self._doors.unlock_pin, effect.badge)
        if trouble is not None:
            told = {"event": "pin_not_unlocked", "badge": effect.badge}
            log.error("%s: %s stays locked: %s", self.setup.station, effect.badge, trouble, extra=told)

    # --- time

    def _now(self) -> Moment:
        return Moment(self._clock.now_us(), self._clock.mono_ns(), self._clock.boot())

    def _tick_later(self) -> None:
        if PASSING:
            self._ticking = asyncio.get_running_loop().call_later(TICK_SECS, self._tick)

    def _tick(self) -> None:
        """Nothing falls due while a record is on its way, which may be what it waits for."""
        if not self._remembered.in_flight and self._events.empty():
            self._events.put_nowait(Tick(self._now()))
        self._tick_later()

    # --- what is remembered: the open unit's journal, and all beyond the unit

    async def _keep(
        self,
        journal: InspectionBody | None,
        sure: Sequence[EventBody],
        back: StationState | None,
        then: Sequence[AskDevice | SealIt | AnswerPlc],
        first: asyncio.Task[None] | None,
    ) -> None:
        """Wait for the commit (fsync) of what has come about, and only then show it. `back`: where it is taken back to
        if the spool refuses; null for what can't be taken back. `first`: what is being kept already.
        """
        if first is not None:
            await first
        answers = [one for one in then if isinstance(one, AnswerPlc)]
        with_it = {key: text for one in answers for key, text in self._for_good(one).items()}
        trouble = await self._remembered.keep(self.state.memory, journal, sure, self._said, with_it)
        if self._keeping is asyncio.current_task():
            self._keeping = None
        if trouble is not None:
            log.error("%s: not kept: %s", self.setup.station, trouble, extra={"event": "not_kept"})
        if trouble is not None and back is not None:
            what_was = (back.dialog, back.operator, back.sealing, back.unfinished)
            self._step(NotKept(back.unit, trouble, self._remembered.on_disk, *what_was))
            self._carry_out_all([replace(one, code=ResultCode.NOT_READY) for one in answers])
            return
        self._show()
        self._carry_out_all(then)

    def _for_good(self, answer: AnswerPlc) -> dict[str, str]:
        """What must be durable with the answer. A PLC that is gone offers its block anew, and is answered then."""
        try:
            return self._doors.remember(answer.device, answer.trigger, answer.code)
        except DeviceGone as error:
            log.warning("%s: %s", answer.device, error, extra={"event": "answer", "device": answer.device})
            return {}

    def _said(self, event: EventBody, appended: Appended) -> None:
        """One of the events that are waited for is in the spool."""
        self._doors.said(event, appended)
        if event.type in KEPT:
            self._events.put_nowait(EventKept(event, appended.record_id))

    def _take_up(self) -> None:
        """What the agent's last life left: what it remembered, its order, and the unit that it had half measured; one
        of another plan can't be gone on with.
        """
        order = order_left(self._spool, self.setup) or self.state.order
        self.state = replace(self.state, memory=self._remembered.take_up(), order=order)
        left = None if self.setup.mode == "automatic" else self._remembered.unit_left()
        if left is not None:
            self._offer(left)

    def _offer(self, left: InspectionBody) -> None:
        last_us = max((utc_us(one.time) for one in left.measurements), default=0)
        if last_us - self._clock.now_us() < DAY_US:  # values of a wrong year hold nothing up that comes after it
            self._spool.ticker.at_least(last_us)
        self.state = replace(self.state, unfinished=left)
        secs = self.setup.unfinished_secs if self.setup.plan_of(left.plan) is not None else 0
        asyncio.get_running_loop().call_later(secs, self._events.put_nowait, Unanswered())
        told = {"event": "unit_unfinished", "station": self.setup.station, "serial": left.serial or left.lot}
        log.warning("%s: %s is unfinished", self.setup.station, left.serial or left.lot, extra=told)

    def _bounced(self, device: str) -> None:
        told = {"event": "key_bounced", "device": device, "station": self.setup.station}
        log.info("%s: two values within the time of a bounce; the second is dropped", device, extra=told)
        self._doors.bounced(device)

    def _show(self) -> None:
        """Say it once: a scale that streams changes nothing by saying the same again. What isn't kept isn't shown."""
        shown = display(self.setup, self.state)
        if self._keeping is None and shown != self._shown:
            self._shown = shown
            self._doors.show(shown)

    async def _carry_out(self, effect: AskDevice | SealIt | AnswerPlc) -> None:
        match effect:
            case SealIt():
                await self._seal(effect)
            case AskDevice():
                await self._ask(effect)
            case AnswerPlc():
                await self._doors.answer(effect.device, effect.trigger, effect.code)

    async def _ask(self, effect: AskDevice) -> None:
        try:
            await self._doors.ask(effect.device, effect.channel)
        except DeviceGone as error:
            log.warning("%s can't be asked: %s", effect.device, error, extra={"event": "ask_failed"})

    async def _seal(self, effect: SealIt) -> None:
        """Append, wait for the commit (fsync), and only then say that it is recorded."""
        body = effect.body
        try:
            self._remembered.in_flight += isinstance(body, InspectionBody)
            async with self._sealing:
                done = await self._append(effect)
        except (SpoolFull, SpoolBroken, RecordTooLarge, BadRecord, DeviceGone) as error:
            log.error("%s: not recorded: %s", self.setup.station, error, extra={"event": "not_recorded"})
            self._events.put_nowait(NotRecorded(str(error)))
            await self._after_refusal(effect)
            return
        if isinstance(body, InspectionBody):
            self._count_lot(body)
            self._doors.recorded(done)
            serial = body.serial or body.lot or ""
            self._events.put_nowait(
                Recorded(done.appended.record_id, serial, body.verdict, done.count, done.signals, done.body)
            )
        if effect.answer is not None:
            await self._doors.answer(*effect.answer, answer_to(effect))

    async def _append(self, effect: SealIt) -> Committed:
        """What answers the PLC is durable together with it; a unit that no PLC waits for is in hand no more."""
        if effect.answer is None:
            remember = {journal_key(self.setup.station): ""}
        else:
            remember = self._doors.remember(*effect.answer, answer_to(effect))
        if isinstance(effect.body, InspectionBody):
            remember |= await self._editions.begin(self.setup, effect.body)
        return await self._recording.append(self.setup, self.state.memory, effect, remember)

    async def _after_refusal(self, effect: SealIt) -> None:
        if effect.answer is not None:
            await self._doors.answer(*effect.answer, ResultCode.NOT_READY)
        elif isinstance(effect.body, InspectionBody):
            await asyncio.sleep(RETRY_SECS)
            self._events.put_nowait(TryAgain())
