"""Agents of 0.1, played by hand at a real broker: they send what 0.1 sent and believe only what 0.1 believed."""

from __future__ import annotations

import json

import paho.mqtt.client as mqtt
from golden_0_1 import read
from paho.mqtt.enums import CallbackAPIVersion
from wire_0_1 import opened

ROOT = "gaugetrail/v1"


class Played:
    """A connection that speaks for any agent and keeps what is said to it."""

    def __init__(self, port: int) -> None:
        self.receipts: list[bytes] = []
        self.commands: list[bytes] = []
        self.statuses: list[bytes] = []
        self.lines: list[bytes] = []
        """Wire lines of records, where they are watched."""
        self.trouble: list[str] = []
        self.confirmed: dict[str, str] = {}
        """`agent/epoch/seq` of every record that a receipt confirms -> the seal that it has at the agent."""
        self._sealed: dict[tuple[str, str, int], str] = {}
        for line in read("records.jsonl").splitlines():
            sealed = json.loads(line)
            self._sealed[place(sealed["record"])] = sealed["sha256"]
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(
            [(f"{ROOT}/+/receipts", 1), (f"{ROOT}/+/commands", 1), (f"{ROOT}/collectors/+/status", 1)]
        )
        self._client.loop_start()

    def __enter__(self) -> Played:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        assert self.trouble == []

    def watch_records(self) -> None:
        """Hear what agents send, too."""
        self._client.subscribe(f"{ROOT}/+/records", 1)

    def send(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(20)

    def status(self, collector: str) -> dict[str, object]:
        """The last word of a collector on itself."""
        found = [json.loads(body) for body in self.statuses]
        return next((one for one in reversed(found) if one["collector"] == collector), {})

    def seals_in(self, receipt: bytes) -> list[str]:
        """The seals that a receipt names as stored."""
        return [sha256 for _, _, sha256 in json.loads(receipt)["stored"]]

    def _on_message(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        _, _, agent, kind = message.topic.split("/", 3)
        try:
            if kind == "receipts":
                self._receipt(agent, opened("receipt", agent, message.payload))
            elif kind == "commands":
                self.commands.append(opened("command", agent, message.payload))
            elif kind == "records":
                self.lines += [line for line in message.payload.splitlines() if line.startswith(b'{"sha256"')]
            else:
                self.statuses.append(bytes(message.payload))
        except (AssertionError, ValueError, LookupError, TypeError) as error:
            self.trouble.append(f"{message.topic}: {error!r}")

    def _receipt(self, agent: str, body: bytes) -> None:
        """As 0.1: a range counts only if its last record has the seal that the receipt names."""
        self.receipts.append(body)
        told = json.loads(body)
        for first, last, sha256 in told["stored"]:
            if self._sealed.get((agent, told["epoch"], last)) != sha256:
                continue
            for seq in range(first, last + 1):
                self.confirmed[f"{agent}/{told['epoch']}/{seq}"] = self._sealed[agent, told["epoch"], seq]


def place(record: dict[str, object]) -> tuple[str, str, int]:
    return str(record["agent"]), str(record["epoch"]), int(str(record["seq"]))
