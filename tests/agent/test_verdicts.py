"""Verdicts for displays and an MES: what a record says, once it is on the disk, and never at a record's cost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from floor import Floor, until
from mqtt_proxy import MqttProxy
from paho.mqtt.enums import CallbackAPIVersion
from running_agent import AGENT, PLAN, RunningAgent
from spool_bodies import body

from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.spool import Appended, visit
from gaugetrail_agent.station.memory.held import HeldUnits, KnownState
from gaugetrail_agent.verdicts import sender
from gaugetrail_agent.verdicts.sender import VerdictSender
from gaugetrail_agent.verdicts.wording import told_verdict
from gaugetrail_contract import topics
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.verdicts import ToldVerdict, open_verdict

APPENDED = Appended("pc1/abcdefgh/7", 7, "a" * 64, 1_700_000_000_000_000)
NOBODY = HeldUnits()


def known(kind: str, identifier: str, state: str) -> HeldUnits:
    word = {"kind": kind, "id": identifier, "state": state, "why": "burr", "at": "2026-11-28T06:00:00.000000Z"}
    return HeldUnits((msgspec.convert(word, KnownState),))


def test_it_says_what_the_record_says() -> None:
    told = told_verdict(msgspec.structs.replace(body("SN1"), order="FA-1", attempt=2), APPENDED, NOBODY)
    assert (told.station, told.serial, told.order, told.attempt) == ("OP10", "SN1", "FA-1", 2)
    assert (told.record, told.sha256, told.time) == ("pc1/abcdefgh/7", "a" * 64, "2023-11-14T22:13:20.000000Z")
    assert told.state is None


@pytest.mark.parametrize(
    ("held", "state"),
    [
        (known("serial", "SN1", "hold"), UnitState.HOLD),
        (known("lot", "L7", "scrap"), UnitState.SCRAP),
        (known("lot", "SN1", "hold"), UnitState.REWORK),
        (known("serial", "SN2", "hold"), UnitState.REWORK),
    ],
)
def test_its_state_is_the_last_word_on_the_unit_or_its_lot(held: HeldUnits, state: UnitState) -> None:
    """Else what the record itself says; another unit's word is none of it."""
    unit = msgspec.structs.replace(body("SN1", lot="L7"), unit_state=UnitState.REWORK)
    assert told_verdict(unit, APPENDED, held).state == state


class MesEar:
    """What an MES hears on the topic, from the moment on that it listens."""

    def __init__(self, port: int) -> None:
        self.heard: list[ToldVerdict] = []
        self.retained = 0
        listening = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._came
        self._client.on_subscribe = lambda *_: listening.set()
        self._client.on_connect = lambda client, *_: client.subscribe(topics.ALL_VERDICTS, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert listening.wait(20)

    def _came(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self.retained += message.retain
        self.heard.append(open_verdict(bytes(message.payload)))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def mes(port: int) -> Iterator[MesEar]:
    ear = MesEar(port)
    try:
        yield ear
    finally:
        ear.close()


@contextmanager
def telling(port: int) -> Iterator[VerdictSender]:
    one = VerdictSender(MqttSettings(host="127.0.0.1", port=port), "pc1")
    one.start()
    try:
        yield one
    finally:
        one.stop()


def word(number: int) -> ToldVerdict:
    return told_verdict(body(f"SN{number}"), APPENDED, NOBODY)


STATION = '[[station]]\nname = "OP10"\nplan = "plan.toml"\nbadge_pattern = "OP-[0-9]+"\nunit_pattern = "SN[0-9]+"\n'


@pytest.mark.waits
@pytest.mark.mosquitto
def test_each_inspection_is_told_behind_its_record_and_a_broker_that_goes_costs_verdicts_alone(
    floor: Floor, tmp_path: Path
) -> None:
    floor.broker()
    (tmp_path / "plan.toml").write_text(PLAN + 'capture = "typed"\n')
    mqtt_table = f'[mqtt]\nhost = "127.0.0.1"\nport = {floor.mqtt_port}\nverdicts = "on"\n'
    (tmp_path / "agent.toml").write_text(f"{AGENT}{mqtt_table}{STATION}")
    spool = tmp_path / "data" / "spool.db"

    def inspected() -> list[tuple[str, str, str]]:
        sealed = [one for one in visit.entries(spool, "waiting", 100)[0] if one.head()["kind"] == "inspection"]
        return [(one.head()["serial"], one.head()["verdict"], one.sha256) for one in sealed]

    with RunningAgent(tmp_path) as running:
        assert running.agent.verdicts is not None
        with mes(floor.mqtt_port) as ear:
            until(lambda: running.agent.verdicts.state().detail == "" and running.agent.verdicts._connected, "up")
            running.typed("OP10", "OP-1", "SN1", "1.5", "SN2", "2.5")
            until(lambda: len(ear.heard) == 2, "both are told")
            assert inspected() == [(one.serial, one.verdict, one.sha256) for one in ear.heard]
            assert ear.retained == 0
        until(lambda: running.agent.verdicts.state().told == 2, "and acknowledged")
        floor.kill("mosquitto")
        until(lambda: running.agent.verdicts.state().detail, "the connection's end shows")
        running.typed("OP10", "SN3", "1.6")
        until(lambda: len(inspected()) == 3, "it is recorded as ever")
        assert (running.agent.verdicts.state().told, running.agent.verdicts.state().lost) == (2, 1)
        running.agent.heartbeat._gather(running.agent.spool.state())
        document = running.agent.health.document(running.agent.spool.state())
        assert document.verdicts == running.agent.verdicts.state()


@pytest.mark.waits
@pytest.mark.mosquitto
def test_a_broker_that_acknowledges_nothing_gets_so_many_and_no_more(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tells goes on at once; when acknowledgements come again, so do verdicts."""
    monkeypatch.setattr(sender, "MOST_ON_WAY", 3)
    floor.broker()
    proxy = MqttProxy(floor.mqtt_port)
    proxy.swallow_pubacks = 1_000
    try:
        with mes(floor.mqtt_port) as ear, telling(proxy.port) as one:
            until(lambda: one._connected, "it is connected")
            for number in range(5):
                one.tell(word(number))
            assert (one.state().told, one.state().lost) == (0, 2)
            until(lambda: len(ear.heard) == 3, "three are out")
            proxy.swallow_pubacks = 0
            proxy.drop()
            until(lambda: one.state().told == 3, "they go out again with the next connection, and are acknowledged")
            one.tell(word(9))
            until(lambda: one.state().told == 4, "the next is told")
            assert (one.state().lost, ear.heard[-1].serial) == (2, "SN9")
    finally:
        proxy.close()


@pytest.mark.waits
@pytest.mark.mosquitto
def test_access_rules_that_keep_verdicts_out_are_named(floor: Floor) -> None:
    (floor.folder / "acl").write_text("topic read gaugetrail/#\n")
    floor.broker(f"user root\nacl_file {floor.folder}/acl\n")
    with telling(floor.mqtt_port) as one:
        until(lambda: one._connected, "it is connected")
        one.tell(word(1))
        until(lambda: one.state().lost == 1, "it is refused")
        assert one.state().detail == (
            "the broker refuses the topic gaugetrail/v1/pc1/verdicts: Not authorized; look at its access rules"
        )


def test_where_the_settings_ask_for_none_there_is_no_connection() -> None:
    assert MqttSettings().verdicts == "off"


def test_an_acknowledgement_may_be_here_before_the_number_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library hands a message to its own thread, which may have the answer before it returns."""
    one = VerdictSender(MqttSettings(), "pc1")
    one._up()
    answers: list[str | None] = [None, "Not authorized"]

    def publish(*_: object) -> int:
        one._delivered(len(answers), answers.pop())
        return len(answers) + 1

    monkeypatch.setattr(one._broker, "publish", publish)
    one.tell(word(1))
    assert (one.state().told, one.state().lost) == (0, 1)
    one.tell(word(2))
    assert (one.state().told, one.state().lost, one.state().detail) == (1, 1, "")
    assert one._on_way == set()
