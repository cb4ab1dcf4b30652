"""Stores to test: SQLite, a real InfluxDB 1 (one server for the session), and the stub of 2 and 3."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
sys.path.insert(0, str(Path(__file__).parent))

from floor import Floor
from influx_stub import Stub
from places import InfluxPlace, Place, StubPlace, make_place


@pytest.fixture(scope="session")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real InfluxDB 1 for the session."""
    with Floor(tmp_path_factory.mktemp("influx")) as shop:
        shop.influxd()
        yield f"http://127.0.0.1:{shop.influx_port}"


@pytest.fixture(scope="session")
def stubs() -> Iterator[dict[str, Stub]]:
    """The stub of each version, for the session; a test that gives it troubles makes its own."""
    made = {"2": Stub("2"), "3": Stub("3")}
    yield made
    for stub in made.values():
        stub.close()


INFLUXES = [pytest.param("influx1", marks=pytest.mark.influxdb), "influx2", "influx3"]


@pytest.fixture(params=["sqlite", *INFLUXES])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty place of each kind."""
    made = make_place(request.param, request)
    yield made
    made.close()


@pytest.fixture(params=INFLUXES)
def influx(request: pytest.FixtureRequest) -> Iterator[InfluxPlace]:
    """An empty place in each version of InfluxDB."""
    made = make_place(request.param, request)
    assert isinstance(made, InfluxPlace)
    yield made
    made.close()


@pytest.fixture(params=["2", "3"])
def stub_place(request: pytest.FixtureRequest) -> Iterator[StubPlace]:
    """A stub of one's own, to be given troubles."""
    stub = Stub(request.param)
    made = StubPlace(stub)
    yield made
    made.close()
    stub.close()


@pytest.fixture
def new_place(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Place]]:
    """Places by kind, for tests that want several."""
    made: list[Place] = []

    def new(kind: str) -> Place:
        made.append(make_place(kind, request))
        return made[-1]

    yield new
    for one in made:
        one.close()
