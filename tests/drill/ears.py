"""Others on the broker: one who times receipts, one who repeats what he hears, one who reads the broker's figures."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from account import Word
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions


class Ear:
    """One MQTT 5 connection that listens to a topic. Use as a context manager; the broker must be up."""

    def __init__(self, port: int, topic: str, heard: Callable[[mqtt.MQTTMessage], None], qos: int = 1) -> None:
        self._port = port
        self._qos = qos
        self._topic = topic
        self._heard = heard
        self._ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.max_queued_messages_set(0)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = lambda _, __, message: self._heard(message)

    def __enter__(self) -> Ear:
        self.client.connect("127.0.0.1", self._port)
        self.client.loop_start()
        assert self._ready.wait(20), "the broker takes no subscription"
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(self._topic, options=SubscribeOptions(qos=self._qos, noLocal=True))


class ReceiptTimes(Ear):
    """When each record's receipt was on the wire, by the word of the wire alone."""

    def __init__(self, port: int) -> None:
        super().__init__(port, "gaugetrail/v1/+/receipts", self._note)
        self._lock = threading.Lock()
        self._ranges: list[tuple[str, str, int, int, float]] = []

    def _note(self, message: mqtt.MQTTMessage) -> None:
        at = time.monotonic()
        agent = message.topic.split("/")[2]
        receipt = json.loads(message.payload.split(b"\n")[0])  # a signature may stand in a second line
        with self._lock:
            self._ranges += [(agent, receipt["epoch"], first, last, at) for first, last, _ in receipt["stored"]]

    def any(self) -> bool:
        """Whether one has come at all."""
        with self._lock:
            return bool(self._ranges)

    def secs_until(self, words: list[Word]) -> list[float]:
        """For each word with a record: seconds from the terminal's word to the first receipt; infinite without one."""
        with self._lock:
            ranges = list(self._ranges)
        times: list[float] = []
        for word in words:
            if word.record is None:
                continue
            agent, epoch, number = word.record.split("/")
            seq = int(number)
            at = [t for a, e, first, last, t in ranges if a == agent and e == epoch and first <= seq <= last]
            times.append(max(0.0, min(at) - word.at) if at else float("inf"))
        return times


class Parrot(Ear):
    """Says what agents send again, so many times; `most` messages, or what is sent again would be, too, without end."""

    def __init__(self, port: int, times: int, most: int = 1500) -> None:
        super().__init__(port, "gaugetrail/v1/+/records", self._repeat)
        self._times = times
        self._left = most
        self.said = 0

    def _repeat(self, message: mqtt.MQTTMessage) -> None:
        if self._left == 0:
            return
        self._left -= 1
        for _ in range(self._times):
            self.client.publish(message.topic, message.payload, qos=1)
            self.said += 1


def broker_figure(port: int, name: str, secs: float = 15.0) -> int:
    """One of mosquitto's own counts, such as `publish/messages/dropped`; it tells them every few seconds."""
    found: list[int] = []
    came = threading.Event()

    def heard(message: mqtt.MQTTMessage) -> None:
        found.append(int(message.payload))
        came.set()

    # At qos 0, or a broker with a tiny queue would throw its own counts away.
    with Ear(port, f"$SYS/broker/{name}", heard, qos=0):
        came.wait(secs)
    return found[-1] if found else 0
