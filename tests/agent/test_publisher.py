"""Delivery against a real mosquitto: whatever broker, network and collector do, each record arrives in the end."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from far_end import FarEnd
from floor import Floor, free_port, until
from mqtt_proxy import MqttProxy
from spool_bodies import body

from gaugetrail_agent.delivery import broker_line, publisher
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, EvidenceSettings
from gaugetrail_agent.delivery.message_size import LearnedSizes
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.commands import Again
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.seal import cut_line
from gaugetrail_contract.signing import Signer, cut_signature
from gaugetrail_contract.status import AgentStatus

pytestmark = [pytest.mark.mosquitto, pytest.mark.waits]

KEY = Signer.new()
COLLECTOR = Signer.new()


class Shop:
    """A broker, and what the test adds to it; all closed at the end."""

    def __init__(self, floor: Floor, stack: ExitStack) -> None:
        self.floor = floor
        self._stack = stack

    def spool(self, name: str = "one", **more: int) -> Spool:
        one = Spool(self.floor.folder / name / "spool.db", agent="pc1", clock=FixedClock(), **more)
        one.open()
        self._stack.callback(one.close)
        return one

    def publisher(self, one: Spool, port: int | None = None, **settings: object) -> Publisher:
        evidence = EvidenceSettings.model_validate(settings.pop("evidence", {}))
        keys = CollectorKeys(one.path.parent / "collectors.json", evidence)
        started = str(settings.pop("started", "2026-11-25T08:00:00.000000Z"))
        mqtt = MqttSettings.model_validate({"host": "127.0.0.1", "port": port or self.floor.mqtt_port, **settings})
        sizes = LearnedSizes(one.path.parent / "broker-limits.json")
        sender = Publisher(mqtt, one, agent="pc1", started=started, collectors=keys, sizes=sizes, signer=KEY)
        sender.start()
        self._stack.callback(sender.stop, 0)
        return sender

    def far_end(self, **more: object) -> FarEnd:
        end = FarEnd(self.floor.mqtt_port, **more)  # type: ignore[arg-type]
        self._stack.callback(end.close)
        return end

    def proxy(self) -> MqttProxy:
        proxy = MqttProxy(self.floor.mqtt_port)
        self._stack.callback(proxy.close)
        return proxy


@pytest.fixture
def shop(floor: Floor) -> Iterator[Shop]:
    with ExitStack() as stack:
        floor.broker()
        yield Shop(floor, stack)


def put(one: Spool, count: int, start: int = 1) -> None:
    for future in [one.append(body(f"SN{n}")) for n in range(start, start + count)]:
        future.result(10)


def empty(one: Spool) -> Callable[[], bool]:
    return lambda: one.state().waiting == 0


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_records_arrive_once_and_leave_on_their_receipts(shop: Shop, version: str) -> None:
    one, end = shop.spool(), shop.far_end()
    put(one, 250)
    shop.publisher(one, version=version)
    until(empty(one), "all receipted")
    put(one, 5, 251)
    until(empty(one), "all receipted")
    assert set(end.came.values()) == {1}
    assert len(end.came) == 255


def test_a_message_is_signed_over_its_last_seal(shop: Shop) -> None:
    one, end = shop.spool(), shop.far_end()
    put(one, 3)
    shop.publisher(one)
    until(empty(one), "all receipted")
    lines, signature = cut_signature(end.messages[0].split(b"\n"))
    assert signature is not None
    signature.check("pc1", [cut_line(line).sha256 for line in lines])
    assert (signature.key, signature.seq) == (KEY.key, len(lines))


def test_a_broker_that_restarts_without_persistence_loses_nothing(shop: Shop) -> None:
    """The broker dies with messages in it; what had no receipt goes out again, the subscription is there again."""
    one, end = shop.spool(), shop.far_end()
    sender = shop.publisher(one, resend_secs=1)
    end.confirming = False
    put(one, 50)
    until(lambda: len(end.came) == 50, "all have come")
    shop.floor.kill("mosquitto")
    put(one, 50, 51)
    end.confirming = True
    shop.floor.broker()
    until(empty(one), "all receipted")
    assert len(end.came) == 100
    assert sender.figures.connects >= 2


def test_a_restarted_agent_sends_only_what_was_not_confirmed(shop: Shop) -> None:
    one, end = shop.spool(), shop.far_end()
    first = shop.publisher(one)
    put(one, 300)
    until(empty(one), "all receipted")
    first.stop(0)
    put(one, 4, 301)
    shop.publisher(one)
    until(empty(one), "all receipted")
    assert end.order[-4:] == [301, 302, 303, 304]
    assert set(end.came.values()) == {1}


def test_a_half_open_connection_is_noticed_and_replaced(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall forgets the connection: it stays open and nothing comes through. Long before the keepalive has found
    out, the agent connects anew, and no number is missing."""
    monkeypatch.setattr(broker_line, "SILENT_SECS", 1.0)
    proxy, one, end = shop.proxy(), shop.spool(), shop.far_end()
    shop.publisher(one, port=proxy.port, keepalive_secs=600)
    put(one, 1)
    until(empty(one), "the path works")
    proxy.go_silent()
    put(one, 3, 2)
    until(empty(one), "all receipted over a new connection")
    assert set(range(1, 5)) == set(end.order)
    assert proxy.connections >= 2


def test_one_acknowledgement_that_never_comes_stops_nothing(shop: Shop) -> None:
    """The broker's PUBACK of one message is lost: the others go on, and its record is receipted all the same."""
    proxy, one = shop.proxy(), shop.spool()
    shop.far_end()
    sender = shop.publisher(one, port=proxy.port, batch_records=1, resend_secs=0.5)
    proxy.swallow_pubacks = 1
    put(one, 60)
    until(empty(one), "all receipted")
    assert proxy.swallow_pubacks == 0
    assert sender.figures.connects == 1


def test_a_broker_that_drops_right_after_a_publish_is_named(shop: Shop) -> None:
    """Refused topics look so in MQTT 3.1.1: not a reconnect loop without a word, but an alarm that says where to look;
    and when the access rules are mended the records go out and the alarm ends."""
    proxy, one = shop.proxy(), shop.spool()
    shop.far_end()
    proxy.drop_on_publish = True
    sender = shop.publisher(one, port=proxy.port, version="3.1.1")
    put(one, 1)
    until(lambda: "drops the connection right after a publish" in (sender.alarm() or ""), "the alarm names it")
    assert "gaugetrail/v1/pc1/records" in (sender.alarm() or "")
    proxy.drop_on_publish = False
    until(empty(one), "receipted")
    until(lambda: sender.alarm() is None, "the alarm ends")


def test_a_tls_fault_is_an_alarm_that_names_the_file(shop: Shop) -> None:
    """The agent works on, and its records go out once the file is there."""
    gone = shop.floor.folder / "plant-ca.pem"
    one = shop.spool()
    sender = shop.publisher(one, tls_ca=gone)
    words = f"can't be used: tls_ca {gone} can't be read: No such file or directory; records wait in the spool"
    until(lambda: words in (sender.alarm() or ""), "the alarm names it")


def test_a_topic_that_the_broker_refuses_is_named(floor: Floor) -> None:
    """MQTT 5 says it in the acknowledgement."""
    (floor.folder / "acl").write_text("topic read gaugetrail/#\ntopic write gaugetrail/v1/pc1/status\n")
    with ExitStack() as stack:
        shop = Shop(floor, stack)
        floor.broker(f"user root\nacl_file {floor.folder}/acl\n")
        one = shop.spool()
        sender = shop.publisher(one)
        put(one, 1)
        until(lambda: "refuses the topic gaugetrail/v1/pc1/records" in (sender.alarm() or ""), "the alarm names it")
        assert one.state().waiting == 1


@pytest.mark.parametrize(("version", "same_client"), [("5", True), ("3.1.1", True), ("5", False)])
def test_a10_two_agents_with_one_id_are_named(shop: Shop, version: str, same_client: bool) -> None:
    """By the broker's word where it gives one, else by the status document that another writes under our name."""
    names = (None, None) if same_client else ("a", "b")
    lives = ("2026-11-25T08:00:00.000000Z", "2026-11-25T08:00:01.000000Z")
    senders = []
    for name, client, started in zip(("one", "two"), names, lives, strict=True):
        sender = shop.publisher(shop.spool(name), version=version, started=started, client_id=client)
        senders.append((sender, started))

    def named() -> bool:
        for sender, started in senders:
            sender.publish_status(AgentStatus(online=True, agent="pc1", started=started))
        return any("two agents have one id" in (sender.alarm() or "") for sender, _ in senders)

    until(named, "one of them says that there are two")


def test_an_agent_is_not_its_own_twin(shop: Shop) -> None:
    """Its own status comes back to it, and the retained one of its former life stands there when it starts."""
    one = shop.spool()
    lives = ("2026-11-25T08:00:00.000000Z", "2026-11-25T09:00:00.000000Z")
    first = shop.publisher(one, started=lives[0])
    until(lambda: first.alarm() is None, "connected")
    first.publish_status(AgentStatus(online=True, agent="pc1", started=lives[0]))
    first.stop(0)
    second = shop.publisher(one, started=lives[1])
    second.publish_status(AgentStatus(online=True, agent="pc1", started=lives[1]))
    shop.far_end()
    put(one, 1)
    until(empty(one), "receipted")
    assert second.alarm() is None


def test_a_callback_that_raises_is_counted_and_stops_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    one = shop.spool()
    shop.far_end()
    right, faults = one.confirm, iter([True] * 3)

    def confirm(receipt: Receipt):
        if next(faults, False):
            raise RuntimeError("a fault of ours")
        return right(receipt)

    monkeypatch.setattr(one, "confirm", confirm)
    sender = shop.publisher(one, resend_secs=0.2)
    put(one, 20)
    until(empty(one), "all receipted in the end")
    assert sender.figures.callback_faults == 3


def test_a5_receipts_that_do_not_fit_are_ignored_and_counted(shop: Shop) -> None:
    one, end = shop.spool(), shop.far_end()
    end.confirming = False
    sender = shop.publisher(one)
    put(one, 2)
    until(lambda: len(end.came) == 2, "both have come")
    seal = one.held(1, 1)[0].sealed.sha256
    end.say(Receipt(epoch="0" * 12, stored=((1, 2, "0" * 64),)))
    end.say(Receipt(epoch=one.epoch, branch="0123456789ab", stored=((1, 2, seal),)))
    end.say(Receipt(epoch=one.epoch, stored=((1, 2, "0" * 64),)))
    end.say(Receipt(epoch=one.epoch, stored=((1, 9, "0" * 64),)))
    for garbage in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"epoch":"x"}'):
        end.client.publish("gaugetrail/v1/pc1/receipts", garbage, qos=1)
    until(lambda: sender.figures.ignored_receipts >= 9, "all are counted")
    assert one.state().waiting == 2
    assert sender.figures.callback_faults == 0


def test_a5_sending_pauses_while_every_collectors_store_is_down(shop: Shop) -> None:
    """That they have signed it counts; what nobody has signed, or a stranger, pauses nothing."""
    other_key, stranger_key = Signer.new(), Signer.new()
    one, end = shop.spool(), shop.far_end(signer=COLLECTOR)
    other, stranger = shop.far_end(name="other", signer=other_key), shop.far_end(name="stranger", signer=stranger_key)
    other.confirming = stranger.confirming = False
    stranger.status("down")
    sender = shop.publisher(one, evidence={"collector_keys": [COLLECTOR.key, other_key.key]})
    until(lambda: sender._line.collectors.online() == ["stranger"], "the agent has heard the stranger")
    assert sender.alarm() is None
    down = end.status("down")
    other.status("down")
    until(lambda: "store is down" in (sender.alarm() or ""), "the agent knows")
    put(one, 1)
    until(lambda: sum(end.came.values()) + sum(other.came.values()) > 0, "one try goes out all the same")
    put(one, 20, 2)
    assert one.state().waiting >= 20
    end.status("up")
    until(empty(one), "all receipted")
    end.client.publish("gaugetrail/v1/collectors/far/status", down, qos=1, retain=True)
    end.signer = None
    end.status("down")
    until(lambda: sender.figures.ignored_statuses == 2, "the old word and the unsigned one are passed over")
    assert "isn't signed and is not believed" in (sender.alarm() or "")
    put(one, 20, 22)
    assert one.state().waiting < 41
    end.signer = COLLECTOR
    until(empty(one), "nothing has paused")


def test_a_backlog_does_not_hold_up_what_is_measured_now(shop: Shop) -> None:
    """Throttled to 50 a second, 2,000 records would keep a new part waiting for 40 seconds."""
    one, end = shop.spool(), shop.far_end()
    put(one, 2000)
    sender = shop.publisher(one, catch_up_per_s=50)
    until(lambda: end.order, "the backlog has begun")
    put(one, 1, 2001)
    until(lambda: 2001 in end.order, "the new part is there", deadline=10)
    assert one.state().waiting > 1000
    assert end.order.index(2001) < 1000
    assert sender.alarm() is None


def test_what_a_collector_asks_for_again_is_given_from_the_spool(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A store was wiped: confirmed records come again, only what is still here, and nothing in the spool changes."""
    one, end = shop.spool(), shop.far_end()
    sender = shop.publisher(one)
    put(one, 10)
    until(empty(one), "all receipted")
    end.say(Again(command="again", epoch=one.epoch, ranges=((2, 4), (9, 12))))
    until(lambda: len(end.order) == 15, "they have come again")
    assert sorted(end.order[10:]) == [2, 3, 4, 9, 10]
    until(lambda: sender.figures.given_again == 5, "all are counted")
    assert "records 11 to 12 of epoch" in caplog.text, "what is gone is said"
    for garbage in (b"", b"{}", b'{"command":"again"}', b'{"command":"rm","epoch":"012345678","ranges":[[1,2]]}'):
        end.client.publish("gaugetrail/v1/pc1/commands", garbage, qos=1)
    end.client.publish("gaugetrail/v1/pc1/commands", f'{{"command":"again","epoch":"{one.epoch}","ranges":[[3,1]]}}')
    end.say(Again(command="again", epoch=one.epoch, branch="0123456789ab", ranges=((2, 4),)))
    until(lambda: sender.figures.ignored_commands == 6, "each is refused")
    assert sender.figures.given_again == 5, "another history of this epoch is none of ours"
    put(one, 1, 11)
    until(lambda: one.state().last_seq == 11 and empty(one)(), "delivery goes on")


def test_a_known_collector_can_not_be_imitated(shop: Shop) -> None:
    one, end = shop.spool(), shop.far_end(signer=COLLECTOR)
    sender = shop.publisher(one, resend_secs=0.5)
    put(one, 1)
    until(empty(one), "receipted and known from now on")
    end.confirming = False
    put(one, 1, 2)
    until(lambda: len(end.came) == 2, "it has come")
    ((_, sealed),) = [(seq, entry.sealed) for entry in one.waiting(0, 9) if (seq := entry.place)]
    good = Receipt(epoch=one.epoch, stored=((2, 2, sealed.sha256),))
    end.signer = None
    end.say(good)
    end.signer = Signer.new()
    end.say(good)
    until(lambda: sender.figures.ignored_receipts == 2, "both are ignored")
    assert one.state().waiting == 1
    assert "is not believed" in (sender.alarm() or "")


def test_a5_a_receipt_by_a_collector_that_is_not_known_deletes_nothing_until_it_is_introduced(shop: Shop) -> None:
    """Signed, of the right epoch, with the right seals, by somebody new: a stand-in, or anybody."""
    one, end = shop.spool(), shop.far_end(signer=COLLECTOR)
    sender = shop.publisher(one, resend_secs=1, batch_records=1)
    put(one, 1)
    until(empty(one), "receipted, and its collector known from now on")
    end.confirming = False
    stand_in_key = Signer.new()
    stand_in = shop.far_end(name="stand-in", signer=stand_in_key)
    put(one, 100, 2)
    until(lambda: sender.figures.seen_receipts >= 200, "all are offered again")
    state = sender.state()
    assert (one.state().waiting, state.stranger, state.receipts) == (100, "stand-in", 1)
    assert state.messages < 600, "by their time, not for each receipt"
    assert json.loads((one.path.parent / "collectors.json").read_text()) == {"far": COLLECTOR.key}
    stand_in.say(Again(command="again", epoch=one.epoch, ranges=((1, 1),)))
    until(lambda: sender.figures.ignored_commands == 1, "nor does it ask for anything")
    stand_in.introduce({"stand-in": stand_in_key.key})
    until(lambda: sender.figures.ignored_statuses == 0 and sender.state().stranger, "nobody introduces himself")
    assert one.state().waiting == 100
    end.introduce({"stand-in": stand_in_key.key})
    until(empty(one), "its receipts count from now on")
    assert sender.state().stranger == ""


def test_no_record_waits_for_the_next_look_round(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that falls between a look into the spool and falling asleep must still wake the sender."""
    monkeypatch.setattr(publisher, "LOOK_SECS", 1000.0)
    one = shop.spool()
    shop.far_end()
    shop.publisher(one)
    for number in range(40):
        put(one, 1, number)
        until(empty(one), "receipted")


@contextmanager
def deaf_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield port
        for one in held:
            one.close()


def test_stop_ends_in_bounded_time_whatever_the_broker_does(tmp_path: Path) -> None:
    with ExitStack() as stack:
        shop = Shop(Floor(tmp_path), stack)
        port = stack.enter_context(deaf_server())
        one = shop.spool()
        put(one, 5)
        sender = shop.publisher(one, port=port)
        until(lambda: sender.alarm() is not None, "started")
        sender.stop(0.2)
        assert one.state().waiting == 5


def test_a_late_last_will_of_a_former_life_is_no_twin() -> None:
    """The broker notices only after the restart that the process before has died."""
    line = broker_line.BrokerLine("broker", "pc1", "gaugetrail-agent-pc1", connected=True, trouble=None)
    before, now, after = (f"2026-11-25T08:00:0{second}.000000Z" for second in (1, 2, 3))
    assert not line.own_status(AgentStatus(online=False, agent="pc1", started=before), now, 0)
    assert line.alarm(0) is None
    assert line.own_status(AgentStatus(online=False, agent="pc1", started=after), now, 0)
    assert "two agents have one id" in (line.alarm(0) or "")
    assert line.alarm(broker_line.TWIN_SECS + 1) is None
