"""A door that the network reaches without a lock is refused, at `check` and at the start, or told with its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError
from typer.testing import CliRunner

from gaugetrail_agent.app import Agent
from gaugetrail_agent.cli import app as agent_app
from gaugetrail_agent.config import load as load_agent
from gaugetrail_agent.inquiries.report import AgentReport
from gaugetrail_collector.app import Collector
from gaugetrail_collector.cli import app as collector_app
from gaugetrail_collector.config import load as load_collector
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.status import SpoolStatus
from gaugetrail_service.cli import BAD_CONFIG
from gaugetrail_service.mqtt.settings import BrokerSettings
from gaugetrail_service.open_doors import broker_door, database_door, is_loopback, page_door

AGENT = '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n'
COLLECTOR = 'id = "c1"\ndata_dir = "data"\n'
SQLITE = '[store]\nkind = "sqlite"\npath = "store.db"\n'
INFLUX = '[store]\nkind = "influxdb"\nversion = "1"\ndatabase = "g"\n'
BROKER = '[mqtt]\nhost = "broker.invalid"\npassword = "secret"\n'
REASON = 'insecure = "a network of its own"\n'


def asked(app: typer.Typer, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, words)
    if isinstance(done.exception, ConfigError):
        return BAD_CONFIG, str(done.exception)  # as the entry point says it
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("app", "text", "told"),
    [
        (agent_app, AGENT + BROKER, r":7: mqtt.host: the password goes to broker.invalid unencrypted; name the CA"),
        (agent_app, AGENT + '[metrics]\nhost = "192.0.2.1"\n', r":7: metrics.host: figures for whoever asks at 192"),
        (collector_app, COLLECTOR + BROKER + SQLITE, r":4: mqtt.host: the password goes to broker.invalid unencryp"),
        (
            collector_app,
            COLLECTOR + INFLUX + 'url = "http://influx.invalid:8086"\nusername = "u"\npassword = "secret"\n',
            r":7: store.url: the password goes to influx.invalid unencrypted; let the database speak HTTPS",
        ),
        (
            collector_app,
            COLLECTOR + SQLITE + '[metrics]\nhost = "0.0.0.0"\n[console]\nhost = "::"\n',
            (
                r":7: metrics.host: figures for whoever asks at 0.0.0.0; leave host out (.|\n)*"
                r":9: console.host: pages for whoever asks at ::; leave host out"
            ),
        ),
    ],
)
def test_a34_a_door_without_a_reason_is_a_fault_that_names_its_line(
    tmp_path: Path, command: str, app: typer.Typer, text: str, told: str
) -> None:
    code, out = asked(app, command, "--config", str(written(tmp_path, text)))
    assert code == 78
    assert re.search(told, out), out
    assert 'or give the reason why it may stay: insecure = "' in out
    assert "secret" not in out
    assert not (tmp_path / "data").exists(), "nothing was begun"


def test_programs_are_told_the_faults_as_json(tmp_path: Path) -> None:
    for app, text in ((agent_app, AGENT + BROKER), (collector_app, COLLECTOR + BROKER + SQLITE)):
        code, out = asked(app, "check", "--json", "--config", str(written(tmp_path, text)))
        (problem,) = json.loads(out)["problems"]
        assert (code, problem["key"]) == (78, "mqtt.host")


def test_the_agent_says_an_open_door_and_its_reason_in_its_status(tmp_path: Path) -> None:
    config = written(tmp_path, AGENT + BROKER + REASON + '[metrics]\nhost = "192.0.2.1"\ninsecure = "why not"\n')
    assert asked(agent_app, "check", "--config", str(config))[0] == 0
    agent = Agent(load_agent(config, {}))
    report = AgentReport(agent.config, agent.health, {})
    document = agent.health.document(SpoolStatus(epoch="0" * 8, last_seq=0, waiting=0, bytes=0))
    assert document.insecure == (
        "[mqtt] the password goes to broker.invalid unencrypted, because: a network of its own",
        "[metrics] figures for whoever asks at 192.0.2.1, because: why not",
    )
    report.tell(document)
    found = [one for one in report.answer()["findings"] if "because: " in one["what"]]  # type: ignore[attr-defined]
    assert [(one["about"], one["wrong"]) for one in found] == [("[mqtt]", False), ("[metrics]", False)]


def test_the_collector_says_an_open_door_and_its_reason_in_its_status(tmp_path: Path) -> None:
    text = INFLUX + 'url = "http://influx.invalid:8086"\ntoken = "secret"\n' + REASON
    config = written(tmp_path, COLLECTOR + text)
    assert asked(collector_app, "check", "--config", str(config))[0] == 0
    told = Collector(load_collector(config, {})).status().insecure
    assert told == ("[store] the token goes to influx.invalid unencrypted, because: a network of its own",)


def test_what_is_locked_or_on_this_machine_only_is_left_alone() -> None:
    password = {"password": "secret"}
    assert list(broker_door(BrokerSettings.model_validate({"host": "b.example"}))) == []
    assert list(broker_door(BrokerSettings.model_validate({"host": "b.example", "tls_ca": "ca.pem"} | password))) == []
    for host in ("localhost", "127.0.0.1", "127.8.9.1", "::1"):
        assert is_loopback(host)
        assert list(broker_door(BrokerSettings.model_validate({"host": host} | password))) == []
        assert list(page_door("console", host, "pages", None)) == []
    for host in ("0.0.0.0", "::", "192.0.2.1", "localhost.example"):
        assert not is_loopback(host)
    for url, secret in (
        ("https://i.example:8086", "token"),
        ("http://i.example:8086", None),
        ("http://[::1]:8086", "token"),
    ):
        assert list(database_door(url, secret=secret, reason=None)) == []


def test_a_password_inside_the_databases_address_counts_too() -> None:
    (door,) = database_door("http://u:pw@i.example:8086", secret=None, reason=None)
    assert door.what == "the password goes to i.example unencrypted"


def test_an_empty_reason_is_none() -> None:
    with pytest.raises(ValidationError, match="insecure"):
        BrokerSettings.model_validate({"insecure": ""})
