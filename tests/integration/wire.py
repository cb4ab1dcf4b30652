"""An agent's end of the wire, played by hand: sends sealed records, hears receipts; and a broker of the old days."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

from floor import until
from samples import chain, inspection

from gaugetrail_contract import topics
from gaugetrail_contract.seal import Sealed


def records(count: int, agent: str) -> list[Sealed]:
    """A chain of inspections as the agent seals them."""
    return chain([inspection(f"{agent}-{number}") for number in range(1, count + 1)], agent)


class Wire:
    """A connection to a broker that speaks for any agent."""

    def __init__(self, port: int) -> None:
        self.receipted: dict[str, set[int]] = {}
        self.set_aside: dict[str, dict[int, str]] = {}
        self.held: dict[str, dict[int, str]] = {}
        self.statuses: dict[str, dict[str, object]] = {}
        self.agents: dict[str, dict[str, object]] = {}
        """What agents say of themselves."""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        heard = ("gaugetrail/v1/+/receipts", topics.ALL_COLLECTOR_STATUS, topics.ALL_AGENT_STATUS)
        self._client.subscribe([(topic, 1) for topic in heard])
        self._client.loop_start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, agent: str, payload: bytes) -> None:
        self._client.publish(topics.records(agent), payload, qos=1).wait_for_publish(20)

    def send_unsure(self, agent: str, payload: bytes) -> None:
        """As QoS 0: on the way at most once."""
        self._client.publish(topics.records(agent), payload, qos=0).wait_for_publish(20)

    def say_status(self, agent: str) -> None:
        """Something that an agent says of itself."""
        self._client.publish(topics.status(agent), b"{}", qos=0).wait_for_publish(20)

    def send_records(self, sealed: list[Sealed], agent: str, a_message: int = 5) -> None:
        for at in range(0, len(sealed), a_message):
            self.send(agent, b"\n".join(one.line() for one in sealed[at : at + a_message]))

    def wait_for(self, agent: str, count: int) -> None:
        until(lambda: self.receipted.get(agent, set()) >= set(range(1, count + 1)), f"receipts for {count} of {agent}")

    def wait_for_store(self, collector: str, state: str) -> dict[str, object]:
        until(lambda: self.statuses.get(collector, {}).get("store") == state, f"{collector}'s store is {state}")
        return self.statuses[collector]

    def _on_message(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        steps = message.topic.split("/")
        # A receipt's first line is the receipt, its last the signature.
        document = json.loads(message.payload.split(b"\n")[0] or b"{}")
        if steps[2] == topics.COLLECTORS:
            self.statuses[steps[3]] = document
            return
        if steps[3] == "status":
            self.agents[steps[2]] = document
            return
        for start, end, _seal in document["stored"]:
            self.receipted.setdefault(steps[2], set()).update(range(start, end + 1))
        for one in document["set_aside"]:
            self.set_aside.setdefault(steps[2], {})[one["seq"]] = one["reason"]
        for one in document.get("held", ()):
            self.held.setdefault(steps[2], {})[one["seq"]] = one["reason"]


class OldBroker:
    """A door before a real broker that turns MQTT 5 away, as a broker of the 3.1.1 days does."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.refused = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._server, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            first = client.recv(65_536)
            # CONNECT: fixed header of two bytes here, then the name's length and `MQTT`, then the protocol's level.
            level = first[first.index(b"MQTT") + 4]
            if level == 5:
                self.refused += 1
                client.sendall(b"\x20\x02\x00\x01")  # CONNACK of 3.1.1: unacceptable protocol version
                client.close()
                return
            upstream = socket.create_connection(("127.0.0.1", self._target))
            self._sockets.append(upstream)
            upstream.sendall(first)
            threading.Thread(target=_pump, args=(upstream, client), daemon=True).start()
            _pump(client, upstream)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
