"""The publisher: sends what the spool holds until the collector's receipt says that it is stored.

Promise: a record is offered again and again until its receipt; broker, network and collector may be down, restart or
lose everything meanwhile. What is sealed while the line is up goes at once; what has gathered goes beside it (`lanes`).
Nothing here is durable: after a crash everything without a receipt is sent again, and the collector knows it by its
identity.

One thread sends; the connection's own thread tells what happens there (`gaugetrail_service.mqtt.connection`), hears
(`hearing`), and changes what is known under the lock (`waking`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from gaugetrail_agent.delivery.broker_line import TOO_LARGE, BrokerLine
from gaugetrail_agent.delivery.collector_keys import CollectorKeys
from gaugetrail_agent.delivery.figures import DeliveryFigures
from gaugetrail_agent.delivery.hearing import Hearing
from gaugetrail_agent.delivery.lanes import Delivery, Order
from gaugetrail_agent.delivery.message_size import LearnedSizes
from gaugetrail_agent.delivery.messages import Outbox, Outgoing
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.delivery.size_trial import SizeTrial
from gaugetrail_agent.delivery.too_large import TooLarge
from gaugetrail_agent.delivery.waking import Waking
from gaugetrail_agent.spool import Spool
from gaugetrail_contract import topics
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import AgentStatus, DeliveryStatus, agent_offline
from gaugetrail_service.mqtt.broker_limits import NO_RETAIN
from gaugetrail_service.mqtt.connection import BrokerCalls, BrokerConnection, plain_client

log = logging.getLogger(__name__)

LOOK_SECS = 1.0
"""How often the thread looks round without being woken: resends, a pause that nobody ended, a silent line."""
PAUSED_TRY_SECS = 30.0


class Publisher:
    """Delivery for one spool. `start` never waits for the broker; `stop` ends in bounded time."""

    def __init__(
        self,
        settings: MqttSettings,
        spool: Spool,
        *,
        agent: str,
        started: str,
        collectors: CollectorKeys,
        sizes: LearnedSizes,
        signer: Signer | None = None,
    ) -> None:
        self.figures = DeliveryFigures()
        self._settings = settings
        self._spool = spool
        self._agent = agent
        self._started = started
        self._collectors = collectors
        self._outbox = Outbox(spool, agent, signer)
        self._delivery = Delivery(
            settings.resend_secs, catch_up_per_s=settings.catch_up_per_s, batch=settings.batch_records
        )
        client_id = settings.client_id or f"gaugetrail-agent-{agent}"
        self._broker = BrokerConnection(
            settings,
            BrokerCalls(
                up=self._on_connect,
                refused=self._refused,
                absent=self._on_connect_fail,
                down=self._on_disconnect,
                delivered=self._on_publish,
                came=self._on_message,
                fault=self._on_fault,
                has_twin=lambda: self._line.has_twin(),
            ),
            plain_client,
            client_id=client_id,
            will=(topics.status(agent), lambda: agent_offline(agent, started)),
            # The window is kept here; the client's own must not queue behind it.
            unacknowledged=settings.window + 10,
        )
        self._line = BrokerLine(self._broker.where, agent, client_id)
        self._trial = SizeTrial(self._broker.where, sizes, self._status_within)
        self._too_large = TooLarge(spool, self._broker.where)
        self._waking = Waking()
        self._hearing = Hearing(
            agent,
            started,
            spool=spool,
            collectors=collectors,
            delivery=self._delivery,
            line=self._line,
            trial=self._trial,
            figures=self.figures,
            waking=self._waking,
            resume=self._resume,
        )
        self._limit_seen: tuple[object, ...] | None = None
        """What was known of the broker's limit when records that were too large were last looked through."""
        self.on_document: Callable[[str, bytes], None] = lambda _, __: None
        self.document_topics: Callable[[], Sequence[str]] = tuple
        """What is to be heard of documents at each connection."""
        self.on_holds: Callable[[str, bytes], None] = lambda _, __: None
        self.hold_topics: Callable[[], Sequence[str]] = tuple
        """What is to be heard of what is held on the line."""
        self.on_answer: Callable[[bytes], None] = lambda _: None
        self.on_pins: Callable[[bytes], None] = lambda _: None
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._status: AgentStatus | None = None

    # --- life

    def start(self) -> None:
        """Begin to connect and send, in the background, for ever."""
        self._spool.on_commit = self.wake
        self._spool.on_again = self._once_more
        self._thread = threading.Thread(target=self._send_for_ever, name="publisher", daemon=True)
        self._broker.start()
        self._thread.start()

    def stop(self, drain_secs: float) -> None:
        """Send what is there and wait for its receipts at most `drain_secs`; say goodbye; disconnect."""
        end = time.monotonic() + drain_secs
        with self._waking:
            while self._line.connected and self._spool.state().waiting and time.monotonic() < end:
                self._waking.pause(0.05)
            self._stopping = True
            self._waking.stir()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._line.connected:
            goodbye = agent_offline(self._agent, self._started)
            self._broker.publish_last(topics.status(self._agent), goodbye, max(0.5, end - time.monotonic()))
        self._broker.stop()

    def wake(self) -> None:
        """There is something to send, or something has changed."""
        self._waking.wake()

    def _once_more(self, places: Sequence[int]) -> None:
        """Records that the collector had set aside wait again, because somebody asked for it."""
        with self._waking:
            self._delivery.once_more(places)
            self._waking.stir()

    # --- what the agent says of itself

    def publish_status(self, document: AgentStatus) -> None:
        """Keep the status document as the retained one; it goes out now or when there is a connection."""
        self._status = document
        if self._line.connected:
            self._send_status()

    def _send_status(self) -> None:
        if self._status is not None:
            self._broker.publish(topics.status(self._agent), self._status_within(self._trial.most), retain=True)

    def state(self) -> DeliveryStatus:
        """The figures of this moment."""
        now = time.monotonic()
        with self._waking:
            return DeliveryStatus(
                connected=self._line.connected,
                detail=self._line.alarm(now) or "",
                unanswered_secs=self._line.unanswered_secs(now),
                connects=self.figures.connects,
                messages=self.figures.messages,
                on_way=self._delivery.on_way,
                resent=self._delivery.resent,
                receipts=self.figures.receipts,
                receipts_ignored=self.figures.ignored_receipts,
                receipts_seen=self.figures.seen_receipts,
                stranger=self._collectors.troubles.stranger(now) or "",
                backlog=self._delivery.backlog(),
                given_again=self.figures.given_again,
                commands_refused=self.figures.ignored_commands,
                statuses_ignored=self.figures.ignored_statuses,
                callback_faults=self.figures.callback_faults,
                broker_limits=tuple(filter(None, (self._trial.limit, self._unretained()))),
            )

    def _unretained(self) -> str:
        return NO_RETAIN if self._line.connected and not self._broker.limits.retains else ""

    def alarm(self) -> str | None:
        """What is wrong with delivery, in a sentence; null when all is well."""
        with self._waking:
            line = self._line.alarm(time.monotonic())
            changed = self._collectors.changed() if self._line.connected else None
        return changed or line or self._too_large.alarm() or self._collectors.alarm()

    def not_taken(self) -> str | None:
        """What a collector says of records that it doesn't take yet, in a sentence; null when there are none."""
        return self._hearing.not_taken.alarm()

    # --- sending

    def _send_for_ever(self) -> None:
        last_try = float("-inf")
        able_before = False
        while True:
            with self._waking:
                if self._stopping:
                    return
                self._waking.begin()
                now = time.monotonic()
                paused = self._line.paused(now) is not None and now - last_try < PAUSED_TRY_SECS
                able = self._line.connected and not paused
                ready = able and len(self._line.unacknowledged) < self._settings.window
                silent = self._line.silent(now)
                suspect, self._line.suspect = self._line.suspect, None
            if silent:
                self._cut()
            if suspect is not None and self._trial.doubt(suspect):
                self._anew()
            able = able and not self._try_size(now)
            ready = ready and able
            if able and not able_before:
                self._resume()
            able_before = able
            if ready and self._send_next(now):
                last_try = now
                continue
            with self._waking:
                if not self._stopping:
                    self._waking.sleep(LOOK_SECS if not ready else self._until_due(now))

    def _until_due(self, now: float) -> float:
        due = self._delivery.next_due(now)
        return LOOK_SECS if due is None else min(LOOK_SECS, max(0.002, due - now))

    def _resume(self) -> None:
        """Sending is possible again, or somebody is there again: what was sealed until now is backlog."""
        newest = self._spool.newest()
        with self._waking:
            self._delivery.resume(newest, time.monotonic())
            self._waking.stir()

    def _send_next(self, now: float) -> bool:
        """One message; false when there is nothing to send."""
        newest = self._spool.newest()
        with self._waking:
            order = self._delivery.order(newest, now)
        if order is None:
            return False
        outgoing = self._outbox.fill(order, self._trial.most)
        too_large = bool(outgoing.numbers) and self._trial.too_large(len(outgoing.payload))
        if outgoing.numbers and not too_large and not self._publish(outgoing, now):
            return False
        with self._waking:
            if self._delivery.overtaken(order) and self._collectors.strange() is None:
                self._line.vanished(now)
            self._delivery.done(order, outgoing.numbers, now)
        if too_large:
            self._put_aside(order, outgoing)
        with self._waking:
            if order.epoch:
                self.figures.given_again += len(outgoing.numbers)
        for first, last in outgoing.gone:
            log.error(
                "a collector asks for records %d to %d of epoch %s again, and this spool no longer has them",
                first,
                last,
                order.epoch,
                extra={
                    "event": "asked_and_gone",
                    "cause": order.epoch,
                    "epoch": order.epoch,
                    "first": first,
                    "last": last,
                },
            )
        return True

    def _publish(self, outgoing: Outgoing, now: float) -> bool:
        # Not under the lock: paho calls back while it holds its own, so the acknowledgement may be here first.
        mid = self._broker.publish(topics.records(self._agent), outgoing.payload)
        if mid is None:
            return False
        with self._waking:
            self._line.published(mid, now, len(outgoing.payload))
            self.figures.messages += 1
        return True

    def _put_aside(self, order: Order, outgoing: Outgoing) -> None:
        """A record that alone is too large waits aside; one that is asked for again is confirmed already, and stays."""
        if order.epoch:
            what = f"record {outgoing.numbers[0]} of epoch {order.epoch} is asked for again: {self._trial.limit}"
            log.error("%s, and it alone is larger", what, extra={"event": "record_too_large"})
            return
        for place in outgoing.numbers:
            self._too_large.put(place, len(outgoing.payload), self._trial.limit)
        with self._waking:
            self._delivery.let_go(outgoing.numbers)

    def _try_size(self, now: float) -> bool:
        """What size of message the broker takes is in question: records wait until that is known."""
        topic = topics.status(self._agent)
        trying = self._trial.turn(now, lambda padded: self._broker.publish(topic, padded), self._anew)
        limit = (self._line.connected, self._trial.most, self._trial.limit)
        if not trying and self._line.connected and limit != self._limit_seen:
            self._limit_seen = limit
            self._too_large.release(self._trial.too_large)
        return trying

    def _status_within(self, most: int) -> bytes:
        """The status document, or the least of it where it is longer."""
        least = AgentStatus(online=True, agent=self._agent, started=self._started)
        whole = _written(self._status or least)
        return whole if len(whole) <= most else _written(least)

    def _anew(self) -> None:
        """What is on its way is forgotten, and the broker met anew."""
        with self._waking:
            self._line.begin_anew()
        self._trial.down()
        self._broker.anew()

    def renew(self, settings: MqttSettings) -> bool:
        """Other users, passwords and certificates from now on; true where the broker is connected to anew for them."""
        return self._broker.renew(settings)

    def publish_question(self, payload: bytes) -> bool:
        """Ask the collectors something; false where there is no connection. Nobody sends it again."""
        return self._line.connected and self._broker.publish(topics.questions(self._agent), payload) is not None

    def listen(self, more: Sequence[str]) -> None:
        """Hear these topics, too, until the connection ends."""
        if self._line.connected:
            self._broker.subscribe(*((topic, 1) for topic in more))

    def listen_no_more(self, topics: Sequence[str]) -> None:
        """Hear these no longer."""
        if self._line.connected:
            for topic in topics:
                self._broker.unsubscribe(topic)

    def _cut(self) -> None:
        """The line is half open: end it, so that the client opens another one."""
        log.warning("broker %s: silent; connecting anew", self._line.where, extra={"event": "broker_silent"})
        with self._waking:
            self._line.heard(time.monotonic())
        self._broker.cut()

    # --- what the connection tells

    def _on_connect(self) -> None:
        mine = [
            make(self._agent) for make in (topics.receipts, topics.commands, topics.status, topics.pins, topics.answers)
        ]
        heard = (*mine, *topics.ALL_OF_COLLECTORS, *self.document_topics(), *self.hold_topics())
        self._broker.subscribe(*((topic, 1) for topic in heard))
        self._send_status()
        log.info("broker %s: connected", self._line.where, extra={"event": "broker_up"})
        with self._waking:
            self.figures.connects += 1
            self._line.up(time.monotonic())
            self._trial.up(self._broker.limits.largest_bytes)
            self._waking.stir()

    def _refused(self, reason: str) -> None:
        with self._waking:
            self._line.refused(reason)
        log.warning("%s", self._line.trouble, extra={"event": "broker_refused"})

    def _on_connect_fail(self, why: str) -> None:
        with self._waking:
            news = self._line.absent(why)
        if news:
            log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_disconnect(self, code: int, reason: str) -> None:
        self._trial.down(too_large=code == TOO_LARGE)
        with self._waking:
            if self._stopping:
                self._line.connected = False
                return
            self._line.down(code, reason, time.monotonic())
            self._waking.stir()
        log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_publish(self, mid: int, refusal: str | None) -> None:
        with self._waking:
            before = self._line.trouble
            full = len(self._line.unacknowledged) >= self._settings.window
            self._line.acknowledged(mid, time.monotonic(), refusal)
            if full:  # else nobody waits for it
                self._waking.stir()
        if refusal is not None and self._line.trouble != before:
            log.warning("%s", self._line.trouble, extra={"event": "broker_refuses_topic"})

    def _on_message(self, topic: str, payload: bytes, retained: bool, _: int) -> None:
        if topic == topics.receipts(self._agent):
            self._hearing.receipt(payload)
        elif topic == topics.commands(self._agent):
            self._hearing.command(payload)
        elif topic == topics.status(self._agent):
            self._hearing.own_status(payload, retained=retained)
        elif topic.startswith(topics.ALL_DOCUMENTS):
            self.on_document(topic, payload)
        elif topic.startswith(topics.ALL_OF_LINES):
            self.on_holds(topic, payload)
        elif topic == topics.answers(self._agent):
            if not retained:
                self.on_answer(payload)
        elif topic == topics.pins(self._agent):
            self.on_pins(payload)
        elif topic.endswith(topics.INTRODUCTIONS):
            self._hearing.introductions(topic, payload)
        else:
            self._hearing.collector(topic, payload)

    def _on_fault(self) -> None:
        self.figures.callback_faults += 1


def _written(status: AgentStatus) -> bytes:
    return status.model_dump_json(exclude_none=True).encode()
