"""The connection to a real mosquitto: what was renewed on disk holds at the next connection, faults name their file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import Authority
from floor import PATH, Floor, free_port, until

from gaugetrail_contract.settings import ConfigError, load_settings
from gaugetrail_service.mqtt import connection as mqtt
from gaugetrail_service.mqtt.connection import BrokerCalls, BrokerConnection, plain_client
from gaugetrail_service.mqtt.settings import BrokerSettings

pytestmark = [pytest.mark.mosquitto, pytest.mark.waits]


class Ear:
    """What the connection tells, in the order told."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.ups = 0
        self.faults = 0
        self.twin = False
        self.said: list[str] = []
        self.came: list[tuple[str, bytes]] = []
        calls = BrokerCalls(
            up=self._up,
            refused=self.said.append,
            absent=self.said.append,
            down=lambda _, reason: self.said.append(reason),
            came=self._came,
            fault=self._fault,
            has_twin=lambda: self.twin,
        )
        will = ("gaugetrail/test/will", lambda: b"gone")
        self.broker = BrokerConnection(settings, calls, plain_client, client_id="ear", will=will, unacknowledged=10)

    def _up(self) -> None:
        self.ups += 1
        self.broker.subscribe(("gaugetrail/test/#", 1))

    def _came(self, topic: str, payload: bytes, _: bool, __: int) -> None:
        self.came.append((topic, payload))
        if payload == b"stumble":
            raise RuntimeError("a fault of ours")

    def _fault(self) -> None:
        self.faults += 1

    def heard(self, words: str) -> Callable[[], bool]:
        return lambda: any(words in one for one in self.said)


@contextmanager
def listening(settings: BrokerSettings) -> Iterator[Ear]:
    ear = Ear(settings)
    ear.broker.start()
    try:
        yield ear
    finally:
        ear.broker.stop()


@pytest.fixture(autouse=True)
def _tries_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "LONGEST_WAIT_SECS", 1)


class TlsFloor:
    """A mosquitto behind TLS, and the settings of who connects to it."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.port = free_port()
        self.authority = Authority(floor.folder)
        self.more = ""

    def begin(self, authority: Authority | None = None, **certificate: object) -> None:
        """A broker with a certificate of its own, by that CA."""
        cert, key = (authority or self.authority).issue("server", **certificate)  # type: ignore[arg-type]
        # Started as root, a broker would become somebody who may not read a test's folder.
        self.floor.broker(f"user root\nlistener {self.port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\n{self.more}")

    def renew(self, authority: Authority | None = None, **certificate: object) -> None:
        """Another certificate; whoever was connected has to connect anew."""
        self.floor.kill("mosquitto")
        self.begin(authority, **certificate)

    def settings(self, **more: object) -> BrokerSettings:
        place: dict[str, object] = {"host": "localhost", "port": self.port, "tls_ca": self.authority.ca}
        return BrokerSettings.model_validate(place | more)


@pytest.fixture
def shop(floor: Floor) -> TlsFloor:
    return TlsFloor(floor)


def test_a_renewed_certificate_of_ours_is_used_at_the_next_connection(shop: TlsFloor) -> None:
    """The broker's log says as whom it was spoken to: the name in the certificate."""
    shop.more = f"cafile {shop.authority.ca}\nrequire_certificate true\nuse_identity_as_username true\n"
    shop.begin()
    cert, key = shop.authority.issue("pc1", names=["pc1-of-2026"])
    with listening(shop.settings(tls_cert=cert, tls_key=key)) as ear:
        until(lambda: ear.ups == 1, "connected")
        assert "u'pc1-of-2026'" in shop.floor.log("mosquitto")
        shop.authority.issue("pc1", names=["pc1-of-2027"])
        ear.broker.cut()
        until(lambda: ear.ups == 2, "connected again")
        assert "u'pc1-of-2027'" in shop.floor.log("mosquitto")


def test_one_that_ended_is_named_and_its_renewal_needs_no_restart(shop: TlsFloor) -> None:
    shop.more = f"cafile {shop.authority.ca}\nrequire_certificate true\n"
    shop.begin()
    cert, key = shop.authority.issue("pc1", days=(-9, -2))
    with listening(shop.settings(tls_cert=cert, tls_key=key)) as ear:
        until(ear.heard(f"it says that tls_cert {cert} has ended (on 20"), "the end is named")
        assert ear.ups == 0
        shop.authority.issue("pc1")
        until(lambda: ear.ups == 1, "connected")


def test_the_ca_file_is_read_anew_both_ways(shop: TlsFloor) -> None:
    """A new CA is believed once it stands in the file, and the old one no longer when it doesn't."""
    shop.begin()
    with listening(shop.settings()) as ear:
        until(lambda: ear.ups == 1, "connected")
        other = Authority(shop.floor.folder, "the plant's new CA", "new-ca.pem")
        shop.renew(other)
        until(ear.heard("signed by an unknown CA (the plant's new CA): tls_ca"), "the stranger is named")
        shop.authority.ca.write_bytes(other.ca.read_bytes())
        until(lambda: ear.ups == 2, "connected by the new CA")
        ear.said.clear()
        shop.renew()
        until(ear.heard("signed by an unknown CA (a test's CA)"), "the old CA is nobody any more")


DISTRUSTED = {
    "ended": ({"days": (-9, -2)}, "its certificate ended on 20"),
    "not yet": ({"days": (2, 9)}, "is this PC's clock right?"),
    "name": ({"names": ["other.example", "10.0.0.7"]}, "its certificate is for other.example, 10.0.0.7 and not for"),
}


@pytest.mark.parametrize("fault", DISTRUSTED)
def test_a27_a_broker_that_is_not_trusted_is_named_with_the_reason(shop: TlsFloor, fault: str) -> None:
    certificate, words = DISTRUSTED[fault]
    shop.begin(**certificate)
    with listening(shop.settings()) as ear:
        until(ear.heard(f"the broker localhost:{shop.port} can't be used: "), "it says so")
        assert words in ear.said[0]
        shop.renew()
        until(lambda: ear.ups == 1, "connected once it is mended")


def text_file(shop: TlsFloor) -> dict[str, object]:
    path = shop.floor.folder / "notes.pem"
    path.write_text("the CA is with Maria")
    return {"tls_ca": path}


def missing_file(shop: TlsFloor) -> dict[str, object]:
    return {"tls_ca": shop.floor.folder / "gone.pem"}


def missing_own(shop: TlsFloor) -> dict[str, object]:
    return {"tls_cert": shop.floor.folder / "gone.pem", "tls_key": shop.authority.issue("pc1")[1]}


def foreign_key(shop: TlsFloor) -> dict[str, object]:
    return {"tls_cert": shop.authority.issue("pc1")[0], "tls_key": shop.authority.issue("pc2")[1]}


def shut_key(shop: TlsFloor) -> dict[str, object]:
    cert, key = shop.authority.issue("pc1", password="geheim")
    return {"tls_cert": cert, "tls_key": key}


def swapped(shop: TlsFloor) -> dict[str, object]:
    cert, key = shop.authority.issue("pc1")
    return {"tls_cert": key, "tls_key": cert}


def plain_port(shop: TlsFloor) -> dict[str, object]:
    return {"port": shop.floor.mqtt_port}


FILES = [
    (text_file, "notes.pem holds no certificate in PEM form"),
    (missing_file, "gone.pem can't be read: No such file or directory"),
    (missing_own, "tls_cert "),
    (foreign_key, "pc2.key doesn't belong to tls_cert "),
    (shut_key, "pc1.key has a password"),
    (swapped, "are no certificate and key in PEM form"),
    (plain_port, "perhaps it speaks none on this port"),
]


@pytest.mark.parametrize(("made", "words"), FILES, ids=[made.__name__ for made, _ in FILES])
def test_a_file_that_can_not_be_used_is_named(
    shop: TlsFloor, made: Callable[[TlsFloor], dict[str, object]], words: str
) -> None:
    shop.begin()
    with listening(shop.settings(**made(shop))) as ear:
        until(lambda: ear.said, "it says so")
        assert words in ear.said[0]


def test_a_broker_that_wants_a_certificate_says_so(shop: TlsFloor) -> None:
    shop.more = f"cafile {shop.authority.ca}\nrequire_certificate true\n"
    shop.begin()
    with listening(shop.settings()) as ear:
        until(ear.heard("it wants to see a certificate of ours: set tls_cert and tls_key"), "it says so")


def test_a_certificate_of_a_ca_that_the_broker_does_not_know_is_named(shop: TlsFloor) -> None:
    shop.more = f"cafile {shop.authority.ca}\nrequire_certificate true\n"
    shop.begin()
    cert, key = Authority(shop.floor.folder, "elsewhere", "elsewhere.pem").issue("pc1")
    with listening(shop.settings(tls_cert=cert, tls_key=key)) as ear:
        until(ear.heard(f"it doesn't know the CA that signed tls_cert {cert}"), "it says so")


def test_a_changed_password_file_needs_no_restart(floor: Floor) -> None:
    """The broker's password was changed, then the file; and a file that is away for a moment costs nothing."""
    users, secret = floor.folder / "users", floor.folder / "secret"
    secret.write_text("old\n")
    with_password = {"username": "pc1", "password_file": secret, "host": "127.0.0.1", "port": floor.mqtt_port}
    settings = BrokerSettings.model_validate(with_password)

    def broker(password: str) -> None:
        tool = shutil.which("mosquitto_passwd", path=PATH)
        assert tool is not None
        subprocess.run([tool, "-c", "-b", str(users), "pc1", password], check=True, capture_output=True)
        floor.broker(f"user root\npassword_file {users}\nallow_anonymous false\n")

    broker("old")
    with listening(settings) as ear:
        until(lambda: ear.ups == 1, "connected")
        floor.kill("mosquitto")
        broker("new")
        until(ear.heard("Not authorized"), "the broker refuses the old one")
        secret.write_text("new\n")
        until(lambda: ear.ups == 2, "connected with the new one")
        secret.unlink()
        ear.broker.cut()
        until(lambda: ear.ups == 3, "connected with the one from before")


def test_nobody_there_is_said_with_the_reason_and_ends_by_itself(floor: Floor) -> None:
    settings = BrokerSettings.model_validate({"host": "127.0.0.1", "port": floor.mqtt_port})
    with listening(settings) as ear:
        until(ear.heard(f"no broker at 127.0.0.1:{floor.mqtt_port} (Connection refused)"), "it says so")
        floor.broker()
        until(lambda: ear.ups == 1, "connected")
        floor.kill("mosquitto")
        until(ear.heard("it ended without a word"), "a connection that just ends is said in words")
        assert not ear.heard("Unspecified error")()


def test_a_call_that_raises_is_counted_and_the_next_one_comes(floor: Floor, caplog: pytest.LogCaptureFixture) -> None:
    floor.broker()
    settings = BrokerSettings.model_validate({"host": "127.0.0.1", "port": floor.mqtt_port})
    with listening(settings) as ear:
        until(lambda: ear.ups == 1, "connected")
        ear.broker.publish("gaugetrail/test/a", b"stumble")
        ear.broker.publish("gaugetrail/test/b", b"walk")
        until(lambda: len(ear.came) == 2, "both have come")
        assert ear.faults == 1
    assert "a fault of ours in _on_message" in caplog.text


def test_files_stand_beside_the_settings_and_halves_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broker.toml"
    path.write_text('tls_ca = "ca.pem"\ntls_cert = "/etc/pc1.pem"\n')
    loaded = load_settings(BrokerSettings, path).settings
    assert (loaded.tls_ca, loaded.tls_cert) == (tmp_path / "ca.pem", Path("/etc/pc1.pem"))
    for half, words in (('tls_cert = "a"', "without tls_ca"), ('tls_ca = "c"\ntls_key = "a"', "without its tls_cert")):
        path.write_text(half)
        with pytest.raises(ConfigError, match=words):
            load_settings(BrokerSettings, path)


def test_who_is_thrown_out_by_a_twin_leaves_it_some_time(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the two would throw each other out each second, and neither would get anything through."""
    monkeypatch.setattr(mqtt, "GIVING_WAY_SECS", (60, 60))
    floor.broker()
    settings = BrokerSettings.model_validate({"host": "127.0.0.1", "port": floor.mqtt_port})
    with listening(settings) as first:
        until(lambda: first.ups == 1, "the first is connected")
        first.twin = True
        with listening(settings) as second:
            until(lambda: second.ups == 1, "so is the second")
            until(lambda: first.said, "the first is thrown out")
            floor.kill("mosquitto")
            floor.broker()
            until(lambda: second.ups == 2, "the second comes back as ever")
            assert first.ups == 1
