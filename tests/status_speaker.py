"""Somebody on a real broker who says status documents, for who listens to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as mqtt
from floor import Floor, until
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus, CollectorStatus


class Speaker:
    """Somebody on the broker who says retained status documents."""

    def __init__(self, floor: Floor) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", floor.mqtt_port)
        self._client.loop_start()
        until(self._client.is_connected, "connected")

    def __call__(self, topic: str, document: AgentStatus | CollectorStatus) -> None:
        payload = document.model_dump_json(exclude_none=True)
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)

    @contextmanager
    def again_and_again(
        self, *, collector: str | None = None, apart: timedelta = timedelta(), agents: Sequence[str] = ()
    ) -> Iterator[None]:
        """A collector's word, and those of agents `pc1` that started at these hours, until the block ends."""
        ended = threading.Event()

        def speak() -> None:
            while not ended.wait(0.05):
                now = (datetime.now(UTC) + apart).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                if collector is not None:
                    self(
                        topics.collector_status(collector), CollectorStatus(online=True, collector=collector, time=now)
                    )
                for hour in agents:
                    started = f"2026-11-23T{hour}:00:00.000000Z"
                    self(topics.status("pc1"), AgentStatus(online=True, agent="pc1", started=started, time=now))

        thread = threading.Thread(target=speak)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def speaking(floor: Floor) -> Iterator[Speaker]:
    say = Speaker(floor)
    try:
        yield say
    finally:
        say.close()
