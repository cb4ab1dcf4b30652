"""Somebody else on the broker: hears that a collector is up, and sends one message that nobody can read."""

from __future__ import annotations

import json
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

UNREADABLE = b"bore=74.0?2 mm\x00 (a message from a script that nobody maintains)"


class Bystander:
    """One connection, made in the background; the broker must be up."""

    def __init__(self, port: int) -> None:
        self.collectors: dict[str, dict[str, object]] = {}
        """The status documents of the collectors, by their id."""
        self._heard = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="demo-bystander", protocol=mqtt.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port, keepalive=30)
        self._client.loop_start()

    def send_unreadable(self, agent: str) -> None:
        """Put the message where records belong. Raises `RuntimeError` when the broker doesn't take it."""
        sent = self._client.publish(f"gaugetrail/v1/{agent}/records", UNREADABLE, qos=1)
        sent.wait_for_publish(5)
        if not sent.is_published():
            raise RuntimeError("the broker has not taken the bystander's message within 5 s")

    def until_heard(self, collector: str, secs: float) -> dict[str, object] | None:
        """The collector's status document; null if none has come in time."""
        with self._heard:
            self._heard.wait_for(lambda: collector in self.collectors, secs)
        return self.collectors.get(collector)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: object,
    ) -> None:
        del userdata, flags, properties
        if not reason.is_failure:
            client.subscribe("gaugetrail/v1/collectors/+/status", qos=1)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        status = json.loads(message.payload)
        if isinstance(status, dict):
            with self._heard:
                self.collectors[message.topic.split("/")[3]] = status
                self._heard.notify_all()
