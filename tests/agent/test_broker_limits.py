"""What the broker doesn't take: too large a message, by whatever way it says so. With a real mosquitto."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from far_end import FarEnd
from floor import Floor, until
from mqtt_proxy import MqttProxy
from spool_bodies import body, large_body

from gaugetrail_agent.delivery import message_size
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, EvidenceSettings
from gaugetrail_agent.delivery.message_size import LearnedSizes
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import AgentStatus

pytestmark = [pytest.mark.mosquitto, pytest.mark.waits]

STARTED = "2026-11-25T08:00:00.000000Z"
LIMIT = 20_000
NAMED = f"the broker takes packets of at most {LIMIT} bytes: max_packet_size"


class Line:
    """A spool with its publisher, which say how they are as an agent does."""

    def __init__(self, floor: Floor, stack: ExitStack, version: str, port: int | None = None) -> None:
        folder = floor.folder / "pc"
        self.spool = Spool(folder / "spool.db", agent="pc1", clock=FixedClock())
        self.spool.open()
        stack.callback(self.spool.close)
        self.learned = folder / "broker-limits.json"
        mqtt = MqttSettings.model_validate({"host": "127.0.0.1", "port": port or floor.mqtt_port, "version": version})
        self.sender = Publisher(
            mqtt,
            self.spool,
            agent="pc1",
            started=STARTED,
            collectors=CollectorKeys(folder / "collectors.json", EvidenceSettings()),
            sizes=LearnedSizes(self.learned),
            signer=Signer.new(),
        )
        self.sender.publish_status(AgentStatus(online=True, agent="pc1", started=STARTED, version="0.2.0"))
        self.sender.start()
        stack.callback(self.sender.stop, 0)

    @property
    def limits(self) -> tuple[str, ...]:
        return self.sender.state().broker_limits


def put(spool: Spool, count: int, start: int = 1) -> None:
    for future in [spool.append(body(f"SN{n}")) for n in range(start, start + count)]:
        future.result(10)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("setting", ["message_size_limit", "max_packet_size"])
def test_what_the_broker_does_not_take_at_once_it_takes_in_smaller_messages(
    floor: Floor, setting: str, version: str
) -> None:
    """The limit is named or found out, kept and said. A record that alone is larger waits aside with an alarm, and goes
    out by itself when the broker takes more: the next day, or at once where it says so."""
    named = (setting, version) == ("max_packet_size", "5")
    floor.broker(f"{setting} {LIMIT}\n")
    with ExitStack() as stack:
        line = Line(floor, stack, version)
        end = FarEnd(floor.mqtt_port)
        stack.callback(end.close)
        put(line.spool, 150)
        line.spool.append(large_body("LARGE", 200)).result(10)
        put(line.spool, 50, 152)
        until(lambda: line.spool.state().waiting == 0, "all that can be taken is receipted", 90)
        assert set(end.order) == set(range(1, 202)) - {151}
        said = NAMED if named else "the broker takes at most about 16 KiB: message_size_limit"
        assert line.limits == (said,)
        assert max(map(len, end.messages)) <= LIMIT
        assert line.spool.state().set_aside == 1
        assert "a record alone is larger than the broker" in (line.sender.alarm() or "")
        if not named:
            assert list(json.loads(line.learned.read_text())) == [f"127.0.0.1:{floor.mqtt_port}"]
    floor.kill("mosquitto")
    floor.broker()
    if not named:
        a_day_passes(line.learned)
    with ExitStack() as stack:
        end = FarEnd(floor.mqtt_port)
        stack.callback(end.close)
        line = Line(floor, stack, version)
        until(lambda: set(end.order) == {151}, "the large one has come", 90)  # it may be offered twice
        until(lambda: line.spool.state().set_aside == line.spool.state().waiting == 0, "and is receipted")
        assert (line.limits, line.sender.alarm()) == ((), None)


def a_day_passes(learned: Path) -> None:
    known = json.loads(learned.read_text())
    for one in known.values():
        one["tried"] -= message_size.DAY_SECS
    learned.write_text(json.dumps(known))


def test_what_was_learned_holds_after_a_restart_and_is_not_tried_again_the_same_day(floor: Floor) -> None:
    floor.broker(f"message_size_limit {LIMIT}\n")
    for start in (1, 201):
        with ExitStack() as stack:
            line = Line(floor, stack, "5")
            end = FarEnd(floor.mqtt_port)
            stack.callback(end.close)
            put(line.spool, 200, start)
            until(lambda: line.spool.state().waiting == 0, "all are receipted", 90)  # noqa: B023
            connects = line.sender.figures.connects
            assert len(line.limits) == 1
    assert connects == 1, "nothing was lost on the way"


def test_where_our_own_status_does_not_come_back_that_the_connection_stands_is_proof_enough(floor: Floor) -> None:
    """The broker's rules keep it from us."""
    (floor.folder / "acl").write_text(
        "topic write gaugetrail/#\ntopic read gaugetrail/v1/pc1/records\ntopic read gaugetrail/v1/pc1/receipts\n"
    )
    floor.broker(f"user root\nacl_file {floor.folder}/acl\nmessage_size_limit {LIMIT}\n")
    with ExitStack() as stack:
        line = Line(floor, stack, "5")
        end = FarEnd(floor.mqtt_port)
        stack.callback(end.close)
        put(line.spool, 150)
        until(lambda: line.spool.state().waiting == 0, "all are receipted", 90)
        assert line.limits == ("the broker takes at most about 16 KiB: message_size_limit",)


def test_a_record_of_less_than_a_kibibyte_is_dropped_by_access_rules(floor: Floor) -> None:
    """The size of what was sent is tried on another topic, and passes: nothing is learned of sizes."""
    proxy = MqttProxy(floor.mqtt_port)
    floor.broker()
    with ExitStack() as stack:
        stack.callback(proxy.close)
        proxy.drop_on_publish = True
        line = Line(floor, stack, "3.1.1", proxy.port)
        put(line.spool, 3)
        words = "drops the connection right after a publish: it probably refuses the topic"
        until(lambda: words in (line.sender.alarm() or ""), "the alarm names access rules", 90)
        assert line.limits == ()
        assert line.spool.state().set_aside == 0
        assert not line.learned.exists() or json.loads(line.learned.read_text()) == {}


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_broker_that_retains_nothing_is_given_nothing_to_retain(floor: Floor, version: str) -> None:
    """It refuses a retained last will, in 3.1.1 without a word. Records, receipts and status work, and it is said; when
    it retains again, so does the status."""
    floor.broker("retain_available false\n")
    with ExitStack() as stack:
        line = Line(floor, stack, version)
        end = FarEnd(floor.mqtt_port)
        stack.callback(end.close)
        put(line.spool, 5)
        until(lambda: line.spool.state().waiting == 0, "all are receipted")
        (said,) = line.limits
        assert said.startswith("the broker keeps no retained messages")
        assert line.sender.alarm() is None
        floor.kill("mosquitto")
        floor.broker()
        until(lambda: line.limits == () and line.sender.state().connected, "nothing is said any more")
        put(line.spool, 5, 6)
        until(lambda: line.spool.state().waiting == 0, "all are receipted")
