"""The other end of delivery for tests: a client of the test's own that takes records and gives receipts."""

from __future__ import annotations

import threading
from collections import Counter

import paho.mqtt.client as mqtt
from floor import until
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gaugetrail_contract import topics
from gaugetrail_contract.commands import Again
from gaugetrail_contract.introductions import IntroducedCollector, Introductions, write_introductions
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record import record_id
from gaugetrail_contract.seal import open_line, split_message
from gaugetrail_contract.signed_status import write_status
from gaugetrail_contract.signing import Signer, cut_signature
from gaugetrail_contract.status import CollectorStatus


def stored_ranges(seals: dict[int, str]) -> tuple[tuple[int, int, str], ...]:
    """The fewest ranges that name just these numbers, each with its last seal."""
    ends = [seq for seq in sorted(seals) if seq + 1 not in seals]
    starts = [seq for seq in sorted(seals) if seq - 1 not in seals]
    return tuple((start, end, seals[end]) for start, end in zip(starts, ends, strict=True))


class FarEnd:
    """Stands in for a collector: `came` counts each record by id; receipts go out while `confirming`."""

    def __init__(self, port: int, agent: str = "pc1", *, name: str = "far", signer: Signer | None = None) -> None:
        self.came: Counter[str] = Counter()
        self.order: list[int] = []
        self.messages: list[bytes] = []
        self.confirming = True
        self.signer = signer
        self._beat = 0
        self._name = name
        self._agent = agent
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe(topics.ALL_RECORDS, qos=1)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._take
        self.client.reconnect_delay_set(1, 1)
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()
        until(self._subscribed.is_set, "the far end has subscribed")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _take(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self.messages.append(bytes(message.payload))
        lines, _signature = cut_signature(split_message(message.payload))
        opened = [open_line(line) for line in lines]
        for one in opened:
            self.came[record_id(one.record.agent, one.record.epoch, one.record.seq)] += 1
            self.order.append(one.record.seq)
        if self.confirming:
            for epoch in {one.record.epoch for one in opened}:
                seals = {one.seq: one.sealed.sha256 for one in opened if one.epoch == epoch}
                self.say(Receipt(epoch=epoch, stored=stored_ranges(seals)))

    def say(self, word: Receipt | Again) -> None:
        """A receipt or a command, signed where there is a signer."""
        kind, topic = ("receipt", topics.receipts) if isinstance(word, Receipt) else ("command", topics.commands)
        body = word.to_bytes()
        payload = self.signer.word(kind, self._agent, self._name, body) if self.signer else body
        self.client.publish(topic(self._agent), payload, qos=1)

    def introduce(self, keys: dict[str, str]) -> None:
        """Say which other collectors this one knows."""
        assert self.signer is not None
        self._beat += 1
        others = tuple(IntroducedCollector(collector=name, key=key) for name, key in keys.items())
        payload = write_introductions(Introductions(number=self._beat, introduced=others), self._name, self.signer)
        self.client.publish(topics.introductions(self._name), payload, qos=1, retain=True).wait_for_publish(5)

    def status(self, store: str, started: str = "2026-11-25T08:00:00.000000Z") -> bytes:
        """Publish a collector's status document, signed where there is a signer; the payload."""
        self._beat += 1
        document = CollectorStatus(
            online=True, collector=self._name, started=started, store=store, connection=1, beat=self._beat
        )
        payload = write_status(document, self.signer)
        self.client.publish(topics.collector_status(self._name), payload, qos=1, retain=True).wait_for_publish(5)
        return payload
