"""The collector's `status` and `doctor`: each trouble in one line with what to do, and words for programs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from floor import Floor, command, free_port, program, until
from made import AGENT, chain
from status_speaker import speaking
from typer.testing import CliRunner

from gaugetrail_collector import checkup
from gaugetrail_collector.cli import app
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.status import AgentStatus, CollectorStatus, SpoolStatus
from gaugetrail_service.process import own_version


def ask(command: str, config: Path, *more: str, listen: float = 0.3) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, [command, "--config", str(config), "--listen", str(listen), *more])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.stderr == ""
    return done.exit_code, [line.strip() for line in done.stdout.splitlines()]


def line_of(command: str, config: Path, pattern: str, listen: float = 0.3) -> str:
    code, lines = ask(command, config, listen=listen)
    (found,) = [line for line in lines if re.search(pattern, line)]
    assert code == 1 or found.startswith("worth a look")
    return found


def settings(folder: Path, port: int, store: str | None = None) -> Path:
    config = folder / "c1.toml"
    store = store or f'kind = "sqlite"\npath = "{folder}/store.db"'
    config.write_text(f'id = "c1"\ndata_dir = "data"\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\n[store]\n{store}\n')
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    return config


def now(apart: timedelta = timedelta()) -> str:
    return utc_text(time.time_ns() // 1000 + round(apart.total_seconds() * 1e6))


def collector(**more: object) -> CollectorStatus:
    told = {
        "online": True,
        "collector": "c1",
        "store": "up",
        "broker": "up",
        "time": now(),
        "version": own_version(),
    }
    return CollectorStatus.model_validate(told | more)


def agent(name: str = "pc1", **more: object) -> AgentStatus:
    told = {"online": True, "agent": name, "time": now(), "version": own_version()}
    return AgentStatus.model_validate(told | more)


@pytest.fixture
def plant(floor: Floor) -> Floor:
    """A broker, and settings whose store has three records of an agent."""
    floor.broker()
    store = SqliteStore(floor.folder / "store.db")
    store.open()
    store.write(chain(3))
    store.close()
    settings(floor.folder, floor.mqtt_port)
    return floor


# --- without a broker


def test_the_broker_is_off(tmp_path: Path) -> None:
    config = settings(tmp_path, free_port())
    for name in ("status", "doctor"):
        assert re.fullmatch(
            r"broker: no broker answers at 127\.0\.0\.1:\d+ \(Connection refused\) -> start the broker there, or put "
            r"host and port of \[mqtt\] right",
            line_of(name, config, "^broker: "),
        )


def test_the_store_is_down(tmp_path: Path) -> None:
    """It is said, and everything else is told all the same."""
    store = f'kind = "influxdb"\nurl = "http://127.0.0.1:{free_port()}"\nversion = "1"\ndatabase = "g"'
    config = settings(tmp_path, free_port(), store)
    told = line_of("status", config, "^store: ")
    assert re.match(
        r"store: InfluxDB at http://127\.0\.0\.1:\d+ doesn't answer: .* -> start it, or put the address ", told
    )
    report = json.loads(ask("status", config, "--json")[1][0])
    assert (report["well"], report["store"], report["records"], report["set_aside"]) == (False, None, None, 0)
    assert line_of("doctor", config, "^store: ").endswith("its limits can't be asked now")


@pytest.mark.parametrize("kind", ["no store", "folder"])
def test_a_store_that_is_none(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "store.db").mkdir()
    else:
        (tmp_path / "store.db").write_bytes(b"this is a letter to the editor, and no database" * 30)
    assert f"{tmp_path}/store.db" in line_of("status", settings(tmp_path, free_port()), "^store: ")


def test_something_is_set_aside(tmp_path: Path) -> None:
    config = settings(tmp_path, free_port())
    entries = SetAside(tmp_path / "data" / "set-aside.db")
    entries.open()
    entries.put([Entry("t", b"1", "an older reason", 1), Entry("t", b"2", "the disk it lay on was full", 2)])
    entries.close()
    assert line_of("status", config, "^set aside: ") == (
        "set aside: 2 lines could not be understood or stored, last: the disk it lay on was full -> "
        "gaugetrail-collector set-aside ls; mend the cause, then set-aside retry, or close"
    )


def test_a_list_that_can_t_be_read(tmp_path: Path) -> None:
    config = settings(tmp_path, free_port())
    (tmp_path / "data" / "set-aside.db").write_text("this is no database, and long enough to be seen as none" * 20)
    assert "set-aside.db can't be read: " in line_of("status", config, "^set aside: ")


def test_rights_of_folder_and_secrets(tmp_path: Path) -> None:
    store = 'kind = "influxdb"\nurl = "http://127.0.0.1:1"\nversion = "1"\ndatabase = "g"\npassword_file = "secret"'
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    config = settings(tmp_path, free_port(), store)
    (tmp_path / "data").chmod(0o777)
    assert line_of("doctor", config, "^folder: ").endswith(f"-> chmod 700 {tmp_path}/data")
    assert line_of("doctor", config, "^password: ").endswith(f"-> chmod 600 {tmp_path}/secret")


def test_a_clock_that_nobody_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = settings(tmp_path, free_port())
    for synced, count in ((False, 1), (True, 0)):
        monkeypatch.setattr(checkup, "kernel_synced", lambda synced=synced: synced)
        assert len([line for line in ask("doctor", config)[1] if line.startswith("clock: no time source")]) == count


# --- with one


@pytest.mark.mosquitto
def test_a_plant_that_is_well(plant: Floor) -> None:
    config = plant.folder / "c1.toml"
    with speaking(plant) as say:
        say(topics.collector_status("c1"), collector(records=7))
        say(topics.status(AGENT), agent(AGENT))
        code, lines = ask("status", config)
        report = json.loads(ask("status", config, "--json")[1][0])
    assert (code, lines[-1]) == (0, "well")
    assert f"agent      {AGENT}: here, {own_version()}" in lines
    assert (report["well"], report["records"], report["gaps"], report["findings"]) == (True, 3, 0, [])
    assert report["agents"][AGENT]["online"]
    assert report["agents_with_records"] == [AGENT]
    assert report["collectors"]["c1"]["records"] == 7


@pytest.mark.mosquitto
def test_a_collector_that_never_ran_stopped_or_hangs(plant: Floor) -> None:
    config = plant.folder / "c1.toml"
    start = "start it: gaugetrail-collector run --config F"
    assert line_of("status", config, "^collector c1: ") == f"collector c1: has never been on this broker -> {start}"
    with speaking(plant) as say:
        say(topics.collector_status("c1"), CollectorStatus(online=False, collector="c1"))
        assert line_of("status", config, "^collector c1: ") == f"collector c1: doesn't run -> {start}"
        say(topics.collector_status("c1"), collector(time=now(timedelta(minutes=-5))))
        assert re.fullmatch(
            r"collector c1: has said nothing for 30\d s: it hangs, or its clock is wrong -> start it again",
            line_of("status", config, "^collector c1: "),
        )
        say(topics.collector_status("c1"), collector(store="down", store_detail="full", broker_detail="refused"))
        lines = [line for line in ask("status", config)[1] if line.startswith("collector c1: ")]
        assert lines == [
            "collector c1: finds its store down: full -> look at its log and at [store]",
            "collector c1: refused -> look at the broker's access rules and at [mqtt]",
        ]


@pytest.mark.mosquitto
def test_what_will_be_in_the_way_one_day_is_worth_a_look(plant: Floor) -> None:
    with speaking(plant) as say:
        say(topics.status(AGENT), agent(AGENT))
        told = {"newer_agents": ("pc7",), "second_histories": ("pc3 epoch k3v9q0ab from 34 on",)}
        say(topics.collector_status("c1"), collector(**told, tag_values=81, tag_budget=100, log_dropped=1))
        code, lines = ask("status", plant.folder / "c1.toml")
        say(topics.collector_status("c1"), collector(tag_values=80, tag_budget=100))
        assert ask("status", plant.folder / "c1.toml") == (0, [*lines[:-5], "well"])
    assert (code, lines[-5:]) == (
        0,
        [
            (
                "worth a look: copies: two histories: pc3 epoch k3v9q0ab from 34 on: a PC was put back from a "
                "snapshot, or a copy runs -> both are stored; if two PCs run under one name, give one of them another "
                "[agent] id"
            ),
            (
                "worth a look: collector c1: the records of pc7 hold keys that it doesn't know -> update this "
                "collector; they are stored as they came"
            ),
            (
                "worth a look: collector c1: 81 of 100 values of a tag are in use; what passes the bound waits "
                "-> gaugetrail-collector store stats says which; raise it under [guard]"
            ),
            (
                "worth a look: collector c1: 1 line of its log lost since the start: the log's reader stood still -> "
                "look at the journal, or at what reads the service's output"
            ),
            "well",
        ],
    )


@pytest.mark.mosquitto
def test_gaps(plant: Floor) -> None:
    with speaking(plant) as say:
        say(topics.collector_status("c1"), collector(gaps=2, gap_details=("pc1 abc 5 to 7", "pc2 abd 1")))
        told = line_of("status", plant.folder / "c1.toml", "^gaps: ")
    assert told.startswith("gaps: 2 ranges of numbers missing: pc1 abc 5 to 7; pc2 abd 1 -> they are asked for again; ")


@pytest.mark.mosquitto
def test_agents_that_are_gone_hang_complain_or_were_never_heard(plant: Floor) -> None:
    config = plant.folder / "c1.toml"
    with speaking(plant) as say:
        say(topics.collector_status("c1"), collector())
        say(topics.status("gone"), AgentStatus(online=False, agent="gone"))
        say(topics.status("hangs"), agent("hangs", time=now(timedelta(minutes=-5))))
        spool = SpoolStatus(epoch="abcdefgh", last_seq=9, waiting=4, bytes=1)
        say(topics.status("loud"), agent("loud", alarms=("bore: no such port",), spool=spool))
        code, lines = ask("status", config)
    told = [line for line in lines if re.match("(worth a look: )?agent [a-z0-9-]+: ", line)]
    assert told == [
        (
            f"worth a look: agent {AGENT}: has records here and no word on this broker -> if it was retired, "
            f"gaugetrail-collector agents let-go {AGENT}; else look at it"
        ),
        (
            "agent gone: is gone -> look at its PC and its network, its records wait there; a retired one is let go: "
            "gaugetrail-collector agents let-go gone"
        ),
        told[2],
        "agent loud: bore: no such port -> gaugetrail-agent status on its PC says what to do",
    ]
    assert re.match(r"agent hangs: has said nothing for 30\d s: ", told[2])
    assert code == 1
    assert f"agent      loud: here, {own_version()}, 4 records wait, 1 alarms" in lines
    assert "agent      gone: GONE" in lines


@pytest.mark.mosquitto
def test_versions_and_clocks_apart(plant: Floor) -> None:
    config = plant.folder / "c1.toml"
    with speaking(plant) as say, say.again_and_again(apart=timedelta(seconds=40), agents=("08",)):
        say(topics.status("pc2"), agent("pc2", version="0.1.0"))
        code, lines = ask("doctor", config, listen=2)
    assert code == 1
    (told,) = [line for line in lines if line.startswith("clock: the clock of")]
    assert re.match(r"clock: the clock of agent pc1 is (39|40)\.\d s ahead of this PC's -> ", told)
    assert (
        f"worth a look: agent pc2: it has version 0.1.0, this collector has {own_version()} -> update agent pc2"
        in lines
    )


@pytest.mark.mosquitto
def test_a_broker_that_allows_too_little(floor: Floor) -> None:
    floor.broker("message_size_limit 100000\n")
    told = line_of("doctor", settings(floor.folder, floor.mqtt_port), "^broker ")
    assert re.match(r"broker 127\.0\.0\.1:\d+: refuses a message of 210000 bytes: .* -> raise message_size_limit", told)


@pytest.mark.mosquitto
@pytest.mark.processes
def test_two_collectors_with_one_id(plant: Floor) -> None:
    """Two real ones from one image: each takes the connection from the other for ever."""
    config = plant.folder / "c1.toml"
    other = plant.folder / "other.toml"
    other.write_text(config.read_text().replace('"data"', '"other-data"').replace("store.db", "other.db"))
    for path in (config, other):
        plant.start(path.stem, command("gaugetrail-collector"), "run", "--config", str(path))

    def found() -> str | None:
        lines = ask("doctor", config, listen=2.5)[1]
        return next((line for line in lines if line.startswith("collector c1: two")), None)

    assert until(found, "the doctor hears both") == (
        "collector c1: two collectors have one id: both call themselves 'c1' and take the connection from each other "
        "-> stop one of them, and give it another id"
    )


# --- the database's limits


LIMITS = {"max-row-limit": 10_000, "max-values-per-tag": 1000, "max-series-per-database": 2, "max-select-series": 50}


@pytest.fixture(scope="module")
def tight_influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real InfluxDB 1 with settings that were made for something else."""
    with Floor(tmp_path_factory.mktemp("influx")) as shop:
        data, conf = shop.folder / "influx", shop.folder / "influx.conf"
        conf.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n[meta]\ndir = "{data}/meta"\n'
            f'[data]\ndir = "{data}/data"\nwal-dir = "{data}/wal"\nquery-log-enabled = false\n'
            f"max-values-per-tag = {LIMITS['max-values-per-tag']}\n"
            f"max-series-per-database = {LIMITS['max-series-per-database']}\n"
            f"[coordinator]\nmax-select-series = {LIMITS['max-select-series']}\n"
            f'[http]\nbind-address = "127.0.0.1:{shop.influx_port}"\nlog-enabled = false\n'
            f"max-row-limit = {LIMITS['max-row-limit']}\n[monitor]\nstore-enabled = false\n"
        )
        path = program("influxd")
        assert path is not None
        shop.start("influxd", path, "-config", str(conf))
        until(shop._influx_up, "influxd answers")
        shop.influx("CREATE DATABASE g", "")
        for number in range(2):
            shop.write_lines("g", f"m,t={number} v=1")
        yield f"http://127.0.0.1:{shop.influx_port}"


@pytest.mark.influxdb
def test_limits_of_the_database(tight_influx: str, tmp_path: Path) -> None:
    store = f'kind = "influxdb"\nurl = "{tight_influx}"\nversion = "1"\ndatabase = "g"'
    lines = [line for line in ask("doctor", settings(tmp_path, free_port(), store))[1] if line.startswith("store: ")]
    assert [re.sub(" ->.*", "", line) for line in lines] == [
        "store: max-row-limit is 10000: answers are cut or refused beyond it, a trace may lack records",
        "store: max-select-series is 50: answers are cut or refused beyond it, a trace may lack records",
        "store: max-values-per-tag is 1000, [guard] gauge allows 20000: records would be refused before the guard",
        "store: 2 series of max-series-per-database 2 are in use: beyond it records are refused",
    ]
    assert all(" -> " in line for line in lines)
    config = str(settings(tmp_path, free_port(), store))
    for words in (("check", "--probe"), ("store", "init")):
        done = CliRunner().invoke(app, [*words, "--config", config])
        told = [line for line in done.stdout.splitlines() if line.startswith("worth a look: store: ")]
        assert (done.exit_code, told) == (0, [f"worth a look: {line}" for line in lines])


@pytest.mark.influxdb
def test_a_database_as_it_is_delivered_has_one_limit_only_and_far_away(influx_url: str, tmp_path: Path) -> None:
    store = f'kind = "influxdb"\nurl = "{influx_url}"\nversion = "1"\ndatabase = "limits"'
    assert not [line for line in ask("doctor", settings(tmp_path, free_port(), store))[1] if line.startswith("store")]
