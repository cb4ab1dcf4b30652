"""Libraries that have changed inside: the collector goes on by their public names alone, and says so once."""

from __future__ import annotations

import importlib.util
import logging
import sys
import threading
from pathlib import Path
from types import ModuleType

import paho.mqtt
import paho.mqtt.client
import pytest
from floor import Floor, until
from wire import Wire

import gaugetrail_collector
from gaugetrail_collector.config import MqttTable

WINDOW = 20
RENAMED = {"_create_socket": "_make_socket", "_packet_queue": "_enqueue"}
PAYLOADS = [bytes((number,)) * size for number, size in enumerate([1, 130, 20_000, 0, 70_000, 400_000] * 10)]


def loaded(name: str, source: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of that name from that source, for this test."""
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__package__ = name.rpartition(".")[0]
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(source, name, "exec"), vars(module))
    return module


@pytest.fixture
def subscriber_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The subscriber over a paho whose private names are others, as a later release may have them."""
    source = Path(paho.mqtt.client.__file__).read_text("utf-8")
    for old, new in RENAMED.items():
        assert source.count(old) > 1, old
        source = source.replace(old, new)
    monkeypatch.setattr(paho.mqtt, "client", loaded("paho.mqtt.client", source, monkeypatch))
    folder = Path(gaugetrail_collector.__file__).parent / "intake" / "receiving"
    modules = [
        loaded(f"gaugetrail_collector.intake.receiving.{name}", (folder / f"{name}.py").read_text("utf-8"), monkeypatch)
        for name in ("connection", "subscriber")
    ]
    return modules[-1]


@pytest.mark.mosquitto
@pytest.mark.processes
@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_records_flow_and_are_acknowledged_without_pahos_private_names(
    floor: Floor, subscriber_module: ModuleType, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    """More than the window: acknowledgements reach the broker, or it would stop sending."""
    floor.broker(f"max_inflight_messages {WINDOW}\n")
    table = MqttTable(host="localhost", port=floor.mqtt_port, version=version, window=WINDOW, keepalive_secs=5)
    subscriber = subscriber_module.Subscriber(table, "collector-1")
    with caplog.at_level(logging.WARNING):
        subscriber.start()
    try:
        until(lambda: subscriber.connected, "the subscription")
        with Wire(floor.mqtt_port) as wire:
            sending = threading.Thread(target=lambda: [wire.send("pc-a", payload) for payload in PAYLOADS])
            sending.start()
            came = []
            while len(came) < len(PAYLOADS):
                message = subscriber.messages.get(timeout=20)
                came.append(message.payload)
                subscriber.acknowledge([message])
            sending.join()
        assert came == PAYLOADS
    finally:
        subscriber.stop()
    said = [record.getMessage() for record in caplog.records if vars(record).get("event") == "mqtt_plain"]
    assert len(said) == 1
    assert "no _create_socket and no _packet_queue" in said[0]


@pytest.mark.mosquitto
@pytest.mark.processes
def test_nothing_is_acknowledged_before_it_is_told_the_plain_way_either(
    floor: Floor, subscriber_module: ModuleType
) -> None:
    """The broker holds back what is beyond the window until something is acknowledged."""
    floor.broker()
    table = MqttTable(host="localhost", port=floor.mqtt_port, window=WINDOW, keepalive_secs=5)
    subscriber = subscriber_module.Subscriber(table, "collector-1")
    heard = threading.Event()
    subscriber.on_status = lambda *_: heard.set()
    subscriber.start()
    try:
        until(lambda: subscriber.connected, "the subscription")
        with Wire(floor.mqtt_port) as wire:
            for number in range(WINDOW + 1):
                wire.send("pc-a", str(number).encode())
            first = [subscriber.messages.get(timeout=20) for _ in range(WINDOW)]
            wire.say_status("pc-a")
            assert heard.wait(20), "what the broker sends now has come"
            assert subscriber.messages.empty()
            subscriber.acknowledge(first[:1])
            assert subscriber.messages.get(timeout=20).payload == str(WINDOW).encode()
    finally:
        subscriber.stop()
