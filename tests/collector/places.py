"""Places where records can stand: one for each kind of store, so that one suite of promises holds for all of them."""

from __future__ import annotations

import itertools
import json
import sqlite3
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest
from given_server import GivenServer, given_server
from influx_stub import ORG, TOKEN, Stub

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.seal import Opened

_numbers = itertools.count(1)


class Place(Protocol):
    """Somewhere to store. `store` gives a new store over it each time, opened; the test need not close it."""

    def store(self) -> Store: ...

    def record_times(self) -> list[int]:
        """Microseconds of every stored record, as the store itself has them, sorted."""

    def points(self, measurement: str) -> int:
        """How many points of a measurement there are; -1 where there are no such things."""

    def close(self) -> None: ...


class Opening:
    """Keeps what it has opened, and closes it."""

    def __init__(self) -> None:
        self._opened: list[Store] = []

    def opened(self, store: Store) -> Store:
        store.open()
        self._opened.append(store)
        return store

    def close(self) -> None:
        for store in self._opened:
            store.close()


class SqlitePlace(Opening):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / f"store-{next(_numbers)}.db"

    def store(self) -> Store:
        return self.opened(SqliteStore(self.path))

    def record_times(self) -> list[int]:
        with closing(sqlite3.connect(self.path)) as db:
            return sorted(time for (time,) in db.execute("SELECT time_us FROM record"))

    def points(self, measurement: str) -> int:
        return -1


class InfluxPlace(Opening):
    """What the InfluxDB places share."""

    def __init__(self, address: InfluxAddress) -> None:
        super().__init__()
        self.address = address

    def store(self) -> Store:
        return self.opened(InfluxStore(self.address))

    def record_times(self) -> list[int]:
        return sorted(time // 1000 for name in ("inspection", "event") for time in self.times(name))

    def points(self, measurement: str) -> int:
        return len(self.times(measurement))

    def times(self, measurement: str) -> list[int]:
        raise NotImplementedError

    def half_write(self, opened: Opened, without: str) -> None:
        """Write a record's points but for those of one measurement."""
        http = InfluxHttp(self.address)
        http.connect()
        lines = [line for line in lines_of(opened) if not line.startswith(f"{without},")]
        assert http.write("\n".join(lines).encode()).status == 204
        http.close()

    def spoil(self) -> None:
        """Let an event's `subject` be a number, so that events are refused from now on."""
        raise NotImplementedError

    def mend(self) -> None:
        """Undo `spoil`, as an administrator would."""
        raise NotImplementedError


class RealPlace(InfluxPlace):
    """A database of its own in a real InfluxDB 1."""

    def __init__(self, url: str) -> None:
        super().__init__(InfluxAddress(url=url, version="1", database=f"test{next(_numbers)}"))
        self.ask(f'CREATE DATABASE "{self.address.database}"')

    def close(self) -> None:
        super().close()
        self.ask(f'DROP DATABASE "{self.address.database}"')

    def ask(self, text: str) -> list[list[object]]:
        body = urllib.parse.urlencode({"db": self.address.database, "q": text, "epoch": "ns"}).encode()
        with urllib.request.urlopen(f"{self.address.url}/query", body, timeout=30) as answer:
            found = json.load(answer)["results"][0]
        assert "error" not in found, found
        return [values for series in found.get("series", ()) for values in series["values"]]

    def times(self, measurement: str) -> list[int]:
        return [int(str(values[0])) for values in self.ask(f'SELECT seq FROM "{measurement}"')]

    def write(self, line: str) -> None:
        query = urllib.parse.urlencode({"db": self.address.database, "precision": "ns"})
        urllib.request.urlopen(f"{self.address.url}/write?{query}", line.encode(), timeout=30).close()

    def spoil(self) -> None:
        self.write("event subject=5i 1790000000000000000")

    def mend(self) -> None:
        self.ask("DROP MEASUREMENT event")


class StubPlace(InfluxPlace):
    """A database in the stub of version 2 or 3."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        name = f"test{next(_numbers)}"
        stub.databases[name] = {}
        super().__init__(
            InfluxAddress(
                url=stub.url, version=stub.version, database=name, org=ORG if stub.version == "2" else "", token=TOKEN
            )
        )

    def times(self, measurement: str) -> list[int]:
        stored = self.stub.databases[self.address.database].values()
        return [point.time for point in stored if point.measurement == measurement]

    def spoil(self) -> None:
        self.stub.write(self.address.database, ["event subject=5i 1790000000000000000"])

    def mend(self) -> None:
        self.stub.drop(self.address.database, "event")


class GivenPlace(InfluxPlace):
    """A database of its own in a server of 2.x or 3 that somebody named."""

    def __init__(self, server: GivenServer) -> None:
        self._server, self._name = server, f"place{next(_numbers)}"
        server.make(self._name)
        super().__init__(server.address(self._name))

    def close(self) -> None:
        super().close()
        self._server.drop(self._name)

    def times(self, measurement: str) -> list[int]:
        return [int(row["time"]) for row in self._ask(f'SELECT * FROM "{measurement}"')]

    def _ask(self, text: str) -> list[dict[str, Any]]:
        http = InfluxHttp(self.address)
        http.connect()
        try:
            return http.query(text, post=True)
        finally:
            http.close()

    def spoil(self) -> None:
        self._server.write_lines(self._name, "event subject=5i 1790000000000000000")

    def mend(self) -> None:
        if self._server.version == "3":
            pytest.skip("InfluxDB 3 drops no measurement by a query, so nobody can put its type right")
        self._ask("DROP MEASUREMENT event")


def make_place(kind: str, request: pytest.FixtureRequest) -> Place:
    """An empty place of that kind, in the session's server of it."""
    if kind == "sqlite":
        return SqlitePlace(request.getfixturevalue("tmp_path_factory").mktemp("sqlite"))
    if kind == "influx1":
        return RealPlace(request.getfixturevalue("influx_url"))
    given = given_server()
    if given is not None and kind == f"influx{given.version}":
        return GivenPlace(given)
    return StubPlace(request.getfixturevalue("stubs")[kind.removeprefix("influx")])
