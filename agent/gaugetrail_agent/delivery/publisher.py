"""The publisher: sends what the spool holds until the collector's receipt says that it is stored.

Promise: a record is offered again and again until its receipt; broker, network and collector may be down, restart or
lose everything meanwhile. What is sealed while the line is up goes at once; what has gathered goes beside it (`lanes`).
Nothing here is durable: after a crash everything without a receipt is sent again, and the collector knows it by its
identity.

One thread sends; the connection's own thread tells what happens there (`gaugetrail_service.mqtt.connection`), and
changes what is known under the lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from gaugetrail_agent.delivery.broker_line import TOO_LARGE, BrokerLine
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, CollectorsWord
from gaugetrail_agent.delivery.lanes import Delivery, Order
from gaugetrail_agent.delivery.message_size import LearnedSizes
from gaugetrail_agent.delivery.messages import Outbox, Outgoing
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.delivery.not_taken import RecordsNotTaken
from gaugetrail_agent.delivery.size_trial import SizeTrial
from gaugetrail_agent.delivery.too_large import TooLarge
from gaugetrail_agent.spool import Spool
from gaugetrail_contract import topics
from gaugetrail_contract.commands import parse_command
from gaugetrail_contract.receipts import Receipt, parse_receipt
from gaugetrail_contract.signed_status import read_status
from gaugetrail_contract.signing import BadSignature, Signer
from gaugetrail_contract.status import AgentStatus, DeliveryStatus, agent_offline
from gaugetrail_service.logs.repeats import same_words
from gaugetrail_service.mqtt.broker_limits import NO_RETAIN
from gaugetrail_service.mqtt.connection import BrokerCalls, BrokerConnection, plain_client

log = logging.getLogger(__name__)

LOOK_SECS = 1.0
"""How often the thread looks round without being woken: resends, a pause that nobody ended, a silent line."""
PAUSED_TRY_SECS = 30.0


@dataclass
class DeliveryFigures:
    """What has happened since start."""

    messages: int = 0
    receipts: int = 0
    ignored_receipts: int = 0
    seen_receipts: int = 0
    ignored_commands: int = 0
    ignored_statuses: int = 0
    given_again: int = 0
    callback_faults: int = 0
    connects: int = 0


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
        self._not_taken = RecordsNotTaken()
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
        self._wake = threading.Condition()
        self._news = False
        """Something has happened since the sending thread last looked; it must not sleep over it."""
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
        with self._wake:
            while self._line.connected and self._spool.state().waiting and time.monotonic() < end:
                self._wake.wait(0.05)
            self._stopping = True
            self._stir()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._line.connected:
            goodbye = agent_offline(self._agent, self._started)
            self._broker.publish_last(topics.status(self._agent), goodbye, max(0.5, end - time.monotonic()))
        self._broker.stop()

    def wake(self) -> None:
        """There is something to send, or something has changed."""
        with self._wake:
            self._stir()

    def _once_more(self, places: Sequence[int]) -> None:
        """Records that the collector had set aside wait again, because somebody asked for it."""
        with self._wake:
            self._delivery.once_more(places)
            self._stir()

    def _stir(self) -> None:
        """As `wake`, under the lock."""
        self._news = True
        self._wake.notify_all()

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
        with self._wake:
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
        with self._wake:
            line = self._line.alarm(time.monotonic())
            changed = self._collectors.changed() if self._line.connected else None
        return changed or line or self._too_large.alarm() or self._collectors.alarm()

    def not_taken(self) -> str | None:
        """What a collector says of records that it doesn't take yet, in a sentence; null when there are none."""
        return self._not_taken.alarm()

    # --- sending

    def _send_for_ever(self) -> None:
        last_try = float("-inf")
        able_before = False
        while True:
            with self._wake:
                if self._stopping:
                    return
                self._news = False
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
            with self._wake:
                if not self._stopping and not self._news:
                    self._wake.wait(LOOK_SECS if not ready else self._until_due(now))

    def _until_due(self, now: float) -> float:
        due = self._delivery.next_due(now)
        return LOOK_SECS if due is None else min(LOOK_SECS, max(0.002, due - now))

    def _resume(self) -> None:
        """Sending is possible again, or somebody is there again: what was sealed until now is backlog."""
        newest = self._spool.newest()
        with self._wake:
            self._delivery.resume(newest, time.monotonic())
            self._stir()

    def _send_next(self, now: float) -> bool:
        """One message; false when there is nothing to send."""
        newest = self._spool.newest()
        with self._wake:
            order = self._delivery.order(newest, now)
        if order is None:
            return False
        outgoing = self._outbox.fill(order, self._trial.most)
        too_large = bool(outgoing.numbers) and self._trial.too_large(len(outgoing.payload))
        if outgoing.numbers and not too_large and not self._publish(outgoing, now):
            return False
        with self._wake:
            if self._delivery.overtaken(order) and self._collectors.strange() is None:
                self._line.vanished(now)
            self._delivery.done(order, outgoing.numbers, now)
        if too_large:
            self._put_aside(order, outgoing)
        with self._wake:
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
        with self._wake:
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
        with self._wake:
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
        with self._wake:
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
        with self._wake:
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
        with self._wake:
            self.figures.connects += 1
            self._line.up(time.monotonic())
            self._trial.up(self._broker.limits.largest_bytes)
            self._stir()

    def _refused(self, reason: str) -> None:
        with self._wake:
            self._line.refused(reason)
        log.warning("%s", self._line.trouble, extra={"event": "broker_refused"})

    def _on_connect_fail(self, why: str) -> None:
        with self._wake:
            news = self._line.absent(why)
        if news:
            log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_disconnect(self, code: int, reason: str) -> None:
        self._trial.down(too_large=code == TOO_LARGE)
        with self._wake:
            if self._stopping:
                self._line.connected = False
                return
            self._line.down(code, reason, time.monotonic())
            self._stir()
        log.warning("%s", self._line.trouble, extra={"event": "broker_down"})

    def _on_publish(self, mid: int, refusal: str | None) -> None:
        with self._wake:
            before = self._line.trouble
            full = len(self._line.unacknowledged) >= self._settings.window
            self._line.acknowledged(mid, time.monotonic(), refusal)
            if full:  # else nobody waits for it
                self._stir()
        if refusal is not None and self._line.trouble != before:
            log.warning("%s", self._line.trouble, extra={"event": "broker_refuses_topic"})

    def _on_message(self, topic: str, payload: bytes, retained: bool, _: int) -> None:
        if topic == topics.receipts(self._agent):
            self._on_receipt(payload)
        elif topic == topics.commands(self._agent):
            self._on_command(payload)
        elif topic == topics.status(self._agent):
            self._on_own_status(payload, retained=retained)
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
            self._on_introductions(topic, payload)
        else:
            self._on_collector(topic, payload)

    def _on_fault(self) -> None:
        self.figures.callback_faults += 1

    def _on_receipt(self, payload: bytes) -> None:
        try:
            word = self._collectors.open("receipt", self._agent, payload)
            receipt = parse_receipt(word.body)
        except ValueError as error:
            self._ignore(str(error))
            return
        if not word.known:
            self._see(word)
            return
        done = self._spool.confirm(receipt)
        if done.ranges or done.set_aside or done.held:
            self._collectors.fits(word)
        for reason in done.ignored:
            self._ignore(reason)
        self._tell_set_aside(receipt, done.set_aside)
        now = time.monotonic()
        with self._wake:
            self.figures.receipts += 1
            self._line.receipted(now)
            self._delivery.receipted((*done.places, *done.set_aside), now)
            self._delivery.held(done.held, now)
            self._stir()
        self._not_taken.settled((*done.places, *done.set_aside))
        self._not_taken.told(receipt, done.held)

    def _see(self, word: CollectorsWord) -> None:
        """A collector that isn't known has records: they wait all the same, and are offered again by their time."""
        self.figures.seen_receipts += 1
        with self._wake:
            self._line.heard(time.monotonic())
        told = {"event": "receipt_seen", "cause": word.collector, "collector": word.collector}
        log.warning("a receipt counts for nothing: %s", self._collectors.strange() or "", extra=told)

    def _tell_set_aside(self, receipt: Receipt, places: tuple[int, ...]) -> None:
        if places:
            for entry in receipt.set_aside:
                told = {"event": "set_aside", "cause": same_words(entry.reason), "seq": entry.seq}
                log.error("record %d was set aside by the collector: %s", entry.seq, entry.reason, extra=told)

    def _ignore(self, reason: str) -> None:
        self.figures.ignored_receipts += 1
        told = {"event": "receipt_ignored", "cause": same_words(reason)}
        log.warning("a receipt doesn't fit and is ignored: %s", reason, extra=told)

    def _on_command(self, payload: bytes) -> None:
        try:
            word = self._collectors.open("command", self._agent, payload)
            if not word.known:
                raise ValueError(f"the collector {word.collector!r} is not known here")
            command = parse_command(word.body)
            if command.branch and not self._spool.is_branched(command.epoch):
                raise ValueError(f"branch {command.branch} of epoch {command.epoch} is not this agent's")
        except ValueError as error:
            self.figures.ignored_commands += 1
            told = {"event": "command_refused", "cause": same_words(str(error))}
            log.warning("a command is refused: %s", error, extra=told)
            return
        log.warning(
            "a collector asks for records of epoch %s again: %s",
            command.epoch,
            ", ".join(f"{first} to {last}" for first, last in command.ranges[:5]),
            extra={
                "event": "asked_again",
                "cause": command.epoch,
                "epoch": command.epoch,
                "ranges": len(command.ranges),
            },
        )
        with self._wake:
            self._line.heard(time.monotonic())
            self._delivery.ask(command.epoch, command.ranges)
            self._stir()

    def _on_own_status(self, payload: bytes, *, retained: bool) -> None:
        """What stands under our name. What is there at our first connection is our former life's; another's later on
        is a twin's, also as a last will: two with one client id end each other's connections and never meet.
        """
        try:
            status = AgentStatus.model_validate_json(payload)
        except ValidationError:
            return
        if status.online and status.started == self._started and not retained:
            self._trial.echo(len(payload))
            self.wake()
        with self._wake:
            if retained and self.figures.connects < 2:
                return
            news = self._line.own_status(status, self._started, time.monotonic())
            trouble = self._line.alarm(time.monotonic())
        if news:
            log.error("%s; it started %s", trouble, status.started, extra={"event": "agent_twin"})

    def _on_introductions(self, topic: str, payload: bytes) -> None:
        if not payload:
            return  # somebody has cleared the topic; who was introduced stays so until a list says otherwise
        try:
            news = self._collectors.hear_introductions(topic.split("/")[-2], payload)
        except ValueError as error:
            self._pass_over(topic, str(error))
            return
        if news:
            # What a collector has that wasn't known goes out again, for its receipts count from now on.
            self._resume()

    def _on_collector(self, topic: str, payload: bytes) -> None:
        try:
            word = read_status(payload)
        except BadSignature as error:
            self._pass_over(topic, str(error))
            return
        except ValidationError:
            self._pass_over(topic, "it is no collector's status")
            return
        name = word.status.collector
        if topic != topics.collector_status(name):
            self._pass_over(topic, "it is another collector's")
            return
        proven = self._collectors.believes(name, word.key)
        now = time.monotonic()
        with self._wake:
            self._line.heard(now)
            fate = self._line.collectors.take(word, now, proven=proven)
            self._stir()
        if fate in ("old", "foreign"):
            self._pass_over(topic, "it is an older one" if fate == "old" else "it is not signed as its collector signs")
        if fate == "foreign":
            self._collectors.imitated(name, word.key)
        else:
            self._collectors.show(name, word.key)
        if fate == "up":
            # What went out with nobody there, or died with the last one, goes out again.
            self._resume()

    def _pass_over(self, topic: str, why: str) -> None:
        self.figures.ignored_statuses += 1
        log.warning("%s is passed over: %s", topic, why, extra={"event": "status_ignored", "cause": same_words(why)})


def _written(status: AgentStatus) -> bytes:
    return status.model_dump_json(exclude_none=True).encode()
