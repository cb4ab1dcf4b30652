"""`doctor` names what `status` can't: rights, clocks, limits, versions; each in one line with what to do."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import make_certificates
from floor import Floor, free_port
from integration.wire import OldBroker
from running_agent import AGENT, asked
from status_speaker import speaking

from gaugetrail_agent import checkup
from gaugetrail_agent.spool import schema
from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_service.mqtt import broker_visit
from gaugetrail_service.mqtt.broker_visit import StatusWord, Visit
from gaugetrail_service.mqtt.neighbourhood import broker_limits, neighbours, two_with_one_id, versions_apart
from gaugetrail_service.process import own_version

pytestmark = pytest.mark.waits


def settings(folder: Path, mqtt_lines: str, more: str = "") -> Path:
    config = folder / "agent.toml"
    config.write_text(f"{AGENT}[mqtt]\n{mqtt_lines}\n{more}")
    return config


def doctor(config: Path, listen: float = 0.3) -> tuple[int, list[str]]:
    """Exit code and the lines of `doctor`."""
    code, out, err = asked("doctor", "--config", str(config), "--listen", str(listen))
    assert err == ""
    return code, [line.strip() for line in out.splitlines()]


def line_of(config: Path, pattern: str, listen: float = 0.3) -> str:
    code, lines = doctor(config, listen)
    (found,) = [line for line in lines if re.search(pattern, line)]
    assert code == 1 or found.startswith("worth a look")
    return found


# --- rights, on this PC


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Settings and a data folder as an agent leaves them, without a broker."""
    settings(tmp_path, f"port = {free_port()}")
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "agent.key").touch(0o600)
    return tmp_path


def test_rights_as_an_agent_leaves_them_are_no_finding(home: Path) -> None:
    abouts = {line.partition(":")[0] for line in doctor(home / "agent.toml")[1]}
    assert not abouts & {"folder", "key", "file", "settings", "password"}


def test_a_data_folder_that_is_open_to_everybody(home: Path) -> None:
    (home / "data").chmod(0o755)
    assert line_of(home / "agent.toml", "^folder: ") == (
        f"folder: {home}/data is open to every user (mode 755) -> chmod 700 {home}/data"
    )


def test_a_key_that_others_can_read(home: Path) -> None:
    (home / "data" / "agent.key").chmod(0o644)
    told = line_of(home / "agent.toml", "^key: ")
    assert told == f"key: {home}/data/agent.key can be read by others (mode 644) -> chmod 600 {home}/data/agent.key"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_that_a_command_of_another_user_has_left(home: Path) -> None:
    os.chown(home / "data" / "agent.key", 65534, -1)
    told = line_of(home / "agent.toml", "^file: ")
    assert told.endswith(f"a command was run as another user -> chown 0 {home}/data/agent.key")


def test_settings_that_show_a_password_or_that_others_can_change(home: Path) -> None:
    config = settings(home, 'username = "pc1"\npassword = "secret"')
    config.chmod(0o646)
    code, lines = doctor(config)
    told = [line for line in lines if line.startswith("settings: ")]
    assert (code, told) == (
        1,
        [
            f"settings: {config} can be changed by others (mode 646) -> chmod go-w {config}",
            (
                f"settings: {config} holds a password and every user can read it -> put it into a file of its own "
                f"(password_file = …) and chmod 600 that, or chmod 640 {config}"
            ),
        ],
    )
    config.chmod(0o640)
    assert not [line for line in doctor(config)[1] if line.startswith("settings: ")]


def test_a_password_file_that_everybody_can_read(home: Path) -> None:
    (home / "mqtt-password").write_text("secret")
    (home / "mqtt-password").chmod(0o604)
    config = settings(home, 'username = "pc1"\npassword_file = "mqtt-password"')
    assert line_of(config, "^password: ") == (
        f"password: {home}/mqtt-password can be read by others (mode 604) -> chmod 600 {home}/mqtt-password"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="who holds a file is read from /proc")
def test_a_spool_that_somebody_holds_who_does_not_answer(home: Path) -> None:
    """An agent that hangs, or a program that has opened the file."""
    claim = schema.claim(home / "data" / "spool.db")
    try:
        told = line_of(home / "agent.toml", "^spool: ")
    finally:
        claim.close()
    assert re.fullmatch(
        rf"spool: .*/data/spool\.db is held by .*\(process {os.getpid()}\), which doesn't answer here -> stop it, then "
        "start the agent",
        told,
    )
    assert line_of(home / "agent.toml", "agent: no agent runs").startswith("worth a look: ")


def test_a_clock_that_nobody_sets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "kernel_synced", lambda: False)
    told = line_of(home / "agent.toml", "^clock: ")
    assert told.startswith(
        "clock: no time source sets this PC's clock; each record says so -> timedatectl set-ntp true"
    )
    monkeypatch.setattr(checkup, "kernel_synced", lambda: True)
    assert not [line for line in doctor(home / "agent.toml")[1] if line.startswith("clock: ")]


# --- the broker


def test_no_broker(home: Path) -> None:
    told = line_of(home / "agent.toml", "^broker: ")
    assert re.fullmatch(
        r"broker: no broker answers at localhost:\d+ \(Connection refused\) -> start the broker there, or put host and "
        r"port of \[mqtt\] right",
        told,
    )


def test_programs_read_the_same(home: Path) -> None:
    code, out, _ = asked("doctor", "--config", str(home / "agent.toml"), "--listen", "0.3", "--json")
    found = json.loads(out)
    assert (code, found["well"]) == (1, False)
    assert "broker" in {one["about"] for one in found["findings"]}


def test_bad_settings_are_said_as_by_check(tmp_path: Path) -> None:
    config = settings(tmp_path, 'port = "many"')
    with pytest.raises(Exception, match="must be"):
        asked("doctor", "--config", str(config))


@pytest.mark.mosquitto
class TestBroker:
    def test_a_broker_that_lets_everything_through_is_no_finding(self, floor: Floor, home: Path) -> None:
        floor.broker()
        config = settings(home, f"port = {floor.mqtt_port}")
        assert not [line for line in doctor(config)[1] if "broker" in line.partition(":")[0]]

    @pytest.mark.parametrize(
        ("limit", "told"),
        [
            (
                "max_packet_size 100000",
                "takes messages of 100000 bytes at most, 210000 are needed -> raise max_packet_size",
            ),
            ("message_size_limit 100000", "refuses a message of 210000 bytes: .* -> raise message_size_limit"),
            ("max_qos 0", "has no QoS 1, so no record is acknowledged -> set max_qos 2"),
        ],
        ids=lambda text: text.split()[0],
    )
    def test_a_broker_that_allows_too_little(self, floor: Floor, home: Path, limit: str, told: str) -> None:
        floor.broker(f"{limit}\n")
        found = line_of(settings(home, f"port = {floor.mqtt_port}"), r"^broker localhost:\d+: ")
        assert re.match(rf"broker localhost:\d+: {told}", found)

    def test_a_broker_that_retains_nothing_is_worth_a_look(self, floor: Floor, home: Path) -> None:
        floor.broker("retain_available false\n")
        found = line_of(settings(home, f"port = {floor.mqtt_port}"), "broker localhost:.*retain")
        told = "the broker keeps no retained messages: .* -> set retain_available true"
        assert re.match(rf"worth a look: broker localhost:\d+: {told}", found)

    def test_a_wrong_password(self, floor: Floor, home: Path) -> None:
        accounts = home / "accounts"
        subprocess.run(("mosquitto_passwd", "-b", "-c", str(accounts), "pc1", "right"), check=True, capture_output=True)
        floor.broker(f"user root\npassword_file {accounts}\n")
        config = settings(home, f'port = {floor.mqtt_port}\nusername = "pc1"\npassword = "wrong"')
        config.chmod(0o600)
        told = line_of(config, "^broker: ")
        assert re.fullmatch(
            r"broker: the broker localhost:\d+ refuses the connection: .* -> put username and password of \[mqtt\] "
            "right, and look at the broker's log",
            told,
        )

    def test_an_expired_certificate_of_the_broker(self, floor: Floor, home: Path) -> None:
        ca, expired, key = make_certificates(home, days=-3)
        port = free_port()
        floor.broker(f"user root\nlistener {port} 127.0.0.1\ncertfile {expired}\nkeyfile {key}\n")
        told = line_of(settings(home, f'port = {port}\ntls_ca = "{ca}"'), "^broker: ")
        assert re.fullmatch(
            r"broker: the broker localhost:\d+ can't be used: its certificate ended on [0-9-]{10} -> have the broker's "
            "certificate renewed",
            told,
        )

    def test_a_certificate_of_a_stranger(self, floor: Floor, home: Path) -> None:
        (home / "theirs").mkdir()
        ca, _, _ = make_certificates(home)
        _, theirs, key = make_certificates(home / "theirs")
        port = free_port()
        floor.broker(f"user root\nlistener {port} 127.0.0.1\ncertfile {theirs}\nkeyfile {key}\n")
        told = line_of(settings(home, f'port = {port}\ntls_ca = "{ca}"'), "^broker: ")
        assert told.endswith("-> put tls_ca and host of [mqtt] right")

    def test_no_collector_and_one_that_is_gone(self, floor: Floor, home: Path) -> None:
        floor.broker()
        config = settings(home, f"port = {floor.mqtt_port}")
        assert line_of(config, "^collector: ").startswith("collector: none has ever been on this broker -> start one")
        with speaking(floor) as say:
            say(topics.collector_status("c1"), CollectorStatus(online=False, collector="c1"))
            assert line_of(config, "^collector: ").startswith("collector: c1 is gone -> start it")

    def test_a_collector_of_another_release(self, floor: Floor, home: Path) -> None:
        floor.broker()
        with speaking(floor) as say:
            say(topics.collector_status("c1"), CollectorStatus(online=True, collector="c1", version="0.1.0"))
            told = line_of(settings(home, f"port = {floor.mqtt_port}"), "collector c1: ")
        assert told == (
            f"worth a look: collector c1: it has version 0.1.0, this agent has {own_version()} -> update collector c1"
        )

    def test_a_collector_whose_clock_is_another(self, floor: Floor, home: Path) -> None:
        """Told by a word that comes while the doctor listens; a retained one is of any age."""
        floor.broker()
        with speaking(floor) as say, say.again_and_again(collector="c1", apart=timedelta(seconds=-90)):
            told = line_of(settings(home, f"port = {floor.mqtt_port}"), "^clock: the clock of", listen=2)
        assert re.match(
            r"clock: the clock of collector c1 is (89|90)\.\d s behind this PC's -> let both reach one", told
        )

    def test_two_agents_with_one_id(self, floor: Floor, home: Path) -> None:
        floor.broker()
        with speaking(floor) as say, say.again_and_again(agents=("08", "09")):
            told = line_of(settings(home, f"port = {floor.mqtt_port}"), "^agent pc1: ", listen=2)
        assert told == (
            "agent pc1: two agents have one id: both call themselves 'pc1' and take the connection from each other -> "
            "stop one of them, and give it another id"
        )


# --- what can't be had of a broker here


def test_limits_that_mosquitto_never_names() -> None:
    """Written by hand: no broker at hand has these limits."""
    found = list(broker_limits(Visit(shares=False, on_way=20), "b:1", needs_bytes=10, window=50, shared=True))
    assert [(one.what.partition(":")[0], one.wrong) for one in found] == [
        ("the broker has no shared subscriptions", False),
        ("takes 20 messages at once, 50 would be sent", False),
    ]
    assert list(broker_limits(Visit(shares=False, on_way=50), "b:1", needs_bytes=10, window=50, shared=False)) == []


def test_words_that_are_no_status_are_passed_over() -> None:
    good = AgentStatus(online=True, agent="pc1", started="2026-11-23T08:00:00.000000Z").model_dump_json().encode()
    words = [StatusWord("gaugetrail/v1/pc1/status", payload, False, 0) for payload in (b"\xff", b"", good, good)]
    heard = neighbours(words)
    assert [(one.kind, one.name) for one in heard] == [("agent", "pc1"), ("agent", "pc1")]
    assert list(two_with_one_id(heard)) == []


@pytest.mark.parametrize(
    ("theirs", "own", "cure"),
    [("0.2.7", "0.2.0", None), ("0.10.0", "0.9.0", "update this agent"), ("0.1.0", "0.2.0", "update collector c1")],
)
def test_releases_are_told_apart_by_their_first_two_numbers(theirs: str, own: str, cure: str | None) -> None:
    document = CollectorStatus(online=True, collector="c1", version=theirs).model_dump_json().encode()
    heard = neighbours([StatusWord(topics.collector_status("c1"), document, True, 0)])
    assert [one.cure for one in versions_apart(heard, own, "collector", "agent")] == ([cure] if cure else [])


def test_a_broker_that_takes_the_connection_and_says_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_visit, "CONNECT_SECS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        config = settings(home, f"host = '127.0.0.1'\nport = {server.getsockname()[1]}")
        told = line_of(config, "^broker: ")
    assert re.fullmatch(
        r"broker: 127\.0\.0\.1:\d+ takes the connection and gives no answer: is it a broker\? -> put port of \[mqtt\] "
        r"right \(8883 wants tls_ca\), or start the broker again",
        told,
    )


@pytest.mark.mosquitto
def test_a_broker_that_knows_no_mqtt_5_is_visited_in_3_1_1(floor: Floor, home: Path) -> None:
    """As the services do: the version is no finding, and who is there is heard all the same."""
    floor.broker()
    proxy = OldBroker(floor.mqtt_port)
    try:
        config = settings(home, f'host = "127.0.0.1"\nport = {proxy.port}')
        lines = doctor(config)[1]
    finally:
        proxy.close()
    assert proxy.refused == 1
    assert not [line for line in lines if line.startswith("broker")]
    assert [line for line in lines if line.startswith("collector: none has ever been")]
