"""The collector as a process between a real mosquitto and a real InfluxDB, with an agent played by hand."""

from __future__ import annotations

import json

import pytest
from floor import Floor, until
from wire import OldBroker, Wire, records

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto]


def stored(floor: Floor) -> int:
    """How many records InfluxDB has, asked without our code."""
    results = floor.influx("SELECT count(seq) FROM inspection")["results"]
    series = results[0].get("series", [])  # type: ignore[index]
    return int(series[0]["values"][0][1]) if series else 0


@pytest.mark.influxdb
def test_records_go_from_the_broker_into_influxdb_and_receipts_come_back(floor: Floor) -> None:
    """Sent twice, they stand there once; a poison message at the head of the stream stops nothing behind it."""
    floor.broker()
    floor.influxd()
    floor.write_collector("influxdb")
    floor.collector()
    with Wire(floor.mqtt_port) as wire:
        wire.wait_for_store("collector", "up")
        sealed = records(60, "pc-a")
        wire.send("pc-a", b"\x00\xff\xfe poison")
        wire.send("pc-a", b'{"sha256":"' + b"0" * 64 + b'","record":{}}')
        wire.send_records(sealed, "pc-a")
        wire.send_records(sealed, "pc-a", 7)
        wire.send_records(records(3, "pc-b"), "pc-b", 1)
        wire.wait_for("pc-a", 60)
        wire.wait_for("pc-b", 3)
        until(lambda: stored(floor) == 63, "every record once")
        code, out, err = floor.ask_here(
            "gaugetrail-collector", "set-aside", "ls", "--config", "collector.toml", "--json"
        )
        assert code == 0, err
        assert len(out.splitlines()) == 2
        assert floor.verify()["ok"] is True
        code, out, err = floor.ask_here(
            "gaugetrail-collector", "store", "stats", "--config", "collector.toml", "--json"
        )
        assert code == 0, err
        stats = json.loads(out)
        assert stats["records"] == 63
        assert stats["series"] > 0
        assert {"tag": "part", "values": 1, "bound": 5000} in stats["budget"]
    assert floor.stop("collector") == 0


@pytest.mark.influxdb
def test_a_store_that_is_down_at_start_is_waited_for(floor: Floor) -> None:
    """The collector runs, says what is wrong, acknowledges nothing, and stores what it has once the store is there."""
    floor.broker()
    floor.write_collector("influxdb")
    floor.collector()
    with Wire(floor.mqtt_port) as wire:
        status = wire.wait_for_store("collector", "down")
        assert "refused" in str(status["store_detail"])
        wire.send_records(records(10, "pc-a"), "pc-a")
        assert wire.receipted == {}
        floor.influxd()
        wire.wait_for("pc-a", 10)
        wire.wait_for_store("collector", "up")
        assert stored(floor) == 10


@pytest.mark.influxdb
def test_an_influxdb_that_is_killed_and_comes_back_loses_nothing(floor: Floor) -> None:
    floor.broker()
    floor.influxd()
    floor.write_collector("influxdb")
    floor.collector()
    with Wire(floor.mqtt_port) as wire:
        wire.wait_for_store("collector", "up")
        sealed = records(40, "pc-a")
        wire.send_records(sealed[:20], "pc-a")
        wire.wait_for("pc-a", 20)
        floor.kill("influxd")
        wire.send_records(sealed[20:], "pc-a")
        wire.wait_for_store("collector", "down")
        assert wire.receipted["pc-a"] <= set(range(1, 21))
        floor.influxd()
        wire.wait_for("pc-a", 40)
        until(lambda: stored(floor) == 40, "every record once")


@pytest.mark.influxdb
def test_two_collectors_share_the_work_and_store_each_record_once(floor: Floor) -> None:
    """Neither knows the other; the broker deals the messages out, and one goes on when the other is killed."""
    floor.broker()
    floor.influxd()
    names = ("collector-a", "collector-b")
    for name in names:
        floor.write_collector("influxdb", name=name)
        floor.collector(name)
    with Wire(floor.mqtt_port) as wire:
        for name in names:
            wire.wait_for_store(name, "up")
        wire.send_records(records(200, "pc-a"), "pc-a", 2)
        wire.wait_for("pc-a", 200)
        until(lambda: all(int(str(wire.statuses[name]["records"])) > 0 for name in names), "both have worked")
        until(lambda: sum(int(str(wire.statuses[name]["records"])) for name in names) == 200, "together all")
        floor.kill("collector-b")
        more = records(240, "pc-a")[200:]
        wire.send_records(more, "pc-a", 2)
        # What was on the way to the dead one is the agent's to send again, until there are receipts for all.
        for _ in range(20):
            if wire.receipted["pc-a"] >= set(range(1, 241)):
                break
            wire.send_records(more, "pc-a", 20)
        wire.wait_for("pc-a", 240)
        until(lambda: stored(floor) == 240, "every record once")
    assert floor.verify("collector-a.toml")["ok"] is True


def test_a_broker_of_3_1_1_serves_as_well(floor: Floor) -> None:
    floor.broker()
    old = OldBroker(floor.mqtt_port)
    try:
        path = floor.write_collector("sqlite")
        path.write_text(path.read_text().replace(f"port = {floor.mqtt_port}", f"port = {old.port}"))
        floor.collector()
        with Wire(floor.mqtt_port) as wire:
            wire.wait_for_store("collector", "up")
            wire.send_records(records(20, "pc-a"), "pc-a")
            wire.wait_for("pc-a", 20)
        assert old.refused == 1
        assert "3.1.1" in floor.log("collector")
        assert floor.stop("collector") == 0
    finally:
        old.close()


def test_a_broker_that_comes_later_is_waited_for(floor: Floor) -> None:
    floor.write_collector("sqlite")
    floor.collector()
    until(lambda: "no broker" in floor.log("collector"), "the collector says that there is no broker")
    floor.broker()
    with Wire(floor.mqtt_port) as wire:
        wire.wait_for_store("collector", "up")
        wire.send_records(records(5, "pc-a"), "pc-a")
        wire.wait_for("pc-a", 5)


def test_exit_codes_tell_a_service_manager_what_to_do(floor: Floor) -> None:
    """78: don't restart, the settings are wrong; 1: something stands in the way; 2: called wrongly; 0: told to stop."""
    path = floor.write_collector("sqlite")
    good = path.read_text()
    path.write_text(good + "[batch]\nmax_points = 0\n")
    code, _, err = floor.ask("gaugetrail-collector", "run", "--config", str(path))
    assert (code, "max_points" in err) == (78, True)
    code, _, err = floor.ask("gaugetrail-collector", "run", "--config", "missing.toml")
    assert (code, "missing.toml" in err) == (78, True)
    code, _, err = floor.ask("gaugetrail-collector", "run")
    assert (code, "/etc/gaugetrail/collector.toml" in err) == (78, True), "it says where it has looked for settings"
    assert floor.ask("gaugetrail-collector", "rum")[0] == 2
    assert floor.ask("gaugetrail-collector", "store", "init", "--config", str(path), "--keep-days", "0")[0] == 2
    path.write_text(good)
    (floor.folder / "collector-data").write_text("a file where the folder should be")
    code, _, err = floor.ask("gaugetrail-collector", "run", "--config", str(path))
    assert code == 1
    assert "Traceback" not in err
    code, out, err = floor.ask("gaugetrail-collector", "store", "init", "--config", str(path))
    assert (code, "store.db is there" in out) == (0, True), err
    code, out, _ = floor.ask("gaugetrail-collector", "store", "stats", "--config", str(path))
    assert (code, "records    0" in out) == (0, True)
    code, _, err = floor.ask("gaugetrail-collector", "store", "init", "--config", str(path), "--keep-days", "30")
    assert (code, "keeps everything" in err) == (1, True)
