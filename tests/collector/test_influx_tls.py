"""InfluxDB over TLS with a CA of one's own: a real influxd, files renewed under it, and each fault with its file."""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from asking_commands import ask
from certificates import Authority
from floor import Floor, free_port
from made import chain

from gaugetrail_collector.config import CollectorConfig, load
from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_collector.stores.influx import requests as influx_requests
from gaugetrail_contract.settings import ConfigError


def settings(folder: Path, port: int, more: str = "", scheme: str = "https") -> CollectorConfig:
    path = folder / "collector.toml"
    path.write_text(
        f'id = "c1"\ndata_dir = "data"\n[store]\nkind = "influxdb"\nurl = "{scheme}://127.0.0.1:{port}"\n'
        f'version = "1"\ndatabase = "gaugetrail"\ntimeout_secs = 5\n{more}'
    )
    return load(path, {})


@pytest.fixture(params=["client", "urllib3"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Through the database's client, and through what it stands on where its private class is gone."""
    if request.param == "urllib3":
        monkeypatch.setitem(sys.modules, "influxdb_client._sync.api_client", None)
    influx_requests._say_plain.cache_clear()
    return str(request.param)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A real influxd that speaks TLS only, with a certificate by a CA of the plant's own."""
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder)
    with Floor(folder) as floor:
        floor.influxd(tls=authority.issue("server"))
        yield floor


def refusal(config: CollectorConfig) -> str:
    store = config.store()
    with pytest.raises(StoreDown) as raised:
        store.open()
    store.close()
    assert "status 0" not in str(raised.value)
    return str(raised.value)


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_records_go_through_tls_with_a_private_ca(secured: Floor, tmp_path: Path) -> None:
    config = settings(tmp_path, secured.influx_port, f'tls_ca = "{secured.folder}/ca.pem"')
    store = config.store()
    store.open()
    store.write(chain(3))
    assert [row.seq for row in store.find("SN000002", "serial")] == [2]
    store.close()


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_a_ca_that_nobody_named_is_not_believed_and_the_setting_is(secured: Floor, tmp_path: Path) -> None:
    said = refusal(settings(tmp_path, secured.influx_port))
    assert "its certificate is signed by an unknown CA (a test's CA): this machine's list of CAs" in said
    assert "tls_ca" in said


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_the_wrong_ca_and_a_file_that_is_none_are_named(secured: Floor, tmp_path: Path) -> None:
    Authority(tmp_path, "a stranger", "stranger.pem")
    config = settings(tmp_path, secured.influx_port, 'tls_ca = "stranger.pem"')
    assert f"tls_ca {tmp_path}/stranger.pem doesn't hold it" in refusal(config)
    (tmp_path / "stranger.pem").write_text("a letter")
    assert f"tls_ca {tmp_path}/stranger.pem holds no certificate" in refusal(config)
    (tmp_path / "stranger.pem").unlink()
    assert f"tls_ca {tmp_path}/stranger.pem can't be read: No such file or directory" in refusal(config)
    shutil.copy(secured.folder / "ca.pem", tmp_path / "stranger.pem")
    store = config.store()
    store.open()
    store.close()


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_a_name_that_the_certificate_is_not_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Floor(tmp_path) as floor:
        floor.influxd(tls=authority.issue("server", names=["influx.example"]))
        said = refusal(settings(tmp_path, floor.influx_port, 'tls_ca = "ca.pem"'))
    assert "its certificate is for influx.example and not for 127.0.0.1" in said


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_a_certificate_that_has_ended_and_is_renewed(tmp_path: Path) -> None:
    """What stays open goes on; the next connection is by the new one."""
    authority = Authority(tmp_path)
    config = settings(tmp_path, free_port(), 'tls_ca = "ca.pem"')
    with Floor(tmp_path) as floor:
        floor.influxd(tls=authority.issue("server", days=(-9, -1)))
        config = settings(tmp_path, floor.influx_port, 'tls_ca = "ca.pem"')
        assert "its certificate ended on 20" in refusal(config)
        floor.stop("influxd")
        floor.influxd(tls=authority.issue("server"))
        store = config.store()
        store.open()
        store.close()


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_http_where_tls_is_spoken_and_the_other_way_round(secured: Floor, tmp_path: Path) -> None:
    said = refusal(settings(tmp_path, secured.influx_port, scheme="http"))
    assert said.endswith("speaks TLS on this port: url must begin with https://")
    with Floor(tmp_path) as floor:
        floor.influxd()
        said = refusal(settings(tmp_path, floor.influx_port))
        assert said.endswith("doesn't answer: it speaks no TLS on this port, and url asks for it")


@contextmanager
def gate(authority: Authority, folder: Path, target: int) -> Iterator[int]:
    """A proxy that speaks TLS and lets in who shows a certificate of the CA: InfluxDB 1 asks for none itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("gate"))
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65_536):
                sink.sendall(part)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def relay(client: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", target)) as there,
        ):
            threading.Thread(target=pump, args=(there, inside), daemon=True).start()
            pump(inside, there)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=relay, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


@pytest.mark.influxdb
@pytest.mark.usefixtures("way")
def test_a_client_certificate_is_shown_and_one_that_was_renewed_is_used_next(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Floor(tmp_path) as floor:
        floor.influxd()
        with gate(authority, tmp_path, floor.influx_port) as port:
            said = refusal(settings(tmp_path, port, 'tls_ca = "ca.pem"'))
            assert said.endswith("it wants to see a certificate of ours: set tls_cert and tls_key")
            authority.issue("own", days=(-9, -1))
            config = settings(tmp_path, port, 'tls_ca = "ca.pem"\ntls_cert = "own.pem"\ntls_key = "own.key"')
            assert f"it says that tls_cert {tmp_path}/own.pem has ended (on 20" in refusal(config)
            authority.issue("own")
            store = config.store()
            store.open()
            assert store.count() == 0
            store.close()


@pytest.mark.influxdb
def test_a_password_that_was_changed_at_both_ends_is_used_without_a_restart(tmp_path: Path) -> None:
    with Floor(tmp_path) as floor:
        floor.influxd()
        floor.influx("CREATE USER gaugetrail WITH PASSWORD 'old' WITH ALL PRIVILEGES")
        floor.influx("CREATE USER other WITH PASSWORD 'other' WITH ALL PRIVILEGES")
        floor.stop("influxd")
        floor.influxd("auth-enabled = true\n", user=("other", "other"))
        (tmp_path / "password").write_text("old\n")
        (tmp_path / "password").chmod(0o600)
        more = 'username = "gaugetrail"\npassword_file = "password"\n'
        store = settings(tmp_path, floor.influx_port, more, scheme="http").store()
        store.open()
        floor.influx("SET PASSWORD FOR gaugetrail = 'new'")
        with pytest.raises(StoreRefuses, match="the token or password is not accepted"):
            store.count()
        (tmp_path / "password").unlink()
        with pytest.raises(StoreRefuses, match="the token or password is not accepted"):
            store.count()
        (tmp_path / "password").write_text("new\n")
        assert store.count() == 0
        store.close()


@pytest.mark.parametrize(
    ("more", "scheme", "said"),
    [
        ('tls_key = "k"', "https", "tls_key is given without its tls_cert"),
        ('tls_ca = "ca.pem"', "http", "url begins with http://; write https://"),
        ('tls_cert = "c"\ntls_key = "k"', "http", "url begins with http://; write https://"),
    ],
)
def test_settings_that_contradict_themselves(tmp_path: Path, more: str, scheme: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(tmp_path, 1, more, scheme)


def test_a_password_in_the_address_is_printed_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings(tmp_path, free_port(), scheme="http")
    path = tmp_path / "collector.toml"
    path.write_text(path.read_text().replace("http://127", "http://joe:s3cret@127"))
    config = load(path, {})
    said = [refusal(config), config.store().health(), repr(config.store().__dict__)]
    for words in (
        ("check",),
        ("status", "--listen", "0.1"),
        ("store", "stats"),
        ("doctor", "--listen", "0.1"),
        ("verify",),
    ):
        said += map(str, ask(tmp_path, *words))
    said += [*capsys.readouterr(), caplog.text]
    assert "s3cret" not in " ".join(said)
    assert "InfluxDB at http://127.0.0.1:" in said[0]


def test_the_end_of_a_certificate_of_the_store_is_told_a_month_ahead(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("own", days=(-9, 20))
    settings(tmp_path, free_port(), 'tls_ca = "ca.pem"\ntls_cert = "own.pem"\ntls_key = "own.key"')
    _, out, _ = ask(tmp_path, "status", "--listen", "0.1")
    assert f"worth a look: certificate [store] tls_cert: {tmp_path}/own.pem ends on 20" in out
    _, out, _ = ask(tmp_path, "check")
    assert f"certificate [store] tls_cert: {tmp_path}/own.pem ends on 20" in out
    authority.issue("own", days=(-9, -1))
    code, out, _ = ask(tmp_path, "status", "--listen", "0.1")
    assert (code, f"certificate [store] tls_cert: {tmp_path}/own.pem has expired on 20" in out) == (1, True)
