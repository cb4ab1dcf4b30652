"""The rules that are shipped for mosquitto, at a real one: each party may do what the table says, and nothing else."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from broker_users import PASSWORD, RULES, access_rules
from floor import Floor, until
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_contract.broker_access import ACCESS, AGENT, COLLECTOR, LINE, Party, TopicAccess
from gaugetrail_contract.topics import SHARED_RECORDS

pytestmark = [pytest.mark.mosquitto, pytest.mark.waits]

NAMES: dict[str, tuple[Party, str]] = {
    "pc1": ("agent", "line1"),
    "pc2": ("agent", "line2"),
    "collector": ("collector", ""),
    "mes": ("display", ""),
}
"""User -> what it is, and the line of a line PC."""


@dataclass
class AtTheBroker:
    """A broker with rules, and who comes to it."""

    port: int
    refuses_subscriptions: bool

    @contextmanager
    def visitor(self, user: str) -> Iterator[Visitor]:
        made = Visitor(self.port, user)
        try:
            yield made
        finally:
            made.close()


class Visitor:
    """One connection of a user; what it hears, and what it is refused."""

    def __init__(self, port: int, user: str) -> None:
        self.heard: set[str] = set()
        self.refused: dict[int, bool] = {}
        """Number of a message or subscription -> whether the broker refuses it."""
        connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        self._client.username_pw_set(user, PASSWORD)
        self._client.on_connect = lambda *_: connected.set()
        self._client.on_message = lambda _, __, message: self.heard.add(message.topic)
        self._client.on_publish = lambda _, __, mid, reason, ___: self.refused.update({mid: reason.is_failure})
        self._client.on_subscribe = lambda _, __, mid, reasons, ___: self.refused.update({mid: reasons[0].is_failure})
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert connected.wait(20)

    def is_refused(self, topic: str, do: Callable[[str], int | None]) -> bool:
        number = do(topic)
        assert number is not None
        until(lambda: number in self.refused, f"an answer about {topic}", 20)
        return self.refused[number]

    def may_write(self, topic: str) -> bool:
        return not self.is_refused(topic, lambda topic: self._client.publish(topic, b"x", qos=1).mid)

    def may_hear(self, topic: str) -> bool:
        return not self.is_refused(topic, lambda topic: self._client.subscribe(topic, qos=1)[1])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def by_acl_file(floor: Floor) -> AtTheBroker:
    floor.broker(access_rules(floor.folder, *NAMES))
    return AtTheBroker(floor.mqtt_port, refuses_subscriptions=False)


def by_plugin(floor: Floor) -> AtTheBroker:
    (plugin,) = Path("/usr/lib").rglob("mosquitto_dynamic_security.so")
    file = floor.folder / "dynamic-security.json"
    subprocess.run(("mosquitto_ctrl", "dynsec", "init", str(file), "admin", PASSWORD), check=True, capture_output=True)
    floor.broker(f"user root\nplugin {plugin}\nplugin_opt_config_file {file}\n")
    ctrl = f"mosquitto_ctrl -h 127.0.0.1 -p {floor.mqtt_port} -u admin -P '{PASSWORD}'"
    calls = "\n".join(f"{ctrl} dynsec createClient {user} -p '{PASSWORD}'" for user in NAMES)
    for user, (party, line) in NAMES.items():
        words = ["sh", str(RULES / "dynamic-security.sh"), party, user, line]
        calls += "\n" + subprocess.run(words, check=True, capture_output=True, text=True, env={"CTRL": ctrl}).stdout
    subprocess.run(("sh", "-e"), input=calls, check=True, capture_output=True, text=True)
    return AtTheBroker(floor.mqtt_port, refuses_subscriptions=True)


@pytest.fixture(scope="module", params=[by_acl_file, by_plugin])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtTheBroker]:
    with Floor(tmp_path_factory.mktemp("broker")) as floor:
        yield request.param(floor)


def named(one: TopicAccess) -> str:
    """The topic as it is at line 1: of the first line PC, the collector."""
    topic = one.topic.replace(AGENT, "pc1").replace(COLLECTOR, "collector").replace(LINE, "line1")
    return topic.replace("+", "0")


def writers(one: TopicAccess) -> set[str]:
    return {"pc1"} if one.writes == "agent" else {"collector"}


def readers(one: TopicAccess, broker: AtTheBroker) -> set[str]:
    """In an ACL file, what every line PC reads is every user's."""
    by_file = not broker.refuses_subscriptions
    if by_file and AGENT not in one.topic and "agent" in one.reads:
        return set(NAMES)
    agents = {"pc1"} if AGENT in one.topic or LINE in one.topic else {"pc1", "pc2"}
    of = {"agent": agents, "collector": {"collector"}, "display": {"mes"}}
    return {user for party in one.reads for user in of[party]}


def test_each_topic_is_written_by_whom_the_table_says(broker: AtTheBroker) -> None:
    def may_write(user: str, topic: str) -> bool:
        with broker.visitor(user) as here:  # anew for each: mosquitto hangs up on whom it has refused a message
            return here.may_write(topic)

    for user in NAMES:
        may = {named(one) for one in ACCESS if may_write(user, named(one))}
        assert may == {named(one) for one in ACCESS if user in writers(one)}, user


def test_each_topic_is_heard_by_whom_the_table_says(broker: AtTheBroker) -> None:
    """As the programs subscribe: to their own, to everybody's; and as somebody would who wants more."""
    with ExitStack() as stack:
        here = {user: stack.enter_context(broker.visitor(user)) for user in NAMES}
        for user, visitor in here.items():
            allowed = {named(one) for one in ACCESS if user in readers(one, broker)}
            let = {named(one) for one in ACCESS if visitor.may_hear(named(one))}
            assert let == (allowed if broker.refuses_subscriptions else {named(one) for one in ACCESS}), user
        for one in ACCESS:
            (writer,) = writers(one)
            assert here[writer].may_write(named(one))
        for user, visitor in here.items():
            allowed = {named(one) for one in ACCESS if user in readers(one, broker)}
            until(lambda visitor=visitor, allowed=allowed: visitor.heard >= allowed, f"{user} hears all of its own", 20)
            assert visitor.heard == allowed, user


def test_the_collectors_share_of_records_is_nobody_elses(broker: AtTheBroker) -> None:
    for user in NAMES:
        with broker.visitor(user) as here:
            assert here.may_hear(SHARED_RECORDS) == (user == "collector" or not broker.refuses_subscriptions), user


def test_what_would_be_too_much_is_refused_by_the_script() -> None:
    script = str(RULES / "dynamic-security.sh")
    for words in (["agent", "pc1"], ["agent", "pc 1", "line1"], ["agent", "$(id)", "l"], ["guest", "x"], ["agent"]):
        done = subprocess.run(["sh", script, *words], capture_output=True, text=True)
        assert done.returncode == 2, words
        assert done.stderr
