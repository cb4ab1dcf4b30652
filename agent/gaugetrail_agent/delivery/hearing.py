"""What is heard over the line: receipts, commands, what stands under our own name, what collectors say of themselves.

Promise: only the word of a collector that is known here counts; what doesn't fit is counted, said and passed over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from pydantic import ValidationError

from gaugetrail_agent.delivery.broker_line import BrokerLine
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, CollectorsWord
from gaugetrail_agent.delivery.figures import DeliveryFigures
from gaugetrail_agent.delivery.lanes import Delivery
from gaugetrail_agent.delivery.not_taken import RecordsNotTaken
from gaugetrail_agent.delivery.size_trial import SizeTrial
from gaugetrail_agent.delivery.waking import Waking
from gaugetrail_agent.spool import Spool
from gaugetrail_contract import topics
from gaugetrail_contract.commands import parse_command
from gaugetrail_contract.receipts import Receipt, parse_receipt
from gaugetrail_contract.signed_status import read_status
from gaugetrail_contract.signing import BadSignature
from gaugetrail_contract.status import AgentStatus
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)


class Hearing:
    """Takes what came, on the connection's own thread, and changes what is known under the lock. `resume`: somebody is
    there again.
    """

    def __init__(
        self,
        agent: str,
        started: str,
        *,
        spool: Spool,
        collectors: CollectorKeys,
        delivery: Delivery,
        line: BrokerLine,
        trial: SizeTrial,
        figures: DeliveryFigures,
        waking: Waking,
        resume: Callable[[], None],
    ) -> None:
        self.not_taken = RecordsNotTaken()
        self._agent = agent
        self._started = started
        self._spool = spool
        self._collectors = collectors
        self._delivery = delivery
        self._line = line
        self._trial = trial
        self.figures = figures
        self._waking = waking
        self._resume = resume

    def receipt(self, payload: bytes) -> None:
        """Records are stored, set aside or held, as a collector says that is known here."""
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
        with self._waking:
            self.figures.receipts += 1
            self._line.receipted(now)
            self._delivery.receipted((*done.places, *done.set_aside), now)
            self._delivery.held(done.held, now)
            self._waking.stir()
        self.not_taken.settled((*done.places, *done.set_aside))
        self.not_taken.told(receipt, done.held)

    def _see(self, word: CollectorsWord) -> None:
        """A collector that isn't known has records: they wait all the same, and are offered again by their time."""
        self.figures.seen_receipts += 1
        with self._waking:
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

    def command(self, payload: bytes) -> None:
        """A collector asks for records again."""
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
        with self._waking:
            self._line.heard(time.monotonic())
            self._delivery.ask(command.epoch, command.ranges)
            self._waking.stir()

    def own_status(self, payload: bytes, *, retained: bool) -> None:
        """What stands under our name. What is there at our first connection is our former life's; another's later on
        is a twin's, also as a last will: two with one client id end each other's connections and never meet.
        """
        try:
            status = AgentStatus.model_validate_json(payload)
        except ValidationError:
            return
        if status.online and status.started == self._started and not retained:
            self._trial.echo(len(payload))
            self._waking.wake()
        with self._waking:
            if retained and self.figures.connects < 2:
                return
            news = self._line.own_status(status, self._started, time.monotonic())
            trouble = self._line.alarm(time.monotonic())
        if news:
            log.error("%s; it started %s", trouble, status.started, extra={"event": "agent_twin"})

    def introductions(self, topic: str, payload: bytes) -> None:
        """A collector says which others there are."""
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

    def collector(self, topic: str, payload: bytes) -> None:
        """How a collector is, as its status document says."""
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
        with self._waking:
            self._line.heard(now)
            fate = self._line.collectors.take(word, now, proven=proven)
            self._waking.stir()
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
