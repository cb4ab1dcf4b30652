"""`make test-servers`: what is run against what, and a named server of 2.x or 3, here played by the stub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from floor import free_port, program
from given_server import PREFIX, GivenServer, given_server
from influx_stub import ORG, TOKEN, Stub
from made import chain, event
from places import GivenPlace

from gaugetrail_collector.stores import Fate


@pytest.fixture(params=["2", "3"])
def stub(request: pytest.FixtureRequest) -> Iterator[Stub]:
    made = Stub(request.param)
    yield made
    made.close()


def given(stub: Stub) -> GivenServer:
    return GivenServer(stub.url, stub.version, TOKEN, ORG if stub.version == "2" else "")


def test_a_place_in_a_named_server_is_made_used_and_dropped(stub: Stub) -> None:
    """What is on the server already is never touched."""
    stub.databases["theirs"] = {}
    place = GivenPlace(given(stub))
    (own,) = set(stub.databases) - {"theirs"}
    assert own.startswith(f"gaugetrail_test_{os.getpid()}_")
    store = place.store()
    assert [one.fate for one in store.write(chain(3))] == [Fate.STORED] * 3
    assert place.record_times() == sorted(one.time_us for one in chain(3))
    place.close()
    assert set(stub.databases) == {"theirs"}


def test_a_spoilt_place_on_2_is_mended() -> None:
    stub = Stub("2")
    place = GivenPlace(given(stub))
    place.spoil()
    store = place.store()
    assert [one.fate for one in store.write([event(1)])] == [Fate.REJECTED]
    place.mend()
    assert [one.fate for one in store.write([event(1)])] == [Fate.STORED]
    place.close()
    stub.close()


def test_the_server_is_named_by_the_runner_alone() -> None:
    """Somebody's own INFLUXDB_URL gets no test databases by `make test`."""
    assert given_server({"INFLUXDB_URL": "http://x", "INFLUXDB_TOKEN": "t"}) is None
    named = {PREFIX + "URL": "http://x", PREFIX + "VERSION": "2", PREFIX + "TOKEN": "t", PREFIX + "ORG": "o"}
    assert given_server(named) == GivenServer("http://x", "2", "t", "o")


def test_a_running_server_is_known_by_its_answer(stub: Stub) -> None:
    environ = {"INFLUXDB_URL": f"{stub.url}/", "INFLUXDB_TOKEN": TOKEN, "INFLUXDB_ORG": ORG, "PATH": "", "GO": ""}
    (one,) = servers.runs(environ)
    assert (one.environ[PREFIX + "VERSION"], one.environ[PREFIX + "URL"]) == (stub.version, stub.url)
    assert f"influx{stub.version} or" in one.words[1]
    assert one.program is None


def test_what_cannot_be_tested_on_says_why(stub: Stub, tmp_path: Path) -> None:
    nothing = f"http://127.0.0.1:{free_port()}"
    other = tmp_path / "influxd"
    other.write_text("#!/bin/sh\necho 'InfluxDB v2.7.12'\n")
    other.chmod(0o755)
    for environ, words in (
        (
            {"INFLUXDB_URL": stub.url, "INFLUXDB_TOKEN": "" if stub.version == "2" else TOKEN[:-1]},
            "INFLUXDB_TOKEN|ping",
        ),
        ({"INFLUXDB_URL": nothing, "INFLUXDB_TOKEN": "t"}, "doesn't answer"),
        ({"INFLUXD": str(other)}, "INFLUXDB_URL"),
        ({"INFLUXD": str(tmp_path / "none")}, "doesn't start"),
    ):
        with pytest.raises(servers.NoServer, match=words):
            list(servers.runs({"PATH": "", "GO": ""} | environ))


def test_a_go_that_cannot_fetch_leaves_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a Go without a network: what it says is told, with the way round it."""
    monkeypatch.setattr(servers, "SERVERS", tmp_path / "servers")
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'no such host' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(servers.NoServer, match=r"(?s)GO=.*no such host"):
        servers.built(str(go))


def test_a_go_that_builds_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that writes down what it was asked and leaves a program where Go would."""
    monkeypatch.setattr(servers, "SERVERS", tmp_path / "servers")
    go = tmp_path / "go"
    go.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nmkdir -p "$GOBIN" "$GOPATH/pkg"\n: >"$GOBIN/influxd"\n')
    go.chmod(0o755)
    first = servers.built(str(go))
    assert first == servers.built(str(go)) == tmp_path / "servers" / "influxd-1.8.3" / "influxd"
    assert (tmp_path / "asked").read_text() == "install github.com/influxdata/influxdb/cmd/influxd@v1.8.3\n"
    assert not (tmp_path / "servers" / "go").exists()


@pytest.mark.influxdb
def test_each_influxd_that_is_named_gets_a_run_of_its_own() -> None:
    path = program("influxd")
    assert path is not None
    two = list(servers.runs({"INFLUXD": f"{path}:{path}", "PATH": os.environ["PATH"], "GO": ""}))
    assert [str(one.program) for one in two] == [path, path]
    (one,) = servers.runs({"PATH": os.environ["PATH"], "GO": ""})
    assert one.name.startswith("InfluxDB ")
    assert tuple(one.words[:2]) == ("-m", "influxdb")


@pytest.mark.influxdb
def test_the_program_that_is_named_is_the_one_that_tests_start(tmp_path: Path) -> None:
    """It stands before all others on the PATH, and a run that fails says so."""
    path = program("influxd")
    assert path is not None
    check = tmp_path / "test_which.py"
    check.write_text("import shutil\ndef test_which(): assert 'gaugetrail-servers-' in shutil.which('influxd')\n")
    one = servers.Run("here", (str(check), "-p", "no:cacheprovider"), program=Path(path))
    assert servers.run(one, ()).startswith("1 passed")
    check.write_text("def test_which(): assert False\n")
    assert servers.run(one, ()).startswith("FAILED: 1 failed")


def test_nothing_to_test_on_is_a_failure() -> None:
    done = subprocess.run(
        [sys.executable, servers.__file__],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": "", "GO": ""},
    )
    assert done.returncode == 1
    assert "INFLUXD=" in done.stderr
