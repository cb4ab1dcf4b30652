"""Who shouldn't be on the broker is named on both sides within a minute. Real mosquitto, collectors and agent."""

from __future__ import annotations

import itertools
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from floor import Floor, Operator, until, with_shutdown
from paho.mqtt.enums import CallbackAPIVersion
from wire import Wire, records

sys.path.insert(0, str(Path(__file__).parents[1] / "agent"))

from mqtt_proxy import split_packets

from gaugetrail_contract import topics

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

WITHIN_A_MINUTE = 60.0


def collector(floor: Floor, name: str, more: str = "", *, ident: str = "", store: str = "") -> str:
    """Settings of a collector with a store of its own, and the collector started."""
    (floor.folder / f"{name}.toml").write_text(
        f'id = "{ident or name}"\ndata_dir = "{name}-data"\n[store]\nkind = "sqlite"\n'
        f'path = "{store or name}.db"\n[mqtt]\nhost = "127.0.0.1"\nport = {floor.mqtt_port}\n{more}'
    )
    floor.collector(name)
    return name


def said(floor: Floor, program: str, name: str, pattern: str) -> Callable[[], bool]:
    """Whether `status` says a line of that kind."""

    def says() -> bool:
        _, out, err = floor.ask_here(f"gaugetrail-{program}", "status", "--config", f"{name}.toml")
        assert err == ""
        return re.search(pattern, out, re.MULTILINE) is not None

    return says


def test_a_test_collector_on_the_production_broker_is_named_by_both_and_at_the_line(floor: Floor) -> None:
    floor.broker()
    floor.write_agent()
    floor.agent()
    collector(floor, "c1")
    collector(floor, "test")
    part = "each of the two stores holds a part of the records only -> stop one of the two"
    words = r"^ *collector {}: collector {} shares the group 'collectors' and writes to another store \(.*\): " + part
    until(said(floor, "collector", "c1", words.format("c1", "test")), "the one says it", WITHIN_A_MINUTE)
    until(said(floor, "collector", "test", words.format("test", "c1")), "the other says it", WITHIN_A_MINUTE)
    line = "^ *broker: collectors c1 and test share the group 'collectors' and write to two stores: .* -> stop the"
    until(said(floor, "agent", "agent", line), "the line says it", WITHIN_A_MINUTE)
    floor.stop("test")
    until(lambda: not said(floor, "collector", "c1", "another store")(), "it is gone, and nothing is said any more")
    until(lambda: not said(floor, "agent", "agent", "two stores")(), "nor at the line")


def test_two_collectors_of_one_store_are_no_trouble(floor: Floor) -> None:
    floor.broker()
    with Wire(floor.mqtt_port) as wire:
        collector(floor, "c1")
        wire.wait_for_store("c1", "up")
        collector(floor, "c2", store="c1")
        wire.wait_for_store("c2", "up")
        until(lambda: wire.statuses["c2"].get("store_id"), "it knows its store")
        until(lambda: wire.statuses["c1"]["store_id"] == wire.statuses["c2"]["store_id"], "and that is the same")
        assert [wire.statuses[name].get("alarms", []) for name in ("c1", "c2")] == [[], []]


@pytest.mark.parametrize(("version", "client_ids"), [("5", False), ("3.1.1", False), ("5", True)])
def test_two_collectors_with_one_id_are_named_on_both_sides(floor: Floor, version: str, *, client_ids: bool) -> None:
    """They throw each other out, or, with client ids of their own, both go on; either way it is said."""
    floor.broker()
    floor.write_agent()
    floor.agent()
    for name in ("one", "two"):
        more = f'version = "{version}"\n' + (f'client_id = "{name}"\n' if client_ids else "")
        collector(floor, name, more, ident="c1", store="same")
    words = "^ *collector c1: two collectors have one id: another one calls itself 'c1'.* -> stop one of them"
    until(said(floor, "collector", "one", words), "a collector says it", WITHIN_A_MINUTE)
    line = "^ *broker: two collectors have one id: both call themselves 'c1'"
    until(said(floor, "agent", "agent", line), "the line says it", WITHIN_A_MINUTE)


def test_a_collector_that_is_started_again_is_not_its_own_twin(floor: Floor) -> None:
    floor.broker()
    floor.write_agent()
    floor.agent()
    with Wire(floor.mqtt_port) as wire:
        for _ in range(3):
            collector(floor, "c1")
            wire.wait_for_store("c1", "up")
            assert wire.statuses["c1"]["alarms"] == []
            floor.kill("c1")
            until(lambda: wire.statuses["c1"]["online"] is False, "its last will")
    assert not said(floor, "agent", "agent", "one id")()


def test_a1_somebody_who_takes_records_from_the_group_is_named(floor: Floor) -> None:
    """Every second message is his: it is sent again until the collector has it, and nothing is lost meanwhile."""
    floor.broker()
    config = floor.write_agent()
    config.write_text(config.read_text().replace("[terminal]", "resend_secs = 1\n[terminal]"))
    collector(floor, "c1")
    with Wire(floor.mqtt_port) as wire:
        wire.wait_for_store("c1", "up")
    thief = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    thief.connect("127.0.0.1", floor.mqtt_port)
    thief.subscribe(f"$share/collectors/{topics.ALL_RECORDS}", 1)
    thief.loop_start()
    floor.agent()
    operator = Operator(floor)
    try:
        operator.log_on()
        words = "^ *broker: messages come to no collector again and again, though others do: .* -> look who"
        serials, is_said = itertools.count(1), said(floor, "agent", "agent", words)

        def work_goes_on_and_it_is_said() -> bool:
            operator.inspect(f"SN{next(serials):06}")
            return is_said()

        until(work_goes_on_and_it_is_said, "the line says it", WITHIN_A_MINUTE)
        until(said(floor, "collector", "c1", "^ *agent pc1: messages come to no collector"), "the collector says it")
    finally:
        operator.close()
        thief.disconnect()
        thief.loop_stop()
    until(lambda: floor.waiting() == 0, "all is stored")


def test_records_that_come_back_again_and_again_are_named(floor: Floor) -> None:
    """Its receipts don't reach the agent: the broker's rules keep them from it."""
    (floor.folder / "acl").write_text(
        "topic write gaugetrail/#\ntopic read gaugetrail/v1/collectors/#\n"
        "user collector\ntopic readwrite gaugetrail/#\n"
    )
    floor.broker(f"user root\nacl_file {floor.folder}/acl\n")
    config = floor.write_agent()
    config.write_text(config.read_text().replace("[terminal]", "resend_secs = 2\n[terminal]"))
    collector(floor, "c1", 'username = "collector"\npassword = "x"\n')
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN1")
    operator.close()
    words = "^ *collector c1: agent pc1 sends records again and again that are stored: .* -> gaugetrail-agent status"
    until(said(floor, "collector", "c1", words), "the collector says it", WITHIN_A_MINUTE)
    until(said(floor, "agent", "agent", "^ *broker: no receipt comes, though c1 is online"), "so does the agent")


class NoShares:
    """A door before a real broker that refuses shared subscriptions as a broker without them does: stands in for one,
    since mosquitto always has them. It answers such a SUBSCRIBE itself and passes on all else."""

    def __init__(self, target: int, *, five: bool) -> None:
        self._target = target
        self._refusal = b"\x00\x9e" if five else b"\x80"
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._server, *self._sockets):
            with_shutdown(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                upstream = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [client, upstream]
            threading.Thread(target=self._from_client, args=(client, upstream), daemon=True).start()
            threading.Thread(target=self._from_broker, args=(upstream, client), daemon=True).start()

    def _from_client(self, client: socket.socket, upstream: socket.socket) -> None:
        buffer = b""
        try:
            while data := client.recv(65_536):
                packets, buffer = split_packets(buffer + data)
                for packet in packets:
                    if packet[0] >> 4 == 8 and b"$share/" in packet:
                        number = packet[2:4]  # such a packet is shorter than 128 bytes
                        client.sendall(bytes([0x90, 2 + len(self._refusal)]) + number + self._refusal)
                    else:
                        upstream.sendall(packet)
        except OSError:
            pass
        with_shutdown(upstream)

    @staticmethod
    def _from_broker(upstream: socket.socket, client: socket.socket) -> None:
        try:
            while data := upstream.recv(65_536):
                client.sendall(data)
        except OSError:
            pass
        with_shutdown(client)


@pytest.fixture(params=["5", "3.1.1"])
def old_door(floor: Floor, request: pytest.FixtureRequest) -> Iterator[tuple[str, NoShares]]:
    floor.broker()
    door = NoShares(floor.mqtt_port, five=request.param == "5")
    yield request.param, door
    door.close()


def test_without_shared_subscriptions_one_collector_takes_all_and_a_second_one_none(
    floor: Floor, old_door: tuple[str, NoShares]
) -> None:
    """Both say so; when the first is gone the second goes on, and no record is lost or stored twice."""
    version, door = old_door
    floor.mqtt_port, port = door.port, floor.mqtt_port
    version_line = f'version = "{version}"\n'
    sealed = records(20, "pc-a")
    with Wire(port) as wire:
        collector(floor, "c1", version_line)
        until(lambda: wire.statuses.get("c1", {}).get("takes") == "all", "the first takes every message")
        collector(floor, "c2", version_line)
        unknown = "^ *collector c2: collector c1 takes every message as well and is not known here, .* -> stop one, or"
        until(said(floor, "collector", "c2", unknown), "whom it doesn't know it leaves nothing to", WITHIN_A_MINUTE)
        floor.introduce("c2", "c1")
        until(lambda: wire.statuses.get("c2", {}).get("takes") == "nothing", "the second takes none")
        wire.send_records(sealed[:10], "pc-a")
        wire.wait_for("pc-a", 10)
        refuses = "^ *collector c2: .* has no shared subscriptions, and collector c1 takes every message: this one"
        until(said(floor, "collector", "c2", refuses), "the second says why")
        said_so = "^ *worth a look: broker: the broker has no shared subscriptions: one collector takes every message"
        until(said(floor, "collector", "c1", said_so), "the first says it too")
        assert wire.statuses["c2"]["records"] == 0
        floor.kill("c1")
        until(lambda: wire.statuses["c2"].get("takes") == "all", "the second takes over")
        wire.send_records(sealed[10:], "pc-a")
        wire.wait_for("pc-a", 20)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_without_retained_messages_records_receipts_and_status_work(floor: Floor, version: str) -> None:
    floor.broker("retain_available false\n")
    config = floor.write_agent()
    config.write_text(config.read_text().replace("[terminal]", f'version = "{version}"\n[terminal]'))
    collector(floor, "c1", f'version = "{version}"\n')
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(5):
        operator.inspect(f"SN{number}")
    operator.close()
    until(lambda: floor.waiting() == 0, "all are receipted")
    words = "^ *worth a look: broker: the broker keeps no retained messages"
    until(said(floor, "agent", "agent", words), "the agent says it")
    until(said(floor, "collector", "c1", words), "so does the collector")
    until(said(floor, "collector", "c1", "^agent +pc1: here"), "and who is there is known")
