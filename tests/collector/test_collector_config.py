"""The collector's settings: every fault is named with its file, its line, its key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugetrail_collector import config as configuration
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.settings import ConfigError

TOP = 'id = "c1"\ndata_dir = "data"\n'
SQLITE = '[store]\nkind = "sqlite"\npath = "store.db"\n'
ONE = '[store]\nkind = "influxdb"\nurl = "http://influx:8086"\nversion = "1"\ndatabase = "g"\n'


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> configuration.CollectorConfig:
    (tmp_path / "collector.toml").write_text(text)
    return configuration.load(tmp_path / "collector.toml", environ or {})


@pytest.mark.parametrize(
    ("text", "key", "line", "words"),
    [
        (TOP, "store", None, "is required"),
        ('data_dir = "d"\n' + SQLITE, "id", None, "is required"),
        (TOP.replace("c1", "a/b") + SQLITE, "id", 1, "MQTT topic"),
        (TOP + SQLITE.replace("sqlite", "oracle"), "store", 3, "sqlite"),
        (TOP + SQLITE.replace('kind = "sqlite"\n', ""), "store", 3, "kind"),
        (TOP + SQLITE.replace("path", "pathh"), "store.pathh", 5, "did you mean path"),
        (TOP + ONE.replace("http:", "ftp:"), "store.url", 5, "pattern"),
        (TOP + ONE.replace('"1"', '"4"'), "store.version", 6, "'1', '2' or '3'"),
        (TOP + ONE.replace('"1"', "1"), "store.version", 6, "'1', '2' or '3'"),
        (TOP + ONE.replace("database", "bucket"), "store", 3, "InfluxDB 1 needs database"),
        (TOP + ONE.replace('"1"', '"2"'), "store", 3, "InfluxDB 2 needs bucket"),
        (TOP + ONE.replace('"1"', '"2"').replace("database", "bucket"), "store", 3, "needs org"),
        (TOP + ONE + "timeout_secs = 0\n", "store.timeout_secs", 8, "greater than 0"),
        (TOP + ONE + 'token_file = "missing"\n', "store", 3, "token_file: can't read"),
        (TOP + ONE + 'token = "a"\ntoken_file = "missing"\n', "store", 3, "both given"),
        (TOP + SQLITE + "[batch]\nmax_points = 0\n", "batch.max_points", 7, "greater than or equal to 1"),
        (TOP + SQLITE + "[batch]\nmax_ms = 99999\n", "batch.max_ms", 7, "less than or equal to 5000"),
        (TOP + SQLITE + "[mqtt]\nport = 70000\n", "mqtt.port", 7, "less than or equal to 65535"),
        (TOP + SQLITE + '[mqtt]\ngroup = "a/b"\n', "mqtt.group", 7, "pattern"),
        (TOP + SQLITE + '[mqtt]\nversion = "4"\n', "mqtt.version", 7, "'5' or '3.1.1'"),
        (TOP + SQLITE + '[log]\nlevel = "loud"\n', "log.level", 7, "debug"),
        (TOP + SQLITE + "[lag]\n", "lag", 6, "did you mean log"),
    ],
)
def test_a_fault_is_named_where_it_stands(tmp_path: Path, text: str, key: str, line: int | None, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    found = {problem.key: problem for problem in caught.value.problems}
    problem = found[key]
    assert problem.line == line
    assert words in str(problem)
    assert "collector.toml" in problem.file


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, TOP + SQLITE + "colour = 1\n[mqtt]\nport = 0\n[batch]\nmax_points = 0\n")
    assert {"store.colour", "mqtt.port", "batch.max_points"} == {problem.key for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("text", "words"),
    [("id = ", "is not TOML"), ("id = \xff", "UTF-8"), ("", "is required")],
)
def test_what_is_no_settings_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "collector.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=words):
        configuration.load(tmp_path / "collector.toml", {})


def test_each_kind_makes_its_store(tmp_path: Path) -> None:
    assert isinstance(load(tmp_path, TOP + SQLITE).store(), SqliteStore)
    two = ONE.replace('"1"', '"2"').replace("database", "bucket") + 'org = "plant"\n'
    three = ONE.replace('"1"', '"3"')
    for text, version in ((ONE, "1"), (two, "2"), (three, "3")):
        store = load(tmp_path, TOP + text).store()
        assert isinstance(store, InfluxStore)
        assert (store._at.version, store._at.database) == (version, "g")


def test_a_secret_comes_from_its_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    store = load(tmp_path, TOP + ONE + 'token_file = "token"\n').store()
    assert isinstance(store, InfluxStore)
    assert callable(store._at.token)
    assert store._at.token() == "from-file"
    store = load(tmp_path, TOP + ONE, {"GAUGETRAIL_COLLECTOR_STORE__TOKEN": "from-env"}).store()
    assert isinstance(store, InfluxStore)
    assert callable(store._at.token)
    assert store._at.token() == "from-env"
    assert "from-env" not in repr(load(tmp_path, TOP + ONE, {"GAUGETRAIL_COLLECTOR_STORE__TOKEN": "from-env"}))
