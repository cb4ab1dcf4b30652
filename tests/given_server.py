"""A running InfluxDB 2 or 3 that somebody names for the tests (`make test-servers`), with databases of the tests' own.

Each database or bucket is made and dropped here, under a name that nobody else has: what is on the server already is
never touched. Without one, tests meet a real InfluxDB 1 and a stub of the others.
"""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from floor import Floor

from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp
from gaugetrail_collector.stores.influx.store import InfluxStore

PREFIX = "GAUGETRAIL_TEST_INFLUXDB_"
"""Not INFLUXDB_URL itself: whoever has that in the environment for work of his own gets no test databases there."""


class Databases(Protocol):
    """A server, as the tests of queries use it."""

    def make(self, database: str) -> None: ...

    def address(self, database: str) -> InfluxAddress: ...

    def influx(self, query: str, database: str) -> dict[str, object]: ...

    def write_lines(self, database: str, lines: str) -> None: ...


@dataclass(frozen=True)
class LocalServer:
    """The InfluxDB 1 that a floor has started."""

    floor: Floor

    def make(self, database: str) -> None:
        self.floor.influx(f"CREATE DATABASE {database}")

    def address(self, database: str) -> InfluxAddress:
        return InfluxAddress(f"http://127.0.0.1:{self.floor.influx_port}", "1", database)

    def influx(self, query: str, database: str) -> dict[str, object]:
        return self.floor.influx(query, database)

    def write_lines(self, database: str, lines: str) -> None:
        self.floor.write_lines(database, lines)


@dataclass(frozen=True)
class GivenServer:
    """One of 2.x or 3, with a token that may make and drop."""

    url: str
    version: Literal["2", "3"]
    token: str
    org: str = ""

    def address(self, database: str) -> InfluxAddress:
        return InfluxAddress(
            url=self.url, version=self.version, database=self.name(database), org=self.org, token=self.token
        )

    def name(self, database: str) -> str:
        return f"gaugetrail_test_{os.getpid()}_{database}"

    def make(self, database: str) -> None:
        store = InfluxStore(self.address(database))
        store.init(None, roll_ups=False)
        store.close()

    def drop(self, database: str) -> None:
        name = self.name(database)
        path, query = "/api/v3/configure/database", {"db": name}
        if self.version == "2":
            _, found = self._ask("GET", "/api/v2/buckets", {"name": name, "org": self.org})
            path, query = f"/api/v2/buckets/{json.loads(found)['buckets'][0]['id']}", {}
        status, said = self._ask("DELETE", path, query)
        assert status in (200, 204), said

    def influx(self, query: str, database: str) -> dict[str, object]:
        """As the server's own `/query` answers Grafana."""
        form = urllib.parse.urlencode({"db": self.name(database), "q": query}).encode()
        scheme = "Bearer" if self.version == "3" else "Token"
        asked = urllib.request.Request(f"{self.url}/query", form, {"Authorization": f"{scheme} {self.token}"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return dict(json.load(answer))

    def write_lines(self, database: str, lines: str) -> None:
        http = InfluxHttp(self.address(database))
        http.connect()
        answer = http.write(lines.encode())
        http.close()
        assert answer.status in (200, 204), answer

    def _ask(self, method: str, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        http = InfluxHttp(self.address("none"))
        http.connect()
        answer = http.request(method, path, query)
        http.close()
        return answer.status, answer.body


def given_server(environ: Mapping[str, str] = os.environ) -> GivenServer | None:
    """The one that `make test-servers` names; null for most runs."""
    url, version, token, org = (environ.get(PREFIX + key, "") for key in ("URL", "VERSION", "TOKEN", "ORG"))
    if not url:
        return None
    assert version in ("2", "3"), version
    return GivenServer(url, "2" if version == "2" else "3", token, org)
