"""`status` names what is wrong around the agent: broker, collectors, disk, rights, certificates. With real servers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import paho.mqtt.publish
import pytest
from certificates import make_certificates
from drill.disks import SmallDisk
from floor import Floor, Operator, command, free_port, until
from mqtt_proxy import MqttProxy
from running_agent import AGENT, PLAN, Pty, RunningAgent, asked
from spool_bodies import large_body

from gaugetrail_agent.delivery import broker_line
from gaugetrail_agent.delivery.broker_line import QUICK_DROPS
from gaugetrail_contract import topics
from gaugetrail_contract.signed_status import write_status
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import CollectorStatus

pytestmark = pytest.mark.waits

STATION = '[[station]]\nname = "OP10"\nplan = "plan.toml"\nbadge_pattern = "OP-[0-9]+"\nunit_pattern = "SN[0-9]+"\n'


def settings(folder: Path, mqtt: str, more: str = "", name: str = "") -> Path:
    """A folder with the settings of an agent that measures by hand."""
    home = folder / (name or "pc")
    home.mkdir()
    (home / "plan.toml").write_text(PLAN + 'capture = "typed"\n')
    (home / "agent.toml").write_text(f"{AGENT}[mqtt]\n{mqtt}\n{STATION}{more}")
    return home


def line_of(config: Path, pattern: str) -> str:
    """The line of `status` that fits, once there is one."""

    def found() -> str | None:
        code, out, _ = asked("status", "--config", str(config))
        lines = [text.strip() for text in out.splitlines() if re.search(pattern, text)]
        assert code == 1 or not lines, out
        return lines[0] if lines else None

    return str(until(found, f"status says {pattern}"))


@pytest.mark.mosquitto
def test_the_broker_refuses_the_password(floor: Floor, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    subprocess.run(("mosquitto_passwd", "-b", "-c", str(accounts), "pc1", "right"), check=True, capture_output=True)
    floor.broker(f"user root\npassword_file {accounts}\n")  # else it couldn't read the file
    home = settings(tmp_path, f'port = {floor.mqtt_port}\nusername = "pc1"\npassword = "wrong"')
    with RunningAgent(home) as running:
        told = running.told("^ *broker: .*refuses")
    assert re.fullmatch(
        r"broker: the broker localhost:\d+ refuses the connection: .*; trying again -> put username and password of "
        r"\[mqtt\] right, and look at the broker's log",
        told,
    )


def broker_with_rules(floor: Floor, more: str = "") -> None:
    """Everybody reads everything and writes nothing but the agent's status document."""
    (floor.folder / "acl").write_text("topic read gaugetrail/#\ntopic write gaugetrail/v1/pc1/status\n" + more)
    floor.broker(f"user root\nacl_file {floor.folder}/acl\n")


@pytest.mark.mosquitto
def test_the_brokers_access_rules_keep_records_out(floor: Floor, tmp_path: Path) -> None:
    """MQTT 5 says it in the acknowledgement, and so it stays though mosquitto hangs up each time as well."""
    broker_with_rules(floor)
    with RunningAgent(settings(tmp_path, f"port = {floor.mqtt_port}")) as running:
        running.typed("OP10", "OP-1", "SN1", "1.5")
        running.told("^ *broker: .*refuses the topic")
        until(lambda: running.agent.publisher.figures.connects > QUICK_DROPS, "it has hung up some times")
        told = running.told("^ *broker: ")
        assert running.report()["spool"]["waiting"] == 2, "the part, and that somebody logged on"
    assert re.fullmatch(
        r"broker: the broker localhost:\d+ refuses the topic gaugetrail/v1/pc1/records: .*; look at its access rules "
        "-> allow this user to write the topic in the broker's access rules",
        told,
    )


@pytest.mark.mosquitto
def test_access_rules_that_keep_records_out_without_a_word(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before MQTT 5 a refusal looks like success: what shows is that no receipt comes, though a collector is there."""
    monkeypatch.setattr(broker_line, "UNANSWERED_SECS", 0.1)
    told_by = topics.collector_status("c1")
    broker_with_rules(floor, f"topic write {told_by}\n")
    word = CollectorStatus(online=True, collector="c1", store="up")
    home = settings(tmp_path, f'port = {floor.mqtt_port}\nversion = "3.1.1"')
    with RunningAgent(home) as running:
        paho.mqtt.publish.single(told_by, word.model_dump_json(), qos=1, retain=True, port=floor.mqtt_port)
        running.typed("OP10", "OP-1", "SN1", "1.5")
        told = running.told("^ *broker: no receipt comes")
    assert told == (
        "broker: no receipt comes, though c1 is online: look at its log and at the broker's access rules for "
        "gaugetrail/v1/pc1/records; records wait here -> gaugetrail-collector keys ls, its log, and the broker's "
        "access rules"
    )


@pytest.mark.mosquitto
def test_a_broker_that_hangs_up_on_records(floor: Floor, tmp_path: Path) -> None:
    """Other brokers end the connection where the topic is not allowed. mosquitto doesn't, so a proxy before it does."""
    floor.broker()
    proxy = MqttProxy(floor.mqtt_port)
    proxy.drop_on_publish = True
    try:
        with RunningAgent(settings(tmp_path, f'port = {proxy.port}\nversion = "3.1.1"')) as running:
            running.typed("OP10", "OP-1", "SN1", "1.5")
            told = running.told("^ *broker: .*drops the connection")
    finally:
        proxy.close()
    assert re.fullmatch(
        r"broker: the broker localhost:\d+ drops the connection right after a publish: it probably refuses the topic "
        "gaugetrail/v1/pc1/records for this user; look at its access rules -> allow this user to write the topic in "
        "the broker's access rules",
        told,
    )


@pytest.mark.mosquitto
def test_a_broker_that_takes_small_messages_only(floor: Floor, tmp_path: Path) -> None:
    """What it takes is found out and said; a record that is larger waits aside, and that is what isn't well."""
    floor.broker("message_size_limit 20000\n")
    with RunningAgent(settings(tmp_path, f"port = {floor.mqtt_port}")) as running:
        running.agent.spool.append(large_body("SN1", 200)).result(10)
        told = running.told("^ *worth a look: broker: the broker takes at most about 16 KiB")
        assert told.endswith(
            "message_size_limit -> raise message_size_limit in the broker's settings, or leave it out; messages are "
            "smaller"
        )
        told = running.told("^ *broker: a record alone is larger than the broker localhost:[0-9]+ takes")
        assert "raise message_size_limit and max_packet_size in the broker's settings; it waits again by itself" in told


@pytest.mark.mosquitto
def test_two_agents_with_one_id(floor: Floor, tmp_path: Path) -> None:
    """Two PCs from one image: each says it of itself."""
    floor.broker()
    port = f"port = {floor.mqtt_port}"
    with RunningAgent(settings(tmp_path, port, name="a")) as one, RunningAgent(settings(tmp_path, port, name="b")):
        told = one.told("^ *broker: .*two agents have one id")
    assert told.endswith("-> give one of the two PCs another [agent] id (and client_id)")


@pytest.mark.mosquitto
def test_no_collector_and_one_whose_store_is_down(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_line, "UNANSWERED_SECS", 0.1)
    floor.broker()
    signer = Signer.new()
    listed = f'port = {floor.mqtt_port}\n[evidence]\ncollector_keys = ["{signer.key}"]'
    with RunningAgent(settings(tmp_path, listed)) as running:
        running.typed("OP10", "OP-1", "SN1", "1.5")
        told = running.told("^ *broker: no collector")
        assert told == (
            "broker: no collector is online; records wait here -> start the collector, or look at its connection to "
            "the broker"
        )
        word = CollectorStatus(online=True, collector="c1", store="down", store_detail="InfluxDB doesn't answer")
        paho.mqtt.publish.single(
            topics.collector_status("c1"), write_status(word, signer), retain=True, port=floor.mqtt_port
        )
        assert running.told("^ *broker: every collector's store is down") == (
            "broker: every collector's store is down (InfluxDB doesn't answer); records wait here -> "
            "gaugetrail-collector status on the collector's machine says what its store lacks"
        )
        assert running.report()["spool"]["waiting"] == 2, "the part, and that somebody logged on"


@pytest.mark.processes
def test_the_disk_is_full(floor: Floor) -> None:
    config = floor.write_agent()
    with SmallDisk(floor.folder / "agent-data", lambda: floor.processes["agent"].pid) as disk:
        floor.agent()
        until(lambda: asked("status", "--config", str(config))[0] == 1, "the desk is open")
        operator = Operator(floor)
        operator.log_on()
        operator.inspect("SN0")
        disk.fill()
        operator.type("SN1")
        operator.see(lambda now: now["serial"] == "SN1")
        operator.type("1.50")
        told = line_of(config, "^ *station OP10: NOT RECORDED")
        assert told.endswith("-> make room on the disk (gaugetrail-agent spool stats); it goes on by itself")
        told = line_of(config, "^ *spool: ")
        assert told.startswith("spool: it takes no records, so parts are not recorded")
        if disk.kind == "a full tmpfs":
            assert re.match(
                r"disk: 0 MB of \d+ MB are free for .*agent-data -> make room", line_of(config, "^ *disk: ")
            )
        disk.empty()
        until(lambda: floor.waiting() == 3, "it is recorded by itself, behind the log-in and the part before")
        operator.close()
        floor.stop("agent")


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="rights as Linux has them")
def test_a_port_that_this_user_may_not_open(floor: Floor) -> None:
    """Root may open everything, so it runs without that right here."""
    pty = Pty(floor.folder / "gauge")
    Path(os.ttyname(pty.far)).chmod(0)
    config = floor.write_agent(
        extra=f'[[link]]\nname = "bore"\nkind = "serial"\nport = "{pty.port}"\n'
        '[[device]]\nname = "bore"\nlink = "bore"\ndriver = "mitutoyo-idh"\n'
    )
    bounded = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    floor.start("agent", *bounded, command("gaugetrail-agent"), "run", "--config", str(config))
    until(lambda: (floor.folder / "agent-data" / "terminal.port").exists(), "the agent is ready")
    told = line_of(config, "^ *device bore: ")
    assert re.match(r"device bore: .*/gauge: permission denied: .* -> usermod -aG dialout USER ", told)
    pty.close()


def test_a_certificate_of_our_own_that_has_expired(tmp_path: Path) -> None:
    ca, expired, key = make_certificates(tmp_path, days=-3)
    home = settings(tmp_path, f'port = {free_port()}\ntls_ca = "{ca}"\ntls_cert = "{expired}"\ntls_key = "{key}"')
    with RunningAgent(home) as running:
        told = running.told(r"^ *certificate \[mqtt\] tls_cert: ")
        soon = running.told(r"certificate \[mqtt\] tls_ca: ")
        report = running.report()
    assert re.fullmatch(
        r"certificate \[mqtt\] tls_cert: .*/server\.pem has expired on [0-9-]{10} -> have it renewed and put the new "
        "file there; it holds from the next connection on",
        told,
    )
    assert soon.startswith("worth a look: certificate [mqtt] tls_ca: ")
    assert [Path(one["file"]).name for one in report["certificates"]] == ["ca.pem", "server.pem"]


@pytest.mark.mosquitto
def test_a_certificate_of_the_broker_that_has_expired(floor: Floor, tmp_path: Path) -> None:
    ca, expired, key = make_certificates(tmp_path, days=-3)
    port = free_port()
    floor.broker(f"user root\nlistener {port} 127.0.0.1\ncertfile {expired}\nkeyfile {key}\n")
    with RunningAgent(settings(tmp_path, f'port = {port}\ntls_ca = "{ca}"')) as running:
        told = running.told("^ *broker: the broker .* can't be used")
    assert re.fullmatch(
        r"broker: the broker localhost:\d+ can't be used: its certificate ended on [0-9-]{10}.* -> have the "
        r"certificate renewed, or put tls_ca, tls_cert and tls_key of \[mqtt\] right",
        told,
    )


@pytest.mark.mosquitto
def test_an_agent_that_is_well_says_so(floor: Floor, tmp_path: Path) -> None:
    """Exit code 0, and programs read the same."""
    floor.broker()
    with RunningAgent(settings(tmp_path, f"port = {floor.mqtt_port}")) as running:
        config = str(running.config)
        until(lambda: asked("status", "--config", config)[0] == 0, "all is well")
        code, out, _ = asked("status", "--config", config)
        assert (code, "\nwell\n" in out) == (0, True)
        report = json.loads(asked("status", "--config", config, "--json")[1])
        assert (report["well"], report["broker"]["connected"]) == (True, True)


EDIT = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.processes
def test_another_program_has_locked_the_spool(floor: Floor) -> None:
    """The station is red and names it; the part is recorded by itself once it has let go."""
    config = floor.write_agent()
    floor.agent()
    until(lambda: asked("status", "--config", str(config))[0] == 1, "the desk is open")
    operator = Operator(floor)
    operator.log_on()
    operator.type("SN1")
    operator.see(lambda now: now["serial"] == "SN1")
    words = (sys.executable, "-c", EDIT, str(floor.folder / "agent-data" / "spool.db"))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "held\n"
        operator.type("1.50")
        operator.see(lambda now: now["light"] == "red")
        held = rf"\S+ \(process {program.pid}\) has locked spool.db"
        cure = "-> close that program; it goes on by itself"
        assert re.fullmatch(rf"spool: it takes no records, .*: {held} {cure}", line_of(config, "^ *spool: "))
        assert re.search(rf"{held}.* {cure}", line_of(config, "^ *station OP10: NOT "))
        program.stdin.close()
    until(
        lambda: not [line for line in asked("status", "--config", str(config))[1].splitlines() if "locked" in line], ""
    )
    operator.see(lambda now: isinstance(now["last"], dict) and now["last"]["serial"] == "SN1")
    operator.close()
