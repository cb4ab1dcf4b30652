"""Both brokers of the demo do what agents and collectors need of one."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections import Counter
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_sim.demo.bystander import UNREADABLE, Bystander
from gaugetrail_sim.servers import broker
from gaugetrail_sim.servers.broker import BrokerPlan, plan_broker
from gaugetrail_sim.servers.children import Child

RECORDS = "gaugetrail/v1/pc1/records"


class Client:
    """A paho client that remembers what it got; `until` waits for a condition over all of them."""

    _changed = threading.Condition()

    def __init__(self, port: int, name: str, version: int = mqtt.MQTTv5, will: tuple[str, bytes] | None = None) -> None:
        self.got: list[mqtt.MQTTMessage] = []
        self._ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=version, manual_ack=True)
        self.client.on_connect = lambda *_: self._ready.set()
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._message
        if will is not None:
            self.client.will_set(*will, qos=1, retain=True)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._ready.wait(20), "connected"

    def _message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            self.got.append(message)
            self._changed.notify_all()
        client.ack(message.mid, message.qos)

    def subscribe(self, topic: str) -> Client:
        self._ready.clear()
        self.client.subscribe(topic, qos=1)
        assert self._ready.wait(20), "subscribed"
        return self

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        sent.wait_for_publish(5)
        assert sent.is_published()

    def until(self, found, secs: float = 30.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: found(self.got), secs), self.got

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self) -> None:
        """Close the socket without a word, as a killed process does."""
        self.client.loop_stop()
        self.client.socket().close()


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.mosquitto), "embedded"])
def running(request, tmp_path: Path):
    for _ in range(6):
        plan = plan_broker(tmp_path, request.param)
        child = Child("broker", plan.words, tmp_path)
        try:
            asyncio.run(child.until(lambda plan=plan: listens(plan), "it listens"))
            # rumqttd now and then answers nobody any more after its first clients have left; such a one serves no demo.
            if answers(plan):
                yield plan
                assert child.running, child.tail()
                return
        finally:
            asyncio.run(child.stop())
    pytest.fail("none of six brokers answered its clients")


def listens(plan: BrokerPlan) -> bool:
    try:
        for port in (plan.port, plan.port_311):
            socket.create_connection(("127.0.0.1", port), 3).close()
    except OSError:
        return False
    return True


def answers(plan: BrokerPlan) -> bool:
    """Whether it still takes clients on both ports."""
    for port, version in ((plan.port, mqtt.MQTTv5), (plan.port_311, mqtt.MQTTv311)):
        for number in range(3):
            client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"again-{number}", protocol=version)
            ready = threading.Event()
            client.on_connect = lambda *_, ready=ready: ready.set()
            client.connect("127.0.0.1", port)
            client.loop_start()
            taken = ready.wait(10)
            client.disconnect()
            client.loop_stop()
            if not taken:
                return False
    return True


@pytest.mark.parametrize("version", [mqtt.MQTTv5, mqtt.MQTTv311], ids=["5", "3.1.1"])
def test_collectors_share_the_messages_of_a_shared_subscription(running: BrokerPlan, version: int) -> None:
    """Each message to one of them and none to both, in MQTT 5 and 3.1.1."""
    port = running.port if version == mqtt.MQTTv5 else running.port_311
    one, two = (Client(port, f"c{n}", version).subscribe("$share/collectors/gaugetrail/v1/+/records") for n in (1, 2))
    agent = Client(port, "agent", version)
    for number in range(100):
        agent.publish(RECORDS, b"%d" % number)
    one.until(lambda got: len(got) + len(two.got) == 100)
    assert Counter(m.payload for m in [*one.got, *two.got]).most_common(1)[0][1] == 1
    assert one.got
    assert two.got
    for client in (one, two, agent):
        client.close()


def test_message_of_200_kilobytes_arrives_whole(running: BrokerPlan) -> None:
    """A hundred large records in one message."""
    collector = Client(running.port, "collector").subscribe("gaugetrail/v1/+/records")
    agent = Client(running.port, "agent")
    payload = bytes(range(256)) * 800
    agent.publish(RECORDS, payload)
    collector.until(lambda got: got and got[0].payload == payload)
    collector.close()
    agent.close()


def test_status_is_retained_and_the_last_will_replaces_it(running: BrokerPlan) -> None:
    agent = Client(running.port, "agent", will=("gaugetrail/v1/pc1/status", b"offline"))
    agent.publish("gaugetrail/v1/pc1/status", b"online", retain=True)
    watcher = Client(running.port, "watcher").subscribe("gaugetrail/v1/+/status")
    watcher.until(lambda got: [(m.payload, m.retain) for m in got] == [(b"online", True)])
    agent.vanish()
    watcher.until(lambda got: [m.payload for m in got] == [b"online", b"offline"])
    watcher.close()


def test_bystander_hears_collectors_and_writes_what_nobody_can_read(running: BrokerPlan) -> None:
    collector = Client(running.port, "collector").subscribe("gaugetrail/v1/+/records")
    bystander = Bystander(running.port)
    collector.publish("gaugetrail/v1/collectors/c1/status", b'{"online": true}', retain=True)
    bystander.send_unreadable("pc1")
    collector.until(lambda got: [m.payload for m in got] == [UNREADABLE])
    assert bystander.until_heard("c1", 5.0) == {"online": True}
    bystander.close()
    collector.close()


def test_without_mosquitto_the_embedded_broker_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find_program", lambda _: None)
    assert plan_broker(tmp_path).name.startswith("embedded")
    with pytest.raises(FileNotFoundError, match="apt-get install mosquitto"):
        plan_broker(tmp_path, "mosquitto")


@pytest.mark.mosquitto
def test_mosquitto_is_found_where_debian_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """/usr/sbin is not on a normal user's PATH."""
    monkeypatch.setenv("PATH", str(Path(shutil.which("sh") or "").parent / "nothing-here"))
    assert broker.find_program("mosquitto") is not None
