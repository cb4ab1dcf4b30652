"""Who may do what in InfluxDB: a refusal names the right that lacks, and a dashboard's reader can change nothing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from floor import Floor
from influx_stub import ORG, TOKEN, Stub
from made import chain
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.stores import Fate, StoreRefuses
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp
from gaugetrail_collector.stores.influx.store import InfluxStore

OWN = "own-token"
ADMIN = "root:root's own"


@pytest.fixture
def stub() -> Iterator[Stub]:
    """2.x with a bucket, and a collector's token that reads and writes it."""
    made = Stub("2", {"b": {}}, rights={OWN: {("read", "b"), ("write", "b")}})
    yield made
    made.close()


def store_of(stub: Stub, token: str = OWN, bucket: str = "b", org: str = ORG) -> InfluxStore:
    return InfluxStore(InfluxAddress(url=stub.url, version="2", database=bucket, org=org, token=token))


def refusal(store: InfluxStore, *, init: bool = False) -> str:
    ways = (store.open, lambda: store.init(None, roll_ups=False))
    with pytest.raises(StoreRefuses) as caught:
        ways[init]()
    store.close()
    return str(caught.value)


def test_the_collectors_own_token_opens_and_writes(stub: Stub) -> None:
    store = store_of(stub)
    store.open()
    assert [one.fate for one in store.write(chain(2))] == [Fate.STORED] * 2
    assert store.init(None, roll_ups=False) == ["bucket b is there", "new shards of bucket b hold 364 days"]
    store.close()


@pytest.mark.parametrize("init", [False, True])
def test_a_wrong_organisation_is_found_at_the_door(stub: Stub, init: bool) -> None:
    said = refusal(store_of(stub, org="plnat"), init=init)
    for words in ("no such organisation", "[store] org", '"plnat" not found'):
        assert words in said


def test_a_missing_bucket_says_who_makes_it(stub: Stub) -> None:
    assert "no such bucket; gaugetrail-collector store init makes it" in refusal(store_of(stub, bucket="c"))


def test_a_token_that_reaches_another_bucket_alone_is_named(stub: Stub) -> None:
    """2.x leaves the bucket out of its list and says nothing of it."""
    stub.rights["else"] = {("read", "other"), ("write", "other")}
    said = refusal(store_of(stub, token="else"))
    for words in ("shows this token no bucket b", "may not read it", "read and write rights", "API Tokens"):
        assert words in said


def test_a_token_that_the_server_does_not_know_is_named(stub: Stub) -> None:
    assert "the token is not accepted" in refusal(store_of(stub, token="mistyped"))


def test_a_token_that_may_only_read_is_told_at_the_write(stub: Stub) -> None:
    stub.rights["reads"] = {("read", "b")}
    store = store_of(stub, token="reads")
    store.open()
    with pytest.raises(
        StoreRefuses, match=r"may not do that; give it read and write rights .*insufficient permissions"
    ):
        store.write(chain(1))
    store.close()


def test_init_with_the_collectors_own_token_says_whose_it_takes(stub: Stub) -> None:
    said = refusal(store_of(stub, bucket="c"), init=True)
    for words in ("shows this token no bucket c", "store init with a token that may make it", "--admin-file"):
        assert words in said


def settings(tmp_path: Path, table: str) -> Path:
    path = tmp_path / "collector.toml"
    path.write_text(f'id = "c"\ndata_dir = "data"\n[mqtt]\nhost = "127.0.0.1"\n[store]\nkind = "influxdb"\n{table}')
    return path


def init(config: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["store", "init", "--config", str(config), *more])
    return done.exit_code, done.output


def test_an_administrators_token_sets_up_and_the_collectors_own_is_tried(stub: Stub, tmp_path: Path) -> None:
    """The bucket is made with the one and opened with the other, which doesn't reach it yet."""
    config = settings(tmp_path, f'url = "{stub.url}"\nversion = "2"\nbucket = "c"\norg = "{ORG}"\ntoken = "{OWN}"\n')
    (tmp_path / "admin").write_text(f"{TOKEN}\n")
    code, said = init(config, "--admin-file", str(tmp_path / "admin"))
    assert code == 1
    assert "shows this token no bucket c" in said
    assert "c" in stub.databases
    stub.rights[OWN] |= {("read", "c"), ("write", "c")}
    code, said = init(config, "--admin-file", str(tmp_path / "admin"))
    assert (code, said) == (0, "bucket c is there\n")


def test_a_reader_of_2_gets_a_token_for_this_bucket_alone(stub: Stub, tmp_path: Path) -> None:
    config = settings(tmp_path, f'url = "{stub.url}"\nversion = "2"\nbucket = "b"\norg = "{ORG}"\ntoken = "{OWN}"\n')
    (tmp_path / "admin").write_text(TOKEN)
    code, said = init(config, "--admin-file", str(tmp_path / "admin"), "--reader", str(tmp_path / "grafana.env"))
    assert code == 0, said
    drawn = variables(tmp_path / "grafana.env")
    assert stub.rights[drawn["GAUGETRAIL_INFLUXDB_TOKEN"]] == {("read", "b")}
    assert (drawn["GAUGETRAIL_INFLUXDB_URL"], drawn["GAUGETRAIL_INFLUXDB_DATABASE"]) == (stub.url, "b")


def test_a_reader_cannot_be_made_with_the_collectors_own_token(stub: Stub, tmp_path: Path) -> None:
    config = settings(tmp_path, f'url = "{stub.url}"\nversion = "2"\nbucket = "b"\norg = "{ORG}"\ntoken = "{OWN}"\n')
    code, said = init(config, "--reader", str(tmp_path / "grafana.env"))
    assert code == 1
    assert "--admin-file" in said
    assert not (tmp_path / "grafana.env").exists()


def variables(path: Path) -> dict[str, str]:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


@pytest.fixture
def guarded(floor: Floor) -> InfluxAddress:
    """A real InfluxDB 1 that asks for passwords: an administrator, the collector's own user, and a database besides."""
    floor.influxd("auth-enabled = true\n", database=None)
    name, _, password = ADMIN.partition(":")
    address = InfluxAddress(
        f"http://127.0.0.1:{floor.influx_port}", "1", "gaugetrail", username=name, password=password
    )
    said = password.replace("'", "\\'")
    ask(address, f"CREATE USER {name} WITH PASSWORD '{said}' WITH ALL PRIVILEGES")
    for order in (
        *("CREATE DATABASE gaugetrail", "CREATE DATABASE wages", "CREATE USER collector WITH PASSWORD 'c'"),
        "GRANT ALL ON gaugetrail TO collector",
    ):
        ask(address, order)
    return address


def ask(address: InfluxAddress, order: str) -> list[dict[str, object]]:
    http = InfluxHttp(address)
    http.connect()
    try:
        return http.query(order, post=True)
    finally:
        http.close()


@pytest.mark.influxdb
def test_a63_the_dashboards_user_reads_this_database_and_changes_nothing(
    guarded: InfluxAddress, tmp_path: Path
) -> None:
    """DELETE, DROP, a write, another database, a look at users: each is the store's own no."""
    (tmp_path / "admin").write_text(ADMIN)
    config = settings(
        tmp_path,
        f'url = "{guarded.url}"\nversion = "1"\ndatabase = "gaugetrail"\nusername = "collector"\npassword = "c"\n',
    )
    reader = tmp_path / "grafana.env"
    code, said = init(config, "--admin-file", str(tmp_path / "admin"), "--reader", str(reader))
    assert code == 0, said
    assert "nobody for a password" not in said
    store = InfluxStore(guarded)
    store.open()
    store.write(chain(3))
    drawn = variables(reader)
    grafana = replace(
        guarded, username=drawn["GAUGETRAIL_INFLUXDB_USER"], password=drawn["GAUGETRAIL_INFLUXDB_PASSWORD"]
    )
    assert [row["seq"] for row in ask(grafana, "SELECT seq FROM inspection")] == [1, 2, 3]
    for order in (
        *("DELETE FROM inspection", "DROP MEASUREMENT inspection", "DROP SERIES FROM inspection", "SHOW USERS"),
        *(
            "DROP DATABASE gaugetrail",
            "CREATE DATABASE mine",
            "SELECT * FROM wages.autogen.pay",
            "SHOW GRANTS FOR root",
        ),
        "SELECT * INTO inspection FROM inspection",
    ):
        with pytest.raises(StoreRefuses):
            ask(grafana, order)
    http = InfluxHttp(grafana)
    http.connect()
    assert http.write(b"inspection seq=9i 1").status == 403
    http.close()
    assert store.count() == 3
    store.close()


@pytest.mark.influxdb
def test_a_readers_file_that_is_there_stays_and_a_new_one_ends_the_old_password(
    guarded: InfluxAddress, tmp_path: Path
) -> None:
    name, _, password = ADMIN.partition(":")
    config = settings(
        tmp_path,
        f'url = "{guarded.url}"\nversion = "1"\ndatabase = "gaugetrail"\n'
        f"username = {json.dumps(name)}\npassword = {json.dumps(password)}\n",
    )
    reader = tmp_path / "grafana.env"
    init(config, "--reader", str(reader))
    first = reader.read_text()
    code, said = init(config, "--reader", str(reader))
    assert (code, reader.read_text()) == (0, first)
    assert "delete the file" in said
    reader.unlink()
    init(config, "--reader", str(reader))
    old = dict(line.split("=", 1) for line in first.splitlines())
    with pytest.raises(StoreRefuses, match="not accepted"):
        ask(
            replace(guarded, username=old["GAUGETRAIL_INFLUXDB_USER"], password=old["GAUGETRAIL_INFLUXDB_PASSWORD"]),
            "SELECT seq FROM inspection",
        )


@pytest.mark.influxdb
def test_a_server_that_asks_nobody_for_a_password_is_said_beside_the_reader(influx_url: str, tmp_path: Path) -> None:
    config = settings(tmp_path, f'url = "{influx_url}"\nversion = "1"\ndatabase = "asks-nobody"\n')
    code, said = init(config, "--reader", str(tmp_path / "grafana.env"))
    assert code == 0
    assert "auth-enabled = true" in said
    ask(InfluxAddress(influx_url, "1", "asks-nobody"), 'DROP DATABASE "asks-nobody"')


def test_a_reader_is_refused_where_there_are_no_users(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(
        'id = "c"\ndata_dir = "data"\n[mqtt]\nhost = "127.0.0.1"\n[store]\nkind = "sqlite"\npath = "store.db"\n'
    )
    code, said = init(path, "--reader", str(tmp_path / "grafana.env"))
    assert code == 1
    assert "no users" in said


def test_the_data_source_names_what_the_readers_file_has() -> None:
    """Grafana's provisioning asks for the very variables that the command writes."""
    root = Path(__file__).parents[2]
    text = (root / "config" / "grafana" / "provisioning" / "datasources" / "gaugetrail.yaml").read_text()
    for name in ("URL", "DATABASE", "USER", "PASSWORD", "TOKEN"):
        assert f"${{GAUGETRAIL_INFLUXDB_{name}}}" in text
