"""The golden store of 0.1 in each kind of store, asked by the present commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from floor import Floor
from shop_0_1 import Shop, influx_shop, sqlite_shop


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A real InfluxDB 1 for the session."""
    with Floor(tmp_path_factory.mktemp("influx")) as shop:
        shop.influxd()
        yield shop


KINDS = ["sqlite", pytest.param("influxdb", marks=pytest.mark.influxdb)]


@pytest.fixture(scope="module")
def shop_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Shop]:
    """A collector's folder as 0.1 left it; its records in SQLite, or as points that 0.1 wrote into InfluxDB."""

    def made(kind: str) -> Shop:
        folder = tmp_path_factory.mktemp(kind)
        return sqlite_shop(folder) if kind == "sqlite" else influx_shop(folder, request.getfixturevalue("influx"))

    return made


@pytest.fixture(scope="module", params=KINDS)
def shop(request: pytest.FixtureRequest, shop_of: Callable[[str], Shop]) -> Shop:
    """One of each kind, for tests that only ask."""
    return shop_of(request.param)
